# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  delete_via:
    description:
      - How tags are deleted.
      - V(auto) uses V(graphql), or V(rest) if GraphQL can't be used.
      - V(graphql) deletes 20 tags with one request.
      - V(rest) deletes one tag with one request. It is the only way with a job token.
      - V(registry) deletes by name in the registry itself, one tag with one request. It needs the role Maintainer, or a
        job token in its own project, and GitLab's own registry.
    type: str
    choices:
      - auto
      - graphql
      - rest
      - registry
    default: auto
"""

    WAIT = r"""
options:
  wait:
    description:
      - Whether to wait until GitLab has finished deleting in the background. With V(false), the outcome is what GitLab
        was asked to do, not what it did.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum time to wait, in seconds. After this time GitLab continues, and the outcome says what is not finished.
    type: int
    default: 300
"""

    LIMIT = r"""
options:
  max_deletions:
    description:
      - Maximum number of tags to delete from one repository, such as V(50).
    type: int
"""

    LIMIT_TOTAL = r"""
options:
  max_deletions_total:
    description:
      - Maximum number of tags to delete in total, such as V(500). If the plan has more, nothing is deleted.
      - The limit applies to one task. In a play with several inventory hosts, and in a sliced job, each task has its
        own limit.
    type: int
"""

    LIMIT_TOTAL_PERCENT = r"""
options:
  max_deletions_total_percent:
    description:
      - Maximum number of tags to delete in total, in percent of all tags, such as V(50). If the plan has more, nothing
        is deleted.
    type: float
"""

    RUN_BY = r"""
options:
  run_by:
    description:
      - Who and what starts this run, as names and values, such as C(awx_user_name) and C(awx_job_id).
      - The values are written to the first line of O(journal_path) and returned as RV(run_by). Known secrets are
        removed from them. No decision depends on them.
      - At most 20 texts or numbers. Empty values are left out. Values are cut after 255 characters.
    type: dict
"""
