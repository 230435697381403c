# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be read before anything can be decided: all that may matter, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.needs import (
    children_needed,
    dated_tags,
    detailed_names,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import CleanupRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.retained import (
    Refs,
    retained_names,
    untagged_images,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.cleanups import PROJECT, REPOSITORY, requested
from tests.unit.models import digest, repository

ERROR = RequestError(ErrorKind.UNAVAILABLE, "down", operation="read it", status=503)
UNPINNED = {"delete_via": "bulk_unpinned"}
SIGNATURE = f"sha256-{'a' * 64}.sig"


def listed(*names: str, **facts: Any) -> TagListing:
    """Tags of which no more than the name was read."""
    return TagListing(REPOSITORY, tuple(map(Tag, names)), complete=True, **facts)


def wanted(*, pending: str = "", **options: Any) -> CleanupRequest:
    """The deletion of what begins with v. pending: where an earlier run left something to follow its image."""
    request = requested(**{"name_regex_delete": "v.*", **options})
    referrers = frozenset({(pending, SIGNATURE, "x")} if pending else ())
    return replace(request, earlier=request.earlier._replace(referrers=referrers))


ALL = ["main", SIGNATURE, "v1", "v2"]

DETAILED: list[Any] = [
    pytest.param(["main", "v1", "v2"], {}, ["v1", "v2"], id="what may be deleted"),
    pytest.param(["main", "v1", "v2"], {"name_regex_keep": "v2"}, ["v1"], id="nothing that its name keeps"),
    pytest.param(["main", "v1", "v2"], {"in_use": ["team/app:main"]}, ["main", "v1", "v2"], id="what is in use"),
    pytest.param(["main", "v1", "x"], {"in_use": ["team/other:main"]}, ["main", "v1"], id="wherever that is"),
    pytest.param(
        ["main", "v1", "v2"], {"in_use": [f"team/other@{digest('a')}"]}, ["main", "v1", "v2"], id="all for a digest"
    ),
    pytest.param(["main", "v1", "v2"], {"in_use": ["0123456789ab"]}, ["main", "v1", "v2"], id="all for an id"),
    pytest.param(["main"], {"in_use": ["0123456789ab"]}, ["main"], id="even where nothing may be deleted"),
    pytest.param(
        ["main", SIGNATURE, "v1", "v2"],
        {
            **{"name_regex_delete": "(v|sha).*", "name_regex_keep": "v2", "signatures": "keep"},
            **{"keep_n": 1, "keep_n_counts": "images"},
        },
        ["v1", "v2"],
        id="what the name keeps where images are counted",
    ),
    pytest.param(
        ["main", "v1", "v2"],
        {"name_regex_keep": "v.*", "keep_n": 1, "keep_n_counts": "images"},
        [],
        id="unless nothing may be deleted",
    ),
    pytest.param(
        ["main", "v1"],
        {"shared_digest": "keep_together"},
        ["main", "v1"],
        id="all where tags stay together",
    ),
    pytest.param(["main"], {"shared_digest": "keep_together"}, [], id="and nothing where none of them may be deleted"),
    pytest.param(ALL, {}, ALL, id="all where a signature may follow its image"),
    pytest.param(ALL, {"signatures": "collect"}, ALL, id="or is collected"),
    pytest.param(ALL, {"signatures": "keep"}, ["v1", "v2"], id="but not where signatures stay"),
    pytest.param(["main", SIGNATURE], {}, [], id="nor where no image is deleted that they could follow"),
    pytest.param(["main", SIGNATURE], {"signatures": "keep", "pending": REPOSITORY.path}, [], id="kept come what may"),
    pytest.param(["main", SIGNATURE], {"signatures": "collect"}, ["main", SIGNATURE], id="its image may be gone"),
    pytest.param(
        ["main", SIGNATURE], {"pending": REPOSITORY.path}, ["main", SIGNATURE], id="or was deleted by an earlier run"
    ),
    pytest.param(["main", SIGNATURE], {"pending": "team/other"}, [], id="of this repository"),
    pytest.param(["main"], {"signatures": "collect"}, [], id="without signatures nothing is collected"),
]


@pytest.mark.parametrize(("names", "options", "detailed"), DETAILED)
def test_of_which_tags_more_than_the_name_is_read(
    names: list[str], options: dict[str, Any], detailed: list[str]
) -> None:
    assert detailed_names(listed(*names), wanted(**options)) == detailed


IN_USE = {"in_use": [f"team/app@{digest('a')}"]}

CHILDREN: list[Any] = [
    pytest.param(listed("v1"), {}, False, id="nobody asks"),
    pytest.param(listed("main"), IN_USE, True, id="an image that is in use by digest may lie inside"),
    pytest.param(listed("main"), {"in_use": ["0123456789ab"]}, True, id="or one by id, in any repository"),
    pytest.param(listed("main"), {"in_use": [f"team/other@{digest('a')}"]}, False, id="but not one of another"),
    pytest.param(listed("main"), {"in_use": ["team/app:main"]}, False, id="a tag in use is known by its name"),
    pytest.param(listed(SIGNATURE, "v1"), {}, True, id="what a signature belongs to may lie inside"),
    pytest.param(listed(SIGNATURE, "v1"), {"signatures": "keep"}, False, id="which does not matter if it stays"),
    pytest.param(
        TagListing(REPOSITORY, (Tag("v1"), Tag("sbom", subject=digest("a"))), complete=True),
        {"signatures": "keep"},
        True,
        id="what a manifest names may lie inside",
    ),
    pytest.param(listed("main", error=ERROR), IN_USE, False, id="what can't be read is not read"),
    pytest.param(
        TagListing(REPOSITORY, (Tag("sbom", subject=digest("a")),), complete=True),
        UNPINNED,
        False,
        id="GitLab itself does not look inside",
    ),
]


@pytest.mark.parametrize(("listing", "options", "needed"), CHILDREN)
def test_when_it_matters_what_images_hold(listing: TagListing, options: dict[str, Any], needed: bool) -> None:
    assert children_needed(listing, wanted(**options)) is needed


AGED = {"older_than": "30d"}

DATED: list[Any] = [
    pytest.param(AGED, {}, ["v1", "v2"], id="what the rules are about"),
    pytest.param({}, {}, [], id="nothing where names decide"),
    pytest.param({"min_age": "30d"}, {}, ["v1", "v2"], id="all that may go where nothing young may"),
    pytest.param({**AGED, "name_regex_keep": "v1"}, {}, ["v2"], id="nothing that its name keeps"),
    pytest.param({**AGED, "in_use": ["team/app:v1"]}, {}, ["v2"], id="nothing in use"),
    pytest.param(
        {**AGED, "keep_refs": ["tags"]},
        {PROJECT: ActiveRefs(refs={RefKind.TAGS: ("v2",)})},
        ["v1"],
        id="nothing of a git reference",
    ),
    pytest.param(
        {**AGED, "keep_refs": ["tags"]},
        {PROJECT + 1: ActiveRefs(refs={RefKind.TAGS: ("v2",)})},
        ["v1", "v2"],
        id="of its own project",
    ),
    pytest.param({**AGED, "keep_refs": ["tags"]}, {PROJECT: ERROR}, ["v1", "v2"], id="as far as these are known"),
    pytest.param({**UNPINNED, **AGED}, {}, [], id="nothing where GitLab itself decides"),
]


@pytest.mark.parametrize(("options", "refs", "dated"), DATED)
def test_which_tags_a_date_may_decide_about(options: dict[str, Any], refs: Refs, dated: list[str]) -> None:
    tags = (Tag("main"), Tag("v1"), Tag("v2", protected=False), Tag("v3", protected=True))
    listing = TagListing(REPOSITORY, tags, complete=True)
    assert dated_tags(listing, refs, wanted(**options)) == [each for each in tags if each.name in dated]
    assert dated_tags(listing._replace(error=ERROR), refs, wanted(**options)) == []


def test_tags_are_retained_for_what_is_in_use_and_for_what_is_alive_in_git() -> None:
    request = wanted(in_use=["team/app:v1"], keep_refs=["branches"], ref_match="prefix")
    listing = listed("build-main", "main-build", "v1", "v2", "prod-x")
    refs = {PROJECT: ActiveRefs(refs={RefKind.BRANCHES: ("main",)}, deployed=("prod", "v1"))}
    assert retained_names(listing, refs, request) == {
        "main-build": Reason.ACTIVE_REF,
        "prod-x": Reason.DEPLOYED,
        "v1": Reason.IN_USE,
    }
    assert retained_names(listing, {}, request) == {"v1": Reason.IN_USE}


def test_only_of_what_was_read_it_is_known_that_an_image_in_use_has_no_tag() -> None:
    unread = repository(id=8, path="team/unread", project_id=PROJECT)
    lost, tagged = f"team/app@{digest('b')}", f"team/app@{digest('a')}"
    request = wanted(in_use=[lost, tagged, f"team/unread@{digest('b')}", f"team/elsewhere@{digest('b')}"])
    listings = [
        TagListing(REPOSITORY, (Tag("v1", digest("a")),), complete=True),
        TagListing(unread, (Tag("v1", digest("a")),), error=ERROR),
    ]
    assert [each.text for each in untagged_images(listings, request)] == [lost]
