# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab's own cleanup would delete, and that doubts are told: the truth tables hold the rest."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import (
    JobStatus,
    Parameters,
    Prediction,
    ServerTag,
    TagPrediction,
    Verdict,
    candidates,
    exact_span,
    predict,
    server_tag,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty, Reason

SECOND = 10**9
DAY = 86400 * SECOND
NOW = 20_000 * DAY
FOREVER = float("inf")


def aged(name: str, days: float | None, protected: bool | None = False) -> ServerTag:
    return ServerTag(name, span=None if days is None else exact_span(int(NOW - days * DAY)), protected=protected)


def tag(name: str, verdict: Verdict, reason: Reason) -> TagPrediction:
    return TagPrediction(name, verdict=verdict, reason=reason)


def test_the_example_of_gitlabs_documentation() -> None:
    ages = {"latest": 0.1, "production-v44": 3, "production-v43": 6, "production-v42": 11}
    ages |= {"dev-v44": 2, "dev-v43": 5, "dev-v42": 10, "v44": 1, "v43": 12, "v42": 20}
    wanted = Parameters(name_regex=".*", name_regex_keep="production-.*", keep_n=1, older_than="7d")
    for mode in (Mode.DATABASE, Mode.NO_DATABASE):
        found = predict([aged(name, age) for name, age in ages.items()], wanted, mode, NOW)
        assert found.deletes == ["dev-v42", "v42", "v43"]
        assert (found.certainty, found.least, found.most) == (Certainty.EXACT, 3, 3)
        reasons = {tag.name: tag.reason.value for tag in found.tags}
        assert reasons["v44"] == "keep_n"
        assert reasons["dev-v43"] == "too_young"
        assert reasons["production-v42"] == "keep_pattern"
        assert reasons["latest"] == "latest"


def test_keep_n_is_counted_page_by_page_with_a_database() -> None:
    tags = [aged(f"a{number}", number) for number in range(1, 7)]
    wanted = Parameters(name_regex_delete=".*", keep_n=1)
    assert predict(tags, wanted, Mode.DATABASE, NOW, page_size=3).deletes == ["a2", "a3", "a5", "a6"]
    assert predict(tags, wanted, Mode.NO_DATABASE, NOW, page_size=3).deletes == ["a2", "a3", "a4", "a5", "a6"]


def test_more_than_a_run_may_delete_is_a_matter_of_chance() -> None:
    tags = [aged(f"t{number:03}", number) for number in range(300)]
    found = predict(tags, Parameters(name_regex_delete=".*", keep_n=5), Mode.NO_DATABASE, NOW)
    assert found.certainty == Certainty.UPPER_BOUND
    assert found.status == JobStatus.ERROR
    assert (len(found.deletes), found.least, found.most) == (295, 200, 200)
    assert "random sample of at most 205" in found.uncertainties[0]
    whole = predict(tags[:205], Parameters(name_regex_delete=".*", keep_n=5), Mode.NO_DATABASE, NOW)
    assert (whole.certainty, whole.status, whole.least, whole.most) == (Certainty.EXACT, JobStatus.SUCCESS, 200, 200)


def test_a_sample_may_hold_more_or_less_of_what_goes() -> None:
    tags = [aged(f"t{number:03}", number) for number in range(300)]
    found = predict(tags, Parameters(name_regex_delete=".*", older_than="150d"), Mode.NO_DATABASE, NOW)
    assert (len(found.deletes), found.least, found.most) == (149, 49, 149)
    found = predict(tags, Parameters(name_regex_delete=".*"), Mode.NO_DATABASE, NOW)
    assert (len(found.deletes), found.least, found.most) == (300, 200, 200)


def test_an_empty_sample_lets_nothing_go() -> None:
    wanted = Parameters(name_regex_delete=".*", keep_n=-200)
    found = predict([aged("a", 1), aged("b", 2)], wanted, Mode.NO_DATABASE, NOW)
    assert found.tags == tuple(tag(name, Verdict.KEPT, Reason.SAMPLED) for name in ("a", "b"))
    assert (found.certainty, found.status, found.least, found.most) == (Certainty.EXACT, JobStatus.ERROR, 0, 0)


