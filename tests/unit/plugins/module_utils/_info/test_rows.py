# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows, sums and results of what was read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ProtectionRule,
    Repository,
    RuleKind,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode, ServerCapabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._info.request import InfoRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._info.rows import (
    InfoState,
    ProjectInventory,
    RowSummary,
    errors_of,
    file_lines,
    repository_rows,
    result_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import Gather
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.preview import preview_policy, truncate
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures
from tests.unit.models import project, repository, server_policy

ERROR = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
POLICY = server_policy(cadence="7d", keep_n=5, older_than=None, name_regex="dev-.*", next_run_at="2026-06-08T12:00:00Z")
RULE = ProtectionRule("^v", push="owner", delete=None, id=1)
PROJECT = project(
    id=3,
    path="Team/App",
    namespace="Team",
    access_level="private",
    visibility="internal",
    policy=POLICY,
    archived=True,
)
EMPTY = project(id=4, path="team/b", policy=None, image_prefix="registry.test/team/b")
PUSHED = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
V1, V2 = Tag("v1", "sha256:1", published=PUSHED, size=7), Tag("v2")


def repository_at(number: int, path: str, **fields: Any) -> Repository:
    return repository(id=number, path=path, name=path.rpartition("/")[2], location=f"registry.test/{path}", **fields)


COUNTS = ("projects", "repositories", "repositories_unread", "tags", "size")
API, WEB = repository_at(7, "team/app/api", size=5), repository_at(8, "team/app/web", size=6)


def request(*gather: Gather, **fields: Any) -> InfoRequest:
    return InfoRequest(scope=Scope(group="team"), gather=frozenset(gather), **fields)


DETAILS = request(Gather.TAG_DETAILS)


def complete(state: InfoState, asked: InfoRequest, limit: int = 10) -> RowSummary:
    summary = RowSummary(limit)
    for row in repository_rows(state, asked):
        summary.add(row)
    assert len(summary.counted) == len(state.repositories)
    return summary


def tags_state(*listings: TagListing, **fields: Any) -> InfoState:
    return InfoState(
        repositories=tuple(listing.repository for listing in listings),
        listings=listings,
        date_source=DateSource.PUBLISHED,
        clock=NOW,
        **fields,
    )


def test_a_tag_has_the_date_that_can_be_trusted() -> None:
    [row] = complete(tags_state(TagListing(API, (V1, V2), complete=True)), DETAILS).returned
    assert (row["listing"], row["date_source"], row["tags_count"]) == ("complete", "published", 2)
    assert [(tag["name"], tag["date"], tag["size"]) for tag in row["tags"]] == [
        ("v1", "2026-01-31T12:00:00Z", 7),
        ("v2", None, None),
    ]


def test_named_tags_and_those_that_are_missing() -> None:
    asked = request(tag_names=frozenset({"v2", "v3"}))
    [row] = complete(tags_state(TagListing(API, (V1, V2), complete=True)), asked).returned
    assert [tag["name"] for tag in row["tags"]] == ["v2"]
    assert (row["missing_tags"], row["tags_count"]) == (["v3"], 2)


def test_without_tags_there_is_no_listing() -> None:
    [row] = complete(InfoState(repositories=(API,)), request(Gather.REPOSITORIES)).returned
    assert (row["tags"], row["tags_count"], row["listing"], row["date_source"]) == (None, None, "none", "none")


def test_at_most_so_many_rows_and_tags_are_returned() -> None:
    state = tags_state(TagListing(API, (V1, V2)), TagListing(WEB, (V1,)))
    result = result_of(state, complete(state, DETAILS, limit=1), None)
    assert [row["path"] for row in result["repositories"]] == ["team/app/api"]
    assert (len(result["repositories"][0]["tags"]), result["repositories"][0]["tags_truncated"]) == (1, True)
    assert result["truncated"]
    assert {name: result["totals"][name] for name in COUNTS} == {
        "projects": 1,
        "repositories": 2,
        "repositories_unread": 0,
        "tags": 3,
        "size": 11,
    }


def test_nothing_is_called_cut_off_that_is_as_long_as_the_limit() -> None:
    state = tags_state(TagListing(API, (V1, V2)), TagListing(WEB, (V1,)))
    result = result_of(state, complete(state, DETAILS, limit=2), None)
    assert [(len(row["tags"]), row["tags_truncated"]) for row in result["repositories"]] == [(2, False), (1, False)]
    assert not result["truncated"]


def test_more_projects_than_the_limit_are_cut_off_even_where_the_repositories_are_not() -> None:
    state = InfoState(listed=False, inventory=ProjectInventory(projects=(PROJECT, EMPTY)))
    result = result_of(state, complete(state, request(Gather.PROJECTS), limit=1), None)
    assert [row["path"] for row in result["projects"]] == ["Team/App"]
    assert (result["truncated"], result["totals"]["projects"]) == (True, 2)


def test_a_row_has_the_preview_of_its_policy_with_lists_as_long_as_those_of_tags() -> None:
    everything = TagListing(API, (V1, V2), complete=True)
    capabilities = ServerCapabilities(mode=Mode.DATABASE)
    preview = preview_policy(capabilities, everything, POLICY._replace(keep_n=None, name_regex=".*"), PUSHED)
    assert [row["name"] for row in preview.as_result()["delete"]] == ["v1", "v2"]
    state = InfoState(repositories=(API, WEB), previews={API.id: preview})
    asked = request(Gather.POLICY_PREVIEW)
    whole = [each.row for each in repository_rows(state, asked)]
    assert [row["policy_preview"] for row in whole] == [preview.as_result(), None]
    summary = complete(state, asked, limit=1)
    assert summary.returned == [{**whole[0], "policy_preview": truncate(preview.as_result(), 1)}]


@pytest.mark.parametrize(
    ("listings", "tags", "size"),
    [
        ((TagListing(API, (V1,)), TagListing(WEB, error=ERROR)), None, 11),
        ((TagListing(repository_at(9, "team/app/x"), (V1,)),), 1, None),
        ((), 0, 0),
    ],
)
def test_a_sum_of_unknown_numbers_is_unknown(
    listings: tuple[TagListing, ...], tags: int | None, size: int | None
) -> None:
    state = tags_state(*listings)
    totals = result_of(state, complete(state, DETAILS), None)["totals"]
    assert (totals["tags"], totals["size"]) == (tags, size)


def test_what_could_not_be_read() -> None:
    inventory = ProjectInventory(projects=(), unread=(("team/x", ERROR),))
    state = tags_state(TagListing(API, error=ERROR), inventory=inventory)
    summary = complete(state, DETAILS)
    assert errors_of(state, summary) == [ERROR, ERROR]
    result = result_of(state, summary, "/file")
    assert [(row["repository"], row["project"]) for row in result["errors"]] == [
        ("team/app/api", None),
        (None, "team/x"),
    ]
    assert (result["totals"]["repositories_unread"], result["output_path"]) == (1, "/file")
    assert summary.returned[0]["error"] == str(ERROR)


def test_what_could_not_be_read_of_a_repository_besides_its_tags_is_its_error() -> None:
    state = InfoState(repositories=(API, WEB), errors={WEB.id: ERROR})
    summary = complete(state, request(Gather.SIZE))
    assert [row["error"] for row in summary.returned] == [None, str(ERROR)]
    assert result_of(state, summary, None)["errors"] == [
        {"repository": "team/app/web", "project": None, **ERROR.as_result()}
    ]


def test_a_result_has_the_rows_the_sums_and_what_is_left_out() -> None:
    inventory = ProjectInventory(
        projects=(PROJECT,),
        rules={
            3: {
                RuleKind.REPOSITORY: (ProtectionRule("team/app/*", push=None, delete="admin", id=2),),
                RuleKind.TAG: (RULE,),
            }
        },
    )
    state = tags_state(
        TagListing(API, (V1,), complete=True),
        inventory=inventory,
        being_deleted=("team/app/old",),
        registry_disabled=("team/off",),
        estimate={"requests": 5},
    )
    summary = complete(state, DETAILS, limit=1)
    numbers = Figures(
        bytes=5,
        bytes_method=BytesMethod.GITLAB,
        oldest_tag_at=PUSHED,
        newest_tag_at=PUSHED,
        tags_by_age=(0, 0, 0, 1, 0, 0),
        bytes_by_age=(0, 0, 0, 7, 0, 0),
    ).as_result()
    assert result_of(state, summary, "/file") == {
        "repositories": summary.returned,
        "projects": [
            {
                "id": 3,
                "path": "Team/App",
                "namespace": "Team",
                "topics": [],
                "visibility": "internal",
                "archived": True,
                "access_level": "private",
                "exposed_to": "members",
                "policy_state": "enabled",
                "policy_next_run_at": "2026-06-08T12:00:00Z",
                "policy_lint": [],
                "cleanup_policy": {
                    "enabled": True,
                    "cadence": "7d",
                    "keep_n": 5,
                    "older_than": None,
                    "name_regex_delete": "dev-.*",
                    "name_regex_keep": None,
                    "next_run_at": "2026-06-08T12:00:00Z",
                },
                "repository_protection": [
                    {
                        "repository_path_pattern": "team/app/*",
                        "minimum_access_level_for_push": None,
                        "minimum_access_level_for_delete": "admin",
                    }
                ],
                "tag_protection": [
                    {
                        "tag_name_pattern": "^v",
                        "minimum_access_level_for_push": "owner",
                        "minimum_access_level_for_delete": None,
                    }
                ],
                "repositories": 1,
                "repositories_unread": 0,
                "tags": 1,
                "size": 5,
                **numbers,
            }
        ],
        "totals": {"projects": 1, "repositories": 1, "repositories_unread": 0, "tags": 1, "size": 5, **numbers},
        "truncated": False,
        "being_deleted": ["team/app/old"],
        "registry_disabled": ["team/off"],
        "errors": [],
        "estimate": {"requests": 5},
        "output_path": "/file",
    }


def state_figures(state: InfoState) -> dict[str, Any]:
    [row] = complete(state, DETAILS).counted
    return row.usage.figures.as_result()


def test_what_was_not_asked_for_is_null_or_not_there() -> None:
    state = tags_state(TagListing(API, (V1,)))
    result = result_of(state, complete(state, DETAILS), None)
    assert result["projects"] == [
        {
            "id": 3,
            "path": "team/app",
            "namespace": "team",
            "topics": None,
            "visibility": None,
            "archived": None,
            "access_level": None,
            "exposed_to": "unknown",
            "cleanup_policy": None,
            "policy_state": "unknown",
            "policy_next_run_at": None,
            "policy_lint": None,
            "repository_protection": None,
            "tag_protection": None,
            "repositories": 1,
            "repositories_unread": 0,
            "tags": 1,
            "size": 5,
            **state_figures(state),
        }
    ]
    assert not {"estimate", "output_path"} & result.keys()


def test_projects_with_their_settings_and_sums() -> None:
    inventory = ProjectInventory(
        projects=(PROJECT, EMPTY),
        rules={3: {RuleKind.TAG: (RULE,), RuleKind.REPOSITORY: ERROR}, 4: {RuleKind.TAG: ()}},
    )
    state = tags_state(TagListing(API, (V1,)), inventory=inventory)
    first, second = result_of(state, complete(state, DETAILS), None)["projects"]
    assert (first["path"], first["archived"], first["access_level"], first["tags"]) == ("Team/App", True, "private", 1)
    assert first["cleanup_policy"]["name_regex_delete"] == "dev-.*"
    assert first["cleanup_policy"]["next_run_at"] == "2026-06-08T12:00:00Z"
    assert first["repository_protection"] is None
    assert first["tag_protection"] == [
        {
            "tag_name_pattern": "^v",
            "minimum_access_level_for_push": "owner",
            "minimum_access_level_for_delete": None,
        }
    ]
    assert (second["path"], second["repositories"], second["tags"], second["tag_protection"]) == ("team/b", 0, 0, [])


def test_nothing_is_counted_where_no_repositories_were_listed() -> None:
    state = InfoState(listed=False, inventory=ProjectInventory(projects=(EMPTY,)))
    result = result_of(state, complete(state, request(Gather.PROJECTS)), None)
    assert result["projects"][0]["repositories"] is None
    assert (result["totals"]["projects"], result["totals"]["repositories"]) == (1, None)


def test_the_file_has_everything() -> None:
    inventory = ProjectInventory(projects=(PROJECT,))
    state = tags_state(TagListing(API, (V1, V2)), TagListing(WEB, (V1,)), inventory=inventory)
    rows = [json.loads(line) for line in file_lines(state, DETAILS, RowSummary(limit=1), "https://g.test")]
    assert [(row["type"], row.get("path")) for row in rows] == [
        ("audit", None),
        ("repository", "team/app/api"),
        ("repository", "team/app/web"),
        ("project", "Team/App"),
        ("total", None),
    ]
    assert len(rows[1]["tags"]) == 2
    assert rows[0] == {
        "type": "audit",
        "format": "containerops.gitlab/audit",
        "version": 1,
        "server": "https://g.test",
        "registry": "unknown",
        "clock": "2026-06-01T12:00:00Z",
        "scope": DETAILS.scope.as_result(),
        "date_source": "published",
    }


def test_a_file_has_what_is_returned() -> None:
    """Projects without a repository are told of only if they were asked for."""
    state = tags_state(TagListing(API, (V1,)), projects={3: PROJECT, 4: EMPTY})
    summary = RowSummary(limit=10)
    rows = [json.loads(line) for line in file_lines(state, DETAILS, summary, "")][1:]
    result = result_of(state, summary, None)
    assert [{"type": "repository", **row} for row in result["repositories"]] == rows[:1]
    assert [{"type": "project", **row} for row in result["projects"]] == rows[1:-1]
    assert {"type": "total", **result["totals"]} == rows[-1]
    assert [row["path"] for row in result["projects"]] == ["Team/App"]
