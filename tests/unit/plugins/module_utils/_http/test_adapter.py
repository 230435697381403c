# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done once instead of for each request is the same, and no answer keeps its connection for itself."""

from __future__ import annotations

import contextlib
import gzip
import re
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._http.adapter import patient_adapter
from ansible_collections.containerops.gitlab.plugins.module_utils._http.transport import _PLAIN_URL
from tests.unit.serving import Answer, client, ok, serving


def adapter() -> Any:
    return patient_adapter(lambda: lambda _received: False, 1)


# --- connections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_up",
    [
        pytest.param((302, {"Location": "/y"}, b"moved" * 50_000), id="redirect"),
        pytest.param((200, {}, b"x" * 500_000), id="too long"),
        pytest.param((200, {"Content-Encoding": "gzip"}, b"x" * 500_000), id="not gzip"),
        pytest.param((200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 5_000_000)), id="unpacked too long"),
        pytest.param((200, {"Content-Encoding": "br"}, b"x" * 500_000), id="another packing"),
    ],
)
def test_an_answer_that_is_given_up_leaves_its_place_to_others(given_up: Answer) -> None:
    def odd_ones(_number: int, request: BaseHTTPRequestHandler) -> Answer:
        return given_up if request.path == "/x" else (200, {}, b"{}")

    def ask_often() -> None:
        for _turn in range(5):
            with contextlib.suppress(RequestError):
                mine.request("GET", "/x", operation="ask", limit=1000)
            answers.append(mine.request("GET", "/z", operation="ask").json())

    answers: list[Any] = []
    with serving(odd_ones) as server:
        mine = client(server.url, concurrency=1, retries=0)
        thread = threading.Thread(target=ask_often, daemon=True)
        thread.start()
        thread.join(timeout=20)
        assert answers == [{}] * 5


def test_the_connections_to_a_server_are_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    # Releases before 2.32.2 have the second one alone, and give it the address.
    names = ("get_connection_with_tls_context", "get_connection")
    name = next(name for name in names if hasattr(requests.adapters.HTTPAdapter, name))
    found = getattr(requests.adapters.HTTPAdapter, name)

    def counted(self: Any, request: Any, *words: Any, **options: Any) -> Any:
        looks.append(getattr(request, "url", request))
        return found(self, request, *words, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, name, counted)
    with serving(ok) as server, serving(ok) as other:
        mine = client(server.url)
        for turn in range(3):
            mine.request("GET", f"/x{turn}", operation="ask")
            mine.at(other.url, service="other").request("GET", f"/y{turn}", operation="ask")
        assert looks[0] == f"{server.url}/x0"
        assert sum(url.startswith(server.url) for url in looks) == 1
        mine.close()
        assert mine.request("GET", "/z", operation="ask").status == 200
        assert sum(url.startswith(server.url) for url in looks) == 2
        # As older releases of urllib3 do where there are many servers.
        manager = mine._transport._adapter.poolmanager
        for key in list(manager.pools.keys()):
            manager.pools[key].close()
            del manager.pools[key]
        assert mine.request("GET", "/z", operation="ask").status == 200
    assert sum(url.startswith(server.url) for url in looks) == 3


OLDER = pytest.mark.filterwarnings("ignore:`get_connection` has been deprecated:DeprecationWarning")


@OLDER
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a/x", "http://a/y?u=http://b/", True),
        ("http://a", "http://a/y", True),
        ("http://a/x", "https://a/x", False),
        ("http://a/x", "http://a:81/x", False),
        ("http://a/x", "http://a.b/x", False),
        ("http://a/x", "http://ab/x", False),
    ],
)
def test_each_server_has_connections_of_its_own(one: str, other: str, same: bool) -> None:
    mine = adapter()
    # As requests 2.31 and earlier ask.
    assert (mine.get_connection(one) is mine.get_connection(other)) == same


@OLDER
def test_connections_of_older_releases_of_requests_are_watched_too() -> None:
    pool = adapter().get_connection("https://gitlab.example.com/x", None)
    assert pool.ConnectionCls.response_class.__module__.endswith("_http.adapter")


# --- addresses -----------------------------------------------------------------------------------------------------


def sent_by_requests(url: str) -> str | None:
    """None if it would not be sent."""
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except ValueError:
        return None
    return prepared.url


_ANY_ESCAPED = st.integers(0, 255).map(lambda number: f"%{number:02X}")
_SEGMENT = st.lists(st.one_of(st.sampled_from([*"aZ0_-.:~@%", "%2f", "%zz"]), _ANY_ESCAPED), max_size=6)
_HOST = st.sampled_from(
    [
        *(
            "a",
            "gitlab.example.com",
            "127.0.0.1:8080",
            "a-b.c:1",
            "a:65535",
            "a:65536",
            "a:99999",
            "a:",
            "a:0",
            "a:080",
        ),
        *(":80", ".a", "a.", "-a", "a-", "a..b", "A", "*", "a_b", "xn--a", "1", "0x7f.1", ""),
    ]
)


@given(_HOST, st.lists(_SEGMENT, max_size=4))
def test_a_plain_address_is_what_requests_would_send(host: str, segments: list[list[str]]) -> None:
    url = f"https://{host}" + "".join("/" + "".join(parts) for parts in segments)
    if _PLAIN_URL.fullmatch(url):
        assert sent_by_requests(url) == url


@pytest.mark.parametrize("number", range(256))
def test_an_escaped_character_is_plain_if_requests_leaves_it(number: int) -> None:
    url = f"https://a/b%{number:02X}"
    assert bool(_PLAIN_URL.fullmatch(url)) == (sent_by_requests(url) == url)


def test_most_addresses_are_plain() -> None:
    for path in ("/v2/team/app/manifests/sha256:0a", "/api/v4/projects/1/registry/repositories/2/tags/v1.0"):
        assert _PLAIN_URL.fullmatch(f"https://gitlab.example.com{path}")


@pytest.mark.parametrize(
    "url",
    [
        *("http://a", "http://a/", "http://a//b", "http://a/./b", "http://a/..", "http://a/b/../c", "http://a/%zz"),
        *(
            "http://a/%2e%2e/b",
            "http://a/%2E%2E/b",
            "http://a/%2f",
            "http://a:99999/b",
            "http://a:65536/b",
            "http://:80/b",
        ),
        *("http://A/b", "http://u:p@a/b", "http://é/b", "http://a/é", "http://a/b?c", "http://a/b#c", "http://a/b c"),
        *("http://[::1]/a", "ftp://a/b", "http://a/b\r\nX: y", "http://a/b\n"),
    ],
)
def test_any_other_address_is_left_to_requests(url: str) -> None:
    assert not re.fullmatch(_PLAIN_URL, url)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", " a", "a\r"])
def test_no_header_is_smuggled_in(value: str) -> None:
    with serving(ok) as server, pytest.raises(RequestError, match="malformed"):
        client(server.url).request("GET", "/x", operation="ask", headers={"Accept": value})
    assert server.requests == []
