# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The settings of many projects: reading them, changing them, and reading again what became of them."""

from __future__ import annotations

import collections
import typing as t

from .._core.errors import RequestError
from .._core.models import AccessLevel, Project, ProtectionRule, RuleKind
from .._core.scope import ProjectScope
from .._gitlab.project_scope import Projects, list_group, select_projects
from .._gitlab.projects import get_project
from .._gitlab.rest import PAGE
from .._gitlab.settings import (
    RuleEndpoint,
    create_rule,
    delete_rule,
    first_rules,
    has_repositories,
    list_rules,
    update_project,
    update_rule,
)
from .._http.client import Client
from .outcomes import ProjectResult, result_of
from .plan import (
    DesiredSettings,
    ObservedProject,
    ProjectPlan,
    RuleListing,
    needs_images,
)
from .protection import RuleChange, rules_after

# How many refusals are taken before the place of a kind of rules counts as found.
_PROBES = 3


class ObservedProjects(t.NamedTuple):
    """The projects in scope as they were read.

    Args:
        projects: in scope.
        wanted: those of which something is wanted, by path, with what is wanted.
        endpoints: where the server has the rules, by kind.
    """

    projects: Projects
    wanted: tuple[tuple[ObservedProject, DesiredSettings], ...]
    endpoints: t.Mapping[RuleKind, RuleEndpoint]


def observe_projects(
    client: Client, scope: ProjectScope, desired_for: t.Callable[[Project], DesiredSettings | None]
) -> ObservedProjects:
    """Read what is wanted in some way.

    Args:
        client: GitLab.
        scope: which projects.
        desired_for: gives what is wanted of a project, None if nothing is.

    Raises:
        RequestError: nothing can be read at all. What else can't be is told in the projects.
    """
    projects = select_projects(client, scope)
    pairs = [(project, desired) for project in projects.selected for desired in [desired_for(project)] if desired]
    kinds = {
        project.id: [] if project.registry_disabled else [wanted.kind for wanted in desired.protections]
        for project, desired in pairs
    }
    rules, endpoints = read_rules(client, [project for project, _desired in pairs], kinds)

    def observe(pair: tuple[Project, DesiredSettings]) -> tuple[ObservedProject, DesiredSettings]:
        project, desired = pair
        try:
            asks = needs_images(project, desired) and not project.registry_disabled
            has_images = has_repositories(client, project) if asks else None
        except RequestError as error:
            return ObservedProject(project, error=error), desired
        return _observed(project, rules[project.id], has_images), desired

    return ObservedProjects(projects=projects, wanted=tuple(client.parallel(observe, pairs)), endpoints=endpoints)


def read_rules(
    client: Client, projects: t.Sequence[Project], kinds: t.Mapping[int, t.Sequence[RuleKind]]
) -> tuple[dict[int, dict[RuleKind, RuleListing]], dict[RuleKind, RuleEndpoint]]:
    """Read the protection rules of projects.

    Args:
        client: GitLab.
        projects: whose rules.
        kinds: which rules, by the project's id.

    Returns:
        The rules, or why they are unknown, by the project's id and kind; and where the server has them, by kind.

    Raises:
        RequestError: the server has none of a kind.
    """
    found: dict[int, dict[RuleKind, RuleListing]] = {project.id: {} for project in projects}
    endpoints: dict[RuleKind, RuleEndpoint] = {}
    proven: collections.Counter[RuleKind] = collections.Counter()
    for project in projects:
        for kind in kinds[project.id]:
            # A refusal does not show for certain where the rules are.
            if proven[kind] < _PROBES:
                endpoints[kind], found[project.id][kind] = first_rules(client, project, kind)
                proven[kind] += 1 if isinstance(found[project.id][kind], RequestError) else _PROBES
    left = [(project, kind) for project in projects for kind in kinds[project.id] if kind not in found[project.id]]

    def read(wanted: tuple[Project, RuleKind]) -> tuple[ProtectionRule, ...]:
        project, kind = wanted
        return list_rules(client, endpoints[kind], project)

    for (project, kind), rules in zip(left, client.try_all(read, left)):
        found[project.id][kind] = rules
    return found, endpoints


