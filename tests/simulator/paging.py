# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages of a collection and the headers that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote_plus

Item = TypeVar("Item")
LARGEST_PAGE = 100
# From here on GitLab does not count: no totals, no last page. More than this many rows, or this many list items.
UNCOUNTED = 10_000


def link(url: str, params: Mapping[str, Any]) -> str:
    """A URL with all parameters of the request, in alphabetical order."""
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in params.items()}
    return f"{url}?" + "&".join(f"{quote_plus(name)}={quote_plus(texts[name])}" for name in sorted(texts))


def paginate(
    items: Sequence[Item], params: Mapping[str, Any], url: str, *, listed: bool = False
) -> tuple[Sequence[Item], dict[str, str]]:
    """The page asked for, and its headers. listed: items are no database rows, which count one earlier as too many."""
    asked = params["per_page"] if params["per_page"] > 0 else 20
    page = max(1, params["page"])
    size = min(asked, LARGEST_PAGE)
    pages = max(1, -(-len(items) // size))
    counted = len(items) < UNCOUNTED if listed else len(items) <= UNCOUNTED
    previous = page - 1 if 1 < page <= pages else None
    following = page + 1 if page < pages else None
    targets = [("prev", previous), ("next", following), ("first", 1), ("last", pages if counted else None)]
    links = [
        f'<{link(url, {**params, "page": number, "per_page": size})}>; rel="{name}"'
        for name, number in targets
        if number
    ]
    headers = {
        "X-Per-Page": str(size),
        "X-Page": str(page),
        "X-Next-Page": str(following or ""),
        "X-Prev-Page": str(previous or ""),
        "Link": ", ".join(links),
    }
    if counted:
        headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(pages)}
    return items[(page - 1) * size : page * size], headers
