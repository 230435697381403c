# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A report as Markdown, for a merge request, an approval or a log. Pure.

GitLab takes at most a million characters, and others less. Names and messages stand in code spans, in which GitLab
finds no mention, link, HTML or quick action.
"""

from __future__ import annotations

import heapq
import itertools
import json
import typing as t
from collections import Counter

from .._core.models import format_time
from .._usage.ages import AGES
from .._usage.figures import Figures
from .model import ProjectReport, Report, ReportHead, RepositoryReport, TagReport
from .words import bytes_in_words, cost

LONGEST = 100_000
# In which whoever sees the beginning alone finds the totals and warnings.
_HEAD = 4_000
_LARGEST = 20
_LISTED = 50
_TAGS = 500
_LONGEST_NAME = 400
_LONGEST_SENTENCE = 300
# Kept for what is left out, and where it is.
_ROOM_FOR_THE_END = 2_000
_ROOM_FOR_A_TITLE = 60
_UNKNOWN = "unknown"
_FOLD, _FOLD_END = "<details>", "</details>"
_ON_BYTES = (
    "Bytes are freed by the next garbage collection. Repositories share storage, so that their sum may be more than "
    "the total."
)

_Lines = list[str]


def markdown(report: Report, rest: t.Sequence[str] = ()) -> str:
    """The text.

    Args:
        report: what to show.
        rest: where all of it is: paths and addresses.
    """
    passed = _Passed.over(report)
    text = _head(report)
    first, others = _fitting(_warnings(report), _HEAD - _length(text))
    text += _section("Warnings", first, len(first) + len(others))
    sections = [
        _section("More warnings", others[:_LISTED], len(others)),
        _reasons(passed),
        _rules(report.head),
        _comparison(report),
        _repositories(report, passed),
        _projects(report),
        _exposed(report),
        _without_policy(report),
        _unread(report.head),
        _run(report.head),
        _deletions(passed),
    ]
    for section in sections:
        text += _cut(section, LONGEST - _ROOM_FOR_THE_END - _length(text))
    return "\n".join([*text, *_end(report, passed, rest)]) + "\n"


class _Passed(t.NamedTuple):
    """What is kept of all repositories.

    Args:
        largest: the largest repositories.
        reasons: number of tags to delete, by reason.
        deletions: the first tags to delete, with their repositories.
    """

    largest: list[RepositoryReport]
    reasons: Counter[str]
    deletions: list[tuple[RepositoryReport, TagReport]]

    @classmethod
    def over(cls, report: Report) -> _Passed:
        """Go through all repositories once."""
        passed = cls(largest=[], reasons=Counter(), deletions=[])
        heap: list[tuple[tuple[int, int, str], int, RepositoryReport]] = []
        for number, repository in enumerate(report.repositories()):
            size = repository.figures.bytes
            key = (-1 if size is None else size, repository.figures.tags or 0, repository.path)
            heapq.heappush(heap, (key, number, repository._replace(tags=None)))
            if len(heap) > _LARGEST:
                heapq.heappop(heap)
            for tag in repository.tags or ():
                if tag.action == "delete":
                    passed.reasons[tag.reason or "unknown"] += 1
                    if len(passed.deletions) < _TAGS:
                        passed.deletions.append((repository._replace(tags=None), tag))
        passed.largest.extend(repository for _key, _number, repository in sorted(heap, reverse=True))
        return passed


def code(text: str | None, longest: int = _LONGEST_NAME) -> str:
    """A text as a code span, in which nothing of it means anything. What can't be seen is shown escaped."""
    if not text:
        return "–"
    shown = "".join(map(_shown, text))
    return f"`{shown if len(shown) <= longest else shown[:longest] + ' ...'}`"


def _shown(letter: str) -> str:
    # In a table, a pipe ends a cell in code spans too.
    if letter.isprintable() and letter not in "`|\\":
        return letter
    return f"\\x{ord(letter):02x}" if letter < "\u0100" else f"\\u{ord(letter):04x}"


