# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fine-grained tokens: what each route asks of them, instead of a scope."""

from __future__ import annotations

from .access import Caller
from .answers import Refused

REPOSITORIES = "/projects/:id/registry/repositories"
TAGS = f"{REPOSITORIES}/:repository_id/tags"
RULES = "/projects/:id/registry/protection"
NEEDED = {
    "GET /projects/:id": "read_project",
    f"GET {REPOSITORIES}": "read_container_repository",
    "GET /groups/:id/registry/repositories": "read_container_repository",
    "GET /registry/repositories/:id{digits}": "read_container_repository",
    f"DELETE {REPOSITORIES}/:repository_id": "delete_container_repository",
    f"GET {TAGS}": "read_container_repository_tag",
    f"GET {TAGS}/:tag_name": "read_container_repository_tag",
    f"DELETE {TAGS}/:tag_name": "delete_container_repository_tag",
    f"DELETE {TAGS}": "delete_container_repository_tag",
    **{
        f"{method} {RULES}/{kind}rules{one}": f"{verb}_container_repository_protection_rule"
        for kind in ("", "repository/", "tag/")
        for method, one, verb in (
            ("GET", "", "read"),
            ("POST", "", "create"),
            ("PATCH", "/:protection_rule_id", "update"),
            ("DELETE", "/:protection_rule_id", "delete"),
        )
    },
}
PERMISSIONS = tuple(sorted(set(NEEDED.values())))


def lacks(caller: Caller, permission: str | None) -> str | None:
    """Why such a token is not enough, None where it is; what needs no known permission is open to none of them."""
    if caller.token is None or caller.token.granular is None or permission in caller.token.granular:
        return None
    return f"Access denied: Your Personal Access Token lacks the required permissions: [{permission or ''}]."


def check(caller: Caller, route: str) -> None:
    text = lacks(caller, NEEDED.get(route))
    if text:
        raise Refused(403, {"error": "insufficient_granular_scope", "error_description": text})
