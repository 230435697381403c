# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is to be restored."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.scope import check_globs, path_matcher
from .._module.options import check_not_negative
from .._rules.patterns import Match, Pattern, compile_pattern
from .runs import DeletedTag


class RestoreRequest(t.NamedTuple):
    """The checked options of registry_restore.

    Args:
        run: last, all, or the beginning of a time or of a fingerprint.
        repositories: paths or globs; empty for all.
        tags: patterns of names; empty for all.
    """

    run: str
    repositories: tuple[str, ...] = ()
    tags: tuple[Pattern, ...] = ()


def request_of(params: t.Mapping[str, t.Any]) -> RestoreRequest:
    """Check the options of registry_restore.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, "return_limit")
    if not params["journal_path"]:
        raise UsageError("journal_path is empty: give the journal of the run whose tags are restored.")
    check_globs(params["repositories"] or (), "repositories")
    return RestoreRequest(
        run=params["run"],
        repositories=tuple(params["repositories"] or ()),
        tags=tuple(compile_pattern(pattern, "tags") for pattern in params["tags"] or ()),
    )


def chosen(tags: t.Sequence[DeletedTag], request: RestoreRequest) -> list[DeletedTag]:
    """The tags that are meant.

    Args:
        tags: all that the runs deleted.
        request: what is to be restored.

    Raises:
        UsageError: an entry of repositories or tags matches none of them.
    """
    matching = path_matcher(request.repositories)
    globs = {path: matching(path) for path in {tag.repository for tag in tags}}
    patterns = {name: _matching(name, request.tags) for name in {tag.name for tag in tags}}
    unused = sorted({*request.repositories}.difference(*globs.values()))
    if tags and unused:
        raise UsageError(f"repositories {unused[0]!r} matches no repository from which the run deleted a tag.")
    missing = sorted({each.text for each in request.tags}.difference(*patterns.values()))
    if tags and missing:
        raise UsageError(f"tags {missing[0]!r} matches no tag that the run deleted.")
    return [
        tag
        for tag in tags
        if (globs[tag.repository] or not request.repositories) and (patterns[tag.name] or not request.tags)
    ]


def _matching(name: str, patterns: t.Iterable[Pattern]) -> list[str]:
    return [pattern.text for pattern in patterns if pattern.match(name) is Match.SURE]
