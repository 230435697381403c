# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A project's settings: what is wanted, what there is, and what leads from one to the other. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._core.errors import ErrorKind, RequestError, UsageError
from .._core.models import Project, ProtectionRule, ServerPolicy
from .._rules.patterns import pattern_error
from .protection import Protection, RuleChange, UnsupportedSetting, applied, changes, in_project

ACCESS_LEVELS = ("enabled", "private", "disabled")
CLEARABLE = ("keep_n", "older_than", "name_regex_keep")

# app/models/container_expiration_policy.rb; newer releases may know more.
KNOWN = {
    "cadence": ("1d", "7d", "14d", "1month", "3month"),
    "keep_n": (1, 5, 10, 25, 50, 100),
    "older_than": ("7d", "14d", "30d", "60d", "90d"),
}

# How users know the keys of a policy, and what the API really calls them: it drops a name_regex_delete in silence.
POLICY_KEYS = {
    "enabled": "enabled",
    "cadence": "cadence",
    "keep_n": "keep_n",
    "older_than": "older_than",
    "name_regex_delete": "name_regex",
    "name_regex_keep": "name_regex_keep",
}

NOT_LIMITED = "not limited"

Value = t.Union[str, int, bool, None]


@dataclass(frozen=True)
class Wish:
    """What is wanted of a project; None and no key is whatever it is. policy: by the names of options, None is null."""

    access_level: str | None = None
    policy: t.Mapping[str, Value] = field(default_factory=dict)
    repository_protection: Protection | None = None
    tag_protection: Protection | None = None

    @property
    def protections(self) -> tuple[Protection, ...]:
        return tuple(filter(None, (self.repository_protection, self.tag_protection)))


@dataclass(frozen=True)
class Found:
    """A project as it was read. rules: by kind, as far as they were wanted and can be seen.

    has_images: None where nobody asked.
    error: why something of it is unknown, so that it is left as it is.
    """

    project: Project
    rules: t.Mapping[str, tuple[ProtectionRule, ...]] = field(default_factory=dict)
    has_images: bool | None = None
    error: RequestError | None = None


@dataclass(frozen=True)
class Difference:
    """One setting that is not as it is wanted. setting: such as cleanup_policy.keep_n."""

    setting: str
    before: Value
    after: Value


@dataclass(frozen=True)
class ProjectPlan:
    """What to change in one project. attributes: what is sent for visibility and policy. before, after: all settings
    that the wish is about, by name, in the order in which they are shown. policy: as it will be, by the names of
    options, empty where the wish is not about it. notes: what is left undone, and why.

    error: why nothing of it is changed at all.
    """

    found: Found
    attributes: t.Mapping[str, t.Any] = field(default_factory=dict)
    rule_changes: t.Mapping[str, tuple[RuleChange, ...]] = field(default_factory=dict)
    before: t.Mapping[str, Value] = field(default_factory=dict)
    after: t.Mapping[str, Value] = field(default_factory=dict)
    policy: t.Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: RequestError | None = None

    @property
    def project(self) -> Project:
        return self.found.project

    @property
    def differences(self) -> list[Difference]:
        names = [*self.before, *(name for name in self.after if name not in self.before)]
        return [
            Difference(name, self.before.get(name), self.after.get(name))
            for name in names
            if self.before.get(name) != self.after.get(name)
        ]

    @property
    def changed(self) -> bool:
        return not self.error and bool(self.attributes or any(self.rule_changes.values()))


def check_policy(policy: t.Mapping[str, Value]) -> None:
    """Raises UsageError for a policy that GitLab takes in no project."""
    for option in ("name_regex_delete", "name_regex_keep"):
        pattern = policy.get(option)
        reason = pattern_error(str(pattern)) if pattern else None
        if reason:
            raise UsageError(f"{option} '{pattern}' is not a valid RE2 pattern: {reason}.")
    if policy.get("enabled") and "name_regex_delete" in policy and not str(policy["name_regex_delete"]).strip():
        raise UsageError("name_regex_delete is empty: an enabled policy needs a pattern, such as .*")


def policy_lint_warnings(policy: t.Mapping[str, Value]) -> list[str]:
    """What is in no list that is known here, one sentence each: GitLab's lists grow with its releases."""
    return [
        f"{option} is {policy[option]}, and the releases of GitLab known here take {', '.join(map(str, values))}: "
        "GitLab itself has the last word."
        for option, values in KNOWN.items()
        if policy.get(option) is not None and policy[option] not in values
    ]


def policy_values(policy: ServerPolicy | None) -> dict[str, Value]:
    """A policy by the names of options. Of a project that has none only this is known: nothing runs."""
    if policy is None:
        return {"enabled": False}
    return {name: getattr(policy, key) for name, key in POLICY_KEYS.items()}


def is_hidden(project: Project) -> bool:
    """Whether nobody can see images and protection rules: a disabled registry is withdrawn from administrators too."""
    return project.access_level == "disabled"


def wants_images(project: Project, wish: Wish) -> bool:
    """Whether a plan has to know if the project has images: GitLab switches policies of those without off."""
    return bool(wish.policy.get("enabled")) and not (project.policy and project.policy.enabled)