def test_equal_dates_at_the_edge_are_a_matter_of_chance_but_not_their_number() -> None:
    tags = [aged("new", 1), aged("same1", 2), aged("same2", 2), aged("old", 3)]
    found = predict(tags, Parameters(name_regex_delete=".*", keep_n=2), Mode.DATABASE, NOW)
    assert found.deletes == ["old", "same1", "same2"]
    assert (found.certainty, found.least, found.most) == (Certainty.UPPER_BOUND, 2, 2)


def test_of_equal_dates_a_protected_tag_may_be_the_one_that_keep_n_keeps() -> None:
    tags = [aged("a", 2, True), aged("b", 2)]
    found = predict(tags, Parameters(name_regex_delete=".*", keep_n=1), Mode.DATABASE, NOW)
    assert [(tag.verdict, tag.reason) for tag in found.tags] == [
        (Verdict.KEPT, Reason.GITLAB_PROTECTED),
        (Verdict.POSSIBLE, Reason.TIED),
    ]
    assert (found.certainty, found.least, found.most) == (Certainty.UPPER_BOUND, 0, 1)
    assert found.uncertainties == ("1 tag has a date too close to another date to know which of the tags keep_n keeps",)
    found = predict(tags, Parameters(name_regex_delete=".*", keep_n=2), Mode.DATABASE, NOW)
    assert (found.least, found.most) == (0, 0)


EDGE = NOW - 7 * DAY


@pytest.mark.parametrize(
    ("span", "protected", "verdict"),
    [
        (exact_span(EDGE - 1), False, (Verdict.DELETED, Reason.EXPIRED)),
        (exact_span(EDGE), False, (Verdict.KEPT, Reason.TOO_YOUNG)),
        ((EDGE - 5, EDGE - 1), False, (Verdict.DELETED, Reason.EXPIRED)),
        ((EDGE - 5, EDGE), False, (Verdict.POSSIBLE, Reason.NEAR_CUTOFF)),
        ((EDGE - 5, FOREVER), False, (Verdict.POSSIBLE, Reason.UNSEEN_DATE)),
        (None, False, (Verdict.KEPT, Reason.UNKNOWN_DATE)),
        (exact_span(EDGE - 1), True, (Verdict.KEPT, Reason.GITLAB_PROTECTED)),
        (exact_span(EDGE - 1), None, (Verdict.POSSIBLE, Reason.UNSEEN_PROTECTION)),
        ((EDGE - 5, EDGE), True, (Verdict.KEPT, Reason.GITLAB_PROTECTED)),
    ],
)
def test_a_tag_at_the_edge_of_its_age(
    span: tuple[float, float] | None, protected: bool | None, verdict: tuple[Verdict, Reason]
) -> None:
    wanted = Parameters(name_regex_delete=".*", older_than="7d")
    (found,) = predict([ServerTag("a", span=span, protected=protected)], wanted, Mode.DATABASE, NOW).tags
    assert (found.name, found.verdict, found.reason) == ("a", *verdict)


def test_a_tag_that_is_as_old_as_the_limit_to_the_nanosecond_is_not_counted() -> None:
    wanted = Parameters(name_regex_delete=".*", older_than="7d")
    found = predict(
        [ServerTag("a", exact_span(EDGE)), ServerTag("b", exact_span(EDGE - 1))], wanted, Mode.DATABASE, NOW
    )
    assert (found.deletes, found.least, found.most) == (["b"], 1, 1)


def test_a_tag_of_unseen_date_may_be_the_one_that_keep_n_keeps() -> None:
    wanted = Parameters(name_regex_delete=".*", keep_n=1)
    found = predict([aged("known", 5), ServerTag("unseen", (NOW - 100 * DAY, FOREVER))], wanted, Mode.DATABASE, NOW)
    assert [(tag.verdict, tag.reason) for tag in found.tags] == [
        (Verdict.POSSIBLE, Reason.TIED),
        (Verdict.POSSIBLE, Reason.UNSEEN_DATE),
    ]


