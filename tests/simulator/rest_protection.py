# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Protection rules for repositories and for tags.

The parameters are checked before the token: 400, 401, 404, 403, and then whether there is such a rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from . import access
from .answers import Refused, refused
from .params import Param, check
from .patterns import mistake
from .rest import RestCall, Route, find_project
from .scenario import RULE_LEVELS
from .state import Project, RepositoryRule, State, TagRule

MOST_TAG_RULES = 5
LONGEST_REPOSITORY_PATTERN = 255
LONGEST_TAG_PATTERN = 100
PUSH, DELETE = "minimum_access_level_for_push", "minimum_access_level_for_delete"
NO_DATABASE = "GitLab container registry API not supported"
REPOSITORY_PATTERN, TAG_PATTERN = "repository_path_pattern", "tag_name_pattern"
RULE_ID = {"protection_rule_id": Param("int")}
_REPOSITORY_PATH = re.compile(r"[a-z0-9*]+(?:(?:[._/]|__|-{1,10})[a-z0-9*]+)*")

LEVEL = Param(values=RULE_LEVELS, blank=True)
NEEDED_LEVEL = Param(values=RULE_LEVELS, blank=True, required=True)
# An empty text takes a level away.
CHANGED_LEVEL = Param(values=(*RULE_LEVELS, ""), blank=True)
PATTERN = Param(blank=True)
NEEDED_PATTERN = Param(blank=True, required=True)

check_rule_id = partial(check, RULE_ID)
check_new_repository_rule = partial(
    check, {REPOSITORY_PATTERN: NEEDED_PATTERN, PUSH: LEVEL, DELETE: LEVEL}, one_of=(PUSH, DELETE)
)
check_repository_rule = partial(
    check, {**RULE_ID, REPOSITORY_PATTERN: PATTERN, PUSH: CHANGED_LEVEL, DELETE: CHANGED_LEVEL}
)
check_new_tag_rule = partial(check, {TAG_PATTERN: NEEDED_PATTERN, PUSH: NEEDED_LEVEL, DELETE: NEEDED_LEVEL})
check_tag_rule = partial(check, {**RULE_ID, TAG_PATTERN: PATTERN, PUSH: CHANGED_LEVEL, DELETE: CHANGED_LEVEL})


class AnyRule(Protocol):
    id: int
    pattern: str
    push: str | None
    delete: str | None
    updated_at: datetime | None


Rule = TypeVar("Rule", bound=AnyRule)


def managed_project(call: RestCall) -> Project:
    """The project whose rules the caller may manage."""
    if call.caller.user is None:
        raise refused(401, "401 Unauthorized")
    project = find_project(call, call.route["id"])
    if not access.can_admin_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    return project


def _row(project: Project, rule: AnyRule, pattern: str) -> dict[str, Any]:
    return {"id": rule.id, "project_id": project.id, pattern: rule.pattern, PUSH: rule.push, DELETE: rule.delete}


def _find(call: RestCall, rules: Sequence[Rule]) -> Rule:
    rule = next((item for item in rules if str(item.id) == call.route["protection_rule_id"]), None)
    if rule is None:
        raise refused(404, "404 Not found")
    return rule


def _wanted(params: Mapping[str, Any], pattern: str, rule: AnyRule | None) -> tuple[str, str | None, str | None]:
    """Pattern, level for push, level for delete: what was sent over what the rule has. No level is None."""
    before: dict[str, str | None] = {pattern: rule.pattern, PUSH: rule.push, DELETE: rule.delete} if rule else {}
    after = {key: params[key] if key in params else before.get(key) for key in (pattern, PUSH, DELETE)}
    return after[pattern] or "", after[PUSH] or None, after[DELETE] or None


def _save(call: RestCall, rule: AnyRule, pattern: str, push: str | None, delete: str | None) -> None:
    rule.pattern, rule.push, rule.delete = pattern, push, delete
    rule.updated_at = call.state.clock.now()


def _check_unmodified(call: RestCall, rule: AnyRule) -> None:
    """412 where the rule was changed after the time that the client has seen."""
    text = call.request_headers.get("if-unmodified-since")
    try:
        seen = parsedate_to_datetime(text) if text else None
    except ValueError:
        return
    if seen is not None and seen.tzinfo is None:
        seen = seen.replace(tzinfo=UTC)
    if seen is not None and rule.updated_at is not None and rule.updated_at > seen:
        raise refused(412, "412 Precondition Failed")


def _unfit(name: str, text: str, longest: int, taken: bool) -> list[str]:
    """What any pattern may be: not empty, not taken, not too long."""
    return [
        *([f"{name} can't be blank"] if not text.strip() else []),
        *([f"{name} has already been taken"] if taken else []),
        *([f"{name} is too long (maximum is {longest} characters)"] if len(text) > longest else []),
    ]


# Of repositories


def _repository_complaints(
    project: Project, rule: RepositoryRule | None, text: str, push: str | None, delete: str | None
) -> list[str]:
    taken = any(item is not rule and item.pattern == text for item in project.repository_rules)
    name = "Repository path pattern"
    complaints = _unfit(name, text, LONGEST_REPOSITORY_PATTERN, taken)
    if not _REPOSITORY_PATH.fullmatch(text):
        complaints.append(f"{name} should be a valid container repository path with optional wildcard characters.")
    if not text.lower().startswith(project.path.lower()) and (rule is None or rule.pattern != text):
        complaints.append(f"{name} should start with the project's full path")
    if push is None and delete is None:
        complaints.append("A rule must have at least a minimum access role for push or delete.")
    return complaints


