# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What went wrong, by the registry's own error bodies.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError, kind_of_status
from .._http.messages import Response

SERVICE = "The registry"


def error_of(answer: Response, advice: str | None = None) -> RequestError:
    """The registry's error bodies as one error. advice: None is what there is to say of the kind."""
    kind = kind_of_status(answer.status)
    own = {
        ErrorKind.UNAUTHORIZED: "The registry does not take the token, or the token does not allow this.",
        ErrorKind.FORBIDDEN: "The credentials may lack the role or the scope for this.",
        ErrorKind.SERVER_ERROR: "The registry's own log tells more.",
    }
    return answer.error(kind, _message(answer), own.get(kind) if advice is None else advice)


def not_granted(path: str, actions: list[str], operation: str) -> RequestError:
    """The failure of what the token does not allow. path: of the repository, or catalog. actions: one at least."""
    needs = {"pull": "Reporter and read_registry", "push": "Developer and write_registry", "delete": "Maintainer"}
    advice = f"The project may not be there, or the credentials lack what it takes ({needs.get(actions[0], 'it')})."
    message = f"the token for the registry allows no {' and no '.join(actions)} on {path}"
    if path == "catalog":
        message = "the token for the registry does not open its catalog"
        advice = "GitLab gives it to administrators alone, and in Admin Mode to tokens with the scope admin_mode."
    return RequestError(ErrorKind.FORBIDDEN, message, operation=operation, service=SERVICE, advice=advice)


def error_codes(answer: Response) -> list[str]:
    """The codes of the registry's own errors; none where something else answered."""
    return [str(row.get("code")) for row in _errors_in(answer)]


def _errors_in(answer: Response) -> list[dict[str, t.Any]]:
    try:
        body = answer.json()
    except RequestError:
        return []
    rows = body.get("errors") if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _message(answer: Response) -> str:
    texts = []
    for row in _errors_in(answer):
        detail = row.get("detail")
        words = [str(row.get("code") or ""), str(row.get("message") or "")]
        texts.append(" ".join(word for word in words if word) + (f" ({detail})" if isinstance(detail, str) else ""))
    if texts:
        return "; ".join(texts)
    return "a web page" if "html" in answer.headers.get("Content-Type", "") else answer.text()
