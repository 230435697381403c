# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What can go wrong: bad input, a failed request, a journal that can't be written, a setting that can't be had."""

from __future__ import annotations

import enum
import typing as t

from .secrets import scrubbed

# Characters of a text of somebody else's that a result repeats.
_LONGEST = 2000


class ErrorKind(enum.Enum):
    """What kind of failure a request met."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    TLS = "tls"
    REDIRECT = "redirect"
    UNAUTHORIZED = "unauthorized"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MOVED = "moved"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    SERVER_ERROR = "server_error"
    BAD_REQUEST = "bad_request"
    HTTP = "http"
    GRAPHQL = "graphql"
    NOT_JSON = "not_json"
    INCOMPLETE = "incomplete"
    LEASE = "lease"
    TOO_OLD = "too_old"
    STOPPED = "stopped"

    @property
    def is_transient(self) -> bool:
        """Whether the same request may go well another time."""
        return self in _TRANSIENT

    @property
    def stops_task(self) -> bool:
        """Whether no further request of the task will be answered."""
        return self in _STOPPING

    @property
    def is_inconclusive(self) -> bool:
        """Whether it says nothing of what was asked for: it may pass, or no request is answered any more."""
        return self.is_transient or self.stops_task

    @property
    def effect_unknown(self) -> bool:
        """Whether a request that ended this way may have had its effect all the same."""
        return self in _EFFECT_UNKNOWN


_TRANSIENT = {ErrorKind.CONNECTION, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED}
_STOPPING = {ErrorKind.STOPPED, ErrorKind.UNAUTHORIZED}
_EFFECT_UNKNOWN = {
    *(ErrorKind.CONNECTION, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE, ErrorKind.SERVER_ERROR),
    *(ErrorKind.NOT_JSON, ErrorKind.INCOMPLETE),
}

ADVICE = {
    ErrorKind.CONNECTION: "Check api_url, the network and proxy settings.",
    ErrorKind.TIMEOUT: "The server did not answer in time; raise timeout or try again later.",
    ErrorKind.TLS: "Set ca_path to the certificate authority, or check the server's certificate.",
    ErrorKind.REDIRECT: "Set api_url to the address at which the server answers.",
    ErrorKind.UNAUTHORIZED: (
        "The token is missing, unknown, expired or revoked; give a valid one in api_token or GITLAB_TOKEN."
    ),
    ErrorKind.INSUFFICIENT_SCOPE: "The token needs the scope api (read_api is enough for reading).",
    ErrorKind.FORBIDDEN: (
        "The token's user may lack the role (Reporter to read, Developer to delete tags), the object may be protected, "
        "or the container registry may be disabled for the project."
    ),
    ErrorKind.NOT_FOUND: "It does not exist, or the token may not see it.",
    ErrorKind.MOVED: "The project was renamed or moved; use its numeric id or its new path.",
    ErrorKind.RATE_LIMITED: (
        "The server limits requests; lower concurrency or set max_requests_per_minute, then run again."
    ),
    ErrorKind.UNAVAILABLE: "The server or its registry is not available at the moment; try again later.",
    ErrorKind.SERVER_ERROR: "GitLab's log has more details; its administrator can find them by the request id.",
    ErrorKind.NOT_JSON: (
        "Something in front of GitLab answered (a proxy or a login page?); check api_url and the proxy settings."
    ),
    ErrorKind.INCOMPLETE: "The answer is inconsistent, so it is not used; try again later.",
    ErrorKind.LEASE: (
        "GitLab accepts one bulk deletion per hour for each repository: try again in an hour, or delete tag by tag "
        "with delete_via: auto."
    ),
    ErrorKind.STOPPED: "It was not tried because an earlier answer stopped all requests.",
}


def kind_of_status(status: int) -> ErrorKind:
    """The kind of failure that an HTTP status stands for where the body says no more."""
    known = {
        401: ErrorKind.UNAUTHORIZED,
        403: ErrorKind.FORBIDDEN,
        404: ErrorKind.NOT_FOUND,
        429: ErrorKind.RATE_LIMITED,
        502: ErrorKind.UNAVAILABLE,
        503: ErrorKind.UNAVAILABLE,
        504: ErrorKind.UNAVAILABLE,
    }
    return known.get(status) or (ErrorKind.SERVER_ERROR if status >= 500 else ErrorKind.BAD_REQUEST)


def quotable(text: str, longest: int = _LONGEST) -> str:
    """A text of a server's as messages and results may repeat it: without secrets and without characters that control a
    terminal, and cut where it is long."""
    text = "".join(letter if letter.isprintable() else " " for letter in scrubbed(text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


class UsageError(Exception):
    """What the user asked for can't be done as written; the text is one sentence for the user."""


