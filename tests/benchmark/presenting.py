# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.benchmark.presenting: writes the tables and the picture from docs/benchmark.json once more.

In docs/benchmark.md and docs/sizing.md they stand between markers; the text around them is written by hand.
"""

from __future__ import annotations

import json
import math
from typing import Any

from tests.tools.collection import ROOT
from tests.tools.pages import filled, table

from .job import REGISTRY, REQUEST
from .tools import OURS, RIVAL, THREADS, TOOLS

DATA = ROOT / "docs" / "benchmark.json"
PICTURE = ROOT / "docs" / "benchmark.svg"
PAGES = (ROOT / "docs" / "benchmark.md", ROOT / "docs" / "sizing.md")
TITLES = {tool.name: tool.title for tool in TOOLS}
MODES = {"M1": "with a metadata database", "M2": "without a metadata database"}
# How many requests of a tool may be under way at once, of those whose limit is shown.
AT_ONCE_BY_TOOL = {RIVAL: THREADS, **{tool.name: tool.concurrency for tool in TOOLS if tool.concurrency}}
AT_ONCE = sorted(set(AT_ONCE_BY_TOOL.values()))
JOBS = {"audit": "audit: all tags with their dates", "cleanup": "cleanup: 9 of 10 tags deleted"}

Row = dict[str, Any]
Results = dict[str, Any]


def write_pages(results: Results) -> None:
    """Keep the results and show them."""
    DATA.write_text(json.dumps(results, indent=2) + "\n")
    PICTURE.write_text(picture(results))
    made = blocks(results)
    for page in PAGES:
        page.write_text(filled(page.read_text(), "benchmark", made))


def blocks(results: Results) -> dict[str, str]:
    """What stands between the markers, by their names."""
    return {make.__name__: make(results) for make in (comparison, conditions, limit, shapes, rates, fleets)}


def runs_of(results: Results, mode: str, job: str) -> list[Row]:
    return [row for row in results["runs"] if (row["mode"], row["job"]) == (mode, job)]


def comparison(results: Results) -> str:
    """Everybody's figures."""
    rows = []
    for mode, registry in MODES.items():
        for job in JOBS:
            found = runs_of(results, mode, job)
            ours = next(row for row in found if row["tool"] == OURS)
            for row in found:
                about = "" if row["part"] == 1 else "~ "
                rows.append(
                    [
                        f"{job}, {registry}" if row is found[0] else "",
                        TITLES[row["tool"]],
                        about + number(row["requests"] + row["registry_requests"]),
                        about + seconds(row["wall"]),
                        about + seconds(row["cpu"]),
                        f"{row['peak']} MB",
                        "" if row is ours else f"{row['wall'] / ours['wall']:.1f} x",
                    ]
                )
    head = [
        "job",
        "tool",
        "requests",
        "seconds",
        "CPU seconds",
        "peak memory",
        "seconds compared with `concurrency: 8`",
    ]
    return table(head, rows)


def conditions(results: Results) -> str:
    """When, where and with what."""
    told = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"Measured on {results['date']} with `make bench`, one run each, on {results['machine']}: {told}. "
        f"Lines with ~ are extrapolated from a part of the job."
    )


def limit(results: Results) -> str:
    """How far this collection is from what is possible."""
    rows = [
        [
            f"{row['job']}, {MODES[row['mode']]}",
            TITLES[row["tool"]],
            f"{number(row['requests'])} / {number(row['registry_requests'])}",
            number(row["registry_requests_of_gitlab"]),
            *limit_columns(results, row),
        ]
        for row in results["runs"]
        if is_ours(row)
    ]
    head = ["job", "tool", "requests to GitLab / the registry", "requests of GitLab to its registry", *LIMIT_COLUMNS]
    return table(head, rows)


LIMIT_COLUMNS = ["limit, seconds", "bare sockets, seconds", "tool, seconds", "tool / limit", "tool / bare sockets"]


def limit_columns(results: Results, row: Row) -> list[str]:
    """Seconds of latency alone, of bare sockets, and as measured, with the ratios of the last to the others."""
    start = results["start"] if is_ours(row) else 0.0
    measured = results["seconds_per_request"][str(AT_ONCE_BY_TOOL[row["tool"]])]
    least = start + least_seconds(row, gitlab=REQUEST, registry=REGISTRY)
    sockets = start + least_seconds(row, gitlab=measured["gitlab"], registry=measured["registry"])
    ratios = [f"{row['wall'] / possible:.2f} x" for possible in (least, sockets)]
    return [seconds(least), seconds(sockets), seconds(row["wall"]), *ratios]


def least_seconds(row: Row, *, gitlab: float, registry: float) -> float:
    """For all requests of a run with as many under way as may be, if each takes so many seconds."""
    to_gitlab = (row["requests"] + row["tokens"]) * gitlab
    to_registry = (row["registry_requests"] - row["tokens"]) * registry
    of_gitlab = row["registry_requests_of_gitlab"] * REGISTRY
    return float(to_gitlab + to_registry + of_gitlab) / AT_ONCE_BY_TOOL[row["tool"]]


