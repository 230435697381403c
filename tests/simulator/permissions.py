# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2

from .state import LEVELS, Group, Project, Repository, State, Token, User


class Refused(Exception):
    """An answer instead of the wanted one."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def message(status: int, text: str) -> Refused:
    return Refused(status, {"message": text})


@dataclass(frozen=True)
class Caller:
    """user None is anonymous. credential: how the token came, for the log."""

    token: Token | None = None
    credential: str | None = None

    @property
    def user(self) -> User | None:
        return self.token.user if self.token else None

    @property
    def is_job(self) -> bool:
        return self.token is not None and self.token.kind == "job"

    def is_admin(self) -> bool:
        token = self.token
        return bool(token and token.user and token.user.admin and ("admin_mode" in token.scopes or token.kind == "job"))


def found_credential(headers: Mapping[str, str], query: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(kind of header, token), in the order that GitLab looks."""
    if headers.get("job-token"):
        return "job-token", headers["job-token"]
    if headers.get("private-token"):
        return "private-token", headers["private-token"]
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith("bearer "):
        return "bearer", authorization[7:]
    for name in ("private_token", "access_token", "job_token"):
        if query.get(name):
            return "query", query[name]
    return None, None


def identify(state: State, headers: Mapping[str, str], query: Mapping[str, str]) -> Caller:
    """The caller; raises Refused for a token that is no good."""
    credential, value = found_credential(headers, query)
    if value is None:
        return Caller()
    token = state.tokens.get(value)
    as_job = credential == "job-token" or "job_token" in query
    if token is None or token.kind == "deploy" or as_job != (token.kind == "job"):
        raise message(401, "401 Unauthorized")
    if token.expired:
        text = "Token is expired. You can either do re-authorization or token refresh."
        raise Refused(401, {"error": "invalid_token", "error_description": text})
    if token.revoked:
        text = "Token was revoked. You have to re-authorize from the user."
        raise Refused(401, {"error": "invalid_token", "error_description": text})
    return Caller(token, credential)


def check_scope(caller: Caller, *, write: bool) -> None:
    token = caller.token
    if token is None or token.kind == "job":
        return
    accepted = ["api"] if write else ["api", "read_api"]
    if not token.scopes & set(accepted):
        text = "The request requires higher privileges than provided by the access token."
        body = {"error": "insufficient_scope", "error_description": text, "scope": " ".join(accepted)}
        raise Refused(403, body)


def group_level(state: State, caller: Caller, path: str) -> int:
    """The caller's level in a namespace, inherited from the groups above it."""
    if caller.is_admin():
        return LEVELS["owner"]
    name = caller.user.username if caller.user else None
    parts = path.lower().split("/")
    above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    levels = [
        LEVELS[group.members[name]]
        for group in state.groups.values()
        if group.path.lower() in above and name in group.members
    ]
    return max(levels, default=0)


def project_level(state: State, caller: Caller, project: Project) -> int:
    own = project.members.get(caller.user.username, "") if caller.user else ""
    return max(LEVELS.get(own, 0), group_level(state, caller, project.namespace))


def can_see_project(state: State, caller: Caller, project: Project) -> bool:
    if project.visibility == "public" or (project.visibility == "internal" and caller.user):
        return True
    return project_level(state, caller, project) > 0


def can_see_group(state: State, caller: Caller, group: Group) -> bool:
    return group.visibility == "public" or group_level(state, caller, group.path) > 0


def can_read_images(state: State, caller: Caller, project: Project) -> bool:
    if project.access_level == "disabled":
        return False
    if project_level(state, caller, project) >= LEVELS["reporter"]:
        return True
    return (
        project.access_level == "enabled"
        and project.visibility != "private"
        and can_see_project(state, caller, project)
    )


def can_delete_images(state: State, caller: Caller, project: Project) -> bool:
    if project.access_level == "disabled":
        return False
    return project_level(state, caller, project) >= LEVELS["developer"]


def rules_of(project: Project, name: str, *, immutable: bool) -> list[dict[str, Any]]:
    rules = [rule for rule in project.tag_rules if bool(rule.get("immutable")) == immutable]
    return [rule for rule in rules if re2.search(rule["pattern"], name)]


def is_protected(state: State, caller: Caller, repository: Repository, name: str) -> bool:
    """Whether a rule forbids this caller to delete the tag; administrators are bound by immutable rules alone."""
    project = state.projects[repository.project_id]
    if rules_of(project, name, immutable=True):
        return True
    if caller.is_admin():
        return False
    level = project_level(state, caller, project)
    return any(LEVELS[rule["delete"]] > level for rule in rules_of(project, name, immutable=False))
