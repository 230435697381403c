# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A group's projects and repositories are read side by side, and an error is told as if they were not."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import repository_scope
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.project_scope import list_group
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from tests.unit.simulated import connected, scenario_of

LISTINGS = ("list_group", "group_repositories")


def failed(listing: str) -> RequestError:
    return RequestError(ErrorKind.FORBIDDEN, "no", operation=listing)


def fail(monkeypatch: pytest.MonkeyPatch, *listings: str) -> None:
    for listing in listings:

        def refuse(_client: Client, _group: str, listing: str = listing) -> Any:
            raise failed(listing)

        monkeypatch.setattr(repository_scope, listing, refuse)


def test_both_lists_of_a_group_are_under_way_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=20)
    for listing in LISTINGS:
        found = getattr(repository_scope, listing)

        def meet(client: Client, group: str, listing: Any = found) -> Any:
            both.wait()
            return listing(client, group)

        monkeypatch.setattr(repository_scope, listing, meet)
    client = connected(scenario_of([{"name": "a"}]), concurrency=2)
    selection = repository_scope.select(client, Scope(group="team"), job_token=False)
    assert [repository.path for repository in selection.repositories] == ["team/app/r0"]


@pytest.mark.parametrize(
    ("failing", "told"), [(LISTINGS, "list_group"), (LISTINGS[:1], "list_group"), (LISTINGS[1:], "group_repositories")]
)
@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_error_of_the_projects_comes_first(
    monkeypatch: pytest.MonkeyPatch, concurrency: int, failing: tuple[str, ...], told: str
) -> None:
    fail(monkeypatch, *failing)
    client = connected(scenario_of([{"name": "a"}]), concurrency=concurrency)
    with pytest.raises(RequestError) as caught:
        repository_scope.select(client, Scope(group="team"), job_token=False)
    assert str(caught.value) == str(failed(told))


@pytest.mark.parametrize("listing", LISTINGS)
def test_what_stopped_the_other_list_is_told(monkeypatch: pytest.MonkeyPatch, listing: str) -> None:
    kinds = {name: ErrorKind.UNAUTHORIZED if name == listing else ErrorKind.STOPPED for name in LISTINGS}
    for name in LISTINGS:

        def refuse(_client: Client, _group: str, name: str = name) -> Any:
            raise RequestError(kinds[name], "no", operation=name)

        monkeypatch.setattr(repository_scope, name, refuse)
    with pytest.raises(RequestError) as caught:
        repository_scope.select(connected(scenario_of()), Scope(group="team"), job_token=False)
    assert (caught.value.kind, caught.value.operation) == (ErrorKind.UNAUTHORIZED, listing)


def test_a_gitlab_without_a_registry_is_told_whatever_its_repositories_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    client = connected(scenario_of([{"name": "a"}]))
    projects = [project._replace(image_prefix=None) for project in list_group(client, "team")]
    monkeypatch.setattr(repository_scope, "list_group", lambda _client, _group: projects)
    fail(monkeypatch, "group_repositories")
    with pytest.raises(RequestError, match="registry") as caught:
        repository_scope.select(client, Scope(group="team"), job_token=False)
    assert str(caught.value) != str(failed("group_repositories"))
