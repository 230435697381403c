# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request through the simulated GitLab: token, rate limit, handler, faults, log."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from . import (
    access,
    background,
    distribution,
    graphql_server,
    jwt_auth,
    rest,
    rest_deletion,
    rest_namespaces,
    rest_packages,
    rest_projects,
    rest_protection,
    rest_references,
    rest_registry,
    rest_settings,
)
from .access import NOBODY, Caller, Credential
from .answers import Answer, Refused, as_json, as_text
from .database import Database
from .distribution_call import RegistryCall
from .faults import Fault
from .graphql_resolvers import Visit
from .journal import Journal
from .other_vendor import OtherVendor
from .params import from_query
from .registry import MemoryFiles, Registry, Unreachable
from .state import Repository, State

ROUTES = rest.Routes(
    [
        *rest_namespaces.ROUTES,
        *rest_projects.ROUTES,
        *rest_settings.ROUTES,
        *rest_references.ROUTES,
        *rest_registry.ROUTES,
        *rest_deletion.ROUTES,
        *rest_protection.ROUTES,
        *rest_packages.ROUTES,
    ]
)
BAD_JSON = (
    "\nProblem:\n  message body does not match declared format\nResolution:\n  when specifying application/json as "
    "content-type, you must pass valid application/json in the request's 'body' "
)
RegistryFactory = Callable[[State], Registry]


def in_memory(state: State) -> Registry:
    kinds: dict[str, RegistryFactory] = {"M1": Database, "M2": MemoryFiles, "M3": OtherVendor}
    return kinds[state.mode](state)


@dataclass(frozen=True)
class HttpRequest:
    """A request. path is still encoded; headers are in lower case; origin: scheme and host the client used."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    origin: str

    @property
    def traffic(self) -> str:
        """What a rate limit takes it for: GraphQL and the registry's own protocol are no API to it."""
        return "api" if self.path.startswith(rest.PREFIX + "/") else "web"

    @property
    def kind(self) -> str:
        if self.path == graphql_server.PATH:
            return "graphql"
        if self.path == jwt_auth.PATH:
            return "token"
        if self.path.startswith(distribution.PREFIX):
            return "registry"
        return "rest" if self.path.startswith(rest.PREFIX + "/") else "other"


@dataclass
class Latency:
    """Seconds that each request takes, and each request to the registry behind it; the server's own work is within."""

    request: float = 0.0
    registry: float = 0.0


@dataclass
class Outcome:
    """answer None: the connection is to be reset. keep: how many bytes of the body arrive, None is all.

    calls: how many requests to the registry it took.
    """

    answer: Answer | None
    entry: dict[str, Any]
    keep: int | None = None
    calls: int = 0


