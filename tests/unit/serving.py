# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers by a function, and a clock that only sleeping moves on."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from ansible_collections.containerops.gitlab.plugins.module_utils._http.timing import Timing

TOKEN = "glpat-unit"
BEARER = ("Authorization", f"Bearer {TOKEN}")

Answer = tuple[int, dict[str, str], bytes]
Responder = Callable[[int, BaseHTTPRequestHandler], "Answer | None"]


class RecordingServer:
    """A running server and the requests it got: (method, path, headers)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, str, dict[str, str]]] = []


@contextmanager
def serving(respond: Responder, tls: ssl.SSLContext | None = None) -> Iterator[RecordingServer]:
    """A server whose n-th answer comes from respond(n, request); None cuts the connection."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # As in tests/faults/proxy.py.
        disable_nagle_algorithm = True

        def log_message(self, *_arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            with lock:
                recording.requests.append((self.command, self.path, dict(self.headers)))
                number = len(recording.requests)
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            answer = respond(number, self)
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, body = answer
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_POST = do_DELETE = do_PUT = do_HEAD = do_OPTIONS = do_GET

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """Clients that hang up are what is tested here."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    recording = RecordingServer(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield recording
    finally:
        server.shutdown()
        server.server_close()


def ok(_number: int, _request: BaseHTTPRequestHandler) -> Answer:
    return 200, {"Content-Type": "application/json"}, b"{}"


class FakeTime:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client(url: str, time: FakeTime | None = None, **settings: Any) -> Client:
    time = time or FakeTime()
    settings = {"header": BEARER, "timeout": 5.0, **settings}
    return Client(
        Settings(url, **settings), timing=Timing(sleep=time.sleep, monotonic=lambda: time.now, jitter=lambda: 1.0)
    )
