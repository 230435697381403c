# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.benchmark.large_repository: all dates of one large repository without a metadata database.

Every request to GitLab takes 50 ms, every one to its registry 5 ms, whether GitLab sends it or this collection does.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.integration.driver import Ansible, environment
from tests.integration.scenarios import server
from tests.simulator.harness import Simulator, running
from tests.tools.collection import link

WAYS = ("registry", "registry, warm cache", "rest")


def scenario(tags: int) -> dict[str, Any]:
    generate = {"count": tags, "prefix": "v", "first_created": "2020-01-01T00:00:00Z", "step_seconds": 60}
    return server([{"id": 100, "project": "team/app", "generate": generate}], mode="M2")


def measure(ansible: Ansible, simulator: Simulator, way: str, folder: Path, concurrency: int) -> dict[str, Any]:
    order = {
        "project": "team/app",
        "gather": ["tag_details"],
        "read_via": way.partition(",")[0],
        "concurrency": concurrency,
        "return_limit": 1,
        "output_path": str(folder / f"{way}.jsonl"),
    }
    if order["read_via"] == "registry":
        order["cache_path"] = str(folder / "cache.db")
    simulator.clear_log()
    started = time.monotonic()
    found = ansible.module("registry_info", order)
    seconds = time.monotonic() - started
    row = json.loads((folder / f"{way}.jsonl").read_text())
    counters = simulator.counters()
    return {
        "way": way,
        "result": found.result["result"],
        "dated": sum(1 for tag in row["tags"] if tag["date"]),
        "listing": row["listing"],
        "requests": {kind: counters[kind] for kind in ("rest", "v2", "tokens")},
        "seconds": round(seconds, 1),
        # Of the largest process so far.
        "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=30_000)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    arguments = parser.parse_args()
    link()
    with tempfile.TemporaryDirectory() as name, running(scenario(arguments.tags)) as simulator:
        folder = Path(name)
        simulator.latency(request=0.05, registry=0.005)
        ansible = Ansible(folder, environment(folder, simulator.url), patience=3600)
        for way in arguments.ways:
            print(json.dumps(measure(ansible, simulator, way, folder, arguments.concurrency)), flush=True)


if __name__ == "__main__":
    main()
