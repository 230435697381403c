# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What GitLab's own cleanup deletes for given parameters, and how sure that is. Pure.

Bulk deletions and cleanup policies run the same code: app/services/projects/container_repository/, gitlab/ for a
registry with metadata database and third_party/ for all others.
"""

from __future__ import annotations

import bisect
import math
import typing as t
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from .._core.models import Tag
from .._core.server import Mode
from .._rules.durations import DurationError, gitlab_seconds
from .._rules.patterns import PatternError, pattern_error, server_search

EXACT, UPPER_BOUND, UNKNOWN = "exact", "upper_bound", "unknown"
KEPT, DELETED, POSSIBLE = "kept", "deleted", "possible"

# TAGS_PAGE_SIZE of the service for a metadata database, and the default of an instance's setting for all others.
PAGE_SIZE = 1000
MAX_LIST_SIZE = 200

_SECOND = 10**9

_WHY = {
    "sampled": "{} tags match, and GitLab takes a random sample of at most {} of them in one run",
    "tied": "{} tags have dates too close to each other to tell which of them keep_n keeps",
    "near_cutoff": "{} tags are as old as older_than to the second",
    "unseen_date": "{} tags have a date that GitLab uses and does not show here",
    "unseen_registry": "{} tags match, and it could not be told by which of GitLab's two algorithms they are judged",
    "unseen_protection": "{} tags may be protected by a rule that can't be read, or does not bind the caller",
}


@dataclass(frozen=True)
class Parameters:
    """What a bulk deletion or a policy is given, as written; None is not given."""

    name_regex_delete: str | None = None
    name_regex: str | None = None
    name_regex_keep: str | None = None
    keep_n: int | None = None
    older_than: str | None = None

    @property
    def delete_pattern(self) -> str | None:
        """name_regex_delete wins over name_regex even when it is empty, and matches nothing then."""
        return self.name_regex if self.name_regex_delete is None else self.name_regex_delete

    @property
    def need_dates(self) -> bool:
        return self.older_than is not None or (self.keep_n or 0) > 0


class Seen(t.NamedTuple):
    """A tag as the server will see it.

    span: earliest and latest nanosecond since 1970 that its date may be, None where the server knows no date.
    protected: whether a rule will keep it, None where that can't be told.
    """

    name: str
    span: tuple[float, float] | None
    protected: bool | None = False


@dataclass(frozen=True)
class Verdict:
    """What happens to a tag: kept, deleted or possible (deleted by chance, or unless something unseen keeps it)."""

    name: str
    fate: str
    reason: str


@dataclass(frozen=True)
class Prediction:
    """verdicts: in the order of the names. certainty: exact, upper_bound or unknown.
    uncertainties: why it is not exact, one sentence each.

    least, most: how many tags go. status: success, error (also of a run that deleted a sample) or exception, as the
    job would end; message: GitLab's own words for the last two.
    """

    verdicts: tuple[Verdict, ...]
    certainty: str
    uncertainties: tuple[str, ...]
    least: int
    most: int
    status: str = "success"
    message: str = ""

    @property
    def deletes(self) -> list[str]:
        """The names that go or may go."""
        return [verdict.name for verdict in self.verdicts if verdict.fate != KEPT]


def exactly(nanoseconds: int) -> tuple[float, float]:
    """The span of a date that is known to the nanosecond."""
    return (nanoseconds, nanoseconds)


def seen(tag: Tag, mode: Mode, *, rules: bool, binding: bool) -> Seen:
    """The tag as GitLab's cleanup will see it, as far as it was read.

    GitLab shows dates to the second or millisecond and goes by the whole. rules: whether this server may have tag
    protection rules. binding: whether every rule binds this cleanup, as it does a policy, or some of its callers.
    """
    protected = tag.protected and not binding
    return Seen(
        tag.name, _span(tag, mode), None if protected or (rules and tag.protected is None) else bool(tag.protected)
    )


def _span(tag: Tag, mode: Mode) -> tuple[float, float] | None:
    if mode == Mode.DATABASE and tag.published is None:
        # The first push of the name: the last one may be at any time since then.
        return (nanoseconds(tag.created) if tag.created else -math.inf, math.inf)
    date = tag.published if mode == Mode.DATABASE else tag.created
    if date is None:
        return None if tag.details_read and not tag.error else (-math.inf, math.inf)
    start = nanoseconds(date)
    return (start, start + (_SECOND - 1 if date.microsecond == 0 else _SECOND // 1000 - 1))


def nanoseconds(moment: datetime) -> int:
    """A point in time as predict takes it: since 1970."""
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * _SECOND + moment.microsecond * 1000


def candidates(wanted: Parameters) -> t.Callable[[str], bool]:
    """Whether the patterns leave a tag of this name in play; none is where they can't be used."""
    try:
        deletes, keeps = server_search(wanted.delete_pattern), server_search(wanted.name_regex_keep)
    except PatternError:
        return lambda name: False
    return lambda name: _reason_of_name(name, deletes, keeps) is None


