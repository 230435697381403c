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
import enum
import math
import typing as t
from datetime import datetime

from .._core.errors import UsageError
from .._core.models import Tag
from .._core.server import Mode
from .._core.words import counted
from .._rules.durations import seconds
from .._rules.patterns import PatternError, pattern_error, server_search
from .._rules.reasons import Certainty, Reason

# TAGS_PAGE_SIZE of the service for a metadata database, and the default of an instance's setting for all others.
PAGE_SIZE = 1000
MAX_LIST_SIZE = 200

_SECOND = 10**9

# Behind the number of tags, for one and for several. {} is the size of a sample.
_WHY_UNCERTAIN = {
    Reason.SAMPLED: (
        "tag matches, and GitLab takes a random sample of at most {} of such tags in one run",
        "tags match, and GitLab takes a random sample of at most {} of them in one run",
    ),
    Reason.TIED: (
        "tag has a date too close to another date to know which of the tags keep_n keeps",
        "tags have dates too close to each other to know which of them keep_n keeps",
    ),
    Reason.NEAR_CUTOFF: (
        "tag is as old as older_than to the second",
        "tags are as old as older_than to the second",
    ),
    Reason.UNSEEN_DATE: (
        "tag has a date that GitLab uses and does not show here",
        "tags have a date that GitLab uses and does not show here",
    ),
    Reason.UNSEEN_REGISTRY: (
        "tag matches, and it is unknown which of GitLab's two algorithms decides about it",
        "tags match, and it is unknown which of GitLab's two algorithms decides about them",
    ),
    Reason.UNSEEN_AGE: (
        "tag matches, and it is unknown whether it is older than older_than for GitLab",
        "tags match, and it is unknown which of them are older than older_than for GitLab",
    ),
    Reason.UNSEEN_PROTECTION: (
        "tag may be protected by a rule that can't be read, or that does not apply to this token's user",
        "tags may be protected by a rule that can't be read, or that does not apply to this token's user",
    ),
}


class Parameters(t.NamedTuple):
    """What a bulk deletion or a policy is given; None is not given.

    Args:
        name_regex_delete: the pattern of names that are deleted. It wins over name_regex even when it is empty.
        name_regex: the same by its older name.
        name_regex_keep: the pattern of names that are kept.
        keep_n: how many of the newest matching tags are kept.
        older_than: the age from which tags are deleted, as written, such as 30d.
    """

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
        """Whether GitLab goes by the dates of tags."""
        return self.older_than is not None or (self.keep_n or 0) > 0


class ServerTag(t.NamedTuple):
    """A tag as the server will see it.

    Args:
        name: of the tag.
        span: the earliest and the latest nanosecond since 1970 that its date may be; None if the server knows no date.
        protected: whether a rule will keep it; None if that can't be told.
    """

    name: str
    span: tuple[float, float] | None
    protected: bool | None = False


class Verdict(enum.Enum):
    """What happens to a tag. Possible is deleted by chance, or unless something unseen keeps it."""

    KEPT = "kept"
    DELETED = "deleted"
    POSSIBLE = "possible"


class JobStatus(enum.Enum):
    """How GitLab's job ends. A run that deletes only a sample ends with an error, too.

    Nothing here goes by it: what GitLab's own code did with the same tags says it, and is compared.
    """

    SUCCESS = "success"
    ERROR = "error"
    EXCEPTION = "exception"


class TagPrediction(t.NamedTuple):
    """What happens to a tag, and why."""

    name: str
    verdict: Verdict
    reason: Reason


class Prediction(t.NamedTuple):
    """What GitLab's cleanup does to a repository.

    Args:
        tags: what happens to each tag, in the order of their names.
        least: how many tags are deleted at least.
        most: how many tags are deleted at most.
        certainty: how exact this is.
        uncertainties: why it is not exact, one sentence each without its full stop.
        status: how GitLab's job ends.
        message: GitLab's own, if the job does not succeed; empty otherwise.
    """

    tags: tuple[TagPrediction, ...]
    least: int
    most: int
    certainty: Certainty = Certainty.EXACT
    uncertainties: tuple[str, ...] = ()
    status: JobStatus = JobStatus.SUCCESS
    message: str = ""

    @property
    def deletes(self) -> list[str]:
        """The names of the tags that are deleted or may be, to be compared with what GitLab's own code deleted."""
        return [tag.name for tag in self.tags if tag.verdict is not Verdict.KEPT]


def exact_span(nanoseconds: float) -> tuple[float, float]:
    """The span of a date that is known to the nanosecond."""
    return (nanoseconds, nanoseconds)


