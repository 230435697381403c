# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The variables that the roles of this collection document."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"


@functools.cache
def specs_of(role: str) -> dict[str, t.Any]:
    """The options of a role's argument specification, by the names of the variables."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(ROLES / role / "meta" / "argument_specs.yml", encoding="utf-8") as file:
        specs = yaml.load(file, Loader=loader)  # noqa: S506 (both are safe)
    found: dict[str, t.Any] = specs["argument_specs"]["main"]["options"]
    return found


def is_of_another_role(role: str, name: str) -> bool:
    """Whether a variable is one that another role of this collection documents."""
    others = (path.name for path in ROLES.iterdir() if path.name != role and name.startswith(f"{path.name}_"))
    return any(name in specs_of(other) for other in others)
