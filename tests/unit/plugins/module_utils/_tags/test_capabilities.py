# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found out about a server, from which requests, and which reader it gets."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
    TagRules,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import RegistrySettings
from ansible_collections.containerops.gitlab.plugins.module_utils._tags import capabilities
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import (
    Detected,
    Sources,
    detect,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.graphql_reader import CursorReader, PageReader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.project_rules import rules_are_hidden
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import open_reader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.registry_reader import RegistryReader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.rest_reader import RestReader
from tests.unit.models import repository
from tests.unit.simulated import REGISTRY, connected, repositories_of, repository_of, scenario_of, set_faults

TAGS = [{"name": "v1"}, {"name": "v2"}]
PATH = "/api/v4/projects/1/registry/repositories/100/tags"
SCHEMA, RULES, LISTING = "POST /api/graphql", "POST /api/graphql", f"GET {PATH}"
TOKEN, NAMES = "GET /jwt/auth", "GET /v2/team/app/r0/tags/list"
RETRIES = 5
GRAPHQL = Sources(use_graphql=True)
ALL = Sources(use_graphql=True, registry=REGISTRY)


def detected(
    scenario: dict[str, Any], sources: Sources = GRAPHQL, *, details: bool = True, **settings: Any
) -> tuple[Detected, list[str]]:
    """What is found out about a server with one repository, and the requests for that."""
    client = connected(scenario, **settings)
    return detect(client, [repository_of()], sources, details=details), client.requests


@pytest.mark.parametrize(
    ("changes", "sources", "details", "expected", "requests"),
    [
        pytest.param(
            {},
            GRAPHQL,
            True,
            {"mode": Mode.DATABASE, "read_method": ReadMethod.GRAPHQL, "lists_by_keyset": True},
            [SCHEMA, LISTING],
            id="a database shows itself by its keyset listing",
        ),
        pytest.param(
            {},
            ALL,
            True,
            {"mode": Mode.DATABASE, "read_method": ReadMethod.GRAPHQL, "lists_by_keyset": True},
            [SCHEMA, LISTING],
            id="before a database the registry is not asked",
        ),
        pytest.param(
            {},
            Sources(use_graphql=False),
            True,
            {"mode": Mode.DATABASE, "read_method": ReadMethod.REST, "deletes_by_name": True},
            [LISTING],
            id="without GraphQL",
        ),
        pytest.param(
            {"generation": "G17"},
            GRAPHQL,
            True,
            {"mode": Mode.DATABASE, "tag_rules": TagRules.NONE, "lists_by_keyset": True},
            [SCHEMA, LISTING],
            id="a release without rules for tags",
        ),
        pytest.param(
            {"generation": "G15"},
            GRAPHQL,
            True,
            {"mode": Mode.UNKNOWN, "read_method": ReadMethod.GRAPHQL},
            [SCHEMA, LISTING],
            id="a release without keyset listings and dates of pushes",
        ),
        pytest.param(
            {"mode": "M2"},
            GRAPHQL,
            True,
            {"mode": Mode.NO_DATABASE, "read_method": ReadMethod.GRAPHQL, "deletes_by_name": None},
            [SCHEMA, LISTING, LISTING, RULES],
            id="no database: refused and listed, as long as it is refused again in the end",
        ),
        pytest.param(
            {"mode": "M2"},
            GRAPHQL,
            False,
            {"mode": Mode.UNKNOWN, "read_method": ReadMethod.GRAPHQL},
            [SCHEMA, LISTING],
            id="for names the mode does not matter",
        ),
        pytest.param(
            {"mode": "M2"},
            ALL,
            True,
            {"mode": Mode.NO_DATABASE, "read_method": ReadMethod.REGISTRY, "deletes_by_name": True},
            [SCHEMA, LISTING, LISTING, TOKEN, NAMES, "GET /v2/", RULES],
            id="without a database the registry is read itself",
        ),
        pytest.param(
            {"mode": "M2", "registry": {"state": "unreachable"}},
            GRAPHQL,
            True,
            {"mode": Mode.UNKNOWN, "read_method": ReadMethod.GRAPHQL},
            [SCHEMA, LISTING, *[LISTING] * (1 + RETRIES), RULES],
            id="an unreachable registry proves nothing",
        ),
        pytest.param(
            {},
            Sources(use_graphql=True, read_method=ReadMethod.REGISTRY, registry=REGISTRY),
            True,
            {"mode": Mode.DATABASE, "read_method": ReadMethod.REGISTRY},
            [SCHEMA, LISTING, RULES],
            id="the registry on demand, before a database",
        ),
        pytest.param(
            {"mode": "M2"},
            Sources(use_graphql=True, read_method=ReadMethod.REGISTRY, registry=REGISTRY),
            False,
            {"mode": Mode.UNKNOWN, "read_method": ReadMethod.REGISTRY},
            [SCHEMA],
            id="names from the registry on demand",
        ),
    ],
)
def test_what_is_found_out(
    changes: dict[str, Any], sources: Sources, details: bool, expected: dict[str, Any], requests: list[str]
) -> None:
    found, sent = detected(scenario_of(TAGS, **changes), sources, details=details)
    assert {name: getattr(found.capabilities, name) for name in expected} == expected
    assert sent == requests


def test_the_registry_says_itself_what_it_is_where_listings_do_not() -> None:
    """A release before keyset listings, whose registry is asked on demand."""
    sources = Sources(use_graphql=False, read_method=ReadMethod.REGISTRY, registry=REGISTRY)
    found, sent = detected(scenario_of(TAGS, mode="M2", generation="G15"), sources)
    assert found.capabilities.mode is Mode.NO_DATABASE
    assert sent == [LISTING, TOKEN, "GET /v2/"]


def test_a_registry_on_demand_has_to_say_what_it_is() -> None:
    sources = Sources(use_graphql=False, read_method=ReadMethod.REGISTRY, registry=REGISTRY)
    with pytest.raises(RequestError, match="find out the kind of the registry"):
        detected(scenario_of(TAGS, mode="M2", registry={"state": "unreachable"}), sources)


def test_the_first_listing_of_the_registry_is_kept_for_its_reader() -> None:
    found, _sent = detected(scenario_of(TAGS, mode="M2"), ALL)
    assert found.prefetched is not None
    assert found.prefetched.names == ["v1", "v2"]


def test_a_registry_that_lists_other_tags_than_gitlab_is_not_read() -> None:
    fault = {"path": "/v2/.*/tags/list", "action": "json", "json": {"name": "team/app/r0", "tags": ["other"]}}
    client = connected(scenario_of(TAGS, mode="M2"))
    set_faults(client, fault)
    found = detect(client, [repository_of()], ALL, details=True)
    assert (found.registry, found.prefetched) == (None, None)
    assert found.capabilities.read_method is ReadMethod.GRAPHQL
    reason = found.capabilities.registry_unavailable_reason
    assert reason == "http://gitlab.example.com does not list the tags of team/app/r0 that GitLab lists"
    assert found.capabilities.missing_dates_reason == (
        f"Dates of multi-platform images are unknown, since the registry itself could not be asked: {reason}"
    )


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        pytest.param([{"path": "repositories/100/", "action": "status", "status": 404}], 101, id="one can't be read"),
        pytest.param([{"path": "repositories/10[012]/", "action": "status", "status": 404}], None, id="three can't"),
    ],
)
def test_the_first_of_three_repositories_that_answers_tells_of_keyset_listings(
    faults: list[dict[str, Any]], expected: int | None
) -> None:
    client = connected(scenario_of(*[TAGS] * 4))
    set_faults(client, *faults)
    found = detect(client, repositories_of(4), GRAPHQL, details=True)
    assert found.capabilities.lists_by_keyset is (expected is not None)
    asked = [request.split("/")[7] for request in client.requests if request.startswith("GET /api/v4/projects/")]
    assert asked == ["100", "101"] if expected else ["100", "101", "102"]


