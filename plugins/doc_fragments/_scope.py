# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  repository_id:
    description:
      - Container repositories by their ids.
    type: list
    elements: int
  repositories:
    description:
      - Take only these repositories of the scope, by exact path (V(group/project/name)) or glob, compared in lower
        case. In a glob V(*) matches slashes too.
      - An exact path that no repository has is an error. A glob that matches none is a warning.
    type: list
    elements: str
  exclude_repositories:
    description:
      - Leave out these repositories, written as in O(repositories).
      - An entry that leaves out nothing is a warning. A cleanup is refused unless its C(on_unmatched) says otherwise.
    type: list
    elements: str
"""

    PROJECT = r"""
options:
  project:
    description:
      - Projects, each by its numeric id or full path. GitLab does not look up a bare project name.
    type: list
    elements: str
"""

    GROUP = r"""
options:
  group:
    description:
      - A group by its numeric id or full path, with its subgroups. Projects that other groups share with it are left
        out.
    type: str
"""

    INSTANCE = r"""
options:
  instance:
    description:
      - Everything that this GitLab has, instead of single projects or a group.
      - For administrators. If Admin Mode is on, their tokens need the scope C(admin_mode) too. It is refused to
        everybody else and on GitLab.com, since GitLab would silently show only a part.
    type: bool
    default: false
"""
