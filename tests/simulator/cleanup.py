# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's cleanup of one repository, step by step: page after page with a metadata database, at once without one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import re2

from .durations import ParseError, seconds
from .patterns import compiled, mistake


@dataclass(frozen=True)
class Parameters:
    """As the job gets them; None is not given."""

    name_regex: str | None
    name_regex_delete: str | None
    name_regex_keep: str | None
    keep_n: int | None
    older_than: str | None


@dataclass(frozen=True)
class Candidate:
    """at: its date in seconds since 1970; None where it has none."""

    name: str
    at: Fraction | None


@dataclass
class Result:
    """status: success, error or exception; sizes: what GitLab counts on its way."""

    status: str
    message: str | None = None
    deleted: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)


class Stopped(Exception):  # noqa: N818
    """A deletion ends before its time; deleted: what went before that."""

    def __init__(self, deleted: list[str]) -> None:
        super().__init__("stopped")
        self.deleted = deleted


class Stumble(Exception):  # noqa: N818
    """The job dies of an exception with this message."""


def cleanup(
    tags: Sequence[Candidate],
    parameters: Parameters,
    *,
    database: bool,
    now: Fraction,
    keep_latest: bool,
    page_size: int,
    max_list_size: int,
    chance: random.Random,
    protected: Callable[[str], bool],
    delete: Callable[[list[str]], list[str]],
) -> Result:
    """tags: in the order of their names. delete: takes the names of a page, tells which went, or raises Stopped."""
    texts = (parameters.name_regex_delete, parameters.name_regex, parameters.name_regex_keep)
    if any(text and text.strip() and mistake(text) for text in texts):
        return Result("error", "invalid regex")
    steps = _Steps(parameters, now, keep_latest, protected)
    result = Result("success", sizes={"original_size": len(tags), "before_delete_size": 0, "deleted_size": 0})
    try:
        if database:
            result.sizes["pages"] = 0
            for start in range(0, max(1, len(tags)), page_size):
                result.sizes["pages"] += 1
                _delete(result, steps.last(steps.first(tags[start : start + page_size])), delete)
        else:
            _delete(result, steps.last(_truncated(result, steps, tags, max_list_size, chance)), delete)
    except Stumble as stumble:
        result.status, result.message = "exception", str(stumble)
    except Stopped as stopped:
        result.deleted += stopped.deleted
        result.status, result.message = "error", "error while deleting tags"
    result.sizes["deleted_size"] = len(result.deleted)
    return result


def _delete(result: Result, names: list[str], delete: Callable[[list[str]], list[str]]) -> None:
    result.sizes["before_delete_size"] += len(names)
    if names:
        result.deleted += delete(names)


def _truncated(
    result: Result, steps: _Steps, tags: Sequence[Candidate], most: int, chance: random.Random
) -> list[Candidate]:
    """A random sample where there is too much for one run."""
    found = steps.first(tags)
    result.sizes["before_truncate_size"] = len(found)
    room = most + (steps.parameters.keep_n or 0)
    if most > 0 and len(found) > room:
        if room < 0:
            raise Stumble("negative sample number")
        found = chance.sample(found, room)
        result.status = "error"
    result.sizes["after_truncate_size"] = len(found)
    return found


@dataclass(frozen=True)
class _Steps:
    parameters: Parameters
    now: Fraction
    keep_latest: bool
    protected: Callable[[str], bool]

    def first(self, tags: Sequence[Candidate]) -> list[Candidate]:
        """By name: latest, the pattern that deletes, the pattern that keeps."""
        wanted = self.parameters.name_regex_delete
        deletes = _anchored(self.parameters.name_regex if wanted is None else wanted)
        keeps = _anchored(self.parameters.name_regex_keep)
        named = (tag for tag in tags if not (self.keep_latest and tag.name == "latest"))
        return [tag for tag in named if deletes(tag.name) and not keeps(tag.name)]

    def last(self, tags: list[Candidate]) -> list[str]:
        """By date, keep_n before age; then what is protected."""
        keep_n = self.parameters.keep_n
        if keep_n is not None:
            # Among equals the last by name come first.
            tags = sorted(tags, key=lambda tag: self.now if tag.at is None else tag.at)[::-1]
            tags = tags[max(0, keep_n) :]
        if self.parameters.older_than is not None:
            limit = self.now - _age(self.parameters.older_than)
            tags = [tag for tag in tags if tag.at is not None and tag.at < limit]
        return [tag.name for tag in tags if not self.protected(tag.name)]


def _age(text: str) -> Fraction:
    try:
        found = seconds(text)
    except ParseError as error:
        raise Stumble(str(error)) from None
    if found is None:
        raise Stumble("undefined method `seconds' for nil")
    return Fraction(found)


def _anchored(pattern: str | None) -> Callable[[str], bool]:
    """Anchors around the text as it is: GitLab puts no group between them."""
    try:
        expression = compiled(rf"\A{pattern or ''}\z")
    except re2.error as error:
        raise Stumble(str(error.args[0])) from None
    return lambda name: bool(name) and expression.search(name) is not None