def test_without_dates_a_tag_goes_by_its_name() -> None:
    found = predict([aged("a", 1), aged("b", 1)], Parameters(name_regex_delete="a"), Mode.DATABASE, NOW)
    assert found.tags == (
        tag("a", Verdict.DELETED, Reason.MATCHED),
        tag("b", Verdict.KEPT, Reason.NO_MATCH),
    )


def test_a_registry_of_unknown_kind_may_delete_what_the_patterns_choose() -> None:
    wanted = Parameters(name_regex_delete="a.*", name_regex_keep="a2", keep_n=1)
    tags = [aged(name, 1) for name in ("a1", "a2", "a3", "b", "latest")]
    assert predict(tags, wanted, Mode.UNKNOWN, NOW) == Prediction(
        (
            tag("a1", Verdict.POSSIBLE, Reason.UNSEEN_REGISTRY),
            tag("a2", Verdict.KEPT, Reason.KEEP_PATTERN),
            tag("a3", Verdict.POSSIBLE, Reason.UNSEEN_REGISTRY),
            tag("b", Verdict.KEPT, Reason.NO_MATCH),
            tag("latest", Verdict.KEPT, Reason.LATEST),
        ),
        least=0,
        most=2,
        certainty=Certainty.UNKNOWN,
        uncertainties=("2 tags match, and it is unknown which of GitLab's two algorithms decides about them",),
    )
    assert predict(tags[3:], wanted, Mode.UNKNOWN, NOW) == Prediction(
        (
            tag("b", Verdict.KEPT, Reason.NO_MATCH),
            tag("latest", Verdict.KEPT, Reason.LATEST),
        ),
        least=0,
        most=0,
    )


def test_only_what_the_patterns_leave_in_play_is_a_candidate() -> None:
    wanted = Parameters(name_regex_delete="a.*", name_regex_keep="a2")
    assert [name for name in ("a1", "a2", "b", "latest") if candidates(wanted)(name)] == ["a1"]
    for pattern in ("(", None):
        delete = candidates(Parameters(name_regex_delete=pattern))
        assert [delete(name) for name in ("a1", "(")] == [False, False]


WHOLE = datetime(2026, 6, 1, 12, tzinfo=UTC)
FINE = WHOLE.replace(microsecond=123000)
START = 1_780_315_200 * SECOND


@pytest.mark.parametrize(
    ("tag", "mode", "span"),
    [
        (Tag("a", published=WHOLE), Mode.DATABASE, (START, START + SECOND - 1)),
        (Tag("a", published=FINE), Mode.DATABASE, (START + 123 * 10**6, START + 124 * 10**6 - 1)),
        (Tag("a", published=WHOLE, created=FINE), Mode.DATABASE, (START, START + SECOND - 1)),
        (Tag("a", created=WHOLE), Mode.DATABASE, (START, FOREVER)),
        (Tag("a"), Mode.DATABASE, (-FOREVER, FOREVER)),
        (Tag("a", created=WHOLE), Mode.NO_DATABASE, (START, START + SECOND - 1)),
        (Tag("a", created=WHOLE, published=FINE), Mode.NO_DATABASE, (START, START + SECOND - 1)),
        (Tag("a", details_read=True), Mode.NO_DATABASE, None),
        (Tag("a", details_read=True, error="no"), Mode.NO_DATABASE, (-FOREVER, FOREVER)),
        (Tag("a"), Mode.NO_DATABASE, (-FOREVER, FOREVER)),
        (Tag("a", error="no"), Mode.NO_DATABASE, (-FOREVER, FOREVER)),
    ],
)
def test_a_shown_date_is_the_first_of_those_it_may_be(tag: Tag, mode: Mode, span: tuple[float, float] | None) -> None:
    assert server_tag(tag, mode, rules=False, binding=True) == ServerTag("a", span=span, protected=False)


