# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The path below /_sim where tests set the scene. Nothing of it is logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import background, edits, faults, graphql_schema, jwt_auth, signing
from .dates import iso
from .gitlab import GitLab, Latency
from .images import Images, RegistryClient
from .scenario import Row, ScenarioError, build, describe_tag, parse_time
from .state import State

Builder = Callable[[Any], State]


def routes(gitlab: GitLab, build_state: Builder) -> list[Route]:
    """build_state: from a scenario to a state, as this server was started."""
    return [
        *_server_routes(gitlab, build_state),
        *_request_routes(gitlab),
        *_job_routes(gitlab),
        *_image_routes(gitlab),
    ]


def _server_routes(gitlab: GitLab, build_state: Builder) -> list[Route]:
    """What the server holds and what it is: scenario, clock, and the registry behind it."""

    async def reset(_request: Request) -> Any:
        gitlab.reset(build_state({}))

    async def scenario(request: Request) -> Any:
        state = build_state(await request.json())
        graphql_schema.schema_without(state.graphql_missing_fields)
        gitlab.reset(state)

    async def clock(request: Request) -> Any:
        row = Row(await request.json(), "clock")
        if "now" in row:
            gitlab.state.clock.frozen = row.time("now")
        gitlab.state.clock.advance(row.get("advance", (int, float), 0))
        row.done()
        return {"now": iso(gitlab.state.clock.now())}

    async def registry(request: Request) -> Any:
        row = Row(await request.json(), "registry")
        url = row.get("url", str)
        row.done()
        attach(gitlab, url)
        gitlab.reset(build_state({}))

    return [
        Route("/_sim/reset", _plain(reset), methods=["POST"]),
        Route("/_sim/scenario", _plain(scenario), methods=["PUT"]),
        Route("/_sim/clock", _plain(clock), methods=["PUT"]),
        Route("/_sim/registry", _plain(registry), methods=["PUT"]),
    ]


def _request_routes(gitlab: GitLab) -> list[Route]:
    """What happens to requests: faults, latency, and their log."""

    async def set_faults(request: Request) -> Any:
        if request.method == "DELETE":
            gitlab.faults = []
        else:
            gitlab.faults += faults.read(await request.json())

    async def latency(request: Request) -> Any:
        row = Row(await request.json(), "latency")
        gitlab.latency = Latency(row.get("request", (int, float), 0), row.get("registry", (int, float), 0))
        row.done()

    async def requests(request: Request) -> Any:
        if request.method == "DELETE":
            gitlab.journal = type(gitlab.journal)()
            return None
        return {"log": gitlab.journal.log, "counters": gitlab.journal.counters()}

    return [
        Route("/_sim/faults", _plain(set_faults), methods=["POST", "DELETE"]),
        Route("/_sim/latency", _plain(latency), methods=["PUT"]),
        Route("/_sim/requests", _plain(requests), methods=["GET", "DELETE"]),
    ]


def _job_routes(gitlab: GitLab) -> list[Route]:
    """What GitLab does in the background: jobs, policies, leases, garbage collection."""

    async def jobs(request: Request) -> Any:
        await gitlab.work(ahead=request.method == "POST")
        if request.method == "POST":
            return None
        return [job.describe() for job in gitlab.state.queue.jobs]

    async def policies(_request: Request) -> Any:
        await gitlab.work()
        registry = gitlab.open_registry(gitlab.state)
        for project in gitlab.state.projects.values():
            background.run_policy(gitlab.state, registry, project)
        await gitlab.work()

    async def leases(_request: Request) -> Any:
        gitlab.state.leases.clear()

    async def collect(_request: Request) -> Any:
        await gitlab.work()
        for repository in gitlab.state.repositories.values():
            if repository.tags is not None:
                repository.tags.collect()

    return [
        Route("/_sim/jobs", _plain(jobs), methods=["GET", "POST"]),
        Route("/_sim/policies", _plain(policies), methods=["POST"]),
        Route("/_sim/leases", _plain(leases), methods=["DELETE"]),
        Route("/_sim/collect", _plain(collect), methods=["POST"]),
    ]


def _image_routes(gitlab: GitLab) -> list[Route]:
    """Tags and images, and what it takes to push them to a real registry."""

    async def state(_request: Request) -> Any:
        await gitlab.work()
        repositories = gitlab.state.repositories.values()
        return {item.path: list(item.tags.names) if item.tags else gitlab.real_names(item) for item in repositories}

    async def changes(_request: Request) -> Any:
        await gitlab.work()
        return [
            {"repository": repository.path, **asdict(change)}
            for repository in (*gitlab.state.repositories.values(), *gitlab.state.removed)
            for change in (repository.tags.changes if repository.tags is not None else ())
        ]

    async def tags(request: Request) -> Any:
        await gitlab.work()
        if request.method == "GET":
            repository = edits.repository_of(gitlab.state, dict(request.query_params), "tags")
            return [describe_tag(tag) for tag in repository.tags or ()]
        row = Row(await request.json(), "tags")
        path = row.get("repository", str)
        wanted = [{"repository": path, **item} for item in row.get("set", list, [])]
        gone = [{"repository": path, "name": name} for name in row.get("remove", list, [])]
        row.done()
        edits.apply(gitlab.state, {"set_tag": wanted, "remove_tag": gone})
        return None

    async def import_tags(request: Request) -> Any:
        row = Row(await request.json(), "import")
        at = parse_time(row.get("at", str), "import.at")
        spread = row.get("spread", (int, float), 0)
        row.done()
        edits.import_tags(gitlab.state, at, spread)

    async def certificate(_request: Request) -> Any:
        return {"certificate": signing.certificate()}

    async def token(request: Request) -> Any:
        row = Row(dict(request.query_params), "token")
        path = row.get("repository", str)
        row.done()
        return {"token": jwt_auth.full_access(path)}

    return [
        Route("/_sim/state", _plain(state), methods=["GET"]),
        Route("/_sim/changes", _plain(changes), methods=["GET"]),
        Route("/_sim/tags", _plain(tags), methods=["GET", "PATCH"]),
        Route("/_sim/import", _plain(import_tags), methods=["POST"]),
        Route("/_sim/certificate", _plain(certificate), methods=["GET"]),
        Route("/_sim/token", _plain(token), methods=["GET"]),
    ]


def _plain(endpoint: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that gives JSON, or nothing; a scenario that is wrong is a 400 that says where."""

    async def wrapped(request: Request) -> Response:
        try:
            result = await endpoint(request)
        except (ScenarioError, graphql_schema.UnknownField, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=204) if result is None else JSONResponse(result)

    return wrapped


def builder(gitlab: GitLab, mode: str | None) -> Builder:
    """For whatever registry is behind GitLab by then."""

    def built(scenario: Any) -> State:
        state = build(scenario, mode=mode, real=gitlab.blocking)
        state.registry.host = state.registry.host or gitlab.real_host
        return state

    return built


def attach(gitlab: GitLab, url: str) -> None:
    """Put a real registry behind GitLab. Scenarios from before know nothing of it."""
    client = RegistryClient(url, jwt_auth.full_access)
    gitlab.open_registry = lambda state: Images(state, client)
    gitlab.real_names = lambda repository: client.names(repository.path)
    gitlab.blocking = True
    gitlab.real_host = urlsplit(url).netloc
