# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL: the schema, its pages with their traps, deletion, complexity."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query

from .helpers import INDEX, Client, default_scenario, names, one_repository

GID = "gid://gitlab/ContainerRepository/100"
DESTROY = (
    "mutation($names: [String!]!, $id: ContainerRepositoryID!) "
    "{ destroyContainerRepositoryTags(input: {id: $id, tagNames: $names}) { deletedTagNames errors } }"
)


def many(count: int, **changes: Any) -> dict[str, Any]:
    repository = {"id": 100, "project": "team/app", "generate": {"count": count, "prefix": "v", "step_seconds": 86400}}
    return default_scenario(repositories=[repository], **changes)


def destroy(gitlab: Client, tags: list[str], token: str = "developer", gid: str = GID) -> Any:
    return gitlab.graphql(DESTROY, token, variables={"id": gid, "names": tags}).json()


def test_a_repository_and_its_tags_with_a_database(gitlab: Client) -> None:
    moved = {
        "name": "v1",
        "digest": "sha256:" + "a" * 64,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-02-01T00:00:00Z",
        "size": 2**40,
    }
    gitlab.simulator.load(one_repository([moved]))
    fields = "name path location digest totalSize createdAt publishedAt mediaType revision shortRevision"
    [tag] = gitlab.tags("(first: 1)", f"{fields} protection {{ immutable }}")["nodes"]
    revision = tag.pop("revision")
    assert tag.pop("shortRevision") == revision[:9]
    # Manifest and config are counted, too.
    assert int(tag.pop("totalSize")) > 2**40
    assert tag == {
        "name": "v1",
        "path": "team/app:v1",
        "location": "registry.example.com/team/app:v1",
        "digest": "sha256:" + "a" * 64,
        "createdAt": "2026-01-01T00:00:00+00:00",
        "publishedAt": "2026-02-01T00:00:00+00:00",
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "protection": None,
    }
    details = "id name path status tagsCount size lastPublishedAt createdAt expirationPolicyCleanupStatus"
    found = gitlab.data(f'{{ containerRepository(id: "{GID}") {{ {details} project {{ id fullPath }} }} }}')[
        "containerRepository"
    ]
    assert found == {
        "id": GID,
        "name": "",
        "path": "team/app",
        "status": None,
        "tagsCount": 1,
        "size": float(2**40),
        "lastPublishedAt": "2026-02-01T00:00:00+00:00",
        "createdAt": "2024-04-10T00:00:00+00:00",
        "expirationPolicyCleanupStatus": "UNSCHEDULED",
        "project": {"id": "gid://gitlab/Project/1", "fullPath": "team/app"},
    }


def test_without_a_database_nothing_tells_the_push(gitlab: Client) -> None:
    tags: list[dict[str, Any]] = [
        {"name": "v1", "config_created": "2025-01-01T00:00:00Z"},
        {"name": "w", "media_type": INDEX, "config": False},
    ]
    gitlab.simulator.load(one_repository(tags, mode="M2"))
    fields = "createdAt publishedAt mediaType revision digest totalSize"
    image, index = gitlab.tags("(first: 20)", fields)["nodes"]
    assert (image["createdAt"], image["publishedAt"], image["mediaType"]) == ("2025-01-01T00:00:00+00:00", None, None)
    assert set(index.values()) == {None}


