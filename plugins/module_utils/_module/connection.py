# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A module's connection to GitLab."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from .._core.progress import Progress
from .._core.secrets import remember
from .._http.client import Client
from .._http.timing import Timing
from .access import Access, TokenKind, access_of, header_of, token_file_refresher
from .listener import Listener
from .progress import write_regularly


@dataclass(frozen=True)
class Connection:
    """An open connection to GitLab.

    Args:
        client: of GitLab.
        access: how it is reached, and as whom.
        progress: how far the module is.
    """

    client: Client
    access: Access
    progress: Progress

    @property
    def is_job_token(self) -> bool:
        """Whether GitLab is asked with a CI/CD job token, to which it shows much less."""
        return self.access.kind == TokenKind.JOB

    @property
    def url(self) -> str:
        """The address of this GitLab."""
        return self.access.settings.url

    @property
    def requests_sent(self) -> int:
        """Number of requests so far, those to the registry included."""
        return self.client.requests_sent

    @property
    def changes_sent(self) -> int:
        """Number of requests so far that may have changed something."""
        return self.client.changes_sent


def connect(module: AnsibleModule) -> Connection:
    """Connect with the options of CONNECTION. Nothing is sent yet.

    Raises:
        UsageError: an option or variable can't be used as it is.
    """
    access = access_of(module.params, os.environ, str(getattr(module, "ansible_version", "unknown")))
    if access.token:
        hide(module, access.token)
    for warning in access.warnings:
        module.warn(warning)
    if access.token is None:
        module.warn("No token is given in api_token or GITLAB_TOKEN: only public data can be read.")

    def header(token: str) -> tuple[str, str] | None:
        hide(module, token)
        return header_of(access.kind, token)

    settings = access.settings._replace(refresh_credentials=token_file_refresher(access, header))
    listener = Listener()
    listener.obey_signals()
    client = Client(settings, timing=Timing(sleep=listener.sleep), why_stop=listener.why_stop)
    progress = Progress(lambda: client.requests_sent)
    write_regularly(progress, os.environ)
    return Connection(client, access, progress=progress)


def hide(module: AnsibleModule, *secrets: str) -> None:
    """Keep secrets out of everything that the module says."""
    module.no_log_values.update(secrets)
    remember(*secrets)
