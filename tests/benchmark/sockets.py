# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bare sockets, the yardstick: they send the same bytes again and again, and look at nothing in the answers."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

from tests.integration.scenarios import TOKEN
from tests.simulator.harness import Simulator

from .job import REGISTRY, REQUEST, Size, scenario

# Of each socket.
REQUESTS_PER_SOCKET = {"gitlab": 40, "registry": 400}


def seconds_per_request(simulator: Simulator, sockets: int) -> dict[str, float]:
    """How long a socket takes for a request to GitLab, and to the registry, while so many sockets send theirs."""
    simulator.load(scenario("M2", Size(1, 1, 1)))
    [path] = simulator.state()
    [tag] = simulator.tags(path)
    bearer = f"Authorization: Bearer {simulator.registry_token(path)}"
    simulator.latency(request=REQUEST, registry=REGISTRY)
    found = {
        "gitlab": _request("/api/v4/version", f"PRIVATE-TOKEN: {TOKEN}"),
        "registry": _request(f"/v2/{quote(path)}/manifests/{tag['digest']}", bearer, f"Accept: {tag['media_type']}"),
    }
    return {
        name: round(_measure(simulator.url, data, sockets, REQUESTS_PER_SOCKET[name]), 5)
        for name, data in found.items()
    }


def _request(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: simulator", *headers, "\r\n"]).encode()


def _measure(url: str, data: bytes, sockets: int, requests: int) -> float:
    address = urlsplit(url)

    def ask(_number: int) -> None:
        with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _turn in range(requests):
                connection.sendall(data)
                _read_answer(connection)

    started = time.monotonic()
    with ThreadPoolExecutor(sockets) as threads:
        list(threads.map(ask, range(sockets)))
    return (time.monotonic() - started) / requests


def _read_answer(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    head, _end, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").lower().split("\r\n")
    if " 200 " not in status:
        raise SystemExit(f"Bare sockets were answered {status}.")
    length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
    while len(body) < length:
        body += _receive(connection)


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise SystemExit("An answer to a bare socket was cut short.")
    return data
