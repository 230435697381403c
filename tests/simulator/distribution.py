# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's own protocol below /v2/: who may, what is asked, listings."""

from __future__ import annotations

import base64
import bisect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from . import distribution_blobs as blobs
from . import distribution_manifests as manifests
from . import distribution_rules as tag_rules
from . import jwt_auth, signing
from .answers import Answer, as_json, as_text
from .distribution_call import Handler, Problem, RegistryCall
from .paging import link
from .registry import Unreachable
from .state import Repository, State

PREFIX = "/v2/"
PAGE = 100
MOST_REPOSITORIES = 1000
_NAME = r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
_DIGEST = r"(?P<reference>sha256:[0-9a-f]{64})"
_REFERENCE = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|[a-z0-9]+:[0-9a-f]{32,})"
_WORD = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Access:
    """One thing that a request needs."""

    kind: str
    name: str
    action: str


def base(call: RegistryCall) -> Answer:
    """Where GitLab's registry says what it is, to whom it answers at all."""
    if call.state.mode == "M3":
        return as_json(200, {})
    headers = {
        "Gitlab-Container-Registry-Version": call.version,
        "Gitlab-Container-Registry-Features": "tag_delete",
        "Gitlab-Container-Registry-Database-Enabled": str(call.state.mode == "M1").lower(),
    }
    return as_json(200, {}, headers)


def tags_list(call: RegistryCall) -> Answer:
    """With a database in pages, without as a whole, whatever the client asks for; others page as the scenario says."""
    names: Sequence[str] = call.tags.names
    headers: dict[str, str] = {}
    if call.state.mode == "M1":
        names, headers = _page(names, call, f"/v2/{call.name}/tags/list", _number(call) or PAGE)
    else:
        largest = call.state.registry.v2_page
        names = [name for name in names if name not in call.unlisted]
        names = names[: call.state.registry.cap] if call.state.mode == "M2" else names
        if largest is not None:
            size = min(_number(call) or largest, largest)
            names, headers = _page(names, call, f"/v2/{call.name}/tags/list", size)
    return as_json(200, {"name": call.name, "tags": list(names) or None}, headers)


def catalog(call: RegistryCall) -> Answer:
    size = _number(call) or PAGE
    if size > MOST_REPOSITORIES:
        raise Problem("PAGINATION_NUMBER_INVALID", f"n must be no larger than {MOST_REPOSITORIES}")
    paths = sorted(row.path for row in call.state.repositories.values() if _is_in_catalog(row))
    if call.state.mode != "M1":
        found, more = walk(paths, call.params.get("last", ""), size)
        headers = {"Link": f'<{link("/v2/_catalog", {"last": found[-1], "n": size})}>; rel="next"'} if more else {}
        return as_json(200, {"repositories": found}, headers)
    page, headers = _page(paths, call, "/v2/_catalog", size)
    return as_json(200, {"repositories": list(page)}, headers)


def _is_in_catalog(row: Repository) -> bool:
    return row.tags is not None and row.registry_state != "unknown"


def walk(paths: Iterable[str], last: str, size: int) -> tuple[list[str], bool]:
    """A page of the catalog by folders, and whether the registry says that more follow.

    A full page is noticed at the next folder that is none of a repository's own, and the walk goes on all the same:
    Repositories and handleRepository in registry/storage/catalog.go.
    """
    found: list[str] = []
    finished = False
    for folder, is_own in _folders(paths):
        if is_own:
            if folder.replace("/", "\0") > last.replace("/", "\0"):
                found.append(folder)
        elif len(found) == size:
            finished = True
    return found[:size], finished


def _folders(paths: Iterable[str]) -> list[tuple[str, bool]]:
    """All folders in the order of a walk, and whether it is the one by which a repository is known."""
    known = set(paths)
    nodes = {"/".join(path.split("/")[:length]) for path in known for length in range(1, path.count("/") + 2)}
    rows = [(node.split("/"), node, False) for node in nodes] + [
        ([*path.split("/"), "_"], path, True) for path in known
    ]
    return [(node, is_own) for _order, node, is_own in sorted(rows)]


def _number(call: RegistryCall) -> int | None:
    text = call.params.get("n", "")
    return int(text) if re.fullmatch(r"0*[1-9][0-9]*", text) else None


def _page(names: Sequence[str], call: RegistryCall, path: str, size: int) -> tuple[Sequence[str], dict[str, str]]:
    """After the last one that the client has. The link to the next page is a relative reference."""
    start = bisect.bisect_right(names, call.params.get("last", ""))
    found = names[start : start + size]
    if len(names) <= start + size:
        return found, {}
    return found, {"Link": f'<{link(path, {"last": found[-1], "n": size})}>; rel="next"'}


Methods = dict[str, Handler]
MANIFESTS: Methods = {
    "GET": manifests.get,
    "HEAD": manifests.get,
    "PUT": manifests.put,
    "DELETE": manifests.delete,
}
ROUTES: list[tuple[str, str, Methods]] = [
    ("/v2/", "", {"GET": base, "HEAD": base}),
    ("/v2/_catalog", "_catalog", {"GET": catalog}),
    ("/v2/:name/tags/list", f"{_NAME}/tags/list", {"GET": tags_list}),
    ("/v2/:name/tags/reference/:tag", f"{_NAME}/tags/reference/{_WORD}", {"DELETE": manifests.untag}),
    ("/v2/:name/manifests/:reference", f"{_NAME}/manifests/{_REFERENCE}", MANIFESTS),
    (
        "/v2/:name/blobs/uploads/",
        f"{_NAME}/blobs/uploads/",
        {"POST": blobs.start, "GET": blobs.status, "HEAD": blobs.status},
    ),
    (
        "/v2/:name/blobs/uploads/:upload",
        f"{_NAME}/blobs/uploads/{_WORD}",
        {"GET": blobs.status, "PATCH": blobs.append, "PUT": blobs.finish, "DELETE": blobs.cancel},
    ),
    (
        "/v2/:name/blobs/:digest",
        f"{_NAME}/blobs/{_DIGEST}",
        {"GET": blobs.get, "HEAD": blobs.get, "DELETE": blobs.delete},
    ),
]
_COMPILED = [(template, re.compile(PREFIX + pattern), methods) for template, pattern, methods in ROUTES]


