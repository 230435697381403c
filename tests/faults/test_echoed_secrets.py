# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that repeats the token in what it answers: it is in no result, no file and on no screen."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import TOKEN, team
from tests.simulator.harness import Simulator

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe="").replace("-", "%2D"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "of a login": lambda text: base64.b64encode(f"containerops:{text}".encode()).decode(),
    "base64 that is cut": lambda text: "x" * 282 + base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "upper case hex": lambda text: text.encode().hex().upper(),
    "hex in pairs": lambda text: text.encode().hex(" "),
    "spaces": " ".join,
    "lines": lambda text: "\n".join(text[start : start + 3] for start in range(0, len(text), 3)),
    "no width": "\u200b".join,
    "two bytes a character": "\0".join,
    "soft hyphens in a url": "%C2%AD".join,
    "base64 in lines": lambda text: "\n".join(
        ENCODINGS["base64"](text)[start : start + 8] for start in range(0, 40, 8)
    ),
    "json": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}
# What a text may have between the characters of a secret, plain and as JSON writes it.
GAPS = re.compile(r"%[0-9A-F]{2}|\\u[0-9a-f]{4}|\\[nrt]|[^!-~]")
RULES = {"project": ["team/app"], "name_regex_delete": "dev-.*", "older_than": "30d"}


def parts(written: str) -> list[str]:
    """What must not be seen: eight characters of it would be told from nothing else. The name of a login may be."""
    told = GAPS.sub("", written) if GAPS.search(written) and "\\u00" not in written else written
    told = told.removeprefix("x" * 282)
    told = told[18:] if told.startswith(base64.b64encode(b"containerops").decode()) else told
    return [told[start : start + 8] for start in range(0, len(told) - 10)]


def shows(text: str, part: str) -> bool:
    """Whether a part of a secret can be read in a text, whatever stands between its characters."""
    return part in text or part in GAPS.sub("", text)


@pytest.mark.sweep(4)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("via", ["graphql", "rest"])
def test_what_a_server_echoes_is_nowhere(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, encoding: str, via: str
) -> None:
    written = ENCODINGS[encoding](TOKEN)
    echo: dict[str, Any] = {"action": "status", "status": 500, "json": {"message": f"unexpected {written}"}}
    errors = {"data": {"destroyContainerRepositoryTags": {"deletedTagNames": [], "errors": [f"no {written}"]}}}
    simulator.load(team())
    simulator.faults(
        [
            {"path": "registry/repositories/101/tags|/jwt/auth|/v2/", "method": "GET", **echo},
            {"body": "gid://gitlab/ContainerRepository/101", **echo},
            {"method": "DELETE", **echo},
            {"body": "destroyContainerRepositoryTags", "action": "json", "json": errors},
        ]
    )
    files = {name: str(tmp_path / name) for name in ("plan_path", "journal_path", "output_path")}
    order = {**RULES, **files, "gather": ["tag_details"], "read_via": via, "delete_via": via, "retries": 0}
    for check in (True, False):
        run = ansible.module("registry_cleanup", order, check=check, diff=True)
        assert run.status != "ok"
        shown = [json.dumps(run.result), *(Path(file).read_text() for file in files.values() if Path(file).exists())]
        assert "********" in shown[0]
        assert not [part for text in shown for part in parts(written) if shows(text, part)]


@pytest.mark.sweep(3)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_a_server_echoes_is_not_on_the_screen(ansible: Ansible, simulator: Simulator, encoding: str) -> None:
    written = ENCODINGS[encoding](TOKEN)
    simulator.load(team())
    simulator.faults([{"action": "status", "status": 403, "json": {"message": f"no entry for {written}"}}])
    (ansible.folder / "a.gitlab_registry.yml").write_text(
        json.dumps({"plugin": "containerops.gitlab.gitlab_registry", "group": ["team"]})
    )
    found = ansible.inventory("-i", "a.gitlab_registry.yml", "--list", "-vvv")
    assert "403" in found.told
    assert not [part for part in parts(written) if shows(found.told, part)]


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:hidden-word@127.0.0.1:99999",
        "http://user:hidden-word@[::1",
        "http://user:hidden-word",
        "user:hidden-word@proxy",
        "http//user:hidden-word@127.0.0.1:1",
        "http://user:hidden#word@127.0.0.1:1",
        "http://user:hidden-word@127.0.0.1:1",
    ],
)
def test_the_password_of_a_proxy_is_not_told(ansible: Ansible, proxy: str) -> None:
    environment = {"http_proxy": proxy, "no_proxy": "", "GITLAB_API_URL": "http://gitlab.invalid"}
    run = ansible.module("registry_cleanup", {**RULES, "retries": 0}, env=environment)
    assert run.failed
    assert "hidden" not in json.dumps(run.result)
    assert "Traceback" not in json.dumps(run.result)


def told_by(secret: str, encoding: str) -> dict[str, str]:
    """What run_by says, with a secret in it: alone, within words, as a name, and where a text is cut."""
    written = ENCODINGS[encoding](secret)
    return {"user": written, "words": f"job of {written}", written: "7", "cut": f"{'x' * 240}{secret}"}


@pytest.mark.sweep(4)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("variable", ["GITLAB_TOKEN", "CI_JOB_TOKEN", None])
def test_who_runs_a_task_is_noted_without_secrets(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, encoding: str, variable: str | None
) -> None:
    """A secret is the token in use, by option or variable, or another one of the environment."""
    secret = "glcbt-64_0987654321fedcba" if variable == "CI_JOB_TOKEN" else TOKEN
    simulator.load(team())
    files = {name: str(tmp_path / name) for name in ("plan_path", "journal_path")}
    order = {
        **RULES,
        **files,
        **({"api_token": TOKEN} if variable is None else {}),
        "journal_package": {"project": "team/app", "version": "7"},
        "run_by": told_by(secret, encoding),
    }
    environment = {"GITLAB_TOKEN": TOKEN, variable: secret} if variable else {"GITLAB_TOKEN": None}
    run = ansible.module("registry_cleanup", order, env=environment)
    assert run.status == "ok", run.message
    stored = [entry for entry in simulator.requests() if entry["method"] == "PUT"]
    shown = [json.dumps(run.result["run_by"]), *(Path(file).read_text() for file in files.values())]
    assert len(stored) == 2
    if variable:
        reports = {name: str(tmp_path / name) for name in ("markdown_path", "html_path")}
        told = {**reports, "plan_path": files["plan_path"], "run_by": order["run_by"]}
        report = ansible.module("registry_report", told, env=environment)
        assert report.status == "ok", report.message
        shown += [Path(file).read_text() for file in reports.values()]
    assert "********" in shown[0]
    assert not [part for text in shown for part in parts(ENCODINGS[encoding](secret)) if shows(text, part)]
    assert not [text for text in shown if secret[:8] in text]
