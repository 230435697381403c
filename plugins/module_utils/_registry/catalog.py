# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The catalog of a registry: the paths of all its repositories."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.server import Mode
from .._http.messages import MOST_PAGES
from .api import PAGE, check_version, next_last
from .auth import Registry
from .catalog_order import note_below, passed_over, place_before, place_behind
from .errors import SERVICE, not_granted
from .request import request

_CATALOG = ("registry:catalog:*",)


class CatalogPage(t.NamedTuple):
    """A part of a catalog.

    Args:
        paths: those that no page before it had.
        unconfirmed: paths of which the registry does not show whether they are repositories. Only the last part has
            them, and no paths.
    """

    paths: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


def read_catalog(registry: Registry) -> t.Iterator[CatalogPage]:
    """The repositories of a registry, page by page as they are taken.

    Neither a missing link nor a short page is believed to be the end: without a metadata database the registry leaves
    out the link where more follows, repeats paths, and passes over repositories. It is the end if a look behind all
    that was seen shows nothing new. So every page but the last one brings something, but for those looks.

    Raises:
        RequestError: it can't be read.
    """
    operation = f"list the repositories of {registry.url}"
    registry.authorization(_CATALOG, None, operation)
    if registry.denied_actions(_CATALOG, "catalog", ("*",)):
        raise not_granted("catalog", ["*"], operation)
    seen: dict[str, None] = {}
    lowest: dict[str, str] = {}
    number = 0
    looked_for: set[str] = set()
    unconfirmed: list[str] = []
    last, end, searched = "", "", ""
    mode: Mode | None = None
    while True:
        page, linked = _read_page(registry, last, operation, optional=bool(searched))
        new = tuple(path for path in dict.fromkeys(page) if path not in seen)
        seen.update(dict.fromkeys(new))
        for path in new:
            note_below(lowest, path)
        if new:
            number += 1
            if number > MOST_PAGES:
                message = f"the catalog has no end after {MOST_PAGES} pages"
                raise RequestError(ErrorKind.INCOMPLETE, message, operation=operation, service=SERVICE)
            yield CatalogPage(new)
            end = page[-1]
        elif searched:
            looked_for.add(searched)
            if linked is not None or len(page) >= PAGE:
                unconfirmed.append(searched)
        else:
            yield CatalogPage(unconfirmed=tuple(path for path in unconfirmed if path not in seen))
            return
        if new and linked not in (None, end):
            last, searched = str(linked), ""
            continue
        above = [path for path in passed_over(end, seen) if path not in looked_for]
        if above and mode is None:
            mode = check_version(registry, _CATALOG, operation).mode
        # A database passes over nothing.
        searched = above[0] if above and mode is not Mode.DATABASE else ""
        last = place_before(searched) if searched else place_behind(end, lowest)


def _read_page(registry: Registry, last: str, operation: str, *, optional: bool) -> tuple[list[str], str | None]:
    """The paths behind a place, and where the registry itself would go on.

    optional: a registry may not know places that are no path of its own, and then there is nothing to see.
    """
    query = {"n": PAGE, **({"last": last} if last else {})}
    try:
        answer = request(registry, "GET", "/v2/_catalog", _CATALOG, query=query, operation=operation)
    except RequestError as error:
        if optional and error.status in (400, 404):
            return [], last
        raise
    body = answer.json()
    page = body.get("repositories") if isinstance(body, dict) else None
    if not isinstance(page, list) or not all(isinstance(path, str) and path for path in page):
        raise answer.untrusted("the answer is not a catalog")
    linked = next_last(answer)
    if not page and linked is not None:
        raise answer.untrusted("a page is empty, and yet another one follows")
    return page, linked
