# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One document that says which settings the projects of groups have."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.models import Project, RuleKind
from .._core.scope import ProjectScope, full_path, project_path
from .options import ACCESS_LEVEL, POLICY, desired_policy, desired_rules, protection_options
from .plan import DesiredSettings, policy_lint_warnings
from .protection import lint_warnings

# The options of one section of the document.
SECTION_OPTIONS: dict[str, t.Any] = {
    "access_level": ACCESS_LEVEL,
    "cleanup_policy": {"type": "dict", "options": POLICY},
    "repository_protection": {"type": "dict", "options": protection_options(RuleKind.REPOSITORY)},
    "tag_protection": {"type": "dict", "options": protection_options(RuleKind.TAG)},
    "managed": {"type": "bool"},
}


class DocumentSection(t.NamedTuple):
    """What one section of the document says.

    Args:
        desired: the settings that are wanted.
        managed: whether projects are managed; None if the section does not say.
    """

    desired: DesiredSettings = DesiredSettings()
    managed: bool | None = None


class Document(t.NamedTuple):
    """The whole document.

    Args:
        defaults: what holds for all projects.
        groups: what holds for the projects of a group, by its path in lower case.
        projects: what holds for one project, by its path in lower case.
    """

    defaults: DocumentSection
    groups: t.Mapping[str, DocumentSection]
    projects: t.Mapping[str, DocumentSection]

    @property
    def sections(self) -> list[DocumentSection]:
        """All sections of the document."""
        return [self.defaults, *self.groups.values(), *self.projects.values()]


def document_of(params: t.Mapping[str, t.Any], server: str) -> Document:
    """Check the options of registry_settings.

    Args:
        params: the module's options.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: they can't be served as they are written.
    """
    groups = _by_path(params["groups"] or (), "group", server)
    projects = _by_path(params["projects"] or (), "project", server)
    if not groups and not projects:
        raise UsageError("groups and projects are empty: set at least one of them.")
    return Document(defaults=_section(params["defaults"], "defaults"), groups=groups, projects=projects)


def _by_path(rows: t.Sequence[dict[str, t.Any]], name: str, server: str) -> dict[str, DocumentSection]:
    found: dict[str, DocumentSection] = {}
    for row in rows:
        read = project_path if name == "project" else full_path
        path = read(row[name], name, server).lower()
        where = f"{name}s, {row[name]!r}"
        if path.isdigit():
            raise UsageError(f"{where}: give the full path, since the document is ordered by paths.")
        if path in found:
            raise UsageError(f"{where}: it is in the document more than once.")
        found[path] = _section(row, where)
    return found


def _section(params: t.Mapping[str, t.Any] | None, where: str) -> DocumentSection:
    if not params:
        return DocumentSection()
    repository, tag = params["repository_protection"], params["tag_protection"]
    try:
        desired = DesiredSettings(
            access_level=params["access_level"],
            policy=desired_policy(params["cleanup_policy"]) if params["cleanup_policy"] else {},
            repository_protection=desired_rules(RuleKind.REPOSITORY, repository, relative=True) if repository else None,
            tag_protection=desired_rules(RuleKind.TAG, tag) if tag else None,
        )
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return DocumentSection(desired, params["managed"])


def desired_for(document: Document, path: str) -> DesiredSettings | None:
    """What the document says of one project: the most specific of each setting.

    Args:
        document: the document.
        path: of the project.

    Returns:
        The settings, None if the project is not managed.
    """
    path = path.lower()
    around = _groups_around(path)
    sections = [document.defaults, *(document.groups[group] for group in around if group in document.groups)]
    if path in document.projects:
        sections.append(document.projects[path])
    managed = [section.managed for section in sections if section.managed is not None]
    if managed and not managed[-1]:
        return None
    found = DesiredSettings()
    for section in sections:
        more = section.desired
        found = DesiredSettings(
            access_level=more.access_level or found.access_level,
            policy={**found.policy, **more.policy},
            repository_protection=more.repository_protection or found.repository_protection,
            tag_protection=more.tag_protection or found.tag_protection,
        )
    return found


def _groups_around(path: str) -> list[str]:
    """The groups that a group or project lies in by its path, the outermost first."""
    return [path[:end] for end, letter in enumerate(path) if letter == "/"]


def document_scope(document: Document) -> ProjectScope:
    """The projects that have to be read. A group within another one of the document is read with it."""
    outermost = [group for group in document.groups if document.groups.keys().isdisjoint(_groups_around(group))]
    return ProjectScope(projects=tuple(document.projects), groups=tuple(outermost), by_path=True)


def document_lint_warnings(document: Document) -> list[str]:
    """What is probably not meant, one sentence each."""
    found: list[str] = []
    for section in document.sections:
        found += policy_lint_warnings(section.desired.policy)
        found += [text for wanted in section.desired.protections for text in lint_warnings(wanted)]
    return list(dict.fromkeys(found))


def empty_groups(document: Document, projects: t.Iterable[Project], unread: t.Container[str]) -> list[str]:
    """Groups of the document without any project, as when their names are mistyped.

    Args:
        document: the document.
        projects: all that were found.
        unread: paths of the groups that could not be read.
    """
    populated = {group for project in projects for group in _groups_around(project.path.lower())}
    return [group for group in document.groups if group not in unread and group not in populated]
