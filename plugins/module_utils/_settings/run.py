# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How a module of settings runs: from the wish for each project to the module's end."""

from __future__ import annotations

import json
import typing as t
from collections import Counter

from ansible.module_utils.basic import AnsibleModule

from .._core.files import check_writable, write_lines
from .._gitlab.project_scope import ProjectScope
from .._module.connection import Connection
from .._module.intent import Applied, Intent
from .._module.run import finish
from .._policy.lint import lint_warnings
from .._policy.prediction import Parameters
from .plan import ProjectPlan, diff, project_result
from .projects import Fate, Fleet, WishOf, change_fleet, plan_fleet


def run_settings(
    module: AnsibleModule,
    connection: Connection,
    scope: ProjectScope,
    wish_of: WishOf,
    more: t.Callable[[Fleet], dict[str, t.Any]] = lambda fleet: {},
) -> t.NoReturn:
    """Have the projects as they are wanted. more: what the module returns besides what all of them do.

    Raises RequestError where nothing can be read at all.
    """
    params = module.params
    if params["output_path"]:
        check_writable(params["output_path"], "output_path")
    fleet = plan_fleet(connection.client, scope, wish_of)
    rows = [project_result(plan) for plan in fleet.plans]
    if params["output_path"]:
        write_lines(params["output_path"], (json.dumps(row) + "\n" for row in rows), "output_path")
    for warning in warnings_of(fleet):
        module.warn(warning)
    finish(
        module,
        connection,
        intent_of(fleet, params["max_changed_projects"], params["return_limit"]),
        {**result_of(fleet, rows, params["return_limit"]), **more(fleet)},
        lambda: applied(change_fleet(connection.client, fleet), params["return_limit"]),
    )


def warnings_of(fleet: Fleet) -> list[str]:
    """What is left undone and why, and what is probably not meant: each once, whatever number of projects has it."""
    notes: dict[str, list[str]] = {}
    for plan in fleet.plans:
        for note in (*plan.notes, *_lint(plan)):
            notes.setdefault(note, []).append(plan.project.path)
    return [*fleet.projects.warnings, *(_of_projects(paths, note) for note, paths in notes.items())]


def _lint(plan: ProjectPlan) -> list[str]:
    policy = {
        name.rpartition(".")[2]: value for name, value in plan.after.items() if name.startswith("cleanup_policy.")
    }
    if not policy.get("enabled"):
        return []
    parameters = Parameters(
        name_regex_delete=t.cast("str | None", policy.get("name_regex_delete")),
        name_regex_keep=t.cast("str | None", policy.get("name_regex_keep")),
        keep_n=t.cast("int | None", policy.get("keep_n")),
        older_than=t.cast("str | None", policy.get("older_than")),
    )
    return lint_warnings(parameters, (), "name_regex_delete")


def _of_projects(paths: t.Sequence[str], note: str) -> str:
    more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
    return f"{paths[0]}{more}: {note.rstrip('.')}."


def intent_of(fleet: Fleet, most: int | None, limit: int) -> Intent:
    """What would change."""
    changing = sum(1 for plan in fleet.plans if plan.changed)
    refusals = []
    if most is not None and changing > most:
        refusals.append(f"{changing} projects would be changed, more than max_changed_projects {most}")
    changed = changing > 0 and not refusals
    rows = diff(fleet.plans, limit) if changed else []
    return Intent(changed, rows, refusals, fleet.unread, kept="Nothing of it was changed.")


def result_of(fleet: Fleet, rows: t.Sequence[dict[str, t.Any]], limit: int) -> dict[str, t.Any]:
    """What is returned: every list cut to limit."""
    actions = Counter(row["action"] for row in rows)
    errors = [{"name": name, **error.as_result()} for name, error in fleet.projects.unread.items()]
    errors += [{"name": plan.project.path, **plan.error.as_result()} for plan in fleet.plans if plan.error]
    return {
        "projects": list(rows[:limit]),
        "totals": {
            "projects": len(rows),
            "differing": actions["update"],
            "as_wanted": actions["none"],
            "unknown": actions["unknown"],
            "archived": len(fleet.projects.archived),
        },
        "archived": [project.path for project in fleet.projects.archived[:limit]],
        "errors": errors[:limit],
        "truncated": max(len(rows), len(errors), len(fleet.projects.archived)) > limit,
    }


def applied(fates: t.Sequence[Fate], limit: int) -> Applied:
    """What came of it. What failed comes first, so that no limit hides it."""
    failed = [fate for fate in fates if fate.outcome != "changed"]
    ordered = failed + [fate for fate in fates if fate.outcome == "changed"]
    rows = [{"path": fate.path, "outcome": fate.outcome, "message": fate.message} for fate in ordered[:limit]]
    if not failed:
        return Applied(rows)
    first = failed[0]
    counts = f"{len(fates) - len(failed)} of {len(fates)} projects were changed as planned"
    return Applied(rows, f"{counts}; {first.path} is {first.outcome}: {first.message}")