@pytest.mark.parametrize(
    ("protected", "rules", "binding", "known"),
    [
        (True, True, True, True),
        (True, True, False, None),
        (True, False, False, None),
        (False, True, True, False),
        (False, True, False, False),
        (None, True, True, None),
        (None, True, False, None),
        (None, False, True, False),
        (None, False, False, False),
    ],
)
def test_what_protects_a_tag_from_gitlabs_cleanup(
    protected: bool | None, rules: bool, binding: bool, known: bool | None
) -> None:
    tag = Tag("a", published=WHOLE, protected=protected)
    found = server_tag(tag, Mode.DATABASE, rules=rules, binding=binding)
    assert (found.protected, type(found.protected)) == (known, type(known))


def test_a_date_that_is_not_shown_leaves_the_outcome_unknown() -> None:
    first_push = ServerTag("moved", (NOW - 100 * DAY, FOREVER))
    wanted = Parameters(name_regex_delete=".*", older_than="7d")
    found = predict([first_push, aged("old", 20), aged("young", 1)], wanted, Mode.DATABASE, NOW)
    assert found.deletes == ["moved", "old"]
    assert (found.certainty, found.least, found.most) == (Certainty.UNKNOWN, 1, 2)
    assert found.uncertainties == ("1 tag has a date that GitLab uses and does not show here",)


def test_protection_that_can_not_be_read_leaves_an_upper_bound() -> None:
    tags = [aged("safe", 20, True), aged("perhaps", 20, None), aged("gone", 20)]
    found = predict(tags, Parameters(name_regex_delete=".*", older_than="7d"), Mode.DATABASE, NOW)
    assert {tag.name: tag.verdict for tag in found.tags}["safe"] == Verdict.KEPT
    assert (found.deletes, found.certainty, found.least, found.most) == (
        ["gone", "perhaps"],
        Certainty.UPPER_BOUND,
        1,
        2,
    )


@pytest.mark.parametrize(
    ("wanted", "status", "message"),
    [
        (Parameters(name_regex_delete="("), JobStatus.ERROR, "invalid regex"),
        (Parameters(name_regex_delete=".*", name_regex_keep="(?!a)"), JobStatus.ERROR, "invalid regex"),
        (Parameters(name_regex_delete=".*", keep_n=-201), JobStatus.EXCEPTION, "negative sample number"),
    ],
)
def test_a_job_that_fails_deletes_nothing(wanted: Parameters, status: JobStatus, message: str) -> None:
    found = predict([aged("a", 100)], wanted, Mode.NO_DATABASE, NOW)
    told = (tag("a", Verdict.KEPT, Reason.CLEANUP_FAILS),)
    assert found == Prediction(told, least=0, most=0, status=status, message=message)


@pytest.mark.parametrize("older_than", ["1mon", "", "0", "1 day", "30", "1m", "two weeks"])
def test_an_age_that_is_not_known_here_is_no_guess(older_than: str) -> None:
    wanted = Parameters(name_regex_delete="a.*", keep_n=1, older_than=older_than)
    assert predict([aged("a1", 100), aged("a2", 1), aged("b", 1)], wanted, Mode.DATABASE, NOW) == Prediction(
        (
            tag("a1", Verdict.POSSIBLE, Reason.UNSEEN_AGE),
            tag("a2", Verdict.POSSIBLE, Reason.UNSEEN_AGE),
            tag("b", Verdict.KEPT, Reason.NO_MATCH),
        ),
        least=0,
        most=2,
        certainty=Certainty.UNKNOWN,
        uncertainties=("2 tags match, and it is unknown which of them are older than older_than for GitLab",),
    )


def test_only_a_registry_without_a_database_stumbles_over_a_negative_sample() -> None:
    wanted = Parameters(name_regex_delete=".*", keep_n=-201)
    found = predict([], wanted, Mode.NO_DATABASE, NOW)
    assert (found.status, found.message) == (JobStatus.EXCEPTION, "negative sample number")
    assert predict([aged("a", 1)], wanted, Mode.DATABASE, NOW).deletes == ["a"]


