# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers without end in bytes, time, pages or depth: each has a bound, and says so."""

from __future__ import annotations

import contextlib
import gzip
import json
import socketserver
import threading
import time as clock
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import projects, rest
from ansible_collections.containerops.gitlab.plugins.module_utils._http import transport
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator
from tests.unit.rest_serving import ScriptedClient, answer
from tests.unit.serving import Answer, FakeTime, client, serving

MEGABYTE = 1024 * 1024


def failing(headers: dict[str, str], body: bytes, *, limit: int | None = None) -> RequestError:
    with serving(lambda _number, _request: (200, headers, body)) as server, pytest.raises(RequestError) as caught:
        client(server.url, retries=0).request("GET", "/x", operation="ask", limit=limit)
    return caught.value


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
@pytest.mark.parametrize("limit", [None, 3 * MEGABYTE])
def test_a_body_has_a_largest_size_and_needs_no_more_memory(encoding: str, limit: int | None) -> None:
    most = transport._LARGEST if limit is None else limit
    body = b" " * (most + MEGABYTE)
    packed = {"": body, "gzip": gzip.compress(body, 9, mtime=0), "deflate": zlib.compress(body, 9)}[encoding]
    del body
    tracemalloc.start()
    error = failing({"Content-Encoding": encoding} if encoding else {}, packed, limit=limit)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (error.kind, error.message) == (ErrorKind.INCOMPLETE, f"the answer is longer than {most:,} bytes")
    assert peak < 3 * most + 16 * MEGABYTE


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_body_is_unpacked(encoding: str) -> None:
    body = json.dumps(list(range(200_000))).encode()
    packed = gzip.compress(body, mtime=0) if encoding == "gzip" else zlib.compress(body)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    with serving(lambda _number, _request: (200, headers, packed)) as server:
        found = client(server.url).request("GET", "/x", operation="ask")
        assert found.json() == list(range(200_000))
        assert client(server.url).request("HEAD", "/x", operation="ask").body == b""


@pytest.mark.parametrize(
    ("encoding", "body", "kind"),
    [
        ("gzip", gzip.compress(b"[1, 2, 3]" * 100, mtime=0)[:-9], ErrorKind.CONNECTION),
        ("gzip", b"no gzip at all", ErrorKind.CONNECTION),
        ("br", b"x", ErrorKind.INCOMPLETE),
        ("²", b"x", ErrorKind.INCOMPLETE),
    ],
)
def test_a_body_that_can_not_be_unpacked_is_a_failed_request(encoding: str, body: bytes, kind: ErrorKind) -> None:
    assert failing({"Content-Encoding": encoding}, body).kind is kind


DRIPS = {
    "status": b"HTTP/1.1 200 " + b"O" * 60_000,
    "header": b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60_000,
    "headers": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(5_000)),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000,
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b" " * 60_000,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 10_000,
    "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 60_000,
}


