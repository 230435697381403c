# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GET /jwt/auth: tokens for the registry's own protocol, each for what its bearer may do there."""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt

from . import access, signing
from .access import NOBODY, Caller
from .answers import Answer, as_json, as_text
from .rest_deletion import covers
from .signing import ISSUER, SERVICE
from .state import LEVELS, Project, RegistrySettings, Repository, State, TagRule, Tags, Token

PATH = "/jwt/auth"
CATALOG = "registry:catalog:*"
_SCOPE = re.compile(r"repository:([^:]+):([a-z,*]+)")


@dataclass(frozen=True)
class _Denied(Exception):  # noqa: N818
    answer: Answer


def answer(state: State, headers: dict[str, str], query: str) -> Answer:
    """A token, also where nothing of what was asked for is granted. Asking for push makes a missing repository."""
    params = parse_qs(query)
    if not state.registry.enabled:
        return _errors(404, "UNAVAILABLE", "registry not enabled")
    if params.get("service") != [SERVICE]:
        return as_text(404, "")
    scopes = [scope for text in params.get("scope", []) for scope in text.split()]
    try:
        caller = _caller(state, headers)
        granted = [grant for scope in scopes if (grant := _granted(state, caller, scope))]
    except _Denied as denied:
        return denied.answer
    if caller.token is None and not granted:
        return _errors(403, "DENIED", "access forbidden")
    return as_json(200, {"token": _signed(granted, timedelta(seconds=state.registry.token_lifetime))})


def granted_by(token: str) -> list[dict[str, Any]] | None:
    """What a token of ours allows; None for one that is not ours, or not good any more."""
    try:
        return list(signing.verify(token)["access"])
    except jwt.InvalidTokenError:
        return None


def full_access(path: str) -> str:
    """GitLab's own token for a repository."""
    return token_with({"type": "repository", "name": path, "actions": ["pull", "push", "delete"]})


def token_with(*granted: dict[str, Any], lifetime: float = RegistrySettings.token_lifetime) -> str:
    """A token of GitLab's that allows and says just this. lifetime: seconds."""
    return _signed(list(granted), timedelta(seconds=lifetime))


def makes_repository(state: State, query: str) -> bool:
    """Whether it asks for push in a repository that GitLab does not have yet, and makes, which is a write."""
    asked = (_SCOPE.fullmatch(scope) for text in parse_qs(query).get("scope", []) for scope in text.split())
    pushes = (match for match in asked if match and {"push", "*"} & set(match[2].split(",")))
    return any(state.repository_at(match[1].lower()) is None for match in pushes)


def _errors(status: int, code: str, message: str) -> Answer:
    body: dict[str, Any] = {"errors": [{"code": code, "message": message}]}
    return as_json(status, body if status == 401 else {**body, "http_status": status})


def _signed(granted: list[dict[str, Any]], lifetime: timedelta) -> str:
    # The registry goes by real time, whatever clock a test has set.
    now = datetime.now(UTC)
    times = {"iat": now, "nbf": now, "exp": now + lifetime}
    return signing.sign({"iss": ISSUER, "aud": SERVICE, "jti": str(uuid.uuid4()), **times, "access": granted})


def _caller(state: State, headers: dict[str, str]) -> Caller:
    """By HTTP Basic; any name goes with a token, only job tokens have one of their own."""
    kind, _blank, value = headers.get("authorization", "").partition(" ")
    if not kind:
        return NOBODY
    try:
        name, _colon, password = base64.b64decode(value).decode().partition(":")
    except ValueError:
        name = password = ""
    token = state.tokens.get(password) if kind.lower() == "basic" else None
    good = token is not None and not token.expired and not token.revoked
    if token is None or not good or (token.kind == "job") != (name == "gitlab-ci-token"):
        text = "HTTP Basic: Access denied. The provided password or token is incorrect or your account has 2FA enabled."
        raise _Denied(_errors(401, "UNAUTHORIZED", text))
    admin = bool(token.user and token.user.admin and (not state.admin_mode or "admin_mode" in token.scopes))
    return Caller(token, admin)


