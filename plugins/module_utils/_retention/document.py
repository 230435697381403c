# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The retention document of a fleet: rule sets, what they are assigned to, and exceptions with an end. Pure."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import operator
import re
import typing as t
from dataclasses import replace
from datetime import date, datetime

from .._core.diffs import printable
from .._core.errors import UsageError
from .._core.models import parse_time
from .._core.scope import check_globs, full_path, is_glob, path_key, project_path
from .._core.words import some
from .._core.yaml_text import LocatedValue, ValuePath, YamlError, parse_yaml
from .._plan.limits import Limits
from .._rules.durations import seconds
from .._rules.options import LISTED_RULE, check_rule_names, rule_of
from .._rules.patterns import Pattern, compile_pattern
from .._rules.rules import Rule, Rules
from .assignments import Assignment, Assignments, Level
from .exceptions import KeepUntil
from .rule_sets import Retention, RuleSet
from .validation import Problem, checked

# What each key of a document is. The page on documents and the schema for editors are made of this.
_TEXTS = {"type": "list", "elements": "str"}
RULE_SET: dict[str, t.Any] = {
    "name": {"type": "str", "required": True, "description": "Name of the rule set. Plans and reports show it."},
    "rules": {
        "type": "list",
        "elements": "dict",
        "options": LISTED_RULE,
        "required": True,
        "description": "The rules, as in the option rules. The first rule that matches a tag decides about it.",
    },
    "protect": {**_TEXTS, "description": "RE2 patterns of names that are kept, in addition to those of the task."},
    "min_age": {
        "type": "str",
        "description": "Keep tags that are younger than this duration, such as 7d. The longer of this and the task's "
        "min_age is used.",
    },
    "min_remaining": {
        "type": "int",
        "description": (
            "Minimum number of tags to keep in each repository. The higher of this and the task's value is used."
        ),
    },
    "max_deletions": {
        "type": "int",
        "description": (
            "Maximum number of tags to delete from one repository. The lower of this and the task's value is used."
        ),
    },
    "max_deletions_percent": {
        "type": "float",
        "description": (
            "Maximum number of tags to delete from one repository, in percent of its tags. The lower of this and the "
            "task's value is used."
        ),
    },
    "max_unknown_percent": {
        "type": "float",
        "description": (
            "Maximum number of tags of one repository, in percent, for which it is unknown whether they may be "
            "deleted. The lower of this and the task's value is used."
        ),
    },
}
ASSIGNMENT: dict[str, t.Any] = {
    "rule_set": {"type": "str", "required": True, "description": "Name of the rule set."},
    "groups": {**_TEXTS, "description": "Full paths of groups, for all projects below them."},
    "projects": {**_TEXTS, "description": "Full paths or ids of projects, for all their repositories."},
    "repositories": {**_TEXTS, "description": "Paths of repositories, or globs of them."},
}
EXCEPTION: dict[str, t.Any] = {
    "repositories": {**_TEXTS, "required": True, "description": "Paths of repositories, or globs of them."},
    "tags": {"type": "str", "default": ".*", "description": "RE2 pattern of the names. By default all tags."},
    "keep_until": {
        "type": "day",
        "required": True,
        "description": (
            "The last day, such as 2027-01-31, or a time, such as 2027-01-31T12:00:00Z. It is compared with GitLab's "
            "clock in UTC."
        ),
    },
    "why": {"type": "str", "required": True, "description": "Reason for the exception."},
    "owner": {"type": "str", "default": "", "description": "Who asked for it."},
}
DOCUMENT: dict[str, t.Any] = {
    "rule_sets": {
        "type": "list",
        "elements": "dict",
        "options": RULE_SET,
        "required": True,
        "description": "The rule sets.",
    },
    "default": {
        "type": "str",
        "description": (
            "Name of the rule set for all repositories without another rule set. Without this key, they keep all "
            "their tags."
        ),
    },
    "assignments": {
        "type": "list",
        "elements": "dict",
        "options": ASSIGNMENT,
        "default": [],
        "description": "The groups, projects and repositories of each rule set.",
    },
    "exceptions": {
        "type": "list",
        "elements": "dict",
        "options": EXCEPTION,
        "default": [],
        "description": "Tags that are kept until a given day, whatever the rules say.",
    },
}
# Characters of a document, of which every plan holds a copy.
LARGEST = 1024 * 1024
_NAME = re.compile(r"(?=.{1,60}\Z)[\w.-]+(?: [\w.-]+)*")
# So many mistakes are told at once.
_TOLD = 5


