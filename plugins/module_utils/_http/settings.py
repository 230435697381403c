# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How to reach a server, and how to behave towards it."""

from __future__ import annotations

import typing as t

from .messages import Header

RefreshCredentials = t.Callable[[], t.Optional[Header]]


class Settings(t.NamedTuple):
    """How to reach a server, and how to behave towards it.

    Args:
        url: scheme, host and a path prefix.
        header: the credential; None is anonymous.
        refresh_credentials: gives the credential as it is by now, None where there is none; asked after a 401.
        ca_path: a file or folder of certificates that are trusted; None is the system's.
        validate_certs: whether the server's certificate is checked.
        client_cert: file of the client's certificate; None if it shows none.
        client_key: file of the key for it; None if it is in client_cert.
        timeout: seconds without an answer.
        retries: how often one request is sent again.
        concurrency: how many requests are under way at once.
        max_requests_per_minute: the most requests a minute; None is no limit.
        max_requests: the most requests at all; None is no limit.
        user_agent: what the client is called in the header User-Agent.
        service: what the server is called in errors.
    """

    url: str
    header: Header | None = None
    refresh_credentials: RefreshCredentials | None = None
    ca_path: str | None = None
    validate_certs: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    timeout: float = 60.0
    retries: int = 5
    concurrency: int = 4
    max_requests_per_minute: int | None = None
    max_requests: int | None = None
    user_agent: str = "containerops.gitlab"
    service: str = "GitLab"
