# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Docker registry from Debian's package, unpacked and not installed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .signing import ISSUER, SERVICE

PACKAGE = "docker-registry"
PATIENCE = 30.0
_LISTENING = re.compile(rb"listening on 127\.0\.0\.1:(\d+)")


class RegistryUnavailable(Exception):
    """No registry can be had on this machine; the text says why."""


@dataclass(frozen=True)
class RealRegistry:
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
    for archive in folder.glob(f"{PACKAGE}_*.deb"):
        archive.unlink()
    # First with the machine's own package lists; then with lists of our own, which needs no root and changes nothing.
    if _apt(folder, "download", PACKAGE):
        private = _private_lists(folder)
        error = _apt(folder, *private, "update") or _apt(folder, *private, "download", PACKAGE)
        if error:
            raise RegistryUnavailable(f"{PACKAGE} can't be downloaded: {error}")
    [archive] = folder.glob(f"{PACKAGE}_*.deb")
    fresh = folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(archive), str(fresh)], check=True)
    shutil.rmtree(folder / "root", ignore_errors=True)
    fresh.rename(folder / "root")


def _private_lists(folder: Path) -> list[str]:
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": str(folder / "state"),
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": str(folder / "cache"),
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _apt(folder: Path, *words: str) -> str:
    """What went wrong; empty for nothing."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", *words]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip()[-300:] or f"exit code {done.returncode}") if done.returncode else ""


@contextlib.contextmanager
def running_registry(build: Path, storage: Path, *, realm: str = "", certificate: str = "") -> Iterator[RealRegistry]:
    """A registry on loopback that keeps its images in storage. Raises RegistryUnavailable.

    realm: URL of where tokens are to be had; certificate: PEM, of who signs them. Without them everybody may do all.
    """
    executable = program(build)
    storage.mkdir(parents=True, exist_ok=True)
    config = storage / "config.yml"
    log = storage / "log"
    config.write_text(
        "version: 0.1\n"
        "log: {level: info, formatter: text}\n"
        f"storage: {{filesystem: {{rootdirectory: {json.dumps(str(storage / 'data'))}}}, delete: {{enabled: true}}}}\n"
        "http: {addr: '127.0.0.1:0'}\n" + (_authentication(storage, realm, certificate) if realm else "")
    )
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(storage), "OTEL_TRACES_EXPORTER": "none"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(executable), "serve", str(config)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RealRegistry(f"http://127.0.0.1:{_port(log, process)}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _authentication(storage: Path, realm: str, certificate: str) -> str:
    bundle = storage / "gitlab.pem"
    bundle.write_text(certificate)
    token = {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
    return f"auth: {json.dumps({'token': token})}\n"


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    """The port it took, which it tells in its log once it listens."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        match = _LISTENING.search(log.read_bytes())
        if match:
            return int(match[1])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    text = log.read_text(errors="replace").strip()[-300:]
    raise RegistryUnavailable(f"{PACKAGE} does not listen (exit code {process.poll()}): {text}")