class RetentionDocument(t.NamedTuple):
    """A document as it was given.

    Args:
        title: what it is called in messages: the name of an option, or of a file.
        located: what it says, and where.
    """

    title: str
    located: LocatedValue

    @property
    def digest(self) -> str:
        """A digest of what it says, whatever the order of its keys is and however it was given."""
        text = json.dumps(self.written, sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @property
    def written(self) -> dict[str, t.Any]:
        """What it says, as plans hold it."""
        return t.cast("dict[str, t.Any]", _written(self.located.value))

    def place(self, problem: Problem) -> str:
        """Where a problem is: its line if that is known, and what is around it."""
        line = self.line(problem.whole_path)
        return ", ".join((*([f"line {line}"] if line else []), *self._names(problem.path)))

    def position(self, path: ValuePath) -> str:
        """Where a value is, as short as that can be said."""
        line = self.line(path)
        return f"line {line}" if line else ", ".join(self._names(path))

    def line(self, path: ValuePath) -> int:
        """The line of a value, or of the nearest one around it; 0 if no line is known."""
        lines = self.located.lines
        return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 0)

    def _names(self, path: ValuePath) -> t.Iterator[str]:
        """The keys that lead to a value, with the names of the entries of lists instead of their numbers."""
        value: t.Any = self.located.value
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
            name = value.get("name") if isinstance(value, dict) else None
            if isinstance(key, int):
                yield str(name) if isinstance(name, str) and name.strip() else f"number {key + 1}"
            else:
                yield key


