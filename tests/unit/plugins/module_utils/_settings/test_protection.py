# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which changes lead from the protection rules there are to the wanted ones, and what holds at each step of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UnsupportedSetting, UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import ProtectionRule, RuleKind
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.protection import (
    LEVELS,
    MAX_TAG_RULES,
    NO_LEVEL,
    DesiredRule,
    DesiredRules,
    RuleChange,
    checked_rules,
    lint_warnings,
    plan_rules,
    rules_after,
    rules_in_project,
)

Levels: TypeAlias = "dict[str, tuple[str | None, str | None]]"
MAINTAINER, OWNER, ADMIN = LEVELS


def there(*rows: tuple[str, str | None, str | None]) -> list[ProtectionRule]:
    return [ProtectionRule(*row, number) for number, row in enumerate(rows, 1)]


def levels(rules: Sequence[ProtectionRule]) -> Levels:
    return {rule.pattern: (rule.push, rule.delete) for rule in rules}


def replayed(
    found: Sequence[ProtectionRule], changed: Sequence[RuleChange], kind: RuleKind
) -> list[list[ProtectionRule]]:
    """The rules after each change as GitLab takes it: what there is by its id, and no pattern twice."""
    rules = list(found)
    steps = [list(rules)]
    for change in changed:
        if change.before is None:
            assert change.after
            assert change.after.pattern not in levels(rules)
            assert kind == RuleKind.REPOSITORY or len(rules) < MAX_TAG_RULES
            rules.append(change.after)
        else:
            position = [rule.id for rule in rules].index(change.before.id)
            assert rules[position] == change.before
            rules[position : position + 1] = [change.after] if change.after else []
        steps.append(list(rules))
    return steps


def wanted_levels(found: Sequence[ProtectionRule], wanted: DesiredRules) -> Levels:
    """What has to come of it, by the documentation's words."""
    before = levels(found)
    if wanted.absent:
        named = {rule.pattern for rule in wanted.rules}
        return {pattern: pair for pattern, pair in before.items() if pattern not in named}
    after = {} if wanted.exclusive else dict(before)
    for rule in wanted.rules:
        push, delete = before.get(rule.pattern, (None, None))
        after[rule.pattern] = (
            push if rule.push is None else None if rule.push == NO_LEVEL else rule.push,
            delete if rule.delete is None else None if rule.delete == NO_LEVEL else rule.delete,
        )
    return after


PATTERNS = [f"p{number}" for number in range(8)]
levels_there = st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS))


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[ProtectionRule], DesiredRules]:
    """Rules of a project and rules that are wanted, of either kind."""
    kind = draw(st.sampled_from((RuleKind.REPOSITORY, RuleKind.TAG)))
    most = MAX_TAG_RULES if kind == RuleKind.TAG else len(PATTERNS)
    patterns = draw(st.lists(st.sampled_from(PATTERNS), unique=True, max_size=most))
    found = []
    for number, pattern in enumerate(patterns, 1):
        push, delete = draw(levels_there)
        found.append(ProtectionRule(pattern, push=push, delete=delete, id=number))
    choices = [None, *LEVELS, *([NO_LEVEL] if kind == RuleKind.REPOSITORY else [])]
    level = st.sampled_from(choices)
    wished = draw(st.lists(st.sampled_from(PATTERNS), unique=True, max_size=most))
    rules = tuple(DesiredRule(pattern, push=draw(level), delete=draw(level)) for pattern in wished)
    absent = draw(st.booleans())
    return found, DesiredRules(kind, rules, exclusive=not absent and draw(st.booleans()), absent=absent)


def planned(found: Sequence[ProtectionRule], wanted: DesiredRules) -> list[RuleChange] | None:
    """The plan, or None where the project can't have what is wanted."""
    try:
        return plan_rules(found, wanted)
    except UnsupportedSetting:
        return None


def possible(found: Sequence[ProtectionRule], wanted: DesiredRules) -> bool:
    after = wanted_levels(found, wanted)
    if wanted.absent:
        return True
    named = [after[rule.pattern] for rule in wanted.rules]
    if wanted.kind == RuleKind.TAG:
        new = [rule for rule in wanted.rules if rule.pattern not in levels(found)]
        return not any(None in pair for pair in named) and not (new and len(after) > MAX_TAG_RULES)
    return all(pair != (None, None) for pair in named)


@given(cases())
def test_the_changes_lead_to_what_is_wanted_and_no_further(case: tuple[list[ProtectionRule], DesiredRules]) -> None:
    found, wanted = case
    plan = planned(found, wanted)
    assert (plan is not None) == possible(found, wanted)
    if plan is None:
        return
    end = replayed(found, plan, wanted.kind)[-1]
    assert levels(end) == wanted_levels(found, wanted)
    assert levels(rules_after(found, plan)) == levels(end)
    assert plan_rules(end, wanted) == []


