# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the files of an audit and of a plan to a report."""

from __future__ import annotations

import contextlib
import functools
import os
import typing as t
from collections import Counter
from datetime import datetime

from .._core.errors import UsageError
from .._core.files import check_regular, read_lines
from .._core.models import format_time, parse_time
from .._core.plan_package import package_in_words
from .._plan.merge import fingerprint_in
from .._plan.run_budget import budget_in, tightest
from .._usage.figures import Figures, combined_figures
from .lines import AUDIT, EARLIER_AUDIT, PLAN, LineIndex, index_of
from .model import ProjectReport, Report, ReportHead, RepositoryReport
from .outcomes import DELETED, JournaledRun, run_in, with_outcomes
from .request import ReportRequest, Told
from .rows import (
    DELETE,
    Row,
    figures_of,
    mapping,
    namespace_of,
    number,
    project_of,
    repository_figures_of,
    repository_of,
    rows,
    text,
    texts,
    with_decisions,
)
from .words import scope_in_words

_FAILED = ("refused", "failed")


class _Sources(t.NamedTuple):
    """The files of a report.

    Args:
        audit: the audit; None if there is none.
        plan: the plan; None if there is none.
        run: what the journal tells; None if there is none.
        flaws: what is wrong with the files, one sentence each.
    """

    audit: LineIndex | None
    plan: LineIndex | None
    run: JournaledRun | None = None
    flaws: tuple[str, ...] = ()


def read_report(request: ReportRequest) -> Report:
    """The report of an audit, of a plan or of both.

    A run that failed may have left no file, or a part of one. Its report shows what is there.

    Raises:
        UsageError: a file is of something else, or is not there although the run did not fail.
    """
    sources = _opened(request)
    _check_shown(sources.plan, request)
    report = _report(sources, request.told)
    return _compared(report, request.compare_with) if request.compare_with else report


def _check_shown(plan: LineIndex | None, request: ReportRequest) -> None:
    """See that what is asked for can show the plan.

    Raises:
        UsageError: it can't.
    """
    given = {"html_path": request.html_path, "prometheus_path": request.prometheus_path}
    for option, path in given.items():
        if plan and plan.is_whole and path:
            raise UsageError(
                f"{option} can't show a plan of whole repositories, which plan_path {plan.path} is: give markdown_path "
                f"or csv_folder, and leave {option} out."
            )


def _opened(request: ReportRequest) -> _Sources:
    flaws: list[str] = []
    indexes: list[LineIndex | None] = []
    for path, kind in ((request.audit_path, AUDIT), (request.plan_path, PLAN)):
        found = None
        if path:
            try:
                found = index_of(path, kind)
                flaws += found.flaws
            except UsageError as error:
                if request.told.result not in _FAILED:
                    raise
                missing = f"There is no {kind.what}: the run ended before it was written."
                flaws.append(str(error) if os.path.exists(path) else missing)
        indexes.append(found)
    audit, plan = indexes
    if audit and plan:
        servers = [text(each.heads[0], "server") for each in (audit, plan)]
        if servers[0] != servers[1]:
            raise UsageError(
                f"The audit is of {servers[0]} and the plan of {servers[1]}: give files of the same server."
            )
    run = _run(request.journal_path, plan, flaws) if request.journal_path and plan else None
    return _Sources(audit, plan=plan, run=run, flaws=tuple(flaws))


def _run(path: str, plan: LineIndex, flaws: list[str]) -> JournaledRun:
    """What a journal tells of the run of a plan. flaws: gets what is wrong with the journal."""
    try:
        check_regular(path, "journal_path")
        run = run_in(read_lines(path, "journal_path"), text(plan.heads[0], "fingerprint"))
    except UsageError as error:
        run = JournaledRun(begun=False)
        flaws.append(f"{error} So the outcome of the planned tags is unknown.")
    else:
        if not run.begun:
            flaws.append(f"journal_path {path} contains no run of this plan, so the outcome of its tags is unknown.")
    return run


class _Projects(t.NamedTuple):
    """What was counted of a project.

    Args:
        path: of it.
        repositories: the numbers of its repositories, with whether each is unread.
        outcomes: number of tags by outcome.
    """

    path: str
    repositories: list[tuple[Figures, bool]]
    outcomes: Counter[str]


