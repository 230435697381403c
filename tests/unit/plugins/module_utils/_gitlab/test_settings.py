# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab's refusals of settings say to the user."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Project, ProtectionRule, RuleKind
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import settings
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.projects import project_of
from tests.unit.rest_serving import ScriptedClient, answer

RULE = ProtectionRule("v*", push="maintainer", delete="maintainer")
ENDPOINT = settings.RuleEndpoint(RuleKind.TAG, "registry/protection/tag/rules")


def project() -> Project:
    return project_of({"id": 3, "path_with_namespace": "team/app"})


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (403, {"message": "403 Forbidden"}, ErrorKind.FORBIDDEN, "Maintainer"),
        (403, {"error": "insufficient_scope"}, ErrorKind.INSUFFICIENT_SCOPE, "Maintainer"),
        (404, {"error": "404 Not Found"}, ErrorKind.TOO_OLD, "it was added in 18.8"),
        (404, {"message": "404 Project Not Found"}, ErrorKind.NOT_FOUND, "does not exist"),
        (422, {"message": "Maximum number of protection rules reached"}, ErrorKind.BAD_REQUEST, "Immutable rules"),
        (400, {"message": "GitLab container registry API not supported"}, ErrorKind.BAD_REQUEST, "metadata database"),
        (412, {"message": "412 Precondition Failed"}, ErrorKind.BAD_REQUEST, "run the task again"),
        (500, {"message": "500"}, ErrorKind.SERVER_ERROR, "administrator"),
    ],
)
def test_a_refusal_says_what_settings_take(status: int, body: dict[str, Any], kind: ErrorKind, advice: str) -> None:
    with pytest.raises(RequestError) as caught:
        settings.create_rule(ScriptedClient([answer(body, status)]), ENDPOINT, project(), RULE)
    assert (caught.value.kind, caught.value.status) == (kind, status)
    assert advice in caught.value.advice


def test_a_project_that_is_not_there_is_no_old_release() -> None:
    with pytest.raises(RequestError) as caught:
        settings.update_project(ScriptedClient([answer({"error": "404 Not Found"}, 404)]), project(), {})
    assert caught.value.kind == ErrorKind.NOT_FOUND
