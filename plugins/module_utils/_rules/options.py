# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that say what a cleanup deletes, and the rules that they make."""

from __future__ import annotations

import enum
import re
import typing as t
from dataclasses import replace
from datetime import datetime

from .._core.errors import UsageError
from .._core.models import RefKind, parse_time
from .._core.numbers import whole
from .durations import seconds
from .git_refs import RefMatch
from .in_use import InUse, Source, in_use_of, missing_sources
from .patterns import Pattern, compile_pattern
from .referrers import ReferrerPolicy, SharedDigest, Signatures
from .rules import PARTS, PERIODS, KeepNCounts, KeepPerGroup, PrereleaseOrder, Rule, Rules, SortBy, Timestamp

# Docker and OCI allow nearly anything; what has blanks or is longer is a mistake.
_LABEL = re.compile(r"[!-~]{1,255}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


def _values(choices: type[enum.Enum]) -> list[str]:
    return [each.value for each in choices]


_RULE: dict[str, t.Any] = {
    "name_regex_keep": {"type": "str"},
    "keep_n": {"type": "int", "default": 0},
    "keep_n_counts": {"type": "str", "choices": _values(KeepNCounts), "default": "tags"},
    "keep_n_per": {
        "type": "list",
        "elements": "dict",
        "options": {
            "by": {"type": "str", "required": True},
            "keep_n": {"type": "int", "default": 1},
            "groups": {"type": "int"},
        },
    },
    "older_than": {"type": "str"},
    "sort_by": {"type": "str", "choices": _values(SortBy), "default": "date"},
    "version_group": {"type": "str"},
    "prereleases": {"type": "str", "choices": ["together", "apart"], "default": "together"},
    "prerelease_order": {"type": "str", "choices": _values(PrereleaseOrder), "default": "semver"},
    "expires_label": {"type": "str"},
}
# A rule of a list.
LISTED_RULE: dict[str, t.Any] = {
    "name": {"type": "str"},
    "match": {"type": "str", "required": True, "aliases": ["name_regex_delete"]},
    "keep": {"type": "bool", "default": False},
    **_RULE,
}
# What says how tags are ranked, and nothing without keep_n or keep_n_per.
_RANKING = ("keep_n_counts", "sort_by", "version_group", "prereleases", "prerelease_order")
# A rule at the top level, a list of rules, and what holds for all of them.
RULES: dict[str, t.Any] = {
    "name_regex_delete": {"type": "str", "aliases": ["name_regex"]},
    **_RULE,
    "rules": {
        "type": "list",
        "elements": "dict",
        "options": LISTED_RULE,
    },
    "dates_valid_from": {"type": "str"},
    "timestamp": {"type": "str", "choices": _values(Timestamp), "default": "auto"},
    "protect": {"type": "list", "elements": "str"},
    "allow_latest": {"type": "bool", "default": False},
    "min_age": {"type": "str"},
    "require_digest": {"type": "bool", "default": True},
    "signatures": {"type": "str", "choices": _values(Signatures), "default": "follow"},
    "shared_digest": {"type": "str", "choices": _values(SharedDigest), "default": "auto"},
}
IN_USE: dict[str, t.Any] = {
    "in_use": {"type": "list", "elements": "str"},
    "in_use_sources": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "images": {"type": "list", "elements": "str", "default": []},
            "failed": {"type": "str", "default": ""},
            "read_at": {"type": "str"},
        },
    },
    "in_use_sources_expected": {"type": "raw"},
    "pin_untagged_in_use": {"type": "bool", "default": False},
    "keep_refs": {"type": "list", "elements": "str", "choices": _values(RefKind)},
    "keep_deployments": {"type": "int", "default": 0},
    "ref_match": {"type": "str", "choices": _values(RefMatch), "default": "whole"},
}
# The retention document of a fleet, which says which rules decide about which repository.
RETENTION: dict[str, t.Any] = {
    "retention": {"type": "raw"},
    "retention_path": {"type": "path"},
    "only_rule_sets": {"type": "list", "elements": "str"},
    "previous_retention": {"type": "raw"},
    "previous_retention_path": {"type": "path"},
}
# The options of which one says what is deleted.
RULE_SOURCES = ("name_regex_delete", "rules", "retention", "retention_path")
# What each rule says for itself, and what says something else than a document.
NOT_WITH_RULES = (
    *(("rules", option) for option in ("name_regex_delete", *_RULE)),
    *(
        (source, option)
        for source in ("retention", "retention_path")
        for option in ("name_regex_delete", *_RULE, "rules")
    ),
    ("retention", "retention_path"),
    ("previous_retention", "previous_retention_path"),
)
# What a rule that keeps all can't have.
_DELETES_SOME = ("name_regex_keep", "keep_n", "keep_n_per", "older_than", "expires_label")


