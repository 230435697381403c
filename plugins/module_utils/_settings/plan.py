# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A project's settings: what is wanted, what there is, and what leads from one to the other. Pure."""

from __future__ import annotations

import collections
import enum
import typing as t
from dataclasses import dataclass, field

from .._core.diffs import diff_part, hidden_part, printable
from .._core.errors import RequestError, UnsupportedSetting, UsageError
from .._core.models import POLICY_KEYS, Project, ProtectionRule, RuleKind, ServerPolicy
from .._core.words import counted
from .._rules.patterns import check_pattern
from .protection import DesiredRules, RuleChange, plan_rules, rules_after, rules_in_project

CLEARABLE = ("keep_n", "older_than", "name_regex_keep")

# app/models/container_expiration_policy.rb; newer releases may know more.
_KNOWN_VALUES = {
    "cadence": ("1d", "7d", "14d", "1month", "3month"),
    "keep_n": (1, 5, 10, 25, 50, 100),
    "older_than": ("7d", "14d", "30d", "60d", "90d"),
}

_NOT_LIMITED = "not limited"

Value = t.Union[str, int, bool, None]
# The protection rules of a project, or why they are unknown.
RuleListing = t.Union[tuple[ProtectionRule, ...], RequestError]


@dataclass(frozen=True)
class DesiredSettings:
    """The settings that are wanted of a project.

    Args:
        access_level: the visibility of its registry, None if it may stay as it is.
        policy: its cleanup policy by the names of options. What is not named may stay as it is; None is null.
        repository_protection: its protection rules for repositories, None if they may stay as they are.
        tag_protection: the same for tags.
    """

    access_level: str | None = None
    policy: t.Mapping[str, Value] = field(default_factory=dict)
    repository_protection: DesiredRules | None = None
    tag_protection: DesiredRules | None = None

    @property
    def protections(self) -> tuple[DesiredRules, ...]:
        """The wanted rules of each kind."""
        return tuple(filter(None, (self.repository_protection, self.tag_protection)))


@dataclass(frozen=True)
class ObservedProject:
    """A project as it was read.

    Args:
        project: the project.
        rules: its protection rules by kind, as far as they are wanted and can be seen.
        has_images: None if nobody asked.
        error: why something of it is unknown, so that it is left as it is.
    """

    project: Project
    rules: t.Mapping[RuleKind, tuple[ProtectionRule, ...]] = field(default_factory=dict)
    has_images: bool | None = None
    error: RequestError | None = None


class Difference(t.NamedTuple):
    """One setting that is not as it is wanted.

    Args:
        setting: its name, such as cleanup_policy.keep_n.
        before: its value now.
        after: the value that is wanted.
    """

    setting: str
    before: Value
    after: Value


class ProjectAction(enum.Enum):
    """What is done to a project. UNKNOWN: nothing, since it can't be read or can't have what is wanted."""

    UPDATE = "update"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ProjectPlan:
    """What to change in one project.

    Args:
        observed: the project as it was read.
        desired: the settings that are wanted.
        attributes: what is sent for visibility and policy.
        rule_changes: the changes of protection rules by kind.
        before: all settings that are wanted in some way, by name, in the order in which they are shown.
        after: the same as they will be.
        policy: the cleanup policy as it will be, by the names of options, empty if none is wanted.
        notes: what is left undone, and why.
        error: why nothing is changed at all.
    """

    observed: ObservedProject
    desired: DesiredSettings
    attributes: t.Mapping[str, t.Any] = field(default_factory=dict)
    rule_changes: t.Mapping[RuleKind, tuple[RuleChange, ...]] = field(default_factory=dict)
    before: t.Mapping[str, Value] = field(default_factory=dict)
    after: t.Mapping[str, Value] = field(default_factory=dict)
    policy: t.Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: RequestError | UnsupportedSetting | None = None

    @property
    def project(self) -> Project:
        """The project as it was read."""
        return self.observed.project

    @property
    def differences(self) -> list[Difference]:
        """The settings that are not as they are wanted."""
        names = [*self.before, *(name for name in self.after if name not in self.before)]
        return [
            Difference(setting=name, before=self.before.get(name), after=self.after.get(name))
            for name in names
            if self.before.get(name) != self.after.get(name)
        ]

    @property
    def changed(self) -> bool:
        """Whether anything is to change."""
        return not self.error and bool(self.attributes or any(self.rule_changes.values()))

    @property
    def action(self) -> ProjectAction:
        """What is done."""
        if self.error:
            return ProjectAction.UNKNOWN
        return ProjectAction.UPDATE if self.changed else ProjectAction.NONE


