# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that say which repositories a task is about."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._gitlab.scope import Scope


def check_one_scope(instance: bool, others: t.Mapping[str, t.Any]) -> None:
    """Check that exactly one scope is given.

    Args:
        instance: whether it is the whole instance.
        others: the other scopes by the names of their options, None where not given.

    Raises:
        UsageError: it is none, or more than one.
    """
    given = [*(name for name, value in others.items() if value is not None), *(["instance"] if instance else [])]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} do not go together: give one of them.")
    if not given:
        raise UsageError(f"one of the following is required: {', '.join(others)}, instance.")


def scope_of(params: t.Mapping[str, t.Any]) -> Scope:
    """The repositories that the options name.

    Args:
        params: the options of SCOPE or SCOPE_OR_INSTANCE.

    Raises:
        UsageError: instance does not go with the others.
    """
    instance = bool(params.get("instance"))
    check_one_scope(instance, {name: params[name] for name in ("project", "group", "repository_id")})
    return Scope(
        projects=tuple(params["project"] or ()),
        group=params["group"],
        repository_ids=tuple(params["repository_id"] or ()),
        include=tuple(params["repositories"] or ()),
        exclude=tuple(params["exclude_repositories"] or ()),
        instance=instance,
    )
