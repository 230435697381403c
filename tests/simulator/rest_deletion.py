# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of REST that delete tags and repositories."""

from __future__ import annotations

import re
from typing import Any

from . import access, background
from .answers import Refused, refused
from .cleanup import CleanupParameters
from .deletion import remove
from .params import Param
from .rest import RestCall, Route
from .rest_registry import REPOSITORY_ID, find_repository, registry_project
from .state import LEVELS, Project, Repository

LEASED = "This request has already been made. You can run this at most once an hour for a given container repository"
PROTECTED = "403 Forbidden - Deleting protected container repository forbidden."
BULK = {
    "name_regex_delete": Param(blank=True, pattern=True),
    "name_regex": Param(blank=True, pattern=True),
    "name_regex_keep": Param(blank=True, pattern=True),
    "keep_n": Param("int"),
    "older_than": Param(blank=True),
}
ONE_OF = ("name_regex", "name_regex_delete")


def _found(
    call: RestCall, declared: dict[str, Param], one_of: tuple[str, ...] = ()
) -> tuple[Project, Repository, dict[str, Any]]:
    project = registry_project(call)
    params = call.check({**REPOSITORY_ID, **declared}, one_of=one_of)
    return project, find_repository(call, project, params["repository_id"]), params


def delete_tag(call: RestCall) -> int:
    """Since G18 the tag itself is looked up first: where the database has none, it is forbidden."""
    project, repository, _params = _found(call, {})
    name = call.route["tag_name"]
    if not access.can_destroy_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    recent = call.state.generation == "G18"
    if recent and call.registry.find(repository, name) is None:
        raise refused(403, "403 Forbidden")
    if recent and access.is_protected(call.state, call.caller, repository, name):
        raise refused(403, "403 Forbidden")
    if remove(call.state, call.registry, repository, [name], call.caller).message:
        raise refused(400, "400 Bad request") if recent else Refused(400, 400)
    return 200


def delete_tags(call: RestCall) -> int:
    """Promised at once, done by a job; once an hour for a repository."""
    project, repository, params = _found(call, BULK, ONE_OF)
    if not access.can_admin_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    if not background.take_lease(call.state, repository):
        raise refused(400, LEASED)
    parameters = CleanupParameters(
        name_regex_delete=params.get("name_regex_delete"),
        name_regex=params.get("name_regex"),
        name_regex_keep=params.get("name_regex_keep"),
        keep_n=params.get("keep_n"),
        older_than=params.get("older_than"),
    )
    background.delete_tags(call.state, call.registry, repository, parameters, call.caller)
    return 202


def delete_repository(call: RestCall) -> int:
    project, repository, _params = _found(call, {})
    if not access.can_admin_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    if call.state.generation == "G18" and _is_protected(call, repository):
        raise refused(403, PROTECTED)
    background.delete_repository(call.state, call.registry, repository)
    return 202


def _is_protected(call: RestCall, repository: Repository) -> bool:
    """Whether a rule on the repository's path wants a higher level than the caller's."""
    if call.caller.admin:
        return False
    level = access.project_level(call.state, call.caller, repository.project)
    return any(
        rule.delete is not None and LEVELS[rule.delete] > level and covers(rule.pattern, repository.path)
        for rule in repository.project.repository_rules
    )


def covers(pattern: str, path: str) -> bool:
    """Whether the pattern of a repository rule is for the path; only * has a meaning of its own."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), path, re.IGNORECASE | re.DOTALL) is not None


REPOSITORY = "/projects/:id/registry/repositories/:repository_id"
ROUTES = [
    Route("DELETE", REPOSITORY, delete_repository, status=202, job=True),
    Route("DELETE", f"{REPOSITORY}/tags", delete_tags, status=202, job=True),
    Route("DELETE", f"{REPOSITORY}/tags/:tag_name", delete_tag, job=True),
]