def server_tag(tag: Tag, mode: Mode, *, rules: bool, binding: bool) -> ServerTag:
    """The tag as GitLab's cleanup will see it, as far as it was read.

    GitLab shows dates to the second or millisecond and goes by the whole.

    Args:
        tag: with what was read of it.
        mode: of the registry.
        rules: whether this server may have tag protection rules.
        binding: whether every rule binds this cleanup, as it does a policy, and not only some of its callers.
    """
    unclear = (tag.protected and not binding) or (rules and tag.protected is None)
    return ServerTag(tag.name, span=_span(tag, mode), protected=None if unclear else bool(tag.protected))


def _span(tag: Tag, mode: Mode) -> tuple[float, float] | None:
    if mode is Mode.DATABASE and tag.published is None:
        # The first push of the name: the last one may be at any time since then.
        return (nanoseconds(tag.created) if tag.created else -math.inf, math.inf)
    date = tag.published if mode is Mode.DATABASE else tag.created
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
    tags: t.Iterable[ServerTag],
    wanted: Parameters,
    mode: Mode,
    now: float,
    *,
    page_size: int = PAGE_SIZE,
    max_list_size: int = MAX_LIST_SIZE,
) -> Prediction:
    """What the server deletes of a repository.

    Args:
        tags: all of the repository.
        wanted: what the cleanup is given.
        mode: of the registry.
        now: when the job runs, nanoseconds since 1970; infinity where that is not known.
        page_size: tags that are judged together where there is a metadata database.
        max_list_size: the most tags that one run looks at where there is none; 0 is no limit. Both are given where a
            prediction is compared with what GitLab's own code did with few tags.
    """
    listed = sorted(tags, key=lambda tag: tag.name)
    names = [tag.name for tag in listed]
    patterns = (wanted.name_regex_delete, wanted.name_regex, wanted.name_regex_keep)
    if any(text and not text.isspace() and pattern_error(text) for text in patterns):
        return _failure(names, JobStatus.ERROR, "invalid regex")
    deletes, keeps = server_search(wanted.delete_pattern), server_search(wanted.name_regex_keep)
    by_name = {name: _reason_of_name(name, deletes, keeps) for name in names}
    if mode is Mode.UNKNOWN:
        return _judge_names(by_name, Reason.UNSEEN_REGISTRY)
    keep_n = wanted.keep_n or 0
    size = max_list_size + keep_n if max_list_size and mode is not Mode.DATABASE else len(listed)
    if size < 0:
        return _failure(names, JobStatus.EXCEPTION, "negative sample number")
    if wanted.older_than is not None and math.isinf(now):
        return _judge_names(by_name, Reason.UNSEEN_AGE)
    try:
        cutoff = None if wanted.older_than is None else now - seconds(wanted.older_than, "older_than") * _SECOND
    except UsageError:
        return _judge_names(by_name, Reason.UNSEEN_AGE)
    step = page_size if mode is Mode.DATABASE else len(listed)
    pages = [listed[start : start + step] for start in range(0, len(listed), max(1, step))]
    found = [_page([tag for tag in page if not by_name[tag.name]], keep_n, cutoff, now) for page in pages]
    sampled = sum(len(part.tags) for part in found) > size
    if sampled:
        found = [_sample(part, size, max(keep_n, 0)) for part in found]
    return _prediction(by_name, found, JobStatus.ERROR if sampled else JobStatus.SUCCESS, size)


def _failure(names: list[str], status: JobStatus, message: str) -> Prediction:
    """The job fails before it deletes anything."""
    tags = tuple(TagPrediction(name, verdict=Verdict.KEPT, reason=Reason.CLEANUP_FAILS) for name in names)
    return Prediction(tags, least=0, most=0, status=status, message=message)


def _judge_names(by_name: t.Mapping[str, Reason | None], unseen: Reason) -> Prediction:
    """Nothing but names can be judged. unseen: why."""
    tags = tuple(
        TagPrediction(name, verdict=Verdict.KEPT if reason else Verdict.POSSIBLE, reason=reason or unseen)
        for name, reason in by_name.items()
    )
    possible = sum(1 for tag in tags if tag.verdict is Verdict.POSSIBLE)
    if not possible:
        return Prediction(tags, least=0, most=0)
    uncertainty = counted(possible, *_WHY_UNCERTAIN[unseen])
    return Prediction(tags, least=0, most=possible, certainty=Certainty.UNKNOWN, uncertainties=(uncertainty,))


def _reason_of_name(name: str, deletes: t.Callable[[str], bool], keeps: t.Callable[[str], bool]) -> Reason | None:
    if name == "latest":
        return Reason.LATEST
    if not deletes(name):
        return Reason.NO_MATCH
    return Reason.KEEP_PATTERN if keeps(name) else None


class _Page(t.NamedTuple):
    """What happens to the candidates that the server judges together.

    Args:
        tags: what happens to each, by name.
        least: how many of them are deleted at least.
        most: how many of them are deleted at most.
    """

    tags: dict[str, TagPrediction]
    least: int
    most: int


