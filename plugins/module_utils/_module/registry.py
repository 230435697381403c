# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A connection that can reach the registry itself, besides GitLab."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from .._core.errors import UsageError
from .._registry.auth import Login, RegistrySettings
from .access import Access, TokenKind, server_root, token_file_refresher, unencrypted_warnings
from .connection import Connection, connect, hide

# https://docs.gitlab.com/security/tokens/#token-prefixes
_GITLAB_TOKEN = re.compile(r"gl[a-z]{1,6}-")


@dataclass(frozen=True)
class RegistryConnection(Connection):
    """A connection to GitLab, with all that it takes to reach its registry.

    Args:
        registry: how to reach the registry itself.
    """

    registry: RegistrySettings


def connect_with_registry(module: AnsibleModule) -> RegistryConnection:
    """Connect with the options of CONNECTION and REGISTRY. Nothing is sent yet.

    Raises:
        UsageError: an option or variable can't be used as it is.
    """
    connection = connect(module)
    registry, warnings = registry_settings(module.params, os.environ, connection.access)
    for warning in warnings:
        module.warn(warning)
    if registry.login:
        registry = registry._replace(login=_following_file(module, registry.login, connection.access))
    return RegistryConnection(
        client=connection.client, access=connection.access, progress=connection.progress, registry=registry
    )


def _following_file(module: AnsibleModule, login: Login, gitlab: Access) -> Login:
    """The login, which follows a token that is replaced in its file. Its secrets are kept out of all that is said."""

    def header(token: str) -> tuple[str, str]:
        refreshed = login._replace(password=token)
        _hide_login(module, refreshed)
        return refreshed.header

    _hide_login(module, login)
    refresh = token_file_refresher(gitlab, header) if login.password == gitlab.token else None
    return login._replace(refresh_credentials=refresh)


def _hide_login(module: AnsibleModule, login: Login) -> None:
    hide(module, login.password, login.header[1].partition(" ")[2])


def registry_settings(
    params: t.Mapping[str, t.Any], environ: t.Mapping[str, str], gitlab: Access
) -> tuple[RegistrySettings, tuple[str, ...]]:
    """Work out how to reach the registry itself.

    Without a login of its own GitLab's token serves, under the name that its kind needs:
    https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/
    A CI/CD job always has an address and a login in its environment. They are those of the GitLab that runs it, and
    the login reaches its own project alone: a token that was given for more goes before it.

    Args:
        params: the options of REGISTRY.
        environ: the environment. An empty variable counts as unset.
        gitlab: how GitLab is reached.

    Returns:
        The settings, and what to warn of, one sentence each.

    Raises:
        UsageError: an option or variable can't be used as it is.
    """
    ci = environ if _is_of(environ.get("CI_API_V4_URL"), gitlab) else {}
    url, option = params["registry_url"], "registry_url"
    if not url and ci.get("CI_REGISTRY"):
        url, option = f"https://{ci['CI_REGISTRY']}", "CI_REGISTRY"
    root = server_root(url, option) if url else None
    given = params["registry_username"] is not None
    if given and not (params["registry_username"] and params["registry_password"]):
        raise UsageError("registry_username or registry_password is empty: give both, or leave them out.")
    names = {TokenKind.JOB: "gitlab-ci-token", TokenKind.OAUTH: "oauth2"}
    if given:
        password = params["registry_password"]
        login = Login(params["registry_username"], password, gitlab=_GITLAB_TOKEN.match(password) is not None)
    elif gitlab.kind in (TokenKind.API, TokenKind.OAUTH) and gitlab.token:
        login = Login(names.get(gitlab.kind, "containerops"), gitlab.token, gitlab=True)
    elif ci.get("CI_REGISTRY_USER") and ci.get("CI_REGISTRY_PASSWORD"):
        login = Login(ci["CI_REGISTRY_USER"], ci["CI_REGISTRY_PASSWORD"], gitlab=True)
    elif gitlab.token:
        login = Login(names[gitlab.kind], gitlab.token, gitlab=True)
    else:
        return RegistrySettings(root), ()
    return RegistrySettings(root, login), unencrypted_warnings(root, option) if root else ()


def _is_of(api_url: str | None, gitlab: Access) -> bool:
    """Whether an address that a CI/CD job is told leads to the GitLab at hand; one that is not told is believed."""
    return not api_url or server_root(api_url, "CI_API_V4_URL") == gitlab.settings.url
