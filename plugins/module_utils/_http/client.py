# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""HTTP: session, credential, TLS, retries, rate gate and worker pool. Knows neither GitLab nor Ansible."""

from __future__ import annotations

import contextlib
import enum
import json
import re
import threading
import traceback
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urljoin, urlsplit

from .._core.errors import ErrorKind, RequestError
from .rate_limit import RateLimiter, Timing

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import requests.adapters
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

_LINK = re.compile(r"""<([^>]*)>[^,<]*?;\s*rel=["']?([\w -]*)""")

# GitLab throttles paths below /api apart from all others, and releases differ in where GraphQL belongs:
# lib/gitlab/rack_attack/request.rb.
_APART = ("/api/graphql", "/api/")

Header = tuple[str, str]
Renew = t.Callable[[], t.Optional[Header]]
Item = t.TypeVar("Item")
Result = t.TypeVar("Result")

CONNECT_TIMEOUT = 15.0
LONGEST_BACKOFF = 30.0
# How long all threads together may go on waiting and retrying without one useful answer.
PATIENCE = 600.0
MAX_REDIRECTS = 3
# Bytes of a body that is read in pieces.
PIECE = 256 * 1024

# Statuses of a server that did nothing, or could not.
_TROUBLE = frozenset({429, 502, 503, 504})


class RetryPolicy(enum.Enum):
    """After what a request is sent again: IDEMPOTENT after any transient failure, RATE_LIMITED only after a 429, by
    which the server says that it did nothing, NEVER not at all."""

    IDEMPOTENT = "idempotent"
    RATE_LIMITED = "rate_limited"
    NEVER = "never"


@dataclass(frozen=True)
class Settings:
    """How to reach the server. url: scheme, host and a path prefix. header: the credential, None is anonymous.

    timeout: seconds without an answer. retries: how often one request is sent again. ca_path: a CA file or folder.
    renew: gives the credential as it is by now, None where there is none; it is asked after a 401.
    """

    url: str
    header: tuple[str, str] | None = None
    ca_path: str | None = None
    validate_certs: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    timeout: float = 60.0
    retries: int = 5
    concurrency: int = 4
    max_requests_per_minute: int | None = None
    max_requests: int | None = None
    user_agent: str = "containerops.gitlab"
    renew: Renew | None = None


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status. resent: the request went out before, and what it did then is not known."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    method: str
    path: str
    resent: bool = False

    @property
    def request_id(self) -> str:
        return self.headers.get("X-Request-Id", "")

    @property
    def next_query(self) -> dict[str, str] | None:
        """The query of the next link; None where there is none. Its address is of no interest, and never used."""
        for target, relation in _LINK.findall(self.headers.get("Link", "")):
            if "next" in relation.split():
                query = parse_qs(urlsplit(target).query, keep_blank_values=True)
                return {name: values[-1] for name, values in query.items()}
        return None

    def text(self, limit: int = 300) -> str:
        return " ".join(self.body[: limit * 4].decode("utf-8", "replace").split())[:limit]

    def json(self) -> t.Any:
        """The body as JSON; raises RequestError not_json."""
        try:
            return json.loads(self.body)
        except ValueError:
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            raise RequestError(
                ErrorKind.NOT_JSON,
                f"the answer {self.status} is {kind} and not JSON",
                method=self.method,
                path=self.path,
                request_id=self.request_id,
            ) from None


@dataclass(frozen=True)
class _Sending:
    """What goes out, as in Client.request. stream: the body of the answer is not read yet.

    signed: the credential goes with it.
    """

    method: str
    path: str
    query: t.Any
    body: t.Any
    data: t.Any
    headers: t.Mapping[str, str]
    allow_cross_origin_redirect: bool = False
    stream: bool = False
    limit: int | None = None
    signed: bool = True

    @property
    def traffic(self) -> str:
        """The kind of traffic that GitLab may limit apart: its API, GraphQL, and all else."""
        return next((prefix for prefix in _APART if self.path.startswith(prefix)), "")

    def error(self, kind: ErrorKind, message: str) -> RequestError:
        return RequestError(kind, message, method=self.method, path=self.path)


class Chunks:
    """A body of known length that is sent in pieces as they come."""

    def __init__(self, pieces: t.Iterator[bytes], length: int) -> None:
        self._pieces = pieces
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> t.Iterator[bytes]:
        return self._pieces


