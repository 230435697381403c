# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags go and which stay, by tables and by properties that hold for any tags."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.dates import date_source, judged_date
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import (
    DateSource,
    Decision,
    to_delete,
    to_keep,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import Match, Pattern, compile_pattern
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.retention import age_reason, decide
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import (
    KeepPerGroup,
    PrereleaseOrder,
    Rule,
    Rules,
    SortBy,
    Timestamp,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.versions import parse_calver, parse_semver

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = 86400
PUBLISHED = DateSource.PUBLISHED
DELETIONS = {Reason.MATCHED, Reason.EXPIRED, Reason.LABEL_EXPIRED}
SIGNATURE = "sha256-" + "ab" * 32 + ".sig"


ABOVE_RULES = (
    *("protect", "allow_latest", "allow_signatures", "timestamp", "require_digest", "min_age"),
    "dates_valid_from",
)


def rule(match: str = ".*", **changes: Any) -> Rule:
    if "keep" in changes:
        changes["keep"] = compile_pattern(changes["keep"], "keep")
    return Rule(compile_pattern(match, "match"), **changes)


def rules(delete: str = ".*", *more: Rule, **changes: Any) -> Rules:
    """A rule for the pattern, more rules behind it, and what stands above all of them."""
    if "protect" in changes:
        changes["protect"] = tuple(compile_pattern(text, "protect") for text in changes["protect"])
    above = {name: changes.pop(name) for name in ABOVE_RULES if name in changes}
    return Rules((rule(delete, **changes), *more), **above)


def tag(name: str, days: float | None = None, **changes: Any) -> Tag:
    date = None if days is None else NOW - timedelta(days=days)
    return Tag(name, digest=f"sha256:{name}", created=date, published=date, details_read=True)._replace(**changes)


def reasons(
    tags: list[Tag], policy: Rules, source: DateSource = DateSource.PUBLISHED, clock: datetime | None = NOW
) -> dict[str, str]:
    return {decision.tag.name: decision.reason.value for decision in decide(tags, policy, source, clock)}


def test_the_order_of_the_reasons() -> None:
    tags = [
        tag("protected", 900, protected=True),
        tag("guarded", 900, protected=True),
        tag("latest", 900, protected=True),
        tag(SIGNATURE, 900),
        tag("other", 900),
        tag("dev-keep", 900),
        tag("dev-undated"),
        tag("dev-new", 1),
        tag("dev-young", 5),
        tag("dev-blind", 900, digest=None),
        tag("dev-old", 900),
    ]
    policy = rules(
        "(dev-.*|protected|guarded|latest)", keep=".*-keep", protect=["protected"], keep_n=1, older_than=30 * DAY
    )
    assert reasons(tags, policy) == {
        "protected": "protected",
        "guarded": "gitlab_protected",
        "latest": "latest",
        SIGNATURE: "signature",
        "other": "no_match",
        "dev-keep": "keep_pattern",
        "dev-undated": "unknown_date",
        "dev-new": "keep_n",
        "dev-young": "too_young",
        "dev-blind": "unknown_digest",
        "dev-old": "expired",
    }


def test_what_is_held_says_so_unless_something_above_it_does() -> None:
    tags = [tag("dev-1", 900), tag(SIGNATURE, 900), tag("latest", 900), tag("dev-2"), tag("other", 900)]
    retained = dict.fromkeys((found.name for found in tags), Reason.IN_USE)
    found = decide(tags, rules("dev-.*", name="nightlies", older_than=DAY), PUBLISHED, NOW, retained)
    assert [(each.delete, each.reason.value, each.rule) for each in found] == [
        (False, "in_use", "nightlies"),
        (False, "in_use", ""),
        (False, "latest", ""),
        (False, "in_use", "nightlies"),
        (False, "no_match", ""),
    ]


def test_a_decision_without_a_rule_names_none() -> None:
    assert to_keep(tag("a"), Reason.NOT_NAMED) == Decision(tag("a"), delete=False, reason=Reason.NOT_NAMED, rule="")
    assert to_delete(tag("a"), Reason.NAMED) == Decision(tag("a"), delete=True, reason=Reason.NAMED, rule="")


def test_what_can_not_be_judged_names_its_rule() -> None:
    (found,) = decide([tag("a")], rules(name="nightlies", keep_n=1), PUBLISHED, NOW)
    assert found == to_keep(tag("a"), Reason.UNKNOWN_DATE, date=None, rule="nightlies")


def test_a_date_to_come_is_none_for_slots_as_well() -> None:
    assert reasons([tag("a", -2), tag("b", 3)], rules(keep_n=1)) == {"a": "unknown_date", "b": "keep_n"}
    assert age_reason(tag("a", -2), rules(min_age=DAY), PUBLISHED, NOW) is Reason.UNKNOWN_DATE


@pytest.mark.parametrize(
    ("name", "policy", "judged"),
    [
        ("dev-1", rules("dev-.*", older_than=1), True),
        ("dev-1", rules("dev-.*", min_age=1), True),
        ("dev-1", rules("dev-.*"), False),
        ("v1", rules("dev-.*", older_than=1), False),
        ("latest", rules(older_than=1), False),
        ("dev-1", rules("dev-.*", keep=".*1", older_than=1), False),
    ],
)
def test_whether_a_date_may_decide(name: str, policy: Rules, judged: bool) -> None:
    assert policy.is_judged_by_date(name) is judged


class Counting:
    """A compiled pattern that counts how often it is searched with."""

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern
        self.searches = 0

    def search(self, text: bytes) -> Any:
        self.searches += 1
        return self.pattern.search(text)


def test_a_name_is_looked_up_once() -> None:
    compiled = compile_pattern("dev-.*", "match")
    counting = Counting(compiled.grouped)
    policy = Rules((Rule(Pattern(compiled.text, ungrouped=compiled.ungrouped, grouped=counting), keep_n=1),))
    tags = [tag(name, 1) for name in ("dev-1", "dev-2", "other")]
    for _time in range(3):
        assert [policy.is_in_play(item.name) for item in tags] == [True, True, False]
        assert [policy.is_judged_by_date(item.name) for item in tags] == [True, True, False]
        decide(tags, policy, PUBLISHED, NOW)
    assert counting.searches == 3
    assert replace(policy, protect=(compiled,)).judge("dev-1").reason is Reason.PROTECTED


def test_a_name_that_stands_above_the_rules_has_no_rule_that_decides() -> None:
    policy = rules("(latest|dev-.*|sha256-.*)", protect=["dev-1"], keep="dev-2")
    rule = policy.rules[0]
    for name, reason, deciding in (
        ("dev-1", Reason.PROTECTED, None),
        ("latest", Reason.LATEST, None),
        (SIGNATURE, Reason.SIGNATURE, None),
        ("dev-2", Reason.KEEP_PATTERN, rule),
        ("dev-3", None, rule),
    ):
        judged = policy.judge(name)
        assert (judged.rule, judged.reason, judged.deciding_rule) == (rule, reason, deciding)
    assert policy.judge("other") == (None, Reason.NO_MATCH, ())


def test_names_alone_need_no_date() -> None:
    assert decide([tag("a", 9)], rules(), PUBLISHED, NOW)[0].date is None
    assert reasons([tag("a"), tag("b", digest=None)], rules()) == {"a": "matched", "b": "unknown_digest"}
    assert reasons([tag("b", digest=None)], rules(require_digest=False)) == {"b": "matched"}


def test_a_missing_digest_is_never_overlooked_under_dates() -> None:
    blind = [tag("a", 900, digest=None), tag("b", 1)]
    assert reasons(blind, rules(require_digest=False, older_than=DAY))["a"] == "unknown_digest"
    assert reasons(blind, rules(require_digest=False, keep_n=1))["a"] == "unknown_digest"


@pytest.mark.parametrize("readings", ["v1|v2", "v1|.*"])
def test_ambiguous_names_stay(readings: str) -> None:
    assert reasons([tag("v1-foo")], rules("v1|v2")) == {"v1-foo": "ambiguous_pattern"}
    assert reasons([tag("v1")], rules(".*", keep="v1|v2")) == {"v1": "keep_pattern"}
    assert reasons([tag("v1-foo")], rules(".*", keep="v1|v2")) == {"v1-foo": "ambiguous_pattern"}
    assert reasons([tag("v1-foo")], rules(".*", protect=[readings])) == {"v1-foo": "protected"}


def test_keep_n_counts_candidates_alone_and_keeps_ties() -> None:
    tags = [tag("a", 1), tag("b", 2), tag("c", 2), tag("d", 3), tag("latest", 0), tag("undated")]
    assert reasons(tags, rules(keep_n=2)) == {
        "a": "keep_n",
        "b": "keep_n",
        "c": "keep_n",
        "d": "matched",
        "latest": "latest",
        "undated": "unknown_date",
    }
    assert reasons(tags[:4], rules(keep_n=1))["b"] == "matched"
    assert set(reasons(tags[:4], rules(keep_n=9)).values()) == {"keep_n"}
    assert set(reasons(tags[:4], rules(keep_n=0)).values()) == {"matched"}


def test_young_tags_take_places_of_keep_n() -> None:
    policy = rules(keep_n=1, older_than=30 * DAY)
    assert reasons([tag("young", 1), tag("old", 60)], policy) == {"young": "keep_n", "old": "expired"}


def test_old_is_strictly_before_the_cutoff() -> None:
    edge = tag("edge", 30)
    moment = NOW - timedelta(days=30, microseconds=1)
    before = edge._replace(name="before", published=moment, created=moment)
    assert reasons([edge, before], rules(older_than=30 * DAY)) == {"edge": "too_young", "before": "expired"}


def test_without_a_clock_no_age_is_judged() -> None:
    assert reasons([tag("a", 900)], rules(older_than=DAY), clock=None) == {"a": "unknown_date"}
    assert reasons([tag("a", 900), tag("b", 1)], rules(keep_n=1), clock=None) == {"a": "matched", "b": "keep_n"}


@pytest.mark.parametrize(
    "date",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1980, 1, 1, tzinfo=UTC),
        NOW + timedelta(days=2),
    ],
)
def test_dates_that_can_not_be_are_none(date: datetime) -> None:
    for source in (DateSource.PUBLISHED, DateSource.BUILT, DateSource.CREATED):
        assert judged_date(Tag("a", created=date, published=date), source, NOW) is None
    assert judged_date(Tag("a", created=date, published=NOW), PUBLISHED, NOW) is None


