# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.benchmark: measures everything and writes build/results/bench.json, then the pages.

Every tool meets the same simulator with the same contents; where a request takes time, it takes that long for
everybody. A tool that did not do the job ends the benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator, running
from tests.tools.collection import ROOT, link

from . import measuring
from .job import KEPT, REGISTRY, REQUEST, SHAPES, Shape, Size, scenario
from .presenting import AT_ONCE, write_pages
from .sockets import seconds_per_request
from .tools import OURS, RIVAL, TOOLS, Tool, environment, playbook, start, versions

RESULTS = ROOT / "build" / "results" / "bench.json"
MODES = ("M1", "M2")
JOBS = ("audit", "cleanup")
# From ten thousand tags to a million, and ten thousand small repositories.
FLEETS = (
    Size(10, 10, 100),
    Size(10, 10, 1000),
    Size(10, 100, 1000),
    Size(1000, 10, 10),
)
NOTHING = Size(2, 0, 0)


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def prepare(simulator: Simulator, mode: str, size: Size | Shape) -> None:
    """Fill the server. Its images are made beforehand, so that nobody waits for that."""
    contents = scenario(mode, size)
    simulator.load(contents)
    for path in simulator.state():
        simulator.tags(path)
    simulator.latency(request=REQUEST, registry=REGISTRY)
    simulator.clear_log()


def pin(pid: int) -> None:
    """Give a process a processor of its own, where there are two, and the others to this one and all that it starts."""
    *others, last = sorted(os.sched_getaffinity(0))
    if others:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {last})
        os.sched_setaffinity(0, others)


def measure(simulator: Simulator, tool: Tool, job: str, place: Path, *options: str) -> dict[str, Any]:
    """One run, as it was measured. options: further ones of the command."""
    for file in (*place.glob("tags*"), *place.glob("plan*")):
        file.unlink()
    before = measuring.processor_seconds(simulator.pid)
    command = [*tool.command(job, simulator.url, place), *options]
    taken = measuring.run(command, environment(place, simulator.url), place, place / "log")
    server = measuring.processor_seconds(simulator.pid) - before
    counters = simulator.counters()
    return {
        "requests": counters["total"] - counters["v2"] - counters["tokens"],
        "registry_requests": counters["v2"] + counters["tokens"],
        "tokens": counters["tokens"],
        "registry_requests_of_gitlab": counters["registry"],
        "wall": round(taken.wall, 2),
        "cpu": round(taken.cpu, 2),
        "peak": taken.peak,
        "largest": taken.largest,
        "server_cpu": round(server, 2),
    }


def check(simulator: Simulator, tool: Tool, job: str, size: Size | Shape, place: Path) -> None:
    """Whether the job was done."""
    if job == "audit":
        found = tool.dated(place) if tool.dated else size.all_tags
        if found != size.all_tags:
            raise SystemExit(f"{tool.name} told the dates of {found} tags instead of {size.all_tags}.")
        return
    left = sorted(len(names) for names in simulator.state().values())
    if left != sorted(min(count, KEPT) for count in size.counts):
        raise SystemExit(f"{tool.name} left repositories of {sorted(set(left))} tags.")


def measure_job(simulator: Simulator, tool: Tool, mode: str, job: str, size: Size) -> dict[str, Any]:
    """What a tool takes for the whole job; where it does a part only, the rest is as much for each tag."""
    part = replace(tool.part, repositories=min(tool.part.repositories, size.repositories))
    with folder() as place:
        if tool.warm:
            prepare(simulator, mode, part)
            measure(simulator, tool, job, place)
        prepare(simulator, mode, part)
        row = measure(simulator, tool, job, place)
        check(simulator, tool, job, part, place)
    times = size.all_tags / part.all_tags
    if times > 1:
        with folder() as place:
            prepare(simulator, mode, NOTHING)
            base = measure(simulator, tool, job, place)
        for key in ("requests", "registry_requests_of_gitlab", "wall", "cpu", "server_cpu"):
            row[key] = round(base[key] + (row[key] - base[key]) * times, 2)
        row["requests"] = round(row["requests"])
    return {"mode": mode, "job": job, "tool": tool.name, "part": round(1 / times, 3), **row}


def measure_shape(simulator: Simulator, tool: Tool, shape: Shape) -> dict[str, Any]:
    """What a tool takes for repositories of different sizes."""
    with folder() as place:
        prepare(simulator, shape.mode, shape)
        row = measure(simulator, tool, shape.job, place, *(["--check"] if shape.check else []))
        if not shape.check:
            check(simulator, tool, shape.job, shape, place)
    return {"shape": shape.title, "mode": shape.mode, "job": shape.job, "check": shape.check, "tool": tool.name, **row}


def ansible_start(simulator: Simulator) -> float:
    """Seconds that Ansible itself takes for one module."""
    with folder() as place:
        runs = [
            measuring.run(start(), environment(place, simulator.url), place, place / "log").wall for _turn in range(5)
        ]
    return round(statistics.median(runs), 2)


def fleet(simulator: Simulator, size: Size) -> dict[str, Any]:
    """An audit of very many tags, the details written to a file."""
    prepare(simulator, "M1", size)
    with folder() as place:
        ours = Tool("fleet", "", lambda job, _url, to: playbook(job, to, concurrency=8), None)
        row = measure(simulator, ours, "audit", place)
        megabytes = (place / "tags.jsonl").stat().st_size // 1_000_000
    return {"tags": size.all_tags, "repositories": size.all_repositories, "file": megabytes, **row}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the job, and no page is written")
    parser.add_argument("--shapes", action="store_true", help="repositories of different sizes alone, and no page")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these tools, and no page is written")
    arguments = parser.parse_args()
    link()
    size, fleets, shapes = (Size(10, 1, 100), FLEETS[:1], SHAPES[2:3]) if arguments.small else (Size(), FLEETS, SHAPES)
    names = [tool.name for tool in TOOLS]
    chosen = [tool for tool in TOOLS if tool.name in (arguments.only or names)]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.system()}, {len(os.sched_getaffinity(0))} processors"
    with running() as simulator:
        pin(simulator.pid)
        results: dict[str, Any] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine,
            "versions": versions(),
            "latency": {"request": REQUEST, "registry": REGISTRY},
            "start": ansible_start(simulator),
            "seconds_per_request": {str(count): seconds_per_request(simulator, count) for count in AT_ONCE},
            "tags": size.all_tags,
            "runs": [],
            "shapes": [],
            "fleets": [],
        }

        def keep(part: str, row: dict[str, Any]) -> None:
            """Nothing that was measured is lost when a later part fails."""
            results[part].append(row)
            RESULTS.write_text(json.dumps(results, indent=2) + "\n")
            say(json.dumps(row))

        say(f"Ansible's own start: {results['start']} s")
        for mode in () if arguments.shapes else MODES:
            for job in JOBS:
                for tool in chosen:
                    if mode in tool.modes and job in tool.jobs:
                        keep("runs", measure_job(simulator, tool, mode, job, size))
        for shape in shapes:
            for tool in chosen:
                if tool.name in (OURS, RIVAL) and not (shape.check and tool.name == RIVAL):
                    keep("shapes", measure_shape(simulator, tool, shape))
        for one in fleets if arguments.only is None and not arguments.shapes else ():
            keep("fleets", fleet(simulator, one))
    if not (arguments.small or arguments.shapes) and arguments.only is None:
        write_pages(results)


if __name__ == "__main__":
    main()