def _report(sources: _Sources, told: Told) -> Report:
    audit, plan, run = sources.audit, sources.plan, sources.run
    heads = [head for each in (plan, audit) if each for head in each.heads]
    times = [found for found in (parse_time(head.get("clock")) for head in heads) if found]
    clock = min(times, default=None)
    read = functools.partial(_repositories, sources, clock, {})
    counted: dict[int, _Projects] = {}
    unread: list[tuple[str, str]] = []
    dates: set[str] = set()
    removals: Counter[str | None] = Counter()
    for repository in read():
        project = counted.setdefault(repository.project_id, _Projects(repository.project, [], outcomes=Counter()))
        project.repositories.append((repository.figures, repository.error is not None))
        project.outcomes.update(repository.outcomes or {})
        dates.update([repository.date_source] if repository.date_source != "none" else [])
        if repository.whole and repository.whole.action == DELETE:
            removals[repository.whole.outcome] += 1
        if repository.error:
            unread.append((repository.path, repository.error))
    policies = _policies(plan) if plan and not audit else {}
    projects = _projects(audit.projects if audit else (), counted, policies, with_run=run is not None)
    unread += [(project.path, project.error) for project in projects if project.error]
    every = [figures for project in counted.values() for figures, _unread in project.repositories]
    total = figures_of(audit.total) if audit and audit.total is not None else None
    fingerprint, flaw = _fingerprint(plan)
    flaws = [*sources.flaws, *flaw]
    outcomes = sum((project.outcomes for project in counted.values()), Counter[str]()) if run else None
    head = _head(heads, plan, told, flaws)
    if outcomes is not None and run and run.begun and head.deleted is None:
        head = head._replace(deleted=outcomes[DELETED])
    return Report(
        head=head._replace(
            clock=format_time(clock),
            date_sources=tuple(sorted(dates)),
            # Nobody can approve a plan that is refused.
            fingerprint=None if head.refusals else fingerprint,
            unread=tuple(unread),
        ),
        total=with_decisions(total, combined_figures(every) if every or plan else None),
        projects=projects,
        repositories=read,
        repositories_count=len(every),
        repositories_unread=sum(unread for project in counted.values() for _figures, unread in project.repositories),
        outcomes=outcomes,
        budget=run.budget if run else "",
        removals=sum(removals.values()) if plan and plan.is_whole else None,
        removal_outcomes={str(outcome): number for outcome, number in removals.items()} if run else None,
    )


def _head(heads: t.Sequence[Row], plan: LineIndex | None, told: Told, flaws: t.Sequence[str]) -> ReportHead:
    planned = plan.heads if plan else []
    scopes = dict.fromkeys(scope_in_words(mapping(head, "scope")) for head in heads if "scope" in head)
    rules = [mapping(head, "rules") for head in planned if "rules" in head]
    same = bool(rules) and all(each == rules[0] for each in rules)
    return ReportHead(
        server=next((found for found in (text(head, "server") for head in heads) if found), told.server),
        scope=" and ".join(scopes) or told.scope,
        clock=None,
        # What is not whole is no good report of a run that thinks it was.
        result="partial" if told.result == "ok" and flaws else told.result,
        message=told.message,
        plan_place=told.plan_place or (package_in_words(told.plan_package) if told.plan_package else ""),
        plan_package={} if told.plan_place else told.plan_package,
        planned=plan is not None,
        deleted=told.deleted if plan else None,
        each_run=_each_run(planned),
        rules=rules[0] if same else {},
        refusals=tuple(refusal for head in planned for refusal in texts(head, "refusals")),
        warnings=(*told.warnings, *flaws),
        notes=told.notes,
        matches=tuple(rows(mapping(planned[0], "totals"), "matches")) if planned else (),
        run_by=told.run_by,
        price_per_gib_month=told.price_per_gib_month,
    )


def _each_run(planned: t.Sequence[Row]) -> str:
    """How much one run of a plan deletes; of a plan that was altered nothing is told. planned: its first lines."""
    try:
        budget = tightest(budget_in(head.get("budget")) for head in planned)
    except UsageError:
        return ""
    return budget.in_words if budget else ""


