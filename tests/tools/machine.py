# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and how every tool runs: it writes nothing outside build/, and nothing of the caller's account gets in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FOREIGN = ("ANSIBLE_", "CI_", "GITLAB_", "XDG_")
LOOPBACK = "127.0.0.1,localhost,::1"


def settle(build: Path, programs: Path) -> None:
    """Give this process and its children a home of their own below `build`, with `programs` first on the PATH.

    The caller's settings of pip and proxies stay, variables that would reach Ansible or the modules go, and the
    simulator on the loopback is never looked for behind a proxy.
    """
    home, temporary = build / "home", build / "tmp"
    pip_settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    _write_pip_config(home, pip_settings)
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.setdefault("PYENV_ROOT", str(Path.home() / ".pyenv"))
    os.environ |= {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PIP_CACHE_DIR": str(build / "cache" / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "ANSIBLE_HOME": str(home / ".ansible"),
        # The copy of the sources in build/ is no part of the repository around it.
        "GIT_CEILING_DIRECTORIES": str(build),
    }
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))


def run(
    command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None, shown: tuple[str, ...] = ("",)
) -> tuple[int, str]:
    """Run a command, show its lines that begin with one of `shown`, and return its exit code and all output."""
    print("+", *command, flush=True)
    output = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            output.append(line)
            if line.startswith(shown):
                print(line, end="", flush=True)
    return process.returncode, "".join(output)


def _write_pip_config(home: Path, settings: str) -> None:
    """Keep the caller's settings in a file: ansible-test hands no PIP_* variables and no proxies to its pip."""
    values = {}
    for line in settings.splitlines():
        name, value = line.split("=", 1)
        values[name.rpartition(".")[2]] = value.strip("'\"").replace("\\n", "\n    ")
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    if proxy:
        values.setdefault("proxy", proxy)
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if bundle:
        values.setdefault("cert", bundle)
    file = home / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(["[global]\n", *(f"{name} = {value}\n" for name, value in values.items())]))
    file.chmod(0o600)
