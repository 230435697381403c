# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
notes:
  - >-
    The registry wants credentials of its own, from which GitLab makes a token for exactly the repositories and rights
    at hand. They are O(registry_username) and O(registry_password), else the access token for GitLab's API, which needs
    the scope C(api), C(read_registry) or, to change something, C(write_registry), else E(CI_REGISTRY_USER) and
    E(CI_REGISTRY_PASSWORD), else the job token. A token for GitLab's API is sent to GitLab alone.
options:
  registry_url:
    description:
      - Address of the registry itself, such as C(https://registry.example.com).
      - If not set, E(CI_REGISTRY) is used, else the host that GitLab tells, with the scheme of O(api_url).
    type: str
  registry_username:
    description:
      - User for the registry itself, such as the name of a deploy token. Needs O(registry_password).
    type: str
  registry_password:
    description:
      - Password of O(registry_username), a personal, project, group or deploy token.
    type: str
"""

    READING = r"""
options:
  read_via:
    description:
      - How tags are read.
      - V(graphql) reads 20 tags with their details in a request, V(rest) one.
      - V(registry) asks the registry itself. Where it has no metadata database that is the fast way, and the only one
        that lists more than 10,000 tags of a repository, tells an empty repository from a broken registry, and knows
        the digest and the date of multi-platform images. It can't see when a tag was pushed.
      - GitLab's tag protection rules are read with the tags by V(graphql). Otherwise GraphQL is asked for the rules of
        each project, 10 in a request, which it shows to Maintainers of the project alone. A job token can't read them.
      - V(auto) takes V(graphql), or V(rest) if GitLab says that GraphQL can't be used. If GraphQL fails in another way,
        the task fails. Where dates, digests or sizes are needed and the
        registry has no metadata database, it takes V(registry) if that answers.
    type: str
    choices:
      - auto
      - graphql
      - rest
      - registry
    default: auto
  on_error:
    description:
      - What to do when a repository could not be read. The other repositories are read, and cleaned, in any case; the
        tags of one that could not be read are kept.
      - V(fail) then fails the task, V(report) only reports the repository in RV(errors).
    type: str
    choices:
      - fail
      - report
    default: fail
  cache_path:
    description:
      - Read and write what the registry itself told of images in this file, a database of SQLite, for the next run. A
        tag whose image is known costs one request, and any other one at least two. It is made when it is missing, for
        its owner alone, and holds at most 200,000 images, those used last.
      - An image is known there by its digest, which stands for the same bytes everywhere, so that several jobs and
        servers may share a file, also at the same time. It names no repository. What its layers are is kept as well.
      - A file that is damaged, locked or of another kind is left as it is, with a warning. All images are read then.
      - Whoever may write the file decides how old images seem to be.
    type: path
"""