def test_the_first_and_the_last_date_that_can_be() -> None:
    for date in (datetime(2000, 1, 1, tzinfo=UTC), NOW + timedelta(days=1)):
        assert judged_date(Tag("a", created=date), DateSource.BUILT, NOW) == date


def test_the_date_of_each_source() -> None:
    old, new = NOW - timedelta(days=900), NOW - timedelta(hours=1)
    assert judged_date(Tag("a", created=old, published=new), PUBLISHED, NOW) == new
    assert judged_date(Tag("a", created=new, published=old), PUBLISHED, NOW) == new
    assert judged_date(Tag("a", created=old), PUBLISHED, NOW) is None
    assert judged_date(Tag("a", created=old, published=new), DateSource.CREATED, NOW) == old
    assert judged_date(Tag("a", created=old), DateSource.BUILT, NOW) == old
    assert judged_date(Tag("a", created=old, published=new), DateSource.UNKNOWN, NOW) is None


def test_before_dates_are_valid_a_tag_is_as_old_as_its_image() -> None:
    imported, limit = NOW - timedelta(days=9), NOW - timedelta(days=8)
    old, pushed = NOW - timedelta(days=900), NOW - timedelta(days=7)

    def found(built: datetime | None, published: datetime) -> datetime | None:
        return judged_date(Tag("a", created=published, published=published, built=built), PUBLISHED, NOW, limit)

    assert found(old, imported) == old
    assert found(None, imported) is None
    assert found(datetime(1970, 1, 1, tzinfo=UTC), imported) is None
    assert found(NOW + timedelta(days=2), imported) is None
    # Nothing was pushed after the import that dated it, whatever its image says.
    assert found(NOW, imported) == imported
    assert found(old, pushed) == pushed
    assert found(old, limit) == limit
    both = Tag("a", created=pushed, published=imported, built=old)
    assert judged_date(both, PUBLISHED, NOW, limit) == old
    assert judged_date(both, DateSource.CREATED, NOW, limit) == pushed
    assert judged_date(both._replace(created=imported), DateSource.CREATED, NOW, limit) == old
    assert judged_date(both._replace(created=imported), DateSource.BUILT, NOW, limit) == imported
    decided = decide([both._replace(created=imported)], rules(keep_n=1, dates_valid_from=limit), PUBLISHED, NOW)
    assert decided[0].date == old
    young = Tag("a", created=imported, published=imported)
    assert age_reason(young, rules(min_age=30 * DAY, dates_valid_from=limit), PUBLISHED, NOW) is Reason.MIN_AGE
    assert age_reason(young, rules(min_age=DAY, dates_valid_from=limit), PUBLISHED, NOW) is None


