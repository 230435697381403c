# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Protection rules: which changes lead from those that a project has to those that are wanted.

Rules of repositories and of tags differ in their pattern only: a path with * as wildcard, or an unanchored RE2 pattern.
Pure.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import UnsupportedSetting, UsageError
from .._core.models import ProtectionRule, RuleKind
from .._core.words import counted
from .._rules.pattern_syntax import Reading
from .._rules.patterns import check_pattern, pattern_error

LEVELS = ("maintainer", "owner", "admin")
# Takes a level away.
NO_LEVEL = "none"

# app/models/container_registry/protection/rule.rb and tag_rule.rb
_MAX_PATTERN_LENGTH = {RuleKind.REPOSITORY: 255, RuleKind.TAG: 100}
MAX_TAG_RULES = 5

# A repository's path, in which wildcards count as letters: lib/gitlab/path_regex.rb.
_PATH_PATTERN = re.compile(r"[a-z0-9*]+(?:(?:[._/]|__|-+)[a-z0-9*]+)*", re.ASCII)
# A * behind nothing, a letter, a digit or a dash: anything in a glob, more of the same character in RE2.
_GLOB = re.compile(r"(?:^|(?<!\\)[A-Za-z0-9_-])\*")


class DesiredRule(t.NamedTuple):
    """A protection rule as it is wanted.

    Args:
        pattern: which repositories or tags it protects.
        push: the least level for pushing, NO_LEVEL for none, None if it may stay as it is.
        delete: the same for deleting.
    """

    pattern: str
    push: str | None = None
    delete: str | None = None


class DesiredRules(t.NamedTuple):
    """The wanted protection rules of one kind.

    Args:
        kind: what they protect.
        rules: the rules.
        exclusive: a project is to have no others.
        absent: a project is to have none of these.
        relative: patterns of repositories go on behind the path of each project.
    """

    kind: RuleKind
    rules: tuple[DesiredRule, ...]
    exclusive: bool = False
    absent: bool = False
    relative: bool = False


class RuleChange(t.NamedTuple):
    """A rule that is created, updated or deleted.

    Args:
        before: the rule now; None if it is created.
        after: the rule as it will be; None if it is deleted.
    """

    before: ProtectionRule | None
    after: ProtectionRule | None


def checked_rules(wanted: DesiredRules) -> DesiredRules:
    """Check wanted rules.

    Returns:
        The rules with their patterns as GitLab keeps them.

    Raises:
        UsageError: no project could have them.
    """
    rules = tuple(rule._replace(pattern=_checked_pattern(rule.pattern, wanted)) for rule in wanted.rules)
    patterns = [rule.pattern for rule in rules]
    for pattern in patterns:
        if patterns.count(pattern) > 1:
            raise UsageError(f"rules has the pattern {pattern!r} more than once: GitLab keeps one rule for each.")
    if wanted.absent and wanted.exclusive:
        raise UsageError("exclusive has no effect with state absent: leave it out.")
    if wanted.kind == RuleKind.TAG and not wanted.absent and len(rules) > MAX_TAG_RULES:
        raise UsageError(f"rules has {counted(len(rules), 'rule')}: a project can have {MAX_TAG_RULES} tag rules.")
    for rule in rules:
        if wanted.kind == RuleKind.TAG and NO_LEVEL in (rule.push, rule.delete):
            raise UsageError(f"The tag rule {rule.pattern!r} has a level {NO_LEVEL}: GitLab needs both levels.")
        if not wanted.absent and rule.push == rule.delete == NO_LEVEL:
            raise UsageError(f"The rule {rule.pattern!r} has no level, so it protects nothing: give one.")
    return wanted._replace(rules=rules)


def _checked_pattern(pattern: str, wanted: DesiredRules) -> str:
    if len(pattern) > _MAX_PATTERN_LENGTH[wanted.kind]:
        raise UsageError(f"The pattern {pattern!r} is longer than {_MAX_PATTERN_LENGTH[wanted.kind]} characters.")
    if wanted.kind == RuleKind.TAG:
        return _checked_tag_pattern(pattern, absent=wanted.absent)
    pattern = pattern.lower()
    whole = _joined("p", pattern) if wanted.relative else pattern
    if not _PATH_PATTERN.fullmatch(whole):
        raise UsageError(
            f"repository_path_pattern {pattern!r} is not the path of a repository in which * matches anything: write "
            "it as group/project/name*."
        )
    return pattern


def _checked_tag_pattern(pattern: str, *, absent: bool) -> str:
    if not pattern.strip():
        raise UsageError("tag_name_pattern is empty: write an RE2 pattern such as ^v[0-9]")
    reason = pattern_error(pattern)
    if reason:
        hint = ", which is not a glob: write .* to match anything" if _GLOB.search(pattern) else ""
        raise UsageError(f"tag_name_pattern '{pattern}' is not a valid RE2 pattern ({reason}){hint}.")
    if not absent:
        check_pattern(pattern, "tag_name_pattern", Reading.PART)
    return pattern