names = st.lists(st.text("abv12.-", min_size=1, max_size=4), unique=True, max_size=14)
spans = st.one_of(
    st.none(),
    st.integers(0, 9).map(lambda days: exact_span(NOW - days * DAY)),
    st.integers(0, 9).map(lambda days: (NOW - days * DAY, NOW - days * DAY + SECOND)),
    st.integers(0, 9).map(lambda days: (NOW - days * DAY, FOREVER)),
    st.just((-FOREVER, FOREVER)),
)


def real_date(span: tuple[float, float] | None, chance: random.Random) -> int | None:
    """A date that the server may really have for what was seen."""
    if span is None:
        return None
    low, high = max(span[0], NOW - 12 * DAY), min(span[1], NOW + DAY)
    return chance.choice([int(low), int(high), chance.randint(int(low), int(high))])


def really(
    dates: dict[str, int | None],
    protected: set[str],
    wanted: Parameters,
    mode: Mode,
    page_size: int,
    max_list_size: int,
    chance: random.Random,
) -> set[str]:
    """The server's steps, straight as they are told, with every free choice left to chance."""
    listed = sorted(dates)
    pages = [listed[start : start + page_size] for start in range(0, len(listed), page_size)]
    gone: set[str] = set()
    for page in pages if mode == Mode.DATABASE else [listed]:
        rest = [name for name in page if name != "latest" and re.search(r"\A" + str(wanted.name_regex) + r"\Z", name)]
        keep_n = wanted.keep_n or 0
        if mode == Mode.NO_DATABASE and len(rest) > max_list_size + keep_n:
            rest = chance.sample(rest, max_list_size + keep_n)
        chance.shuffle(rest)
        by_age = sorted(rest, key=lambda name: dates[name] or NOW, reverse=True)
        rest = by_age[max(0, keep_n) :]
        if wanted.older_than:
            cutoff = NOW - int(wanted.older_than[:-1]) * DAY
            rest = [name for name in rest if dates[name] is not None and dates[name] < cutoff]  # type: ignore[operator]
        gone |= set(rest) - protected
    return gone


@given(
    names,
    st.data(),
    st.sampled_from(["a.*", ".*", "a|b", "v1|v2|.*-.*"]),
    st.one_of(st.none(), st.integers(-2, 6)),
    st.sampled_from([None, "1d", "4d"]),
    st.sampled_from([Mode.DATABASE, Mode.NO_DATABASE]),
    st.integers(1, 6),
    st.integers(2, 8),
    st.randoms(use_true_random=False),
)
def test_whatever_happens_was_predicted(
    listed: list[str],
    data: st.DataObject,
    pattern: str,
    keep_n: int | None,
    older_than: str | None,
    mode: Mode,
    page_size: int,
    max_list_size: int,
    chance: random.Random,
) -> None:
    tags = [
        ServerTag(
            name, span=data.draw(spans, label=name), protected=data.draw(st.sampled_from([False, False, True, None]))
        )
        for name in listed
    ]
    wanted = Parameters(name_regex=pattern, keep_n=keep_n, older_than=older_than)
    found = predict(tags, wanted, mode, NOW, page_size=page_size, max_list_size=max_list_size)
    assert found.status != JobStatus.EXCEPTION
    for _attempt in range(5):
        dates = {tag.name: real_date(tag.span, chance) for tag in tags}
        protected = {tag.name for tag in tags if tag.protected or (tag.protected is None and chance.random() < 0.5)}
        gone = really(dates, protected, wanted, mode, page_size, max_list_size, chance)
        check(found, gone)


def check(found: Prediction, gone: set[str]) -> None:
    # A plan of it can be read again: its reader goes by this.
    for each in found.tags:
        kept = each.verdict is Verdict.KEPT
        assert each.reason.deletes is not kept or each.reason is Reason.SAMPLED, each
    sure = {tag.name for tag in found.tags if tag.verdict is Verdict.DELETED}
    assert sure <= gone <= set(found.deletes)
    assert found.least <= len(gone) <= found.most
    if found.certainty == Certainty.EXACT:
        assert gone == sure
        assert found.least == found.most
