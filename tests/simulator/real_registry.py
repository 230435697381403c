# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Docker registry from Debian's package, unpacked and not installed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

PACKAGE = "docker-registry"


class RegistryUnavailable(Exception):
    """No registry can be had on this machine; the text says why."""


@dataclass(frozen=True)
class Registry:
    url: str


def program(build: Path) -> Path:
    """The registry's program: on PATH, unpacked before, or downloaded now into build. Raises RegistryUnavailable."""
    there = shutil.which(PACKAGE)
    if there:
        return Path(there)
    folder = build / PACKAGE
    found = folder / "root" / "usr" / "bin" / PACKAGE
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Several test processes may want it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            _download(folder)
    return found


def _download(folder: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise RegistryUnavailable(f"{PACKAGE} is not installed, and without apt-get it can't be downloaded")
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    # Lists and archives of our own: works without root, and leaves the machine's alone.
    options = [
        *("-o", f"Dir::State={folder / 'state'}", "-o", f"Dir::Cache={folder / 'cache'}"),
        *("-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true"),
    ]
    for command in (["update"], ["download", PACKAGE]):
        done = subprocess.run(
            ["apt-get", "-qq", *options, *command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RegistryUnavailable(f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}")
    [archive, *_] = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    fresh = folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(archive), str(fresh)], check=True)
    shutil.rmtree(folder / "root", ignore_errors=True)
    fresh.rename(folder / "root")


@contextlib.contextmanager
def running_registry(build: Path, storage: Path) -> Iterator[Registry]:
    """A registry on loopback that keeps its images in storage. Raises RegistryUnavailable."""
    executable = program(build)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = storage / "config.yml"
    data = storage / "data"
    config.write_text(
        "version: 0.1\n"
        "log: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {data}}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: 127.0.0.1:{port}}}\n"
    )
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(storage), "OTEL_TRACES_EXPORTER": "none"}
    with subprocess.Popen(
        [str(executable), "serve", str(config)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield Registry(url)
        finally:
            process.terminate()
            process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    session = requests.Session()
    session.trust_env = False
    for _attempt in range(200):
        if process.poll() is not None:
            raise RegistryUnavailable(f"{PACKAGE} ended at once with exit code {process.returncode}")
        try:
            if session.get(f"{url}/v2/", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RegistryUnavailable(f"{PACKAGE} did not answer in time")
