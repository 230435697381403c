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
      - V(graphql) deletes 20 tags with a request. V(rest) deletes one, and is the only way with a job token.
      - V(registry) asks the registry itself, tag by tag and by name. It needs the role Maintainer, or a job token in
        the job's own project, and a registry of GitLab's.
      - V(auto) takes V(graphql), or V(rest) if that can't be used.
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
      - Whether to wait for what GitLab deletes in the background. Without it the outcome is what GitLab was asked for,
        not what it did.
    type: bool
    default: true
  wait_timeout:
    description:
      - The most seconds to wait. GitLab continues with what it has not done by then, and the outcome says what that is.
    type: int
    default: 300
"""

    LIMIT = r"""
options:
  max_deletions:
    description:
      - The most tags to delete from one repository.
    type: int
"""

    LIMIT_TOTAL = r"""
options:
  max_deletions_total:
    description:
      - The most tags to delete altogether. If there are more, nothing is deleted.
      - The limit is that of one task. If a play runs for several inventory hosts, or a job in slices, each of these
        tasks has the limit for itself.
    type: int
"""

    LIMIT_TOTAL_PERCENT = r"""
options:
  max_deletions_total_percent:
    description:
      - The most tags to delete altogether, in percent of all tags. If there are more, nothing is deleted.
    type: float
"""

    RUN_BY = r"""
options:
  run_by:
    description:
      - Who and what runs this, by names such as C(awx_user_name) and C(awx_job_id). It is written to the first line of
        O(journal_path) and returned as RV(run_by), without secrets that are known, and nothing is decided by it.
      - At most 20 texts or numbers. Empty ones are left out, and longer ones than 255 characters are cut.
    type: dict
"""
