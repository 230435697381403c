# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How registry_repository deletes the repositories of a scope, from its options to what came of it."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._core.files import check_files, given_lines, write_files
from .._deletion.host import RegistryHost
from .._deletion.journal import Record, journal_end, journal_start, open_journal
from .._deletion.ways import deletion_way
from .._gitlab.tokens import why_not_writing
from .._module.intent import Applied
from .._module.options import OnError
from .._module.registry import RegistryConnection
from .._module.results import truncate_lists
from .._module.run import finish
from .._plan.plan_file import REPOSITORY_FORMAT, sealed
from .removal import delete_repositories, removals_so_far
from .results import applied_removals, outcome_counts
from .scope_observation import observe_scope
from .scope_planning import plan_scope
from .scope_request import scope_request_of
from .scope_results import removals_of, scope_header, scope_intent, scope_result


def delete_of_scope(module: AnsibleModule, connection: RegistryConnection) -> t.NoReturn:
    """Delete the repositories of a scope that its conditions choose, unless this is check mode, and end the module.

    Raises:
        UsageError: the options can't be served as they are written.
        RequestError: the repositories of the scope can't be read.
    """
    params, limit, url = module.params, module.params["return_limit"], connection.url
    lines = given_lines(params, "approved_plan", "approved_plan_path")
    request = scope_request_of(params, lines, url=url, job_token=connection.is_job_token)
    check_files(params, "plan_path", "journal_path")
    reader, state, being_deleted, delete_method = observe_scope(connection, request)
    plan = sealed(plan_scope(state, request), scope_header(state, request, url), REPOSITORY_FORMAT)
    for warning in [*plan.plan.unmatched_warnings, *state.warnings]:
        module.warn(warning)
    result = truncate_lists(scope_result(state, being_deleted, request, plan, limit), limit)
    result.update(write_files(params, {"plan_path": plan.lines()}))
    removals, record, waited = removals_of(plan.plan), Record(), request.wait is not None
    approved = request.approval.plan.fingerprint if request.approval else None

    def apply() -> Applied:
        # Of a deleted repository no tag is kept that could go with another one.
        way, host = deletion_way(reader, delete_method), RegistryHost(deletes_by_name=True)
        with open_journal(params["journal_path"]) as file:
            journal, tags = record.added_to(file), plan.plan.deletions
            journal_start(journal, url, plan.fingerprint, tags, request.run_by, approved, len(removals))
            results = delete_repositories(reader, way, host, removals, request.wait, journal)
            journal_end(journal, outcome_counts(results), host.stopped or connection.client.why_stop())
        return applied_removals(results, limit, waited=waited)

    finish(
        module,
        connection,
        scope_intent(plan.plan, limit),
        result,
        apply,
        tolerate=OnError(params["on_error"]) is OnError.REPORT,
        so_far=lambda reason: applied_removals(removals_so_far(removals, record, reason), limit, waited=waited),
        foresee=lambda: why_not_writing(connection.client),
    )
