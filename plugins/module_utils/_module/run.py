# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How every module begins and ends, and the only module that knows check mode, diff, exit and failure."""

from __future__ import annotations

import contextlib
import importlib
import os
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._core.errors import JournalError, RequestError, UsageError, unexpected
from .._core.files import GivenPath, shared_file
from .._core.secrets import remember_environment
from .._core.words import some
from .inputs import read_inputs
from .intent import Applied, Intent
from .options import ArgumentSpec

# What is imported of the libraries that modules need, and what it has unlike others of that name.
_IMPORTS = {"requests": ("requests", "request"), "google-re2": ("re2", "Options"), "PyYAML": ("yaml", "safe_load")}


class _RequestCounter(t.Protocol):
    """A connection, as far as results tell of it."""

    @property
    def requests_sent(self) -> int:
        """Number of requests so far."""

    @property
    def changes_sent(self) -> int:
        """Number of requests so far that may have changed something."""


class _Module(AnsibleModule):
    """Ansible's module, with its options read before Ansible converts them.

    What can't be meant is told when Ansible knows which values are secret.
    """

    refusal = "This version of ansible-core is not supported: use a supported version."
    given: dict[str, t.Any]

    def _load_params(self) -> None:
        base: t.Any = super()
        base._load_params()
        try:
            self.params = read_inputs(self.params, self.argument_spec)
            self.given = _by_option(self.params, self.argument_spec)
            self.refusal = ""
        except UsageError as error:
            self.refusal = str(error)

    def fail_json(self, msg: str, **others: t.Any) -> t.NoReturn:
        if self.refusal:
            msg, others = self.refusal, {"changed": False, "result": "failed"}
        super().fail_json(msg, **others)