def predict(
    tags: t.Iterable[Seen],
    wanted: Parameters,
    mode: Mode,
    now: int,
    *,
    page_size: int = PAGE_SIZE,
    max_list_size: int = MAX_LIST_SIZE,
) -> Prediction:
    """What the server deletes of these tags, which are all of the repository.

    mode: of Mode. now: when the job runs, nanoseconds since 1970. max_list_size: 0 is off.
    """
    listed = sorted(tags, key=lambda tag: tag.name)
    names = [tag.name for tag in listed]
    patterns = (wanted.name_regex_delete, wanted.name_regex, wanted.name_regex_keep)
    if any(text and not text.isspace() and pattern_error(text) for text in patterns):
        return _nothing(names, "error", "invalid regex")
    deletes, keeps = server_search(wanted.delete_pattern), server_search(wanted.name_regex_keep)
    by_name = {name: _reason_of_name(name, deletes, keeps) for name in names}
    if mode == Mode.UNKNOWN:
        return _unseen(by_name)
    keep_n = wanted.keep_n or 0
    size = max_list_size + keep_n if max_list_size and mode != Mode.DATABASE else len(listed)
    if size < 0:
        return _nothing(names, "exception", "negative sample number")
    try:
        cutoff = _cutoff(wanted.older_than, now)
    except DurationError as error:
        return _nothing(names, "exception", str(error))
    step = page_size if mode == Mode.DATABASE else len(listed)
    pages = [listed[start : start + step] for start in range(0, len(listed), max(1, step))]
    found = [_page([tag for tag in page if not by_name[tag.name]], keep_n, cutoff, now) for page in pages]
    sampled = sum(len(part.verdicts) for part in found) > size
    if sampled:
        found = [_sample(part, size, max(keep_n, 0)) for part in found]
    return _prediction(names, by_name, found, "error" if sampled else "success", size)


def _nothing(names: list[str], status: str, message: str) -> Prediction:
    verdicts = tuple(Verdict(name, KEPT, "cleanup_fails") for name in names)
    return Prediction(verdicts, EXACT, (), 0, 0, status, message)


def _unseen(by_name: dict[str, str | None]) -> Prediction:
    verdicts = tuple(
        Verdict(name, KEPT if reason else POSSIBLE, reason or "unseen_registry") for name, reason in by_name.items()
    )
    possible = sum(1 for verdict in verdicts if verdict.fate == POSSIBLE)
    uncertainties = (_WHY["unseen_registry"].format(possible),) if possible else ()
    return Prediction(verdicts, UNKNOWN if possible else EXACT, uncertainties, 0, possible)


def _cutoff(older_than: str | None, now: int) -> Fraction | None:
    """What is strictly before it is old; None without an age rule. Raises DurationError."""
    if older_than is None:
        return None
    seconds = gitlab_seconds(older_than)
    if seconds is None:
        raise DurationError("undefined method `seconds' for nil")
    return now - Fraction(seconds) * _SECOND


def _reason_of_name(name: str, deletes: t.Callable[[str], bool], keeps: t.Callable[[str], bool]) -> str | None:
    if name == "latest":
        return "latest"
    if not deletes(name):
        return "no_match"
    return "keep_pattern" if keeps(name) else None


@dataclass(frozen=True)
class _Found:
    """The verdicts on candidates that the server judges together, and how many of them go."""

    verdicts: dict[str, Verdict]
    least: int
    most: int


