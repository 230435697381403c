# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The frame of every module, and the only room that knows check mode, diff, exit and failure."""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass, replace

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._core.errors import RequestError, UsageError
from .._http.client import Client
from .._http.transport import REQUESTS_IMPORT_ERROR
from .._registry.auth import RegistrySettings
from .._rules.patterns import RE2_IMPORT_ERROR
from .options import JOB_TOKEN, Access, ArgumentSpec, access, header_of, refreshing, registry_settings

_LIBRARIES = {
    "requests": REQUESTS_IMPORT_ERROR,
    "google-re2": RE2_IMPORT_ERROR,
}


class Connection(t.NamedTuple):
    """An open connection and whose it is. registry: how to reach the registry itself, for modules that may."""

    client: Client
    access: Access
    registry: RegistrySettings

    @property
    def is_job_token(self) -> bool:
        return self.access.kind == JOB_TOKEN


def new_module(spec: ArgumentSpec, *libraries: str) -> AnsibleModule:
    """The module of these options; it ends here when a library is missing where it runs."""
    module = AnsibleModule(
        argument_spec=spec.options,
        mutually_exclusive=spec.mutually_exclusive,
        required_one_of=spec.required_one_of,
        required_together=spec.required_together,
        required_if=spec.required_if,
        supports_check_mode=True,
    )
    for library in libraries:
        if _LIBRARIES[library]:
            module.fail_json(msg=missing_required_lib(library), exception=_LIBRARIES[library])
    return module


@contextlib.contextmanager
def failing(module: AnsibleModule) -> t.Iterator[None]:
    """End the module with one sentence for what goes wrong inside."""
    try:
        yield
    except UsageError as error:
        module.fail_json(msg=str(error), changed=False, result="failed")
    except RequestError as error:
        module.fail_json(msg=str(error), changed=False, result="failed", error=error.as_result())


def connect(module: AnsibleModule) -> Connection:
    """Connect with the module's connection options; nothing is sent yet."""
    found = access(module.params, os.environ, str(getattr(module, "ansible_version", "unknown")))
    if found.token:
        _hide(module, found.token)
    for warning in found.warnings:
        module.warn(warning)
    if found.token is None:
        module.warn("No token is given in api_token or GITLAB_TOKEN: only what everybody may see can be read.")

    def header(token: str) -> tuple[str, str] | None:
        _hide(module, token)
        return header_of(found.kind, token)

    settings = replace(found.settings, refresh_credentials=refreshing(found, header))
    return Connection(Client(settings), found, _registry(module, found))


def _hide(module: AnsibleModule, *secrets: str) -> None:
    """Keep secrets out of everything that the module says."""
    module.no_log_values.update(secrets)


def _registry(module: AnsibleModule, gitlab: Access) -> RegistrySettings:
    if "registry_url" not in module.params:
        return RegistrySettings()
    registry, warnings = registry_settings(module.params, os.environ, gitlab)
    for warning in warnings:
        module.warn(warning)
    login = registry.login
    if login is None:
        return registry
    encoded = login.header[1].partition(" ")[2]
    _hide(module, login.password, encoded)

    def header(token: str) -> tuple[str, str]:
        found = replace(login, password=token).header
        _hide(module, token, found[1].partition(" ")[2])
        return found

    refresh = refreshing(gitlab, header) if login.password == gitlab.token else None
    return replace(registry, login=replace(login, refresh_credentials=refresh))


def finish_reading(
    module: AnsibleModule,
    connection: Connection,
    result: dict[str, t.Any],
    errors: t.Sequence[RequestError],
    *,
    tolerate: bool,
) -> t.NoReturn:
    """End a module that only reads. errors: what could not be read; they fail it unless tolerated."""
    result = {**result, "changed": False, "requests": connection.client.requests_sent}
    if errors and not tolerate:
        module.fail_json(msg=_first_of(errors), result="partial", **result)
    module.exit_json(result="partial" if errors else "ok", **result)


def cut(result: t.Mapping[str, t.Any], limit: int) -> dict[str, t.Any]:
    """The result with each of its lists cut to so many entries, and whether one of them was longer."""
    lists = {key: value for key, value in result.items() if isinstance(value, list)}
    shown = {key: value[:limit] for key, value in lists.items()}
    return {**result, **shown, "truncated": any(len(value) > limit for value in lists.values())}


@dataclass(frozen=True)
class Intent:
    """What a module would change. diff: as Ansible shows it. refusals: why nothing at all may be changed.

    unread: what could not be read and is therefore left as it is. waits: there is something to wait for in any case.
    verb: what would be done to things. kept: the sentence on what is unread.
    """

    changed: bool
    diff: list[dict[str, str]]
    refusals: t.Sequence[str] = ()
    unread: t.Sequence[RequestError] = ()
    waits: bool = False
    verb: str = "changed"
    kept: str = ""


@dataclass(frozen=True)
class Applied:
    """What came of it. outcome: for the result, None where there is nothing to tell.

    shortfall: what is not as it was meant, one sentence, or nothing.
    """

    outcome: t.Any
    shortfall: str = ""
    warnings: t.Sequence[str] = ()


def finish(
    module: AnsibleModule,
    connection: Connection | None,
    intent: Intent,
    result: dict[str, t.Any],
    apply: t.Callable[[], Applied],
    *,
    tolerate: bool = False,
) -> t.NoReturn:
    """Carry the intent out, unless it is refused or this is check mode, and end with what came of it.

    changed and diff come from the intent alone, so that both modes give the same. connection: None where no server is
    asked. tolerate: what is unread does not fail the module.
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
        result["requests"] = connection.client.requests_sent
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
    module.exit_json(result="partial" if intent.unread else "ok", **result)


def _first_of(errors: t.Sequence[RequestError]) -> str:
    more = f" ({len(errors) - 1} more could not be read, see errors.)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}"
