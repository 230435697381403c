# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A report as Markdown, for a merge request, an approval or a log. Pure.

GitLab takes at most a million characters, and others less.
"""

from __future__ import annotations

import heapq
import itertools
import typing as t
from collections import Counter

from .._core.models import format_time
from .._core.words import counted
from .._usage.ages import AGES
from .._usage.figures import Figures
from .changes import change, changed_projects, recounted
from .groups import groups
from .labels import (
    AGE_LABELS,
    DATE_LABELS,
    METHOD_LABELS,
    ON_BYTES,
    ON_MANIFESTS,
    headline,
    is_preview,
    older_than_90_days,
    projects_label,
)
from .markdown_elements import Lines, code, cut, fitting, folded, length_of, table, titled_list
from .markdown_repositories import deleted_repositories
from .model import Report, ReportHead, RepositoryReport, TagReport
from .outcomes import OUTCOMES, counted_outcomes, number_undeleted, planned_outcomes, undeleted
from .set_options import MOST_OPTIONS, set_options
from .words import UNKNOWN, bytes_between, bytes_in_words, cost, money_between, money_in_words

LONGEST = 100_000
# In which whoever sees the beginning alone finds the totals and warnings.
_HEAD = 4_000
_LARGEST = 20
_GROUPS = 10
_LISTED = 50
_TAGS = 500
_REMOVALS = 200
_LONGEST_SENTENCE = 300
# So that there is room for the first warnings.
_NAME_IN_HEAD = 100
# Kept for what is left out, and where it is.
_ROOM_FOR_THE_END = 2_000


def markdown(report: Report, rest: t.Sequence[str] = ()) -> str:
    """The text.

    Args:
        report: what to show.
        rest: where all of it is: paths and addresses.
    """
    passed = _Passed.over(report)
    text = _head(report, passed)
    first, others = fitting(_warnings(report), _HEAD - length_of(text))
    text += titled_list("Warnings", first, len(first) + len(others))
    sections = [
        titled_list("More warnings", others[:_LISTED], len(others)),
        _not_deleted(report),
        _notes(report.head),
        deleted_repositories(report, passed.removals),
        *_all_reasons(report, passed),
        _matches(report.head),
        _comparison(report),
        _groups(report),
        _repositories(report, passed),
        _projects(report),
        _listed("Anyone can pull", [each.path for each in report.projects if each.exposed_to == "anyone"]),
        _with_policy(report, "No cleanup policy", "none"),
        _with_policy(report, "Cleanup policy disabled", "disabled"),
        _unread(report.head),
        _run(report.head),
        _options(report.head),
        _deletions(report, passed),
    ]
    for section in sections:
        text += cut(section, LONGEST - _ROOM_FOR_THE_END - length_of(text))
    return "\n".join([*text, *_end(report, passed, rest)]) + "\n"


class _Dated(t.NamedTuple):
    """The oldest or the newest tag of all: when it is from, its repository, and its name if that is known."""

    date: str
    repository: str
    tag: str | None


class _Passed(t.NamedTuple):
    """What is kept of all repositories.

    Args:
        largest: the largest repositories.
        reasons: number of tags to delete, by reason.
        kept: number of tags that are kept, by reason.
        deletions: the first tags to delete, with their repositories.
        removals: the first repositories to delete as a whole.
        whole_reasons: number of repositories to delete as a whole, by reason.
        whole_kept: number of repositories that are kept as a whole, by reason.
        dated: the oldest and the newest tag; None where no date is known.
    """

    largest: list[RepositoryReport]
    reasons: Counter[str]
    kept: Counter[str]
    deletions: list[tuple[RepositoryReport, TagReport]]
    removals: list[RepositoryReport]
    whole_reasons: Counter[str]
    whole_kept: Counter[str]
    dated: tuple[_Dated | None, _Dated | None]

    @classmethod
    def over(cls, report: Report) -> _Passed:
        """Go through all repositories once."""
        passed = cls(
            largest=[],
            reasons=Counter(),
            kept=Counter(),
            deletions=[],
            removals=[],
            whole_reasons=Counter(),
            whole_kept=Counter(),
            dated=(None, None),
        )
        oldest, newest = report.total.oldest_tag_at, report.total.newest_tag_at
        first: _Dated | None = None
        last: _Dated | None = None
        heap: list[tuple[tuple[int, int, str], int, RepositoryReport]] = []
        for number, repository in enumerate(report.repositories()):
            size = repository.figures.bytes
            key = (-1 if size is None else size, repository.figures.tags or 0, repository.path)
            heapq.heappush(heap, (key, number, repository._replace(tags=None)))
            if len(heap) > _LARGEST:
                heapq.heappop(heap)
            if oldest and not first and repository.figures.oldest_tag_at == oldest:
                first = _dated(repository, format_time(oldest))
            if newest and not last and repository.figures.newest_tag_at == newest:
                last = _dated(repository, format_time(newest))
            if repository.whole and repository.whole.action != "delete":
                passed.whole_kept[repository.whole.reason] += 1
            elif repository.whole:
                passed.whole_reasons[repository.whole.reason] += 1
                if len(passed.removals) < _REMOVALS:
                    passed.removals.append(repository._replace(tags=None))
            for tag in repository.tags or ():
                if tag.action == "keep":
                    passed.kept[tag.reason or "unknown"] += 1
                if tag.action == "delete":
                    passed.reasons[tag.reason or "unknown"] += 1
                    if len(passed.deletions) < _TAGS:
                        passed.deletions.append((repository._replace(tags=None), tag))
        passed.largest.extend(repository for _key, _number, repository in sorted(heap, reverse=True))
        return passed._replace(dated=(first, last))


def _dated(repository: RepositoryReport, date: str | None) -> _Dated:
    name = next((tag.name for tag in repository.tags or () if tag.date == date), None)
    return _Dated(date or "", repository.path, tag=name)


def _head(report: Report, passed: _Passed) -> Lines:
    head = report.head
    lines = [f"# Container registry report of {code(head.server, 200)}", "", f"**{headline(report)}**", ""]
    if head.message:
        lines += [code(head.message, _LONGEST_SENTENCE), ""]
    rows = [*_scope(report), *_totals(report, passed), *_plan(report)]
    return [*lines, *table(("", "of all repositories"), rows), "", f"{ON_BYTES} {ON_MANIFESTS}", ""]


def _warnings(report: Report) -> Lines:
    unread = counted(report.repositories_unread, "repository", "repositories")
    return [
        *(f"Nothing is deleted: {code(each, _LONGEST_SENTENCE)}" for each in report.head.refusals),
        *([f"Not everything of {unread} could be read."] if report.repositories_unread else []),
        *(code(each, _LONGEST_SENTENCE) for each in report.head.warnings),
    ]


def _notes(head: ReportHead) -> Lines:
    return titled_list("Notes", [code(each, _LONGEST_SENTENCE) for each in head.notes[:_LISTED]], len(head.notes))


def _scope(report: Report) -> t.Iterator[tuple[str, str]]:
    head = report.head
    yield "scope", code(head.scope)
    yield "time of the server", code(head.clock)
    yield (
        "dates of tags",
        ", ".join(DATE_LABELS.get(each) or code(each, _NAME_IN_HEAD) for each in head.date_sources) or "–",
    )
    # Without the time of the server, nothing was read.
    repositories = f"{report.repositories_count} ({report.repositories_unread} unread)"
    yield projects_label(report), str(len(report.projects)) if head.clock else UNKNOWN
    yield "repositories", repositories if head.clock else UNKNOWN
    yield "registries that anyone can pull from", _count_of([each.exposed_to for each in report.projects], "anyone")
    states = [each.policy_state for each in report.projects]
    disabled = f", and {states.count('disabled')} with one that is disabled" if "disabled" in states else ""
    yield "projects without a cleanup policy", _count_of(states, "none") + disabled


def _count_of(values: t.Sequence[str], wanted: str) -> str:
    unknown = values.count("unknown")
    if not values or unknown == len(values):
        return UNKNOWN
    return f"{values.count(wanted)}{f', and {unknown} unknown' if unknown else ''}"


def _totals(report: Report, passed: _Passed) -> t.Iterator[tuple[str, str]]:
    total, price = report.total, report.head.price_per_gib_month
    yield "tags", _number(total.tags)
    yield "bytes", _exact_bytes(total)
    if price is not None:
        yield "cost a month", f"{money_in_words(cost(total.bytes, price))}, at {price:g} per GiB"
    yield from zip(("oldest tag", "newest tag"), map(_dated_cell, passed.dated))
    if total.tags_by_age is None:
        yield "tags by age", UNKNOWN
        return
    for age, tags, size in zip(AGES, total.tags_by_age, total.bytes_by_age or (None,) * len(AGES)):
        yield f"tags of age {AGE_LABELS[age]}", f"{tags} ({bytes_in_words(size)})"
    tags_of_old, size = older_than_90_days(total)
    yield "tags older than 90 days", f"{_number(tags_of_old)} ({bytes_in_words(size)})"


def _dated_cell(dated: _Dated | None) -> str:
    if dated is None:
        return UNKNOWN
    tag = code(dated.tag, _NAME_IN_HEAD) if dated.tag else ""
    return " ".join(filter(None, [code(dated.date), tag, f"in {code(dated.repository, _NAME_IN_HEAD)}"]))


def _plan(report: Report) -> t.Iterator[tuple[str, str]]:
    head, total = report.head, report.total
    if total.delete is None and total.keep is None:
        return
    words = "that would be" if is_preview(report) else "planned to be"
    outcomes = [(f"of these, {what}", str(count)) for what, count in counted_outcomes(report)]
    if report.removals is None:
        yield f"tags {words} deleted", _number(total.delete)
        yield from outcomes
        yield f"tags {words} kept", _number(total.keep)
    else:
        yield f"repositories {words} deleted", _number(report.removals)
        yield from outcomes
        yield f"tags {words} deleted with them", _number(total.delete)
    if head.each_run:
        yield "each run of the plan", head.each_run
    yield f"space {words} freed by garbage collection", bytes_between(*total.freed)
    price = head.price_per_gib_month
    if price is not None:
        yield f"cost a month {words} saved", money_between(*(cost(each, price) for each in total.freed))
    yield "fingerprint of the plan", code(head.fingerprint, _NAME_IN_HEAD)
    if head.plan_place:
        yield "place of the plan", code(head.plan_place, 200)


def _number(number: int | None) -> str:
    return UNKNOWN if number is None else str(number)


def _exact_bytes(figures: Figures) -> str:
    if figures.bytes is None:
        return UNKNOWN
    method = METHOD_LABELS[figures.bytes_method.value]
    # Below 1 KiB the words are the number.
    words = [bytes_in_words(figures.bytes)] if figures.bytes >= 1024 else []
    return f"{figures.bytes} ({', '.join([*words, method])})"


def _freed(figures: Figures) -> str:
    return bytes_between(*figures.freed)


def _all_reasons(report: Report, passed: _Passed) -> tuple[Lines, Lines]:
    """Why what the plan is about, tags or whole repositories, is deleted or kept."""
    title = "Would be deleted" if is_preview(report) else "Planned to be deleted"
    if report.removals is None:
        return _reasons(title, passed.reasons), _reasons("Kept", passed.kept)
    deleted, kept = passed.whole_reasons, passed.whole_kept
    return _reasons(title, deleted, "repositories"), _reasons("Kept", kept, "repositories")


def _reasons(title: str, reasons: Counter[str], of: str = "tags") -> Lines:
    if not reasons:
        return []
    rows = [(code(reason), str(count)) for reason, count in reasons.most_common(_LISTED)]
    return [f"## {title}, by reason", "", *table(("reason", of), rows), ""]


def _matches(head: ReportHead) -> Lines:
    """What the entries of options match."""
    matches = [
        f"{code(str(row.get('entry')))} of {code(str(row.get('option')))} matches {code(str(row.get('matched')))}"
        for row in head.matches[:_LISTED]
    ]
    return titled_list("Entries and what they match", matches, len(head.matches))


def _options(head: ReportHead) -> Lines:
    """By which options the plan was made."""
    given = set_options(head.rules)
    if not given:
        return []
    lines = [f"- {code(each.name)} {code(each.text, _LONGEST_SENTENCE)}" for each in given[:MOST_OPTIONS]]
    more = [f"- ... and {len(given) - MOST_OPTIONS:,} more"] if given[MOST_OPTIONS:] else []
    return [
        "## Options of the plan",
        "",
        *folded(counted(len(given), "that was set", "that were set"), [*lines, *more]),
    ]


def _comparison(report: Report) -> Lines:
    if report.before is None:
        return []
    changed = changed_projects(report)
    pairs = [
        ("all", report.before, report.total),
        *((code(each.path), before, each.figures) for each, before in changed[:_LARGEST]),
    ]
    planned = any(before.delete is not None for _name, before, _now in pairs)
    rows = [(name, *_difference(before, now, planned=planned)) for name, before, now in pairs]
    header = ("project", "tags then", "change in tags", "bytes then", "change in bytes")
    more = len(changed) - _LARGEST
    return [
        f"## Since {code(report.head.compared_with)}",
        "",
        *([recounted(report), ""] if recounted(report) else []),
        *table((*header, *(["was to be freed"] if planned else [])), rows),
        *(["", f"... and {counted(more, 'more project')} that changed less"] if more > 0 else []),
        "",
    ]


def _difference(before: Figures, now: Figures, *, planned: bool) -> tuple[str, ...]:
    more = change(before, now)
    return (
        _number(before.tags),
        UNKNOWN if more.tags is None else _signed(more.tags, str(abs(more.tags))),
        bytes_in_words(before.bytes),
        _not_compared(before, now) if more.bytes is None else _signed(more.bytes, bytes_in_words(abs(more.bytes))),
        *(["–" if before.delete is None else _freed(before)] if planned else []),
    )


def _not_compared(before: Figures, now: Figures) -> str:
    return UNKNOWN if None in (before.bytes, now.bytes) else "not compared"


def _signed(number: int, words: str) -> str:
    return f"{'+' if number > 0 else '-' if number < 0 else ''}{words}"


def _groups(report: Report) -> Lines:
    found = groups(report.projects)
    if not found:
        return []
    rows = [
        (
            code(each.label),
            bytes_in_words(each.bytes)
            + (f", and {each.unknown} of unknown size" if each.unknown and each.bytes is not None else ""),
            _number(each.tags),
            str(each.projects),
        )
        for each in found[:_GROUPS]
    ]
    return [_largest(len(rows), len(found), "group"), "", *table(("group", "bytes", "tags", "projects"), rows), ""]


def _repositories(report: Report, passed: _Passed) -> Lines:
    if not passed.largest:
        return []
    price = report.head.price_per_gib_month
    planned = ("would delete", "would free") if is_preview(report) else ("planned", "freed")
    header = ("repository", "bytes", "tags", "oldest tag", *planned)
    rows = [
        (
            code(each.path),
            bytes_in_words(each.figures.bytes),
            _number(each.figures.tags),
            code(format_time(each.figures.oldest_tag_at)),
            "–" if each.figures.delete is None else str(each.figures.delete),
            "–" if each.figures.delete is None else _freed(each.figures),
            *([money_in_words(cost(each.figures.bytes, price))] if price is not None else []),
        )
        for each in passed.largest
    ]
    title = _largest(len(rows), report.repositories_count, "repository", "repositories")
    return [title, "", *table((*header, *(["cost a month"] if price is not None else [])), rows), ""]


def _projects(report: Report) -> Lines:
    if not report.projects:
        return []
    unknown_last = sorted(report.projects, key=lambda each: (-(each.figures.bytes or -1), each.path))
    header = ("project", "bytes", "tags", "repositories", "who can pull", "cleanup policy", "last tag")
    rows = [
        (
            code(each.path),
            bytes_in_words(each.figures.bytes),
            _number(each.figures.tags),
            _number(each.repositories),
            code(each.exposed_to),
            code(each.policy_state),
            code(format_time(each.figures.newest_tag_at)),
        )
        for each in unknown_last[:_LARGEST]
    ]
    return [_largest(len(rows), len(report.projects), "project"), "", *table(header, rows), ""]


def _largest(shown: int, number: int, word: str, words: str = "") -> str:
    """The title of a table that begins with the largest."""
    every = counted(number, word, words)
    if shown < number:
        return f"## The {shown} largest of {every}"
    return f"## {every}{', largest first' if number > 1 else ''}"


def _with_policy(report: Report, title: str, state: str) -> Lines:
    return _listed(title, [each.path for each in report.projects if each.policy_state == state])


def _unread(head: ReportHead) -> Lines:
    texts = [f"{code(path)}: {code(error, _LONGEST_SENTENCE)}" for path, error in head.unread[:_LISTED]]
    return titled_list("Not read", texts, len(head.unread))


def _run(head: ReportHead) -> Lines:
    rows = [f"{code(name, 60)}: {code(value, 200)}" for name, value in sorted(head.run_by.items())]
    return titled_list("Run by", rows[:_LARGEST], len(rows))


def _listed(title: str, paths: t.Sequence[str]) -> Lines:
    return titled_list(title, [code(path) for path in paths[:_LISTED]], len(paths))


def _not_deleted(report: Report) -> Lines:
    rows = undeleted(report, _LISTED)
    texts = [f"{code(place)} {what}{f': {code(why, _LONGEST_SENTENCE)}' if why else ''}" for place, what, why in rows]
    return titled_list("Not deleted, or unknown", texts, number_undeleted(planned_outcomes(report)))


def _deletions(report: Report, passed: _Passed) -> Lines:
    if not passed.deletions:
        return []
    title = "## Tags that would be deleted" if is_preview(report) else "## Tags planned to be deleted"
    lines: Lines = []
    for path, entries in itertools.groupby(passed.deletions, key=lambda each: each[0].path):
        lines += [f"- {code(path)}", *(f"  - {_deletion(tag)}" for _repository, tag in entries)]
    number = sum(passed.reasons.values())
    some = len(passed.deletions) < number
    summary = f"The first {len(passed.deletions):,} of {counted(number, 'tag')}" if some else counted(number, "tag")
    return [title, "", *folded(summary, lines)]


def _deletion(tag: TagReport) -> str:
    rule = f" of rule {code(tag.named_rule)}" if tag.named_rule else ""
    rule += f", {OUTCOMES[tag.outcome]}" if tag.outcome else ""
    return f"{code(tag.name)} {code(tag.date or tag.digest)} {code(tag.reason)}{rule}"


def _end(report: Report, passed: _Passed, rest: t.Sequence[str]) -> Lines:
    total = sum(passed.reasons.values())
    left = [f"{counted(total - len(passed.deletions), 'more tag')} to delete"] if total > len(passed.deletions) else []
    places = [*([report.head.plan_place] if report.head.plan_place else []), *rest]
    where = ", ".join(code(place, 200) for place in places[:6])
    if not where:
        return [f"Not shown here: {left[0]}."] if left else []
    shown = f" Not shown here: {left[0]}." if left else ""
    return [f"All of it: {where}.{shown}"]