def _page(tags: list[Seen], keep_n: int, cutoff: Fraction | None, now: int) -> _Found:
    spans = [tag.span or exactly(now) for tag in tags]
    earliest = sorted(span[0] for span in spans)
    latest = sorted(span[1] for span in spans)
    verdicts = {}
    for tag, span in zip(tags, spans):
        surely_newer = len(tags) - bisect.bisect_right(earliest, span[1])
        # Itself is one of those whose date may be the same.
        maybe_newer = len(tags) - bisect.bisect_left(latest, span[0]) - 1
        verdicts[tag.name] = _verdict(tag, cutoff, keep_n, surely_newer, maybe_newer)
    fates = [verdict.fate for verdict in verdicts.values()]
    sure, possible = fates.count(DELETED), fates.count(POSSIBLE)
    if any(span[0] != span[1] for span in spans) or any(tag.protected is None for tag in tags):
        return _Found(verdicts, sure, sure + possible)
    # Whichever of equal dates are kept, as many go; only protected ones among them make a difference.
    counts = [_count(tags, spans, keep_n, cutoff, first) for first in (True, False)]
    return _Found(verdicts, min(counts), max(counts))


def _verdict(tag: Seen, cutoff: Fraction | None, keep_n: int, surely_newer: int, maybe_newer: int) -> Verdict:
    name, span = tag.name, tag.span
    if maybe_newer < keep_n:
        return Verdict(name, KEPT, "keep_n")
    if cutoff is not None and span is None:
        return Verdict(name, KEPT, "unknown_date")
    if cutoff is not None and span is not None and span[0] >= cutoff:
        return Verdict(name, KEPT, "too_young")
    if tag.protected:
        return Verdict(name, KEPT, "gitlab_protected")
    unseen = span is not None and math.isinf(span[1])
    if surely_newer < keep_n:
        return Verdict(name, POSSIBLE, "unseen_date" if unseen else "tied")
    if cutoff is not None and span is not None and span[1] >= cutoff:
        return Verdict(name, POSSIBLE, "unseen_date" if unseen else "near_cutoff")
    if tag.protected is None:
        return Verdict(name, POSSIBLE, "unseen_protection")
    return Verdict(name, DELETED, "matched" if cutoff is None else "expired")


def _count(
    tags: list[Seen], spans: list[tuple[float, float]], keep_n: int, cutoff: Fraction | None, protected_first: bool
) -> int:
    """How many go when protected tags are the first, or the last, of equal dates that keep_n keeps."""
    rows = sorted(zip(spans, tags), key=lambda row: (row[0][0], bool(row[1].protected) == protected_first))
    rest = rows[: max(0, len(rows) - max(0, keep_n))]
    return sum(
        1 for span, tag in rest if not tag.protected and (cutoff is None or (tag.span is not None and span[0] < cutoff))
    )


def _sample(found: _Found, size: int, keep_n: int) -> _Found:
    """The same under a random sample of so many tags, of which the newest keep_n stay."""
    room = max(0, size - keep_n)
    fate = POSSIBLE if room else KEPT
    verdicts = {
        name: verdict if verdict.fate == KEPT else Verdict(name, fate, "sampled")
        for name, verdict in found.verdicts.items()
    }
    deletions = sum(1 for verdict in verdicts.values() if verdict.fate != KEPT)
    others = sum(1 for verdict in found.verdicts.values() if verdict.fate != DELETED and verdict.reason != "keep_n")
    return _Found(verdicts, max(0, room - others), min(room, deletions))


def _prediction(
    names: list[str], by_name: dict[str, str | None], found: list[_Found], status: str, size: int
) -> Prediction:
    judged = {name: verdict for part in found for name, verdict in part.verdicts.items()}
    verdicts = tuple(
        judged[name] if name in judged else Verdict(name, KEPT, t.cast(str, by_name[name])) for name in names
    )
    open_reasons = [verdict.reason for verdict in verdicts if verdict.fate == POSSIBLE]
    certainty = UNKNOWN if "unseen_date" in open_reasons else UPPER_BOUND if open_reasons else EXACT
    uncertainties = tuple(
        text.format(open_reasons.count(reason), size) for reason, text in _WHY.items() if reason in open_reasons
    )
    least, most = sum(part.least for part in found), sum(part.most for part in found)
    return Prediction(verdicts, certainty, uncertainties, least, most, status)
