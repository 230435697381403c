# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client whose server is the simulator in the same process: everything but HTTP is real."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Repository
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from ansible_collections.containerops.gitlab.plugins.module_utils._http.rate_limit import RateLimiter
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from ansible_collections.containerops.gitlab.plugins.module_utils._http.timing import Timing
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import Login, RegistrySettings
from tests.simulator import edits, faults
from tests.simulator.inprocess import ORIGIN, InProcessServer
from tests.unit.models import repository
from tests.unit.serving import FakeTime

TOKEN = "glpat-unit"
HOST = urlsplit(ORIGIN).netloc
REGISTRY = RegistrySettings(login=Login("ops", TOKEN, gitlab=True))


class Simulated(Client):
    """A client of the simulator. Other servers that it is led to are the simulator as well.

    requests: what was sent, as in "GET /v2/", by this client and those that it made.
    """

    def __init__(
        self,
        server: InProcessServer,
        settings: Settings,
        *,
        requests: list[str],
        timing: Timing,
        limiter: RateLimiter | None = None,
        why_stop: Callable[[], str] = str,
        limited: bool = True,
    ) -> None:
        super().__init__(settings, timing=timing, limiter=limiter, why_stop=why_stop, limited=limited)
        self.server = server
        self.requests = requests

    def at(self, url: str, *, service: str, header: Any = None, refresh_credentials: Any = None) -> Client:
        settings = Settings(url, header=header, service=service, concurrency=1)
        return Simulated(self.server, settings, requests=self.requests, timing=self.timing, limiter=self._limiter)

    def _unlimited(self, settings: Settings, why_stop: Callable[[], str]) -> Client:
        return Simulated(
            self.server,
            settings,
            requests=self.requests,
            timing=self.timing,
            limiter=self._limiter,
            why_stop=why_stop,
            limited=False,
        )

    def _try(self, request: Request) -> Response | RequestError:
        self.requests.append(f"{request.method} {request.path}")
        headers = dict([self.settings.header] if self.settings.header else [])
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        body = request.data if request.body is None else json.dumps(request.body).encode()
        query = urlencode(request.query or {})
        try:
            status, found, text = self.server.request(
                request.method, request.path, query, {**headers, **request.headers}, body or b""
            )
        except ConnectionResetError:
            return request.error(ErrorKind.CONNECTION, "the connection was reset")
        return Response(request=request, status=status, headers=CaseInsensitiveDict(found), body=text)


def connected(scenario: dict[str, Any], **settings: Any) -> Simulated:
    """A client of a server that is in the state of a scenario."""
    time = FakeTime()
    known = {"header": ("Authorization", f"Bearer {TOKEN}"), "concurrency": 1, **settings}
    return Simulated(
        InProcessServer(scenario),
        Settings(ORIGIN, **known),
        requests=[],
        timing=Timing(sleep=time.sleep, monotonic=lambda: time.now, jitter=lambda: 1.0),
    )


def scenario_of(*repositories: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """A server with one project, and these tags in each of its repositories: 100, 101 and so on."""
    return {
        "clock": "2026-06-01T12:00:00Z",
        "users": [{"username": "ops"}],
        "tokens": [{"token": TOKEN, "user": "ops", "scopes": ["api"]}],
        "groups": [{"id": 10, "path": "team", "members": {"ops": "maintainer"}}],
        "projects": [{"id": 1, "path": "team/app"}],
        "repositories": [
            {"id": repository_of(number).id, "project": "team/app", "name": repository_of(number).name, "tags": tags}
            for number, tags in enumerate(repositories)
        ],
        **changes,
    }


def repository_of(number: int = 0) -> Repository:
    """A repository of scenario_of, as GitLab's API shows it."""
    name = f"r{number}"
    return repository(
        id=100 + number, path=f"team/app/{name}", name=name, project_id=1, location=f"{HOST}/team/app/{name}"
    )


def repositories_of(number: int) -> list[Repository]:
    """The first repositories of scenario_of."""
    return [repository_of(each) for each in range(number)]


def edit(client: Simulated, **changes: Any) -> None:
    """Change the server's state behind everybody's back; tests/simulator/edits.py knows the changes."""
    edits.apply(client.server.gitlab.state, changes)


def set_faults(client: Simulated, *rows: dict[str, Any]) -> None:
    """Have the server make trouble; tests/simulator/README.md knows which."""
    client.server.gitlab.faults = faults.read(list(rows))
