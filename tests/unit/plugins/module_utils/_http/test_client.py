# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against small servers: what it trusts, where its token goes, and when it sends again."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Response
from ansible_collections.containerops.gitlab.plugins.module_utils._http.retry import RetryPolicy
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from ansible_collections.containerops.gitlab.plugins.module_utils._http.timing import Timing
from tests.unit.serving import BEARER, TOKEN, Answer, FakeTime, Responder, client, ok, serving


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


class Authority:
    """A certificate authority in files, with a server's and a client's certificate."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self.ca = folder / f"{name}-ca.pem"
        self.server = folder / f"{name}-server.pem"
        self.client = folder / f"{name}-client.pem"
        ca = _certificate(name, key, name, key, authority=True)
        self.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        for path in (self.server, self.client):
            own = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate("127.0.0.1", own, name, key, authority=False)
            path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + _pem(own))

    def context(self, *, ask_for_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        if ask_for_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signer, hashes.SHA256())


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("theirs"), "theirs")


# --- TLS -----------------------------------------------------------------------------------------------------------


def test_an_unknown_certificate_is_refused_in_one_sentence(ours: Authority) -> None:
    with serving(ok, ours.context()) as server, pytest.raises(RequestError) as caught:
        client(server.url).request("GET", "/x", operation="ask")
    assert caught.value.kind == ErrorKind.TLS
    assert "certificate verify failed" in str(caught.value)
    assert "object at 0x" not in str(caught.value)
    assert server.requests == []


def test_ca_path_counts_although_the_environment_names_another_bundle(
    ours: Authority, theirs: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(theirs.ca))
    with serving(ok, ours.context()) as server:
        assert client(server.url, ca_path=str(ours.ca)).request("GET", "/x", operation="ask").status == 200


def test_the_environments_bundle_counts_without_ca_path(ours: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ours.ca))
    with serving(ok, ours.context()) as server:
        assert client(server.url).request("GET", "/x", operation="ask").status == 200


def test_verification_is_off_when_asked_although_the_environment_names_a_bundle(
    ours: Authority, theirs: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(theirs.ca))
    with serving(ok, ours.context()) as server:
        assert client(server.url, validate_certs=False).request("GET", "/x", operation="ask").status == 200


def test_a_client_certificate_is_shown(ours: Authority) -> None:
    with serving(ok, ours.context(ask_for_client=True)) as server:
        with pytest.raises(RequestError):
            client(server.url, ca_path=str(ours.ca), retries=0).request("GET", "/x", operation="ask")
        own = client(server.url, ca_path=str(ours.ca), client_cert=str(ours.client))
        assert own.request("GET", "/x", operation="ask").status == 200


def test_a_missing_ca_file_is_named() -> None:
    with pytest.raises(RequestError) as caught:
        client("https://127.0.0.1:1", ca_path="/nowhere/ca.pem").request("GET", "/x", operation="ask")
    assert "/nowhere/ca.pem" in str(caught.value)


# --- the token -----------------------------------------------------------------------------------------------------


def netrc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "netrc"
    path.write_text("machine 127.0.0.1 login somebody password else\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


def test_the_token_is_not_replaced_by_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc(tmp_path, monkeypatch)
    with serving(ok) as server:
        client(server.url).request("GET", "/x", operation="ask")
    assert server.requests[0][2]["Authorization"] == BEARER[1]


def test_anonymous_stays_anonymous_although_there_is_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc(tmp_path, monkeypatch)
    with serving(ok) as server:
        client(server.url, header=None).request("GET", "/x", operation="ask")
    assert "Authorization" not in server.requests[0][2]


@pytest.mark.parametrize("header", [BEARER, ("JOB-TOKEN", TOKEN)])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_takes_the_token_to_another_host(header: tuple[str, str], status: int) -> None:
    with serving(ok) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        moved = (status, {"Location": f"{elsewhere}/y?private_token=x"}, b"")
        with serving(lambda _n, _r: moved) as server, pytest.raises(RequestError) as caught:
            client(server.url, header=header).request("GET", "/x", operation="ask")
    assert caught.value.kind == ErrorKind.REDIRECT
    assert elsewhere in str(caught.value)
    assert "private_token" not in str(caught.value)
    assert other.requests == []


def test_a_redirect_within_the_server_is_followed_with_the_token() -> None:
    def moved(number: int, _request: BaseHTTPRequestHandler) -> Answer:
        return (301, {"Location": "/projects/5"}, b"") if number == 1 else (200, {}, b"[]")

    with serving(moved) as server:
        assert client(server.url).request("GET", "/projects/a%2Fb", operation="ask", query={"page": 1}).json() == []
    assert [path for _method, path, _headers in server.requests] == ["/projects/a%2Fb?page=1", "/projects/5"]
    assert server.requests[1][2]["Authorization"] == BEARER[1]


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
def test_no_write_follows_a_redirect(method: str) -> None:
    moved = (307, {"Location": "/elsewhere"}, b"")
    with serving(lambda _n, _r: moved) as server, pytest.raises(RequestError) as caught:
        client(server.url).request(method, "/x", operation="ask")
    assert caught.value.kind == ErrorKind.REDIRECT
    assert len(server.requests) == 1


def test_redirects_in_a_circle_end() -> None:
    with serving(lambda _n, _r: (302, {"Location": "/x"}, b"")) as server, pytest.raises(RequestError):
        client(server.url).request("GET", "/x", operation="ask")
    assert len(server.requests) < 10


def test_cookies_are_never_sent_back() -> None:
    with serving(lambda _n, _r: (200, {"Set-Cookie": "_gitlab_session=1; Path=/"}, b"{}")) as server:
        mine = client(server.url)
        mine.request("GET", "/x", operation="ask")
        mine.request("GET", "/y", operation="ask")
    assert all("Cookie" not in headers for _method, _path, headers in server.requests)


def test_the_user_agent_is_told() -> None:
    with serving(ok) as server:
        client(server.url, user_agent="containerops.gitlab/9 ansible/2").request("GET", "/x", operation="ask")
    assert server.requests[0][2]["User-Agent"] == "containerops.gitlab/9 ansible/2"


# --- proxies and timeouts ------------------------------------------------------------------------------------------


def test_a_proxy_is_used_and_no_proxy_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ok) as proxy, serving(ok) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        client("http://gitlab.invalid").request("GET", "/x", operation="ask")
        assert [path for _method, path, _headers in proxy.requests] == ["http://gitlab.invalid/x"]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        client(server.url).request("GET", "/y", operation="ask")
        assert len(server.requests) == 1
        assert len(proxy.requests) == 1


def test_a_server_that_never_answers_times_out() -> None:
    wake = threading.Event()

    def slow(_number: int, _request: BaseHTTPRequestHandler) -> Answer:
        wake.wait(5)
        return 200, {}, b"{}"

    with serving(slow) as server:
        with pytest.raises(RequestError) as caught:
            client(server.url, timeout=0.1, retries=0).request("GET", "/x", operation="ask")
        wake.set()
    assert caught.value.kind == ErrorKind.TIMEOUT
    assert "0.1 seconds" in str(caught.value)


# --- answers that are none -----------------------------------------------------------------------------------------


def test_a_body_cut_short_is_no_answer() -> None:
    short = (200, {"Content-Length": "100", "Connection": "close"}, b"[1, 2]")
    with serving(lambda _n, _r: short) as server, pytest.raises(RequestError) as caught:
        client(server.url, retries=0).request("GET", "/x", operation="ask")
    assert caught.value.kind == ErrorKind.CONNECTION


def test_a_body_cut_short_is_noticed_where_the_library_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = client("http://127.0.0.1:1", retries=0)
    headers = CaseInsensitiveDict({"Content-Length": "100"})
    short = SimpleNamespace(status=200, headers=headers, stream=lambda *_words, **_options: iter([b"[1, 2]"]))
    monkeypatch.setattr(mine._transport._adapter, "send", lambda *_words, **_options: short)
    with pytest.raises(RequestError, match="cut short"):
        mine.request("GET", "/x", operation="ask")


def test_a_web_page_is_not_json() -> None:
    page = (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Sign in</html>")
    with serving(lambda _n, _r: page) as server, pytest.raises(RequestError) as caught:
        client(server.url).request("GET", "/x", operation="ask").json()
    assert caught.value.kind == ErrorKind.NOT_JSON
    assert "text/html" in str(caught.value)


# --- sending again -------------------------------------------------------------------------------------------------


def failing_first(times: int, answer: Answer | None) -> Responder:
    return lambda number, _request: answer if number <= times else (200, {}, b"{}")


@pytest.mark.parametrize("answer", [None, (429, {}, b""), (502, {}, b""), (503, {}, b""), (504, {}, b"")])
def test_a_read_is_sent_again_until_it_is_answered(answer: Answer | None) -> None:
    time = FakeTime()
    with serving(failing_first(3, answer)) as server:
        found = client(server.url, time).request("GET", "/x", operation="ask")
    assert found.status == 200
    assert len(server.requests) == 4
    assert time.slept == sorted(time.slept)
    assert sum(time.slept) == pytest.approx(0.5 + 1 + 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 500])
def test_other_answers_are_final(status: int) -> None:
    with serving(lambda _n, _r: (status, {}, b"{}")) as server:
        assert client(server.url).request("GET", "/x", operation="ask").status == status
    assert len(server.requests) == 1


def test_retries_end_and_the_last_answer_is_given() -> None:
    with serving(lambda _n, _r: (503, {}, b"busy")) as server:
        assert client(server.url, retries=2).request("GET", "/x", operation="ask").status == 503
    assert len(server.requests) == 3


def test_retry_after_is_never_shortened() -> None:
    time = FakeTime()
    with serving(failing_first(1, (429, {"Retry-After": "120"}, b"Retry later\n"))) as server:
        assert client(server.url, time).request("GET", "/x", operation="ask").status == 200
    assert sum(time.slept) == 120


@pytest.mark.parametrize(
    ("text", "waited"),
    [("1.000000", 1), ("2.5", 2.5), ("30", 30), ("0", 0.5), ("\u00b2", 0.5), ("-5", 0.5), ("1,5", 0.5), ("soon", 0.5)],
)
def test_retry_after_may_be_a_decimal_and_anything_else_is_none(text: str, waited: float) -> None:
    time = FakeTime()
    with serving(failing_first(1, (429, {"Retry-After": text}, b""))) as server:
        assert client(server.url, time).request("GET", "/x", operation="ask").status == 200
    assert sum(time.slept) == pytest.approx(waited)


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        ((429, {}, b"Retry later\n"), 2),
        ((429, {"Content-Type": "application/json"}, b"{}"), 2),
        ((503, {"Content-Type": "text/html"}, b"<html>"), 2),
        ((503, {"Content-Type": "application/json"}, b"{}"), 0),
        ((502, {"Content-Type": "text/html"}, b"<html>"), 0),
        ((429, {"Retry-After": "3"}, b""), 0),
    ],
)
@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_a_limiter_that_does_not_say_how_long_gets_minutes(answer: Answer, minutes: int, jitter: float) -> None:
    time = FakeTime()
    with serving(lambda _n, _r: answer) as server:
        mine = client(server.url, time)
        mine.timing = mine.timing._replace(jitter=lambda: jitter)
        assert mine.request("GET", "/x", operation="ask").status == answer[0]
    assert len(server.requests) == 1 + mine.settings.retries
    assert minutes * 60 < sum(time.slept) < minutes * 60 + 30


def test_retry_after_may_be_a_date() -> None:
    time = FakeTime()
    headers = {"Date": "Mon, 01 Jun 2026 12:00:00 GMT", "Retry-After": "Mon, 01 Jun 2026 12:01:30 GMT"}
    with serving(failing_first(1, (429, headers, b""))) as server:
        client(server.url, time).request("GET", "/x", operation="ask")
    assert sum(time.slept) == 90


def test_more_patience_than_there_is_is_not_waited_for() -> None:
    time = FakeTime()
    with serving(lambda _n, _r: (429, {"Retry-After": "3600"}, b"")) as server:
        assert client(server.url, time).request("GET", "/x", operation="ask").status == 429
    assert time.slept == []


def test_without_progress_waiting_ends_for_all_requests_together() -> None:
    time = FakeTime()
    with serving(lambda _n, _r: (503, {"Retry-After": "100"}, b"")) as server:
        mine = client(server.url, time, retries=100)
        for _request in range(5):
            assert mine.request("GET", "/x", operation="ask").status == 503
    assert sum(time.slept) <= 600


def test_progress_gives_new_patience() -> None:
    time = FakeTime()

    def odd(number: int, _request: BaseHTTPRequestHandler) -> Answer:
        return (503, {"Retry-After": "500"}, b"") if number % 2 else (200, {}, b"{}")

    with serving(odd) as server:
        mine = client(server.url, time)
        assert [mine.request("GET", "/x", operation="ask").status for _request in range(4)] == [200] * 4
    assert sum(time.slept) == 2000


def mutate(mine: Client) -> Response:
    return mine.request("POST", "/x", operation="ask", body={}, retry=RetryPolicy.RATE_LIMITED)


@pytest.mark.parametrize("answer", [None, (502, {}, b""), (503, {}, b""), (504, {}, b"")])
def test_a_mutation_is_not_sent_again_when_its_answer_was_lost(answer: Answer | None) -> None:
    with serving(failing_first(1, answer)) as server:
        if answer is None:
            with pytest.raises(RequestError):
                mutate(client(server.url))
        else:
            assert mutate(client(server.url)).status == answer[0]
    assert len(server.requests) == 1


def test_a_mutation_is_sent_again_when_the_server_refused_it_unseen() -> None:
    with serving(failing_first(2, (429, {"Retry-After": "1"}, b""))) as server:
        assert mutate(client(server.url)).status == 200
    assert len(server.requests) == 3


def test_jitter_only_shortens_by_half_at_most() -> None:
    time = FakeTime()
    with serving(failing_first(4, None)) as server:
        mine = Client(
            Settings(server.url), timing=Timing(sleep=time.sleep, monotonic=lambda: time.now, jitter=lambda: 0.0)
        )
        mine.request("GET", "/x", operation="ask")
    assert time.slept == [0.25, 0.5, 1.0, 2.0]


# --- threads and the rate limit ------------------------------------------------------------------------------------


def test_the_first_401_stops_all_threads() -> None:
    with serving(lambda number, _r: (401, {}, b"{}") if number >= 3 else (200, {}, b"{}")) as server:
        mine = client(server.url, concurrency=4)

        def ask(_number: int) -> str:
            try:
                return str(mine.request("GET", "/x", operation="ask").status)
            except RequestError as error:
                return error.kind.value

        answers = mine.parallel(ask, range(50))
    # Each of the four threads may have had one under way.
    assert 1 <= answers.count("401") <= 4
    assert len(server.requests) == 2 + answers.count("401")
    assert answers.count("stopped") == 48 - answers.count("401")


def test_parallel_keeps_the_order_and_does_not_multiply() -> None:
    mine = client("http://127.0.0.1:1", concurrency=4)
    free = threading.BoundedSemaphore(4)

    def inner(number: int) -> int:
        assert free.acquire(blocking=False), "more threads work at once than may"
        time.sleep(0.001)
        free.release()
        return number * 2

    def outer(number: int) -> list[int]:
        return mine.parallel(inner, [number, number + 1])

    assert mine.parallel(outer, range(20)) == [[number * 2, number * 2 + 2] for number in range(20)]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_failure_stands_in_the_place_of_its_item_and_the_others_go_on(concurrency: int) -> None:
    mine = client("http://127.0.0.1:1", concurrency=concurrency)

    def work(number: int) -> int:
        if number % 3 == 1:
            raise RequestError(ErrorKind.FORBIDDEN, str(number), operation="ask")
        return number

    found = mine.try_all(work, range(6))
    assert [str(each.message) if isinstance(each, RequestError) else each for each in found] == [0, "1", 2, 3, "4", 5]


def test_what_is_no_failure_of_a_request_is_not_taken_for_one() -> None:
    with pytest.raises(ZeroDivisionError):
        client("http://127.0.0.1:1", concurrency=4).try_all(lambda number: 1 // number, [1, 0])


def test_no_more_requests_a_minute_than_allowed() -> None:
    time = FakeTime()
    with serving(ok) as server:
        mine = client(server.url, time, max_requests_per_minute=30)
        for _request in range(10):
            mine.request("GET", "/x", operation="ask")
    assert time.now == pytest.approx(18)


def refusing_first(limits: dict[str, dict[str, str]]) -> Callable[[int, BaseHTTPRequestHandler], Answer]:
    """Answers 429 once for each path, with its headers."""
    left = dict(limits)

    def answer(number: int, request: BaseHTTPRequestHandler) -> Answer:
        headers = left.pop(request.path, None)
        return ok(number, request) if headers is None else (429, headers, b"Retry later")

    return answer


API, GRAPHQL, LOGIN = "/api/v4/x", "/api/graphql", "/jwt/auth"


def test_a_refusal_holds_back_its_own_kind_of_traffic_alone() -> None:
    time = FakeTime()
    with serving(refusing_first({API: {"Retry-After": "50"}})) as server:
        mine = client(server.url, time)
        assert mine.request("GET", API, operation="ask", retry=RetryPolicy.NEVER).status == 429
        for path in (GRAPHQL, LOGIN, "/v2/"):
            mine.request("GET", path, operation="ask")
        assert time.now == 0
        mine.request("GET", API, operation="ask")
        assert time.now >= 50


def test_half_of_a_limit_that_is_told_is_taken() -> None:
    time = FakeTime()
    headers = {"RateLimit-Limit": "60", "RateLimit-Name": "throttle_authenticated_api", "Retry-After": "1"}
    with serving(refusing_first({API: headers})) as server:
        mine = client(server.url, time)
        mine.request("GET", API, operation="ask")
        start = time.now
        for _request in range(5):
            mine.request("GET", API, operation="ask")
        assert time.now - start == pytest.approx(10)
        for _request in range(5):
            mine.request("GET", GRAPHQL, operation="ask")
        assert time.now - start == pytest.approx(10)


def test_traffic_under_one_limit_shares_it() -> None:
    time = FakeTime()
    headers = {"RateLimit-Limit": "60", "RateLimit-Name": "throttle_authenticated_api"}
    with serving(refusing_first({API: headers, GRAPHQL: headers, LOGIN: {"RateLimit-Limit": "none"}})) as server:
        mine = client(server.url, time, retries=0)
        for path in (API, GRAPHQL, LOGIN):
            mine.request("GET", path, operation="ask")
        start = time.now
        for path in (API, GRAPHQL, API, LOGIN, LOGIN, GRAPHQL):
            mine.request("GET", path, operation="ask")
        # Two seconds apart, behind what is left of the pause after the refusals.
        assert 6 <= time.now - start < 7


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


NOON = "Mon, 01 Jun 2026 12:00:00 GMT"
AHEAD = "Tue, 01 Dec 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("answers", "clock", "latest"),
    [
        pytest.param([(200, NOON), (200, NOON)], "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", id="the same"),
        pytest.param([(200, AHEAD), (200, NOON)], "2026-06-01T12:00:00Z", "2026-12-01T12:00:00Z", id="ahead at first"),
        pytest.param([(200, NOON), (404, AHEAD)], "2026-06-01T12:00:00Z", "2026-12-01T12:00:00Z", id="ahead later"),
        pytest.param([(503, AHEAD), (200, NOON)], "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", id="of a balancer"),
        pytest.param([(200, ""), (200, NOON)], "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", id="none at first"),
        pytest.param([(200, ""), (200, "noon")], None, None, id="none"),
        pytest.param([(200, "Fri, 31 Dec 9999 23:59:59 -2300")], None, None, id="beyond all dates"),
        pytest.param([(200, AHEAD)], None, "2026-12-01T12:00:00Z", id="ahead of this machine"),
    ],
)
def test_the_clock_for_ages_is_the_earliest_and_for_approvals_the_latest(
    answers: list[tuple[int, str]], clock: str | None, latest: str | None
) -> None:
    def dated(number: int, _request: BaseHTTPRequestHandler) -> Answer:
        status, date = answers[number - 1]
        return status, {"Date": date} if date else {}, b"{}"

    with serving(dated) as server:
        mine = client(server.url, retries=0)
        mine.timing = mine.timing._replace(now=lambda: at("2026-06-02T11:00:00Z"))
        assert mine.clock is mine.latest_clock is None
        for _answer in answers:
            mine.request("GET", "/x", operation="ask")
    assert mine.clock == (clock and at(clock))
    assert mine.latest_clock == (latest and at(latest))


def test_the_date_of_another_server_is_not_the_clock() -> None:
    def elsewhere(_number: int, _request: BaseHTTPRequestHandler) -> Answer:
        return 200, {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"}, b"{}"

    def here(_number: int, _request: BaseHTTPRequestHandler) -> Answer:
        return 302, {"Date": NOON, "Location": other.url + "/y"}, b""

    with serving(elsewhere) as other, serving(here) as server:
        mine = client(server.url)
        mine.request("GET", "/x", operation="ask", allow_cross_origin_redirect=True)
    assert mine.clock == at("2026-06-01T12:00:00Z")


def test_every_request_is_counted() -> None:
    with serving(failing_first(2, (503, {}, json.dumps({}).encode()))) as server:
        mine = client(server.url)
        mine.request("GET", "/x", operation="ask")
    assert mine.requests_sent == len(server.requests) == 3


def test_what_is_sent_once_still_makes_others_wait() -> None:
    time = FakeTime()

    def limited(number: int, request: BaseHTTPRequestHandler) -> Answer:
        return (429, {"Retry-After": "7"}, b"Retry later") if number == 1 else ok(number, request)

    with serving(limited) as server:
        mine = client(server.url, time)
        assert mine.request("DELETE", "/x", operation="ask", retry=RetryPolicy.NEVER).status == 429
        assert len(server.requests) == 1
        assert mine.request("GET", "/x", operation="ask").status == 200
        assert time.now >= 7


def test_servers_share_a_rate_limit() -> None:
    time = FakeTime()
    with serving(ok) as one, serving(ok) as other:
        mine = client(one.url, time, max_requests_per_minute=60)
        second = mine.at(other.url, service="other")
        for each in (mine, second, mine):
            each.request("GET", "/x", operation="ask")
        assert time.now == 2
        assert mine.requests_sent == second.requests_sent == 3
        assert "Authorization" not in other.requests[0][2]


def test_attempts_pause_in_between() -> None:
    time = FakeTime()
    assert list(client("http://127.0.0.1:1", time, retries=3).retry_loop()) == [3, 2, 1, 0]
    assert len(time.slept) == 3
    assert list(client("http://127.0.0.1:1", time, retries=0).retry_loop()) == [0]


def test_after_a_401_another_credential_is_used_once() -> None:
    tokens = iter([("Authorization", "Bearer new"), ("Authorization", "Bearer new"), None])

    def answer(_number: int, request: BaseHTTPRequestHandler) -> Answer:
        return (200 if request.headers["Authorization"] == "Bearer new" else 401), {}, b"{}"

    with serving(answer) as server:
        mine = client(server.url, concurrency=4, refresh_credentials=lambda: next(tokens))
        answers = mine.parallel(
            lambda _number: mine.request("POST", "/x", operation="ask", body={}, retry=RetryPolicy.NEVER).status,
            range(8),
        )
    assert answers == [200] * 8
    # It was asked for once, although several threads were refused.
    assert next(tokens) is not None


@pytest.mark.parametrize("found", [None, BEARER, ("Authorization", "Bearer other")])
def test_a_credential_that_is_no_better_stops_everything(found: tuple[str, str] | None) -> None:
    with serving(lambda _number, _request: (401, {}, b"{}")) as server:
        mine = client(server.url, refresh_credentials=lambda: found)
        assert mine.request("GET", "/x", operation="ask").status == 401
        with pytest.raises(RequestError):
            mine.request("GET", "/x", operation="ask")
    assert len(server.requests) == (2 if found and found != BEARER else 1)


def test_a_client_of_another_server_has_no_renewal_but_its_own() -> None:
    with serving(lambda _number, _request: (401, {}, b"{}")) as server:
        mine = client("http://127.0.0.1:1", refresh_credentials=lambda: ("Authorization", "Bearer new"))
        other = mine.at(server.url, service="other")
        assert other.request("GET", "/x", operation="ask").status == 401
    assert "Authorization" not in server.requests[0][2]


# --- what an error says --------------------------------------------------------------------------------------------


def test_every_error_says_what_was_tried_where() -> None:
    page = (200, {"Content-Type": "text/html", "X-Request-Id": "R1"}, b"<html>")
    with serving(lambda _n, _r: page) as server:
        mine = client(server.url, retries=0, service="The registry")
        errors = [_failure(lambda: mine.request("GET", "/x", operation="read it").json())]
        mine.stop("it is over")
        errors.append(_failure(lambda: mine.request("GET", "/x", operation="read it")))
    lost = client("http://127.0.0.1:1", retries=0, service="The registry")
    errors.append(_failure(lambda: lost.request("GET", "/x", operation="read it")))
    assert [error.kind for error in errors] == [ErrorKind.NOT_JSON, ErrorKind.STOPPED, ErrorKind.CONNECTION]
    assert {(error.operation, error.service, error.method, error.path) for error in errors} == {
        ("read it", "The registry", "GET", "/x")
    }
    assert [error.request_id for error in errors] == ["R1", "", ""]


def test_the_most_requests_are_told() -> None:
    with serving(ok) as server:
        mine = client(server.url, max_requests=1)
        mine.request("GET", "/x", operation="read it")
        error = _failure(lambda: mine.request("GET", "/x", operation="read more"))
    assert str(error).startswith("Could not read more: max_requests 1 is reached. Raise max_requests")
    assert len(server.requests) == 1


def _failure(work: Callable[[], object]) -> RequestError:
    with pytest.raises(RequestError) as caught:
        work()
    return caught.value