@given(cases())
def test_nothing_goes_or_comes_that_nobody_asked_for(case: tuple[list[ProtectionRule], DesiredRules]) -> None:
    found, wanted = case
    named = {rule.pattern for rule in wanted.rules}
    for change in planned(found, wanted) or ():
        if wanted.absent:
            assert change.before
            assert change.after is None
        if change.after is None and not wanted.absent:
            assert wanted.exclusive
            assert change.before
            assert change.before.pattern not in named
        else:
            assert (change.after or change.before or ProtectionRule("", push=None, delete=None)).pattern in named
        if change.before and change.after:
            assert change.before.pattern == change.after.pattern
            assert change.before.id == change.after.id
            assert change.before != change.after


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(case: tuple[list[ProtectionRule], DesiredRules], random: Any) -> None:
    found, wanted = case
    shuffled = random.sample(found, len(found))
    rules = tuple(random.sample(wanted.rules, len(wanted.rules)))
    other = DesiredRules(wanted.kind, rules=rules, exclusive=wanted.exclusive, absent=wanted.absent)
    plan, again = planned(found, wanted), planned(shuffled, other)
    assert (plan is None) == (again is None)
    if plan is not None and again is not None:
        assert levels(rules_after(found, plan)) == levels(rules_after(shuffled, again))
        assert len(plan) == len(again)


@given(cases())
def test_rules_of_repositories_come_before_others_go(case: tuple[list[ProtectionRule], DesiredRules]) -> None:
    found, wanted = case
    if wanted.kind == RuleKind.TAG and len(found) + len(wanted.rules) > MAX_TAG_RULES:
        return
    kinds = ["deleted" if change.after is None else "kept" for change in planned(found, wanted) or ()]
    assert kinds == sorted(kinds, reverse=True)


@given(cases())
def test_there_are_never_more_than_five_tag_rules(case: tuple[list[ProtectionRule], DesiredRules]) -> None:
    found, wanted = case
    plan = planned(found, wanted)
    if plan is not None and wanted.kind == RuleKind.TAG:
        assert all(len(rules) <= MAX_TAG_RULES for rules in replayed(found, plan, RuleKind.TAG))


@pytest.mark.parametrize(
    ("there_are", "wanted", "order"),
    [
        (2, 3, ["+new0", "+new1", "+new2", "-old0", "-old1"]),
        (3, 3, ["+new0", "+new1", "-old0", "+new2", "-old1", "-old2"]),
        (4, 3, ["+new0", "-old0", "+new1", "-old1", "+new2", "-old2", "-old3"]),
        (5, 2, ["-old0", "+new0", "-old1", "+new1", "-old2", "-old3", "-old4"]),
        (5, 0, ["-old0", "-old1", "-old2", "-old3", "-old4"]),
    ],
)
def test_a_tag_rule_goes_before_a_new_one_comes_only_if_there_is_no_room(
    there_are: int, wanted: int, order: list[str]
) -> None:
    found = there(*((f"old{number}", OWNER, OWNER) for number in range(there_are)))
    rules = tuple(DesiredRule(f"new{number}", push=OWNER, delete=OWNER) for number in range(wanted))
    changes = plan_rules(found, DesiredRules(RuleKind.TAG, rules, exclusive=True))
    told = [f"-{each.before.pattern}" if each.before else f"+{each.after and each.after.pattern}" for each in changes]
    assert told == order


TWO = there(("p0", MAINTAINER, OWNER), ("p1", None, MAINTAINER))


@pytest.mark.parametrize(
    ("rules", "options", "expected"),
    [
        ([DesiredRule("p0")], {}, {"p0": (MAINTAINER, OWNER), "p1": (None, MAINTAINER)}),
        ([DesiredRule("p0", ADMIN)], {}, {"p0": (ADMIN, OWNER), "p1": (None, MAINTAINER)}),
        ([DesiredRule("p0", delete=NO_LEVEL)], {}, {"p0": (MAINTAINER, None), "p1": (None, MAINTAINER)}),
        ([DesiredRule("p1", push=OWNER, delete=NO_LEVEL)], {}, {"p0": (MAINTAINER, OWNER), "p1": (OWNER, None)}),
        (
            [DesiredRule("p2", MAINTAINER)],
            {},
            {"p0": (MAINTAINER, OWNER), "p1": (None, MAINTAINER), "p2": (MAINTAINER, None)},
        ),
        ([DesiredRule("p2", MAINTAINER)], {"exclusive": True}, {"p2": (MAINTAINER, None)}),
        ([DesiredRule("p1")], {"exclusive": True}, {"p1": (None, MAINTAINER)}),
        ([], {"exclusive": True}, {}),
        ([], {}, {"p0": (MAINTAINER, OWNER), "p1": (None, MAINTAINER)}),
        ([DesiredRule("p1", ADMIN), DesiredRule("p9")], {"absent": True}, {"p0": (MAINTAINER, OWNER)}),
        ([], {"absent": True}, {"p0": (MAINTAINER, OWNER), "p1": (None, MAINTAINER)}),
    ],
)
def test_what_becomes_of_two_rules(rules: list[DesiredRule], options: dict[str, bool], expected: Levels) -> None:
    wanted = DesiredRules(RuleKind.REPOSITORY, tuple(rules), **options)
    assert levels(rules_after(TWO, plan_rules(TWO, wanted))) == expected