def _page(tags: list[ServerTag], keep_n: int, cutoff: float | None, now: float) -> _Page:
    spans = [tag.span or exact_span(now) for tag in tags]
    earliest = sorted(span[0] for span in spans)
    latest = sorted(span[1] for span in spans)
    judged = {}
    for tag, span in zip(tags, spans):
        surely_newer = len(tags) - bisect.bisect_right(earliest, span[1])
        # Itself is one of those whose date may be the same.
        maybe_newer = len(tags) - bisect.bisect_left(latest, span[0]) - 1
        verdict, reason = _verdict(tag, cutoff, keep_n, surely_newer, maybe_newer)
        judged[tag.name] = TagPrediction(tag.name, verdict=verdict, reason=reason)
    verdicts = [each.verdict for each in judged.values()]
    sure, possible = verdicts.count(Verdict.DELETED), verdicts.count(Verdict.POSSIBLE)
    if any(span[0] != span[1] for span in spans) or any(tag.protected is None for tag in tags):
        return _Page(judged, least=sure, most=sure + possible)
    # Whichever of equal dates are kept, as many are deleted; only protected ones among them make a difference.
    counts = [_count(tags, spans, keep_n, cutoff, protected_first=first) for first in (True, False)]
    return _Page(judged, least=min(counts), most=max(counts))


def _verdict(
    tag: ServerTag, cutoff: float | None, keep_n: int, surely_newer: int, maybe_newer: int
) -> tuple[Verdict, Reason]:
    span = tag.span
    if maybe_newer < keep_n:
        return Verdict.KEPT, Reason.KEEP_N
    if cutoff is not None and span is None:
        return Verdict.KEPT, Reason.UNKNOWN_DATE
    if cutoff is not None and span is not None and span[0] >= cutoff:
        return Verdict.KEPT, Reason.TOO_YOUNG
    if tag.protected:
        return Verdict.KEPT, Reason.GITLAB_PROTECTED
    unseen = span is not None and math.isinf(span[1])
    if surely_newer < keep_n:
        return Verdict.POSSIBLE, Reason.UNSEEN_DATE if unseen else Reason.TIED
    if cutoff is not None and span is not None and span[1] >= cutoff:
        return Verdict.POSSIBLE, Reason.UNSEEN_DATE if unseen else Reason.NEAR_CUTOFF
    if tag.protected is None:
        return Verdict.POSSIBLE, Reason.UNSEEN_PROTECTION
    return Verdict.DELETED, Reason.MATCHED if cutoff is None else Reason.EXPIRED


def _count(
    tags: list[ServerTag], spans: list[tuple[float, float]], keep_n: int, cutoff: float | None, *, protected_first: bool
) -> int:
    """How many are deleted when protected tags are the first, or the last, of equal dates that keep_n keeps."""
    rows = sorted(zip(spans, tags), key=lambda row: (row[0][0], bool(row[1].protected) == protected_first))
    rest = rows[: max(0, len(rows) - max(0, keep_n))]
    return sum(
        1 for span, tag in rest if not tag.protected and (cutoff is None or (tag.span is not None and span[0] < cutoff))
    )


def _sample(page: _Page, size: int, keep_n: int) -> _Page:
    """The same with a random sample of so many tags, of which the newest keep_n are kept."""
    capacity = max(0, size - keep_n)
    verdict = Verdict.POSSIBLE if capacity else Verdict.KEPT
    tags = {
        name: tag if tag.verdict is Verdict.KEPT else TagPrediction(name, verdict=verdict, reason=Reason.SAMPLED)
        for name, tag in page.tags.items()
    }
    deletions = sum(1 for tag in tags.values() if tag.verdict is not Verdict.KEPT)
    others = sum(
        1 for tag in page.tags.values() if tag.verdict is not Verdict.DELETED and tag.reason is not Reason.KEEP_N
    )
    return _Page(tags, least=max(0, capacity - others), most=min(capacity, deletions))


def _prediction(by_name: t.Mapping[str, Reason | None], pages: list[_Page], status: JobStatus, size: int) -> Prediction:
    kept = {
        name: TagPrediction(name, verdict=Verdict.KEPT, reason=reason) for name, reason in by_name.items() if reason
    }
    judged = {name: tag for page in pages for name, tag in page.tags.items()}
    found = {**kept, **judged}
    tags = tuple(found[name] for name in by_name)
    possible = [tag.reason for tag in tags if tag.verdict is Verdict.POSSIBLE]
    certainty = Certainty.UPPER_BOUND if possible else Certainty.EXACT
    return Prediction(
        tags,
        least=sum(page.least for page in pages),
        most=sum(page.most for page in pages),
        certainty=Certainty.UNKNOWN if Reason.UNSEEN_DATE in possible else certainty,
        uncertainties=tuple(
            counted(possible.count(reason), *words).format(size)
            for reason, words in _WHY_UNCERTAIN.items()
            if reason in possible
        ),
        status=status,
    )