def _length(lines: t.Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _fitting(texts: t.Sequence[str], room: int) -> tuple[_Lines, _Lines]:
    """The entries of a list that there is room for, and the others."""
    used = _ROOM_FOR_A_TITLE
    for number, text in enumerate(texts):
        used += len(text) + len("- \n")
        if used > room:
            return list(texts[:number]), list(texts[number:])
    return list(texts), []


def _cut(lines: t.Sequence[str], room: int) -> _Lines:
    """As many lines as there is room for, and how many there are more."""
    used = _ROOM_FOR_A_TITLE
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > room:
            # Whatever was opened is closed.
            closing = ["", _FOLD_END] if _FOLD in lines[:number] else []
            return [*lines[:number], "", f"... and {len(lines) - number} more lines", *closing, ""]
    return list(lines)


def _head(report: Report) -> _Lines:
    head, total = report.head, report.total
    lines = [f"# Container registry report of {code(head.server, 200)}", ""]
    lines += [f"**{_result(head)}**", ""]
    if head.message:
        lines += [code(head.message, _LONGEST_SENTENCE), ""]
    return [*lines, *_rows(("", "of all repositories"), _totals(report, total)), "", _ON_BYTES, ""]


def _warnings(report: Report) -> _Lines:
    return [
        *(f"Nothing is deleted: {code(each, _LONGEST_SENTENCE)}" for each in report.head.refusals),
        *([f"{report.repositories_unread} repositories could not be read."] if report.repositories_unread else []),
        *(code(each, _LONGEST_SENTENCE) for each in report.head.warnings),
    ]


def _result(head: ReportHead) -> str:
    return {
        "ok": "The run did all that it was to do.",
        "partial": "The run is not complete: see the warnings.",
        "refused": "The plan is refused: nothing is deleted.",
        "failed": "The run failed.",
    }.get(head.result, "The result is unknown.")


def _totals(report: Report, total: Figures) -> t.Iterator[tuple[str, str]]:
    head = report.head
    yield "scope", code(head.scope)
    yield "time of the server", code(head.clock)
    yield "dates of tags", code(", ".join(head.date_sources))
    # Without the time of the server, nothing was read.
    repositories = f"{report.repositories_count} ({report.repositories_unread} unread)"
    yield "projects", str(len(report.projects)) if head.clock else _UNKNOWN
    yield "repositories", repositories if head.clock else _UNKNOWN
    yield "tags", _number(total.tags)
    yield "bytes", _exact_bytes(total)
    price = cost(total.bytes, head.price_per_gib_month)
    if price is not None:
        yield "cost a month", f"{price:.2f}"
    yield "oldest and newest tag", f"{code(format_time(total.oldest_tag_at))} {code(format_time(total.newest_tag_at))}"
    if total.tags_by_age is None:
        yield "tags by age", _UNKNOWN
    for age, tags, size in _by_age(total):
        yield f"tags {age}", f"{tags} ({bytes_in_words(size)})"
    if total.delete is not None or total.keep is not None:
        yield "tags to delete and to keep", f"{_number(total.delete)} and {_number(total.keep)}"
        yield "freed after garbage collection", _freed(total)
        price = cost(total.freed.least, head.price_per_gib_month)
        if price is not None:
            yield "saved a month, at least", f"{price:.2f}"
        yield "fingerprint of the plan", code(head.fingerprint)
        yield "place of the plan", code(head.plan_place)


def _by_age(figures: Figures) -> t.Iterator[tuple[str, int, int | None]]:
    words = ("up to 7 days old", "up to 30 days", "up to 90 days", "up to 365 days", "older", "of unknown age")
    yield from zip(words, figures.tags_by_age or (), figures.bytes_by_age or (None,) * len(AGES))


def _number(number: int | None) -> str:
    return _UNKNOWN if number is None else str(number)


def _exact_bytes(figures: Figures) -> str:
    if figures.bytes is None:
        return _UNKNOWN
    return f"{figures.bytes} ({bytes_in_words(figures.bytes)}, {figures.bytes_method.value})"


def _freed(figures: Figures) -> str:
    least, most = figures.freed
    if least == most:
        return bytes_in_words(least)
    return f"{bytes_in_words(least)} to {bytes_in_words(most)}"


def _rows(header: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> _Lines:
    """A table. Cells are neutral already."""
    return [
        f"| {' | '.join(header)} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _reasons(passed: _Passed) -> _Lines:
    if not passed.reasons:
        return []
    rows = [(code(reason), str(count)) for reason, count in passed.reasons.most_common()]
    return ["## Deletions by reason", "", *_rows(("reason", "tags"), rows), ""]


def _rules(head: ReportHead) -> _Lines:
    """By which options the plan was made, and what the entries of these match."""
    options = [f"{code(option)} {code(json.dumps(value), _LONGEST_SENTENCE)}" for option, value in head.rules.items()]
    matches = [
        f"{code(str(row.get('entry')))} of {code(str(row.get('option')))} matches {code(str(row.get('matched')))}"
        for row in head.matches[:_LISTED]
    ]
    return [
        *_section("Made by these options", options[:_LISTED], len(options)),
        *_section("Entries and what they match", matches, len(head.matches)),
    ]


def _comparison(report: Report) -> _Lines:
    if report.before is None:
        return []
    changed = [project for project in report.projects if project.before and project.before != project.figures]
    changed.sort(key=lambda project: (-abs(_change(project)), project.path))
    rows = [
        ("all", *_difference(report.before, report.total)),
        *((code(each.path), *_difference(each.before, each.figures)) for each in changed[:_LARGEST] if each.before),
    ]
    header = ("project", "tags then", "tags now", "bytes then", "bytes now", "planned to be freed", "fewer bytes now")
    return [f"## Since {code(report.head.compared_with)}", "", *_rows(header, rows), ""]


def _change(project: ProjectReport) -> int:
    before = project.before.bytes if project.before else None
    return (project.figures.bytes or 0) - before if before is not None else 0


def _difference(before: Figures, now: Figures) -> tuple[str, ...]:
    known = before.bytes is not None and now.bytes is not None
    freed = max(0, (before.bytes or 0) - (now.bytes or 0)) if known else None
    return (
        _number(before.tags),
        _number(now.tags),
        bytes_in_words(before.bytes),
        bytes_in_words(now.bytes),
        "–" if before.delete is None else _freed(before),
        bytes_in_words(freed),
    )


def _repositories(report: Report, passed: _Passed) -> _Lines:
    if not passed.largest:
        return []
    price = report.head.price_per_gib_month
    header = ("repository", "bytes", "tags", "oldest tag", "delete", "freed")
    rows = [
        (
            code(each.path),
            bytes_in_words(each.figures.bytes),
            _number(each.figures.tags),
            code(format_time(each.figures.oldest_tag_at)),
            "–" if each.figures.delete is None else str(each.figures.delete),
            "–" if each.figures.delete is None else _freed(each.figures),
            *([_price(each.figures, price)] if price is not None else []),
        )
        for each in passed.largest
    ]
    title = f"## The {len(rows)} largest of {report.repositories_count} repositories"
    return [title, "", *_rows((*header, *(["cost a month"] if price is not None else [])), rows), ""]


def _price(figures: Figures, price_per_gib_month: float) -> str:
    found = cost(figures.bytes, price_per_gib_month)
    return _UNKNOWN if found is None else f"{found:.2f}"


def _projects(report: Report) -> _Lines:
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
    return [f"## The {len(rows)} largest of {len(report.projects)} projects", "", *_rows(header, rows), ""]


def _exposed(report: Report) -> _Lines:
    return _listed("Anyone can pull", [each.path for each in report.projects if each.exposed_to == "anyone"])


def _without_policy(report: Report) -> _Lines:
    return _listed("No cleanup policy", [each.path for each in report.projects if each.policy_state == "none"])


def _unread(head: ReportHead) -> _Lines:
    texts = [f"{code(path)}: {code(error, _LONGEST_SENTENCE)}" for path, error in head.unread[:_LISTED]]
    return _section("Not read", texts, len(head.unread))


def _run(head: ReportHead) -> _Lines:
    rows = [f"{code(name, 60)}: {code(value, 200)}" for name, value in sorted(head.run_by.items())]
    return _section("Run by", rows[:_LARGEST], len(rows))


def _listed(title: str, paths: t.Sequence[str]) -> _Lines:
    return _section(title, [code(path) for path in paths[:_LISTED]], len(paths))


def _section(title: str, texts: t.Sequence[str], count: int) -> _Lines:
    if not texts:
        return []
    more = [f"- ... and {count - len(texts)} more"] if count > len(texts) else []
    return [f"## {title}: {count}", "", *(f"- {each}" for each in texts), *more, ""]


def _deletions(passed: _Passed) -> _Lines:
    if not passed.deletions:
        return []
    lines = [
        "## Tags to delete",
        "",
        _FOLD,
        f"<summary>The first {len(passed.deletions)} of {sum(passed.reasons.values())}</summary>",
        "",
    ]
    for path, entries in itertools.groupby(passed.deletions, key=lambda each: each[0].path):
        lines += [f"- {code(path)}", *(f"  - {_deletion(tag)}" for _repository, tag in entries)]
    return [*lines, "", _FOLD_END, ""]


def _deletion(tag: TagReport) -> str:
    rule = f" of rule {code(tag.rule)}" if tag.rule else ""
    return f"{code(tag.name)} {code(tag.date or tag.digest)} {code(tag.reason)}{rule}"


def _end(report: Report, passed: _Passed, rest: t.Sequence[str]) -> _Lines:
    total = sum(passed.reasons.values())
    left = [f"{total - len(passed.deletions)} more tags to delete"] if total > len(passed.deletions) else []
    places = [*([report.head.plan_place] if report.head.plan_place else []), *rest]
    where = ", ".join(code(place, 200) for place in places[:6])
    if not where:
        return [f"Not shown here: {left[0]}."] if left else []
    shown = f" Not shown here: {left[0]}." if left else ""
    return [f"All of it: {where}.{shown}"]
