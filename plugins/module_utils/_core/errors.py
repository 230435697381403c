# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What can go wrong, as two exceptions: bad input, and a call that did not give what was asked of it."""

from __future__ import annotations

ADVICE = {
    "connection": "Check api_url, the network and proxy settings.",
    "timeout": "The server did not answer in time; raise timeout or try again later.",
    "tls": "Give the certificate authority with ca_path, or check the server's certificate.",
    "redirect": "Set api_url to the address the server really answers on.",
    "unauthorized": "The token is missing, unknown, expired or revoked; give a valid one in api_token or GITLAB_TOKEN.",
    "insufficient_scope": "The token needs the scope api (read_api is enough for reading).",
    "forbidden": (
        "The token's user may lack the role (Reporter to read, Developer to delete tags), the object may be protected, "
        "or the container registry may be disabled for the project."
    ),
    "not_found": "It does not exist, or the token may not see it.",
    "moved": "The project was renamed or moved; use its numeric id or its new path.",
    "rate_limited": "The server limits requests; lower concurrency or set max_requests_per_minute, then run again.",
    "unavailable": "The server or its registry is not available at the moment; try again later.",
    "server_error": "GitLab's own log tells more; the request id helps its administrator to find it.",
    "not_json": "Something before GitLab answered (a proxy or a login page?); check api_url and the proxy settings.",
    "incomplete": "What was read can't be trusted, so nothing is concluded from it; try again later.",
    "lease": (
        "GitLab takes one bulk deletion of a repository in an hour: ask again at the latest one hour from now, or "
        "delete tag by tag with delete_via: auto."
    ),
    "stopped": "It was not tried because an earlier answer stopped all requests.",
}


class InputError(Exception):
    """What the user asked for can't be done as written; the text is one sentence for the user."""


class RegistryError(Exception):
    """A request that failed, or whose answer can't be trusted.

    kind: a key of ADVICE, or bad_request, graphql, http. status: the HTTP status, None when there was no answer.
    message: what the server or the transport said, as data. attempt: what was tried, as in "read the tags of a/b".
    who: the one that answered.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        attempt: str = "",
        status: int | None = None,
        method: str = "",
        path: str = "",
        request_id: str = "",
        advice: str | None = None,
        who: str = "GitLab",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.attempt = attempt
        self.status = status
        self.method = method
        self.path = path
        self.request_id = request_id
        self.who = who
        self.advice = ADVICE.get(kind, "") if advice is None else advice

    def __str__(self) -> str:
        answer = self.message
        if self.status is not None:
            answer = f"{self.who} answered {self.status}" + (f" ({self.message})" if self.message else "")
        sentence = f"Could not {self.attempt or 'do the request'}: {answer.rstrip('.')}."
        return f"{sentence} {self.advice}".rstrip()

    def as_result(self) -> dict[str, object]:
        """The error for a module's result: flat, every key always there."""
        return {
            "kind": self.kind,
            "status": self.status,
            "method": self.method,
            "path": self.path,
            "message": self.message,
            "request_id": self.request_id,
        }