CREATED = {"timestamp": Timestamp.CREATED}


@pytest.mark.parametrize(
    ("server", "changes", "source"),
    [
        ({"mode": Mode.DATABASE}, {"keep_n": 1}, DateSource.PUBLISHED),
        ({"mode": Mode.NO_DATABASE}, {"older_than": 1}, DateSource.BUILT),
        ({"mode": Mode.NO_DATABASE, "mode_doubt": "503"}, {"older_than": 1}, DateSource.UNKNOWN),
        ({"mode": Mode.NO_DATABASE, "mode_doubt": "503"}, {"keep_n": 1, **CREATED}, DateSource.UNKNOWN),
        ({"mode": Mode.NO_DATABASE, "mode_doubt": "503"}, {}, DateSource.NONE),
        ({"mode": Mode.UNKNOWN}, {"older_than": 1}, DateSource.UNKNOWN),
        ({"mode": Mode.UNKNOWN, "read_method": ReadMethod.REGISTRY}, {"older_than": 1}, DateSource.UNKNOWN),
        ({"mode": Mode.DATABASE, "read_method": ReadMethod.GRAPHQL}, {"keep_n": 1, **CREATED}, DateSource.CREATED),
        ({"mode": Mode.DATABASE, "read_method": ReadMethod.REST}, {"keep_n": 1, **CREATED}, DateSource.UNKNOWN),
        ({"mode": Mode.NO_DATABASE}, {"older_than": 1, **CREATED}, DateSource.CREATED),
        ({"mode": Mode.UNKNOWN, "read_method": ReadMethod.REGISTRY}, {"keep_n": 1, **CREATED}, DateSource.CREATED),
        ({"mode": Mode.DATABASE}, {}, DateSource.NONE),
    ],
)
def test_where_dates_come_from(server: dict[str, Any], changes: dict[str, Any], source: DateSource) -> None:
    assert date_source(ServerCapabilities(**server), rules(**changes)) is source


