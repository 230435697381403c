# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the simulator from tests, and setting the scene in it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .real_registry import RealRegistry, running_registry

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
Json = Mapping[str, Any]


class ControlError(Exception):
    """The simulator did not accept a scenario, a fault or an edit, and says why."""


class Simulator:
    """A running simulator. url: of GitLab; api_url: of its REST API. pid: of its process."""

    def __init__(self, url: str, api_url: str, mode: str, pid: int = 0) -> None:
        self.pid = pid
        self.url = url
        self.api_url = api_url
        self.mode = mode
        # Neither a proxy of this machine nor its trust is any business of the control path.
        context = ssl._create_unverified_context() if url.startswith("https:") else None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_sim/{path}", data, headers, method=method)
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise ControlError(error.read().decode()) from None
        return json.loads(text) if text else None

    def reset(self) -> None:
        """Forget everything: an empty server without faults, latency and log."""
        self._control("POST", "reset")

    def load(self, scenario: Json) -> None:
        """Start from a scenario; forgets everything before."""
        self._control("PUT", "scenario", scenario)

    def clock(self, now: str | None = None, *, advance: float = 0) -> str:
        """Set the clock (ISO 8601) or move it on by seconds; the time it then shows."""
        setting: dict[str, Any] = {"advance": advance}
        if now is not None:
            setting["now"] = now
        return str(self._control("PUT", "clock", setting)["now"])

    def faults(self, faults: Sequence[Json]) -> None:
        """Add faults."""
        self._control("POST", "faults", list(faults))

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def latency(self, *, request: float = 0, registry: float = 0) -> None:
        """Seconds that every request takes, and every request of GitLab to the registry in it."""
        self._control("PUT", "latency", {"request": request, "registry": registry})

    def requests(self) -> list[dict[str, Any]]:
        """The log."""
        return list(self._control("GET", "requests")["log"])

    def counters(self) -> dict[str, Any]:
        return dict(self._control("GET", "requests")["counters"])

    def clear_log(self) -> None:
        self._control("DELETE", "requests")

    def jobs(self) -> list[dict[str, Any]]:
        """The background jobs, also those that are over: what they were to do and what came of it."""
        return list(self._control("GET", "jobs"))

    def run_jobs(self) -> None:
        """Run every waiting job once, whatever its time."""
        self._control("POST", "jobs")

    def run_policies(self) -> None:
        """Run every enabled cleanup policy, whatever its time."""
        self._control("POST", "policies")

    def clear_leases(self) -> None:
        """Let bulk deletions be asked for again."""
        self._control("DELETE", "leases")

    def collect_garbage(self) -> None:
        """Forget the images that no tag leads to."""
        self._control("POST", "collect")

    def state(self) -> dict[str, list[str]]:
        """The sorted tag names of every repository by its path."""
        return dict(self._control("GET", "state"))

    def changes(self) -> list[dict[str, Any]]:
        """Every change of a tag since the scenario was loaded, one repository after another; see changes.py."""
        return list(self._control("GET", "changes"))

    def tags(self, path: str) -> list[dict[str, Any]]:
        """All that is known of the tags of a repository in memory."""
        return list(self._control("GET", f"tags?repository={quote(path, safe='')}"))

    def edit_tags(self, path: str, *, put: Sequence[Json] = (), remove: Sequence[str] = ()) -> None:
        """Push tags (or change the given fields of present ones) and remove some."""
        self._control("PATCH", "tags", {"repository": path, "set": list(put), "remove": list(remove)})

    def import_tags(self, at: str, *, spread: float = 0) -> None:
        """Date all tags as an import to the metadata database does, at that time and for so many seconds."""
        self._control("POST", "import", {"at": at, "spread": spread})

    def certificate(self) -> str:
        """PEM, of the key that signs tokens for the registry."""
        return str(self._control("GET", "certificate")["certificate"])

    def registry_token(self, path: str) -> str:
        """GitLab's own token for a repository: with it everything may be done to its images, whoever asks."""
        return str(self._control("GET", f"token?repository={quote(path, safe='')}")["token"])

    def use_registry(self, url: str) -> None:
        """Put a real registry behind GitLab from now on; forgets everything before."""
        self._control("PUT", "registry", {"url": url})


@contextmanager
def running(
    scenario: Json | None = None,
    *,
    mode: str | None = None,
    registry: str | None = None,
    https: tuple[Path, Path] | None = None,
) -> Iterator[Simulator]:
    """A simulator in a process of its own. https: files of certificate and key. registry: URL of a real one."""
    command = [sys.executable, "-m", "tests.simulator", "--until-stdin-closes"]
    command += ["--mode", mode] if mode else []
    command += ["--registry", registry] if registry else []
    command += ["--https", "--certfile", str(https[0]), "--keyfile", str(https[1])] if https else []
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator ended with {process.wait(PATIENCE)} instead of starting")
        ready = json.loads(line)
        simulator = Simulator(ready["url"], ready["api_url"], ready["mode"], process.pid)
        if scenario is not None:
            simulator.load(scenario)
        yield simulator
    finally:
        process.stdin.close()
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def running_with_registry(
    scenario: Json | None, build: Path, storage: Path
) -> Iterator[tuple[Simulator, RealRegistry]]:
    """A simulator, and behind it a registry that trusts its tokens and no others. Raises RegistryUnavailable."""
    with (
        running(mode="M2") as simulator,
        running_registry(
            build, storage, realm=f"{simulator.url}/jwt/auth", certificate=simulator.certificate()
        ) as registry,
    ):
        simulator.use_registry(registry.url)
        if scenario is not None:
            simulator.load(scenario)
        yield simulator, registry
