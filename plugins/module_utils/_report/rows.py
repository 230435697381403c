# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the lines of an audit and of a plan say. Pure.

Lines may have been written by anybody: what is not of its type counts as unknown.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime

from .._core.models import ListingState, format_time, parse_time
from .._core.numbers import amount
from .._usage.ages import AGES
from .._usage.figures import BytesMethod, CountedTag, Figures, FreedBytes, repository_figures
from .model import ProjectReport, RepositoryReport, TagReport, WholeReport
from .words import writable

Row = t.Mapping[str, t.Any]

DELETE = "delete"
# Of a repository whose tags the plan does not list.
_UNLISTED = Figures(delete=0, freed=FreedBytes(0, 0))


def row_of(line: bytes | str) -> dict[str, t.Any] | None:
    """What a line says; None where it is none that a task writes."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("type"), str) else None


def text(row: Row, key: str) -> str | None:
    """A text of a row, of characters that can be written; None where it has none."""
    found = row.get(key)
    return writable(found) if isinstance(found, str) and found else None


def texts(row: Row, key: str) -> tuple[str, ...]:
    """The texts of a list of a row."""
    found = row.get(key)
    rows = ({key: each} for each in found) if isinstance(found, list) else ()
    return tuple(each for each in (text(one, key) for one in rows) if each is not None)


def number(row: Row, key: str) -> int | None:
    """A number of a row that counts something; None where it has none."""
    return amount(row.get(key))


def mapping(row: Row, key: str) -> Row:
    """The dictionary of a row; empty where it has none."""
    found = row.get(key)
    return found if isinstance(found, dict) else {}


def rows(row: Row, key: str) -> list[Row]:
    """The dictionaries of a list of a row."""
    found = row.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def figures_of(row: Row) -> Figures:
    """The numbers of a line of an audit."""
    by_age = [number(mapping(row, "tags_by_age"), age.value) for age in AGES]
    known_by_age = tuple(each for each in by_age if each is not None)
    bytes_by_age = tuple(number(mapping(row, "bytes_by_age"), age.value) for age in AGES)
    return Figures(
        tags=number(row, "tags_count" if "tags_count" in row else "tags"),
        bytes=number(row, "bytes" if "bytes" in row else "size"),
        bytes_method=_method(row),
        oldest_tag_at=parse_time(row.get("oldest_tag_at")),
        newest_tag_at=parse_time(row.get("newest_tag_at")),
        tags_by_age=known_by_age if len(known_by_age) == len(AGES) else None,
        bytes_by_age=None if all(each is None for each in bytes_by_age) else bytes_by_age,
        delete=number(row, "delete"),
        keep=number(row, "keep"),
        freed=FreedBytes(number(row, "freed_least"), number(row, "freed_most")),
    )


def _method(row: Row) -> BytesMethod:
    try:
        return BytesMethod(row.get("bytes_method"))
    except ValueError:
        return BytesMethod.UNKNOWN


def with_decisions(told: Figures | None, counted: Figures | None) -> Figures:
    """The numbers that an audit tells, with what the plan decides.

    An audit that was written beside the plan knows more of what is freed than can be counted from the plan.

    Args:
        told: those of the audit; None if it tells none.
        counted: those that were counted from the plan, or added; None if there is nothing to count.
    """
    if told is None or counted is None:
        return told or counted or Figures()
    if (told.delete, told.keep) == (counted.delete, counted.keep):
        return told
    return told._replace(delete=counted.delete, keep=counted.keep, freed=counted.freed)


def repository_figures_of(
    audit: Row | None, plan: Row | None, planned: t.Sequence[Row], clock: datetime | None
) -> Figures:
    """The numbers of a repository.

    Args:
        audit: its line of the audit; None if it is not there.
        plan: its line of the plan; None if it is not there.
        planned: the lines of its tags of the plan.
        clock: the server's time.
    """
    told = figures_of(audit) if audit is not None else None
    return with_decisions(told, None if plan is None else _planned_figures(plan, planned, told, clock))


def repository_of(audit: Row | None, plan: Row | None, planned: t.Sequence[Row], figures: Figures) -> RepositoryReport:
    """A repository.

    Args:
        audit: its line of the audit; None if it is not there.
        plan: its line of the plan; None if it is not there.
        planned: the lines of its tags of the plan.
        figures: its numbers.
    """
    row = audit or plan or {}
    errors = [found for found in (text(each, "error") for each in (plan, audit) if each) if found]
    source = next((found for found in (text(each, "date_source") for each in (plan, audit) if each) if found), "none")
    return RepositoryReport(
        id=number(row, "id") or 0,
        path=text(row, "path") or "",
        project=text(row, "project") or text(row, "path") or "",
        project_id=number(row, "project_id") or 0,
        figures=figures,
        date_source=source,
        listing=next((found for found in (text(each, "listing") for each in (plan, audit) if each) if found), "none"),
        certainty=text(plan, "certainty") if plan else None,
        reasons={key: value for key, value in mapping(plan or {}, "reasons").items() if amount(value) is not None},
        limit=text(plan, "limit") if plan else None,
        rule_set=text(plan, "rule_set") if plan else None,
        error=errors[0] if errors else None,
        tags=_tags(audit, plan, planned, source),
        whole=_whole_of(plan) if plan else None,
    )


def _planned_figures(plan: Row, planned: t.Sequence[Row], told: Figures | None, clock: datetime | None) -> Figures:
    if not _lists_tags(plan):
        return _UNLISTED
    counted = [
        CountedTag(
            digest=text(tag, "digest"),
            size=number(tag, "size"),
            date=parse_time(tag.get("date")),
            delete=tag.get("action") == DELETE,
        )
        for tag in planned
    ]
    size = told.bytes if told and told.bytes_method is BytesMethod.GITLAB else None
    return repository_figures(counted, clock=clock, size=size, planned=True)


def _lists_tags(plan: Row) -> bool:
    """Whether a plan has lines of all tags of a repository. It has none of one that was not read, or is kept whole."""
    whole = _whole_of(plan)
    return text(plan, "listing") != ListingState.UNREAD.value and (whole is None or whole.action == DELETE)


def _whole_of(plan: Row) -> WholeReport | None:
    """What happens to a repository as a whole; None if the plan is about its tags alone."""
    action = text(plan, "action")
    if action is None:
        return None
    return WholeReport(action, text(plan, "reason") or "unknown", why=text(plan, "why") or "")


def _tags(audit: Row | None, plan: Row | None, planned: t.Sequence[Row], source: str) -> tuple[TagReport, ...] | None:
    listed = rows(audit, "tags") if audit and isinstance(audit.get("tags"), list) else None
    if listed is None and (plan is None or not _lists_tags(plan)):
        return None
    audited = dict(_by_name(listed or ()))
    decided = dict(_by_name(planned))
    return tuple(
        _tag(name, audited.get(name, {}), decided.get(name, {}), source) for name in sorted({*audited, *decided})
    )


def _by_name(tags: t.Iterable[Row]) -> t.Iterator[tuple[str, Row]]:
    for tag in tags:
        name = text(tag, "name")
        if name:
            yield name, tag


def _tag(name: str, audited: Row, decided: Row, source: str) -> TagReport:
    date = _time(decided, "date") or _time(audited, "date")
    return TagReport(
        name=name,
        digest=text(decided, "digest") or text(audited, "digest"),
        media_type=text(audited, "media_type"),
        bytes=_first(number(audited, "size"), number(decided, "size")),
        pushed_at=_time(audited, "published_at") or (date if source == "published" else None),
        built_at=_time(audited, "created_at") or (date if source == "built" else None),
        date=date,
        action=text(decided, "action"),
        reason=text(decided, "reason"),
        rule=text(decided, "rule"),
        rule_set=text(decided, "rule_set"),
    )


def _first(*numbers: int | None) -> int | None:
    return next((each for each in numbers if each is not None), None)


def _time(row: Row, key: str) -> str | None:
    return format_time(parse_time(row.get(key)))


def project_of(row: Row) -> ProjectReport:
    """A project of its line of an audit."""
    path = text(row, "path") or ""
    archived = row.get("archived")
    return ProjectReport(
        id=number(row, "id") or 0,
        path=path,
        namespace=text(row, "namespace") or namespace_of(path),
        figures=figures_of(row),
        repositories=number(row, "repositories"),
        repositories_unread=number(row, "repositories_unread") or 0,
        topics=texts(row, "topics"),
        visibility=text(row, "visibility"),
        access_level=text(row, "access_level"),
        exposed_to=text(row, "exposed_to") or "unknown",
        archived=archived if isinstance(archived, bool) else None,
        policy_state=text(row, "policy_state") or "unknown",
        policy_next_run_at=_time(row, "policy_next_run_at"),
        policy_lint=texts(row, "policy_lint"),
        error=text(row, "error"),
    )


def namespace_of(path: str) -> str:
    """Path of the group or user of a project."""
    return path.rpartition("/")[0]
