# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  max_changed_projects:
    description:
      - Maximum number of projects to change. If more would be changed, the task is refused. There is no limit by
        default.
    type: int
  output_path:
    description:
      - Write one line for each project to this file, as JSON Lines. It is also written in check mode.
    type: path
"""

    PROJECTS = r"""
notes:
  - Exactly one of O(project) and O(group) is required. Archived projects of a group are left out.
options: {}
"""

    PROTECTION = r"""
options:
  state:
    description:
      - V(present) creates and updates the rules. V(absent) deletes the rules with these patterns.
    type: str
    choices:
      - present
      - absent
    default: present
  exclusive:
    description:
      - Whether to delete all other rules of this kind.
    type: bool
    default: false
"""
