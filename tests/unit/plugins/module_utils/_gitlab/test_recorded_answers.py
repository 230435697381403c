# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is understood of the answers that GitLab's own GraphQL gave, and of answers that are damaged on the way."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_deletion import destroy_tags
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_pages import read_pages
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_schema import read_schema
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.tag_page import Page, PageRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.tag_rules import read_tag_rules
from tests.conformance.graphql_recordings import pages_asked
from tests.unit.graphql_serving import FakeGraphQLClient, schema

Row = dict[str, Any]


def recorded() -> list[Row]:
    table = next(path for path in (Path(__file__).parents) if path.name == "tests") / "conformance/tables"
    return [json.loads(line) for line in (table / "graphql_recordings.jsonl").read_text().splitlines()]


ROWS = recorded()
READ = [row for row in ROWS if pages_asked(row["request"])]
DELETED = [row for row in ROWS if "destroyContainerRepositoryTags(" in row["request"]["query"]]


def named(rows: list[Row]) -> list[Any]:
    return [pytest.param(row, id=f"{row['mode'][:2]} {row['case']}") for row in rows]


def client_for(row: Row) -> FakeGraphQLClient:
    return FakeGraphQLClient(lambda _query, _variables: (row["response"]["status"], row["response"]["body"]))


def pages_of(row: Row) -> list[Page | RequestError]:
    """The pages as they are understood. All are asked for at once, whatever the query cost."""
    asked = pages_asked(row["request"])
    wanted = [PageRequest(page["id"], page["after"], first=page["first"] or 20) for page in asked]
    return read_pages(client_for(row), schema(limit=10_000), wanted)


def is_second_hand(row: Row) -> bool:
    """Whether GitLab took its registry for one without a metadata database, by what it asked that registry."""
    calls = row.get("registry_calls")
    one_by_one = isinstance(calls, list) and any(call.startswith("HEAD ") for call in calls)
    return one_by_one or ("probe answers 503" in row["case"] and "mediaType" in row["request"]["query"])


# Where pages are asked for again their aliases mean other ones, which a recording can't know.
@pytest.mark.parametrize("row", named([row for row in READ if "timeout" not in row["case"]]))
def test_a_page_bears_the_signs_of_the_registry_that_answered(row: Row) -> None:
    expected = Mode.NO_DATABASE if row["mode"].startswith("M2") or is_second_hand(row) else Mode.DATABASE
    other = Mode.DATABASE if expected is Mode.NO_DATABASE else Mode.NO_DATABASE
    sorted_by_date = "PUBLISHED" in row["request"]["query"]
    for asked, page in zip(pages_asked(row["request"]), pages_of(row), strict=True):
        found: Any = ((row["response"]["body"].get("data") or {}).get(asked["alias"]) or {}).get("tags")
        errors = row["response"]["body"].get("errors")
        if isinstance(page, RequestError):
            assert errors or not (found and found["nodes"])
        elif page.tags and not sorted_by_date:
            assert page.fits(expected)
            assert not page.fits(other)
            assert [tag.name for tag in page.tags] == [node["name"] for node in found["nodes"]]
        else:
            assert page.fits(expected) is not bool(page.tags)


def test_what_came_in_time_is_kept_and_the_rest_asked_for_again() -> None:
    [row] = [row for row in ROWS if row["case"].startswith("graphql timeout")]
    client = client_for(row)
    asked = pages_asked(row["request"])
    wanted = [PageRequest(page["id"], page["after"], counted=True) for page in asked]
    known = schema(limit=10_000)
    read_pages(client, known, wanted)
    # Six of thirteen came. The others are asked for by six and one, which this server answers in the same way.
    assert len(wanted) == 13
    assert [query.count("containerRepository(") for query, _variables, _retry in client.queries][:3] == [13, 6, 1]
    assert known.alias_limit.most <= 6


@pytest.mark.parametrize("row", named(DELETED))
def test_what_a_deletion_answered_is_understood(row: Row) -> None:
    names = row["request"]["variables"]["input"]["tagNames"]
    answer = (row["response"]["body"].get("data") or {}).get("destroyContainerRepositoryTags")
    if answer:
        assert destroy_tags(client_for(row), 100, names) == (answer["deletedTagNames"], answer["errors"])
    else:
        with pytest.raises(RequestError):
            destroy_tags(client_for(row), 100, names)


def test_an_experiment_is_found_only_by_who_asks_for_deprecated_fields() -> None:
    plain, whole = (row for row in ROWS if row["case"].startswith("introspection"))
    assert "protection" not in read_schema(client_for(plain)).tag_fields
    assert "protection" in read_schema(client_for(whole)).tag_fields


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values within an answer, to the first two entries of each list."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value)))[:2] if isinstance(value, list) else []
    )
    return [place, *(way for key in keys for way in places_in(value[key], (*place, key)))]


def damaged(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The answer with another value in one place."""
    if not place:
        return value
    body = copy.deepcopy(body)
    owner = body
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = value
    return body


ODD = st.sampled_from(
    [None, 5, -1, 1.5, True, "", "²", "x", [], [None], {}, {"path": 5}, "9" * 5000, "2026-13-45T99:00:00Z"]
)
SCHEMA = {
    "data": {
        "tag": {"fields": [{"name": "protection"}, {"name": "digest"}]},
        "protection": {"fields": [{"name": "immutable"}]},
        "rule": {"name": "ContainerProtectionTagRule"},
        "destroy": {"name": "DestroyContainerRepositoryTagsInput"},
        "queryComplexity": {"limit": 250},
    }
}
RULES = {
    "data": {
        "r0": {
            "project": {
                "userPermissions": {"adminProject": True},
                "containerProtectionTagRules": {
                    "nodes": [{"tagNamePattern": "v"}],
                    "pageInfo": {"hasNextPage": False},
                },
            }
        }
    }
}


@given(st.data())
def test_nothing_but_a_request_error_comes_of_a_damaged_answer(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([*READ, *DELETED, {"schema": SCHEMA}, {"rules": RULES}]))
    body = row.get("schema") or row.get("rules") or row["response"]["body"]
    answer = damaged(body, data.draw(st.sampled_from(places_in(body))), data.draw(ODD))
    client = FakeGraphQLClient(lambda _query, _variables: answer)
    try:
        if "schema" in row:
            read_schema(client)
        elif "rules" in row:
            read_tag_rules(client, [1])
        elif row in DELETED:
            destroy_tags(client, 100, ["v1"])
        else:
            wanted = [PageRequest(page["id"]) for page in pages_asked(row["request"])]
            assert all(isinstance(page, (Page, RequestError)) for page in read_pages(client, schema(), wanted))
    except RequestError:
        pass
