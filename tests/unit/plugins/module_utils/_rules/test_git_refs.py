# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Slugs as GitLab makes them, and the tags that carry one."""

from __future__ import annotations

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import (
    ActiveRefs,
    RefMatch,
    kept_by_refs,
    slug,
    telling_kinds,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("main", "main"),
        ("feature/Login_Page", "feature-login-page"),
        ("-x-", "x"),
        ("a" * 70, "a" * 63),
        ("a" * 62 + "/b", "a" * 62),
        ("1.2.0", "1-2-0"),
        ("äöü", ""),
        ("fix/ü", "fix"),
        ("a__b", "a--b"),
    ],
)
def test_the_slug_of_a_ref(ref: str, expected: str) -> None:
    assert slug(ref) == expected


NAMES = ["dev-1", "dev-1-abc123", "dev-10", "abc123-dev-1", "Dev-1", "dev-1.2", "other"]


@pytest.mark.parametrize(
    ("match", "kept"),
    [
        (RefMatch.WHOLE, {"dev-1", "Dev-1"}),
        (RefMatch.PREFIX, {"dev-1", "Dev-1", "dev-1-abc123", "dev-1.2"}),
        (RefMatch.SUFFIX, {"dev-1", "Dev-1", "abc123-dev-1"}),
    ],
)
def test_the_tags_of_a_ref(match: RefMatch, kept: set[str]) -> None:
    assert set(kept_by_refs(NAMES, ActiveRefs({RefKind.BRANCHES: ("dev/1",)}), match)) == kept


def test_a_ref_without_a_slug_holds_nothing() -> None:
    assert kept_by_refs(["", "-", "x"], ActiveRefs({RefKind.BRANCHES: ("---", "äöü")}), RefMatch.PREFIX) == {}


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("feature/Login_2", "feature-Login_2"),
        ("feature/Login_2", "feature_Login_2"),
        ("feature/Login_2", "feature.login.2"),
        ("release/1.2", "release-1.2"),
        ("fix#7", "fix-7"),
        ("renovate/" + "a" * 70, "renovate-" + "a" * 70),
        ("---", "---"),
    ],
)
def test_a_ref_is_found_however_a_pipeline_writes_it(ref: str, name: str) -> None:
    active_refs = ActiveRefs({RefKind.BRANCHES: (ref,)})
    assert kept_by_refs([name, "other"], active_refs, RefMatch.WHOLE) == {name: Reason.ACTIVE_REF}
    assert kept_by_refs([f"{name}-1a2b"], active_refs, RefMatch.PREFIX) == {f"{name}-1a2b": Reason.ACTIVE_REF}
    assert kept_by_refs([f"1a2b-{name}"], active_refs, RefMatch.SUFFIX) == {f"1a2b-{name}": Reason.ACTIVE_REF}


@pytest.mark.parametrize("commit", ["0123456789" * 4, "0123456789abcdef" * 4])
def test_a_commit_is_found_by_its_first_digits(commit: str) -> None:
    names = [commit[:length] for length in range(1, len(commit) + 1)]
    found = kept_by_refs(names, ActiveRefs(deployed=(commit,)), RefMatch.WHOLE)
    assert list(found) == names[6:]
    assert kept_by_refs(["app-0123456", "app-0123457"], ActiveRefs(deployed=(commit,)), RefMatch.SUFFIX) == {
        "app-0123456": Reason.DEPLOYED
    }


def test_what_is_deployed_is_told_so_and_carries_names_as_they_are() -> None:
    active_refs = ActiveRefs(
        {RefKind.TAGS: ("v1.2.0",), RefKind.BRANCHES: ("main",)}, deployed=("main", "0123456789abcdef", "01234567")
    )
    names = ["v1.2.0", "V1-2-0", "main", "app-01234567", "app-0123456", "app-0123456789abcdef"]
    assert kept_by_refs(names, active_refs, RefMatch.SUFFIX) == {
        "v1.2.0": Reason.ACTIVE_REF,
        "V1-2-0": Reason.ACTIVE_REF,
        "main": Reason.DEPLOYED,
        "app-01234567": Reason.DEPLOYED,
        "app-0123456789abcdef": Reason.DEPLOYED,
    }


def test_branches_tell_of_merge_requests_of_a_fork() -> None:
    branches, requests, tags = RefKind.BRANCHES, RefKind.MERGE_REQUESTS, RefKind.TAGS
    assert telling_kinds([requests, tags], is_fork=False) == (requests, tags)
    assert telling_kinds([requests, tags], is_fork=True) == (requests, tags, branches)
    assert telling_kinds([branches, requests], is_fork=True) == (branches, requests)
    assert telling_kinds([tags], is_fork=True) == (tags,)
    assert telling_kinds([], is_fork=True) == ()
