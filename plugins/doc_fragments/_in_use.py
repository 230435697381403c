# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  in_use_sources:
    description:
      - Images in use, grouped by source, so that a silent source is noticed. A source is, for example, a host. If a
        source has no images, or has failed, the plan is refused.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the source, such as a host.
        type: str
        required: true
      images:
        description:
          - Images that the source uses, written as in O(in_use).
        type: list
        elements: str
        default: []
      failed:
        description:
          - Why the list of images is incomplete. Empty if it is complete.
        type: str
        default: ""
      read_at:
        description:
          - When the images were read, such as V(2026-01-31T12:00:00Z), for O(in_use_max_age). Without it, the source
            counts as read now.
        type: str
  in_use_sources_expected:
    description:
      - Names of the sources that are required in O(in_use_sources), or their number. If one is missing, the plan is
        refused.
    type: raw
"""
