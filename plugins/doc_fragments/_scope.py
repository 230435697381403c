# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  project:
    description:
      - Projects, each by its numeric id or full path. GitLab does not look up a bare project name.
      - Exactly one of O(project), O(group) and O(repository_id) is required.
    type: list
    elements: str
  group:
    description:
      - A group by its numeric id or full path, with its subgroups. Projects that other groups share with it are left
        out.
    type: str
  repository_id:
    description:
      - Container repositories by their ids.
    type: list
    elements: int
  repositories:
    description:
      - Of the repositories in scope take only these, by exact path (V(group/project/name)) or glob, compared in
        lower case.
        In a glob V(*) matches slashes too.
      - An exact path that no repository has is an error, a glob that matches none a warning.
    type: list
    elements: str
  exclude_repositories:
    description:
      - Leave out these repositories, written as in O(repositories).
    type: list
    elements: str
"""
