# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is to be read of a registry."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.models import TAG_NAME
from .._core.scope import Scope, check_scope
from .._core.server import ReadMethod, requested_method
from .._module.options import Gather, check_not_negative, scope_of

_OF_PROJECTS = frozenset({Gather.PROJECTS, Gather.PROTECTION_RULES})
# What GitLab does not show to a CI/CD job token.
_NOT_FOR_JOBS = (Gather.SIZE, Gather.POLICY_PREVIEW, Gather.PROJECTS, Gather.PROTECTION_RULES)


class InfoRequest(t.NamedTuple):
    """The checked options of registry_info.

    Args:
        scope: which repositories.
        gather: what is read of them.
        tag_names: the tags that are read, None is all.
        read_via: how tags are read, None for the best way that there is.
        estimate_only: no tags are read, and what reading them would take is told.
    """

    scope: Scope
    gather: frozenset[Gather]
    tag_names: frozenset[str] | None = None
    read_via: ReadMethod | None = None
    estimate_only: bool = False

    @property
    def needs_details(self) -> bool:
        """Whether more than the names of tags is read."""
        return bool(self.gather & {Gather.TAG_DETAILS, Gather.LAYERS}) or self.tag_names is not None

    @property
    def needs_layers(self) -> bool:
        """Whether it is read what images hold."""
        return Gather.LAYERS in self.gather

    @property
    def needs_tags(self) -> bool:
        """Whether tags are read."""
        return self.needs_details or Gather.TAGS in self.gather

    @property
    def needs_previews(self) -> bool:
        """Whether it is told what cleanup policies would delete."""
        return Gather.POLICY_PREVIEW in self.gather

    @property
    def needs_projects(self) -> bool:
        """Whether projects are told of that have no repositories, too."""
        return bool(self.gather & _OF_PROJECTS)

    @property
    def needs_repositories(self) -> bool:
        """Whether repositories are listed."""
        only_projects = bool(self.gather) and self.gather <= _OF_PROJECTS
        return not only_projects or self.tag_names is not None or bool(self.scope.repository_ids)


def request_of(params: t.Mapping[str, t.Any], *, server: str, job_token: bool) -> InfoRequest:
    """Check the options of registry_info.

    Args:
        params: the module's options.
        server: URL of the GitLab that is asked.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, "return_limit")
    names = params["tag_names"]
    for name in names or ():
        if not TAG_NAME.fullmatch(name):
            raise UsageError(f"tag_names holds {name!r}, which is not the name of a tag.")
    request = InfoRequest(
        scope=scope_of(params, server),
        gather=frozenset(map(Gather, params["gather"])),
        tag_names=frozenset(names) if names is not None else None,
        read_via=requested_method(ReadMethod, params["read_via"]),
        estimate_only=params["estimate"],
    )
    _check_gather(request, job_token=job_token)
    if request.estimate_only and (request.needs_previews or not request.needs_tags):
        raise UsageError("estimate needs tags to read: set gather to tags or tag_details, without policy_preview.")
    check_scope(request.scope, job_token=job_token)
    return request


def _check_gather(request: InfoRequest, *, job_token: bool) -> None:
    if request.needs_previews and request.read_via is ReadMethod.REGISTRY:
        raise UsageError(
            "gather policy_preview can't be used with read_via registry: GitLab decides by its own data, which is less "
            "complete for multi-platform images."
        )
    for wanted in _NOT_FOR_JOBS:
        if job_token and wanted in request.gather:
            raise UsageError(
                f"gather {wanted.value} is not available with a CI/CD job token: give a project access token in "
                "api_token."
            )
    if request.needs_previews and request.tag_names is not None:
        raise UsageError("gather policy_preview needs all tags of a repository: leave out tag_names.")
    if request.needs_layers and request.tag_names is not None:
        raise UsageError("gather layers needs all tags of a repository: leave out tag_names.")
