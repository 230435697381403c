# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scopes of repositories that conditions choose from, as registry_repository asks for them and observes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import (
    RefKind,
    Repository,
    Tag,
    TagListing,
    format_time,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    Mode,
    ReadMethod,
    ServerCapabilities,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import (
    ScopeState,
    plan_scope,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_request import (
    ScopeRequest,
    scope_request_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from ansible_collections.containerops.gitlab.plugins.modules.registry_repository import ARGUMENTS
from tests.unit.models import digest, project, repository
from tests.unit.options import filled

URL = "https://gitlab.example.com"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DATABASE = ServerCapabilities(mode=Mode.DATABASE, read_method=ReadMethod.GRAPHQL, lists_by_keyset=True)
PROJECT = 3


def scope_request(
    conditions: dict[str, Any], plan_lines: list[str] | None = None, *, job_token: bool = False, **options: Any
) -> ScopeRequest:
    given = {"group": "team", "state": "absent", "conditions": conditions, **options}
    return scope_request_of(filled(given, ARGUMENTS.options), plan_lines, url=URL, job_token=job_token)


def ago(days: float | None) -> datetime | None:
    return None if days is None else NOW - timedelta(days=days)


def shelf(name: str, *, created: float | None = 400, number: int = 7, project_id: int = PROJECT) -> Repository:
    """A repository of team/app that was created so many days ago."""
    path = f"team/app/{name}" if name else "team/app"
    return repository(id=number, path=path, name=name, project_id=project_id, created_at=format_time(ago(created)))


def pushed(name: str, days: float | None, **fields: Any) -> Tag:
    """A tag that was pushed so many days ago."""
    return Tag(name, **{"digest": digest("a"), "published": ago(days), **fields})


def listed(owner: Repository, *tags: Tag, **fields: Any) -> TagListing:
    """A listing that the registry itself confirms, unless the fields say otherwise."""
    return TagListing(owner, tags, **{"complete": True, "authoritative": True, **fields})


def scope_state(*listings: TagListing, branches: tuple[str, ...] = ("main",), **fields: Any) -> ScopeState:
    """All that can be read of these repositories of one project, unless the fields say otherwise."""
    usual = {
        "repositories": tuple(listing.repository for listing in listings),
        "projects": {PROJECT: project(id=PROJECT)},
        "refs": {PROJECT: ActiveRefs({RefKind.BRANCHES: branches})},
        "rules": {PROJECT: ()},
        "listings": {listing.repository.path: listing for listing in listings},
        "capabilities": DATABASE,
        "clock": NOW,
    }
    return ScopeState(**{**usual, **fields})


def told(plan: Plan) -> dict[str, str]:
    """Why each repository is deleted or kept, by the end of its path."""
    return {
        part.repository.path.removeprefix("team/app").strip("/"): part.whole.reason.value
        for part in plan.repositories
        if part.whole
    }


def planned(state: ScopeState, conditions: dict[str, Any], **options: Any) -> dict[str, str]:
    return told(plan_scope(state, scope_request(conditions, **options)))
