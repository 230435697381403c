# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of registry_info that are refused before anything is sent, and what the others ask for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._info.request import InfoRequest, request_of
from ansible_collections.containerops.gitlab.plugins.modules.registry_info import ARGUMENTS
from tests.unit.options import filled


def request(job_token: bool = False, **options: Any) -> InfoRequest:
    given = filled({"project": ["team/app"], **options}, ARGUMENTS.options)
    return request_of(given, server="https://gitlab.example.com", job_token=job_token)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"return_limit": -1}, "return_limit is -1"),
        ({"tag_names": ["v1", "v 2"]}, "tag_names holds 'v 2'"),
        ({"gather": ["policy_preview"], "read_via": "registry"}, "can't be used with read_via registry"),
        ({"gather": ["policy_preview"], "tag_names": ["v1"]}, "leave out tag_names"),
        ({"estimate": True}, "estimate needs tags to read"),
        ({"estimate": True, "gather": ["tags", "policy_preview"]}, "estimate needs tags to read"),
        ({"gather": ["size"], "job_token": True}, "gather size is not available with a CI/CD job token"),
        ({"gather": ["policy_preview"], "job_token": True}, "gather policy_preview is not available"),
        ({"gather": ["projects"], "job_token": True}, "gather projects is not available"),
        ({"gather": ["protection_rules"], "job_token": True}, "gather protection_rules is not available"),
        ({"project": None, "group": "team", "job_token": True}, "group can't be read with a CI/CD job token"),
        ({"project": ["app"]}, "project 'app' is a name without its group"),
        ({"project": None}, "one of the following is required: project, group, repository_id, instance"),
        ({"instance": True}, "project and instance can't be combined"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        request(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        ({}, {"repositories"}),
        ({"gather": []}, {"repositories"}),
        ({"gather": ["tags_count"]}, {"repositories"}),
        ({"gather": ["tags"]}, {"repositories", "tags"}),
        ({"gather": ["tag_details"]}, {"repositories", "tags", "details"}),
        ({"gather": [], "tag_names": ["v1"]}, {"repositories", "tags", "details"}),
        ({"gather": [], "tag_names": []}, {"repositories", "tags", "details"}),
        ({"gather": ["policy_preview"]}, {"repositories", "previews"}),
        ({"gather": ["projects"]}, {"projects"}),
        ({"gather": ["protection_rules"]}, {"projects"}),
        ({"gather": ["protection_rules", "tags"]}, {"projects", "repositories", "tags"}),
        ({"gather": ["projects"], "project": None, "repository_id": [7]}, {"projects", "repositories"}),
    ],
)
def test_what_has_to_be_read(options: dict[str, Any], needs: set[str]) -> None:
    found = request(**options)
    told = {
        "repositories": found.needs_repositories,
        "tags": found.needs_tags,
        "details": found.needs_details,
        "previews": found.needs_previews,
        "projects": found.needs_projects,
    }
    assert {name for name, needed in told.items() if needed} == needs
