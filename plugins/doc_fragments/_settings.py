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
      - Refuse when more projects would be changed. Not limited by default.
    type: int
  output_path:
    description:
      - Write a line for each project to this file as JSON Lines, in check mode too. Nothing is cut off in it.
    type: path
  return_limit:
    description:
      - The most entries of each list that is returned, and of projects in the diff.
    type: int
    default: 100
"""

    PROJECTS = r"""
options:
  project:
    description:
      - Projects, each by its numeric id or full path. GitLab does not look up a bare project name.
      - Exactly one of O(project) and O(group) is required.
    type: list
    elements: str
  group:
    description:
      - A group by its numeric id or full path, with its subgroups. Projects that other groups share with it, and
        archived ones, are left out.
    type: str
"""
