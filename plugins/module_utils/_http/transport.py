# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One exchange with a server by the library requests: credential, TLS, proxies, redirects, and what may go wrong."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import threading
import traceback
import typing as t
import zlib
from dataclasses import replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.numbers import digits
from .._core.secrets import remember
from .._core.words import counted
from .adapter import TooSlow, patient_adapter
from .messages import Header, Request, Response
from .rate_limit import RateLimiter
from .redirects import redirect_target, same_origin
from .settings import Settings
from .timing import Timing, http_date
from .transport_errors import error_of

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None


_CREDENTIALS = ("Authorization", "JOB-TOKEN")
_CONNECT_TIMEOUT = 15.0
_MAX_REDIRECTS = 3
# Bytes of a body that are read at once, and that they may become when they are unpacked.
_PIECE = 64 * 1024
_UNPACKED = 1024 * 1024
# Bytes of an answer that nobody gave a limit for; GitLab's own have less than one million.
_LARGEST = 32 * 1024 * 1024
# An answer may take so many times the time-out, and longer if it brings so many bytes a second.
_PATIENCE = 5
_SLOWEST = 64 * 1024
# URLs that requests would send as they are. What is escaped has to be: requests writes the rest without.
_ESCAPED = "%(?!2[DE]|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])[0-9A-F]{2}"
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,3}|:[1-5][0-9]{4})?"
    rf"(?:/(?:[A-Za-z0-9_:-]|{_ESCAPED})(?:[A-Za-z0-9._:-]|{_ESCAPED})*)+"
)
_ENCODINGS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class Transport:
    """Sends a request once and gives its answer, for all threads.

    earliest, latest: what the server's answers say of its time; None when they say nothing. An answer of status 500 and
    above is often that of a proxy, so it does not count.
    """

    def __init__(self, settings: Settings, limiter: RateLimiter, timing: Timing) -> None:
        self.earliest: datetime | None = None
        self.latest: datetime | None = None
        self.credential = settings.header
        self._settings = settings
        self._limiter = limiter
        self._monotonic = timing.monotonic
        self._lock = threading.Lock()
        self._environments: dict[tuple[str, str], dict[str, t.Any]] = {}
        if not settings.validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._adapter = patient_adapter(self._patience, settings.concurrency)
        own = {"User-Agent": settings.user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        self._own_headers = requests.structures.CaseInsensitiveDict({**requests.utils.default_headers(), **own})

    def refresh_credentials(self, used: Header | None) -> bool:
        """Whether there is another credential than the one that was used: the request did nothing and may go again."""
        if self._settings.refresh_credentials is None:
            return False
        with self._lock:
            if self.credential == used:
                self.credential = self._settings.refresh_credentials() or used
            return self.credential != used

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, of any status.

        Raises:
            RequestError: there is none.
        """
        found = self._follow(request)
        body = self._limited(found, request, _LARGEST if request.limit is None else request.limit)
        _check_length(found, request, body)
        return _response(request, found, body)

    @contextlib.contextmanager
    def stream(self, request: Request) -> t.Iterator[tuple[Response, t.Iterator[bytes]]]:
        """Send a request and give the answer without its body, and the body in pieces.

        Raises:
            RequestError: there is no answer, or no whole one; also while the pieces are read.
        """
        found = self._follow(request)
        try:
            yield _response(request, found, b""), self._pieces(found, request)
        finally:
            _discard(found)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def _patience(self) -> t.Callable[[int], bool]:
        """For an answer that begins now: whether it takes too long, after so many bytes of it.

        Each piece of its head or its body may be in time, and the whole never come to an end.
        """
        start, timeout = self._monotonic(), self._settings.timeout
        return lambda received: self._monotonic() - start > _PATIENCE * timeout + received / _SLOWEST

    def _follow(self, request: Request) -> t.Any:
        """Send a request along the redirects that may be followed."""
        url = self._settings.url + request.path
        for _hop in range(_MAX_REDIRECTS + 1):
            answer = self._exchange(url, request)
            location = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            _discard(answer)
            with self._translating(request):
                target = redirect_target(url, location, request)
                elsewhere = not same_origin(url, target)
            if elsewhere:
                request = replace(request, headers={}, signed=False)
            url, request = target, replace(request, query=None)
        raise request.error(ErrorKind.REDIRECT, "the server redirects in a circle")

    def _exchange(self, url: str, request: Request) -> t.Any:
        timeout = self._settings.timeout
        self._limiter.count()
        with self._translating(request):
            prepared, environment = self._prepared(url, request), self._environment_for(url)
            times = (min(_CONNECT_TIMEOUT, timeout), timeout)
            answer = self._adapter.send(prepared, stream=True, timeout=times, **environment)
        self._note_answer(request, answer.status, answer.headers)
        return answer

    def _prepared(self, url: str, request: Request) -> t.Any:
        """Without what a session would add: a cookie or what .netrc holds would be a second credential."""
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        if request.query is None and _PLAIN_URL.fullmatch(url):
            prepared.url = url
        else:
            prepared.prepare_url(url, request.query)
        prepared.headers = self._own_headers.copy()
        for header in request.headers.items():
            requests.utils.check_header_validity(header)
        prepared.headers.update(request.headers)
        prepared.prepare_body(request.data, None, request.body)
        if request.signed and self.credential:
            prepared.headers.update([self.credential])
        remember(*_secrets_of(prepared.headers))
        return prepared

    def _environment_for(self, url: str) -> dict[str, t.Any]:
        """The proxies and certificates of a server, where the environment may have a say; asked once, for that takes
        as long as the rest of sending."""
        origin = urlsplit(url)[:2]
        if origin not in self._environments:
            settings = self._settings
            verify = (settings.ca_path or True) if settings.validate_certs else False
            cert: t.Any = settings.client_cert
            if cert and settings.client_key:
                cert = (cert, settings.client_key)
            with requests.Session() as session:
                found = session.merge_environment_settings(url, {}, None, verify, cert)
            remember(*(secret for proxy in found["proxies"].values() for secret in _secrets_of_proxy(proxy)))
            self._environments[origin] = {name: found[name] for name in ("proxies", "verify", "cert")}
        return self._environments[origin]

    def _note_answer(self, request: Request, status: int, headers: t.Mapping[str, str]) -> None:
        date = http_date(headers.get("Date"))
        if date and status < 500 and request.signed:
            with self._lock:
                self.earliest = min(self.earliest or date, date)
                self.latest = max(self.latest or date, date)
        if limit := digits(headers.get("RateLimit-Limit", "")):
            self._limiter.adopt_server_limit(request.path, limit, headers.get("RateLimit-Name", ""))

    def _limited(self, answer: t.Any, request: Request, limit: int) -> bytes:
        body = bytearray()
        try:
            for piece in self._pieces(answer, request):
                body += piece
                if len(body) > limit:
                    raise request.error(ErrorKind.INCOMPLETE, f"the answer is longer than {counted(limit, 'byte')}")
        except RequestError:
            _discard(answer)
            raise
        return bytes(body)

    def _pieces(self, answer: t.Any, request: Request) -> t.Iterator[bytes]:
        """The body as it comes, unpacked."""
        with self._translating(request):
            raw = answer.stream(_PIECE, decode_content=False)
            yield from _unpacked(raw, answer.headers.get("Content-Encoding"), request)

    @contextlib.contextmanager
    def _translating(self, request: Request) -> t.Iterator[None]:
        """Turn what the libraries raise into a RequestError."""
        try:
            yield
        except TooSlow:
            raise request.error(ErrorKind.TIMEOUT, "the answer came too slowly") from None
        except (
            *(requests.exceptions.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException),
            *(OSError, ValueError),
        ) as error:
            raise error_of(error, request, self._settings) from None


def _discard(answer: t.Any) -> None:
    """Close the connection of an answer, so that what is left of it is not read as another one, and give it back."""
    answer.close()
    answer.release_conn()


def _secrets_of(headers: t.Mapping[str, str]) -> t.Iterator[str]:
    """The credentials that go out with a request."""
    for name in _CREDENTIALS:
        scheme, _blank, secret = headers.get(name, "").rpartition(" ")
        yield secret
        if scheme == "Basic":
            words = base64.b64decode(secret).decode("utf-8", "replace")
            yield from (words, words.partition(":")[2])


def _secrets_of_proxy(url: str) -> t.Iterator[str]:
    """Name and password of a proxy, of which its address may be malformed."""
    words = url.rpartition("@")[0].rpartition("//")[2]
    while words:
        yield from (words, unquote(words))
        words = words.partition(":")[2]


def _response(request: Request, answer: t.Any, body: bytes) -> Response:
    return Response(request=request, status=answer.status, headers=answer.headers, body=body)


def _unpacked(pieces: t.Iterator[bytes], encoding: str | None, request: Request) -> t.Iterator[bytes]:
    """A body without its packing, which may make a thousand times as much of it, in pieces that are bounded."""
    if not encoding or encoding == "identity":
        yield from pieces
        return
    window = _ENCODINGS.get(encoding.strip().lower())
    if window is None:
        raise request.error(ErrorKind.INCOMPLETE, f"the answer is packed as {encoding}, which was not asked for")
    unpacking = zlib.decompressobj(window)
    try:
        for piece in pieces:
            packed = piece
            while packed and not unpacking.eof:
                yield unpacking.decompress(packed, _UNPACKED)
                packed = unpacking.unconsumed_tail
    except zlib.error:
        raise request.error(ErrorKind.CONNECTION, "the answer can't be decompressed") from None
    if not unpacking.eof and not request.method == "HEAD":
        raise request.error(ErrorKind.CONNECTION, "the answer was cut short")


def _check_length(answer: t.Any, request: Request, body: bytes) -> None:
    """Older releases of requests take a body that was cut short for the whole of it."""
    declared = answer.headers.get("Content-Length", "")
    if request.method == "HEAD" or answer.headers.get("Content-Encoding") or digits(declared) is None:
        return
    if digits(declared) != len(body):
        raise request.error(ErrorKind.CONNECTION, "the answer was cut short")
