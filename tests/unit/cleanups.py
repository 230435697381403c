# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What planning takes: a request from options as a user would write them, and a server's state from tags."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.approval import approval_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import CleanupPlan, plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import (
    CleanupRequest,
    cleanup_request,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.state import CleanupState
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    DeleteMethod,
    Mode,
    ReadMethod,
    ServerCapabilities,
    TagRules,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.unit.models import digest, repository
from tests.unit.options import filled

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROJECT = 3
REPOSITORY = repository(project_id=PROJECT)
SCOPE = Scope(projects=("team/app",))


def tag(name: str, days: float = 90, letter: str = "a", **facts: Any) -> Tag:
    """A tag of an image, pushed so many days ago, of which everything was read."""
    pushed = NOW - timedelta(days=days)
    return Tag(name, digest(letter), created=pushed, published=pushed, media_type=OCI_IMAGE, details_read=True, **facts)


def requested(plan_lines: Iterable[str] | None = None, **options: Any) -> CleanupRequest:
    """What these options ask for; everything that matches is deleted where none is a rule."""
    given = options if {"name_regex_delete", "rules"} & options.keys() else {"name_regex_delete": ".*", **options}
    params = filled(given, ARGUMENTS.options)
    return cleanup_request(params, SCOPE, approval_of(params, plan_lines, SCOPE))


def observed(
    *tags: Tag,
    mode: Mode = Mode.DATABASE,
    read_method: ReadMethod = ReadMethod.GRAPHQL,
    listings: Iterable[TagListing] | None = None,
    **facts: Any,
) -> CleanupState:
    """A server that is sound but for the given facts, with one repository of these tags."""
    capabilities = {
        "mode": mode,
        "read_method": read_method,
        "tag_rules": TagRules.READABLE if read_method is ReadMethod.GRAPHQL else TagRules.HIDDEN,
        **facts.pop("capabilities", {}),
    }
    state = {
        "projects": {},
        "delete_method": DeleteMethod.GRAPHQL,
        "clock": NOW,
        "refs": {},
        "absent_digests": {},
        **facts,
    }
    found = listings if listings is not None else (TagListing(REPOSITORY, tags, complete=True),)
    return CleanupState(capabilities=ServerCapabilities(**capabilities), listings=tuple(found), **state)


def planned(*tags: Tag, request: CleanupRequest | None = None, **facts: Any) -> CleanupPlan:
    """The plan for a state that `observed` makes of these tags and facts."""
    return plan_cleanup(observed(*tags, **facts), request or requested())