@pytest.mark.parametrize(
    ("kind", "rules", "text"),
    [
        (
            RuleKind.REPOSITORY,
            [DesiredRule("p0", push=NO_LEVEL, delete=NO_LEVEL)],
            "the rule 'p0' would have no level",
        ),
        (RuleKind.REPOSITORY, [DesiredRule("p1", delete=NO_LEVEL)], "the rule 'p1' would have no level"),
        (RuleKind.REPOSITORY, [DesiredRule("p2")], "the rule 'p2' would have no level"),
        (
            RuleKind.TAG,
            [DesiredRule("p2", MAINTAINER)],
            "the new tag rule 'p2' needs a level for push and one for delete",
        ),
        (
            RuleKind.TAG,
            [DesiredRule(f"q{number}", push=MAINTAINER, delete=MAINTAINER) for number in range(4)],
            "it would have 6 tag rules",
        ),
    ],
)
def test_what_a_project_can_not_have(kind: RuleKind, rules: list[DesiredRule], text: str) -> None:
    with pytest.raises(UnsupportedSetting, match=text):
        plan_rules(TWO, DesiredRules(kind, tuple(rules)))


@pytest.mark.parametrize(
    ("path", "pattern", "whole"),
    [
        ("team/app", "*", "team/app*"),
        ("team/app", "", "team/app"),
        ("team/app", "web*", "team/app/web*"),
        ("team/app", "*/web", "team/app*/web"),
        ("Team/App", "*-dev", "team/app*-dev"),
    ],
)
def test_relative_patterns(path: str, pattern: str, whole: str) -> None:
    wanted = checked_rules(DesiredRules(RuleKind.REPOSITORY, (DesiredRule(pattern, MAINTAINER),), relative=True))
    assert rules_in_project(wanted, path) == DesiredRules(RuleKind.REPOSITORY, (DesiredRule(whole, MAINTAINER),))


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("team/app", True), ("team/app/web*", True), ("team/app*", True), ("team/ap", False), ("*/app", False)],
)
def test_a_whole_pattern_begins_with_the_path(pattern: str, fits: bool) -> None:
    wanted = DesiredRules(RuleKind.REPOSITORY, (DesiredRule(pattern, MAINTAINER),))
    if fits:
        assert rules_in_project(wanted, "Team/App") == wanted
        return
    with pytest.raises(UnsupportedSetting) as caught:
        rules_in_project(wanted, "Team/App")
    assert str(caught.value) == (
        f"repository_path_pattern {pattern!r} does not begin with the project's path: GitLab wants team/app, and what "
        "follows"
    )


def test_patterns_of_tags_are_the_same_in_every_project() -> None:
    wanted = DesiredRules(RuleKind.TAG, (DesiredRule("^v", push=MAINTAINER, delete=MAINTAINER),))
    assert rules_in_project(wanted, "team/app") == wanted


NO_PATH = "is not the path of a repository in which * matches anything: write it as group/project/name*."
NO_GLOB = "which is not a glob: write .* to match anything."


