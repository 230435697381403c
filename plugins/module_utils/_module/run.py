# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How every module begins and ends, and the only module that knows check mode, diff, exit and failure."""

from __future__ import annotations

import contextlib
import importlib
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._core.errors import JournalError, RequestError, UsageError
from .intent import Applied, Intent
from .options import ArgumentSpec

# What is imported of the libraries that modules need.
_IMPORTS = {"requests": "requests", "google-re2": "re2"}


class _RequestCounter(t.Protocol):
    """A connection, as far as results tell of it."""

    @property
    def requests_sent(self) -> int:
        """Number of requests so far."""


def new_module(spec: ArgumentSpec, *libraries: str) -> AnsibleModule:
    """The module of these options. It ends here when a library is missing where it runs.

    Args:
        spec: all options.
        libraries: those that are needed besides Ansible's, by the names that pip knows.
    """
    module = AnsibleModule(
        argument_spec=spec.options,
        mutually_exclusive=spec.mutually_exclusive,
        required_one_of=spec.required_one_of,
        required_together=spec.required_together,
        required_if=spec.required_if,
        supports_check_mode=True,
    )
    for library in libraries:
        try:
            importlib.import_module(_IMPORTS[library])
        except ImportError:
            module.fail_json(msg=missing_required_lib(library), exception=traceback.format_exc())
    return module


@contextlib.contextmanager
def exit_on_error(module: AnsibleModule) -> t.Iterator[None]:
    """End the module with one sentence for what goes wrong inside."""
    try:
        yield
    except UsageError as error:
        module.fail_json(msg=str(error), changed=False, result="failed")
    except (RequestError, JournalError) as error:
        module.fail_json(msg=str(error), changed=False, result="failed", error=error.as_result())


def finish_reading(
    module: AnsibleModule,
    connection: _RequestCounter,
    result: dict[str, t.Any],
    errors: t.Sequence[Exception],
    *,
    tolerate: bool,
) -> t.NoReturn:
    """End a module that only reads.

    Args:
        module: the module.
        connection: the one that it read by.
        result: what it returns, besides what all such modules return.
        errors: what could not be read.
        tolerate: errors do not fail the module.
    """
    result = {**result, "changed": False, "requests": connection.requests_sent}
    if errors and not tolerate:
        module.fail_json(msg=_first_of(errors), result="partial", **result)
    module.exit_json(result="partial" if errors else "ok", **result)


def finish(
    module: AnsibleModule,
    connection: _RequestCounter | None,
    intent: Intent,
    result: dict[str, t.Any],
    apply: t.Callable[[], Applied],
    *,
    tolerate: bool = False,
) -> t.NoReturn:
    """Carry the intent out, unless it is refused or this is check mode, and end with what came of it.

    changed and diff come from the intent alone, so that both modes give the same.

    Args:
        module: the module.
        connection: the one that it reads and changes by, None where no server is asked.
        intent: what is to change.
        result: what it returns, besides what all such modules return.
        apply: carries the intent out.
        tolerate: what is unread does not fail the module.
    """
    result = {**result, "changed": intent.changed}
    if module._diff:
        result["diff"] = intent.diff
    acts = (intent.changed or intent.waits) and not intent.refusals
    applied = apply() if acts and not module.check_mode else None
    if applied:
        if applied.outcome is not None:
            result["outcome"] = applied.outcome
        for warning in applied.warnings:
            module.warn(warning)
    if connection:
        result["requests"] = connection.requests_sent
    if intent.refusals:
        reasons = "; ".join(intent.refusals[:5])
        more = f"; and {len(intent.refusals) - 5} more" if intent.refusals[5:] else ""
        module.fail_json(
            msg=f"Nothing was {intent.verb}, since the plan is refused: {reasons}{more}.", result="refused", **result
        )
    if applied and applied.shortfall:
        module.fail_json(msg=applied.shortfall, result="partial", **result)
    if intent.unread and not tolerate:
        module.fail_json(msg=f"{_first_of(intent.unread)} {intent.kept}".rstrip(), result="partial", **result)
    summary = applied.summary if applied else intent.summary
    if summary:
        result["msg"] = f"{summary}."
    module.exit_json(result="partial" if intent.unread else "ok", **result)


def _first_of(errors: t.Sequence[Exception]) -> str:
    more = f" ({len(errors) - 1} more could not be read, see errors.)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}"