def test_repositories_without_tags_are_passed_over_in_the_search_for_a_proof() -> None:
    client = connected(scenario_of([], [], TAGS, TAGS, mode="M2"))
    found = detect(client, repositories_of(4), GRAPHQL, details=True)
    assert found.capabilities.mode is Mode.NO_DATABASE
    asked = [request.split("/")[7] for request in client.requests if request.startswith("GET /api/v4/projects/")]
    assert asked == ["100", "100", "101", "102"]


def test_no_more_than_20_repositories_are_looked_at() -> None:
    client = connected(scenario_of(*[[]] * 25, mode="M2"))
    found = detect(client, repositories_of(25), GRAPHQL, details=True)
    assert found.capabilities.mode is Mode.UNKNOWN
    assert len(client.requests) == 1 + 1 + 20 + 1


def test_without_repositories_only_graphql_is_looked_at() -> None:
    client = connected(scenario_of())
    found = detect(client, [], Sources(use_graphql=True, read_method=ReadMethod.REGISTRY), details=True)
    assert found.capabilities == ServerCapabilities(read_method=ReadMethod.REGISTRY, deletes_by_graphql=True)
    assert client.requests == [SCHEMA]


@pytest.mark.parametrize(
    ("changes", "sources", "reason"),
    [
        ({}, Sources(use_graphql=False), "a job token is not accepted by GraphQL"),
        ({"graphql_enabled": False}, GRAPHQL, "Could not find out what GraphQL offers here: GitLab answered 404"),
    ],
)
def test_why_graphql_is_not_used(changes: dict[str, Any], sources: Sources, reason: str) -> None:
    found, _sent = detected(scenario_of(TAGS, **changes), sources)
    assert found.schema is None
    assert found.capabilities.graphql_unavailable_reason.startswith(reason)
    assert not found.capabilities.deletes_by_graphql


