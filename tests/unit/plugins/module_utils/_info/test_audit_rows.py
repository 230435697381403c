# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of projects: what is known of them, and that nothing unknown is a number."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    Project,
    Tag,
    TagListing,
    known_sum,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._info import audit_rows
from ansible_collections.containerops.gitlab.plugins.module_utils._info.audit_file import AuditedRepository, audit_lines
from ansible_collections.containerops.gitlab.plugins.module_utils._info.audit_rows import (
    AuditHead,
    CountedRepository,
    project_rows,
    totals_row,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures, FreedBytes
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.listings import RepositoryUsage
from tests.tools.collection import ROOT
from tests.unit.models import project, repository, server_policy

NUMBERS = ("repositories", "tags", "size", "bytes", "oldest_tag_at", "newest_tag_at")


def counted(number: int = 3, path: str = "team/app", *, unread: bool = False, **figures: Any) -> CountedRepository:
    usage = RepositoryUsage(Figures(**figures))
    return CountedRepository(project_id=number, project=path, size=figures.get("bytes"), usage=usage, unread=unread)


def row_of(found: Project) -> dict[str, Any]:
    [row] = project_rows((), {found.id: found}, [found.id])
    return row


@pytest.mark.parametrize(
    ("fields", "state", "next_run"),
    [
        ({"policy": server_policy(next_run_at="soon")}, "enabled", "soon"),
        ({"policy": server_policy(enabled=False, next_run_at="soon")}, "disabled", None),
        ({"policy": None}, "none", None),
        # Whoever is not shown the access level may not be shown a policy, either.
        ({"policy": None, "access_level": None}, "unknown", None),
    ],
)
def test_whether_a_policy_runs(fields: dict[str, Any], state: str, next_run: str | None) -> None:
    row = row_of(project(**fields))
    assert (row["policy_state"], row["policy_next_run_at"]) == (state, next_run)


@pytest.mark.parametrize(
    ("visibility", "access_level", "exposed"),
    [
        ("public", "enabled", "anyone"),
        ("internal", "enabled", "signed_in"),
        ("private", "enabled", "members"),
        ("public", "private", "members"),
        ("public", "disabled", "nobody"),
        (None, "enabled", "unknown"),
        ("public", None, "unknown"),
    ],
)
def test_who_can_pull(visibility: str | None, access_level: str | None, exposed: str) -> None:
    row = row_of(project(visibility=visibility, access_level=access_level))
    assert (row["visibility"], row["access_level"], row["exposed_to"]) == (visibility, access_level, exposed)


def test_what_is_odd_about_a_policy_is_told_whatever_tags_there_are() -> None:
    row = row_of(project(policy=server_policy(name_regex="v1|v2", name_regex_keep="")))
    assert len(row["policy_lint"]) == 2
    assert "alternatives without parentheses" in row["policy_lint"][0]
    assert row_of(project(policy=None))["policy_lint"] == []


def test_without_google_re2_it_is_not_known_what_is_odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "patterns_can_be_judged", lambda: False)
    assert row_of(project(policy=server_policy(name_regex="not judged before")))["policy_lint"] is None


def test_projects_are_in_the_order_of_their_paths_whatever_their_case_and_then_of_their_ids() -> None:
    paths = {4: "team/b", 3: "team/B", 2: "team/_x", 1: "Team/a", 5: "team"}
    found = project_rows([counted(number, path) for number, path in paths.items()], {})
    assert [(row["id"], row["path"]) for row in found] == [
        *((5, "team"), (2, "team/_x"), (1, "Team/a"), (3, "team/B"), (4, "team/b"))
    ]


@pytest.mark.parametrize("namespace", ["", "Team/Sub"])
def test_the_namespace_is_gitlabs_or_what_the_path_says(namespace: str) -> None:
    assert row_of(project(path="team/sub/app", namespace=namespace))["namespace"] == (namespace or "team/sub")
    [row] = project_rows([counted(path="team/sub/app")], {})
    assert row["namespace"] == "team/sub"


@pytest.mark.parametrize("known", [True, False])
def test_of_a_project_without_rules_that_were_read_its_protection_is_null(known: bool) -> None:
    projects = {1: project(id=1)} if known else {}
    protection: dict[int, dict[str, Any]] = {1: {"tag_protection": []}, 2: {"repository_protection": []}}
    [row] = project_rows([counted(1)], projects, protection=protection)
    assert (row["repository_protection"], row["tag_protection"]) == (None, [])
    [row] = project_rows([counted(1)], projects)
    assert (row["repository_protection"], row["tag_protection"]) == (None, None)


