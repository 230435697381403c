# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server: identifies the caller, lets faults have their way, answers, and keeps the log."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import uvicorn.protocols.http.h11_impl as h11_impl
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from . import faults, gql, permissions, registry, rest
from .real import RealBackend
from .state import ScenarioError, load, make_tag, parse


class Protocol(h11_impl.H11Protocol):
    """Gives the application the connection itself, so that it can be cut."""

    def handle_events(self) -> None:
        super().handle_events()
        if self.scope is not None:
            self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class Simulator:
    """The ASGI application."""

    def __init__(self, scenario: dict[str, Any], registry_url: str | None = None) -> None:
        self.registry_url = registry_url
        self.base_url = ""
        self.load(scenario)

    def load(self, scenario: dict[str, Any]) -> None:
        self.state = load(scenario)
        self.backend: registry.Backend = (
            RealBackend(self.state, self.registry_url) if self.registry_url else registry.Backend(self.state)
        )
        self.schema = gql.schema_of(self.state)
        self.faults: list[faults.Fault] = []
        self.latency = {"request": 0.0, "registry": 0.0}
        self.window: list[datetime] = []
        self.clear_log()

    def clear_log(self) -> None:
        self.log: list[dict[str, Any]] = []
        self.backend.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        request = Request(scope, receive)
        body = await request.body()
        path = scope["raw_path"].decode().partition("?")[0]
        self.base_url = f"{scope['scheme']}://{request.headers.get('host', 'localhost')}"
        if path.startswith("/_sim/"):
            await self.control(request.method, path, body)(scope, receive, send)
            return
        await self.exchange(request, path, body, scope, receive, send)

    async def exchange(
        self, request: Request, path: str, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        entry = self.entry(request, path, body)
        transport = scope.get("transport")
        hits = [fault for fault in self.faults if fault.hits(request.method, path, body.decode("utf-8", "replace"))]
        for fault in hits:
            self.change(fault)
        cut = next((fault for fault in hits if fault.action in ("reset_before", "reset_after", "truncate")), None)
        if cut and cut.action == "reset_before" and transport:
            transport.abort()
            return
        calls = self.backend.calls
        instead = next((fault for fault in hits if fault.action in ("status", "html", "json")), None)
        response = (
            self.replaced(instead) if instead else await asyncio.to_thread(self.respond, request, path, body, entry)
        )
        pause = self.latency["request"] + self.latency["registry"] * (self.backend.calls - calls)
        pause += sum(fault.options.get("seconds", 1.0) for fault in hits if fault.action == "delay")
        if pause:
            await asyncio.sleep(pause)
        if cut and cut.action == "reset_after" and transport:
            transport.abort()
            return
        entry["status"] = response.status_code
        entry["bytes"] = len(response.body)
        if not self.state.omit_date:
            response.headers["Date"] = format_datetime(self.state.now(), usegmt=True)
        response.headers["X-Request-Id"] = f"01SIM{entry['n']:020}"
        if cut and transport:
            await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
            half = bytes(response.body)[: len(response.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await asyncio.sleep(0.02)
            transport.close()
            return
        await response(scope, receive, send)

    def entry(self, request: Request, path: str, body: bytes) -> dict[str, Any]:
        """The log's line for a request: never the token itself."""
        graphql = path == "/api/graphql"
        described = gql.describe(body) if graphql else None
        found = rest.find_route(request.method, path)
        mutation = bool(described and described["operation"] == "mutation")
        entry = {
            "n": len(self.log) + 1,
            "method": request.method,
            "path": path,
            "query": request.url.query,
            "route": "POST /api/graphql" if graphql else f"{request.method} {found[0]}" if found else "other",
            "kind": "graphql" if graphql else "rest" if path.startswith("/api/v4/") else "other",
            "write": mutation if graphql else request.method not in ("GET", "HEAD"),
            "operation": described,
            "credential": permissions.found_credential(request.headers, request.query_params)[0],
            "user_agent": request.headers.get("user-agent", ""),
            "status": None,
            "bytes": None,
        }
        self.log.append(entry)
        return entry

    def respond(self, request: Request, path: str, body: bytes, entry: dict[str, Any]) -> Response:
        try:
            self.check_rate()
            caller = permissions.identify(self.state, request.headers, request.query_params)
            if path == "/api/graphql":
                return self.graphql(caller, request.method, body)
            found = rest.find_route(request.method, path)
            if found is None:
                raise permissions.Refused(404, {"error": "404 Not Found"})
            _route, parameters, handler = found
            context = rest.Context(
                self.state,
                self.backend,
                caller,
                request.method,
                path,
                dict(request.query_params),
                self.base_url,
                {name: unquote(value) for name, value in parameters.items()},
            )
            try:
                status, content = rest.answer(context, handler)
            except permissions.Refused as refused:
                return JSONResponse(refused.body, refused.status, headers=dict(context.headers))
            return JSONResponse(content, status, headers=dict(context.headers))
        except permissions.Refused as refused:
            if refused.status == 429:
                return self.too_many()
            return JSONResponse(refused.body, refused.status)
        except Exception:
            # A mistake of the simulator's own: tell it, so that no test takes it for GitLab's answer.
            traceback.print_exc()
            raise

    def graphql(self, caller: permissions.Caller, method: str, body: bytes) -> Response:
        if not self.state.graphql_enabled or method != "POST":
            return JSONResponse({"error": "404 Not Found"}, 404)
        if caller.is_job:
            return JSONResponse({"errors": [{"message": "Invalid token"}]}, 401)
        permissions.check_scope(caller, write=False)
        return JSONResponse(gql.run(self.state, self.backend, self.schema, caller, body))

    def check_rate(self) -> None:
        limit = self.state.rate_limit
        if not limit:
            return
        now = datetime.now(UTC)
        period = timedelta(seconds=limit.get("period", 60))
        self.window = [moment for moment in self.window if moment > now - period]
        if len(self.window) >= limit["requests"]:
            raise permissions.Refused(429, None)
        self.window.append(now)

    def too_many(self) -> Response:
        limit = self.state.rate_limit or {}
        headers = {
            "Retry-After": str(limit.get("retry_after", 1)),
            "RateLimit-Limit": str(limit.get("requests", 0)),
            "RateLimit-Remaining": "0",
            "RateLimit-Name": "throttle_authenticated_api",
        }
        return Response("Retry later\n", 429, headers, media_type="text/plain")

    def replaced(self, fault: faults.Fault) -> Response:
        options = fault.options
        if fault.action == "html":
            page = "<html><body>Please sign in</body></html>"
            return Response(options.get("body_text", page), options.get("status", 200), media_type="text/html")
        status = options.get("status", 200)
        headers = options.get("headers", {})
        if "body_text" in options:
            return Response(options["body_text"], status, headers, media_type=options.get("media_type", "text/plain"))
        content = options.get("json", {"message": f"{status} simulated"})
        return JSONResponse(content, status, headers)

    def change(self, fault: faults.Fault) -> None:
        """Faults that change the state between two requests."""
        if fault.action == "mutate":
            self.edit(fault.options["set_tag"])
        elif fault.action == "remove_tag":
            row = fault.options["tag"]
            repository = self.state.repository_by_path(row["repository"])
            if repository:
                repository.tags.pop(row["name"], None)

    def edit(self, row: dict[str, Any]) -> None:
        """Add or change one tag: only what is given changes."""
        repository = self.state.repository_by_path(row["repository"])
        if repository is None:
            raise ScenarioError(f"there is no repository {row['repository']!r}")
        tag = repository.tags.get(row["name"])
        if tag is None:
            fresh = {"created_at": self.state.now().isoformat(), **row}
            repository.tags[row["name"]] = make_tag(self.state, repository.path, fresh)
            return
        for key in ("digest", "media_type", "size", "config"):
            if key in row:
                setattr(tag, key, row[key])
        for key in ("config_created", "created_at", "updated_at"):
            if key in row:
                setattr(tag, key, parse(row[key]))
        if self.state.mode == "M1" and ("updated_at" in row or "published_at" in row):
            tag.published_at = parse(row.get("published_at") or row.get("updated_at"))

    def counters(self) -> dict[str, Any]:
        log = self.log
        return {
            "total": len(log),
            "reads": sum(1 for entry in log if not entry["write"]),
            "writes": sum(1 for entry in log if entry["write"]),
            "rest": sum(1 for entry in log if entry["kind"] == "rest"),
            "graphql": sum(1 for entry in log if entry["kind"] == "graphql"),
            "mutations": sum(1 for entry in log if entry["kind"] == "graphql" and entry["write"]),
            "by_route": dict(Counter(entry["route"] for entry in log)),
            "registry": self.backend.calls,
        }

    def control(self, method: str, path: str, body: bytes) -> Response:
        """The control path: changes the server itself and is never logged."""
        try:
            wish = json.loads(body) if body else None
            return JSONResponse(self.controlled(method, path, wish))
        except (ScenarioError, ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    def controlled(self, method: str, path: str, wish: Any) -> Any:
        match (method, path.removeprefix("/_sim/")):
            case ("POST", "reset"):
                self.load({})
            case ("PUT", "scenario"):
                self.load(wish)
            case ("PUT", "clock"):
                now = self.state.now()
                advance = wish.get("advance")
                self.state.clock = now + timedelta(seconds=advance) if advance is not None else parse(wish["now"])
            case ("POST", "faults"):
                self.faults += faults.load(wish)
            case ("DELETE", "faults"):
                self.faults = []
            case ("PUT", "latency"):
                self.latency |= {key: float(wish[key]) for key in wish}
            case ("GET", "requests"):
                return {"log": self.log, "counters": self.counters()}
            case ("DELETE", "requests"):
                self.clear_log()
            case ("PATCH", "tags"):
                for row in wish:
                    self.edit(row)
            case ("GET", "state"):
                return {row.path: self.backend.ordered(row) for row in self.state.repositories.values()}
            case _:
                raise ScenarioError(f"there is no control {method} {path}")
        return {}
