# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows from what was found out about a server."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    ListingState,
    Tag,
    TagListing,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    DeleteMethod,
    Mode,
    ReadMethod,
    ServerCapabilities,
    choices_of,
    requested_method,
)
from tests.unit.models import repository

REPOSITORY = repository()


@pytest.mark.parametrize(("mode", "method"), list(itertools.product(Mode, ReadMethod)))
def test_what_a_server_shows(mode: Mode, method: ReadMethod) -> None:
    found = ServerCapabilities(mode=mode, read_method=method)
    assert found.pages_by_cursor is ((mode, method) == (Mode.DATABASE, ReadMethod.GRAPHQL))
    assert found.shows_build_dates is (mode is Mode.NO_DATABASE or method is ReadMethod.REGISTRY)
    by_page = (mode, method) == (Mode.DATABASE, ReadMethod.GRAPHQL)
    assert found.proves_created is (by_page or mode is Mode.NO_DATABASE or method is ReadMethod.REGISTRY)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("reason", ["", "it is away"])
def test_dates_are_missing_where_only_the_registry_knows_them_and_can_not_be_asked(mode: Mode, reason: str) -> None:
    found = ServerCapabilities(mode=mode, registry_unavailable_reason=reason).missing_dates_reason
    missing = mode is Mode.NO_DATABASE and bool(reason)
    assert (found or "").endswith("since the registry itself could not be asked: it is away") is missing
    assert bool(found) is missing


@pytest.mark.parametrize("method", DeleteMethod)
def test_which_deletions_are_in_bulk(method: DeleteMethod) -> None:
    assert method.is_bulk is method.value.startswith("bulk")


def test_methods_are_named_by_options() -> None:
    assert requested_method(ReadMethod, "auto") is None
    assert requested_method(DeleteMethod, "auto") is None
    assert [requested_method(ReadMethod, method.value) for method in ReadMethod] == list(ReadMethod)
    assert [requested_method(DeleteMethod, method.value) for method in DeleteMethod] == list(DeleteMethod)


@pytest.mark.parametrize(
    ("tags", "complete", "error", "state"),
    [
        ((Tag("a"),), True, None, ListingState.COMPLETE),
        ((Tag("a"),), False, None, ListingState.CAPPED),
        ((), True, None, ListingState.EMPTY),
        ((), False, None, ListingState.EMPTY),
        ((Tag("a"),), True, RequestError(ErrorKind.TIMEOUT, "too late", operation="x"), ListingState.UNREAD),
    ],
)
def test_what_a_listing_says(
    tags: tuple[Tag, ...], complete: bool, error: RequestError | None, state: ListingState
) -> None:
    assert TagListing(REPOSITORY, tags, complete=complete, error=error).state is state


def test_an_option_takes_each_method_or_auto() -> None:
    assert choices_of(ReadMethod) == ["auto", "graphql", "rest", "registry"]
    assert [requested_method(ReadMethod, choice) for choice in choices_of(ReadMethod)] == [None, *ReadMethod]