def rules_of(params: t.Mapping[str, t.Any]) -> Rules:
    """The rules that the options make.

    Raises:
        UsageError: for what can't be done as it is written.
    """
    listed = params["rules"]
    if listed is None:
        rules = [_rule(params, "", "name_regex_delete")]
    elif not listed:
        raise UsageError("rules is empty: write at least one, or give name_regex_delete.")
    else:
        rules = [_listed_rule(row, number) for number, row in enumerate(listed, 1)]
    check_rule_names(rules)
    return replace(guards_of(params), rules=tuple(rules))


def guards_of(params: t.Mapping[str, t.Any]) -> Rules:
    """What the options keep whatever rules decide: rules without a rule.

    Raises:
        UsageError: for what can't be done as it is written.
    """
    return Rules(
        rules=(),
        protect=tuple(compile_pattern(pattern, "protect") for pattern in params["protect"] or ()),
        allow_latest=params["allow_latest"],
        timestamp=Timestamp(params["timestamp"]),
        require_digest=params["require_digest"],
        min_age=seconds(params["min_age"], "min_age") if params["min_age"] is not None else None,
        dates_valid_from=_moment(params["dates_valid_from"]) if params["dates_valid_from"] is not None else None,
    )


def referrer_policy_of(params: t.Mapping[str, t.Any]) -> ReferrerPolicy:
    """What happens to tags that belong together."""
    return ReferrerPolicy(
        signatures=Signatures(params["signatures"]), shared_digest=SharedDigest(params["shared_digest"])
    )


def _moment(text: str) -> datetime:
    """A time, or the start of a day. What YAML itself takes for a time comes with a blank in it."""
    found = parse_time(text.replace(" ", "T")) or parse_time(f"{text}T00:00:00Z")
    if found is None:
        raise UsageError(f"dates_valid_from is {text!r}: write it as 2026-01-31 or 2026-01-31T12:00:00Z.")
    return found


def used_of(params: t.Mapping[str, t.Any]) -> tuple[InUse, tuple[str, ...]]:
    """The images in use.

    Returns:
        The images, and why these are not all of them: sentences without their ends.

    Raises:
        UsageError: for what is no reference, and for sources that can't be counted.
    """
    expected = expected_sources(params["in_use_sources_expected"])
    sources = [_source(row) for row in params["in_use_sources"] or ()]
    return in_use_of(params["in_use"] or (), sources), tuple(missing_sources(sources, expected))


