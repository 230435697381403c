# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A report as the JSON text that the page reads. Pure.

Lists instead of objects, each digest once in its repository, and a column whose values are all the same as this one
value keep it small. The names of the fields are in the page's script.
"""

from __future__ import annotations

import base64
import json
import re
import typing as t
from collections import Counter
from datetime import datetime

from .._core.diffs import printable
from .._core.models import parse_time
from .._usage.ages import AGES
from .._usage.figures import Figures
from .changes import recounted
from .groups import groups
from .labels import (
    AGE_LABELS,
    DATE_LABELS,
    METHOD_LABELS,
    ON_BYTES,
    ON_MANIFESTS,
    headline,
    is_carried_out,
    is_planned,
    is_preview,
    projects_in_words,
)
from .model import ProjectReport, Report, ReportHead, RepositoryReport, TagReport
from .outcomes import OUTCOMES
from .sentences import REASON_SENTENCES
from .set_options import MOST_OPTIONS, set_options
from .words import cost, money_between, money_in_words

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_@%+:,./-]+")
_PLAN_PATH = "registry_cleanup_approved_plan_path"
_PLAN_PACKAGE = "registry_cleanup_approved_plan_package"
# What stands for the judged date where it is another one of the tag: the push or the build.
_AS_PUSHED, _AS_BUILT = "p", "b"

# Each value that many rows share, with its number and how many have it.
_Shared = dict[t.Any, int]


class _Tables(t.NamedTuple):
    """What many tags share.

    Args:
        decisions: action, reason and rule.
        outcomes: outcome and message.
        media_types: of manifests.
        counts: number of tags by the number of their decision.
    """

    decisions: _Shared
    outcomes: _Shared
    media_types: _Shared
    counts: Counter[int]


def data_texts(report: Report) -> t.Iterator[str]:
    """The JSON text, in parts. It can't end the block that it stands in."""
    tables = _Tables(decisions={}, outcomes={}, media_types={}, counts=Counter())
    yield f'{{"head":{_text(_head(report))}'
    yield f',"words":{_text(_words(report))}'
    yield f',"total":{_text(_figures(report.total))}'
    yield f',"before":{_text(_figures(report.before) if report.before else None)}'
    yield f',"repositoriesUnread":{_text(report.repositories_unread)}'
    yield f',"projects":{_text([_project(each) for each in report.projects])}'
    yield ',"repositories":['
    for number, repository in enumerate(report.repositories()):
        yield ("," if number else "") + "\n" + _text(_repository(repository, tables))
    decisions = [[*values, tables.counts[number]] for values, number in tables.decisions.items()]
    yield f'\n],"decisions":{_text(decisions)}'
    yield f',"outcomes":{_text([*tables.outcomes])}'
    yield f',"mediaTypes":{_text([*tables.media_types])}'
    sentences = {reason.value: sentence for reason, sentence in REASON_SENTENCES.items()}
    yield f',"sentences":{_text(sentences)}}}'


def _text(value: t.Any) -> str:
    return json.dumps(_visible(value), separators=(",", ":")).replace("<", "\\u003c")


def _visible(value: t.Any) -> t.Any:
    """The value with all characters that do something, or can't be seen, as their escapes."""
    if isinstance(value, str):
        return value if value.isprintable() else printable(value)
    if isinstance(value, (list, tuple)):
        return [_visible(each) for each in value]
    if isinstance(value, dict):
        return {_visible(str(name)): _visible(each) for name, each in value.items()}
    return value


def _words(report: Report) -> dict[str, t.Any]:
    """What all reports say in the same words."""
    total, price = report.total, report.head.price_per_gib_month
    return {
        "headline": headline(report),
        "planned": is_planned(report),
        "preview": is_preview(report),
        "projects": projects_in_words(report),
        "onBytes": ON_BYTES,
        "onManifests": ON_MANIFESTS,
        "recounted": recounted(report),
        "outcomes": None if report.outcomes is None else _outcomes(report.outcomes),
        "ages": [AGE_LABELS[age] for age in AGES],
        "methods": METHOD_LABELS,
        "dates": DATE_LABELS,
        "cost": None if price is None else money_in_words(cost(total.bytes, price)),
        "saved": None if price is None else money_between(*(cost(each, price) for each in total.freed)),
        "groups": [[each.label, each.bytes, each.unknown] for each in groups(report.projects)],
    }


def _outcomes(outcomes: t.Mapping[str, int]) -> list[list[t.Any]]:
    """What became of planned tags: the value, its name and the number of tags, the most urgent first."""
    return [[outcome, name, outcomes[outcome]] for outcome, name in OUTCOMES.items() if outcomes.get(outcome)]