def lint_warnings(wanted: DesiredRules) -> list[str]:
    """What is probably not meant, one sentence each."""
    if wanted.kind != RuleKind.TAG or wanted.absent:
        return []
    return [
        f"tag_name_pattern '{rule.pattern}' looks like a glob, but GitLab reads RE2, in which * repeats the character "
        "before it, and the pattern may match any part of a name: write .* to match anything, and ^ and $ for the ends."
        for rule in wanted.rules
        if _GLOB.search(rule.pattern)
    ]


def _joined(path: str, pattern: str) -> str:
    """A pattern relative to a project: one that is empty or begins with * goes on right behind the project's path."""
    return path + pattern if pattern[:1] in ("", "*") else f"{path}/{pattern}"


def rules_in_project(wanted: DesiredRules, path: str) -> DesiredRules:
    """The wanted rules with the patterns of one project.

    Args:
        wanted: the rules.
        path: of the project.

    Raises:
        UnsupportedSetting: a pattern can't be one of this project.
    """
    if wanted.kind == RuleKind.TAG:
        return wanted
    path = path.lower()
    if wanted.relative:
        whole = next((rule.pattern for rule in wanted.rules if rule.pattern.startswith(path)), None)
        if whole:
            raise UnsupportedSetting(
                f"repository_path_pattern {whole!r} is relative to each project here: leave out {path}"
            )
        return wanted._replace(
            rules=tuple(rule._replace(pattern=_joined(path, rule.pattern)) for rule in wanted.rules),
            relative=False,
        )
    for rule in wanted.rules:
        if not wanted.absent and not rule.pattern.startswith(path):
            raise UnsupportedSetting(
                f"repository_path_pattern {rule.pattern!r} does not begin with the project's path: GitLab wants "
                f"{path}, and what follows"
            )
    return wanted


def plan_rules(found: t.Sequence[ProtectionRule], wanted: DesiredRules) -> list[RuleChange]:
    """What to change in one project. Rules are told apart by their pattern, of which GitLab takes only one of each.

    Args:
        found: the rules that the project has.
        wanted: the rules with the patterns of the project.

    Returns:
        The changes, in the order in which the rules protect most at any time.

    Raises:
        UnsupportedSetting: the project can't have the wanted rules.
    """
    there = {rule.pattern: rule for rule in found}
    named = {rule.pattern for rule in wanted.rules}
    if wanted.absent:
        return [RuleChange(rule, None) for rule in found if rule.pattern in named]
    created, updated = [], []
    for rule in wanted.rules:
        before = there.get(rule.pattern)
        after = _filled_in(rule, before, wanted.kind)
        if before is None:
            created.append(RuleChange(None, after))
        elif before != after:
            updated.append(RuleChange(before, after))
    deleted = [RuleChange(rule, None) for rule in found if wanted.exclusive and rule.pattern not in named]
    if wanted.kind == RuleKind.REPOSITORY:
        return updated + created + deleted
    count = len(found) + len(created) - len(deleted)
    if created and count > MAX_TAG_RULES:
        raise UnsupportedSetting(
            f"it would have {counted(count, 'tag rule')}, and GitLab allows at most {MAX_TAG_RULES}"
        )
    return updated + _taking_turns(len(found), created, deleted)


def _taking_turns(count: int, created: list[RuleChange], deleted: list[RuleChange]) -> list[RuleChange]:
    """New rules first, and if a project has as many as it can have, an old one is deleted before each."""
    order: list[RuleChange] = []
    left = list(deleted)
    for change in created:
        if count < MAX_TAG_RULES:
            count += 1
        else:
            order.append(left.pop(0))
        order.append(change)
    return order + left


def _filled_in(rule: DesiredRule, before: ProtectionRule | None, kind: RuleKind) -> ProtectionRule:
    def level(wanted: str | None, present: str | None) -> str | None:
        return present if wanted is None else None if wanted == NO_LEVEL else wanted

    push = level(rule.push, before.push if before else None)
    delete = level(rule.delete, before.delete if before else None)
    if kind == RuleKind.TAG and None in (push, delete):
        raise UnsupportedSetting(f"the new tag rule {rule.pattern!r} needs a level for push and one for delete")
    if push is None and delete is None:
        raise UnsupportedSetting(f"the rule {rule.pattern!r} would have no level, so it would protect nothing")
    return ProtectionRule(pattern=rule.pattern, push=push, delete=delete, id=before.id if before else None)


def rules_after(found: t.Sequence[ProtectionRule], changed: t.Sequence[RuleChange]) -> list[ProtectionRule]:
    """The rules of a project after the changes."""
    rules = {rule.pattern: rule for rule in found}
    for change in changed:
        if change.before:
            del rules[change.before.pattern]
        if change.after:
            rules[change.after.pattern] = change.after
    return list(rules.values())