def _observed(project: Project, rules: t.Mapping[RuleKind, RuleListing], has_images: bool | None) -> ObservedProject:
    return ObservedProject(
        project=project,
        rules={kind: listed for kind, listed in rules.items() if not isinstance(listed, RequestError)},
        has_images=has_images,
        error=next((listed for listed in rules.values() if isinstance(listed, RequestError)), None),
    )


def apply_settings(client: Client, observed: ObservedProjects, plans: t.Sequence[ProjectPlan]) -> list[ProjectResult]:
    """Carry the plans out, and tell by reading again what became of each project."""
    changing = [plan for plan in plans if plan.changed]
    failures = client.try_all(lambda plan: _change(client, plan, observed.endpoints), changing)
    fresh = _read_again(client, observed, changing)
    return [result_of(plan, failure, now) for plan, failure, now in zip(changing, failures, fresh)]


def _change(client: Client, plan: ProjectPlan, endpoints: t.Mapping[RuleKind, RuleEndpoint]) -> None:
    """Change one project. GitLab takes visibility and policy together, and rules one by one."""
    # With its registry the rules of a project are hidden.
    hides = plan.attributes.get("container_registry_access_level") == AccessLevel.DISABLED.value
    if plan.attributes and not hides:
        update_project(client, plan.project, plan.attributes)
    for kind, changes in plan.rule_changes.items():
        for change in changes:
            _change_rule(client, plan.project, endpoints[kind], change)
    if hides:
        update_project(client, plan.project, plan.attributes)


def _change_rule(client: Client, project: Project, endpoint: RuleEndpoint, change: RuleChange) -> None:
    if change.before and change.after:
        update_rule(client, endpoint, project, change.before, change.after)
    elif change.after:
        create_rule(client, endpoint, project, change.after)
    elif change.before:
        delete_rule(client, endpoint, project, change.before)


def _read_again(client: Client, observed: ObservedProjects, plans: t.Sequence[ProjectPlan]) -> list[ObservedProject]:
    """The projects as they are now, each with the rules that were changed."""
    touched = [plan.project for plan in plans if plan.attributes]
    fresh = _projects_again(client, observed.projects.listed, touched)

    def read(plan: ProjectPlan) -> ObservedProject:
        project, before = fresh.get(plan.project.id, plan.project), plan.observed.rules
        if isinstance(project, RequestError):
            return ObservedProject(plan.project, error=project)
        if project.registry_disabled:
            # They were changed before it was disabled, or GitLab would not have taken it.
            after = {kind: tuple(rules_after(before[kind], changed)) for kind, changed in plan.rule_changes.items()}
            return ObservedProject(project, after)
        try:
            rules = {
                kind: list_rules(client, observed.endpoints[kind], project)
                for kind, changes in plan.rule_changes.items()
                if changes
            }
        except RequestError as error:
            return ObservedProject(project, error=error)
        return ObservedProject(project, {**before, **rules})

    return client.parallel(read, plans)


def _projects_again(
    client: Client, listed: t.Mapping[str, int], projects: t.Sequence[Project]
) -> dict[int, Project | RequestError]:
    """Projects by id, by the pages of their groups where these are fewer than the projects."""
    fresh: dict[int, Project | RequestError] = {}
    if listed and sum(count // PAGE + 1 for count in listed.values()) < len(projects):
        for group in listed:
            try:
                fresh.update((project.id, project) for project in list_group(client, group))
            except RequestError:
                continue

    left = [project.id for project in projects if project.id not in fresh]
    fresh.update(zip(left, client.try_all(lambda number: get_project(client, number), left)))
    return fresh
