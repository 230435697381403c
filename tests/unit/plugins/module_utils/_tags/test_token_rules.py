# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a token proves of protected tags, and what it does not."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
    TagRules,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.tag_writes import TagWrite
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.tokens import TokenRules, token_in
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.token_rules import (
    not_pushable,
    refuses_push,
    with_token_rules,
)
from tests.unit.registry_serving import FakeRegistry, RegistryServer, jwt, serving_registry

READ_BY_REGISTRY = ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.REGISTRY)
NAMES = ["main", "v1.0", "prod-1", "rc"]


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serving_registry(FakeRegistry()) as served:
        yield served


def repository(path: str, project: int) -> Repository:
    return Repository(
        id=hash(path),
        path=path,
        name="",
        project_id=project,
        location=f"registry.example.com/{path}",
        status=None,
        created_at=None,
        cleanup_policy_started_at=None,
    )


def listing(path: str = "a/b", project: int = 1, names: list[str] | None = None) -> TagListing:
    return TagListing(repository(path, project), tuple(Tag(name) for name in names or NAMES), complete=True)


def protected(found: TagListing) -> list[str]:
    assert all(tag.protected in (True, None) for tag in found.tags)
    return [tag.name for tag in found.tags if tag.protected]


def rules(**patterns: list[str]) -> dict[str, Any]:
    """The meta of a token's row."""
    denied = {action: patterns[action] for action in ("push", "delete") if action in patterns}
    meta: dict[str, Any] = {"project_path": "a/b", "tag_deny_access_patterns": denied}
    return {**meta, "tag_immutable_patterns": patterns["immutable"]} if "immutable" in patterns else meta


MATCHES: list[tuple[Any, list[str]]] = [
    (rules(delete=["^v", "prod"]), ["v1.0", "prod-1"]),
    # They are not anchored.
    (rules(delete=["r"]), ["prod-1", "rc"]),
    (rules(delete=[], immutable=["1"]), ["v1.0", "prod-1"]),
    # What may not be pushed can be deleted.
    (rules(push=["v"], delete=[]), []),
    # An administrator's lists are empty.
    (rules(push=[], delete=[]), []),
    # Five patterns are the most that the registry takes, whichever they are, and each has to be one.
    (rules(delete=["a1", "a2", "a3"], immutable=["a4", "a5"]), []),
    (rules(delete=["a1", "a2", "a3"], immutable=["a4", "a5", "a6"]), NAMES),
    (rules(delete=["(", "x"]), NAMES),
    (rules(immutable=["(?=x)"]), NAMES),
    (rules(delete=["x" * 101]), NAMES),
    (rules(delete=["x" * 100]), []),
    (None, []),
    ({}, []),
    ("no meta", []),
    ({"tag_deny_access_patterns": ["v"], "tag_immutable_patterns": "v"}, []),
    ({"tag_deny_access_patterns": {"delete": "v"}, "tag_immutable_patterns": {"v": "v"}}, []),
    ({"tag_deny_access_patterns": {"delete": [1, None, "^rc$"]}}, ["rc"]),
]


@pytest.mark.parametrize(("meta", "expected"), MATCHES)
def test_a_pattern_in_the_token_proves_that_tags_are_protected(
    server: RegistryServer, meta: Any, expected: list[str]
) -> None:
    server.fake.meta = lambda scope: meta
    [found] = with_token_rules(server.registry(), READ_BY_REGISTRY, [listing()])
    assert protected(found) == expected
    # The token is asked for and sent nowhere.
    assert [scopes for _authorization, scopes in server.fake.tokens] == [["repository:a/b:delete"]]
    assert server.requests_to("/v2/") == []


def test_a_project_is_asked_about_once_and_many_by_one_request(server: RegistryServer) -> None:
    server.fake.meta = lambda scope: rules(delete=["rc"]) if "p1" in scope else None
    listings = [listing(f"g/p{number}/{name}", number) for number in range(25) for name in ("x", "y")]
    found = with_token_rules(server.registry(), READ_BY_REGISTRY, listings)
    assert [len(scopes) for _authorization, scopes in server.fake.tokens] == [20, 5]
    expected = [["rc"] if "p1" in each.repository.path else [] for each in listings]
    assert [protected(each) for each in found] == expected
    assert [each.repository for each in found] == [each.repository for each in listings]