def is_ours(row: Row) -> bool:
    return str(row["tool"]).startswith("collection")


def shapes(results: Results) -> str:
    """Repositories of different sizes."""
    rows = []
    for row in results["shapes"]:
        job = f"{'check mode of a ' if row['check'] else ''}{row['job']}, {MODES[row['mode']]}"
        rows.append(
            [
                f"{row['shape']}, {job}" if is_ours(row) else "",
                TITLES[row["tool"]],
                number(row["requests"] + row["registry_requests"]),
                *limit_columns(results, row),
                seconds(row["cpu"]),
            ]
        )
    head = ["repositories x tags, and the job", "tool", "requests", *LIMIT_COLUMNS, "CPU seconds"]
    return table(head, rows)


def rates(results: Results) -> str:
    """What one task gets done in a minute, and what it asks of the server for that."""
    rows = []
    for row in results["runs"]:
        if not is_ours(row):
            continue
        done = results["tags"] if row["job"] == "audit" else results["tags"] * 9 / 10
        minutes = row["wall"] / 60
        rows.append(
            [
                f"{row['job']}, {MODES[row['mode']]}",
                TITLES[row["tool"]],
                number(done / minutes),
                number((row["requests"] + row["tokens"]) / minutes),
                number((row["registry_requests"] - row["tokens"]) / minutes),
            ]
        )
    head = [
        "job",
        "tool",
        "tags read or deleted per minute",
        "requests to GitLab per minute",
        "requests to its registry per minute",
    ]
    return table(head, rows)


def fleets(results: Results) -> str:
    """Time and memory by the number of tags."""
    rows = [
        [
            number(row["tags"]),
            number(row["repositories"]),
            number(row["requests"]),
            seconds(row["wall"]),
            f"{row['wall'] / row['tags'] * 1000:.2f} ms",
            f"{row['largest']} MB",
            f"{row['file']} MB",
        ]
        for row in results["fleets"]
    ]
    head = [
        "tags",
        "repositories",
        "requests",
        "seconds",
        "time for each tag",
        "memory of the largest process",
        "audit file",
    ]
    return table(head, rows)


def number(value: float) -> str:
    return f"{round(value):,}"


def seconds(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


WIDTH, LEFT, RIGHT = 980, 420, 60
LINE, HEADING = 22, 58
STYLE = (
    "text{font-family:sans-serif;font-size:13px;fill:#24292f}.head{font-weight:bold}.small{font-size:11px;fill:#57606a}"
    ".ours{fill:#2da44e}.other{fill:#8c959f}.grid{stroke:#d0d7de}"
)


def picture(results: Results) -> str:
    """Wall-clock seconds as bars on a logarithmic scale, as SVG."""
    longest = max(row["wall"] for row in results["runs"])
    decades = math.ceil(math.log10(longest))
    scale = (WIDTH - LEFT - RIGHT) / decades

    def place(value: float) -> float:
        return max(0.0, math.log10(value)) * scale

    parts: list[str] = []
    y = 10
    for mode, registry in MODES.items():
        for job, title in JOBS.items():
            found = runs_of(results, mode, job)
            y += HEADING
            parts.append(f'<text class="head" x="10" y="{y - 26}">{title}, {registry}</text>')
            bottom = y + LINE * len(found)
            for decade in range(decades + 1):
                x = LEFT + decade * scale
                parts.append(f'<line class="grid" x1="{x:.0f}" y1="{y - 4}" x2="{x:.0f}" y2="{bottom}"/>')
                parts.append(f'<text class="small" x="{x + 3:.0f}" y="{y - 6}">{10**decade:,} s</text>')
            for row in found:
                kind = "ours" if is_ours(row) else "other"
                about = "" if row["part"] == 1 else "~ "
                title_of = TITLES[row["tool"]].replace("`", "")
                parts.append(f'<text x="10" y="{y + 15}">{title_of}</text>')
                long = place(row["wall"])
                parts.append(f'<rect class="{kind}" x="{LEFT}" y="{y + 3}" width="{long:.1f}" height="{LINE - 6}"/>')
                parts.append(f'<text x="{LEFT + long + 5:.0f}" y="{y + 15}">{about}{seconds(row["wall"])}</text>')
                y += LINE
    height = y + 30
    scale_told = "Seconds on a logarithmic scale: each grey line is ten times the seconds of the line before it."
    parts.append(f'<text class="small" x="10" y="{height - 8}">{scale_told}</text>')
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            # REUSE-IgnoreStart
            "<!-- Copyright (c) 2026, containerops.gitlab contributors",
            "GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or",
            "https://www.gnu.org/licenses/gpl-3.0.txt) SPDX-License-Identifier: GPL-3.0-or-later -->",
            # REUSE-IgnoreEnd
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def main() -> None:
    write_pages(json.loads(DATA.read_text()))


if __name__ == "__main__":
    main()