@contextlib.contextmanager
def dripping(words: bytes) -> Iterator[str]:
    """The address of a server that answers everything with these words, byte by byte."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            with contextlib.suppress(OSError):
                for byte in words:
                    self.request.sendall(bytes([byte]))
                    clock.sleep(0.005)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.sweep(3)
@pytest.mark.parametrize("proxied", [False, True], ids=["alone", "behind a proxy"])
@pytest.mark.parametrize("part", DRIPS)
def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch, part: str, proxied: bool) -> None:
    """Each byte comes in time."""
    start = clock.monotonic()
    with dripping(DRIPS[part]) as url:
        address = url
        if proxied:
            monkeypatch.setenv("http_proxy", url)
            monkeypatch.setenv("no_proxy", "")
            address = "http://gitlab.invalid"
        settings = Settings(address, timeout=0.3, retries=0)
        with pytest.raises(RequestError, match="too slowly") as caught:
            Client(settings).request("GET", "/x", operation="ask")
    assert caught.value.kind is ErrorKind.TIMEOUT
    # Five times the time-out.
    assert 1.5 < clock.monotonic() - start < 6


def test_an_answer_that_comes_fast_enough_may_be_long() -> None:
    """Five times the time-out of five seconds, and a second for each 64 KiB."""
    time = FakeTime()
    takes_too_long = client("http://127.0.0.1:1", time)._transport._patience()
    time.now += 26.0
    assert takes_too_long(64)
    assert not takes_too_long(64 * 1024)
    time.now += 300.0
    assert not takes_too_long(20 * MEGABYTE)


@pytest.mark.parametrize(
    "header",
    ["<" * 60_000, "<x>" * 5_000, "<x>;" * 4_000, '<x>; rel="' * 1_500, "<x>; " + '"' * 15_001, "," * 16_000],
)
def test_odd_links_take_no_time(header: str) -> None:
    start = clock.monotonic()
    for _time in range(10):
        with pytest.raises(RequestError, match="Link"):
            _query = answer([], Link=header).next_query
    assert clock.monotonic() - start < 5


@pytest.mark.parametrize("depth", [101, 5_000, 1_000_000])
def test_brackets_in_each_other_have_an_end(depth: int) -> None:
    with pytest.raises(RequestError) as caught:
        answer(b"[" * depth + b"]" * depth).json()
    assert caught.value.kind is ErrorKind.NOT_JSON
    assert rest.error_of(answer(b"[" * depth + b"]" * depth, 500)).kind is ErrorKind.SERVER_ERROR


def test_a_number_has_an_end() -> None:
    with pytest.raises(RequestError):
        answer(b"9" * 1_000_000).json()


def test_projects_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "MOST_PAGES", 5)
    link = '<https://gitlab.example.com/api/v4/projects?id_after=1>; rel="next"'
    pages = [answer([{"id": number, "path_with_namespace": f"a/{number}"}], Link=link) for number in range(1, 100)]
    with pytest.raises(RequestError, match="no end after 5 pages"):
        projects.all_projects(ScriptedClient(pages))


def test_a_long_error_is_cut_wherever_it_is_shown(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    text = "the server is sorry " * (3 * MEGABYTE // 20)
    simulator.faults([{"path": "registry/repositories", "action": "status", "status": 500, "json": {"message": text}}])
    run = ansible.module("registry_info", {"project": ["team/app"], "retries": 0})
    assert run.failed
    assert "the server is sorry" in run.message
    assert len(json.dumps(run.result)) < 20_000
    request_id = {"X-Request-Id": "x" * 5_000}
    simulator.faults([{"action": "status", "status": 500, "json": {"message": "no"}, "headers": request_id}])
    assert len(json.dumps(ansible.module("registry_info", {"project": ["team/app"], "retries": 0}).result)) < 5_000


def test_a_longer_text_than_gitlab_has_is_not_believed() -> None:
    row = {"id": 1, "path_with_namespace": "a/b", "description": "x" * 20_000}
    with pytest.raises(RequestError, match="description in the answer is no text of at most"):
        projects.project_of(row)


def test_headers_without_number_are_none() -> None:
    odd = {"RateLimit-Limit": "²", "Retry-After": "²", "Date": "Fri, 31 Dec 9999 23:59:59 -2300", "Link": "<<<"}

    def respond(_number: int, _request: BaseHTTPRequestHandler) -> Answer:
        return 200, odd, b"{}"

    with serving(respond) as server:
        assert client(server.url).request("GET", "/x", operation="ask").status == 200


@pytest.mark.parametrize("location", ["http://[odd/", "https://h:99999/x", "//[::1", "http://a\\b@[", "²"])
def test_an_odd_place_to_go_is_a_failed_request(location: str) -> None:
    with serving(lambda _number, _request: (302, {"Location": location}, b"")) as server:
        mine = client(server.url, retries=0)
        with pytest.raises(RequestError):
            mine.request("GET", "/x", operation="ask", allow_cross_origin_redirect=True)
