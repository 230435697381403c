# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL's answers: errors with status 200, pages per alias, and queries that are too large for the server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_deletion import destroy_tags
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_pages import read_pages
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_schema import read_schema
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.tag_page import Page, PageRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.tag_rules import read_tag_rules
from ansible_collections.containerops.gitlab.plugins.module_utils._http.retry import RetryPolicy
from tests.unit.graphql_serving import Body, FakeGraphQLClient, aliases, node, schema, tags


def every_page(query: str, _variables: Body) -> Body:
    return {"data": {f"r{number}": tags(node("v1")) for number in range(aliases(query))}}


def test_the_schema_tells_fields_limit_and_deletion() -> None:
    reply = {
        "data": {
            "tag": {"fields": [{"name": "name"}, {"name": "digest"}]},
            "destroy": {"name": "x"},
            "queryComplexity": {"limit": 300},
        }
    }
    found = read_schema(FakeGraphQLClient(lambda _q, _v: reply))
    assert found.tag_fields == {"name", "digest"}
    assert found.can_delete
    assert found.complexity_limit == 300


@pytest.mark.parametrize(
    "reply",
    [
        {"errors": [{"message": "no"}]},
        {"data": None},
        {"data": {"tag": None}},
        (404, {"error": "404 Not Found"}),
        (200, b"<html>"),
        (200, b"[]"),
    ],
)
def test_a_schema_that_can_not_be_read_is_an_error(reply: Any) -> None:
    with pytest.raises(RequestError):
        read_schema(FakeGraphQLClient(lambda _q, _v: reply))


def test_fields_that_the_server_does_not_know_are_not_asked_for() -> None:
    client = FakeGraphQLClient(every_page)
    read_pages(client, schema(fields=["digest", "createdAt"]), [PageRequest(1)])
    query = client.queries[0][0]
    assert "createdAt" in query
    assert "publishedAt" not in query
    assert "protection" not in query


@pytest.mark.parametrize(("limit", "most"), [(250, 16), (300, 20), (60, 5), (1, 1)])
def test_queries_stay_within_the_stated_complexity(limit: int, most: int) -> None:
    client = FakeGraphQLClient(every_page)
    pages = read_pages(client, schema(limit), [PageRequest(number) for number in range(40)])
    assert len(pages) == 40
    assert all(isinstance(page, Page) for page in pages)
    sizes = [aliases(query) for query, _variables, _retry in client.queries]
    assert max(sizes) <= most
    assert sum(sizes) == 40


@pytest.mark.parametrize(
    "refusal",
    [
        {"errors": [{"message": "Query has complexity of 300, which exceeds max complexity of 250"}]},
        RequestError(ErrorKind.TIMEOUT, "too slow", operation="read"),
        (502, b"bad gateway"),
        (500, {"message": "500"}),
    ],
)
def test_a_query_that_is_too_much_is_halved_and_the_lesson_kept(refusal: Any) -> None:
    def reply(query: str, variables: Body) -> Any:
        return refusal if aliases(query) > 3 else every_page(query, variables)

    client = FakeGraphQLClient(reply)
    found = schema()
    pages = read_pages(client, found, [PageRequest(number) for number in range(12)])
    assert all(isinstance(page, Page) for page in pages)
    assert found.alias_limit.most <= 3
    client.queries.clear()
    read_pages(client, found, [PageRequest(number) for number in range(12)])
    assert max(aliases(query) for query, _variables, _retry in client.queries) <= 3


def test_pages_come_back_in_the_order_asked_for() -> None:
    def reply(query: str, variables: Body) -> Body:
        return {
            "data": {
                f"r{number}": tags(node(variables[f"i{number}"].rpartition("/")[2])) for number in range(aliases(query))
            }
        }

    pages = read_pages(FakeGraphQLClient(reply), schema(), [PageRequest(number) for number in (5, 3, 9)])
    assert [page.tags[0].name for page in pages if isinstance(page, Page)] == ["5", "3", "9"]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (None, "not_found"),
        ({"tags": None}, "incomplete"),
        ({"tags": {"nodes": None}}, "incomplete"),
        ({"tags": {"nodes": [None], "pageInfo": {}}}, "incomplete"),
        ({"tags": {"nodes": [{"name": "{{ evil }}"}], "pageInfo": {}}}, "incomplete"),
        (tags(node("a"), more=True), "incomplete"),
    ],
)
def test_one_page_that_fails_leaves_the_others(first: Any, kind: str) -> None:
    reply = {"data": {"r0": first, "r1": tags(node("b"))}}
    bad, good = read_pages(FakeGraphQLClient(lambda _q, _v: reply), schema(), [PageRequest(1), PageRequest(2)])
    assert isinstance(bad, RequestError)
    assert bad.kind.value == kind
    assert isinstance(good, Page)