@pytest.mark.parametrize(("behaviour", "status"), [("missing", 200), ("nulls", 200), ("error", 500)])
def test_an_index_without_database_answers_by_release(gitlab: Client, behaviour: str, status: int) -> None:
    tags = [{"name": "multi", "media_type": INDEX, "config": False}]
    gitlab.simulator.load(one_repository(tags, mode="M2", registry={"index_detail": behaviour}))
    query = f'{{ containerRepository(id: "{GID}") {{ tags(first: 1) {{ nodes {{ digest createdAt totalSize }} }} }} }}'
    answer = gitlab.graphql(query)
    assert answer.status_code == status
    if status == 500:
        assert answer.json() == {"errors": [{"message": "Internal server error"}]}
    else:
        [node] = answer.json()["data"]["containerRepository"]["tags"]["nodes"]
        assert (node["createdAt"], node["totalSize"]) == (None, None)
        assert (node["digest"] is None) is (behaviour == "missing")


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_pages_of_twenty_lead_through_all_tags(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(many(45, mode=mode))
    found: list[str] = []
    cursor, pages = "", 0
    while True:
        page = gitlab.tags(f'(first: 20, after: "{cursor}")' if cursor else "(first: 20)")
        found += names(page["nodes"])
        pages += 1
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == 3
    assert found == [f"v{number:02}" for number in range(45)]


def test_with_a_database_the_cursor_is_a_name(gitlab: Client) -> None:
    gitlab.simulator.load(many(45))
    page = gitlab.tags("(first: 20)")
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": "v19",
    }
    gitlab.simulator.edit_tags("team/app", remove=["v19", "v20"])
    assert names(gitlab.tags('(first: 2, after: "v19")')["nodes"]) == ["v21", "v22"]
    last = gitlab.tags('(first: 20, after: "v30")')["pageInfo"]
    assert (last["hasNextPage"], last["endCursor"], last["startCursor"]) == (False, None, "v31")
    # Any text is a place in the order of names.
    assert names(gitlab.tags('(first: 1, after: "not/a/name")')["nodes"]) == ["v00"]


def test_with_a_database_a_larger_page_skips_tags(gitlab: Client) -> None:
    gitlab.simulator.load(many(150))
    page = gitlab.tags("(first: 100)")
    assert names(page["nodes"]) == [f"v{number:03}" for number in range(20)]
    assert page["pageInfo"]["endCursor"] == "v099"
    assert len(gitlab.tags("(first: 1001)")["nodes"]) == 20


def test_with_a_database_a_page_of_no_size_is_empty(gitlab: Client) -> None:
    for arguments in ("", '(after: "a")', "(first: 0)"):
        page = gitlab.tags(arguments)
        assert (page["nodes"], page["pageInfo"]["hasNextPage"]) == ([], False)


def test_with_a_database_the_last_tags_are_not_the_last(gitlab: Client) -> None:
    gitlab.simulator.load(many(45))
    assert names(gitlab.tags("(last: 3)")["nodes"]) == ["v00", "v01", "v02"]
    page = gitlab.tags('(last: 3, before: "v20")')
    assert names(page["nodes"]) == ["v17", "v18", "v19"]
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["startCursor"]) == (True, "v17")


def test_without_a_database_the_cursor_is_a_position(gitlab: Client) -> None:
    gitlab.simulator.load(many(45, mode="M2"))
    page = gitlab.tags("(first: 20)")
    cursor = page["pageInfo"]["endCursor"]
    assert cursor == "MjA"
    gitlab.simulator.edit_tags("team/app", remove=["v00", "v01"])
    assert names(gitlab.tags(f'(first: 1, after: "{cursor}")')["nodes"]) == ["v22"]
    assert len(gitlab.tags("")["nodes"]) == len(gitlab.tags("(first: 100)")["nodes"]) == 20
    assert names(gitlab.tags("(last: 2)")["nodes"]) == ["v43", "v44"]


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_names_are_filtered_by_a_part_and_sorted(gitlab: Client, mode: str) -> None:
    gitlab.simulator.load(many(30, mode=mode))
    assert names(gitlab.tags('(first: 20, name: "2")')["nodes"]) == ["v02", "v12", *(f"v2{n}" for n in range(10))]
    page = gitlab.tags("(first: 2, sort: NAME_DESC)")
    assert names(page["nodes"]) == ["v29", "v28"]
    cursor = page["pageInfo"]["endCursor"]
    assert names(gitlab.tags(f'(first: 2, sort: NAME_DESC, after: "{cursor}")')["nodes"]) == ["v27", "v26"]


def test_a_filter_that_the_database_refuses_finds_nothing(gitlab: Client) -> None:
    assert gitlab.tags('(first: 20, name: "a b")')["nodes"] == []


