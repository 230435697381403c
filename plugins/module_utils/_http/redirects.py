# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which redirects a request follows: its headers hold a token."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .._core.errors import ErrorKind
from .messages import Request


def redirect_target(url: str, location: str, request: Request) -> str:
    """The URL that a redirect leads to.

    Raises:
        RequestError: the request must not follow it.
    """
    target = urljoin(url, location)
    there = urlsplit(target)
    origin = f"{there.scheme}://{there.netloc.rpartition('@')[2]}"
    if request.method not in ("GET", "HEAD"):
        raise request.error(ErrorKind.REDIRECT, f"the server redirects a {request.method} to {origin}")
    if same_origin(url, target):
        return target
    if not request.allow_cross_origin_redirect:
        raise request.error(ErrorKind.REDIRECT, f"the server redirects to {origin}, where the token is not sent")
    if there.scheme != "https" and urlsplit(url).scheme == "https":
        raise request.error(ErrorKind.REDIRECT, f"the server redirects to {origin}, unencrypted")
    return target


def same_origin(here: str, there: str) -> bool:
    one, other = urlsplit(here), urlsplit(there)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