names = st.sampled_from(
    [
        *(
            "latest",
            SIGNATURE,
            "v1",
            "v1-foo",
            "v2",
            "main",
            "1.0.0",
            "v1.0.0",
            "v1.0.1-rc1",
            "v1.0.1",
            "v2.0.0",
            "24.1",
        ),
        *(f"dev-{number}" for number in range(9)),
    ]
)
dates = st.one_of(
    st.none(),
    st.sampled_from([datetime(1970, 1, 1, tzinfo=UTC), NOW, NOW - timedelta(days=30)]),
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 6, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
)
tag_lists = st.lists(
    st.builds(
        Tag,
        names,
        digest=st.sampled_from([None, "sha256:a", "sha256:b"]),
        created=dates,
        published=dates,
        protected=st.sampled_from([None, False, True]),
    ),
    unique_by=lambda found: found.name,
    max_size=15,
)
keep_n_per = st.lists(
    st.builds(
        KeepPerGroup,
        st.sampled_from(["day", "week", "month", "year", "major", "minor", "1"]),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(1, 3)),
    ),
    max_size=2,
).map(tuple)
single_rules = st.builds(
    rule,
    st.sampled_from(["(.*)", "(dev|x)-.*", "v([0-9]+)|v2", "(v.*|dev-1)"]),
    name=st.sampled_from(["a", "b"]),
    keep_all=st.sampled_from([False, False, False, True]),
    keep_n=st.integers(0, 4),
    keep_n_per=keep_n_per,
    older_than=st.one_of(st.none(), st.integers(1, 400 * DAY)),
    sort_by=st.sampled_from([SortBy.DATE, SortBy.DATE, *SortBy]),
    prereleases_apart=st.booleans(),
    prerelease_order=st.sampled_from(PrereleaseOrder),
    version_group=st.sampled_from([None, None, "1"]),
    count_images=st.booleans(),
)
policies = st.builds(
    Rules,
    st.lists(single_rules, min_size=1, max_size=3).map(tuple),
    allow_latest=st.booleans(),
    require_digest=st.booleans(),
    min_age=st.one_of(st.none(), st.none(), st.integers(1, 40 * DAY)),
)
sources = st.sampled_from([DateSource.PUBLISHED, DateSource.BUILT, DateSource.CREATED, DateSource.UNKNOWN])


