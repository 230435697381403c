# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options: written once, of one name and one default for one thing, in modules and in roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.collection import ROOT
from tests.tools.documents import OWN_FRAGMENTS, documentation_of, fragments, options_of
from tests.unit.repository.tree import INVENTORY, MODULES, text_of

# What a task says once for all modules, by module_defaults.
CONNECTION = {
    option
    for part in ("_connection", "_registry", "_registry.reading")
    for option in fragments()[f"{OWN_FRAGMENTS}{part}"]["options"]
}


ROLE_MODULES = {
    "registry_audit": ["registry_info", "registry_cleanup"],
    "registry_cleanup": ["registry_cleanup"],
    "registry_settings": ["registry_settings"],
}


@pytest.mark.parametrize("role", sorted(ROLE_MODULES))
def test_the_options_of_a_role_are_those_of_its_modules(role: str) -> None:
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    options = spec["argument_specs"]["main"]["options"]
    modules: dict[str, Any] = {}
    for name in ROLE_MODULES[role]:
        found = options_of(ROOT / "plugins" / "modules" / f"{name}.py")
        modules |= {key: value for key, value in found.items() if key not in modules}
    own = {f"{role}_{key}" for key in ("json_path", "csv_path", "project", "group", "repository_id")}
    own |= {f"{role}_repositories", f"{role}_exclude_repositories", f"{role}_fail_on_drift"}
    own |= {
        f"{role}_{key}" for key in ("plan_package", "approved_plan_package", "gather_in_use", "in_use_sources_path")
    }
    for name, option in options.items():
        if name in own:
            continue
        module = modules[name.removeprefix(f"{role}_")]
        assert option["type"].replace("path", "str") == module["type"].replace("path", "str"), name
        assert option.get("choices") == module.get("choices"), name
        assert option.get("elements") == module.get("elements"), name
        if "default" in module and name != "registry_audit_gather":
            assert option["default"] == module["default"], name
    left_out = set(modules) - {name.removeprefix(f"{role}_") for name in options} - CONNECTION
    assert (
        left_out
        == {
            "registry_audit": {
                *(
                    "tag_names",
                    "output_path",
                    "delete_via",
                    "wait",
                    "wait_timeout",
                    "plan_max_age",
                    "max_drift_percent",
                ),
                *("approved_plan", "approved_plan_path", "approved_fingerprint", "journal_path"),
            },
            "registry_cleanup": set(),
            "registry_settings": {"output_path"},
        }[role]
    )


def test_an_option_of_several_plugins_is_documented_once() -> None:
    documented: dict[tuple[str, str], list[str]] = {}
    own = {plugin.stem: documentation_of(plugin).get("options", {}) for plugin in [*MODULES, *INVENTORY]}
    for place, options in (own | {name: part.get("options", {}) for name, part in fragments().items()}).items():
        for name, option in options.items():
            documented.setdefault((name, yaml.safe_dump(option)), []).append(place)
    assert [(name, places) for (name, _text), places in documented.items() if len(places) > 1] == []


# Its lists hold what the task itself names.
AS_LONG_AS_NAMED = ["registry_tag"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_that_returns_lists_limits_them(module: Path) -> None:
    returned = yaml.safe_load(text_of(module, "RETURN")).values()
    lists = [value for value in returned if "list" in (value["type"], *_types(value))]
    assert ("return_limit" in options_of(module)) is (bool(lists) and module.stem not in AS_LONG_AS_NAMED)


def _types(value: dict[str, Any]) -> list[str]:
    return [each["type"] for each in value.get("contains", {}).values()]


def test_a_file_that_a_module_writes_has_one_of_these_names() -> None:
    paths = {name for plugin in MODULES for name, option in options_of(plugin).items() if option["type"] == "path"}
    certificates = {"ca_path", "client_cert", "client_key"}
    read = {"api_token_file", "approved_plan_path"}
    assert paths - certificates - read == {"plan_path", "output_path", "cache_path", "journal_path"}