def test_graphql_on_demand_has_to_be_there() -> None:
    sources = Sources(use_graphql=True, read_method=ReadMethod.GRAPHQL)
    with pytest.raises(RequestError, match=r"^Could not read tags by GraphQL: .*Use read_via: auto or rest.$"):
        detected(scenario_of(TAGS, graphql_enabled=False), sources)


@pytest.mark.parametrize(
    ("url", "location", "reason"),
    [
        ("http://mirror.example.com", "gitlab.example.com/team/app/r0", "GitLab names gitlab.example.com as its regis"),
        (None, "", "GitLab does not report the address of its registry: set registry_url."),
    ],
)
def test_a_registry_that_is_not_gitlabs_is_only_missed_by_those_who_want_it(
    url: str | None, location: str, reason: str
) -> None:
    client = connected(scenario_of(TAGS, mode="M2", registry={"auth": "none"}))
    repositories = [repository(id=100, path="team/app/r0", name="r0", project_id=1, location=location)]
    settings = RegistrySettings(url=url, login=REGISTRY.login)
    found = detect(client, repositories, Sources(use_graphql=True, registry=settings), details=True)
    assert found.registry is None
    assert reason in found.capabilities.registry_unavailable_reason
    wanted = Sources(use_graphql=True, read_method=ReadMethod.REGISTRY, registry=settings)
    with pytest.raises((RequestError, UsageError), match=reason):
        detect(client, repositories, wanted, details=True)