def test_a_database_sorts_by_the_last_push(gitlab: Client) -> None:
    dates = {"a": "2026-03-01T00:00:00Z", "b": "2026-01-01T00:00:00Z", "c": "2026-02-01T00:00:00Z"}
    gitlab.simulator.load(one_repository([{"name": name, "created_at": date} for name, date in dates.items()]))
    page = gitlab.tags("(first: 2, sort: PUBLISHED_AT_ASC)")
    assert names(page["nodes"]) == ["b", "c"]
    cursor = page["pageInfo"]["endCursor"]
    assert names(gitlab.tags(f'(first: 2, sort: PUBLISHED_AT_ASC, after: "{cursor}")')["nodes"]) == ["a"]
    assert names(gitlab.tags("(first: 3, sort: PUBLISHED_AT_DESC)")["nodes"]) == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("mode", "fields", "calls"),
    [("M1", "name", 2), ("M1", "digest createdAt", 2), ("M2", "name", 1), ("M2", "digest createdAt", 61)],
)
def test_a_page_costs_one_request_or_three_for_each_tag(gitlab: Client, mode: str, fields: str, calls: int) -> None:
    gitlab.simulator.load(many(20, mode=mode))
    gitlab.tags("(first: 20)", fields)
    assert gitlab.simulator.counters()["registry"] == calls


def test_repositories_of_projects_and_groups(gitlab: Client) -> None:
    page = "nodes { path } pageInfo { hasNextPage endCursor }"
    fields = f"{{ containerRepositoriesCount containerRepositories(first: 2) {{ {page} }} }}"
    query = f'{{ project(fullPath: "team/app") {fields} group(fullPath: "team") {fields} }}'
    data = gitlab.data(query)
    assert data["project"]["containerRepositoriesCount"] == 2
    assert [row["path"] for row in data["project"]["containerRepositories"]["nodes"]] == ["team/app/web", "team/app"]
    found = data["group"]["containerRepositories"]
    assert ([row["path"] for row in found["nodes"]], found["pageInfo"]["hasNextPage"]) == (
        ["team/sub/tool", "team/app/web"],
        True,
    )
    cursor = found["pageInfo"]["endCursor"]
    rest = (
        f'{{ group(fullPath: "team") {{ containerRepositories(after: "{cursor}") {{ nodes {{ path tagsCount }} }} }} }}'
    )
    assert gitlab.data(rest)["group"]["containerRepositories"]["nodes"] == [{"path": "team/app", "tagsCount": 3}]
    by_name = '{ group(fullPath: "team") { containerRepositories(sort: NAME_DESC, name: "we") { nodes { name } } } }'
    assert gitlab.data(by_name)["group"]["containerRepositories"]["nodes"] == [{"name": "web"}]


def test_what_may_not_be_seen_is_null(gitlab: Client) -> None:
    parts = ['project(fullPath: "team/app")', 'group(fullPath: "team")', f'containerRepository(id: "{GID}")']
    query = f"{{ {' '.join(part + ' { id }' for part in parts)} }}"
    nothing = {"project": None, "group": None, "containerRepository": None}
    assert gitlab.data(query, None) == gitlab.data(query, "outsider") == nothing
    assert gitlab.data(query, "guest")["containerRepository"] is None
    missing = '{ containerRepository(id: "gid://gitlab/ContainerRepository/999") { id } }'
    assert gitlab.data(missing) == {"containerRepository": None}


def test_deleting_by_names(gitlab: Client) -> None:
    body = destroy(gitlab, ["a", "nope", "c"])
    assert body == {"data": {"destroyContainerRepositoryTags": {"deletedTagNames": ["a", "nope", "c"], "errors": []}}}
    assert gitlab.simulator.state()["team/app"] == ["b"]
    assert destroy(gitlab, [])["data"]["destroyContainerRepositoryTags"]["deletedTagNames"] == []