class RequestError(Exception):
    """A request that failed, or whose answer can't be trusted. It never changes: replace() makes another one.

    Its texts hold no secret, whatever the server echoes, and are cut where they are long.

    Args:
        kind: what kind of failure it is.
        message: what the server or the transport said, as data.
        operation: what was tried, as in "read the tags of a/b".
        service: who answered, or should have.
        status: the HTTP status, None when there was no answer or the status is not what is wrong.
        method: of HTTP, in capitals; empty where no single request failed.
        path: of the request; empty where no single request failed.
        request_id: what the server calls the request in its logs; empty where it does not say.
        advice: what the user can do about it; None is what there is to say of the kind.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        operation: str,
        service: str = "GitLab",
        status: int | None = None,
        method: str = "",
        path: str = "",
        request_id: str = "",
        advice: str | None = None,
    ) -> None:
        self.kind: t.Final = kind
        self.message: t.Final = quotable(message)
        self.operation: t.Final = quotable(operation)
        self.service: t.Final = service
        self.status: t.Final = status
        self.method: t.Final = method
        self.path: t.Final = quotable(path)
        self.request_id: t.Final = quotable(request_id, 200)
        self.advice: t.Final = ADVICE.get(kind, "") if advice is None else advice
        super().__init__(self.message)

    def __str__(self) -> str:
        answer = self.message
        if self.status is not None:
            answer = f"{self.service} answered {self.status}" + (f" ({self.message})" if self.message else "")
        return f"Could not {self.operation}: {answer.rstrip('.')}. {self.advice}".rstrip()

    def replace(self, **changes: t.Any) -> RequestError:
        """The same error with other values of some arguments; advice=None takes the advice of the kind."""
        return RequestError(**{**vars(self), **changes})

    def as_result(self) -> dict[str, object]:
        """The error for a module's result: flat, every key always there."""
        return {
            **_row(self.kind.value, self.message),
            "status": self.status,
            "method": self.method,
            "path": self.path,
            "request_id": self.request_id,
        }


_ErrorType = t.TypeVar("_ErrorType", bound=BaseException)


def cause_of(errors: t.Sequence[_ErrorType]) -> _ErrorType:
    """The first of some errors, or what stopped it: after an answer of 401 no other request goes out."""
    refused = (each for each in errors if isinstance(each, RequestError) and each.kind is ErrorKind.UNAUTHORIZED)
    first = errors[0]
    is_stopped = isinstance(first, RequestError) and first.kind is ErrorKind.STOPPED
    return next(refused, first) if is_stopped else first


class CacheError(Exception):
    """What earlier runs left can't be used, or nothing can be left for later ones; the text says why."""


class JournalError(Exception):
    """The journal of a run can't be written any more. message: why, without a full stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message: t.Final = message

    def __str__(self) -> str:
        return f"Could not write to the journal: {self.message}."

    def as_result(self) -> dict[str, object]:
        """The error for a module's result, in the shape of RequestError.as_result."""
        return _row("journal", self.message)


class UnsupportedSetting(Exception):
    """A project can't have a setting that is wanted.

    Args:
        message: why, without a full stop.
        project: the path of the project, empty where it is not known yet.
    """

    def __init__(self, message: str, project: str = "") -> None:
        super().__init__(message)
        self.message: t.Final = message
        self.project: t.Final = project

    def __str__(self) -> str:
        if not self.project:
            return self.message
        return f"Could not change the settings of project {self.project}: {self.message}."

    def as_result(self) -> dict[str, object]:
        """The error for a module's result, in the shape of RequestError.as_result."""
        return _row("unsupported_setting", self.message)


def unexpected(error: Exception) -> str:
    """What is told of a failure that nobody thought of, without a full stop: what it is and where, and no data."""
    known = (JournalError, RequestError, UnsupportedSetting, UsageError)
    if isinstance(error, known):
        return str(error).rstrip(".")
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f" in {where.tb_frame.f_code.co_filename.rpartition('/')[2]}, line {where.tb_lineno}" if where else ""
    return f"an error in the collection containerops.gitlab ended it ({type(error).__name__}{place}): please report it"


def _row(kind: str, message: str) -> dict[str, object]:
    return {"kind": kind, "status": None, "method": "", "path": "", "message": message, "request_id": ""}
