# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the caller's token may do, as far as GitLab tells."""

from __future__ import annotations

from .._core.errors import RequestError
from .._http.client import Client
from .rest import an_object, request

# lib/api/personal_access_tokens/self_information.rb; tokens of projects and groups are such tokens, too.
_SELF = "/personal_access_tokens/self"


def _token_scopes(client: Client) -> list[str] | None:
    """The scopes of the token, with one request; None where GitLab does not tell, as of a job token."""
    try:
        answer = request(client, "GET", _SELF, operation="read the scopes of the token", stop_at_401=False)
        scopes = an_object(answer).get("scopes")
    except RequestError:
        return None
    return [str(scope) for scope in scopes] if isinstance(scopes, list) else None


def why_not_writing(client: Client) -> str:
    """Why the token can change nothing, a sentence without its end; empty if it may, or that is not known.

    One request.
    """
    scopes = _token_scopes(client)
    if not scopes or {"api", "granular"} & set(scopes):
        return ""
    return f"the token has the scope {', '.join(scopes)} and may only read: deleting needs the scope api"
