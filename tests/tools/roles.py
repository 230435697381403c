# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of roles, made of the options of the modules that they run: `python -m tests.tools.roles` writes them.

A role has an option of its module under its own name before it. What else it has is written in its argument
specification by hand and stays there. The page on the variables gets its tables of empty values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.tools.collection import ROOT
from tests.tools.documents import OWN_FRAGMENTS, fragments, options_of
from tests.tools.pages import filled, table

PAGE = ROOT / "docs" / "role-variables.md"

# What users say once for all modules, by module_defaults.
CONNECTION = {
    option
    for part in ("_connection", "_registry", "_registry.reading")
    for option in fragments()[f"{OWN_FRAGMENTS}{part}"]["options"]
    if option != "on_error"
}
# Options that count as left out if their variable is an empty text, as they do for the module. Any other empty text is
# refused: no option that keeps tags, or limits what is deleted, may be here.
MAY_BE_EMPTY = (
    *("plan_path", "output_path", "journal_path"),
    *("compare_with", "csv_folder", "prometheus_path", "markdown_path", "html_path"),
)
# What registry_report has too. The roles make reports of what they read.
_REPORTS = (
    *("csv_folder", "prometheus_path", "prometheus_repositories", "markdown_path", "html_path"),
    *("compare_with", "price_per_gib_month"),
)


@dataclass(frozen=True)
class Role:
    """A role that runs a module.

    module: its name. own: the role's variables that are no option of it, or another one. left_out: options that are no
    variables. defaults: other ones than the module's. reports: whether it makes reports of what it reads.
    """

    module: str
    own: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    reports: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The module's options that the role has, by name."""
        found = options_of(ROOT / "plugins" / "modules" / f"{self.module}.py")
        return {name: option for name, option in found.items() if name not in {*CONNECTION, *self.left_out}}

    @property
    def report_options(self) -> dict[str, Any]:
        """The options of registry_report that the role has, by name."""
        found = options_of(ROOT / "plugins" / "modules" / "registry_report.py")
        return {name: found[name] for name in _REPORTS} if self.reports else {}


ROLES = {
    "registry_audit": Role(
        "registry_info",
        own=("estimate", "disabled_policies", "plan_path", "output_path", "json_path", "ignored_variables"),
        # A preview is made by the cleanup's variables, which also choose the repositories.
        left_out=("estimate", "output_path", "tag_names", "repositories", "exclude_repositories"),
        defaults={"gather": ["tags_count"]},
        reports=True,
    ),
    "registry_cleanup": Role(
        "registry_cleanup",
        own=("plan_package", "approved_plan_package", "gather_in_use", "in_use_sources_path", "ignored_variables"),
        # The playbook that applies an approved plan says it in a way that no variable can change.
        # Nor is it a user's matter which files the role itself removes.
        left_out=("require_approval", "journal_is_temporary"),
        reports=True,
    ),
    "registry_restore": Role("registry_restore", own=("journal_path", "journal_package", "ignored_variables")),
    "registry_settings": Role(
        "registry_settings",
        own=("json_path", "csv_path", "fail_on_drift", "ignored_variables"),
        left_out=("output_path",),
    ),
}


def folder_of(name: str) -> Path:
    return ROOT / "roles" / name


def argument_specs_of(name: str) -> str:
    """The argument specification of a role, with the variables that it has by hand."""
    path = folder_of(name) / "meta" / "argument_specs.yml"
    specs = yaml.safe_load(path.read_text())
    by_hand = specs["argument_specs"]["main"]["options"]
    own = {f"{name}_{option}": by_hand[f"{name}_{option}"] for option in ROLES[name].own}
    specs["argument_specs"]["main"]["options"] = {**_from_module(name), **own}
    return _text(path, specs)


def _from_module(name: str) -> dict[str, Any]:
    role = ROLES[name]
    options = {**role.options, **role.report_options}
    return {f"{name}_{option}": _variable(name, option, spec) for option, spec in options.items()}


def _variable(name: str, option: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    role = ROLES[name]
    description = [_for_role(name, text) for text in spec["description"]]
    if "suboptions" in spec:
        # The schema of argument specifications has no aliases, which the module takes there.
        description.append(f"It is written as O(containerops.gitlab.{role.module}#module:{option}).")
    found = {key: value for key, value in spec.items() if key in ("type", "elements", "choices", "required")}
    if "dict" in (spec["type"], spec.get("elements")):
        # The automatic check of a role would refuse a text.
        description.append("It may also be given as a text in YAML or JSON.")
        found = {"type": "raw"}
    if "elements" in found and "choices" in found:
        # It would also refuse a text of several lines. The module knows the choices, too.
        *others, last = (f"V({choice})" for choice in found.pop("choices"))
        description.append(f"Any of {', '.join(others)} and {last}.")
    default = role.defaults.get(option, spec.get("default", "" if option in MAY_BE_EMPTY else None))
    return {"description": description, **found, **({} if default is None else {"default": default})}


def _for_role(name: str, text: str) -> str:
    """A description in which options are called as the role's variables, and what it does not have as the module's."""
    role = ROLES[name]
    variables = {*role.options, *role.report_options, *role.own}
    module = f"containerops.gitlab.{role.module}#module:"

    def reference(match: re.Match[str]) -> str:
        kind, target = match.groups()
        if "#" in target:
            return match[0]
        # A variable of a role is documented without suboptions.
        option = target.partition("=")[0]
        return f"O({name}_{target})" if kind == "O" and option in variables else f"{kind}({module}{target})"

    return re.sub(r"\b(O|RV)\(([^)]+)\)", reference, text)


def empty_values_of(name: str) -> str:
    """The table of what an empty text is in each variable of a role."""
    text = (folder_of(name) / "meta" / "argument_specs.yml").read_text()
    options = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    rows = [
        (f"`{option}`", spec["type"], "left out" if spec.get("default") == "" else "refused")
        for option, spec in sorted(options.items())
    ]
    return table(("variable", "type", "an empty text, or null"), rows)


def page() -> str:
    """The page on the variables of roles."""
    names = sorted(path.name for path in (ROOT / "roles").iterdir())
    return filled(PAGE.read_text(), "empty", {name: empty_values_of(name) for name in names})


class _Dumper(yaml.SafeDumper):
    """Lists below their key are indented, and nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(path: Path, content: Any) -> str:
    """The YAML of a file, below the comments that it begins with."""
    lines = path.read_text().splitlines(keepends=True)
    head = "".join(itertools.takewhile(lambda line: line.startswith(("---", "#", "\n")), lines))
    body = yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=75, allow_unicode=True)
    return f"{head}{body}"


def main() -> None:
    """Write all of it."""
    for name in ROLES:
        (folder_of(name) / "meta" / "argument_specs.yml").write_text(argument_specs_of(name))
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
