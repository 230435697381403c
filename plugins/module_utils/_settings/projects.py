# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The settings of many projects: reading them, changing them, and reading again what became of them."""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass

from .._core.errors import RequestError
from .._core.models import Project, ProtectionRule
from .._gitlab.project_scope import Projects, ProjectScope, list_group, select_projects
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
from .plan import Found, ProjectPlan, Wish, is_hidden, plan_project, settings_of, wants_images, written
from .protection import RuleChange, applied

# How many refusals are taken before the place of a kind of rules counts as found.
PROBES = 3

WishOf = t.Callable[[Project], t.Optional[Wish]]
Rules = t.Union[tuple[ProtectionRule, ...], RequestError]


@dataclass(frozen=True)
class Fleet:
    """The projects in scope, and the plans of those of which something is wanted, by path.

    endpoints: by kind of rules, where the server has them.
    """

    projects: Projects
    plans: tuple[ProjectPlan, ...]
    wishes: t.Mapping[int, Wish]
    endpoints: t.Mapping[str, RuleEndpoint]

    @property
    def unread(self) -> list[RequestError]:
        """Why groups, projects or settings are unknown or can't be as they are wanted."""
        return [*self.projects.unread.values(), *(plan.error for plan in self.plans if plan.error)]


@dataclass(frozen=True)
class Fate:
    """What became of a project. outcome: changed, partly_changed, not_changed or unverified."""

    path: str
    outcome: str
    message: str = ""


def plan_fleet(client: Client, scope: ProjectScope, wish_of: WishOf) -> Fleet:
    """Read what the wishes are about, and plan. Raises RequestError where nothing can be read at all."""
    selected = select_projects(client, scope)
    wishes = {project.id: wish for project in selected.found for wish in [wish_of(project)] if wish}
    wanted = [project for project in selected.found if project.id in wishes]
    kinds = {
        project.id: [] if is_hidden(project) else [each.kind for each in wishes[project.id].protections]
        for project in wanted
    }
    rules, endpoints = read_rules(client, wanted, kinds)

    def find(project: Project) -> Found:
        try:
            asks = wants_images(project, wishes[project.id]) and not is_hidden(project)
            images = has_repositories(client, project) if asks else None
        except RequestError as error:
            return Found(project, error=error)
        return _found(project, rules[project.id], images)

    plans = tuple(plan_project(found, wishes[found.project.id]) for found in client.parallel(find, wanted))
    return Fleet(selected, plans, wishes, endpoints)


def read_rules(
    client: Client, projects: t.Sequence[Project], kinds: t.Mapping[int, t.Sequence[str]]
) -> tuple[dict[int, dict[str, Rules]], dict[str, RuleEndpoint]]:
    """The rules of projects, or why they are unknown, by the project's id and kind; and where they are by kind.

    kinds: by the project's id. Raises RequestError where the server has none of a kind.
    """
    found: dict[int, dict[str, Rules]] = {project.id: {} for project in projects}
    endpoints: dict[str, RuleEndpoint] = {}
    proven: collections.Counter[str] = collections.Counter()
    for project in projects:
        for kind in kinds[project.id]:
            # A refusal does not show for certain where the rules are.
            if proven[kind] < PROBES:
                endpoints[kind], found[project.id][kind] = first_rules(client, project, kind)
                proven[kind] += 1 if isinstance(found[project.id][kind], RequestError) else PROBES
    left = [(project, kind) for project in projects for kind in kinds[project.id] if kind not in found[project.id]]

    def read(wanted: tuple[Project, str]) -> tuple[ProtectionRule, ...]:
        project, kind = wanted
        return list_rules(client, endpoints[kind], project)

    for (project, kind), rules in zip(left, client.try_all(read, left)):
        found[project.id][kind] = rules
    return found, endpoints


def _found(project: Project, rules: t.Mapping[str, Rules], images: bool | None) -> Found:
    error = next((listed for listed in rules.values() if isinstance(listed, RequestError)), None)
    known = {kind: listed for kind, listed in rules.items() if not isinstance(listed, RequestError)}
    return Found(project, known, images, error)


def change_fleet(client: Client, fleet: Fleet) -> list[Fate]:
    """Carry the plans out, and tell by reading again what became of each project."""
    plans = [plan for plan in fleet.plans if plan.changed]
    failures = client.try_all(lambda plan: _change(client, plan, fleet.endpoints), plans)
    found = _read_again(client, fleet, plans)
    return [
        _fate(plan, fleet.wishes[plan.project.id], failure, now) for plan, failure, now in zip(plans, failures, found)
    ]


def _change(client: Client, plan: ProjectPlan, endpoints: t.Mapping[str, RuleEndpoint]) -> None:
    """Change one project. GitLab takes visibility and policy together, and rules one by one."""
    # With its registry the rules of a project are hidden.
    hides = plan.attributes.get("container_registry_access_level") == "disabled"
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


def _read_again(client: Client, fleet: Fleet, plans: t.Sequence[ProjectPlan]) -> list[Found]:
    """The projects as they are now, each with the rules that were changed."""
    touched = [plan.project for plan in plans if plan.attributes]
    fresh = _projects_again(client, fleet.projects.listed, touched)

    def read(plan: ProjectPlan) -> Found:
        project = fresh.get(plan.project.id, plan.project)
        if isinstance(project, RequestError):
            return Found(plan.project, error=project)
        if is_hidden(project):
            # They were changed before it was disabled, or GitLab would not have taken it.
            return Found(
                project,
                {kind: tuple(applied(plan.found.rules[kind], changed)) for kind, changed in plan.rule_changes.items()},
            )
        try:
            rules = {
                kind: list_rules(client, fleet.endpoints[kind], project)
                for kind, changes in plan.rule_changes.items()
                if changes
            }
        except RequestError as error:
            return Found(project, error=error)
        return Found(project, {**plan.found.rules, **rules})

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


def _fate(plan: ProjectPlan, wish: Wish, failure: RequestError | None, found: Found) -> Fate:
    path, told = plan.project.path, str(failure) if failure else ""
    if found.error:
        return Fate(path, "unverified", told or f"It was changed as far as GitLab said. {found.error}")
    # A project without a policy gets what was not named from GitLab.
    now = {
        name: value
        for name, value in settings_of(found, wish).items()
        if name in plan.after or not name.startswith("cleanup_policy.")
    }
    if now == plan.after:
        return Fate(path, "changed")
    different = [name for name in {**now, **plan.after} if now.get(name) != plan.after.get(name)]
    kept = ", ".join(f"{name} is {written(now.get(name))}" for name in different)
    return Fate(path, "not_changed" if now == plan.before else "partly_changed", told or f"GitLab took it, but {kept}.")
