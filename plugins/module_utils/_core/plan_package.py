# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The package that a plan is stored in. Pure."""

from __future__ import annotations

import typing as t

# What the package and the file are called if nobody says it.
PLAN_PACKAGE, PLAN_FILE = "registry-cleanup-plan", "plan.jsonl"


def package_in_words(package: t.Mapping[str, t.Any]) -> str:
    """Where a plan is stored.

    Args:
        package: project and version, and package and file_name if they are given.
    """
    file, name = package.get("file_name") or PLAN_FILE, package.get("package") or PLAN_PACKAGE
    return f"{file}, version {package['version']} of the package {name} in {package['project']}"