def repository_rules(call: RestCall) -> list[dict[str, Any]]:
    """All of them; there are no pages."""
    project = managed_project(call)
    return [_row(project, rule, REPOSITORY_PATTERN) for rule in project.repository_rules]


def create_repository_rule(call: RestCall) -> dict[str, Any]:
    project = managed_project(call)
    pattern, push, delete = _wanted(call.params, REPOSITORY_PATTERN, None)
    complaints = _repository_complaints(project, None, pattern, push, delete)
    if complaints:
        raise Refused(422, {"message": {"error": complaints}})
    rule = RepositoryRule(call.state.new_rule_id(), pattern, push, delete, call.state.clock.now())
    project.repository_rules.append(rule)
    return _row(project, rule, REPOSITORY_PATTERN)


def update_repository_rule(call: RestCall) -> dict[str, Any]:
    project = managed_project(call)
    rule = _find(call, project.repository_rules)
    wanted = _wanted(call.params, REPOSITORY_PATTERN, rule)
    complaints = _repository_complaints(project, rule, *wanted)
    if complaints:
        raise Refused(422, {"message": {"error": complaints}})
    _save(call, rule, *wanted)
    return _row(project, rule, REPOSITORY_PATTERN)


def delete_repository_rule(call: RestCall) -> None:
    project = managed_project(call)
    rule = _find(call, project.repository_rules)
    _check_unmodified(call, rule)
    project.repository_rules.remove(rule)


# Of tags


def _mutable(project: Project) -> list[TagRule]:
    """REST does not show the others."""
    return [rule for rule in project.tag_rules if not rule.immutable]


def _tag_complaints(
    project: Project, rule: TagRule | None, text: str, push: str | None, delete: str | None
) -> list[str]:
    taken = any(item is not rule and item.pattern == text for item in project.tag_rules)
    name = "Tag name pattern"
    wrong = mistake(text)
    return [
        *(["Minimum access level for delete can't be blank"] if delete is None else []),
        *(["Minimum access level for push can't be blank"] if push is None else []),
        *_unfit(name, text, LONGEST_TAG_PATTERN, taken),
        *([f"{name} not valid RE2 syntax: {wrong}"] if wrong else []),
    ]


def tag_rules(call: RestCall) -> list[dict[str, Any]]:
    project = managed_project(call)
    return [_row(project, rule, TAG_PATTERN) for rule in _mutable(project)]


def create_tag_rule(call: RestCall) -> dict[str, Any]:
    """Five rules of a project at most, immutable ones among them."""
    project = managed_project(call)
    pattern, push, delete = _wanted(call.params, TAG_PATTERN, None)
    if len(project.tag_rules) >= MOST_TAG_RULES:
        raise refused(422, "Maximum number of protection rules have been reached.")
    if call.state.mode != "M1":
        raise refused(422, NO_DATABASE)
    complaints = _tag_complaints(project, None, pattern, push, delete)
    if complaints:
        raise Refused(422, {"message": complaints})
    rule = TagRule(call.state.new_rule_id(), pattern, delete, push, False, call.state.clock.now())
    project.tag_rules.append(rule)
    return _row(project, rule, TAG_PATTERN)


def update_tag_rule(call: RestCall) -> dict[str, Any]:
    project = managed_project(call)
    rule = _find(call, _mutable(project))
    if call.state.mode != "M1":
        raise Refused(422, {"message": {"error": NO_DATABASE}})
    wanted = _wanted(call.params, TAG_PATTERN, rule)
    complaints = _tag_complaints(project, rule, *wanted)
    if complaints:
        raise Refused(422, {"message": {"error": complaints}})
    _save(call, rule, *wanted)
    return _row(project, rule, TAG_PATTERN)


def delete_tag_rule(call: RestCall) -> None:
    project = managed_project(call)
    rule = _find(call, _mutable(project))
    _check_unmodified(call, rule)
    project.tag_rules.remove(rule)


BASE = "/projects/:id/registry/protection"


def _repository_routes(base: str, feature: str) -> list[Route]:
    def offered(state: State) -> bool:
        return state.features.repository_rules == feature

    one = f"{base}/:protection_rule_id"
    return [
        Route("GET", base, repository_rules, offered=offered),
        Route("POST", base, create_repository_rule, 201, early=check_new_repository_rule, offered=offered),
        Route("PATCH", one, update_repository_rule, early=check_repository_rule, offered=offered),
        Route("DELETE", one, delete_repository_rule, 204, early=check_rule_id, offered=offered),
    ]


def _tag_routes(base: str) -> list[Route]:
    """They came one by one: to list, to create, to update, to delete."""

    def offered(*features: str) -> Callable[[State], bool]:
        return lambda state: state.features.tag_rules in features

    one = f"{base}/:protection_rule_id"
    listed = offered("full", "no_delete", "no_update", "read_only")
    created, updated, deleted = offered("full", "no_delete", "no_update"), offered("full", "no_delete"), offered("full")
    return [
        Route("GET", base, tag_rules, offered=listed),
        Route("POST", base, create_tag_rule, 201, early=check_new_tag_rule, offered=created),
        Route("PATCH", one, update_tag_rule, early=check_tag_rule, offered=updated),
        Route("DELETE", one, delete_tag_rule, 204, early=check_rule_id, offered=deleted),
    ]


ROUTES = [
    *_repository_routes(f"{BASE}/repository/rules", "current"),
    *_repository_routes(f"{BASE}/rules", "old_path"),
    *_tag_routes(f"{BASE}/tag/rules"),
]
