# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""HTTP: session, credential, TLS, retries, rate gate and worker pool. Knows neither GitLab nor Ansible."""

from __future__ import annotations

import http.cookiejar
import json
import random
import threading
import time
import traceback
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from ._errors import RegistryError

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import requests.adapters
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

Item = t.TypeVar("Item")
Result = t.TypeVar("Result")

CONNECT_TIMEOUT = 15.0
LONGEST_BACKOFF = 30.0
# How long all threads together may go on waiting and retrying without one useful answer.
PATIENCE = 600.0
MAX_REDIRECTS = 3

# Which failed requests may be sent again: SAFE after any passing failure, REFUSED only after a 429, where the server
# says that it did nothing.
SAFE = frozenset({429, 502, 503, 504})
REFUSED = frozenset({429})


@dataclass(frozen=True)
class Settings:
    """How to reach the server. url: scheme, host and a path prefix. header: the credential, None is anonymous.

    timeout: seconds without an answer. retries: how often one request is sent again. ca_path: a CA file or folder.
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
    user_agent: str = "containerops.gitlab"


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

    def text(self, limit: int = 300) -> str:
        return " ".join(self.body[: limit * 4].decode("utf-8", "replace").split())[:limit]

    def json(self) -> t.Any:
        """The body as JSON; raises RegistryError not_json."""
        try:
            return json.loads(self.body)
        except ValueError:
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            raise RegistryError(
                "not_json",
                f"the answer {self.status} is {kind} and not JSON",
                method=self.method,
                path=self.path,
                request_id=self.request_id,
            ) from None


class Client:
    """One server, for all threads of a task."""

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: t.Callable[[float], None] = time.sleep,
        monotonic: t.Callable[[], float] = time.monotonic,
        jitter: t.Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.requests_sent = 0
        self._sleep = sleep
        self._monotonic = monotonic
        self._jitter = jitter
        self._lock = threading.Lock()
        self._local = threading.local()
        self._stopped_by: str | None = None
        self._clock: datetime | None = None
        self._answered = False
        self._next_slot = 0.0
        self._held_until = 0.0
        self._trouble_since: float | None = None
        self._session = self._new_session()

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
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        resend: frozenset[int] = SAFE,
        stop_at_401: bool = True,
    ) -> Response:
        """Send a request and return the answer of any status once it is not worth sending again.

        path: begins with a slash, percent-encoded, relative to the server's URL. body: sent as JSON. resend: SAFE or
        REFUSED. stop_at_401: a 401 ends all requests. Raises RegistryError (connection, timeout, tls, redirect,
        stopped) where no answer is.
        """
        attempt = 0
        lost = False
        while True:
            self._wait_for_slot()
            answer = self._try(method, path, query, body)
            if stop_at_401 and isinstance(answer, Response) and answer.status == 401:
                self.stop("an earlier request was answered 401")
            wait = self._delay(attempt, answer)
            if not _worth_resending(answer, resend) or attempt >= self.settings.retries or not self._may_wait(wait):
                break
            refused = isinstance(answer, Response) and answer.status in REFUSED
            lost = lost or not refused
            attempt += 1
            self._hold(wait, everybody=refused)
        if isinstance(answer, RegistryError):
            raise answer
        return replace(answer, resent=lost)

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

    def pauses(self, seconds: float, first: float = 1.0, longest: float = 15.0) -> t.Iterator[None]:
        """Waits, each longer than the one before it, until so many seconds have gone by since the first."""
        end = self._monotonic() + seconds
        wait = first
        while self._monotonic() < end:
            self._sleep(max(0.0, min(wait, end - self._monotonic())))
            wait = min(longest, wait * 1.5)
            yield

    def close(self) -> None:
        self._session.close()

    def _new_session(self) -> t.Any:
        session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(
            pool_connections=2, pool_maxsize=self.settings.concurrency, pool_block=True, max_retries=0
        )
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # A cookie would be a second credential, and the jar is shared by the threads.
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = self.settings.user_agent
        session.headers["Accept"] = "application/json"
        header = self.settings.header

        def sign(prepared: t.Any) -> t.Any:
            if header:
                prepared.headers[header[0]] = header[1]
            return prepared

        # As session.auth, since requests replaces a header by what .netrc holds for the host, unless auth is set.
        session.auth = sign
        if self.settings.client_cert:
            key = self.settings.client_key
            session.cert = (self.settings.client_cert, key) if key else self.settings.client_cert
        if not self.settings.validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return session

    def _try(
        self, method: str, path: str, query: t.Mapping[str, t.Any] | None, body: t.Any
    ) -> Response | RegistryError:
        try:
            answer = self._send(method, path, query, body)
        except RegistryError as error:
            self._note_trouble()
            return error
        if answer.status in SAFE:
            self._note_trouble()
        else:
            self._trouble_since = None
        return answer

    def _send(self, method: str, path: str, query: t.Mapping[str, t.Any] | None, body: t.Any) -> Response:
        """One exchange, with the redirects that may be followed."""
        url = self.settings.url + path
        for _hop in range(MAX_REDIRECTS + 1):
            answer = self._exchange(method, url, path, query, body)
            location = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            url = self._redirect_target(method, url, location, path)
            query = None
        raise RegistryError("redirect", "the server redirects in a circle", method=method, path=path)

    def _exchange(self, method: str, url: str, path: str, query: t.Mapping[str, t.Any] | None, body: t.Any) -> Response:
        settings = self.settings
        with self._lock:
            self.requests_sent += 1
        try:
            answer = self._session.request(
                method,
                url,
                params=query,
                json=body,
                # Given with every call: REQUESTS_CA_BUNDLE would win over a session's own setting.
                verify=(settings.ca_path or True) if settings.validate_certs else False,
                timeout=(min(CONNECT_TIMEOUT, settings.timeout), settings.timeout),
                allow_redirects=False,
            )
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _transport_error(error, method, path, settings) from None
        self._note_answer(answer.headers)
        self._check_length(answer, method, path)
        return Response(answer.status_code, answer.headers, answer.content, method, path)

    def _note_answer(self, headers: t.Mapping[str, str]) -> None:
        with self._lock:
            if not self._answered:
                self._answered = True
                self._clock = _http_date(headers.get("Date"))

    def _note_trouble(self) -> None:
        with self._lock:
            if self._trouble_since is None:
                self._trouble_since = self._monotonic()

    def _check_length(self, answer: t.Any, method: str, path: str) -> None:
        """Older releases of requests take a body that was cut short for the whole of it."""
        declared = answer.headers.get("Content-Length", "")
        if method == "HEAD" or answer.headers.get("Content-Encoding") or not declared.isdigit():
            return
        if int(declared) != len(answer.content):
            raise RegistryError("connection", "the answer was cut short", method=method, path=path)

    def _redirect_target(self, method: str, url: str, location: str, path: str) -> str:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        origin = f"{there.scheme}://{there.netloc.rpartition('@')[2]}"
        if method not in ("GET", "HEAD"):
            raise RegistryError("redirect", f"the server redirects a {method} to {origin}", method=method, path=path)
        if (here.scheme, here.hostname, here.port) != (there.scheme, there.hostname, there.port):
            raise RegistryError(
                "redirect",
                f"the server redirects to {origin}, where the token is not sent",
                method=method,
                path=path,
            )
        return target

    def _wait_for_slot(self) -> None:
        """The rate gate: hold every thread back until its turn."""
        while True:
            with self._lock:
                if self._stopped_by:
                    raise RegistryError("stopped", self._stopped_by)
                now = self._monotonic()
                start = max(now, self._held_until, self._next_slot)
                if start <= now:
                    if self.settings.max_requests_per_minute:
                        self._next_slot = now + 60.0 / self.settings.max_requests_per_minute
                    return
            self._sleep(start - now)

    def _delay(self, attempt: int, answer: Response | RegistryError) -> float:
        """Seconds to wait: never less than Retry-After asks for."""
        backoff = min(LONGEST_BACKOFF, 0.5 * 2.0**attempt) * (0.5 + self._jitter() / 2)
        asked = _retry_after(answer, self._clock) if isinstance(answer, Response) else 0.0
        return max(backoff, asked)

    def _may_wait(self, wait: float) -> bool:
        since = self._trouble_since
        return since is None or self._monotonic() + wait - since <= PATIENCE

    def _hold(self, wait: float, everybody: bool) -> None:
        if everybody:
            with self._lock:
                self._held_until = max(self._held_until, self._monotonic() + wait)
        else:
            self._sleep(wait)


def _worth_resending(answer: Response | RegistryError, resend: frozenset[int]) -> bool:
    if isinstance(answer, RegistryError):
        return resend is SAFE and answer.kind in ("connection", "timeout")
    return answer.status in resend


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


def _transport_error(error: Exception, method: str, path: str, settings: Settings) -> RegistryError:
    host = urlsplit(settings.url).netloc
    if isinstance(error, requests.exceptions.SSLError):
        kind, text = "tls", f"the TLS connection to {host} failed ({_cause(error)})"
    elif isinstance(error, requests.exceptions.ProxyError):
        kind, text = "connection", f"the proxy for {host} can't be used ({_cause(error)})"
    elif isinstance(error, requests.exceptions.Timeout):
        kind, text = "timeout", f"{host} did not answer within {settings.timeout:g} seconds"
    elif isinstance(error, OSError) and "CA certificate bundle" in str(error):
        kind, text = "tls", f"the CA file or folder {settings.ca_path} can't be read"
    elif isinstance(error, OSError) and "certificate file" in str(error):
        kind, text = "tls", "client_cert or client_key can't be read"
    else:
        kind, text = "connection", f"no answer from {host} ({_cause(error)})"
    return RegistryError(kind, text, method=method, path=path)


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