def _written(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {str(key): _written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def read_document(value: t.Any, title: str) -> RetentionDocument:
    """A document that is given as a mapping, or as a text in YAML.

    Args:
        value: of the option, or the text of the file.
        title: what it is called in messages.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(value, str):
        if len(value.encode(errors="replace")) > LARGEST:
            raise UsageError(f"{title} is larger than 1 MiB, which is the limit for a retention document.")
        try:
            found = parse_yaml(value)
        except YamlError as error:
            raise UsageError(f"{title} {error}.") from None
        if len(found) != 1:
            raise UsageError(f"{title} has {len(found)} documents: write one.")
        return RetentionDocument(title, found[0])
    return RetentionDocument(title, LocatedValue(value, lines={}))


def retention_of(
    document: RetentionDocument, guards: Rules, limits: Limits, server: str, selected: t.Sequence[str] | None = None
) -> Retention:
    """The whole document, checked.

    Args:
        document: as it was given.
        guards: what the task keeps in all repositories: rules without a rule.
        limits: of the task.
        server: URL of the GitLab that is asked.
        selected: names of the rule sets by which tags are deleted in this run; None for all.

    Raises:
        UsageError: with everything that is wrong with it, and where.
    """
    reading = _Reading(document, server)
    rows = reading.rows
    sets = [reading.rule_set(row, number, guards, limits) for number, row in enumerate(rows["rule_sets"] or ())]
    names = [each.name for each in sets]
    reading.check_once([(each.name, ("rule_sets", number)) for number, each in enumerate(sets)], "name")
    if rows["default"] is not None:
        reading.check_known(rows["default"], names, (), "default")
    entries = [
        (entry, path)
        for number, row in enumerate(rows["assignments"] or ())
        if reading.is_sound(("assignments", number))
        for entry, path in reading.assignments(row, number, names)
    ]
    for level in Level:
        reading.check_once([(entry.key, path) for entry, path in entries if entry.level is level])
    exceptions = [reading.exception(row, number) for number, row in enumerate(rows["exceptions"] or ())]
    if reading.problems:
        raise UsageError(reading.told())
    unknown = [name for name in selected or () if name not in names]
    if unknown:
        raise UsageError(f"only_rule_sets names {unknown[0]!r}, and {document.title} has {', '.join(names)}.")
    return Retention(
        rule_sets=tuple(sets),
        guards=guards,
        assignments=Assignments(tuple(entry for entry, _path in entries), default=rows["default"]),
        exceptions=tuple(each for each in exceptions if each),
        selected=None if selected is None else frozenset(selected),
    )


class _Reading:
    """Reads the entries of a document, and notes all that is wrong with them.

    Args:
        document: as it was given.
        server: URL of the GitLab that is asked.

    rows: what it says, by the specification.
    problems: what is wrong with it.
    """

    def __init__(self, document: RetentionDocument, server: str) -> None:
        self.document = document
        self.server = server
        self.problems: list[Problem] = []
        self.rows = checked(document.located.value, DOCUMENT, self.problems)
        paths = {problem.path for problem in self.problems}
        self._unsound = {path[:end] for path in paths for end in range(len(path) + 1)}
        for path, written in document.located.odd_numbers.items():
            *around, key = path
            if self.is_sound(tuple(around)):
                read = functools.reduce(operator.getitem, path, document.located.value)
                text = f"{key} is {written}, which YAML 1.1 reads as {read}: write it in plain decimal digits"
                self.problems.append(Problem(tuple(around), text, key=key))

    def told(self) -> str:
        """Everything that is wrong, as one message."""
        ordered = sorted(self.problems, key=lambda each: self.document.line(each.whole_path))
        placed = [(self.document.place(each), each.text) for each in ordered[:_TOLD]]
        found = [f"{place}: {text}" if place else text for place, text in placed]
        title, number = self.document.title, len(self.problems)
        if number == 1:
            return printable(f"{title}{', ' if placed[0][0] else ': '}{found[0]}.")
        return printable(f"{title} has {number} mistakes: {some(found, len(found), number=number, separator='; ')}.")

    def is_sound(self, path: ValuePath) -> bool:
        """Whether a value and all inside of it is of its kind. path: of the value."""
        return path not in self._unsound

    @contextlib.contextmanager
    def noting(self, path: ValuePath, row: t.Mapping[str, t.Any]) -> t.Iterator[None]:
        """Note what is refused of a value instead of ending with it.

        Args:
            path: of the mapping that holds it.
            row: the mapping, with a key of which the message begins.
        """
        try:
            yield
        except UsageError as error:
            text = str(error).rstrip(".")
            first = text.split(None, 1)[0].rstrip(":,")
            self.problems.append(Problem(path, text, key=first if first in row else None))

    @contextlib.contextmanager
    def noting_entry(self, path: ValuePath, number: int) -> t.Iterator[None]:
        """The same of an entry of a list. path: of the list, whose key the message begins with."""
        try:
            yield
        except UsageError as error:
            text = str(error).rstrip(".").removeprefix(f"{path[-1]} ")
            self.problems.append(Problem(path, text, key=number))

    def check_once(self, entries: t.Sequence[tuple[str, ValuePath]], key: str | None = None) -> None:
        """See that nothing stands twice.

        Args:
            entries: what must not, and the path of it, or of the row that has it.
            key: of the row; None if the path leads to it.
        """
        seen: set[str] = set()
        for name, path in entries:
            if name and name in seen:
                around, last = (path, key) if key else (path[:-1], path[-1])
                self.problems.append(Problem(around, f"{name!r} is here for the second time", key=last))
            seen.add(name)

    def check_known(self, name: str, names: t.Sequence[str], path: ValuePath, key: str) -> None:
        """See that there is a rule set of this name."""
        if name not in names and self.is_sound(path):
            known = f"rule_sets has {', '.join(names)}" if names else "there is none"
            self.problems.append(Problem(path, f"{key} is {name!r}, and no rule set has this name: {known}", key=key))

    def rule_set(self, row: t.Mapping[str, t.Any], number: int, guards: Rules, limits: Limits) -> RuleSet:
        """A rule set, with the guards and limits of the task. number: its place."""
        path: ValuePath = ("rule_sets", number)
        rules: list[Rule] = []
        for place, each in enumerate(row["rules"] or ()):
            inside = (*path, "rules", place)
            with self.noting(inside, each):
                # What is missing in a rule would be told as another mistake.
                if self.is_sound(inside):
                    rules.append(rule_of(each, place + 1))
        found = replace(guards, rules=tuple(rules))
        with self.noting(path, row):
            check_rule_names(rules)
        with self.noting(path, row):
            _check_name(row["name"])
        own: list[Pattern] = []
        for place, each in self._entries(path, row, "protect"):
            with self.noting_entry((*path, "protect"), place):
                own.append(compile_pattern(each, "protect"))
        found = replace(found, protect=(*guards.protect, *own))
        with self.noting(path, row):
            if row["min_age"] is not None:
                found = replace(found, min_age=max(guards.min_age or 0, seconds(row["min_age"], "min_age")))
        with self.noting(path, row):
            limits = limits.tightened(row)
        return RuleSet(str(row["name"] or ""), rules=found, limits=limits)

    def assignments(
        self, row: t.Mapping[str, t.Any], number: int, names: t.Sequence[str]
    ) -> t.Iterator[tuple[Assignment, ValuePath]]:
        """What a rule set is assigned to, each with its path. number: the row's place. names: of all rule sets."""
        path: ValuePath = ("assignments", number)
        self.check_known(row["rule_set"], names, path, "rule_set")
        if not any(row[level.value] for level in Level):
            here = " or ".join(level.value for level in reversed(Level))
            self.problems.append(Problem(path, f"the rule set has no assignment: write {here}"))
        for level in Level:
            for index, target in enumerate(row[level.value] or ()):
                exact = (*path, level.value, index)
                with self.noting_entry(exact[:-1], index):
                    key = self._target(level, target)
                    place = self.document.position(exact)
                    yield Assignment(level, key, rule_set=row["rule_set"], place=place), exact

    def _target(self, level: Level, target: str) -> str:
        """What something is assigned to, as paths are compared.

        Raises:
            UsageError: it is no path.
        """
        if level is not Level.REPOSITORY and is_glob(target):
            raise UsageError(f"{level.value} {target!r} is a glob, which only repositories accepts: write it there")
        if level is Level.GROUP:
            path = full_path(target, level.value, self.server).lower()
            if path.isdigit():
                raise UsageError(f"groups {target!r} is a number: write the full path of the group")
            return path
        if level is Level.PROJECT:
            return project_path(target, level.value, self.server).lower()
        check_globs([target], level.value)
        return path_key(target)

    def _entries(self, path: ValuePath, row: t.Mapping[str, t.Any], key: str) -> t.Iterator[tuple[int, str]]:
        """The entries of a list by their numbers; none if one of them is of another kind. path: of the row."""
        return enumerate(row[key] or () if self.is_sound((*path, key)) else ())

    def exception(self, row: t.Mapping[str, t.Any], number: int) -> KeepUntil | None:
        """An exception; None if something is wrong with it. number: its place."""
        path: ValuePath = ("exceptions", number)
        for place, each in self._entries(path, row, "repositories"):
            with self.noting_entry((*path, "repositories"), place):
                check_globs([each], "repositories")
        with self.noting(path, row):
            tags = compile_pattern(row["tags"], "tags")
            if row["keep_until"] is None:
                return None
            return KeepUntil(
                repositories=tuple(row["repositories"] or ()),
                tags=tags,
                ends_at=_end_of(row["keep_until"]),
                keep_until=row["keep_until"],
                why=row["why"],
                owner=row["owner"],
                place=self.document.position(path),
            )
        return None


def _check_name(name: str | None) -> None:
    """See that the name of a rule set can be typed and shown.

    Raises:
        UsageError: it can't.
    """
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"name is {name!r:.80}: write up to 60 letters, digits and . _ - with spaces between")


def _end_of(text: str) -> datetime:
    """The moment until which something is kept: the end of a day, or a time.

    Raises:
        UsageError: it is neither.
    """
    found = parse_time(f"{text}T23:59:59.999999Z") or parse_time(text.replace(" ", "T"))
    if found is None:
        raise UsageError(f"keep_until is {text!r}: write it as 2027-01-31 or 2027-01-31T12:00:00Z")
    return found