def test_where_nothing_was_listed_no_sum_is_a_number() -> None:
    total = totals_row([], projects=2, listed=False)
    numbers = {name: value for name, value in total.items() if not isinstance(value, dict)}
    known = {"projects": 2, "repositories_unread": 0, "bytes_method": "unknown"}
    assert numbers == {**dict.fromkeys(numbers), **known}
    assert total.keys() == totals_row([counted()], projects=1).keys()


def test_a_project_that_was_not_read_is_known_by_its_repositories() -> None:
    [row] = project_rows([counted(tags=2)], {})
    assert (row["id"], row["path"], row["namespace"], row["tags"]) == (3, "team/app", "team", 2)
    assert (row["exposed_to"], row["policy_state"], row["policy_lint"], row["topics"]) == (
        "unknown",
        "unknown",
        None,
        None,
    )


@pytest.mark.parametrize("listed", [True, False])
def test_nothing_is_counted_in_a_disabled_registry(listed: bool) -> None:
    """GitLab lists no repository of it, though there may be many."""
    found = project(id=3, access_level="disabled")
    [row] = project_rows((), {3: found}, [3], listed=listed)
    assert [row[name] for name in NUMBERS] == [None] * len(NUMBERS)
    [row] = project_rows((), {3: found._replace(access_level="enabled")}, [3])
    assert [row[name] for name in ("repositories", "tags", "bytes")] == [0, 0, 0]
    assert [row[name] for name in ("delete", "keep", "freed_least", "freed_most")] == [None] * 4
    # What GitLab does not show may be disabled.
    [row] = project_rows((), {3: found._replace(access_level=None)}, [3])
    assert row["tags"] is None


def test_a_plan_deletes_nothing_of_a_project_without_repositories() -> None:
    known = {number: project(id=number, path=f"team/p{number}", access_level="enabled") for number in (1, 2)}
    planned = counted(1, "team/p1", tags=3, delete=1, keep=2, freed=FreedBytes(5, 7))
    total = totals_row([planned], projects=2)
    assert [total[name] for name in ("delete", "keep", "freed_least", "freed_most")] == [1, 2, 5, 7]
    first, second = project_rows([planned], known, known)
    assert [first[name] for name in ("delete", "keep", "freed_least", "freed_most")] == [1, 2, 5, 7]
    assert [second[name] for name in ("delete", "keep", "freed_least", "freed_most")] == [0, 0, 0, 0]


def test_sums_over_an_unread_repository_are_unknown() -> None:
    rows = [counted(tags=1, bytes=5, bytes_method=BytesMethod.GITLAB), counted(unread=True)]
    [row] = project_rows(rows, {})
    assert (row["repositories"], row["repositories_unread"]) == (2, 1)
    assert [row[name] for name in ("tags", "bytes", "bytes_method")] == [None, None, "unknown"]
    assert set(row["tags_by_age"].values()) == set(row["bytes_by_age"].values()) == {None}
    total = totals_row(rows, projects=1)
    assert {name: total[name] for name in total if name != "projects"}.items() <= row.items()


REPOSITORIES = st.builds(
    lambda number, tags, size: counted(number, f"team/P{number}", tags=tags, bytes=size, unread=tags is None),
    st.integers(1, 4),
    st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 99),
)


@given(st.lists(REPOSITORIES, max_size=8))
def test_projects_add_up_to_all_together(found: list[CountedRepository]) -> None:
    rows = project_rows(found, {})
    total = totals_row(found, projects=len(rows))
    for name in ("repositories", "repositories_unread"):
        assert sum(row[name] for row in rows) == total[name]
    for name in ("tags", "size", "bytes"):
        assert total[name] == known_sum(row[name] for row in rows)
    assert [row["path"] for row in rows] == sorted({each.project for each in found})


def documented(kind: str) -> set[str]:
    """The fields of a line that the page on numbers lists."""
    section = (ROOT / "docs" / "numbers.md").read_text().partition(f"### `{kind}`")[2].partition("\n###")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def test_the_page_lists_all_fields_of_the_file() -> None:
    listing = TagListing(repository(), tags=(Tag("v1"),), complete=True)
    usage = RepositoryUsage(Figures())
    head = AuditHead(
        "https://gitlab.example.com", Mode.DATABASE, clock=None, scope=Scope(group="team"), date_source=DateSource.NONE
    )
    audited = [AuditedRepository(listing, usage)]
    rows = [json.loads(line) for line in audit_lines(head, audited, {3: project()}, shows_tags=True)]
    assert {row["type"] for row in rows} == {"audit", "repository", "project", "total"}
    for row in rows:
        assert set(row) - {"type"} == documented(row["type"]), row["type"]
    page = (ROOT / "docs" / "numbers.md").read_text()
    [tag] = next(row["tags"] for row in rows if row["type"] == "repository")
    assert all(f"`{name}`" in page for name in tag)
    for source in DateSource:
        assert f"| `{source.value}` |" in page