def _fingerprint(plan: LineIndex | None) -> tuple[str | None, list[str]]:
    """The fingerprint of a plan, and why it is not told: nobody should approve what was altered or is shown in part."""
    if plan is None or plan.flaws:
        return None, []
    try:
        return fingerprint_in(read_lines(plan.path, PLAN.option)), []
    except UsageError as error:
        return None, [f"{PLAN.option} {plan.path}: {error} Its fingerprint is not shown."]


def _repositories(
    sources: _Sources, clock: datetime | None, figures: dict[str, Figures]
) -> t.Iterator[RepositoryReport]:
    """All repositories by path, one after the other.

    Args:
        sources: the files.
        clock: the server's time.
        figures: the numbers of repositories by path, counted the first time.
    """
    files = sources.audit, sources.plan
    paths = sorted({path for each in files if each for path in each.blocks})
    with contextlib.ExitStack() as stack:
        of_audit, of_plan = (stack.enter_context(each.opened()) if each else _nothing for each in files)
        for path in paths:
            audited, planned = of_audit(path), of_plan(path)
            lines = (audited[0] if audited else None, _head_of(planned, sources.plan), planned[1:])
            if path not in figures:
                figures[path] = repository_figures_of(*lines, clock)
            found = repository_of(*lines, figures[path])
            yield with_outcomes(found, sources.run) if sources.run else found


def _head_of(lines: t.Sequence[Row], plan: LineIndex | None) -> Row | None:
    """The line of a repository before those of its tags. In a plan of tags it can't say that the repository is kept."""
    if not lines or (plan and plan.is_whole):
        return lines[0] if lines else None
    return {**lines[0], "action": None}


def _nothing(_path: str) -> list[Row]:
    return []


def _policies(plan: LineIndex) -> dict[int, Row]:
    """What a plan tells of the cleanup policies of projects, by their ids."""
    with plan.opened() as read:
        lines = (read(path)[0] for path in plan.blocks)
        return {number(line, "project_id") or 0: mapping(line, "server_policy") for line in lines}


def _projects(
    audited: t.Sequence[Row], counted: t.Mapping[int, _Projects], policies: t.Mapping[int, Row], *, with_run: bool
) -> tuple[ProjectReport, ...]:
    """All projects by path: those of the audit, and those of a repository. with_run: whether a run is known."""
    told = {project.id: project for project in map(project_of, audited)}
    found = []
    for identity in {**told, **counted}:
        rows_of = counted[identity].repositories if identity in counted else []
        figures = combined_figures([each for each, _unread in rows_of]) if rows_of else None
        outcomes = (counted[identity].outcomes if identity in counted else {}) if with_run else None
        project = told.get(identity)
        if project:
            found.append(project._replace(figures=with_decisions(project.figures, figures), outcomes=outcomes))
            continue
        path, policy = counted[identity].path, policies.get(identity, {})
        found.append(
            ProjectReport(
                id=identity,
                path=path,
                namespace=namespace_of(path),
                figures=figures or Figures(),
                repositories=len(rows_of),
                repositories_unread=sum(unread for _each, unread in rows_of),
                policy_state=text(policy, "state") or "unknown",
                policy_next_run_at=format_time(parse_time(policy.get("next_run_at"))),
                outcomes=outcomes,
            )
        )
    return tuple(sorted(found, key=lambda project: (project.path, project.id)))


def _compared(report: Report, path: str) -> Report:
    """A report with the numbers of an earlier one."""
    try:
        index = index_of(path, EARLIER_AUDIT)
    except UsageError as error:
        return _warned(report, f"Nothing is compared: {error}")
    earlier = _report(_Sources(index, plan=None), Told())
    if earlier.head.server != report.head.server:
        return _warned(report, f"Nothing is compared: compare_with {path} is of {earlier.head.server}.")
    if earlier.head.scope != report.head.scope:
        return _warned(report, f"Nothing is compared: compare_with {path} is of {earlier.head.scope}.")
    before = {project.id: project.figures for project in earlier.projects}
    compared = report._replace(
        head=report.head._replace(compared_with=earlier.head.clock),
        projects=tuple(project._replace(before=before.get(project.id)) for project in report.projects),
        before=earlier.total,
    )
    flawed = (_warned(compared, flaw) for flaw in index.flaws[:1])
    return next(flawed, compared)


def _warned(report: Report, warning: str) -> Report:
    return report._replace(head=report.head._replace(warnings=(*report.head.warnings, warning)))