def test_errors_belong_to_their_alias() -> None:
    reply = {
        "data": {"r0": None, "r1": tags(node("b"))},
        "errors": [{"message": "Can't connect to the Container Registry.", "path": ["r0", "tags"]}],
    }
    bad, good = read_pages(FakeGraphQLClient(lambda _q, _v: reply), schema(), [PageRequest(1), PageRequest(2)])
    assert isinstance(bad, RequestError)
    assert "Container Registry" in bad.message
    assert isinstance(good, Page)


def test_an_error_without_a_place_spoils_every_page() -> None:
    reply = {"data": {"r0": tags(node("a"))}, "errors": [{"message": "Timeout"}]}
    [page] = read_pages(FakeGraphQLClient(lambda _q, _v: reply), schema(), [PageRequest(1)])
    assert isinstance(page, RequestError)


def test_what_a_tag_says() -> None:
    full = node(
        "v1",
        createdAt="2026-01-01T00:00:00Z",
        publishedAt="2026-02-01T00:00:00Z",
        totalSize="123456789012",
        mediaType="m",
        protection={"minimumAccessLevelForDelete": None},
    )
    empty = node("v2", digest=None, createdAt=None, publishedAt=None, totalSize=None, mediaType=None, protection=None)
    [page] = read_pages(
        FakeGraphQLClient(lambda _q, _v: {"data": {"r0": tags(full, empty)}}), schema(), [PageRequest(1)]
    )
    assert isinstance(page, Page)
    first, second = page.tags
    assert first.size == 123456789012
    assert first.published is not None
    assert first.published.month == 2
    # An object without levels is a rule that nobody may pass.
    assert first.protected is True
    assert second.protected is False
    assert (second.digest, second.size, second.created) == (None, None, None)


def test_protection_that_was_not_asked_for_is_unknown() -> None:
    [page] = read_pages(FakeGraphQLClient(every_page), schema(fields=["digest"]), [PageRequest(1)])
    assert isinstance(page, Page)
    assert page.tags[0].protected is None


def test_a_deletion_says_which_tags_went_and_is_never_sent_again_blindly() -> None:
    reply = {"data": {"destroyContainerRepositoryTags": {"deletedTagNames": ["a"], "errors": ["b failed"]}}}
    client = FakeGraphQLClient(lambda _q, _v: reply)
    assert destroy_tags(client, 7, ["a", "b"]) == (["a"], ["b failed"])
    _query, variables, retry = client.queries[0]
    assert variables == {"input": {"id": "gid://gitlab/ContainerRepository/7", "tagNames": ["a", "b"]}}
    assert retry is RetryPolicy.AFTER_A_LOOK
    read_pages(client, schema(), [PageRequest(1)])
    assert client.queries[1][2] is RetryPolicy.IDEMPOTENT


@pytest.mark.parametrize(
    ("reply", "lost"),
    [
        (RequestError(ErrorKind.CONNECTION, "reset", operation="read"), True),
        (RequestError(ErrorKind.TIMEOUT, "slow", operation="read"), True),
        (RequestError(ErrorKind.STOPPED, "401 before", operation="read"), False),
        (RequestError(ErrorKind.TLS, "bad certificate", operation="read"), False),
        ((502, b""), True),
        ((503, b""), True),
        ((500, {}), True),
        ((200, b"<html>"), True),
        ((200, b"[]"), True),
        ({"data": {"destroyContainerRepositoryTags": None}}, True),
        ((401, {}), False),
        ((403, {}), False),
        ((429, b"Retry later"), False),
        ({"errors": [{"message": "you don't have permission to perform this action"}]}, False),
    ],
)
def test_which_answers_leave_open_what_happened(reply: Any, lost: bool) -> None:
    with pytest.raises(RequestError) as caught:
        destroy_tags(FakeGraphQLClient(lambda _q, _v: reply), 7, ["a"])
    assert caught.value.kind.effect_unknown is lost


TAG = {"fields": [{"name": "digest"}, {"name": "protection"}]}
RULE = {"name": "ContainerProtectionTagRule"}
IMMUTABLE = {"fields": [{"name": "immutable"}, {"name": "minimumAccessLevelForDelete"}]}
LEVELS = {"fields": [{"name": "minimumAccessLevelForDelete"}]}