def delete(decisions: list[Decision]) -> set[str]:
    return {decision.tag.name for decision in decisions if decision.delete}


@given(tag_lists, policies, sources)
def test_every_tag_has_one_decision_with_a_known_reason(tags: list[Tag], policy: Rules, source: DateSource) -> None:
    decisions = decide(tags, policy, source, NOW)
    assert [decision.tag for decision in decisions] == tags
    for decision in decisions:
        assert isinstance(decision.delete, bool)
        assert decision.delete is (decision.reason in DELETIONS)


def deciding(name: str, policy: Rules) -> Rule:
    """The first rule that matches."""
    return next(rule for rule in policy.rules if rule.match.match(name) is not Match.NONE)


@given(tag_lists, policies, sources)
def test_nothing_doubtful_ever_goes(tags: list[Tag], policy: Rules, source: DateSource) -> None:
    for decision in decide(tags, policy, source, NOW):
        if not decision.delete:
            continue
        rule = deciding(decision.tag.name, policy)
        assert decision.rule == rule.name
        assert not rule.keep_all
        assert not decision.tag.protected
        assert decision.tag.name != SIGNATURE
        assert decision.tag.name != "latest" or policy.allow_latest
        assert rule.match.match(decision.tag.name) is Match.SURE
        assert decision.tag.digest or not policy.need_digest(rule)
        text = rule.version_text(decision.tag.name)
        assert not rule.need_texts or text
        parse = parse_calver if rule.sort_by is SortBy.CALVER else parse_semver
        assert not rule.need_versions or (text and parse(text))
        if rule.need_dates or policy.min_age is not None:
            date = judged_date(decision.tag, source, NOW)
            assert date is not None
            assert decision.date == date
            assert date < NOW - timedelta(seconds=max(rule.older_than or 0, policy.min_age or 0))


@given(tag_lists, policies, sources)
def test_the_newest_candidates_of_a_rule_stay(tags: list[Tag], policy: Rules, source: DateSource) -> None:
    single = Rules((policy.rules[0]._replace(keep_n_per=(), sort_by=SortBy.DATE, prereleases_apart=False),))
    keep_n = single.rules[0].keep_n
    decisions = decide(tags, single, source, NOW)
    candidates = [decision for decision in decisions if decision.date is not None]
    kept = [decision.date for decision in candidates if not decision.delete]
    gone = [decision.date for decision in candidates if decision.delete]
    assert len(kept) >= min(keep_n, len(candidates))
    if gone and keep_n:
        newest = sorted((date for date in kept if date), reverse=True)[:keep_n]
        assert all(date is not None and date < min(newest) for date in gone)