def check_policy(policy: t.Mapping[str, Value]) -> None:
    """Check a wanted policy, by the names of options.

    Raises:
        UsageError: GitLab takes it in no project.
    """
    for option in ("name_regex_delete", "name_regex_keep"):
        pattern = policy.get(option)
        if isinstance(pattern, str) and pattern.strip():
            check_pattern(pattern, option)
    if policy.get("enabled") and "name_regex_delete" in policy and not str(policy["name_regex_delete"]).strip():
        raise UsageError("name_regex_delete is empty: an enabled policy needs a pattern, such as .*")


def policy_lint_warnings(policy: t.Mapping[str, Value]) -> list[str]:
    """What is in no list that is known here, one sentence each: GitLab's lists grow with its releases."""
    return [
        f"{option} is {policy[option]}, and the known releases of GitLab accept {', '.join(map(str, values))}: GitLab "
        "itself decides."
        for option, values in _KNOWN_VALUES.items()
        if policy.get(option) is not None and policy[option] not in values
    ]


def _policy_values(policy: ServerPolicy | None) -> dict[str, Value]:
    """A policy by the names of options. Of a project that has none only this is known: nothing runs."""
    if policy is None:
        return {"enabled": False}
    return policy.options


def policy_after(plan: ProjectPlan) -> ServerPolicy:
    """The policy as it will be; what a project without one gets from GitLab besides is not known."""
    known: dict[str, t.Any] = {key: plan.policy.get(name) for name, key in POLICY_KEYS.items()}
    return ServerPolicy(**known, next_run_at=None)


def needs_images(project: Project, desired: DesiredSettings) -> bool:
    """Whether a plan has to know if the project has images: GitLab switches policies of those without off."""
    return bool(desired.policy.get("enabled")) and not (project.policy and project.policy.enabled)


def plan_projects(wanted: t.Iterable[tuple[ObservedProject, DesiredSettings]]) -> tuple[ProjectPlan, ...]:
    """Decide what to change. wanted: projects as they were read, each with the settings that are wanted of it."""
    return tuple(plan_project(observed, desired) for observed, desired in wanted)


def plan_project(observed: ObservedProject, desired: DesiredSettings) -> ProjectPlan:
    """Decide what to change in one project."""
    project = observed.project
    if observed.error:
        return ProjectPlan(observed, desired, error=observed.error)
    policy, notes = _lasting_policy(observed, desired)
    seen = [wanted for wanted in desired.protections if wanted.kind in observed.rules]
    if len(seen) < len(desired.protections):
        notes = (*notes, "its protection rules are hidden while its registry is disabled")
    try:
        attributes = _attributes(project, desired.access_level, policy)
        rule_changes = {
            wanted.kind: tuple(plan_rules(observed.rules[wanted.kind], rules_in_project(wanted, project.path)))
            for wanted in seen
        }
    except UnsupportedSetting as error:
        return ProjectPlan(observed, desired, error=UnsupportedSetting(error.message, project.path))
    whole = {**_policy_values(project.policy), **policy} if desired.policy else {}
    plan = ProjectPlan(
        observed=observed,
        desired=desired,
        attributes=attributes,
        rule_changes=rule_changes,
        before=shown_settings(observed, desired),
        after=_settings_after(observed, desired, whole, rule_changes),
        policy=whole,
        notes=notes,
    )
    if not project.archived or plan.before == plan.after:
        return plan
    message = "it is archived, and GitLab changes nothing in archived projects"
    return ProjectPlan(
        observed,
        desired,
        before=plan.before,
        after=plan.after,
        policy=plan.policy,
        error=UnsupportedSetting(message, project.path),
    )


def _lasting_policy(observed: ObservedProject, desired: DesiredSettings) -> tuple[dict[str, Value], tuple[str, ...]]:
    """The policy as far as it can last, and what can't.

    GitLab switches the policies of projects without images off by itself, so switching one on would never end:
    app/workers/container_expiration_policy_worker.rb.
    """
    policy = dict(desired.policy)
    if observed.has_images is not False or not needs_images(observed.project, desired):
        return policy, ()
    del policy["enabled"]
    note = "the policy remains disabled, since the project has no images and GitLab would disable it again"
    return policy, (note,)


