# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to hold for every repository there may be, over twenty thousand that are made up from fixed seeds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import SIGNATURE, RefKind, Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, OCI_INDEX
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import Approved
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.drift import compare
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits, limited
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.rule_sets import one_rule_set
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.dates import judged_date
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import (
    ActiveRefs,
    RefMatch,
    kept_by_refs,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import in_use_of, kept_by_use
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import (
    Match,
    Pattern,
    compile_pattern,
    quoted,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pull_log import Window, read_log
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason, reason_counts
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.referrers import (
    ReferrerPolicy,
    SharedDigest,
    Signatures,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import (
    KeepPerGroup,
    PrereleaseOrder,
    Rule,
    Rules,
    SortBy,
    Timestamp,
)
from tests.unit.cleanups import NOW, REPOSITORY, observed, requested
from tests.unit.models import digest

CASES, PARTS = 20_000, 20
DAY = 86400
# The kind of registry that gives dates of a source.
MODES = {
    DateSource.PUBLISHED: Mode.DATABASE,
    DateSource.CREATED: Mode.DATABASE,
    DateSource.BUILT: Mode.NO_DATABASE,
    DateSource.UNKNOWN: Mode.UNKNOWN,
}
NO_LIMITS = requested(min_remaining=0)
HEADER: dict[str, Any] = {"server": "s", "clock": "2026-06-01T12:00:00Z", "scope": {}, "rules": {}, "budget": None}


class Remembering:
    """A compiled pattern that looks at each name once: there are few names and many repositories."""

    def __init__(self, pattern: Any) -> None:
        self.search = cache(pattern.search)
        self.groups, self.groupindex = pattern.groups, pattern.groupindex


@cache
def compiled(text: str) -> Pattern:
    found = compile_pattern(text, "name_regex_delete")
    return Pattern(text, ungrouped=Remembering(found.ungrouped), grouped=Remembering(found.grouped))


NAMES = [
    *(
        "latest",
        "main",
        "old-main",
        "nightly",
        "1.0",
        "1.0.0",
        "v1.0.0",
        "1.0.1-rc1",
        "1.1.0",
        "2.0.0-beta.2",
        "v2.0.0",
        "2026.05.1",
    ),
    *(f"{branch}-{number}" for branch in ("main", "dev", "fix.1") for number in range(1, 8)),
    *(f"sha256-{letter * 64}{end}" for letter in "ab" for end in (".sig", ".att")),
]
# A pattern, and by what its tags may be counted.
PATTERNS = {
    "(.*)": ["1"],
    "(.*?)[-.](.*)": ["1", "2"],
    "(?P<branch>.*)-([0-9]+)": ["branch", "2"],
    "([a-z]+).*": ["1"],
    "(dev)-.*|main": ["1"],
    "v?([0-9]+)[.].*": ["1"],
}
AGES: list[float | None] = [0, 1, 1, 2, 8, 9, 30, 30, 31, 40, 40, 90, 90, 400, 400]
ODD_AGES: list[float | None] = [None, 20_000, -3]
# What labels say of when an image expires; None was not read.
LABEL = "expires"
EXPIRIES: list[tuple[str, ...] | None] = [("1h",), ("1d",), ("2w",), ("2026-05-20",), ("1d", "2w"), (), ("x",), None]

SOURCES = [*[DateSource.PUBLISHED] * 6, *[DateSource.BUILT] * 2, DateSource.CREATED, DateSource.UNKNOWN]
SHARED_DIGESTS = [SharedDigest.KEEP_TOGETHER, *[SharedDigest.INDEPENDENT] * 4]


@dataclass(frozen=True)
class Case:
    """A repository, what is wanted of it, and what is known besides."""

    tags: tuple[Tag, ...]
    rules: Rules
    source: DateSource
    referrer_policy: ReferrerPolicy
    images: tuple[str, ...] = ()
    active_refs: ActiveRefs = ActiveRefs()
    match: RefMatch = RefMatch.WHOLE

    @property
    def retained(self) -> dict[str, Reason]:
        names = [tag.name for tag in self.tags]
        used = kept_by_use(self.tags, REPOSITORY.path, in_use_of(self.images))
        return {**kept_by_refs(names, self.active_refs, self.match), **used}

    @property
    def plan(self) -> RepositoryPlan:
        """What a task decides, without limits."""
        state = observed(
            *self.tags,
            mode=MODES[self.source],
            clock=NOW,
            refs={REPOSITORY.project_id: self.active_refs},
            absent_digests={REPOSITORY.path: {digest("a")}},
        )
        timestamp = Timestamp.CREATED if self.source is DateSource.CREATED else Timestamp.AUTO
        request = replace(
            NO_LIMITS,
            retention=one_rule_set(replace(self.rules, timestamp=timestamp), Limits(min_remaining=0)),
            referrer_policy=self.referrer_policy,
            used=in_use_of(self.images),
            ref_match=self.match,
        )
        [part] = plan_cleanup(state, request).plan.repositories
        return part

    def with_tag(self, number: int, **facts: Any) -> Case:
        changed = self.tags[number]._replace(**facts)
        return replace(self, tags=(*self.tags[:number], changed, *self.tags[number + 1 :]))

    def with_rule(self, number: int, **changes: object) -> Case:
        rules = list(self.rules.rules)
        rules[number] = rules[number]._replace(**changes)  # type: ignore[arg-type]
        return replace(self, rules=replace(self.rules, rules=tuple(rules)))


def made_up(seed: int) -> tuple[Case, random.Random]:
    """A repository with its rules, and the dice that go on from there."""
    dice = random.Random(seed)
    tags = tuple(_tag(name, dice) for name in sorted(dice.sample(NAMES, dice.randint(1, 10))))
    rules = Rules(
        tuple(_rule(f"rule {number}", dice) for number in range(dice.choice([1, 1, 2, 3]))),
        protect=(compiled("main-[12]"),) if dice.random() < 0.2 else (),
        allow_latest=dice.random() < 0.2,
        require_digest=dice.random() < 0.7,
        min_age=dice.choice([None, None, None, 1, 2 * DAY]),
    )
    return (
        Case(
            tags,
            rules,
            dice.choice(SOURCES),
            ReferrerPolicy(dice.choice(list(Signatures)), shared_digest=dice.choice(SHARED_DIGESTS)),
            tuple(dice.sample([_reference(tag, dice) for tag in tags], dice.choice([0, 0, 0, 0, 1]))),
            ActiveRefs(
                {RefKind.BRANCHES: ("dev/1",)} if dice.random() < 0.1 else {}, ("main",) if dice.random() < 0.1 else ()
            ),
            dice.choice(list(RefMatch)),
        ),
        dice,
    )


def labelled(values: tuple[str, ...] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is known of the labels of an image; None if that of the rules was not read."""
    return (("other", ("1h",)), *([] if values is None else [(LABEL, values)]))


def _tag(name: str, dice: random.Random) -> Tag:
    age = dice.choice(AGES if dice.random() < 0.9 else ODD_AGES)
    date = None if age is None else NOW - timedelta(days=age)
    index = dice.random() < 0.15
    return Tag(
        name,
        digest=digest(dice.choice("abcdef34")) if dice.random() < 0.95 else None,
        created=date,
        published=date if dice.random() < 0.95 else None,
        media_type=OCI_INDEX if index else dice.choice([OCI_IMAGE] * 9 + [None]),
        protected=dice.random() < 0.05 or dice.choice([None, False]),
        details_read=True,
        config_digest=dice.choice([None, digest("1"), digest("2")]),
        children=tuple(map(digest, dice.sample("abcd", dice.randint(0, 2)))) if index else (),
        subject=digest("c") if dice.random() < 0.05 else None,
        labels=labelled(dice.choice(EXPIRIES)),
    )


def _rule(name: str, dice: random.Random) -> Rule:
    pattern = dice.choice(list(PATTERNS))
    by = ["day", "week", "month", "year", "major", "minor", *PATTERNS[pattern] * 10]
    return Rule(
        compiled(pattern),
        name=name,
        keep=compiled("main-.*|.*[.]1") if dice.random() < 0.15 else None,
        keep_all=dice.random() < 0.05,
        keep_n=dice.choice([0, 0, 0, 1, 2]),
        keep_n_per=tuple(
            KeepPerGroup(dice.choice(by), keep_n=dice.randint(1, 2), groups=dice.choice([None, 1, 2]))
            for _each in range(dice.choice([0, 1, 2]))
        ),
        older_than=dice.choice([None, None, None, DAY, 9 * DAY, 30 * DAY]),
        sort_by=dice.choice(
            [*[SortBy.DATE] * 5, SortBy.SEMVER, SortBy.CALVER, SortBy.NATURAL, SortBy.NAME, SortBy.NAME]
        ),
        prereleases_apart=dice.random() < 0.1,
        prerelease_order=dice.choice(list(PrereleaseOrder)),
        version_group=dice.choice(PATTERNS[pattern]) if dice.random() < 0.2 else None,
        count_images=dice.random() < 0.3,
        expires_label=LABEL if dice.random() < 0.2 else None,
    )


def _reference(tag: Tag, dice: random.Random) -> str:
    return dice.choice(
        [
            f"team/app:{tag.name}",
            f"registry.example.com/team/app@{tag.digest or digest('a')}",
            tag.config_digest or digest("1"),
            f"team/other:{tag.name}",
        ]
    )


def _pulled(case: Case, dice: random.Random) -> list[str]:
    """The images that a log tells of, in which there are other lines, too."""
    lines = []
    for tag in dice.choices(case.tags, k=5):
        name = dice.choice([tag.name, tag.digest or "sha256:0", "no tag", "..", ""])
        path = dice.choice([REPOSITORY.path, f"mirror/{REPOSITORY.path}", "team/other", "NO PATH"])
        status, seconds = dice.choice([200, 304, 404, "-"]), NOW.timestamp() - dice.randrange(60) * DAY
        request = {"method": dice.choice(["GET", "HEAD", "PUT"]), "uri": f"/v2/{path}/manifests/{name}"}
        lines += [json.dumps({**request, "status": status, "ts": int(seconds)}), dice.choice(["", "oops", "{}"])]
    window = Window(since=NOW.timestamp() - 30 * DAY, until=NOW.timestamp(), max_gap=DAY)
    return sorted(read_log(lines, "a.log", window).images)


def seeds(part: int) -> range:
    return range(part * CASES // PARTS, (part + 1) * CASES // PARTS)


over_all = pytest.mark.parametrize("part", range(PARTS))


def written(plan: RepositoryPlan) -> list[str]:
    return list(sealed(Plan((plan,)), HEADER).lines())


@over_all
def test_what_is_shown_is_what_goes(part: int) -> None:
    """The same state gives the same plan, by way of its own file and in any order, and leaves what has to stay.

    One reason more to keep something, or less that is known, never lets more go.
    """
    for seed in seeds(part):
        case, dice = made_up(seed)
        shown, run = case.plan, case.plan
        assert run == shown, seed
        assert limited([shown], Limits(min_remaining=0)).repositories == (shown,), seed
        approved = parse_plan(written(shown))
        assert_survived(shown, approved, seed)
        allowed = compare([run], approved, case.referrer_policy)
        assert (allowed.repositories, allowed.drift) == ((shown,), ()), seed
        assert_nothing_doubtful(case, shown, seed)
        assert_pinned(shown, seed)
        mixed = shuffled(case, dice).plan
        assert {each.tag.name: each for each in mixed.decisions} == {each.tag.name: each for each in shown.decisions}, (
            seed
        )
        assert mixed.deletions == shown.deletions, seed
        deleted = names_of(shown)
        for what, changed in dice.sample(list(stricter(case, dice)), 2):
            assert names_of(changed.plan) <= deleted, (seed, what)


def names_of(plan: RepositoryPlan) -> set[str]:
    return {decision.tag.name for decision in plan.deletions}


def assert_survived(shown: RepositoryPlan, approved: Approved, seed: int) -> None:
    assert approved.totals["tags"] == len(shown.decisions), seed
    assert approved.totals["reasons"] == reason_counts(shown.reasons), seed
    assert approved.digests == {(REPOSITORY.path, each.tag.name): each.tag.digest for each in shown.deletions}, seed


def assert_nothing_doubtful(case: Case, shown: RepositoryPlan, seed: int) -> None:
    retained = case.retained
    for each in shown.deletions:
        tag, name = each.tag, each.tag.name
        assert not tag.protected, seed
        assert name not in retained, seed
        assert name != "latest" or case.rules.allow_latest, seed
        assert not any(pattern.match(name) is not Match.NONE for pattern in case.rules.protect), seed
        if SIGNATURE.fullmatch(name):
            assert case.referrer_policy.signatures is not Signatures.KEEP, seed
            continue
        assert case.rules.is_in_play(name), seed
        rule = next(rule for rule in case.rules.rules if rule.match.match(name) is not Match.NONE)
        assert each.rule == rule.name, seed
        assert tag.digest or not case.rules.need_digest(rule), seed
        if rule.expires_label:
            assert each.reason is Reason.LABEL_EXPIRED, seed
            assert dict(tag.labels)[rule.expires_label], seed
        if rule.older_than is not None or case.rules.min_age is not None:
            date = judged_date(tag, case.source, NOW)
            assert date is not None, seed
            assert date < NOW - timedelta(seconds=max(rule.older_than or 0, case.rules.min_age or 0)), seed


def assert_pinned(shown: RepositoryPlan, seed: int) -> None:
    """The pattern of a bulk deletion matches the names of the plan, of all names there are."""
    wanted = [each.tag.name for each in shown.deletions]
    if wanted:
        pattern = compile_pattern(quoted(wanted), "name_regex_delete")
        others = [*NAMES, *(name.replace(".", "x") for name in wanted), *(f"x{name}x" for name in wanted)]
        for name in (*wanted, *others):
            assert pattern.match(name) is (Match.SURE if name in wanted else Match.NONE), (seed, name)


def shuffled(case: Case, dice: random.Random) -> Case:
    """The same in another order, with all that may be said twice said twice."""
    return replace(
        case,
        tags=tuple(dice.sample(case.tags, len(case.tags))),
        rules=replace(case.rules, protect=case.rules.protect * 2),
        images=case.images[::-1] * 2,
        active_refs=ActiveRefs(
            {kind: refs * 2 for kind, refs in case.active_refs.refs.items()}, case.active_refs.deployed * 2
        ),
    )


def stricter(case: Case, dice: random.Random) -> Iterator[tuple[str, Case]]:
    """The same with one reason more to keep something, or with less that is known."""
    number = dice.randrange(len(case.tags))
    tag = case.tags[number]
    rules = case.rules
    yield "a protection", replace(case, rules=replace(rules, protect=(*rules.protect, compiled(quoted([tag.name])))))
    yield "a protection in GitLab", case.with_tag(number, protected=True)
    yield "something in use", replace(case, images=(*case.images, _reference(tag, dice)))
    yield "something that was pulled", replace(case, images=(*case.images, *_pulled(case, dice)))
    alive = {**case.active_refs.refs, RefKind.TAGS: (tag.name,)}
    yield "something alive", replace(case, active_refs=replace(case.active_refs, refs=alive))
    yield "no date", case.with_tag(number, created=None, published=None)
    # Of an index in use that can't be seen any more it is not known what it holds.
    if not case.images:
        yield "no digest", case.with_tag(number, digest=None, media_type=None, children=(), config_digest=None)
    yield "a higher min_age", replace(case, rules=replace(rules, min_age=(rules.min_age or 0) + DAY))
    which = dice.randrange(len(rules.rules))
    rule = rules.rules[which]
    yield "a higher keep_n", case.with_rule(which, keep_n=rule.keep_n + 1)
    yield "images instead of tags", case.with_rule(which, count_images=True)
    yield "a higher older_than", case.with_rule(which, older_than=(rule.older_than or 0) + 8 * DAY)
    if rule.keep is None:
        yield "something kept by its name", case.with_rule(which, keep=compiled(quoted([tag.name])))
    yield "a label by which images expire", case.with_rule(which, expires_label=LABEL)
    values = dict(tag.labels).get(LABEL)
    more_values = values and (*values, dice.choice(["3d", "9w", "never"]))
    yield "a label that says more", case.with_tag(number, labels=labelled(more_values))
    yield "no label", case.with_tag(number, labels=labelled(()))
    yield "an unread label", case.with_tag(number, labels=labelled(None))
    more = tuple(each._replace(keep_n=each.keep_n + 1) for each in rule.keep_n_per)
    yield "a higher keep_n of groups", case.with_rule(which, keep_n_per=more)
    more = tuple(each._replace(groups=each.groups and each.groups + 1) for each in rule.keep_n_per)
    yield "more groups", case.with_rule(which, keep_n_per=more)