@pytest.mark.parametrize(
    ("data", "has_tag_rules", "always_set"),
    [
        pytest.param({"tag": {"fields": [{"name": "digest"}]}}, False, False, id="no rules"),
        pytest.param(
            {"tag": {"fields": [{"name": "digest"}]}, "rule": RULE, "protection": LEVELS}, True, True, id="17.8"
        ),
        pytest.param({"tag": TAG, "rule": RULE, "protection": LEVELS}, True, True, id="17.9"),
        pytest.param({"tag": TAG, "rule": RULE, "protection": IMMUTABLE}, True, False, id="17.11"),
        pytest.param({"tag": TAG, "rule": None, "protection": None}, True, False, id="types of other names"),
    ],
)
def test_the_schema_tells_what_a_protection_means(data: Body, has_tag_rules: bool, always_set: bool) -> None:
    client = FakeGraphQLClient(lambda _q, _v: {"data": data})
    found = read_schema(client)
    assert (found.has_tag_rules, found.protection_always_set) == (has_tag_rules, always_set)
    assert client.queries[0][0].count("fields(includeDeprecated: true)") == 2


@pytest.mark.parametrize(
    ("protection", "always_set", "protected"),
    [
        (None, False, False),
        ({"minimumAccessLevelForDelete": None}, False, True),
        ({"minimumAccessLevelForDelete": "OWNER"}, False, True),
        ({"minimumAccessLevelForDelete": None}, True, False),
        ({"minimumAccessLevelForDelete": "MAINTAINER"}, True, True),
        # What can't be understood keeps the tag.
        ("MAINTAINER", True, True),
        (None, True, True),
    ],
)
def test_what_a_protection_means(protection: Any, always_set: bool, protected: bool) -> None:
    known = replace(schema(), protection_always_set=always_set)
    answer = {"data": {"r0": tags(node("v1", protection=protection))}}
    [page] = read_pages(FakeGraphQLClient(lambda _q, _v: answer), known, [PageRequest(1)])
    assert isinstance(page, Page)
    assert page.tags[0].protected is protected


BUILT = {"publishedAt": None, "mediaType": None}
PUSHED = {"publishedAt": "2026-01-01T00:00:00+00:00", "mediaType": "application/vnd.oci.image.manifest.v1+json"}


@pytest.mark.parametrize(
    ("name", "facts", "cursor", "more", "fits"),
    [
        pytest.param("v1", PUSHED, None, False, [Mode.DATABASE], id="the last page of a database"),
        pytest.param("v1", PUSHED, "v1", True, [Mode.DATABASE], id="a page of a database"),
        pytest.param("v1", BUILT, "MQ", False, [Mode.NO_DATABASE], id="the last page without one"),
        pytest.param("v1", BUILT, "MQ==", True, [Mode.NO_DATABASE], id="a page without one, as older servers write it"),
        pytest.param("v1", PUSHED, "MQ", True, [], id="a database does not number"),
        pytest.param("v1", BUILT, None, False, [], id="without a database nothing is pushed"),
        pytest.param("v1", PUSHED, "v0", True, [], id="the cursor is that of another tag"),
        pytest.param("v1", BUILT, "!", True, [], id="the cursor is nothing"),
        pytest.param("MQ", BUILT, "MQ", True, [Mode.NO_DATABASE], id="a name that is a number, without a database"),
        pytest.param("MQ", PUSHED, "MQ", True, [Mode.DATABASE], id="a name that is a number, with one"),
        pytest.param(
            "v1", {"publishedAt": None, "mediaType": "m"}, None, False, [Mode.DATABASE], id="an older registry"
        ),
    ],
)
def test_what_registry_a_page_is_from(name: str, facts: Body, cursor: str | None, more: bool, fits: list[Mode]) -> None:
    page = tags(node(name, **facts))
    page["tags"]["pageInfo"] = {"hasNextPage": more, "endCursor": cursor}
    client = FakeGraphQLClient(lambda _q, _v: {"data": {"r0": page}})
    [found] = read_pages(client, schema(), [PageRequest(1, first=1)])
    assert isinstance(found, Page)
    assert [mode for mode in (Mode.DATABASE, Mode.NO_DATABASE) if found.fits(mode)] == fits
    assert found.fits(Mode.UNKNOWN)


def test_an_empty_page_fits_every_registry() -> None:
    [found] = read_pages(FakeGraphQLClient(lambda _q, _v: {"data": {"r0": tags()}}), schema(), [PageRequest(1)])
    assert isinstance(found, Page)
    assert all(found.fits(mode) for mode in Mode)


LATE = {"message": "Timeout on Query.containerRepository"}


