# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What goes to a server, and what comes back."""

from __future__ import annotations

import json
import math
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.secrets import scrubbed

# One link with its parameters, up to the next one. No two parts of it match the same, so that it takes no time.
_LINK = re.compile(r"""\s*<([^<>]*)>((?:[^,<>"]|"[^"]*")*)(?:,|$)""")
_RELATION = re.compile(r""";\s*rel=["']?([\w -]*)""")
# Characters of a header that is read.
_LONGEST_HEADER = 16 * 1024

Header = tuple[str, str]
# Pages of one list that are followed. No list of GitLab's, and of its registry's, is as long.
MOST_PAGES = 10_000
# Digits of a whole number, of which more take longer than their number.
_DIGITS = 50
# Brackets in each other. GitLab's own answers have less than twenty.
_DEEPEST = 100
# Bytes of a body that may be quoted from.
_READABLE = 64 * 1024


@dataclass(frozen=True)
class Request:
    """What goes out, as in Client.request.

    Args:
        method: of HTTP, in capitals.
        path: begins with a slash, percent-encoded, relative to the server's URL.
        operation: what it is for, as in "read the tags of a/b".
        service: what the server is called in errors.
        query: a mapping or pairs; None is none.
        body: sent as JSON; None is none.
        data: sent as it is, bytes or Chunks; None is none.
        headers: besides those that every request has.
        allow_cross_origin_redirect: a redirect to another host is followed, without credentials.
        limit: the most bytes of a body that is believed; None is what GitLab's own answers never have.
        signed: the credential goes with it.
        reads: it changes nothing on the server.
    """

    method: str
    path: str
    operation: str
    service: str
    query: t.Any = None
    body: t.Any = None
    data: t.Any = None
    headers: t.Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_cross_origin_redirect: bool = False
    limit: int | None = None
    signed: bool = True
    reads: bool = True

    def error(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        request_id: str = "",
        advice: str | None = None,
    ) -> RequestError:
        """A failure of this request."""
        return RequestError(
            kind,
            message,
            operation=self.operation,
            service=self.service,
            status=status,
            method=self.method,
            path=self.path,
            request_id=request_id,
            advice=advice,
        )


class Response(t.NamedTuple):
    """An answer, whatever its status.

    Args:
        request: what it answers.
        status: of HTTP.
        headers: by name, whatever the case.
        body: its bytes; empty if it was not read.
    """

    request: Request
    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        return self.headers.get("X-Request-Id", "")

    @property
    def next_query(self) -> dict[str, str] | None:
        """The query of the next link; None where there is none. Its address is of no interest, and never used.

        Raises:
            RequestError: the links can't be read, so that there may be a next one (incomplete).
        """
        header = self.headers.get("Link", "")
        place = 0
        if len(header) > _LONGEST_HEADER:
            raise self.untrusted("its header Link is too long")
        while place < len(header):
            link = _LINK.match(header, place)
            if link is None:
                raise self.untrusted("its header Link can't be read")
            relation = _RELATION.search(link[2])
            if relation and "next" in relation[1].split():
                return self._query_of(link[1])
            place = link.end()
        return None

    def _query_of(self, target: str) -> dict[str, str]:
        try:
            query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        except ValueError:
            raise self.untrusted("its header Link holds no address") from None
        return {name: values[-1] for name, values in query.items()}

    def text(self, limit: int = 300) -> str:
        """The beginning of the body on one line, at most so many characters of it, without secrets."""
        return " ".join(scrubbed(self.body[:_READABLE].decode("utf-8", "replace")).split())[:limit]

    def json(self) -> t.Any:
        """The body as JSON that can be written again, with no more than _DEEPEST brackets around anything.

        Raises:
            RequestError: it is none (not_json).
        """
        try:
            found = json.loads(self.body, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
            if b"\\u" in self.body:
                # Half a character, by which a file could not be written.
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            message = f"the answer {self.status} is {kind} and not JSON"
            raise self.untrusted(message, ErrorKind.NOT_JSON) from None
        if not _is_flat(found):
            raise self.untrusted("the answer's JSON has too many brackets in each other", ErrorKind.NOT_JSON)
        return found

    def error(self, kind: ErrorKind, message: str, advice: str | None = None) -> RequestError:
        """The failure that this answer's status tells of."""
        return self.request.error(kind, message, status=self.status, request_id=self.request_id, advice=advice)

    def untrusted(
        self, message: str, kind: ErrorKind = ErrorKind.INCOMPLETE, advice: str | None = None
    ) -> RequestError:
        """Why this answer can't be used, whatever its status."""
        return self.request.error(kind, message, request_id=self.request_id, advice=advice)


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number has too many digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number has no end")
    return number


def _is_flat(value: t.Any) -> bool:
    """Whether brackets are not too deep for whoever walks through them."""
    level = [value]
    for _depth in range(_DEEPEST):
        inside = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        if not inside:
            return True
        level = [each for values in inside for each in values]
    return False


class Chunks:
    """A body of known length that is sent in pieces as they come."""

    def __init__(self, pieces: t.Iterator[bytes], length: int) -> None:
        self._pieces = pieces
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> t.Iterator[bytes]:
        return self._pieces