@dataclass
class GitLab:
    """The whole server. real_names: a repository's tags in a real registry. blocking: that registry is waited for.

    real_host: where it is.
    """

    state: State = field(default_factory=State)
    open_registry: RegistryFactory = in_memory
    real_names: Callable[[Repository], list[str]] = lambda _repository: []
    blocking: bool = False
    real_host: str | None = None
    journal: Journal = field(default_factory=Journal)
    faults: list[Fault] = field(default_factory=list)
    latency: Latency = field(default_factory=Latency)
    _windows: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    _working: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, state: State) -> None:
        self.state = state
        self.journal = Journal()
        self.faults = []
        self.latency = Latency()
        self._windows = {}

    async def work(self, *, ahead: bool = False) -> None:
        """Do in the background what is due; ahead: a step of everything that waits."""
        if self.blocking:
            await asyncio.to_thread(self._work, ahead)
        else:
            self._work(ahead)

    def _work(self, ahead: bool) -> None:
        state = self.state
        with self._working:
            background.plan(state, self.open_registry(state))
            state.queue.run_due(state.clock.elapsed())
            if ahead:
                state.queue.run_all(state.clock.elapsed())

    async def answer(self, request: HttpRequest) -> Outcome:
        credential = _credential(request)
        journal = self.journal
        entry = journal.add(_entry(request, credential, self.state), _route_name(request, self.state))
        body = request.body.decode("utf-8", "replace")
        active = [
            fault
            for fault in self.faults
            if fault.matches(request.method, request.kind, request.path, request.query, body)
        ]
        latency = self.latency.registry if request.kind == "registry" else self.latency.request
        await asyncio.sleep(sum(fault.options["seconds"] for fault in active if fault.action == "delay"))
        began = time.monotonic()
        for fault in active:
            if fault.action == "mutate" and fault.options.get("when", "before") == "before":
                fault.mutate(self.state)
        await self.work()
        outcome = await self._outcome(request, credential, entry, active, journal)
        for fault in active:
            if fault.action == "mutate" and fault.options.get("when") == "after":
                fault.mutate(self.state)
        entry["fault"] = next((fault.action for fault in active), None)
        if outcome.answer:
            entry["status"] = outcome.answer.status
            entry["size"] = len(outcome.answer.body)
        await asyncio.sleep(began + latency + outcome.calls * self.latency.registry - time.monotonic())
        return outcome

    async def _outcome(
        self,
        request: HttpRequest,
        credential: Credential | None,
        entry: dict[str, Any],
        active: list[Fault],
        journal: Journal,
    ) -> Outcome:
        final = next((fault for fault in active if fault.action not in ("mutate", "delay", "unlist")), None)
        if final and final.action == "reset_before":
            return Outcome(None, entry)
        if final and final.action in ("status", "json", "html"):
            return Outcome(final.answer(), entry)
        limited = self._rate_limited(request.traffic, credential)
        if limited:
            return Outcome(limited, entry)
        registry = self.open_registry(self.state)
        registry.unlisted = {name for fault in active if fault.action == "unlist" for name in fault.options["names"]}
        if self.blocking:
            answer = await asyncio.to_thread(self._serve, request, credential, registry)
        else:
            answer = self._serve(request, credential, registry)
        journal.registry += registry.calls
        if answer is None or (final and final.action == "reset_after"):
            return Outcome(None, entry, calls=registry.calls)
        keep = final.options.get("keep", len(answer.body) // 2) if final and final.action == "truncate" else None
        return Outcome(answer, entry, keep, registry.calls)

    def _serve(self, request: HttpRequest, credential: Credential | None, registry: Registry) -> Answer | None:
        """None where a client of the registry itself finds nobody."""
        base = (self.state.external_url or request.origin).rstrip("/")
        if request.kind == "graphql":
            return self._graphql(request, credential, registry, base)
        if request.kind == "registry":
            try:
                return distribution.serve(_registry_call(self.state, request, base, registry.unlisted), request.path)
            except Unreachable:
                return None
        if request.path == jwt_auth.PATH and request.method == "GET":
            return jwt_auth.answer(self.state, request.headers, request.query)
        if request.path.startswith(rest_packages.STORAGE):
            return rest_packages.stored(self.state, request.path)
        found = ROUTES.find(request.method, request.path, self.state)
        if found is None:
            return rest.no_route()
        route, parts = found
        try:
            params = _params(request)
            if route.early:
                params = route.early({**params, **parts})
            caller = access.identify(self.state, credential)
        except Refused as refusal:
            return as_json(refusal.status, refusal.body)
        call = rest.RestCall(
            self.state, registry, caller, request.method, request.path, params, request.query, base, parts
        )
        call.request_headers, call.content = request.headers, request.body
        return rest.serve(route, call)

    def _graphql(self, request: HttpRequest, credential: Credential | None, registry: Registry, base: str) -> Answer:
        if not self.state.graphql_enabled or request.method != "POST":
            return rest.no_route()
        try:
            caller = _graphql_caller(self.state, credential)
        except Refused:
            return as_json(401, {"errors": [{"message": "Invalid token"}]})
        return graphql_server.serve(Visit(self.state, registry, caller, base), request.body)

    def _rate_limited(self, traffic: str, credential: Credential | None) -> Answer | None:
        """429 as plain text beyond so many requests of a caller in a window of retry_after seconds."""
        limits = self.state.rate_limits
        limit = limits.get("all") or limits.get(traffic)
        if limit is None:
            return None
        # Clients really wait; tests move the clock.
        now = time.monotonic() + self.state.clock.advanced
        who = credential.value if credential else ""
        key = (who, "all" if "all" in limits else traffic)
        start, count = self._windows.get(key, (now, 0))
        if now - start >= limit.retry_after:
            start, count = now, 0
        self._windows[key] = (start, count + 1)
        if count < limit.requests:
            return None
        wait = max(1, math.ceil(limit.retry_after - (now - start)))
        until = self.state.clock.now().timestamp() + wait
        headers = {
            "Retry-After": str(wait),
            "RateLimit-Limit": str(math.ceil(limit.requests * 60 / max(limit.retry_after, 0.001))),
            "RateLimit-Name": f"throttle_{'' if credential else 'un'}authenticated_{traffic}",
            "RateLimit-Observed": str(count + 1),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(int(until)),
        }
        return as_text(429, "Retry later\n", headers=headers)


def _graphql_caller(state: State, credential: Credential | None) -> Caller:
    """Job tokens are nobody here; a scope that is too small is a token that is no good."""
    if credential is None or credential.job:
        return NOBODY
    caller = access.identify(state, credential)
    if not access.has_scope(caller, "api", "read_api"):
        raise Refused(401, None)
    return caller


def _registry_call(state: State, request: HttpRequest, base: str, unlisted: Collection[str]) -> RegistryCall:
    params = dict(parse_qsl(request.query))
    return RegistryCall(state, request.method, request.headers, params, request.body, base, unlisted=unlisted)


def _credential(request: HttpRequest) -> Credential | None:
    """A token may be among the parameters, those of the body included. The registry knows none but its own."""
    if request.kind == "registry":
        is_bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
        return Credential("registry", "") if is_bearer else None
    try:
        params = _params(request)
    except Refused:
        params = dict(from_query(request.query))
    return access.credential_of(request.headers, params)


def _params(request: HttpRequest) -> dict[str, Any]:
    """Query and body together: GitLab takes parameters from both, in every method."""
    params: dict[str, Any] = dict(from_query(request.query))
    content = request.headers.get("content-type", "").partition(";")[0]
    if request.body and content == "application/x-www-form-urlencoded":
        params |= from_query(request.body.decode("utf-8", "replace"))
    elif request.body and content == "application/json":
        try:
            value = json.loads(request.body)
        except ValueError:
            raise Refused(400, {"error": BAD_JSON}) from None
        params |= value if isinstance(value, dict) else {}
    return params


def _route_name(request: HttpRequest, state: State) -> str:
    if request.path == jwt_auth.PATH:
        return f"{request.method} {jwt_auth.PATH}"
    if request.kind == "graphql":
        return f"{request.method} {graphql_server.PATH}"
    if request.kind == "registry":
        return distribution.route_name(request.method, request.path)
    found = ROUTES.find(request.method, request.path, state)
    return found[0].name if found else f"{request.method} (no route)"


def _entry(request: HttpRequest, credential: Credential | None, state: State) -> dict[str, Any]:
    operation = graphql_server.describe(request.body) if request.kind == "graphql" else None
    if request.kind == "graphql":
        write = operation is not None and operation["type"] == "mutation"
    else:
        makes = request.path == jwt_auth.PATH and jwt_auth.makes_repository(state, request.query)
        write = makes or request.method not in ("GET", "HEAD", "OPTIONS")
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "kind": request.kind,
        "write": write,
        "operation": operation,
        "credential": credential.kind if credential else None,
        "user_agent": request.headers.get("user-agent"),
        "status": None,
        "size": 0,
        "fault": None,
    }