def plan_project(found: Found, wish: Wish) -> ProjectPlan:
    """What leads from what there is to what is wanted, in one project."""
    project = found.project
    if found.error:
        return ProjectPlan(found, error=found.error)
    policy, notes = _policy_to_set(found, wish)
    seen = [wanted for wanted in wish.protections if wanted.kind in found.rules]
    if len(seen) < len(wish.protections):
        notes = (*notes, "its protection rules are hidden as long as its registry is disabled")
    try:
        attributes = _attributes(project, wish.access_level, policy)
        changed = {
            wanted.kind: tuple(changes(found.rules[wanted.kind], in_project(wanted, project.path))) for wanted in seen
        }
    except UnsupportedSetting as error:
        return ProjectPlan(found, error=_refusal(project, str(error)))
    whole = {**policy_values(project.policy), **policy} if wish.policy else {}
    before, after = settings_of(found, wish), _settings_after(found, wish, whole, changed)
    if project.archived and before != after:
        message = "it is archived, and GitLab changes nothing in archived projects"
        return ProjectPlan(found, before=before, after=after, error=_refusal(project, message))
    return ProjectPlan(found, attributes, changed, before, after, whole, notes)


def _policy_to_set(found: Found, wish: Wish) -> tuple[dict[str, Value], tuple[str, ...]]:
    """The policy as far as it can last, and what can't.

    GitLab switches the policies of projects without images off by itself, so switching one on would never end:
    app/workers/container_expiration_policy_worker.rb.
    """
    policy = dict(wish.policy)
    if found.has_images is not False or not wants_images(found.project, wish):
        return policy, ()
    del policy["enabled"]
    note = "the policy remains disabled, since the project has no images and GitLab would switch it off again"
    return policy, (note,)


def _attributes(project: Project, access_level: str | None, policy: t.Mapping[str, Value]) -> dict[str, t.Any]:
    """What to send for visibility and policy: only what differs, since saving a policy alone moves its next run."""
    attributes: dict[str, t.Any] = {}
    if access_level and project.access_level is None:
        raise UnsupportedSetting(
            "GitLab does not show its container_registry_access_level, which takes the role Maintainer"
        )
    if access_level and access_level != project.access_level:
        attributes["container_registry_access_level"] = access_level
    present = policy_values(project.policy)
    different = {POLICY_KEYS[name]: value for name, value in policy.items() if value != present.get(name)}
    if different:
        after = {**present, **policy}
        if after["enabled"] and not str(after.get("name_regex_delete") or "").strip():
            raise UnsupportedSetting("an enabled policy needs name_regex_delete, and it has none")
        attributes["container_expiration_policy_attributes"] = different
    return attributes


def settings_of(found: Found, wish: Wish) -> dict[str, Value]:
    """All settings that a wish is about, by name, as they are shown."""
    shown: dict[str, Value] = {"access_level": found.project.access_level} if wish.access_level else {}
    if wish.policy:
        shown.update((f"cleanup_policy.{name}", value) for name, value in policy_values(found.project.policy).items())
    for wanted in wish.protections:
        shown.update(_rules_shown(wanted.kind, found.rules.get(wanted.kind, ())))
    return shown


def _settings_after(
    found: Found, wish: Wish, policy: t.Mapping[str, Value], changed: t.Mapping[str, t.Sequence[RuleChange]]
) -> dict[str, Value]:
    shown: dict[str, Value] = {"access_level": wish.access_level} if wish.access_level else {}
    shown.update((f"cleanup_policy.{name}", value) for name, value in policy.items())
    for kind, listed in changed.items():
        shown.update(_rules_shown(kind, applied(found.rules[kind], listed)))
    return shown


def _rules_shown(kind: str, rules: t.Iterable[ProtectionRule]) -> dict[str, Value]:
    return {
        f"{kind}_protection {rule.pattern}": f"push: {rule.push or NOT_LIMITED}, delete: {rule.delete or NOT_LIMITED}"
        for rule in sorted(rules, key=lambda rule: rule.pattern)
    }


def _refusal(project: Project, message: str) -> RequestError:
    return RequestError(ErrorKind.UNFIT, message, operation=f"change the settings of project {project.path}")


def diff(plans: t.Sequence[ProjectPlan], limit: int) -> list[dict[str, str]]:
    """The settings before and after of at most limit projects that change."""
    changing = [plan for plan in plans if plan.changed]
    rows = [
        {
            "before_header": plan.project.path,
            "after_header": plan.project.path,
            "before": _text(plan.before),
            "after": _text(plan.after),
        }
        for plan in changing[:limit]
    ]
    hidden = len(changing) - len(rows)
    if hidden:
        before = f"... and {hidden} more projects, see output_path\n"
        rows.append({"before_header": "more", "after_header": "more", "before": before, "after": ""})
    return rows


def _text(settings: t.Mapping[str, Value]) -> str:
    return "".join(f"{_printable(name)}: {_printable(written(value))}\n" for name, value in settings.items())


def written(value: Value) -> str:
    """A value as people write it in YAML."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _printable(text: str) -> str:
    """A text that can't move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def project_result(plan: ProjectPlan) -> dict[str, t.Any]:
    """A project with its settings, for results and files."""
    return {
        "id": plan.project.id,
        "path": plan.project.path,
        "action": "unknown" if plan.error else "update" if plan.changed else "none",
        "before": dict(plan.before),
        "after": dict(plan.after),
        "differences": [
            {"setting": each.setting, "before": each.before, "after": each.after} for each in plan.differences
        ],
        "notes": list(plan.notes),
        "error": str(plan.error) if plan.error else None,
    }
