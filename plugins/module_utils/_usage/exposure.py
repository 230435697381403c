# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Who can pull images from the registry of a project. Pure."""

from __future__ import annotations

import enum

from .._core.models import AccessLevel


class ExposedTo(enum.Enum):
    """Everybody who can pull: anyone at all, whoever is signed in, the project's members, nobody; or it is unknown."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    MEMBERS = "members"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


_BY_VISIBILITY = {"public": ExposedTo.ANYONE, "internal": ExposedTo.SIGNED_IN, "private": ExposedTo.MEMBERS}


def exposed_to(visibility: str | None, access_level: str | None) -> ExposedTo:
    """Who can pull images.

    An enabled registry is open to whoever sees the project, a private one to its members
    (GitLab: app/policies/project_policy.rb, container_registry_disabled and read_container_image).

    Args:
        visibility: of the project, private, internal or public; None is unknown.
        access_level: of its registry, enabled, private or disabled; None is unknown.
    """
    if access_level == AccessLevel.DISABLED.value:
        return ExposedTo.NOBODY
    if access_level == AccessLevel.PRIVATE.value:
        return ExposedTo.MEMBERS
    if access_level == AccessLevel.ENABLED.value:
        return next((who for name, who in _BY_VISIBILITY.items() if name == visibility), ExposedTo.UNKNOWN)
    return ExposedTo.UNKNOWN