def route_name(method: str, path: str) -> str:
    found = _find(path)
    return f"{method} {found[0] if found else '(no route)'}"


def serve(call: RegistryCall, path: str) -> Answer:
    """path: still encoded. Unreachable where nobody is there."""
    answer = _serve(call, path)
    if answer.headers.pop("Route", None) is None:
        answer.headers.setdefault("Docker-Distribution-Api-Version", "registry/2.0")
    return answer


def _serve(call: RegistryCall, path: str) -> Answer:
    settings = call.state.registry
    if settings.state == "unreachable" or not settings.enabled:
        raise Unreachable
    try:
        if settings.state == "error":
            raise Problem("UNKNOWN", status=settings.error_status)
        found = _find(path)
        if found is None:
            return _not_found()
        template, match, methods = found
        call.name, call.reference = match.groupdict().get("name", ""), match.groupdict().get("reference", "")
        _authorize(call, template)
        _check_state(call)
        if template.endswith("/:tag") and (call.state.mode == "M3" or call.is_since(4, 0)):
            return _not_found()
        return _dispatch(call, methods)
    except Problem as problem:
        return problem.answer


def _find(path: str) -> tuple[str, re.Match[str], Methods] | None:
    for template, pattern, methods in _COMPILED:
        match = pattern.fullmatch(unquote(path))
        if match:
            return template, match, methods
    return None


def _not_found() -> Answer:
    # What the router itself answers does not say what this is.
    return as_text(404, "404 page not found\n", headers={"Route": "none"})


def _check_state(call: RegistryCall) -> None:
    """What the scenario says of this one repository; unknown is found out later."""
    row = call.row
    if row is not None and row.registry_state == "unreachable":
        raise Unreachable
    if row is not None and row.registry_state == "error":
        raise Problem("UNKNOWN", status=call.state.registry.error_status)


def _dispatch(call: RegistryCall, methods: Methods) -> Answer:
    writable = not call.state.registry.read_only
    allowed = {name: handler for name, handler in methods.items() if writable or name in READING}
    if call.method in allowed:
        return allowed[call.method](call)
    names = set(allowed)
    if call.state.mode == "M3" and ":" not in call.reference:
        # By this Rails takes it for a registry that can't delete tags.
        names.discard("DELETE")
    headers = {"Allow": ", ".join(sorted(names))}
    if call.method == "OPTIONS":
        return Answer(200, b"", "text/plain", headers)
    return as_text(405, "Method not allowed\n", headers=headers)


def _needed(call: RegistryCall, template: str) -> list[Access]:
    if template == "/v2/_catalog":
        return [Access("registry", "catalog", "*")]
    if not call.name:
        return []
    actions = {"GET": ("pull",), "HEAD": ("pull",), "DELETE": ("delete",), "OPTIONS": ()}
    return [Access("repository", call.name, action) for action in actions.get(call.method, ("pull", "push"))]


def _authorize(call: RegistryCall, template: str) -> None:
    """Problem with a challenge where the request may not be."""
    kind, _blank, value = call.headers.get("authorization", "").partition(" ")
    needed = _needed(call, template)
    if call.state.registry.auth == "none":
        return
    if call.state.registry.auth == "basic":
        if kind.lower() != "basic" or not _is_known(call.state, value):
            raise _challenge('Basic realm="Registry Realm"', needed)
        return
    bearer = f'Bearer realm="{call.base}{jwt_auth.PATH}",service="{signing.SERVICE}"'
    if needed:
        bearer += f',scope="{_scope(needed)}"'
    if kind.lower() != "bearer":
        raise _challenge(bearer, needed)
    granted = jwt_auth.granted_by(value)
    if granted is None:
        raise _challenge(f'{bearer},error="invalid_token"', needed)
    may = _permission(granted)
    if not all(may(item.kind, item.name, item.action) for item in needed):
        raise _challenge(f'{bearer},error="insufficient_scope"', needed)
    call.may = lambda action, path: may("repository", path, action)
    if call.state.mode != "M3":
        call.rules = tag_rules.rules_in(call, granted)


def _is_known(state: State, encoded: str) -> bool:
    try:
        password = base64.b64decode(encoded).decode().partition(":")[2]
    except ValueError:
        return False
    token = state.tokens.get(password)
    return token is not None and not token.expired and not token.revoked


def _permission(granted: Iterable[dict[str, Any]]) -> Callable[[str, str, str], bool]:
    actions: dict[tuple[str, str], set[str]] = {}
    for row in granted:
        actions.setdefault((row["type"], row["name"]), set()).update(row["actions"])
    return lambda kind, name, action: bool({action, "*"} & actions.get((kind, name), set()))


def _scope(needed: list[Access]) -> str:
    first = needed[0]
    return f"{first.kind}:{first.name}:{','.join(item.action for item in needed)}"


def _challenge(text: str, needed: list[Access]) -> Problem:
    rows = [
        {"Type": item.kind, "Class": "", "Name": item.name, "ProjectPath": "", "Action": item.action} for item in needed
    ]
    problem = Problem("UNAUTHORIZED", rows or None)
    problem.answer.headers["WWW-Authenticate"] = text
    return problem