def _granted(state: State, caller: Caller, scope: str) -> dict[str, Any] | None:
    """What is left of a scope once every action that is not permitted is dropped."""
    if scope == CATALOG:
        return {"type": "registry", "name": "catalog", "actions": ["*"]} if caller.admin else None
    match = _SCOPE.fullmatch(scope)
    project = _project_of(state, match[1].lower()) if match else None
    if match is None or project is None or project.access_level == "disabled":
        return None
    path, asked = match[1].lower(), match[2].split(",")
    actions = [action for action in asked if _may(state, caller, project, action)]
    if {"push", "*"} & set(actions):
        _make_room(state, caller, project, path)
    if not actions:
        return None
    return {"type": "repository", "name": path, "actions": actions, "meta": _meta(state, caller, project, actions)}


def _meta(state: State, caller: Caller, project: Project, actions: list[str]) -> dict[str, Any]:
    """Of the rules for tags those that bind the caller, for the actions that are granted.

    Nothing denies an administrator anything, and immutable tags are so for everybody: access_metadata and
    tag_immutable_patterns in app/ and ee/app/services of GitLab's ContainerRegistryAuthenticationService.
    """
    meta: dict[str, Any] = {"project_path": project.path.lower(), "project_id": project.id}
    checked = [action for action in ("push", "delete") if {action, "*"} & set(actions)]
    if state.features.tag_rules == "none" or not project.tag_rules:
        return meta
    if caller.token is not None and caller.token.user is not None:
        level = LEVELS["admin"] if caller.admin else access.project_level(state, caller, project)
        meta["tag_deny_access_patterns"] = {
            action: [rule.pattern for rule in project.tag_rules if _denies(rule, action, level)] for action in checked
        }
    immutable = [rule.pattern for rule in project.tag_rules if rule.immutable]
    return {**meta, "tag_immutable_patterns": immutable} if checked and immutable else meta


def _denies(rule: TagRule, action: str, level: int) -> bool:
    needed = rule.push if action == "push" else rule.delete
    return needed is not None and LEVELS[needed] > level


def _project_of(state: State, path: str) -> Project | None:
    while path:
        project = state.project_at(path)
        if project is not None:
            return project
        path = path.rpartition("/")[0]
    return None


def _may(state: State, caller: Caller, project: Project, action: str) -> bool:
    token = caller.token
    if token is not None and token.kind == "deploy":
        own = token.project is None or token.project.lower() == project.path.lower()
        needed = {"pull": "read_registry", "push": "write_registry"}.get(action)
        return own and needed in token.scopes
    own_job = caller.is_job and token is not None and (token.project or "").lower() == project.path.lower()
    if action == "pull":
        return _has_scope(token, "read_registry") and access.can_read_images(state, caller, project)
    if not _has_scope(token, "write_registry"):
        return False
    if own_job and access.is_writable(project):
        return action in ("push", "delete")
    if action == "push":
        return not caller.is_job and access.can_destroy_images(state, caller, project)
    return not caller.is_job and access.can_admin_images(state, caller, project)


def _has_scope(token: Token | None, needed: str) -> bool:
    return token is None or token.kind == "job" or bool({"api", needed} & token.scopes)


def _make_room(state: State, caller: Caller, project: Project, path: str) -> None:
    level = access.project_level(state, caller, project)
    if not caller.admin and any(
        rule.push is not None and LEVELS[rule.push] > level and covers(rule.pattern, path)
        for rule in project.repository_rules
    ):
        raise _Denied(_errors(403, "DENIED", "Pushing to protected repository path forbidden"))
    if state.repository_at(path) is None:
        # The registry does not know it before something is pushed.
        name = path[len(project.path) + 1 :]
        number, now = state.repositories.next_id, state.clock.now()
        tags, known = (None, "ok") if state.real else (Tags([]), "unknown")
        state.repositories[number] = Repository(number, project, name, None, now, None, known, tags)
