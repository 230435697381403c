# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the connection options and the environment mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._module.access import (
    Access,
    TokenKind,
    access_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import CONNECTION, REGISTRY
from ansible_collections.containerops.gitlab.plugins.module_utils._module.registry import registry_settings
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import Login, RegistrySettings

URL = "https://gitlab.example.com"


def connected(environ: dict[str, str] | None = None, **options: Any) -> Access:
    defaults = {name: spec.get("default") for name, spec in CONNECTION.options.items()}
    return access_of({**defaults, "api_url": URL, **options}, environ or {}, "2.19.0")


BEARER = "Authorization"


@pytest.mark.parametrize(
    ("options", "environ", "header"),
    [
        ({"api_token": "glpat-a"}, {}, (BEARER, "Bearer glpat-a")),
        ({"api_oauth_token": "b"}, {}, (BEARER, "Bearer b")),
        ({"api_job_token": "c"}, {}, ("JOB-TOKEN", "c")),
        ({"api_job_token": "glcbt-c"}, {}, ("JOB-TOKEN", "glcbt-c")),
        ({"api_job_token": "c"}, {"GITLAB_TOKEN": "d"}, ("JOB-TOKEN", "c")),
        ({}, {"GITLAB_TOKEN": "d"}, (BEARER, "Bearer d")),
        ({}, {"GITLAB_TOKEN": "d", "CI_JOB_TOKEN": "e"}, (BEARER, "Bearer d")),
        ({}, {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": "e"}, ("JOB-TOKEN", "e")),
        ({"api_token": "glpat-a"}, {"CI_JOB_TOKEN": "e"}, (BEARER, "Bearer glpat-a")),
        ({}, {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": ""}, None),
        ({}, {}, None),
    ],
)
def test_which_token_is_used(options: dict[str, str], environ: dict[str, str], header: tuple[str, str] | None) -> None:
    assert connected(environ, **options).settings.header == header


@pytest.mark.parametrize(
    ("url", "root"),
    [
        (URL, URL),
        (f"{URL}/", URL),
        (f"{URL}/api/v4", URL),
        (f"{URL}/api/v4/", URL),
        (f"{URL}/api/v4/api/v4", URL),
        (f"{URL}/api/v4/projects/1", URL),
        (f"{URL}/api/graphql", URL),
        (f"{URL}/groupsapi/v4", f"{URL}/groupsapi/v4"),
        (f"{URL}:8443/gitlab/api/v4", f"{URL}:8443/gitlab"),
        (f" {URL}/gitlab ", f"{URL}/gitlab"),
        ("http://[::1]:80/api/v4", "http://[::1]:80"),
        ("HTTPS://GitLab.Example.com", URL),
    ],
)
def test_addresses(url: str, root: str) -> None:
    assert connected(api_url=url).settings.url == root


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"GITLAB_API_URL": "https://a.example"}, "https://a.example"),
        ({"GITLAB_API_URL": "", "CI_API_V4_URL": "https://b.example/api/v4"}, "https://b.example"),
    ],
)
def test_the_address_of_the_environment(environ: dict[str, str], root: str) -> None:
    assert connected(environ, api_url=None).settings.url == root


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "gitlab.example.com",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?private_token=y",
        "https://x:y",
    ],
)
def test_addresses_that_are_refused(url: str | None) -> None:
    with pytest.raises(UsageError, match="api_url"):
        connected(api_url=url)


def test_an_address_that_sudo_dropped_is_explained() -> None:
    for environ, told in (({}, False), ({"SUDO_USER": "ops"}, True)):
        with pytest.raises(UsageError) as failure:
            connected(environ, api_url=None)
        assert ("set become: false" in str(failure.value)) is told


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://gitlab.example.com", True),
        ("http://10.0.0.1", True),
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
        ("http://[::1]", False),
        (URL, False),
    ],
)
def test_http_is_warned_of_off_loopback(url: str, warned: bool) -> None:
    assert bool(connected(api_url=url).warnings) is warned