def test_more_than_twenty_names_are_refused(gitlab: Client) -> None:
    body = destroy(gitlab, ["a"] * 21)
    assert body["data"] == {"destroyContainerRepositoryTags": None}
    assert body["errors"][0]["message"] == "Number of tags is greater than 20"
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("token", "gid"), [("reporter", GID), ("outsider", GID), ("owner", "gid://gitlab/ContainerRepository/999")]
)
def test_deleting_without_the_right_is_an_error(gitlab: Client, token: str, gid: str) -> None:
    body = destroy(gitlab, ["a"], token, gid)
    assert body["errors"][0]["message"].startswith("The resource that you are attempting to access does not exist")
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("{ nope }", "Field 'nope' doesn't exist on type 'Query'"),
        ('{ project(fullPath: "team/app") { tags } }', "Field 'tags' doesn't exist on type 'Project'"),
        ('{ containerRepository(id: "100") { id } }', "does not represent an instance of ContainerRepository"),
        ("{ project { id } }", "fullPath"),
        ("{", "Syntax Error"),
    ],
)
def test_a_wrong_query_is_an_error_with_status_200(gitlab: Client, query: str, text: str) -> None:
    answer = gitlab.graphql(query)
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert text in answer.json()["errors"][0]["message"]


def test_fields_of_later_releases_can_be_taken_away(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(graphql_missing_fields=["ContainerRepositoryTag.publishedAt"]))
    query = f'{{ containerRepository(id: "{GID}") {{ tags(first: 1) {{ nodes {{ publishedAt }} }} }} }}'
    [error] = gitlab.graphql(query).json()["errors"]
    assert error["extensions"] == {
        "code": "undefinedField",
        "typeName": "ContainerRepositoryTag",
        "fieldName": "publishedAt",
    }
    shown = gitlab.data('{ __type(name: "ContainerRepositoryTag") { fields { name } } }')["__type"]["fields"]
    assert "publishedAt" not in names(shown)
    gitlab.simulator.load(default_scenario())
    assert gitlab.data(query)["containerRepository"]["tags"]["nodes"]


def test_the_schema_can_be_read_by_anybody(gitlab: Client) -> None:
    schema = build_client_schema(gitlab.data(get_introspection_query(), None))
    assert schema.mutation_type
    assert "destroyContainerRepositoryTags" in schema.mutation_type.fields


def test_graphql_can_be_off(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(graphql_enabled=False))
    assert gitlab.graphql("{ currentUser { id } }").status_code == 404


TAG_FIELDS = "name digest createdAt publishedAt totalSize mediaType"
TAG_PAGE = f"tags(first: 20) {{ nodes {{ {TAG_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }}"


def batch(count: int) -> str:
    return " ".join(f'r{number}: containerRepository(id: "{GID}") {{ {TAG_PAGE} }}' for number in range(count))


def test_a_query_knows_its_complexity(gitlab: Client) -> None:
    # The page: 6 fields and 2 of pageInfo in 2 objects and the connection, a fifth more for its 20 rows.
    data = gitlab.data(f"{{ queryComplexity {{ score limit }} {batch(1)} }}")
    assert data["queryComplexity"] == {"score": 3 + int((8 + 2 + 1) * 1.2) + 1, "limit": 250}


@pytest.mark.parametrize(("token", "limit"), [(None, 200), ("maintainer", 250), ("admin", 250), ("admin-mode", 300)])
def test_too_complex_a_query_is_refused(gitlab: Client, token: str | None, limit: int) -> None:
    most = limit // 14
    assert "errors" not in gitlab.graphql(f"{{ {batch(most)} }}", token).json()
    answer = gitlab.graphql(f"{{ {batch(most + 1)} }}", token)
    score = 14 * (most + 1)
    assert answer.status_code == 200
    assert answer.json() == {
        "errors": [{"message": f"Query has complexity of {score}, which exceeds max complexity of {limit}"}]
    }