@given(tag_lists, policies, sources, st.randoms(use_true_random=False))
def test_the_order_of_the_tags_does_not_matter(tags: list[Tag], policy: Rules, source: DateSource, random: Any) -> None:
    shuffled = list(tags)
    random.shuffle(shuffled)
    assert reasons(tags, policy, source) == reasons(shuffled, policy, source)


@given(tag_lists, policies, sources, st.integers(1, 100 * DAY))
def test_stricter_rules_never_delete_more(tags: list[Tag], policy: Rules, source: DateSource, more: int) -> None:
    before = delete(decide(tags, policy, source, NOW))
    first = policy.rules[0]
    stricter = [
        with_first(policy, keep_n=first.keep_n + 1),
        with_first(policy, older_than=(first.older_than or 0) + more),
        with_first(policy, keep_n_per=(*first.keep_n_per, KeepPerGroup("day"))),
        with_first(policy, keep_n_per=tuple(each._replace(keep_n=each.keep_n + 1) for each in first.keep_n_per)),
        with_first(policy, keep=compile_pattern("dev-[2-7]", "keep")),
        with_first(policy, keep_all=True),
        with_first(policy, count_images=True),
        replace(policy, min_age=(policy.min_age or 0) + more),
        replace(policy, protect=(compile_pattern("dev-[0-5]", "protect"),)),
        replace(policy, require_digest=True),
        replace(policy, allow_latest=False),
    ]
    for changed in stricter:
        assert delete(decide(tags, changed, source, NOW)) <= before


def with_first(policy: Rules, **changes: Any) -> Rules:
    return replace(policy, rules=(policy.rules[0]._replace(**changes), *policy.rules[1:]))


@given(tag_lists, policies, sources)
def test_what_stays_by_a_first_plan_stays_by_the_next(tags: list[Tag], policy: Rules, source: DateSource) -> None:
    gone = delete(decide(tags, policy, source, NOW))
    left = [found for found in tags if found.name not in gone]
    assert delete(decide(left, policy, source, NOW)) == set()


def test_a_label_is_asked_last_and_only_keeps() -> None:
    tags = [
        tag("undated", labels=(("x", ("1h",)),)),
        tag("newest", 1, labels=(("x", ("1h",)),)),
        tag("young", 5, labels=(("x", ("1h",)),)),
        tag("blind", 90, labels=(("x", ("1h",)),), digest=None),
        tag("unread", 90),
        tag("unlabelled", 90, labels=(("x", ()),)),
        tag("odd", 90, labels=(("x", ("never",)),)),
        tag("not yet", 90, labels=(("x", ("52w",)),)),
        tag("over", 90, labels=(("x", ("2w",)),)),
    ]
    found = {
        "undated": "unknown_date",
        "newest": "keep_n",
        "young": "too_young",
        "blind": "unknown_digest",
        "unread": "unknown_expiry",
        "unlabelled": "no_expiry_label",
        "odd": "unknown_expiry",
        "not yet": "label_not_expired",
        "over": "label_expired",
    }
    assert reasons(tags, rules(keep_n=1, older_than=30 * DAY, expires_label="x", require_digest=False)) == found
    aged = rules(keep_n=1, min_age=30 * DAY, expires_label="x", require_digest=False)
    assert reasons(tags, aged) == {**found, "young": "min_age"}
    # The label alone needs dates and digests as well.
    alone = rules(expires_label="x", require_digest=False)
    assert reasons(tags, alone) == {**found, "newest": "label_expired", "young": "label_expired"}
    assert alone.need_dates
    assert alone.has_ages
    assert alone.expiry_labels == {"x"}
    assert not rules(keep_n=1).expiry_labels
    # Without a clock nothing has expired.
    assert reasons(tags, alone, clock=None)["over"] == "unknown_expiry"
    # A rule is the business of its own tags.
    mixed = rules("over|odd", rule(".*"), expires_label="x")
    assert reasons(tags[5:], mixed) == {
        **{"unlabelled": "matched", "odd": "unknown_expiry", "not yet": "matched"},
        "over": "label_expired",
    }
