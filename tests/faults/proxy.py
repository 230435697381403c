# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy between the simulator and the modules that damages answers: the same ones for the same seed and requests."""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Headers = list[tuple[str, str]]
# What stands on one connection alone; the proxy writes its own.
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
AHEAD = "Fri, 01 Jun 2029 12:00:00 GMT"
PAGING = ("X-Next-Page", "X-Total", "X-Page", "X-Total-Pages", "X-Per-Page", "Link")


class Answer(NamedTuple):
    """What goes back. cut: after how many bytes the connection ends; None is not at all."""

    status: int
    headers: Headers
    body: bytes
    cut: int | None = None


Damage = Callable[[Answer, random.Random], Answer]


def without(*names: str) -> Damage:
    """Headers are removed."""
    wanted = {name.lower() for name in names}
    return lambda answer, _chance: answer._replace(
        headers=[row for row in answer.headers if row[0].lower() not in wanted]
    )


def doubled(name: str) -> Damage:
    """A header comes twice, as one or as two."""

    def damage(answer: Answer, chance: random.Random) -> Answer:
        found = [row for row in answer.headers if row[0].lower() == name.lower()]
        if not found or chance.random() < 0.5:
            return answer._replace(headers=answer.headers + found)
        others = [row for row in answer.headers if row not in found]
        return answer._replace(headers=[*others, (name, ", ".join([found[0][1]] * 2))])

    return damage


def with_header(name: str, *values: str) -> Damage:
    """A header has another value."""
    return lambda answer, chance: answer._replace(
        headers=[*(row for row in answer.headers if row[0].lower() != name.lower()), (name, chance.choice(values))]
    )


def own_page(status: int) -> Damage:
    """A page of the proxy's own, with a clock that is wrong."""
    headers = [("Content-Type", "text/html"), ("Date", AHEAD)]
    return lambda _answer, _chance: Answer(status, headers, b"<html><body>not ready</body></html>")


def shortened(answer: Answer, chance: random.Random) -> Answer:
    """The body ends early, and its length says so."""
    return answer._replace(body=answer.body[: chance.randrange(len(answer.body) + 1)])


def cut(answer: Answer, chance: random.Random) -> Answer:
    """The connection ends within the body."""
    return answer._replace(cut=chance.randrange(len(answer.body) + 1))


DAMAGES: dict[str, Damage] = {
    **{f"no {name}": without(name) for name in (*PAGING, "Date", "X-Request-Id", "Content-Type")},
    "no paging": without(*PAGING),
    **{f"two {name}": doubled(name) for name in (*PAGING, "Date", "Retry-After")},
    **{f"empty {name}": with_header(name, "") for name in PAGING},
    "odd Link": with_header("Link", "<<<", '<x>; rel="next"', '<https://[x>; rel="next"'),
    "odd date": with_header("Date", "yesterday", "Fri, 31 Dec 9999 23:59:59 -2300", "\xb2"),
    "date ahead": with_header("Date", AHEAD),
    "odd limits": with_header("RateLimit-Limit", "\xb2", "-1", "1e9"),
    "odd packing": with_header("Content-Encoding", "gzip", "br"),
    "not ready": own_page(503),
    "sign in": own_page(200),
    "bad gateway": own_page(502),
    "shortened": shortened,
    "cut": cut,
}


class Proxy:
    """A running proxy.

    damage: by which names of DAMAGES an answer may be damaged; without any it is a good proxy. "repeated" gives the
    answer to the request before that went to the same path. done: the damages so far.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.done: list[str] = []
        self._chance = random.Random(0)
        self._damages: list[str] = []
        self._share = 0.0
        self._before: dict[str, Answer] = {}

    def damage(self, *names: str, seed: int, share: float) -> None:
        """Damage this share of the answers from now on, in one of these ways each."""
        self._chance, self._damages, self._share = random.Random(seed), list(names), share
        self._before, self.done = {}, []

    def pass_on(self, method: str, path: str, answer: Answer) -> Answer:
        """What the client gets."""
        before = self._before.get(path.partition("?")[0])
        if method == "GET" and answer.status == 200:
            self._before[path.partition("?")[0]] = answer
        if not self._damages or self._chance.random() >= self._share:
            return answer
        name = self._chance.choice(self._damages)
        self.done.append(name)
        if name == "repeated":
            return before if before and method == "GET" else answer
        return DAMAGES[name](answer, self._chance)


@contextmanager
def proxying(upstream: str) -> Iterator[Proxy]:
    """A proxy in front of a server, which lasts as long as this does."""
    host = urlsplit(upstream).netloc
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are written apart: the second would wait for 40 ms until the client acknowledges the first.
        disable_nagle_algorithm = True

        def log_message(self, *_arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                answer = proxy.pass_on(self.command, self.path, self._asked(body))
            self.send_response_only(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])
            self.close_connection = answer.cut is not None

        def _asked(self, body: bytes) -> Answer:
            connection = http.client.HTTPConnection(host)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            try:
                connection.request(self.command, self.path, body or None, headers)
                found = connection.getresponse()
                kept = [row for row in found.getheaders() if row[0].lower() not in HOP_BY_HOP]
                return Answer(found.status, kept, found.read())
            finally:
                connection.close()

        do_POST = do_DELETE = do_PUT = do_HEAD = do_PATCH = do_GET

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: Any) -> None:
            """Clients that hang up are what is tested here."""

    server = Server(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