@pytest.mark.parametrize("token", ["", " ", "a b", "glpat-a\n", "glpat-é", "gldt-a", "glcbt-a"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        connected(api_token=token)
    assert "api_token" in str(caught.value)
    assert len(token) < 3 or token.strip() not in str(caught.value)


def test_no_secret_option_is_shown() -> None:
    assert {name for name, spec in CONNECTION.options.items() if spec.get("no_log")} == {
        "api_token",
        "api_oauth_token",
        "api_job_token",
    }


def test_the_authority_of_the_environment() -> None:
    assert connected({"GITLAB_CA_PATH": "/ca.pem"}).settings.ca_path == "/ca.pem"
    assert connected({"GITLAB_CA_PATH": ""}).settings.ca_path is None
    assert connected({"GITLAB_CA_PATH": "/ca.pem"}, ca_path="/own.pem").settings.ca_path == "/own.pem"


def registry(environ: dict[str, str] | None = None, /, **options: Any) -> tuple[RegistrySettings, tuple[str, ...]]:
    defaults = dict.fromkeys([*CONNECTION.options, *REGISTRY.options])
    token: dict[str, Any] = {name: value for name, value in options.items() if name.startswith("api_")}
    return registry_settings({**defaults, **options}, environ or {}, connected(environ, **token))


CI = {"CI_REGISTRY_USER": "gitlab-ci-token", "CI_REGISTRY_PASSWORD": "job"}
OWN = {"registry_username": "robot", "registry_password": "secret"}


@pytest.mark.parametrize(
    ("options", "environ", "login"),
    [
        (OWN, {**CI, "GITLAB_TOKEN": "d"}, Login("robot", "secret")),
        ({}, {**CI, "GITLAB_TOKEN": "d"}, Login("containerops", "d", gitlab=True)),
        ({"api_oauth_token": "o"}, CI, Login("oauth2", "o", gitlab=True)),
        ({**OWN, "registry_password": "glpat-x"}, {}, Login("robot", "glpat-x", gitlab=True)),
        ({}, {**CI, "CI_JOB_TOKEN": "e"}, Login("gitlab-ci-token", "job", gitlab=True)),
        ({}, {**CI, "CI_API_V4_URL": f"{URL}/api/v4"}, Login("gitlab-ci-token", "job", gitlab=True)),
        ({}, {**CI, "CI_API_V4_URL": "https://other.example.com/api/v4"}, None),
        ({}, {"CI_JOB_TOKEN": "e"}, Login("gitlab-ci-token", "e", gitlab=True)),
        ({}, {**CI, "CI_REGISTRY_PASSWORD": ""}, None),
        ({}, {}, None),
    ],
)
def test_which_login_the_registry_gets(options: dict[str, str], environ: dict[str, str], login: Login | None) -> None:
    assert registry(environ, **options)[0].login == login


@pytest.mark.parametrize(
    ("options", "environ", "url"),
    [
        ({"registry_url": "https://r.example.com/"}, {"CI_REGISTRY": "c.example.com"}, "https://r.example.com"),
        ({}, {"CI_REGISTRY": "c.example.com:5050"}, "https://c.example.com:5050"),
        ({}, {"CI_REGISTRY": "c.example.com", "CI_API_V4_URL": "https://other.example.com/api/v4"}, None),
        ({"registry_url": ""}, {"CI_REGISTRY": ""}, None),
    ],
)
def test_where_the_registry_is(options: dict[str, str], environ: dict[str, str], url: str | None) -> None:
    assert registry(environ, **options)[0].url == url


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"registry_url": "registry.example.com"}, "write it as https://registry.example.com"),
        ({"registry_url": "https://a:b@r.example.com"}, "give it in registry_password instead"),
        ({"registry_url": "https://r.example.com?a=b"}, "registry_url contains a query"),
        ({"registry_username": "", "registry_password": ""}, "is empty"),
    ],
)
def test_what_is_no_registry(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        registry(**options)


def test_a_registry_without_encryption_is_warned_of() -> None:
    settings, warnings = registry({"GITLAB_TOKEN": "d"}, registry_url="http://r.example.com")
    assert settings.login
    assert "registry_url http://r.example.com uses http" in warnings[0]
    assert registry({"GITLAB_TOKEN": "d"}, registry_url="http://127.0.0.1:5000")[1] == ()


def test_a_token_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(" glpat-file\n")
    given = connected(api_token_file=str(path))
    assert (given.token, given.token_file, given.kind) == ("glpat-file", str(path), TokenKind.API)
    named = {"GITLAB_TOKEN_FILE": str(path), "CI_JOB_TOKEN": "job"}
    assert connected(named).token == "glpat-file"
    assert connected({**named, "GITLAB_TOKEN": "first"}).token == "first"
    assert connected(named, api_token="given").token_file is None
    assert connected({"GITLAB_TOKEN_FILE": "", "CI_JOB_TOKEN": "job"}).token == "job"
    assert registry(api_token_file=str(path))[0].login == Login("containerops", "glpat-file", gitlab=True)


@pytest.mark.parametrize("text", [None, "", " \n", "two words", "gldt-deploy"])
def test_a_file_without_a_token(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        connected(api_token_file=str(path))
    assert str(caught.value).startswith(f"api_token_file {path} ")
    assert not text or text.strip() == "" or text not in str(caught.value)
    with pytest.raises(UsageError):
        connected(api_token_file=str(tmp_path))
