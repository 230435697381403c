# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
notes:
  - >-
    The registry itself needs credentials. The first that are set are used, in this order. First O(registry_username)
    and O(registry_password). Second, the access token for GitLab's API. Third, E(CI_REGISTRY_USER) and
    E(CI_REGISTRY_PASSWORD). Last, the job token.
  - An access token for GitLab's API needs the scope C(api) or C(read_registry) to read, and C(api) or C(write_registry)
    to change something.
  - GitLab exchanges the credentials for a token that is valid only for the repositories and rights of each request. A
    token for GitLab's API is only sent to GitLab.
options:
  registry_url:
    description:
      - Address of the registry itself, such as C(https://registry.example.com).
      - If it is not set, E(CI_REGISTRY) is used, else the host that GitLab reports. The scheme is that of O(api_url).
    type: str
  registry_username:
    description:
      - User name for the registry itself, such as the name of a deploy token. O(registry_password) is required with it.
    type: str
  registry_password:
    description:
      - Password of O(registry_username). It is a personal, project, group or deploy token.
    type: str
"""

    READING = r"""
options:
  read_via:
    description:
      - How tags are read.
      - V(auto) uses V(graphql), or V(rest) if GitLab answers that GraphQL can't be used. If GraphQL fails in another
        way, the task fails.
      - V(auto) uses V(registry) if dates, digests or sizes are needed, the registry has no metadata database, and the
        registry itself answers.
      - V(graphql) reads 20 tags with their details in one request.
      - V(rest) reads the details of one tag in one request.
      - V(registry) asks the registry itself. It can't see when a tag was pushed. Without a metadata database it is the
        fastest way, and it shows what GitLab does not show there.
      - GitLab does not show more than 10,000 tags of a repository there, nor the digest and date of multi-platform
        images. It shows an empty repository and a broken registry in the same way.
      - V(graphql) reads GitLab's tag protection rules together with the tags. Otherwise GraphQL is asked for the rules
        of 10 projects in one request. It shows them only to Maintainers of the project. A job token can't read them.
    type: str
    choices:
      - auto
      - graphql
      - rest
      - registry
    default: auto
  on_error:
    description:
      - What to do if a repository could not be read. The tags of this repository are kept. The other repositories are
        read and cleaned.
      - V(fail) fails the task in the end. V(report) only reports the repository in RV(errors).
    type: str
    choices:
      - fail
      - report
    default: fail
  cache_path:
    description:
      - Path of a cache for details of images that were read from the registry itself. The next run reads them from the
        cache.
      - A tag whose image is in the cache costs one request. Any other tag costs at least two requests.
      - The cache is an SQLite database. It is created if it does not exist, and only its owner may read it. It contains
        the 200,000 images that were used last, with their layers. It contains no repository names.
      - Images are stored by digest, so several jobs and servers can share one file, even at the same time.
      - If the file is damaged, locked or not such a cache, it is left unchanged, with a warning. All images are then
        read from the registry.
      - Everybody who may write the file can change the dates of images, and so the decisions.
    type: path
"""
