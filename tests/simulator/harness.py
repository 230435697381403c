# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting a simulator and talking to it, for tests and the demo."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]


class Simulator:
    """A running simulator. url: of the server; api_url: with /api/v4."""

    def __init__(self, url: str, api_url: str, verify: bool | str = True) -> None:
        self.url = url
        self.api_url = api_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._verify = verify

    def _control(self, method: str, path: str, wish: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sim/{path}", json=wish, timeout=60, verify=self._verify)
        if not answer.ok:
            raise ValueError(answer.json()["error"])
        return answer.json()

    def reset(self) -> None:
        """Back to an empty server, without faults and log."""
        self._control("POST", "reset")
        self._control("PUT", "latency", {"request": 0, "registry": 0})

    def load(self, scenario: dict[str, Any]) -> None:
        """Replace the whole state."""
        self._control("PUT", "scenario", scenario)

    def clock(self, now: str | None = None, *, advance: float | None = None) -> None:
        """Set the clock, or move it by seconds."""
        self._control("PUT", "clock", {"advance": advance} if advance is not None else {"now": now})

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """Add faults to those there are."""
        self._control("POST", "faults", faults)

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def latency(self, *, request: float = 0.0, registry: float = 0.0) -> None:
        """Seconds that every request, and every request to the registry behind, takes longer."""
        self._control("PUT", "latency", {"request": request, "registry": registry})

    def requests(self) -> list[dict[str, Any]]:
        """The log: one entry a request, in their order."""
        found: list[dict[str, Any]] = self._control("GET", "requests")["log"]
        return found

    def counters(self) -> dict[str, Any]:
        """total, reads, writes, rest, graphql, mutations, by_route and registry."""
        found: dict[str, Any] = self._control("GET", "requests")["counters"]
        return found

    def clear_log(self) -> None:
        self._control("DELETE", "requests")

    def state(self) -> dict[str, list[str]]:
        """Tag names by repository path."""
        found: dict[str, list[str]] = self._control("GET", "state")
        return found

    def edit_tags(self, rows: list[dict[str, Any]]) -> None:
        """Add or change tags: rows with repository, name and what changes."""
        self._control("PATCH", "tags", rows)


@contextlib.contextmanager
def running(
    scenario: dict[str, Any] | None = None,
    *,
    mode: str | None = None,
    registry: str | None = None,
    https: tuple[str, str] | None = None,
    verify: bool | str = True,
) -> Iterator[Simulator]:
    """A simulator in a process of its own. https: certificate and key files."""
    command = [sys.executable, "-m", "tests.simulator"]
    command += [*(["--mode", mode] if mode else []), *(["--registry", registry] if registry else [])]
    command += ["--certfile", https[0], "--keyfile", https[1]] if https else []
    with tempfile.TemporaryDirectory() as folder:
        if scenario is not None:
            path = Path(folder) / "scenario.json"
            path.write_text(json.dumps(scenario))
            command += ["--scenario", str(path)]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the simulator did not start (exit code {process.wait(10)})")
                ready = json.loads(line)
                yield Simulator(ready["url"], ready["api_url"], verify)
            finally:
                process.terminate()
                process.wait(10)
