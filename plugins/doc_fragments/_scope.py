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
      - Ids of container repositories, such as V(7).
    type: list
    elements: int
  repositories:
    description:
      - Use only these repositories of the scope. Each entry is an exact path, such as V(group/project/name), or a glob,
        such as V(group/*). Upper and lower case are equal.
      - In a glob, V(*) also matches slashes. A regular expression, such as V(team/prod.*), is refused, and so is a path
        with a host.
      - An exact path that no repository has is an error. A glob that matches none is a warning.
    type: list
    elements: str
  exclude_repositories:
    description:
      - Leave out these repositories. Entries are paths or globs as in O(repositories).
      - If an entry excludes nothing, there is a warning. A cleanup is refused, unless its option C(on_unmatched) allows
        it.
    type: list
    elements: str
"""

    PROJECT = r"""
options:
  project:
    description:
      - Projects, each by its full path, such as V(group/project), or by its numeric id. A project name without its
        group is not enough.
      - The address of the project's page in this GitLab, and its clone address, are accepted as well.
    type: list
    elements: str
"""

    GROUP = r"""
options:
  group:
    description:
      - A group with its subgroups, by its full path, such as V(group/subgroup), or by its numeric id. Projects that
        other groups share with it are left out.
    type: str
"""

    INSTANCE = r"""
options:
  instance:
    description:
      - Use all projects of this GitLab server, instead of single projects or a group.
      - It is only for administrators. If Admin Mode is enabled, the token also needs the scope C(admin_mode).
      - It is refused for all other users and on GitLab.com, since GitLab would silently show only some of the projects.
    type: bool
    default: false
"""
