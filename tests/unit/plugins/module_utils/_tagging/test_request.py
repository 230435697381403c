# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of registry_tag that are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.request import (
    PromotionRequest,
    RemovalRequest,
    request_of,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_tag import ARGUMENTS
from tests.unit.options import filled

DIGEST = "sha256:" + "a" * 64


def request(**options: Any) -> PromotionRequest | RemovalRequest:
    return request_of(filled({"repository": "team/app", "name": ["v1"], **options}, ARGUMENTS.options))


def test_tags_that_are_to_be_an_image() -> None:
    found = request(name=["v1", "latest", "v1"], source="build-7", source_repository="/Team/CI/", copy_referrers=True)
    assert found == PromotionRequest(
        names=("v1", "latest"),
        repository="team/app",
        source="build-7",
        source_repository="team/ci",
        copy_referrers=True,
    )


def test_tags_that_are_to_be_absent() -> None:
    found = request(state="absent", repository=None, repository_id=7, digest=DIGEST, delete_via="rest")
    assert found == RemovalRequest(names=("v1",), repository=7, digest=DIGEST, delete_via=DeleteMethod.REST)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ["v1", "v 2"]}, "name holds 'v 2'"),
        ({"name": ["-v1"]}, "name holds '-v1'"),
        ({"source": "v0", "digest": DIGEST}, "digest has no effect with state present"),
        ({"state": "absent", "source": "v0"}, "source has no effect with state absent"),
        ({"state": "absent", "source_repository": "team/ci"}, "source_repository has no effect with state absent"),
        ({"state": "absent", "copy_referrers": True}, "copy_referrers has no effect with state absent"),
        ({"state": "absent", "digest": "sha256:abc"}, "digest has to be one digest"),
        ({"state": "absent", "digest": DIGEST, "name": ["v1", "v2"]}, "needs a single name"),
        ({"source": "a b"}, "source 'a b' is neither"),
        ({"source": "sha256:abc"}, "source 'sha256:abc' is neither"),
        ({"source": "v0", "source_repository": "team"}, "source_repository 'team' is not the path of a repository"),
        ({"source": "v0", "repository": "team/a b"}, "repository 'team/a b' is not the path of a repository"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        request(**options)
    assert words in str(caught.value)
