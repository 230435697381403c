# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting one tag, many tags in the background, and whole repositories by REST."""

from __future__ import annotations

import re

from . import access
from .answers import Refused, refused
from .cleanup import Parameters
from .jobs import schedule_deletion
from .params import Param
from .rest import Call, Route
from .rest_registry import REPOSITORY_ID, find_repository, registry_project
from .state import LEVELS, Repository

LEASE_TAKEN = (
    "This request has already been made. You can run this at most once an hour for a given container repository"
)
PROTECTED_REPOSITORY = "403 Forbidden - Deleting protected container repository forbidden."
BULK = {
    **REPOSITORY_ID,
    "name_regex_delete": Param(blank=True, pattern=True),
    "name_regex": Param(blank=True, pattern=True),
    "name_regex_keep": Param(blank=True, pattern=True),
    "keep_n": Param("int"),
    # Nobody looks at it before the job does.
    "older_than": Param(blank=True),
}


def delete_tag(call: Call) -> int:
    """A missing tag counts as deleted, but where it is looked up in a database before the rights are: there it is
    forbidden. Which of these it is, is a matter of the release."""
    project = registry_project(call)
    params = call.check(REPOSITORY_ID)
    repository = find_repository(call, project, params["repository_id"])
    name = call.route["tag_name"]
    recent = call.state.generation == "G18"
    refusal = refused(400, "400 Bad request") if recent else Refused(400, 400)
    if not access.can_destroy_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    if recent and call.registry.find(repository, name) is None:
        raise refused(403, "403 Forbidden")
    if access.is_protected(call.state, call.caller, repository, name):
        raise refused(403, "403 Forbidden") if recent else refusal
    if call.registry.delete(repository, name) == "refused":
        raise refusal
    return 200


def delete_tags(call: Call) -> int:
    """Takes the lease and queues a job; what becomes of that is told to nobody."""
    project = registry_project(call)
    params = call.check(BULK, one_of=("name_regex", "name_regex_delete"))
    repository = find_repository(call, project, params["repository_id"])
    if not access.can_admin_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    if not call.background.take_lease(call.state, repository):
        raise refused(400, LEASE_TAKEN)
    wanted = {name: params.get(name) for name in BULK if name not in REPOSITORY_ID}
    call.background.queue(call.state, "bulk", repository, call.caller, Parameters(**wanted))
    return 202


def delete_repository(call: Call) -> int:
    project = registry_project(call)
    params = call.check(REPOSITORY_ID)
    repository = find_repository(call, project, params["repository_id"])
    if not access.can_admin_images(call.state, call.caller, project):
        raise refused(403, "403 Forbidden")
    if call.state.generation == "G18" and _is_protected(call, repository):
        raise refused(403, PROTECTED_REPOSITORY)
    schedule_deletion(call.background, call.state, repository)
    return 202


def _is_protected(call: Call, repository: Repository) -> bool:
    """By a rule that wants a higher level for its deletion than the caller has; administrators may do anything."""
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
    return re.fullmatch(".*".join(parts), path, re.IGNORECASE) is not None


_REPOSITORY = "/projects/:id/registry/repositories/:repository_id"
ROUTES = [
    Route("DELETE", f"{_REPOSITORY}/tags/:tag_name", delete_tag, job=True),
    Route("DELETE", f"{_REPOSITORY}/tags", delete_tags, status=202, job=True),
    Route("DELETE", _REPOSITORY, delete_repository, status=202, job=True),
]