def test_graphql_and_the_database_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=20)
    for name in ("read_schema", "probe_keyset"):
        look = getattr(capabilities, name)

        def meet(*words: Any, look: Any = look) -> Any:
            both.wait()
            return look(*words)

        monkeypatch.setattr(capabilities, name, meet)
    client = connected(scenario_of(TAGS), concurrency=2)
    found = detect(client, [repository_of()], Sources(use_graphql=True), details=True)
    assert found.capabilities.read_method is ReadMethod.GRAPHQL
    assert found.capabilities.lists_by_keyset


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_a_task_that_may_send_nothing_more_finds_out_nothing(sent: int) -> None:
    client = connected(scenario_of(TAGS), max_requests=sent)
    settings = RegistrySettings(url="http://mirror.example.com", login=REGISTRY.login)
    with pytest.raises(RequestError) as caught:
        detect(client, [repository_of()], Sources(use_graphql=True, registry=settings), details=True)
    assert caught.value.kind is ErrorKind.STOPPED


def test_a_task_that_may_send_nothing_does_not_take_graphql_for_missing() -> None:
    with pytest.raises(RequestError) as caught:
        detect(connected(scenario_of(), max_requests=0), [], GRAPHQL, details=True)
    assert caught.value.kind is ErrorKind.STOPPED


def test_a_token_that_is_not_accepted_ends_the_search() -> None:
    client = connected(scenario_of(TAGS, TAGS))
    set_faults(client, {"path": "/repositories/", "action": "status", "status": 401})
    with pytest.raises(RequestError) as caught:
        detect(client, repositories_of(2), GRAPHQL, details=True)
    assert caught.value.kind is ErrorKind.UNAUTHORIZED


def test_trouble_ends_the_search_for_a_proof() -> None:
    client = connected(scenario_of(TAGS, TAGS, mode="M2"), retries=0)
    set_faults(client, {"path": "/repositories/", "query": "&page=1", "first": 1, "action": "status", "status": 503})
    found = detect(client, repositories_of(2), GRAPHQL, details=True)
    assert found.capabilities.mode is Mode.UNKNOWN
    assert client.requests == [SCHEMA, LISTING, LISTING, RULES]


@pytest.mark.parametrize(
    ("capabilities", "job_token", "requests"),
    [
        (ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.REST), False, ["GET /api/v4/user"]),
        (ServerCapabilities(mode=Mode.UNKNOWN, read_method=ReadMethod.REGISTRY), False, ["GET /api/v4/user"]),
        (ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.GRAPHQL), False, ["GET /api/v4/user"]),
        (ServerCapabilities(mode=Mode.DATABASE, tag_rules=TagRules.READABLE), False, []),
        (ServerCapabilities(mode=Mode.DATABASE, tag_rules=TagRules.NONE), False, []),
        (ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.REST), True, []),
    ],
)
def test_who_may_be_let_past_rules_that_can_not_be_read(
    capabilities: ServerCapabilities, job_token: bool, requests: list[str]
) -> None:
    users = [{"username": "ops", "admin": True}]
    tokens = [{"token": "glpat-unit", "user": "ops", "scopes": ["api", "admin_mode"]}]
    client = connected(scenario_of(TAGS, users=users, tokens=tokens))
    assert rules_are_hidden(client, capabilities, job_token=job_token) is bool(requests)
    assert client.requests == requests


def test_others_are_never_let_past_rules() -> None:
    client = connected(scenario_of(TAGS))
    assert not rules_are_hidden(client, ServerCapabilities(mode=Mode.DATABASE), job_token=False)


@pytest.mark.parametrize(
    ("changes", "sources", "kind"),
    [
        ({}, GRAPHQL, CursorReader),
        ({"mode": "M2"}, GRAPHQL, PageReader),
        ({"mode": "M2"}, ALL, RegistryReader),
        ({}, Sources(use_graphql=False), RestReader),
        ({}, Sources(use_graphql=True, read_method=ReadMethod.REST), RestReader),
    ],
)
def test_which_reader_a_server_gets(changes: dict[str, Any], sources: Sources, kind: type) -> None:
    found, _sent = detected(scenario_of(TAGS, **changes), sources)
    reader = open_reader(found)
    assert reader.__class__ is kind
    assert reader.capabilities == found.capabilities
    assert (reader.registry is None) is (found.registry is None)
