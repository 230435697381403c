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

READ_ONLY = "the registry is in read-only mode"
READ_ONLY_ADVICE = "Nothing can be pushed or deleted until its administrator ends this mode."

# Final answers about a single tag: another token would not change them. registry/api/v2/errors.go of GitLab's registry.
_RULE_ADVICE = {
    "PROTECTED_TAG": "A tag protection rule of the project covers the tag and needs a higher role.",
    "IMMUTABLE_TAG": "A tag protection rule of the project makes the tag immutable: nobody can overwrite or delete it.",
    "PROTECTED_MANIFEST": "The project has tag protection rules, so that no image can be deleted by its digest.",
    "TAG_PATTERN_COUNT_LIMIT_EXCEEDED": (
        "The project has more tag protection rules than the registry accepts, so it changes no tag there: "
        "have some of them removed."
    ),
    "TAG_PROTECTION_PATTERN_INVALID": (
        "The registry can't read a tag protection rule of the project, so it changes no tag there: have the "
        "pattern corrected."
    ),
    "TAG_IMMUTABILITY_PATTERN_INVALID": (
        "The registry can't read a rule for immutable tags of the project, so it changes no tag there: have the "
        "pattern corrected."
    ),
}


def error_of(answer: Response, advice: str | None = None) -> RequestError:
    """The registry's error bodies as one error. advice: None is what there is to say of the kind."""
    rule = _rule_code(answer)
    if rule:
        return answer.error(ErrorKind.FORBIDDEN, _message(answer), _RULE_ADVICE[rule])
    kind = kind_of_status(answer.status)
    if _is_read_only(answer):
        return answer.error(kind, READ_ONLY, READ_ONLY_ADVICE)
    own = {
        ErrorKind.UNAUTHORIZED: "The registry does not accept the token, or the token does not allow this.",
        ErrorKind.FORBIDDEN: "The credentials may lack the role or the scope for this.",
        ErrorKind.SERVER_ERROR: "The registry's log has more details.",
    }
    return answer.error(kind, _message(answer), own.get(kind) if advice is None else advice)


def not_granted(path: str, actions: list[str], operation: str) -> RequestError:
    """The failure of what the token does not allow. path: of the repository, or catalog. actions: one at least."""
    needs = {"pull": "Reporter and read_registry", "push": "Developer and write_registry", "delete": "Maintainer"}
    advice = f"The project may not exist, or the credentials lack the required rights ({needs.get(actions[0], 'it')})."
    message = f"the token for the registry allows no {' and no '.join(actions)} on {path}"
    if path == "catalog":
        message = "the token for the registry does not open its catalog"
        advice = "GitLab opens it only to administrators, and in Admin Mode only to tokens with the scope admin_mode."
    return RequestError(ErrorKind.FORBIDDEN, message, operation=operation, service=SERVICE, advice=advice)


def error_codes(answer: Response) -> list[str]:
    """The codes of the registry's own errors; none where something else answered."""
    return [str(row.get("code")) for row in _errors_in(answer)]


def allowed_methods(answer: Response) -> set[str]:
    """The methods that an answer says are allowed; none where it does not say."""
    return {method.strip().upper() for method in answer.headers.get("Allow", "").split(",") if method.strip()}


def is_refused_by_rule(answer: Response) -> bool:
    """Whether a protection rule for tags is why the registry refuses, whatever the token allows."""
    return _rule_code(answer) is not None


def _is_read_only(answer: Response) -> bool:
    """Read-only mode takes all writing methods away. A registry that does not delete says so in an error of its own."""
    allowed = allowed_methods(answer)
    return answer.status == 405 and not error_codes(answer) and bool(allowed) and allowed <= {"GET", "HEAD", "OPTIONS"}


def _rule_code(answer: Response) -> str | None:
    if answer.status not in (400, 401):
        return None
    return next((code for code in error_codes(answer) if code in _RULE_ADVICE), None)


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
