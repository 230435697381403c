# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How every module of settings begins and ends."""

from __future__ import annotations

import json
import typing as t
from collections import Counter

from ansible.module_utils.basic import AnsibleModule

from .._core.files import check_files, write_files
from .._core.words import counted, some
from .._gitlab.project_scope import Projects
from .._module.connection import Connection, connect
from .._module.intent import Applied, Intent
from .._module.run import finish
from .._policy.lint import lint_warnings
from .._policy.preview import parameters_of
from .options import check_settings
from .outcomes import ProjectOutcome, ProjectResult
from .plan import ProjectAction, ProjectPlan, diff, policy_after, project_row, refusals_of
from .projects import ObservedProjects, apply_settings


def connect_for_settings(module: AnsibleModule) -> Connection:
    """Connect, and check what all modules of settings have in common. Nothing is sent yet.

    Raises:
        UsageError: an option can't be served as it is written.
    """
    connection = connect(module)
    check_settings(module.params, job_token=connection.is_job_token)
    check_files(module.params, "output_path")
    return connection


def finish_settings(
    module: AnsibleModule,
    connection: Connection,
    observed: ObservedProjects,
    plans: t.Sequence[ProjectPlan],
    more: t.Callable[[], t.Mapping[str, t.Any]] = dict,
) -> t.NoReturn:
    """Carry the plans out, unless they are refused or this is check mode, and end with what came of them.

    Args:
        module: the module.
        connection: of the module.
        observed: the projects as they were read.
        plans: theirs.
        more: gives what the module returns besides what all modules of settings do. It may ask GitLab, and fail: what
            was read before is written by then.
    """
    limit = module.params["return_limit"]
    rows = [project_row(plan) for plan in plans]
    write_files(module.params, {"output_path": (json.dumps(row) + "\n" for row in rows)})
    for warning in _warnings_of(observed.projects.warnings, plans):
        module.warn(warning)
    finish(
        module,
        connection,
        _intent_of(observed.projects, plans, module.params["max_changed_projects"], limit),
        {**_result_of(observed.projects, plans, rows, limit), **more()},
        lambda: applied_settings(apply_settings(connection.client, observed, plans), limit),
    )


def _warnings_of(warnings: t.Iterable[str], plans: t.Iterable[ProjectPlan]) -> list[str]:
    """What is left undone and why, and what is probably not meant: each once, whatever number of projects has it."""
    notes: dict[str, list[str]] = {}
    for plan in plans:
        for note in (*plan.notes, *_lint_warnings(plan)):
            notes.setdefault(note, []).append(plan.project.path)
    return [*warnings, *(_of_projects(paths, note) for note, paths in notes.items())]


def _lint_warnings(plan: ProjectPlan) -> list[str]:
    policy = policy_after(plan)
    return lint_warnings(parameters_of(policy), (), "name_regex_delete") if policy.enabled else []


def _of_projects(paths: t.Sequence[str], note: str) -> str:
    return f"{some(paths, 1)}: {note.rstrip('.')}."


def _intent_of(
    projects: Projects, plans: t.Sequence[ProjectPlan], max_changed_projects: int | None, limit: int
) -> Intent:
    refusals = refusals_of(plans, max_changed_projects)
    changed = any(plan.changed for plan in plans) and not refusals
    return Intent(
        changed=changed,
        diff=diff(plans, limit) if changed else [],
        refusals=refusals,
        unread=[*projects.unread.values(), *(plan.error for plan in plans if plan.error)],
        kept="Nothing was changed in it.",
    )


def _result_of(
    projects: Projects, plans: t.Sequence[ProjectPlan], rows: t.Sequence[dict[str, t.Any]], limit: int
) -> dict[str, t.Any]:
    """What is returned: every list cut to limit."""
    actions = Counter(plan.action for plan in plans)
    archived = projects.archived
    errors = [{"name": name, **error.as_result()} for name, error in projects.unread.items()]
    errors += [{"name": plan.project.path, **plan.error.as_result()} for plan in plans if plan.error]
    return {
        "projects": list(rows[:limit]),
        "totals": {
            "projects": len(rows),
            "differing": actions[ProjectAction.UPDATE],
            "as_wanted": actions[ProjectAction.NONE],
            "unknown": actions[ProjectAction.UNKNOWN],
            "archived": len(archived),
        },
        "archived": [project.path for project in archived[:limit]],
        "errors": errors[:limit],
        "truncated": max(len(rows), len(errors), len(archived)) > limit,
    }


def applied_settings(results: t.Sequence[ProjectResult], limit: int) -> Applied:
    """What came of it. What failed comes first, so that no limit hides it."""
    failed = [result for result in results if result.outcome is not ProjectOutcome.CHANGED]
    ordered = failed + [result for result in results if result.outcome is ProjectOutcome.CHANGED]
    rows = [
        {"path": result.path, "outcome": result.outcome.value, "message": result.message} for result in ordered[:limit]
    ]
    if not failed:
        return Applied(rows)
    first = failed[0]
    projects = counted(len(results), "project was", "projects were")
    counts = f"{len(results) - len(failed)} of {projects} changed as planned"
    return Applied(rows, f"{counts}; {first.path} is {first.outcome.value}: {first.message}")