def _attributes(project: Project, access_level: str | None, policy: t.Mapping[str, Value]) -> dict[str, t.Any]:
    """What to send for visibility and policy: only what differs, since saving a policy alone moves its next run."""
    attributes: dict[str, t.Any] = {}
    if access_level and project.access_level is None:
        raise UnsupportedSetting(
            "GitLab does not show its container_registry_access_level, which needs the role Maintainer"
        )
    if access_level and access_level != project.access_level:
        attributes["container_registry_access_level"] = access_level
    present = _policy_values(project.policy)
    different = {POLICY_KEYS[name]: value for name, value in policy.items() if value != present.get(name)}
    if different:
        after = {**present, **policy}
        if after["enabled"] and not str(after.get("name_regex_delete") or "").strip():
            raise UnsupportedSetting("an enabled policy needs name_regex_delete, and it has none")
        attributes["container_expiration_policy_attributes"] = different
    return attributes


def shown_settings(
    observed: ObservedProject, desired: DesiredSettings, options: t.Container[str] = tuple(POLICY_KEYS)
) -> dict[str, Value]:
    """All settings of a project that are wanted in some way, by name, as they are shown.

    Args:
        observed: the project as it was read.
        desired: the settings that are wanted.
        options: those of the policy that are shown.
    """
    shown: dict[str, Value] = {"access_level": observed.project.access_level} if desired.access_level else {}
    if desired.policy:
        policy = _policy_values(observed.project.policy)
        shown.update((f"cleanup_policy.{name}", value) for name, value in policy.items() if name in options)
    for wanted in desired.protections:
        shown.update(_shown_rules(wanted.kind, observed.rules.get(wanted.kind, ())))
    return shown


def _settings_after(
    observed: ObservedProject,
    desired: DesiredSettings,
    policy: t.Mapping[str, Value],
    rule_changes: t.Mapping[RuleKind, t.Sequence[RuleChange]],
) -> dict[str, Value]:
    shown: dict[str, Value] = {"access_level": desired.access_level} if desired.access_level else {}
    shown.update((f"cleanup_policy.{name}", value) for name, value in policy.items())
    for kind, changes in rule_changes.items():
        shown.update(_shown_rules(kind, rules_after(observed.rules[kind], changes)))
    return shown


def _shown_rules(kind: RuleKind, rules: t.Iterable[ProtectionRule]) -> dict[str, Value]:
    return {
        f"{kind.value}_protection {rule.pattern}": (
            f"push: {rule.push or _NOT_LIMITED}, delete: {rule.delete or _NOT_LIMITED}"
        )
        for rule in sorted(rules, key=lambda rule: rule.pattern)
    }


def refusals_of(plans: t.Sequence[ProjectPlan], max_changed_projects: int | None) -> list[str]:
    """Why nothing at all may be changed, one sentence each without its full stop. max_changed_projects: None is any."""
    changing = sum(1 for plan in plans if plan.changed)
    if max_changed_projects is None or changing <= max_changed_projects:
        return []
    return [f"{counted(changing, 'project')} would be changed, more than max_changed_projects {max_changed_projects}"]


def access_level_counts(plans: t.Sequence[ProjectPlan]) -> dict[str, dict[str, int]]:
    """The number of projects by the visibility of their registry, before and after."""
    before = [plan.project.access_level for plan in plans]
    after = [level if plan.error else plan.after["access_level"] for plan, level in zip(plans, before)]
    return {"before": _counts(before), "after": _counts(after)}


def _counts(levels: t.Iterable[t.Any]) -> dict[str, int]:
    return dict(sorted(collections.Counter(str(level or "unknown") for level in levels).items()))


def diff(plans: t.Sequence[ProjectPlan], limit: int) -> list[dict[str, str]]:
    """The settings before and after of projects that change. limit: the most projects."""
    changing = [plan for plan in plans if plan.changed]
    rows = [
        diff_part(plan.project.path, before=_text(plan.before), after=_text(plan.after)) for plan in changing[:limit]
    ]
    hidden = len(changing) - len(rows)
    if hidden:
        rows.append(hidden_part(before=counted(hidden, "more project")))
    return rows


def _text(settings: t.Mapping[str, Value]) -> str:
    return "".join(f"{printable(name)}: {printable(written(value))}\n" for name, value in settings.items())


def written(value: Value) -> str:
    """A value as people write it in YAML."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def project_row(plan: ProjectPlan) -> dict[str, t.Any]:
    """A project with its settings, for results and files."""
    return {
        "id": plan.project.id,
        "path": plan.project.path,
        "action": plan.action.value,
        "before": dict(plan.before),
        "after": dict(plan.after),
        "differences": [
            {"setting": each.setting, "before": each.before, "after": each.after} for each in plan.differences
        ],
        "notes": list(plan.notes),
        "error": str(plan.error) if plan.error else None,
    }