def test_who_may_not_delete_is_told_no_rules(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: False
    assert with_token_rules(server.registry(), READ_BY_REGISTRY, [listing()]) == [listing()]


@pytest.mark.parametrize("state", [TagRules.NONE, TagRules.READABLE])
def test_nobody_asks_where_there_are_no_rules_or_they_are_known(server: RegistryServer, state: TagRules) -> None:
    capabilities = READ_BY_REGISTRY._replace(tag_rules=state)
    assert with_token_rules(server.registry(), capabilities, [listing()]) == [listing()]
    assert with_token_rules(None, READ_BY_REGISTRY, [listing()]) == [listing()]
    assert with_token_rules(server.registry(), READ_BY_REGISTRY, []) == []
    assert server.http.requests == []


@pytest.mark.parametrize(("status", "kind"), [(503, ErrorKind.UNAVAILABLE), (429, ErrorKind.RATE_LIMITED), (403, None)])
def test_rules_that_can_be_read_another_time_are_not_taken_for_none(
    server: RegistryServer, status: int, kind: ErrorKind | None
) -> None:
    server.fake.token_status = status
    unread = with_token_rules(server.registry(), READ_BY_REGISTRY, [listing()])[0]
    assert (unread.error.kind if unread.error else None) is kind
    assert bool(unread.tags) is (kind is None)


def writes(*names: str) -> list[TagWrite]:
    return [TagWrite(name, Manifest("sha256:0", OCI_IMAGE, body=b"{}")) for name in names]


def test_twenty_repositories_share_a_token_to_push(server: RegistryServer) -> None:
    rules = {"tag_deny_access_patterns": {"push": ["^v"]}}
    server.fake.meta = lambda scope: rules if ":a/r7:" in scope else None
    paths = [f"a/r{number}" for number in range(45)]
    registry = server.registry()
    registry.prefetch_push_scopes(paths)
    found = {path: not_pushable(registry, path, writes("v1", "main")) for path in paths}
    assert {path: names for path, names in found.items() if names} == {"a/r7": {"v1"}}
    assert [len(scopes) for _authorization, scopes in server.fake.tokens] == [20, 20, 5]
    assert server.fake.tokens[0][1][0] == "repository:a/r0:pull,push"


def test_a_token_to_push_that_is_not_given_together_is_asked_for_alone(server: RegistryServer) -> None:
    server.fake.allow = lambda scope: ":a/no:" not in scope
    registry = server.registry()
    registry.prefetch_push_scopes(["a/yes", "a/no"])
    assert not_pushable(registry, "a/yes", writes("v1")) == frozenset()
    with pytest.raises(RequestError, match="the token for the registry allows no push on a/no"):
        not_pushable(registry, "a/no", writes("v1"))
    assert [scopes for _authorization, scopes in server.fake.tokens][1:] == [["repository:a/no:pull,push"]]
    server.fake.allow = lambda scope: True
    assert registry.push_scopes("a/no") == ("repository:a/no:pull,push",)
    assert len(registry.push_scopes("a/yes")) == 2


@given(
    st.lists(st.sampled_from(["^v", "v1", "x$", "[0-9]+", "(", "a|b"]), max_size=4),
    st.lists(st.sampled_from(["^v", "v1", "x$", "(", "z"]), max_size=4),
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=4),
)
def test_a_rule_more_never_lets_a_tag_be_pushed(push: list[str], immutable: list[str], name: str) -> None:
    def refused(push: list[str], immutable: list[str], overwrites: bool) -> bool:
        return refuses_push(TokenRules(push=tuple(push), immutable=tuple(immutable)), overwrites=overwrites)(name)

    for overwrites in (True, False):
        assert refused(push, immutable, overwrites) >= refused(push[1:], immutable[1:], overwrites)
    assert refused(push, immutable, True) >= refused(push, immutable, False)
    assert not refused([], [], True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "meta", "actions", "tag_deny_access_patterns", "tag_immutable_patterns", "delete", "push"]
                ),
                inner,
            )
        ),
    )
)
def test_a_token_of_any_shape_is_read(access: Any) -> None:
    token = token_in({"token": jwt(access)}, 0)
    assert token is not None
    for row in ([{"name": "a/b", "meta": access}], [access]):
        assert token_in({"token": jwt(row)}, 0) is not None
