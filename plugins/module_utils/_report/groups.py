# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The projects of a report by their groups. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import known_sum
from .model import ProjectReport


class ProjectGroup(t.NamedTuple):
    """A group or user.

    Args:
        label: its path, and whether this is not all of it.
        projects: number of its own projects, without those of its subgroups.
        tags: number of their tags; None is unknown.
        bytes: of those whose bytes are known; None if that is none of them.
        unknown: number of projects whose bytes are not known.
    """

    label: str
    projects: int
    tags: int | None
    bytes: int | None
    unknown: int


def groups(projects: t.Iterable[ProjectReport]) -> list[ProjectGroup]:
    """The groups of projects, the largest first."""
    members: dict[str, list[ProjectReport]] = {}
    for project in projects:
        members.setdefault(project.namespace, []).append(project)
    found = [_group(path, own, members) for path, own in members.items()]
    return sorted(found, key=lambda each: (-1 if each.bytes is None else -each.bytes, each.label))


def _group(path: str, own: t.Sequence[ProjectReport], members: t.Collection[str]) -> ProjectGroup:
    sizes = [each.figures.bytes for each in own]
    known = [size for size in sizes if size is not None]
    has_subgroups = any(other.startswith(f"{path}/") for other in members)
    return ProjectGroup(
        label=f"{path}, without subgroups" if has_subgroups else path,
        projects=len(own),
        tags=known_sum(each.figures.tags for each in own),
        bytes=sum(known) if known else None,
        unknown=len(sizes) - len(known),
    )