def in_time(most: int) -> Any:
    """A server that has time for so many pages."""

    def reply(query: str, variables: Body) -> Body:
        data: Body = {}
        errors = []
        for number in range(aliases(query)):
            name = variables[f"i{number}"].rpartition("/")[2]
            data[f"r{number}"] = tags(node(f"v{name}")) if number < most else None
            errors += [{**LATE, "path": [f"r{number}"]}] if number >= most else []
        return {"data": data, **({"errors": errors} if errors else {})}

    return reply


@pytest.mark.parametrize(
    ("most", "queries"),
    [(1, [13, *[1] * 28]), (3, [13, *[3] * 3, 1, *[3] * 4, 1, 3]), (12, [13, 1, 12, 1, 3]), (13, [13, 13, 3])],
)
def test_pages_that_came_too_late_are_asked_for_by_fewer(most: int, queries: list[int]) -> None:
    client = FakeGraphQLClient(in_time(most))
    known = schema()
    pages = read_pages(client, known, [PageRequest(number) for number in range(29)])
    assert [page.tags[0].name for page in pages if isinstance(page, Page)] == [f"v{number}" for number in range(29)]
    assert [aliases(query) for query, _variables, _retry in client.queries] == queries
    assert known.alias_limit.most == (20 if most == 13 else most)


def test_a_query_that_could_not_be_checked_in_time_is_sent_again_as_it_is() -> None:
    replies = iter([{"errors": [{"message": "Timeout on validation of query"}]}])
    client = FakeGraphQLClient(lambda query, variables: next(replies, None) or every_page(query, variables))
    known = schema()
    pages = read_pages(client, known, [PageRequest(number) for number in range(5)])
    assert all(isinstance(page, Page) for page in pages)
    assert [aliases(query) for query, _variables, _retry in client.queries] == [5, 5]
    assert known.alias_limit.most == 20


def test_a_page_for_which_there_is_no_time_is_asked_for_as_often_as_anything() -> None:
    client = FakeGraphQLClient(in_time(0))
    [page] = read_pages(client, schema(), [PageRequest(1)])
    assert isinstance(page, RequestError)
    assert page.kind is ErrorKind.TIMEOUT
    assert len(client.queries) == 1 + client.settings.retries


def test_a_deletion_for_which_there_was_no_time_may_have_had_its_effect() -> None:
    reply = {"data": {"destroyContainerRepositoryTags": None}, "errors": [{"message": "Timeout on Mutation.destroy"}]}
    with pytest.raises(RequestError) as caught:
        destroy_tags(FakeGraphQLClient(lambda _q, _v: reply), 7, ["a"])
    assert caught.value.kind.effect_unknown


def of_project(*patterns: str | None, admin: Any = True, more: Any = False) -> Body:
    nodes = [{"tagNamePattern": pattern} for pattern in patterns]
    rules = {"nodes": nodes, "pageInfo": {"hasNextPage": more}}
    return {"project": {"userPermissions": {"adminProject": admin}, "containerProtectionTagRules": rules}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (of_project(), ()),
        (of_project("v.*", "prod"), ("v.*", "prod")),
        (of_project("v.*", admin=False), ErrorKind.FORBIDDEN),
        (of_project(admin=False), ErrorKind.FORBIDDEN),
        (of_project("v.*", more=True), ErrorKind.FORBIDDEN),
        (of_project("v.*", None), ErrorKind.INCOMPLETE),
        (None, ErrorKind.INCOMPLETE),
        ({"project": None}, ErrorKind.INCOMPLETE),
    ],
)
def test_the_rules_of_a_project_are_read_as_a_whole_or_not(found: Any, expected: Any) -> None:
    [patterns] = read_tag_rules(FakeGraphQLClient(lambda _q, _v: {"data": {"r0": found}}), [1])
    assert (patterns.kind if isinstance(patterns, RequestError) else patterns) == expected


def test_the_rules_of_ten_projects_are_read_with_a_request() -> None:
    def reply(query: str, variables: Body) -> Body:
        return {"data": {f"r{n}": of_project(variables[f"i{n}"].rpartition("/")[2]) for n in range(aliases(query))}}

    client = FakeGraphQLClient(reply)
    assert read_tag_rules(client, list(range(25))) == [(str(number),) for number in range(25)]
    assert [aliases(query) for query, _variables, _retry in client.queries] == [10, 10, 5]


def test_rules_that_can_not_be_read_are_an_error_of_each_project() -> None:
    found = read_tag_rules(FakeGraphQLClient(lambda _q, _v: (404, {})), [1, 2])
    assert [error.kind for error in found if isinstance(error, RequestError)] == [ErrorKind.NOT_FOUND] * 2