def _head(report: Report) -> dict[str, t.Any]:
    head, carried_out = report.head, is_carried_out(report)
    options = set_options(head.rules)
    return {
        "server": head.server,
        "scope": head.scope,
        "clock": _seconds(head.clock),
        "dateSources": head.date_sources,
        "result": head.result,
        "message": head.message,
        "fingerprint": head.fingerprint,
        "planPlace": head.plan_place,
        "command": _command(head) if head.fingerprint and head.plan_place and not carried_out else None,
        "carriedOut": carried_out,
        "deleted": head.deleted,
        "eachRun": head.each_run,
        "options": [list(each) for each in options[:MOST_OPTIONS]],
        "moreOptions": len(options[MOST_OPTIONS:]),
        "refusals": head.refusals,
        "warnings": head.warnings,
        "notes": head.notes,
        "matches": [[each.get(name) for name in ("option", "entry", "rule", "matched")] for each in head.matches],
        "unread": head.unread,
        "runBy": {**head.run_by},
        "price": head.price_per_gib_month,
        "comparedWith": _seconds(head.compared_with),
    }


def _command(head: ReportHead) -> str:
    """What applies the plan, for a shell."""
    place = "plan.jsonl" if "://" in head.plan_place else head.plan_place
    variable = f"{_PLAN_PATH}={place}"
    if head.plan_package:
        variable = _as_json({_PLAN_PACKAGE: {**head.plan_package}})
    elif not _PLAIN_PATH.fullmatch(place):
        variable = _as_json({_PLAN_PATH: place})
    fingerprint = f"registry_cleanup_approved_fingerprint={head.fingerprint}"
    return f"ansible-playbook containerops.gitlab.apply -e {variable} -e {fingerprint}"


def _as_json(variables: t.Mapping[str, t.Any]) -> str:
    quoted = json.dumps(variables).replace("'", "'\\''")
    return f"'{quoted}'"


def _figures(figures: Figures) -> list[t.Any]:
    return [
        figures.tags,
        figures.bytes,
        figures.bytes_method.value,
        _stamp(figures.oldest_tag_at),
        _stamp(figures.newest_tag_at),
        figures.tags_by_age,
        figures.bytes_by_age,
        figures.delete,
        figures.keep,
        *figures.freed,
    ]


def _project(project: ProjectReport) -> list[t.Any]:
    return [
        project.path,
        project.namespace,
        _figures(project.figures),
        project.repositories,
        project.repositories_unread,
        project.topics,
        project.visibility,
        project.access_level,
        project.exposed_to,
        project.archived,
        project.policy_state,
        _seconds(project.policy_next_run_at),
        project.policy_lint,
        project.error,
        _figures(project.before) if project.before else None,
    ]


def _repository(repository: RepositoryReport, tables: _Tables) -> list[t.Any]:
    return [
        repository.path,
        repository.project,
        _figures(repository.figures),
        repository.date_source,
        repository.listing,
        repository.certainty,
        repository.limit,
        repository.error,
        None if repository.tags is None else _tags(repository.tags, tables),
    ]


def _tags(tags: t.Sequence[TagReport], tables: _Tables) -> list[t.Any]:
    """The tags of a repository in columns; the names first."""
    decisions = [_number(tables.decisions, (tag.action, tag.reason, tag.named_rule)) for tag in tags]
    tables.counts.update(decisions)
    pushed = [_seconds(tag.pushed_at) for tag in tags]
    built = [_seconds(tag.built_at) for tag in tags]
    columns: list[list[t.Any]] = [
        decisions,
        _digests(tags),
        [_number(tables.media_types, tag.media_type) for tag in tags],
        [tag.bytes for tag in tags],
        pushed,
        built,
        [_judged(_seconds(tag.date), *others) for tag, *others in zip(tags, pushed, built)],
        [_number(tables.outcomes, (tag.outcome, tag.message)) for tag in tags],
    ]
    return [[tag.name for tag in tags], *map(_column, columns)]


def _number(shared: _Shared, value: t.Any) -> int:
    return shared.setdefault(value, len(shared))


def _digests(tags: t.Sequence[TagReport]) -> list[str | int | None]:
    """Each digest is listed once. Other tags of the image show the place of the first."""
    places: dict[str, int] = {}
    found: list[str | int | None] = []
    for place, tag in enumerate(tags):
        first = place if tag.digest is None else places.setdefault(tag.digest, place)
        found.append(first if first < place else _short(tag.digest))
    return found


def _short(digest: str | None) -> str | None:
    if digest is None:
        return None
    if not _DIGEST.fullmatch(digest):
        return f"={digest}"
    return base64.b64encode(bytes.fromhex(digest[7:])).decode().rstrip("=")


def _judged(date: int | None, pushed: int | None, built: int | None) -> int | str | None:
    if date is None:
        return None
    return _AS_PUSHED if date == pushed else _AS_BUILT if date == built else date


def _column(values: list[t.Any]) -> t.Any:
    return values if any(value != values[0] for value in values) else (values[0] if values else None)


def _seconds(text: str | None) -> int | None:
    return _stamp(parse_time(text))


def _stamp(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