def test_the_limit_of_complexity_can_be_set_and_fragments_and_variables_count(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(complexity_limit=13))
    nodes = f"nodes {{ ... on ContainerRepositoryTag {{ {TAG_FIELDS} }} }}"
    page = f"tags(first: $first) {{ {nodes} pageInfo {{ hasNextPage endCursor }} }}"
    fragment = f'fragment all on Query {{ containerRepository(id: "{GID}") {{ {page} }} }}'
    query = f"query($first: Int) {{ ...all }} {fragment}"
    assert "errors" not in gitlab.graphql(query, variables={"first": 9}).json()
    assert "complexity of 14" in gitlab.graphql(query, variables={"first": 20}).json()["errors"][0]["message"]


def test_too_deep_a_query_is_refused(gitlab: Client) -> None:
    query = "{ " + 'group(fullPath: "team/sub") { ' + "parent { " * 20 + "id" + " }" * 22
    messages = [error["message"] for error in gitlab.graphql(query).json()["errors"]]
    assert messages == ["Query has depth of 22, which exceeds max depth of 20"]


def test_the_log_describes_the_operation(gitlab: Client) -> None:
    gitlab.data(f'{{ a: containerRepository(id: "{GID}") {{ id }} currentUser {{ id }} }}')
    destroy(gitlab, ["a"])
    query, mutation = gitlab.simulator.requests()
    assert query["operation"] == {"type": "query", "fields": ["containerRepository", "currentUser"], "aliases": 1}
    assert (query["write"], mutation["write"]) == (False, True)
    assert mutation["operation"]["fields"] == ["destroyContainerRepositoryTags"]
    counters = gitlab.simulator.counters()
    assert (counters["graphql"], counters["mutations"], counters["writes"], counters["reads"]) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("fields", "score"),
    [
        # A page costs 1 % more for each row that it may have: those asked for, or else as many as a page takes.
        ("tags(first: 20) { nodes { name } }", int(3 * 1.20)),
        ("tags(first: 5) { nodes { name } }", int(3 * 1.05)),
        ("tags(first: 100) { nodes { name } }", int(3 * 1.20)),
        ("tags { nodes { name } }", int(3 * 1.20)),
        ("tags(last: 10) { nodes { name digest } }", int(4 * 1.10)),
        ("tags(first: 20) { edges { node { name } } }", int(4 * 1.20)),
        ("tags(first: 20) { nodes { name protection { immutable } } }", int(5 * 1.20)),
        ("project { containerRepositories(first: 50) { nodes { path } } }", 1 + int(3 * 1.50)),
        ("project { containerRepositories { nodes { path } } }", 1 + int(3 * 2.00)),
    ],
)
def test_what_a_page_costs(gitlab: Client, fields: str, score: int) -> None:
    query = f'{{ queryComplexity {{ score }} containerRepository(id: "{GID}") {{ {fields} }} }}'
    assert gitlab.data(query)["queryComplexity"] == {"score": 2 + 1 + score}


@pytest.mark.parametrize("aliases", [12, 16])
def test_a_dozen_repositories_and_more_fit_into_one_request(gitlab: Client, aliases: int) -> None:
    data = gitlab.data(f"{{ queryComplexity {{ score limit }} {batch(aliases)} }}")
    assert data["queryComplexity"] == {"score": 3 + 14 * aliases, "limit": 250}
    assert len(data) == aliases + 1


def test_nobody_may_ask_less_deeply(gitlab: Client) -> None:
    query = "{ " + 'group(fullPath: "open") { ' + "parent { " * 14 + "id" + " }" * 16
    messages = [error["message"] for error in gitlab.graphql(query, None).json()["errors"]]
    assert messages == ["Query has depth of 16, which exceeds max depth of 15"]
    assert "errors" not in gitlab.graphql(query).json()


def test_twenty_names_go_at_once(gitlab: Client) -> None:
    gitlab.simulator.load(many(30))
    tags = [f"v{number:02}" for number in range(20)]
    result = destroy(gitlab, tags)["data"]["destroyContainerRepositoryTags"]
    assert result == {"deletedTagNames": tags, "errors": []}
    assert len(gitlab.simulator.state()["team/app"]) == 10
