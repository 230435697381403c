# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What all threads of a run know of the registry that they delete tags in."""

from __future__ import annotations

import contextlib
import threading
import typing as t

from .._core.errors import RequestError
from .._core.models import Repository
from .._registry.api import check_version
from .._registry.auth import Registry
from .._tags.reader import TagReader


class RegistryHost:
    """The registry that holds the repositories of a plan: what it was seen to do, and why nothing more is deleted.

    Args:
        deletes_by_name: It is known that deleting a tag leaves the other tags of its image alone.
        stopped: Why nothing may be deleted at all; empty if it may.
    """

    def __init__(self, *, deletes_by_name: bool, stopped: str = "") -> None:
        self.deletes_by_name = deletes_by_name
        self.stopped = stopped
        self._refused: dict[int, str] = {}
        self._turn = threading.Lock()
        self._token = threading.Lock()
        self._token_reason: str | None = None
        self._asked_about: set[int] = set()

    def stop(self, reason: str) -> None:
        """Let nothing more be deleted in any repository; the first reason counts."""
        self.stopped = self.stopped or reason

    def refuse_project(self, project_id: int, reason: str) -> None:
        """Let nothing more be deleted in the repositories of a project."""
        self._refused.setdefault(project_id, reason)

    def check_role(self, project_id: int, ask: t.Callable[[], str]) -> None:
        """Let nothing more be deleted in a project if the role is too low, which one thread asks once for all."""
        with self._token:
            if project_id in self._asked_about:
                return
            self._asked_about.add(project_id)
            if reason := ask():
                self.refuse_project(project_id, reason)

    def why_token_may_not(self, ask: t.Callable[[], str]) -> str:
        """What the answer is to why the token may delete nothing, which one thread asks for all."""
        with self._token:
            if self._token_reason is None:
                self._token_reason = ask()
            return self._token_reason

    def turn(self, *, paced: bool) -> t.ContextManager[t.Any]:
        """Held while tags are looked at and deleted, so that no other thread's requests delay the second one.

        paced: the number of requests is limited, so that they wait for each other.
        """
        return self._turn if paced else contextlib.nullcontext()

    def stopped_for(self, repository: Repository) -> str:
        """Why nothing more is deleted in a repository; empty if it may be."""
        return self.stopped or self._refused.get(repository.project_id, "")


def is_proven_to_delete_by_name(reader: TagReader, path: str) -> bool:
    """Whether it is known that deleting a tag leaves the other tags of its image alone.

    The registry is asked, unless that was found out with what the server can do. path: of a repository in it.
    """
    known, registry = reader.capabilities.deletes_by_name, reader.registry
    if known is not None or registry is None:
        return bool(known)
    return proves_to_delete_by_name(registry, path)


def proves_to_delete_by_name(registry: Registry, path: str) -> bool:
    """The same as a registry itself proves it; one that can't be asked proves nothing. path: of a repository in it."""
    try:
        return check_version(registry, registry.pull_scopes(path)).deletes_by_name
    except RequestError:
        return False