class Client:
    """One server, for all threads of a task."""

    def __init__(self, settings: Settings, *, timing: Timing | None = None, limiter: RateLimiter | None = None) -> None:
        self.settings = settings
        self.timing = timing or Timing()
        self._limiter = limiter or RateLimiter(settings.max_requests_per_minute, self.timing, settings.max_requests)
        self._lock = threading.Lock()
        self._local = threading.local()
        self._stopped_by: str | None = None
        self._clock: datetime | None = None
        self._answered = False
        self._trouble_since: float | None = None
        self._header = settings.header
        self._adapter = self._new_adapter()
        told = {"User-Agent": settings.user_agent, "Accept": "application/json"}
        self._own_headers = {**requests.utils.default_headers(), **told}
        self._environments: dict[tuple[str, str], dict[str, t.Any]] = {}

    def at(self, url: str, header: Header | None = None, renew: Renew | None = None) -> Client:
        """A client of another server, or with another credential, behind the same gate."""
        settings = replace(self.settings, url=url, header=header, renew=renew)
        return Client(settings, timing=self.timing, limiter=self._limiter)

    @property
    def requests_sent(self) -> int:
        """By this client and all that share its gate."""
        return self._limiter.sent

    @property
    def clock(self) -> datetime | None:
        """The server's time at the first answer, from its Date header; None when that answer had none."""
        return self._clock

    def stop(self, reason: str) -> None:
        """Let no further request out; the requests that are under way end by themselves."""
        with self._lock:
            self._stopped_by = self._stopped_by or reason

    def request(
        self,
        method: str,
        path: str,
        *,
        query: t.Any = None,
        body: t.Any = None,
        data: t.Any = None,
        headers: t.Mapping[str, str] | None = None,
        retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
        stop_at_401: bool = True,
        allow_cross_origin_redirect: bool = False,
        limit: int | None = None,
    ) -> Response:
        """Send a request and return the answer of any status once it is not worth sending again.

        path: begins with a slash, percent-encoded, relative to the server's URL. query: a mapping or pairs. body: sent
        as JSON; data: sent as it is, bytes or Chunks. retry: after what it is sent again. stop_at_401: a 401 ends all
        requests, unless there is another credential by then. allow_cross_origin_redirect: a redirect to another host is
        followed, without credentials. limit: the most bytes of a body that is believed. Raises RequestError
        (connection, timeout, tls, redirect, incomplete, stopped) where no answer is.
        """
        sending = _Sending(method, path, query, body, data, headers or {}, allow_cross_origin_redirect, limit=limit)
        attempt = 0
        lost = renewed = False
        while True:
            self._limiter.wait(sending.traffic, self._check_stopped)
            used = self._header
            answer = self._try(sending)
            if not renewed and isinstance(answer, Response) and answer.status == 401 and self._renew(used):
                renewed = True
                continue
            if stop_at_401 and isinstance(answer, Response) and answer.status == 401:
                self.stop("an earlier request was answered 401")
            wait = self._delay(attempt, answer)
            if not _is_retried(answer, retry) or attempt >= self.settings.retries or not self._may_wait(wait):
                break
            lost = lost or not _is_refused(answer)
            attempt += 1
            if _is_refused(answer):
                self._limiter.pause(sending.traffic, wait)
            else:
                self.timing.sleep(wait)
        if _is_refused(answer) and self._may_wait(wait):
            self._limiter.pause(sending.traffic, wait)
        if isinstance(answer, RequestError):
            raise answer
        return replace(answer, resent=lost)

    def _renew(self, used: Header | None) -> bool:
        """Whether there is another credential than the one that was used: the request did nothing and may go again."""
        if self.settings.renew is None:
            return False
        with self._lock:
            if self._header == used:
                self._header = self.settings.renew() or used
            return self._header != used

    def parallel(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result]:
        """work(item) for every item over the pool, results in the order of the items.

        Called from inside the pool it does the work in its own thread, so that pools don't multiply.
        """
        if len(items) < 2 or self.settings.concurrency < 2 or getattr(self._local, "in_pool", False):
            return [work(item) for item in items]

        def in_pool(item: Item) -> Result:
            self._local.in_pool = True
            return work(item)

        with ThreadPoolExecutor(min(self.settings.concurrency, len(items))) as pool:
            return list(pool.map(in_pool, items))

    def try_all(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result | RequestError]:
        """As parallel, and where the work on an item raises RequestError that stands in its place."""

        def tried(item: Item) -> Result | RequestError:
            try:
                return work(item)
            except RequestError as error:
                return error

        return self.parallel(tried, items)

    @contextlib.contextmanager
    def download(self, path: str, headers: t.Mapping[str, str]) -> t.Iterator[tuple[Response, t.Iterator[bytes]]]:
        """An answer of any status without its body, and the body in pieces. Redirected as with
        allow_cross_origin_redirect; sent once.

        Raises RequestError, also while the pieces are read.
        """
        sending = _Sending("GET", path, None, None, None, headers, allow_cross_origin_redirect=True, stream=True)
        self._limiter.wait(sending.traffic, self._check_stopped)
        answer = self._send(sending)
        try:
            yield self._response(answer, sending, b""), self._pieces(answer, sending)
        finally:
            answer.close()

    def _limited(self, answer: t.Any, sending: _Sending, limit: int) -> bytes:
        body = bytearray()
        for piece in self._pieces(answer, sending):
            body += piece
            if len(body) > limit:
                answer.close()
                raise sending.error(ErrorKind.INCOMPLETE, f"the answer is longer than {limit} bytes")
        return bytes(body)

    def _pieces(self, answer: t.Any, sending: _Sending) -> t.Iterator[bytes]:
        try:
            yield from answer.iter_content(PIECE)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _transport_error(error, sending.method, sending.path, self.settings) from None

    def poll_intervals(self, seconds: float, first: float = 1.0, longest: float = 15.0) -> t.Iterator[None]:
        """Waits, each longer than the one before it, until so many seconds have gone by since the first."""
        now = self.timing.monotonic
        end = now() + seconds
        wait = first
        while now() < end:
            self.timing.sleep(max(0.0, min(wait, end - now())))
            wait = min(longest, wait * 1.5)
            yield

    def retry_loop(self) -> t.Iterator[int]:
        """How often something may still be tried after this time, with a pause before each time but the first."""
        yield self.settings.retries
        for left, _pause in zip(range(self.settings.retries - 1, -1, -1), self.poll_intervals(PATIENCE, first=0.5)):
            yield left

    def close(self) -> None:
        self._adapter.close()

    def _new_adapter(self) -> t.Any:
        if not self.settings.validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return requests.adapters.HTTPAdapter(
            pool_connections=2, pool_maxsize=self.settings.concurrency, pool_block=True, max_retries=0
        )

    def _prepared(self, url: str, sending: _Sending) -> t.Any:
        """Without what a session would add: a cookie or what .netrc holds would be a second credential."""
        prepared = requests.PreparedRequest()
        prepared.prepare_method(sending.method)
        prepared.prepare_url(url, sending.query)
        prepared.prepare_headers({**self._own_headers, **sending.headers})
        prepared.prepare_body(sending.data, None, sending.body)
        if sending.signed and self._header:
            prepared.headers.update([self._header])
        return prepared

    def _environment_for(self, url: str) -> dict[str, t.Any]:
        """The proxies and certificates of a server, where the environment may have a say; asked once, for that takes
        as long as the rest of sending."""
        origin = urlsplit(url)[:2]
        if origin not in self._environments:
            settings = self.settings
            verify = (settings.ca_path or True) if settings.validate_certs else False
            cert: t.Any = settings.client_cert
            if cert and settings.client_key:
                cert = (cert, settings.client_key)
            with requests.Session() as session:
                found = session.merge_environment_settings(url, {}, None, verify, cert)
            self._environments[origin] = {name: found[name] for name in ("proxies", "verify", "cert")}
        return self._environments[origin]

    def _try(self, sending: _Sending) -> Response | RequestError:
        try:
            found = self._send(sending)
            body = found.content if sending.limit is None else self._limited(found, sending, sending.limit)
            self._check_length(found, sending, body)
        except RequestError as error:
            self._note_trouble()
            return error
        answer = self._response(found, sending, body)
        if answer.status in _TROUBLE:
            self._note_trouble()
        else:
            self._trouble_since = None
        return answer

    def _response(self, answer: t.Any, sending: _Sending, body: bytes) -> Response:
        return Response(answer.status_code, answer.headers, body, sending.method, sending.path)

    def _send(self, sending: _Sending) -> t.Any:
        """One exchange, with the redirects that may be followed."""
        url = self.settings.url + sending.path
        for _hop in range(MAX_REDIRECTS + 1):
            answer = self._exchange(url, sending)
            location = answer.headers.get("Location")
            if answer.status_code not in (301, 302, 303, 307, 308) or not location:
                return answer
            answer.close()
            target = self._redirect_target(url, location, sending)
            if not _same_origin(url, target):
                sending = replace(sending, headers={}, signed=False)
            url, sending = target, replace(sending, query=None)
        raise sending.error(ErrorKind.REDIRECT, "the server redirects in a circle")

    def _exchange(self, url: str, sending: _Sending) -> t.Any:
        timeout = self.settings.timeout
        self._limiter.count()
        try:
            prepared, around = self._prepared(url, sending), self._environment_for(url)
            answer = self._adapter.send(prepared, timeout=(min(CONNECT_TIMEOUT, timeout), timeout), **around)
            if not sending.stream and sending.limit is None:
                # Read here, where what goes wrong is understood.
                _body = answer.content
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _transport_error(error, sending.method, sending.path, self.settings) from None
        self._note_answer(answer.headers)
        limit = answer.headers.get("RateLimit-Limit", "")
        if limit.isdigit() and int(limit):
            self._limiter.adopt_server_limit(
                sending.traffic, answer.headers.get("RateLimit-Name") or sending.traffic, int(limit)
            )
        return answer

    def _note_answer(self, headers: t.Mapping[str, str]) -> None:
        with self._lock:
            if not self._answered:
                self._answered = True
                self._clock = _http_date(headers.get("Date"))

    def _note_trouble(self) -> None:
        with self._lock:
            if self._trouble_since is None:
                self._trouble_since = self.timing.monotonic()

    def _check_length(self, answer: t.Any, sending: _Sending, body: bytes) -> None:
        """Older releases of requests take a body that was cut short for the whole of it."""
        declared = answer.headers.get("Content-Length", "")
        if sending.method == "HEAD" or answer.headers.get("Content-Encoding") or not declared.isdigit():
            return
        if int(declared) != len(body):
            raise sending.error(ErrorKind.CONNECTION, "the answer was cut short")

    def _redirect_target(self, url: str, location: str, sending: _Sending) -> str:
        method = sending.method
        target = urljoin(url, location)
        there = urlsplit(target)
        origin = f"{there.scheme}://{there.netloc.rpartition('@')[2]}"
        if method not in ("GET", "HEAD"):
            raise sending.error(ErrorKind.REDIRECT, f"the server redirects a {method} to {origin}")
        if _same_origin(url, target):
            return target
        if not sending.allow_cross_origin_redirect:
            raise sending.error(ErrorKind.REDIRECT, f"the server redirects to {origin}, where the token is not sent")
        if there.scheme != "https" and urlsplit(url).scheme == "https":
            raise sending.error(ErrorKind.REDIRECT, f"the server redirects to {origin}, unencrypted")
        return target

    def _check_stopped(self) -> None:
        with self._lock:
            if self._stopped_by:
                raise RequestError(ErrorKind.STOPPED, self._stopped_by)

    def _delay(self, attempt: int, answer: Response | RequestError) -> float:
        """Seconds to wait: never less than Retry-After asks for."""
        backoff = min(LONGEST_BACKOFF, 0.5 * 2.0**attempt) * (0.5 + self.timing.jitter() / 2)
        asked = _retry_after(answer, self._clock) if isinstance(answer, Response) else 0.0
        return max(backoff, asked)

    def _may_wait(self, wait: float) -> bool:
        since = self._trouble_since
        return since is None or self.timing.monotonic() + wait - since <= PATIENCE