def _by_option(values: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The values of options that are there, by the option's name. values: by name or alias."""
    names = {alias: name for name, spec in options.items() for alias in (name, *spec.get("aliases", ()))}
    return {names[each]: value for each, value in values.items() if each in names}


def given_options(module: AnsibleModule) -> dict[str, t.Any]:
    """The options that the task has, without those that have their default."""
    return t.cast("_Module", module).given


def add_options(module: AnsibleModule, spec: ArgumentSpec, more: t.Mapping[str, t.Any], origin: str) -> None:
    """Give a module options that its task leaves out, checked as if the task had them.

    Args:
        module: the module.
        spec: all options.
        more: values by option.
        origin: where these come from, for messages.

    Raises:
        UsageError: they can't be options of this task.
    """
    if not more:
        return
    validator: t.Any = ArgumentSpecValidator(
        spec.options,
        mutually_exclusive=spec.mutually_exclusive,
        required_one_of=spec.required_one_of,
        required_together=spec.required_together,
        required_if=spec.required_if,
    )
    try:
        found = validator.validate({**read_inputs(more, spec.options), **given_options(module)})
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None
    if found.error_messages:
        raise UsageError(f"{origin}: {found.error_messages[0]}.")
    module.params.update({option: found.validated_parameters[option] for option in more})


def _absolute(value: t.Any, spec: t.Mapping[str, t.Any]) -> t.Any:
    """The value of an option; of one that holds paths, with these from the root, as messages and results show them."""
    if spec["type"] == "path" and value is not None:
        return os.path.abspath(value)
    if spec.get("elements") == "path" and value is not None:
        return [os.path.abspath(path) for path in value]
    return value


def _given_paths(params: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> list[GivenPath]:
    """The paths of options, and those of the environment that stand for options."""
    found = []
    for option, spec in options.items():
        value = params[option]
        if value and "path" in (spec["type"], spec.get("elements")):
            paths = value if isinstance(value, list) else [value]
            found += [GivenPath(option=option, label=option, path=path) for path in paths]
    for variable in ("GITLAB_TOKEN_FILE", "GITLAB_CA_PATH"):
        if os.environ.get(variable):
            found.append(GivenPath(option=variable, label=variable, path=os.environ[variable]))
    return found


def new_module(spec: ArgumentSpec, *libraries: str) -> AnsibleModule:
    """The module of these options. It ends here when a library is missing where it runs.

    Args:
        spec: all options.
        libraries: those that are needed besides Ansible's, by the names that pip knows.
    """
    remember_environment(os.environ)
    module = t.cast("t.Any", _Module)(
        argument_spec=spec.options,
        mutually_exclusive=spec.mutually_exclusive,
        required_one_of=spec.required_one_of,
        required_together=spec.required_together,
        required_if=spec.required_if,
        supports_check_mode=True,
    )
    if module.refusal:
        module.fail_json(msg=module.refusal)
    for option, each in spec.options.items():
        module.params[option] = _absolute(module.params[option], each)
    shared = shared_file(_given_paths(module.params, spec.options))
    if shared:
        module.fail_json(msg=f"{shared}.", changed=False, result="failed")
    for library in libraries:
        require(module, library)
    return t.cast("AnsibleModule", module)


def require(module: AnsibleModule, library: str) -> None:
    """End the module here if a library is missing where it runs, or is another one of that name.

    Args:
        module: the module.
        library: its name as pip knows it.
    """
    name, attribute = _IMPORTS[library]
    try:
        found = importlib.import_module(name)
    except ImportError:
        module.fail_json(msg=missing_required_lib(library), exception=traceback.format_exc())
    if not hasattr(found, attribute):
        where = getattr(found, "__file__", None) or name
        module.fail_json(
            msg=(f"{library} is needed, and {where} is from another package: remove it and install {library}.")
        )


@contextlib.contextmanager
def exit_on_error(module: AnsibleModule) -> t.Iterator[None]:
    """End the module with one sentence for what goes wrong inside, also for what nobody thought of."""
    try:
        yield
    except UsageError as error:
        module.fail_json(msg=str(error), changed=False, result="failed")
    except (RequestError, JournalError) as error:
        module.fail_json(msg=str(error), changed=False, result="failed", error=error.as_result())
    except Exception as error:
        module.fail_json(msg=f"Nothing was changed: {unexpected(error)}.", changed=False, result="failed")


def finish_reading(
    module: AnsibleModule,
    connection: _RequestCounter | None,
    result: dict[str, t.Any],
    errors: t.Sequence[Exception],
    *,
    tolerate: bool,
) -> t.NoReturn:
    """End a module that only reads.

    Args:
        module: the module.
        connection: the one that it read by, None where no server is asked.
        result: what it returns, besides what all such modules return.
        errors: what could not be read.
        tolerate: errors do not fail the module.
    """
    result = {**result, "changed": False}
    if connection:
        result["requests"] = connection.requests_sent
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
    so_far: t.Callable[[str], Applied] | None = None,
    foresee: t.Callable[[], str] = str,
) -> t.NoReturn:
    """Carry the intent out, unless it is refused or this is check mode, and end with what came of it.

    changed and diff come from the intent, so that both modes give the same, unless the run changed nothing after all.

    Args:
        module: the module.
        connection: the one that it reads and changes by, None where no server is asked.
        intent: what is to change.
        result: what it returns, besides what all such modules return.
        apply: carries the intent out.
        tolerate: what is unread does not fail the module.
        so_far: what came of the intent up to now, if apply ends before its end for the reason that it is given.
        foresee: asked in check mode why a run would fail, a sentence without its end; empty if nothing is known.
    """
    result = {**result, "changed": intent.changed}
    if module._diff:
        result["diff"] = intent.diff
    acts = (intent.changed or intent.waits) and not intent.refusals
    applied = _applied(connection, apply, so_far) if acts and not module.check_mode else None
    if applied:
        if applied.changed is not None:
            result["changed"] = applied.changed
        if applied.outcome is not None:
            result["outcome"] = applied.outcome
        for warning in applied.warnings:
            module.warn(warning)
    if acts and module.check_mode:
        obstacle = foresee()
        if obstacle:
            module.warn(f"A run would change nothing: {obstacle}.")
    if connection:
        result["requests"] = connection.requests_sent
    if intent.refusals:
        reasons = some(intent.refusals, separator="; ")
        module.fail_json(
            msg=f"Nothing was {intent.verb}, since the plan is refused: {reasons}.", result="refused", **result
        )
    if applied and applied.shortfall:
        module.fail_json(msg=applied.shortfall, result="partial", **result)
    if intent.unread and not tolerate:
        module.fail_json(msg=f"{_first_of(intent.unread)} {intent.kept}".rstrip(), result="partial", **result)
    summary = applied.summary if applied else intent.summary
    if summary:
        result["msg"] = f"{summary}."
    module.exit_json(result="partial" if intent.unread else "ok", **result)


def _applied(
    connection: _RequestCounter | None, apply: t.Callable[[], Applied], so_far: t.Callable[[str], Applied] | None
) -> Applied:
    """What came of the intent, also if apply ends in a way that nobody thought of.

    Where no request was sent that could change anything, nothing was changed.
    """
    before = connection.changes_sent if connection else 0
    found = _applied_or_why_not(apply, so_far)
    sent = connection is None or connection.changes_sent > before
    if isinstance(found, Applied):
        return found._replace(changed=sent and found.changed) if found.changed is not None else found
    done = "Not all may have been done" if sent else "Nothing was changed"
    return Applied(None, f"{done}: {found}.", changed=sent)


def _applied_or_why_not(apply: t.Callable[[], Applied], so_far: t.Callable[[str], Applied] | None) -> Applied | str:
    try:
        return apply()
    except Exception as error:
        reason = unexpected(error)
    try:
        return so_far(reason) if so_far else reason
    except Exception as error:
        return f"{reason}; it is also unknown what was done: {unexpected(error)}"


def _first_of(errors: t.Sequence[Exception]) -> str:
    more = f" ({len(errors) - 1} more could not be read, see errors.)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}"
