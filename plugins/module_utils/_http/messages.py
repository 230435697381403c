# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What goes to a server, and what comes back."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from .._core.errors import ErrorKind, RequestError

_LINK = re.compile(r"""<([^>]*)>[^,<]*?;\s*rel=["']?([\w -]*)""")

Header = tuple[str, str]


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
        limit: the most bytes of a body that is believed; None is no limit.
        stream: the body of the answer is not read yet.
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
    stream: bool = False
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
        """The query of the next link; None where there is none. Its address is of no interest, and never used."""
        for target, relation in _LINK.findall(self.headers.get("Link", "")):
            if "next" in relation.split():
                query = parse_qs(urlsplit(target).query, keep_blank_values=True)
                return {name: values[-1] for name, values in query.items()}
        return None

    def text(self, limit: int = 300) -> str:
        """The beginning of the body on one line, at most so many characters of it."""
        return " ".join(self.body[: limit * 4].decode("utf-8", "replace").split())[:limit]

    def json(self) -> t.Any:
        """The body as JSON.

        Raises:
            RequestError: it is none (not_json).
        """
        try:
            return json.loads(self.body)
        except ValueError:
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            message = f"the answer {self.status} is {kind} and not JSON"
            raise self.untrusted(message, ErrorKind.NOT_JSON) from None

    def error(self, kind: ErrorKind, message: str, advice: str | None = None) -> RequestError:
        """The failure that this answer's status tells of."""
        return self.request.error(kind, message, status=self.status, request_id=self.request_id, advice=advice)

    def untrusted(
        self, message: str, kind: ErrorKind = ErrorKind.INCOMPLETE, advice: str | None = None
    ) -> RequestError:
        """Why this answer can't be used, whatever its status."""
        return self.request.error(kind, message, request_id=self.request_id, advice=advice)


class Chunks:
    """A body of known length that is sent in pieces as they come."""

    def __init__(self, pieces: t.Iterator[bytes], length: int) -> None:
        self._pieces = pieces
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> t.Iterator[bytes]:
        return self._pieces