def _same_origin(here: str, there: str) -> bool:
    one, other = urlsplit(here), urlsplit(there)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _is_refused(answer: Response | RequestError) -> bool:
    return isinstance(answer, Response) and answer.status == 429


def _is_retried(answer: Response | RequestError, retry: RetryPolicy) -> bool:
    if retry is RetryPolicy.NEVER:
        return False
    if retry is RetryPolicy.RATE_LIMITED:
        return _is_refused(answer)
    if isinstance(answer, RequestError):
        return answer.kind in (ErrorKind.CONNECTION, ErrorKind.TIMEOUT)
    return answer.status in _TROUBLE


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _retry_after(response: Response, clock: datetime | None) -> float:
    """Seconds that Retry-After asks for, from its number or its date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    until = _http_date(text)
    now = _http_date(response.headers.get("Date")) or clock
    return max(0.0, (until - now).total_seconds()) if until and now else 0.0


def _transport_error(error: Exception, method: str, path: str, settings: Settings) -> RequestError:
    host = urlsplit(settings.url).netloc
    if isinstance(error, requests.exceptions.SSLError):
        kind, text = ErrorKind.TLS, f"the TLS connection to {host} failed ({_cause(error)})"
    elif isinstance(error, requests.exceptions.ProxyError):
        kind, text = ErrorKind.CONNECTION, f"the proxy for {host} can't be used ({_cause(error)})"
    elif isinstance(error, requests.exceptions.Timeout):
        kind, text = ErrorKind.TIMEOUT, f"{host} did not answer within {settings.timeout:g} seconds"
    elif isinstance(error, OSError) and "CA certificate bundle" in str(error):
        kind, text = ErrorKind.TLS, f"the CA file or folder {settings.ca_path} can't be read"
    elif isinstance(error, OSError) and "certificate file" in str(error):
        kind, text = ErrorKind.TLS, "client_cert or client_key can't be read"
    else:
        kind, text = ErrorKind.CONNECTION, f"no answer from {host} ({_cause(error)})"
    return RequestError(kind, text, method=method, path=path)


def _cause(error: BaseException) -> str:
    """The innermost reason, without the addresses of objects and the URL that requests puts around it."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or next(
            (arg for arg in seen.args if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException) or inner is seen:
            break
        seen = inner
    strerror = getattr(seen, "strerror", None)
    text = str(strerror or seen)
    return text.rpartition("): ")[2].rpartition(">: ")[2].split("(_ssl.c")[0].strip() or type(seen).__name__