def expected_sources(value: t.Any) -> list[str] | int | None:
    """The sources that in_use_sources_expected asks for: their names or their number; None if any will do.

    Raises:
        UsageError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, str) and _COUNT.fullmatch(value):
        return int(value)
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return value
    number = whole(value)
    if number is None:
        raise UsageError("in_use_sources_expected is neither a list of names nor a number.")
    return number


def _source(row: t.Mapping[str, t.Any]) -> Source:
    read_at = None if row["read_at"] is None else parse_time(row["read_at"])
    if row["read_at"] is not None and read_at is None:
        raise UsageError(
            f"in_use_sources, {row['name']}: read_at is {row['read_at']!r}: write it as 2026-01-31T12:00:00Z."
        )
    return Source(row["name"], images=tuple(row["images"]), failed=row["failed"], read_at=read_at)


def check_rule_names(rules: t.Iterable[Rule]) -> None:
    """See that every rule can be told from the others.

    Raises:
        UsageError: two have one name.
    """
    seen: set[str] = set()
    for name in (rule.name for rule in rules):
        if name in seen:
            raise UsageError(f"rules has the name {name!r} more than once: each tag names the rule that decided.")
        seen.add(name)


def rule_of(row: t.Mapping[str, t.Any], number: int) -> Rule:
    """A rule of a list.

    Args:
        row: its options, with their defaults.
        number: its place in the list, from 1 on.

    Raises:
        UsageError: for what can't be done as it is written.
    """
    without_effect = [option for option in _DELETES_SOME if row[option]]
    if row["keep"] and without_effect:
        raise UsageError(f"with keep, all tags that the rule matches are kept: leave out {', '.join(without_effect)}.")
    return _rule(row, row["name"] or f"rule {number}", "match")._replace(keep_all=row["keep"])


def _listed_rule(row: t.Mapping[str, t.Any], number: int) -> Rule:
    try:
        return rule_of(row, number)
    except UsageError as error:
        raise UsageError(f"rules, {row['name'] or f'rule {number}'}: {error}") from None


def _rule(row: t.Mapping[str, t.Any], name: str, option: str) -> Rule:
    if row["keep_n"] < 0:
        raise UsageError(f"keep_n is {row['keep_n']}: it can't be negative.")
    match = compile_pattern(row[option], option)
    rule = Rule(
        match,
        name=name,
        keep=compile_pattern(row["name_regex_keep"], "name_regex_keep") if row["name_regex_keep"] else None,
        keep_n=row["keep_n"],
        keep_n_per=tuple(_keep_per_group(each, match) for each in row["keep_n_per"] or ()),
        older_than=seconds(row["older_than"], "older_than") if row["older_than"] is not None else None,
        sort_by=SortBy(row["sort_by"]),
        prereleases_apart=row["prereleases"] == "apart",
        prerelease_order=PrereleaseOrder(row["prerelease_order"]),
        version_group=row["version_group"],
        count_images=row["keep_n_counts"] == KeepNCounts.IMAGES.value,
        expires_label=_label(row["expires_label"]) if row["expires_label"] is not None else None,
    )
    _check_ranking(rule, given_ranking(row))
    return rule


def given_ranking(row: t.Mapping[str, t.Any]) -> list[str]:
    """The options of a rule that say how its tags are ranked, of which the defaults say nothing."""
    return [option for option in _RANKING if row[option] not in (None, _RULE[option].get("default"))]


def _check_ranking(rule: Rule, given: t.Sequence[str]) -> None:
    """See that what says how tags are ranked has a meaning. given: the options that do.

    Raises:
        UsageError: it has none.
    """
    if given and not rule.counts:
        have, them = ("has", "it") if len(given) == 1 else ("have", "them")
        raise UsageError(f"{' and '.join(given)} {have} no effect without keep_n or keep_n_per: leave {them} out.")
    if rule.prerelease_order is PrereleaseOrder.NATURAL and rule.sort_by is not SortBy.SEMVER:
        raise UsageError("prerelease_order natural has no effect without sort_by semver: leave it out.")
    group = rule.version_group
    if group is None:
        return
    if not rule.match.has_group(group):
        raise UsageError(f"version_group {group!r} is not a capture group of '{rule.match.text}'.")
    if not (rule.need_versions or rule.need_texts):
        raise UsageError(
            "version_group has no effect if no version is needed: set sort_by, prereleases to apart, or keep_n_per by "
            "major or minor, or leave it out."
        )


def _label(name: str) -> str:
    """The name of a label or annotation."""
    if not _LABEL.fullmatch(name):
        raise UsageError(
            f"expires_label is {name!r}: give the name of a label or annotation, such as quay.expires-after."
        )
    return name


def _keep_per_group(row: t.Mapping[str, t.Any], match: Pattern) -> KeepPerGroup:
    by = row["by"]
    if by not in (*PERIODS, *PARTS) and not match.has_group(by):
        raise UsageError(
            f"keep_n_per by {by!r} is neither {', '.join((*PERIODS, *PARTS))} nor a capture group of '{match.text}'."
        )
    if row["keep_n"] < 1:
        raise UsageError(f"keep_n_per by {by}: keep_n is {row['keep_n']}, and has to be at least 1.")
    if row["groups"] is not None and row["groups"] < 1:
        raise UsageError(f"keep_n_per by {by}: groups is {row['groups']}, and has to be at least 1.")
    return KeepPerGroup(by, keep_n=row["keep_n"], groups=row["groups"])
