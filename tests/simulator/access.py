# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .answers import Refused, refused
from .patterns import compiled
from .state import LEVELS, Group, Project, Repository, State, TagRule, Token, User


@dataclass(frozen=True)
class Credential:
    """How a token came. kind: bearer, private-token, job-token or query; job: sent as a job token."""

    kind: str
    value: str
    job: bool = False


@dataclass(frozen=True)
class Caller:
    """Without a token: nobody in particular."""

    token: Token | None = None
    admin: bool = False

    @property
    def user(self) -> User | None:
        return self.token.user if self.token else None

    @property
    def is_job(self) -> bool:
        return self.token is not None and self.token.kind == "job"


NOBODY = Caller()


def credential_of(headers: Mapping[str, str], params: Mapping[str, Any]) -> Credential | None:
    """headers in lower case."""
    if headers.get("private-token"):
        return Credential("private-token", headers["private-token"])
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith("bearer "):
        return Credential("bearer", authorization[7:].strip())
    if headers.get("job-token"):
        return Credential("job-token", headers["job-token"], job=True)
    for name in ("private_token", "access_token", "job_token"):
        if params.get(name):
            return Credential("query", str(params[name]), job=name == "job_token")
    return None


def identify(state: State, credential: Credential | None) -> Caller:
    """The caller; Refused for a token that is no good."""
    if credential is None:
        return NOBODY
    token = state.tokens.get(credential.value)
    # A deploy token is for the registry's own protocol alone; OAuth tokens are no personal access tokens.
    if token is None or token.kind == "deploy" or (token.kind == "oauth" and credential.kind == "private-token"):
        raise refused(401, "401 Unauthorized")
    if credential.job != (token.kind == "job"):
        raise refused(401, "401 Unauthorized")
    if token.expired:
        raise _invalid_token("Token is expired. You can either do re-authorization or token refresh.")
    if token.revoked:
        raise _invalid_token("Token was revoked. You have to re-authorize from the user.")
    # With Admin Mode an administrator's token is an ordinary one unless it may enter that mode.
    admin = bool(token.user and token.user.admin and (not state.admin_mode or "admin_mode" in token.scopes))
    return Caller(token, admin)


def _invalid_token(description: str) -> Refused:
    return Refused(401, {"error": "invalid_token", "error_description": description})


def has_scope(caller: Caller, *accepted: str) -> bool:
    """A job token has no scopes, only its endpoints; a fine-grained one has permissions instead."""
    token = caller.token
    return token is None or caller.is_job or token.granular is not None or bool(token.scopes & set(accepted))


def check_scope(caller: Caller, *, write: bool) -> None:
    accepted = ("api",) if write else ("api", "read_api")
    if not has_scope(caller, *accepted):
        text = "The request requires higher privileges than provided by the access token."
        body = {"error": "insufficient_scope", "error_description": text, "scope": " ".join(accepted)}
        raise Refused(403, body)


def _member_level(state: State, user: User | None, path: str) -> int:
    """The user's level in a group by membership there or in a group above it."""
    if user is None:
        return 0
    level = 0
    while path:
        group = state.group_at(path)
        if group is not None and user.username in group.members:
            level = max(level, LEVELS[group.members[user.username]])
        path = path.rpartition("/")[0]
    return level


def group_level(state: State, caller: Caller, group: Group) -> int:
    return LEVELS["owner"] if caller.admin else _member_level(state, caller.user, group.path)


def _direct_level(state: State, user: User, project: Project) -> int:
    levels = [_member_level(state, user, project.namespace)]
    if user.username in project.members:
        levels.append(LEVELS[project.members[user.username]])
    # Members of a group the project is shared with are Developers at most.
    levels += [min(LEVELS["developer"], _member_level(state, user, path)) for path in project.shared_with]
    return max(levels)


def project_level(state: State, caller: Caller, project: Project) -> int:
    if caller.admin:
        return LEVELS["owner"]
    return _direct_level(state, caller.user, project) if caller.user else 0


def permissions(state: State, caller: Caller, project: Project) -> dict[str, dict[str, int] | None]:
    """The memberships in the project and its groups, without shares: lib/api/entities/project_with_access.rb."""
    user = caller.user
    own = LEVELS[project.members[user.username]] if user and user.username in project.members else 0
    found = {"project_access": own, "group_access": _member_level(state, user, project.namespace)}
    return {kind: {"access_level": level} if level else None for kind, level in found.items()}


def _is_open(visibility: str, caller: Caller) -> bool:
    return visibility == "public" or (visibility == "internal" and caller.user is not None)


def can_see_project(state: State, caller: Caller, project: Project) -> bool:
    return _is_open(project.visibility, caller) or project_level(state, caller, project) > 0


def can_see_group(state: State, caller: Caller, group: Group) -> bool:
    """Whoever is a member of anything in a group sees the group."""
    if _is_open(group.visibility, caller) or group_level(state, caller, group) > 0:
        return True
    prefix = group.path.lower() + "/"
    below = [item for item in state.groups.values() if item.path.lower().startswith(prefix)]
    return any(group_level(state, caller, item) for item in below) or any(
        project_level(state, caller, project) for project in state.projects_within(group)
    )


def can_read_images(state: State, caller: Caller, project: Project) -> bool:
    if project.access_level == "disabled":
        return False
    if project_level(state, caller, project) >= LEVELS["reporter"]:
        return True
    return project.access_level == "enabled" and _is_open(project.visibility, caller)


def can_read_code(state: State, caller: Caller, project: Project) -> bool:
    """Branches, merge requests and deployments, too."""
    return _is_open(project.visibility, caller) or project_level(state, caller, project) >= LEVELS["reporter"]


def can_read_group_images(state: State, caller: Caller, group: Group) -> bool:
    return group_level(state, caller, group) >= LEVELS["reporter"]


def is_writable(project: Project) -> bool:
    """Whether anybody may change its images: app/policies/concerns/archived_abilities.rb, administrators included."""
    return project.access_level != "disabled" and not project.archived


def can_destroy_images(state: State, caller: Caller, project: Project) -> bool:
    return is_writable(project) and project_level(state, caller, project) >= LEVELS["developer"]


def can_admin_images(state: State, caller: Caller, project: Project) -> bool:
    return is_writable(project) and project_level(state, caller, project) >= LEVELS["maintainer"]


def rules_for(project: Project, name: str) -> list[TagRule]:
    """The rules that match a tag; their patterns are not anchored."""
    return [rule for rule in project.tag_rules if compiled(rule.pattern).search(name)]


def is_protected(state: State, caller: Caller | None, repository: Repository, name: str) -> bool:
    """Whether the caller may not delete the tag; immutable rules bind administrators too, all rules nobody's jobs."""
    rules = rules_for(repository.project, name)
    if any(rule.immutable for rule in rules):
        return True
    if caller is None:
        return bool(rules)
    if caller.admin:
        return False
    level = project_level(state, caller, repository.project)
    return any(rule.delete is not None and LEVELS[rule.delete] > level for rule in rules)
