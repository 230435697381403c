# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The REST API: finding the handler of a path, and what every handler needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from . import access, granular
from .access import Caller
from .answers import NO_PROJECT, NO_ROUTE, UNREACHABLE, Answer, Refused, as_json, refused
from .params import Param, check
from .registry import Broken, Registry, Unreachable
from .state import Group, Project, State

PREFIX = "/api/v4"


@dataclass
class RestCall:
    """A REST request. path: as it came, still encoded. base: the URL that GitLab believes to have.

    headers: of the answer; request_headers: in lower case; content: its body as it came.
    """

    state: State
    registry: Registry
    caller: Caller
    method: str
    path: str
    params: dict[str, Any]
    query: str
    base: str
    route: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    request_headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def url(self) -> str:
        return self.base + self.path

    def check(self, declared: Mapping[str, Param], *, one_of: Sequence[str] = ()) -> dict[str, Any]:
        """The request's parameters with the ones in its path."""
        return check(declared, {**self.params, **self.route}, one_of=one_of)


Handler = Callable[[RestCall], Any]


@dataclass(frozen=True)
class Route:
    """A handler gives the body of its answer. status: of success. job: whether job tokens count here.

    early: gives the parameters, checked, where that comes before the token.
    offered: whether this server's release has the route. any_scope: whatever scopes a token has, it may.
    """

    method: str
    template: str
    handler: Handler
    status: int = 200
    job: bool = False
    early: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    offered: Callable[[State], bool] = lambda _state: True
    any_scope: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


class Routes:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(_pattern(route.template), route) for route in routes]

    def find(self, method: str, path: str, state: State) -> tuple[Route, dict[str, str]] | None:
        """The route of an encoded path, and the decoded parameters in it."""
        wanted = "GET" if method == "HEAD" else method
        for pattern, route in self._routes:
            match = pattern.fullmatch(path) if route.method == wanted else None
            if match and route.offered(state):
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        return None


def _pattern(template: str) -> re.Pattern[str]:
    """`:name` is one segment, `:name{digits}` one of digits."""
    template = re.sub(r":(\w+)\{digits\}", r"(?P<\1>[0-9]+)", template)
    return re.compile(re.escape(PREFIX) + re.sub(r":(\w+)", r"(?P<\1>[^/]+)", template) + "/?")


def serve(route: Route, call: RestCall) -> Answer:
    """The answer of a route, whatever happens in it."""
    try:
        if call.caller.is_job and not route.job:
            call.caller = access.NOBODY
        if not route.any_scope:
            access.check_scope(call.caller, write=call.method not in ("GET", "HEAD"))
            granular.check(call.caller, route.name)
        body = route.handler(call)
    except Refused as refusal:
        return as_json(refusal.status, refusal.body, refusal.headers)
    except Unreachable:
        return as_json(503, {"message": UNREACHABLE})
    except Broken:
        return as_json(500, {"message": "500 Internal Server Error"})
    if isinstance(body, bytes):
        return Answer(route.status, body, "application/octet-stream", call.headers)
    return Answer(204, b"") if route.status == 204 else as_json(route.status, body, call.headers)


def no_route() -> Answer:
    return as_json(NO_ROUTE.status, NO_ROUTE.body)


def find_project(call: RestCall, reference: str) -> Project:
    """By number or full path; a path without a slash is never found, a former path leads on."""
    state = call.state
    if re.fullmatch(r"-?[0-9]+", reference):
        project = state.projects.get(int(reference))
    elif "/" in reference:
        project = state.project_at(reference) or _moved(call, reference)
    else:
        project = None
    if project is None or not access.can_see_project(state, call.caller, project):
        raise refused(404, NO_PROJECT)
    return project


def _moved(call: RestCall, reference: str) -> Project | None:
    project = call.state.moved_project(reference)
    if project is None or not access.can_see_project(call.state, call.caller, project):
        return None
    if call.method not in ("GET", "HEAD"):
        raise refused(405, "Non GET methods are not allowed for moved projects")
    segments = call.path.split("/")
    segments[segments.index("projects") + 1] = str(project.id)
    target = call.base + "/".join(segments) + (f"?{call.query}" if call.query else "")
    raise Refused(301, {"message": "301 Moved Permanently"}, {"Location": target})


def find_group(call: RestCall, reference: str) -> Group:
    state = call.state
    group = state.groups.get(int(reference)) if re.fullmatch(r"-?[0-9]+", reference) else state.group_at(reference)
    if group is None or group.kind == "user" or not access.can_see_group(state, call.caller, group):
        raise refused(404, "404 Group Not Found")
    return group