@pytest.mark.parametrize(
    ("kind", "pattern", "message"),
    [
        *(
            (RuleKind.REPOSITORY, pattern, f"repository_path_pattern {pattern!r} {NO_PATH}")
            for pattern in ("", "team/app x", "/team/app", "team/app/", "team//app", "team/äpp")
        ),
        (RuleKind.REPOSITORY, "t" * 256, f"The pattern '{'t' * 256}' is longer than 255 characters."),
        (RuleKind.TAG, "t" * 101, f"The pattern '{'t' * 101}' is longer than 100 characters."),
        (RuleKind.TAG, "", "tag_name_pattern is empty: write an RE2 pattern such as ^v[0-9]"),
        (RuleKind.TAG, " ", "tag_name_pattern is empty: write an RE2 pattern such as ^v[0-9]"),
        (RuleKind.TAG, "(", "tag_name_pattern '(' is not a valid RE2 pattern (missing ): ()."),
        (
            RuleKind.TAG,
            "a(?!b)",
            "tag_name_pattern 'a(?!b)' is not a valid RE2 pattern (invalid perl operator: (?!).",
        ),
        (
            RuleKind.TAG,
            "*",
            f"tag_name_pattern '*' is not a valid RE2 pattern (no argument for repetition operator: *), {NO_GLOB}",
        ),
        (
            RuleKind.TAG,
            "(v*",
            f"tag_name_pattern '(v*' is not a valid RE2 pattern (missing ): (v*), {NO_GLOB}",
        ),
    ],
)
def test_patterns_that_no_project_could_have(kind: RuleKind, pattern: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_rules(DesiredRules(kind, (DesiredRule(pattern, push=MAINTAINER, delete=MAINTAINER),)))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "pattern", "kept"),
    [
        (RuleKind.REPOSITORY, "Team/App/Web*", "team/app/web*"),
        (RuleKind.REPOSITORY, "*", "*"),
        (RuleKind.REPOSITORY, "t" * 255, "t" * 255),
        (RuleKind.TAG, "V1", "V1"),
        (RuleKind.TAG, "t" * 100, "t" * 100),
    ],
)
def test_patterns_as_they_are_kept(kind: RuleKind, pattern: str, kept: str) -> None:
    wanted = DesiredRules(kind, (DesiredRule(pattern, push=MAINTAINER, delete=OWNER),), exclusive=True)
    assert checked_rules(wanted) == DesiredRules(
        kind, (DesiredRule(kept, push=MAINTAINER, delete=OWNER),), exclusive=True
    )


def test_a_project_may_have_five_tag_rules() -> None:
    wanted = DesiredRules(
        RuleKind.TAG, tuple(DesiredRule(f"v{number}", push=OWNER, delete=OWNER) for number in range(5))
    )
    assert checked_rules(wanted) == wanted


@pytest.mark.parametrize(
    ("pattern", "doubtful"),
    [
        ("v*-release", True),
        ("release-*", True),
        ("a*", True),
        ("v.*", False),
        ("^v[0-9]*$", False),
        ("(a|b)*", False),
        (r"a\*?", False),
        ("v1", False),
    ],
)
def test_patterns_of_tags_that_look_like_globs(pattern: str, doubtful: bool) -> None:
    wanted = checked_rules(DesiredRules(RuleKind.TAG, (DesiredRule(pattern, push=MAINTAINER, delete=MAINTAINER),)))
    text = (
        f"tag_name_pattern '{pattern}' looks like a glob, but GitLab reads RE2, in which * repeats the character "
        "before it, and the pattern may match any part of a name: write .* to match anything, and ^ and $ for the ends."
    )
    assert lint_warnings(wanted) == ([text] if doubtful else [])
    assert lint_warnings(DesiredRules(RuleKind.REPOSITORY, wanted.rules)) == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            DesiredRules(RuleKind.REPOSITORY, (DesiredRule("team/A", OWNER), DesiredRule("team/a", ADMIN))),
            "rules has the pattern 'team/a' more than once: GitLab keeps one rule for each.",
        ),
        (
            DesiredRules(RuleKind.TAG, (), exclusive=True, absent=True),
            "exclusive has no effect with state absent: leave it out.",
        ),
        (
            DesiredRules(
                RuleKind.TAG, tuple(DesiredRule(f"v{number}", push=OWNER, delete=OWNER) for number in range(6))
            ),
            "rules has 6 rules: a project can have 5 tag rules.",
        ),
        *(
            (
                DesiredRules(RuleKind.TAG, (DesiredRule("v", *pair),)),
                "The tag rule 'v' has a level none: GitLab needs both levels.",
            )
            for pair in ((NO_LEVEL, OWNER), (OWNER, NO_LEVEL))
        ),
        (
            DesiredRules(RuleKind.REPOSITORY, (DesiredRule("team/a", push=NO_LEVEL, delete=NO_LEVEL),)),
            "The rule 'team/a' has no level, so it protects nothing: give one.",
        ),
    ],
)
def test_rules_that_no_project_could_have(wanted: DesiredRules, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_rules(wanted)
    assert str(caught.value) == message


def test_rules_that_are_to_be_absent_may_be_many_and_need_no_levels() -> None:
    wanted = DesiredRules(RuleKind.TAG, tuple(DesiredRule(f"v{number}") for number in range(6)), absent=True)
    assert checked_rules(wanted) == wanted


@pytest.mark.parametrize("pattern", ["team/app", "team/app/web"])
def test_a_relative_pattern_does_not_repeat_the_path(pattern: str) -> None:
    wanted = DesiredRules(RuleKind.REPOSITORY, (DesiredRule(pattern, OWNER),), relative=True)
    with pytest.raises(UnsupportedSetting) as caught:
        rules_in_project(wanted, "Team/App")
    message = f"repository_path_pattern {pattern!r} is relative to each project here: leave out team/app"
    assert str(caught.value) == message
