# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From HTTP to the simulated GitLab and back, down to the connection where that is what has to break."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import control
from .answers import as_text
from .gitlab import GitLab, HttpRequest, Outcome

Transports = MutableMapping[tuple[str, int], asyncio.Transport]


class Application:
    """ASGI. Control requests go to their routes, everything else to GitLab."""

    def __init__(self, gitlab: GitLab, build: control.Builder, transports: Transports) -> None:
        self._gitlab = gitlab
        self._transports = transports
        self._control = Starlette(routes=control.routes(gitlab, build))
        self._served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_sim/"):
            await self._control(scope, receive, send)
            return
        try:
            outcome = await self._gitlab.answer(await _request_of(scope, receive))
        except Exception:
            # A mistake of the simulator's own is no answer of GitLab's.
            traceback.print_exc()
            outcome = Outcome(as_text(500, f"the simulator itself failed:\n{traceback.format_exc()}"), {})
        transport = self._transports.get(tuple(scope["client"]))
        if outcome.answer is None:
            _reset(transport)
            await _until_gone(receive)
            return
        self._served += 1
        body = outcome.answer.body
        await send({"type": "http.response.start", "status": outcome.answer.status, "headers": self._headers(outcome)})
        if scope["method"] == "HEAD":
            body = b""
        if outcome.keep is None:
            await send({"type": "http.response.body", "body": body})
            return
        await send({"type": "http.response.body", "body": body[: outcome.keep], "more_body": True})
        if transport:
            transport.close()
        await _until_gone(receive)

    def _headers(self, outcome: Outcome) -> list[tuple[bytes, bytes]]:
        answer, state = outcome.answer, self._gitlab.state
        assert answer is not None
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "X-Request-Id": f"01SIM{self._served:021}",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
        }
        if not state.omit_date:
            headers["Date"] = format_datetime(state.clock.now(), usegmt=True)
        given = {name.lower() for name in answer.headers}
        rows = [(name, value) for name, value in headers.items() if name.lower() not in given]
        rows += list(answer.headers.items())
        return [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in rows]


async def _request_of(scope: Scope, receive: Receive) -> HttpRequest:
    request = Request(scope, receive)
    headers = {name.lower(): value for name, value in request.headers.items()}
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await request.body(),
        origin=f"{scope['scheme']}://{host}",
    )


def _reset(transport: asyncio.Transport | None) -> None:
    """Close so that the peer sees a reset, not an orderly end."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _protocol(transports: Transports) -> type[asyncio.Protocol]:
    class Protocol(HttpToolsProtocol):
        """Notes the transport of every peer, so that an answer can be its end."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self.peer = transport.get_extra_info("peername")[:2]
            transports[self.peer] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.peer, None)
            super().connection_lost(exc)

    return Protocol


class Server(uvicorn.Server):
    """Calls ready with the port as soon as it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal is the wished end and no failure: it is not raised again afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self.servers[0].sockets[0].getsockname()[1])


def server(
    gitlab: GitLab,
    build: control.Builder,
    ready: Callable[[int], None],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: tuple[str, str] | None = None,
) -> Server:
    """certificate: files with the certificate and its key; with it the server speaks TLS."""
    transports: dict[tuple[str, int], asyncio.Transport] = {}
    options: dict[str, Any] = {}
    if certificate:
        options = {"ssl_certfile": certificate[0], "ssl_keyfile": certificate[1]}
    config = uvicorn.Config(
        Application(gitlab, build, transports),
        host=host,
        port=port,
        http=_protocol(transports),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        # No client meets a connection that was closed for being idle, unless a test wants it to.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
        **options,
    )
    return Server(config, ready)
