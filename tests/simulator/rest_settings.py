# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PUT /projects/:id: who may see a project's registry, and its cleanup policy.

The token comes first, then the parameters, then the project, then the role.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from . import access
from .answers import Refused, refused
from .params import Param, check, nested
from .patterns import mistake
from .rest import RestCall, Route, find_project
from .rest_namespaces import project_row
from .rest_registry import rails_time
from .scenario import POLICY
from .state import LEVELS, Project

POLICY_KEY = "container_expiration_policy_attributes"
# At least one has to be there; GitLab knows many more. Only the registry's have an effect here.
ATTRIBUTES = (
    "build_timeout",
    "container_registry_access_level",
    POLICY_KEY,
    "default_branch",
    "description",
    "issues_access_level",
    "lfs_enabled",
    "merge_method",
    "name",
    "packages_enabled",
    "path",
    "repository_access_level",
    "request_access_enabled",
    "shared_runners_enabled",
    "topics",
    "visibility",
    "wiki_access_level",
    "container_registry_enabled",
)
DECLARED = {
    "container_registry_access_level": Param(values=("disabled", "private", "enabled"), blank=True),
    "container_registry_enabled": Param("bool"),
}
# name_regex_delete is not among them, although the documentation has it.
POLICY_PARAMS = {
    "enabled": Param("bool"),
    "cadence": Param(blank=True),
    "keep_n": Param("int"),
    "older_than": Param(blank=True),
    "name_regex": Param(blank=True),
    "name_regex_keep": Param(blank=True),
}
CADENCES = {"1d": 1, "7d": 7, "14d": 14, "1month": 30, "3month": 90}
KEEP_N = (1, 5, 10, 25, 50, 100)
NOT_LISTED = "is not included in the list"
BLANK = "can't be blank"


def put_project(call: RestCall) -> dict[str, Any]:
    if call.caller.user is None:
        raise refused(401, "401 Unauthorized")
    attributes = _policy_attributes(call.params)
    given = call.params if attributes is None else {**call.params, POLICY_KEY: attributes}
    params = check(DECLARED, given, one_of=ATTRIBUTES)
    project = find_project(call, call.route["id"])
    if access.project_level(call.state, call.caller, project) < LEVELS["maintainer"]:
        raise refused(403, "403 Forbidden")
    if attributes is not None:
        _save_policy(call, project, attributes)
    if params.get("container_registry_enabled") is not None:
        project.access_level = "enabled" if params["container_registry_enabled"] else "disabled"
    if params.get("container_registry_access_level") is not None:
        project.access_level = params["container_registry_access_level"]
    return project_row(call, project)


def _policy_attributes(params: dict[str, Any]) -> dict[str, Any] | None:
    """The known keys that were sent, coerced; the others are dropped without a word."""
    given = nested(params, POLICY_KEY)
    if given is None or given == "":
        return None
    if not isinstance(given, dict):
        raise Refused(400, {"error": f"{POLICY_KEY} is invalid"})
    checked = check(POLICY_PARAMS, given, within=POLICY_KEY)
    return {key: checked[key] for key in POLICY_PARAMS if key in given}


def _save_policy(call: RestCall, project: Project, attributes: dict[str, Any]) -> None:
    """Every save moves the next run, also one that changes nothing else."""
    policy = {**(project.policy or POLICY), **attributes}
    complaints = {key: texts for key, texts in _complaints(call, policy).items() if texts}
    if complaints:
        message = {f"container_expiration_policy.{key}": texts for key, texts in complaints.items()}
        raise Refused(400, {"message": message})
    policy["next_run_at"] = rails_time(call.state.clock.now() + timedelta(days=CADENCES[policy["cadence"]]))
    if call.state.policies_off_without_images and not call.state.repositories_of([project]):
        policy["enabled"] = False
    project.policy = policy


def _complaints(call: RestCall, policy: dict[str, Any]) -> dict[str, list[str]]:
    """By key, what the model has against a policy. Patterns are looked at in one that is switched on."""

    def listed(key: str, values: Collection[Any]) -> list[str]:
        return [] if policy[key] in values else [NOT_LISTED]

    def pattern(key: str) -> list[str]:
        text = mistake(policy[key] or "") if policy["enabled"] else None
        return [f"not valid RE2 syntax: {text}"] if text else []

    nameless = policy["enabled"] and not (policy["name_regex"] or "").strip()
    return {
        "enabled": listed("enabled", (True, False)),
        "cadence": [*([] if policy["cadence"] else [BLANK]), *listed("cadence", CADENCES)],
        "older_than": listed("older_than", (None, *call.state.policy_older_than)),
        "keep_n": listed("keep_n", (None, *KEEP_N)),
        "name_regex": [*([BLANK] if nameless else []), *pattern("name_regex")],
        "name_regex_keep": pattern("name_regex_keep"),
    }


ROUTES = [Route("PUT", "/projects/:id", put_project)]
