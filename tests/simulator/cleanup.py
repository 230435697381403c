# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tag cleanup behind bulk deletion, policies and the deletion of repositories, with and without a database."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from . import access, durations, patterns
from .access import Caller
from .dates import nanoseconds
from .registry import PageQuery, Registry, TagView, Unreachable
from .state import Repository, State

NO_CONNECTION = ("Faraday::ConnectionFailed", "Failed to open TCP connection")


@dataclass(frozen=True)
class CleanupParameters:
    """What a cleanup is asked for. An empty name_regex_delete goes before name_regex, None does not."""

    name_regex_delete: str | None = None
    name_regex: str | None = None
    name_regex_keep: str | None = None
    keep_n: int | None = None
    older_than: str | None = None
    keep_latest: bool = True

    @property
    def patterns(self) -> tuple[str | None, ...]:
        return (self.name_regex_delete, self.name_regex, self.name_regex_keep)


class RubyError(Exception):
    """GitLab's code raises: what, and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class _Run:
    """A cleanup that is under way. result: what it tells afterwards; spent: seconds of deleting."""

    state: State
    registry: Registry
    repository: Repository
    parameters: CleanupParameters
    caller: Caller | None
    result: dict[str, Any]
    spent: float = 0

    def late(self, since: float = 0) -> bool:
        limit = self.state.cleanup.delete_timeout
        return bool(limit) and self.spent - since > limit

    def clock(self) -> Callable[[], bool]:
        """To be asked before every deletion: whether it is too late for it. Each takes its time."""
        since = self.spent

        def overdue() -> bool:
            if self.late(since):
                return True
            self.spent += self.state.cleanup.seconds_per_delete
            return False

        return overdue


def run(
    state: State,
    registry: Registry,
    repository: Repository,
    parameters: CleanupParameters,
    caller: Caller | None = None,
) -> dict[str, Any]:
    """Clean a repository. caller: None is nobody, whom every tag rule binds.

    Gives status (success, error, or exception where GitLab's code raises), the names deleted in this order, message
    and exception where there are some, and the sizes that GitLab's services count: original_size, before_delete_size,
    deleted_size; pages with a database; before_truncate_size and after_truncate_size without.
    """
    result: dict[str, Any] = {"status": "success", "deleted": []}
    if registry.database:
        result["pages"] = 0
    if any(patterns.mistake(pattern) for pattern in parameters.patterns if pattern):
        return {**result, "status": "error", "message": "invalid regex"}
    task = _Run(state, registry, repository, parameters, caller, result)
    try:
        (_page_by_page if registry.database else _at_once)(task)
    except (RubyError, durations.DurationError) as error:
        return _raised(result, error.name, str(error))
    except Unreachable:
        return _raised(result, *NO_CONNECTION)
    return result


def unreachable() -> dict[str, Any]:
    """The result of a cleanup that could not even begin."""
    return _raised({"deleted": []}, *NO_CONNECTION)


def _raised(result: dict[str, Any], name: str, message: str) -> dict[str, Any]:
    """Nothing of what an exception interrupts is counted, but what went is gone."""
    kept: dict[str, Any] = {key: result[key] for key in ("deleted", "pages") if key in result}
    return {**kept, "status": "exception", "exception": name, "message": message}


def _page_by_page(task: _Run) -> None:
    """With a database every page of the registry's listing is a cleanup of its own."""
    result = task.result
    result |= {"original_size": 0, "before_delete_size": 0, "deleted_size": 0}
    last: str | None = None
    while True:
        page = task.registry.page(task.repository, PageQuery(task.state.cleanup.page_size, last=last))
        result["pages"] += 1
        tags = _unprotected(task, _old(task, _after_newest(task, _matching(task, page.tags))))
        removal = task.registry.remove(task.repository, [tag.name for tag in tags], task.clock())
        if removal.deleted is None:
            raise RubyError("TypeError", "nil can't be coerced into Integer")
        result["original_size"] += len(page.tags)
        result["before_delete_size"] += len(tags)
        result["deleted_size"] += len(removal.deleted)
        result["deleted"] += removal.deleted
        if removal.message:
            result |= {"status": "error", "message": removal.message}
        if task.late():
            result["status"] = "error"
            return
        last = page.next
        if last is None:
            return


def _at_once(task: _Run) -> None:
    """Without a database all tags are looked at together, at most so many of them, chosen by chance."""
    result = task.result
    names = task.registry.names(task.repository)
    tags = _matching(task, task.registry.views(task.repository, names))
    result |= {"original_size": len(names), "before_truncate_size": len(tags)}
    tags = _truncated(task, tags)
    result["after_truncate_size"] = len(tags)
    tags = _unprotected(task, _old(task, _after_newest(task, tags)))
    result["before_delete_size"] = len(tags)
    removal = task.registry.remove(task.repository, [tag.name for tag in tags], task.clock())
    result["deleted"] = removal.deleted or []
    result["deleted_size"] = None if removal.deleted is None else len(removal.deleted)
    if removal.message:
        result |= {"status": "error", "message": removal.message}
    if result["before_truncate_size"] != result["after_truncate_size"]:
        result["status"] = "error"


def _matching(task: _Run, tags: Any) -> list[TagView]:
    parameters = task.parameters
    pattern = parameters.name_regex if parameters.name_regex_delete is None else parameters.name_regex_delete
    delete, keep = patterns.whole(pattern or ""), patterns.whole(parameters.name_regex_keep or "")
    return [
        tag
        for tag in tags
        if not (parameters.keep_latest and tag.name == "latest")
        and delete.search(tag.name)
        and not keep.search(tag.name)
    ]


def _truncated(task: _Run, tags: list[TagView]) -> list[TagView]:
    limit = task.state.cleanup.max_list_size
    most = limit + (task.parameters.keep_n or 0)
    if not limit or len(tags) <= most:
        return tags
    if most < 0:
        raise RubyError("ArgumentError", "negative sample number")
    return task.state.sampler.sample(tags, most)


def _after_newest(task: _Run, tags: list[TagView]) -> list[TagView]:
    """Without the newest keep_n; a tag without a date is new. Of equal dates the last names stay."""
    if task.parameters.keep_n is None:
        return tags
    now = task.state.clock.now()
    tags = sorted(tags, key=lambda tag: nanoseconds(tag.aged_from or now))
    tags.reverse()
    return tags[max(0, task.parameters.keep_n) :]


def _old(task: _Run, tags: list[TagView]) -> list[TagView]:
    """Those dated before now less older_than; a tag without a date is never old."""
    if task.parameters.older_than is None:
        return tags
    seconds = durations.seconds(task.parameters.older_than)
    if seconds is None:
        raise RubyError("NoMethodError", "undefined method `seconds' for nil")
    if math.isinf(seconds):
        raise RubyError("FloatDomainError", "Infinity")
    cutoff = math.ceil(nanoseconds(task.state.clock.now()) - Fraction(seconds) * 10**9)
    return [tag for tag in tags if tag.aged_from and nanoseconds(tag.aged_from) < cutoff]


def _unprotected(task: _Run, tags: list[TagView]) -> list[TagView]:
    return [tag for tag in tags if not access.is_protected(task.state, task.caller, task.repository, tag.name)]
