# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of a run leave behind, and the table at its end."""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path
from xml.etree import ElementTree

from tests.tools.collection import ROOT

RESULTS = ROOT / "build" / "results"


class Check(t.TypedDict):
    """One line of the table: how many of a part's tests, files or plugins passed, failed or did not run, and why."""

    name: str
    passed: int
    failed: int
    skipped: int
    remark: str


class Result(t.TypedDict):
    """What is known of a part; `seconds` is None until it has come to its end."""

    checks: list[Check]
    seconds: float | None


def begin(part: str) -> None:
    """Forget what an earlier run left."""
    _write(part, {"checks": [], "seconds": None})


def note(part: str, name: str, *, passed: int = 0, failed: int = 0, skipped: int = 0, remark: str = "") -> None:
    """Add a line to the part."""
    result = _read(part)
    result["checks"].append({"name": name, "passed": passed, "failed": failed, "skipped": skipped, "remark": remark})
    _write(part, result)


def note_junit(part: str, file: Path, code: int, name: str = "pytest", left_out: Path | None = None) -> None:
    """Add the counts of pytest's JUnit file; a run that died without one, or failed without a test, has failed once.

    left_out: where the number of slow tests is that did not run, if there are some.
    """
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    if file.exists():
        suite = ElementTree.parse(file).getroot().find("testsuite")
        if suite is not None:
            counts = {name: int(suite.get(name, 0)) for name in counts}
    bad = counts["failures"] + counts["errors"]
    remarks = [] if code in (0, 1) else [f"pytest ended with {code}"]
    if left_out is not None and left_out.exists():
        remarks.append(f"left out: {left_out.read_text()} slow tests, see make slow")
    note(
        part,
        name,
        passed=counts["tests"] - bad - counts["skipped"],
        failed=max(bad, int(code != 0)),
        skipped=counts["skipped"],
        remark="; ".join(remarks),
    )


def end(part: str, seconds: float) -> None:
    """Note the time; a part that noted nothing has failed, whatever it did."""
    if not _read(part)["checks"]:
        note(part, part, failed=1, remark="ended without a result")
    result = _read(part)
    result["seconds"] = seconds
    _write(part, result)


def failed(part: str) -> bool:
    """Whether anything in the part failed."""
    return any(check["failed"] for check in _read(part)["checks"])


def show(parts: list[str], started: float) -> None:
    """Print the table; its last line holds the sums alone. started: by time.monotonic()."""
    text = render({part: _read(part) for part in parts}, time.monotonic() - started)
    (RESULTS / "summary.txt").write_text(text + "\n")
    print(f"\n{text}", flush=True)


def render(results: dict[str, Result], together: float) -> str:
    """Make the table of the parts and the line with the sums over all. together: seconds, of parts side by side."""
    width = max([28, *(len(check["name"]) for result in results.values() for check in result["checks"])])
    lines = [f"{'part':<12} {'what':<{width}} {'passed':>6} {'failed':>6} {'skipped':>7} {'minutes':>7}"]
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    for part, result in results.items():
        seconds = result["seconds"]
        checks = result["checks"]
        if seconds is None:
            checks = [*checks, Check(name=part, passed=0, failed=1, skipped=0, remark="did not come to its end")]
        for number, check in enumerate(checks):
            minutes = f"{(seconds or 0) / 60:.1f}" if number == 0 else ""
            counts = f"{check['passed']:>6} {check['failed']:>6} {check['skipped']:>7} {minutes:>7}"
            name = f"{part if number == 0 else '':<12} {check['name']:<{width}}"
            lines.append(f"{name} {counts}  {check['remark']}".rstrip())
            sums["passed"] += check["passed"]
            sums["failed"] += check["failed"]
            sums["skipped"] += check["skipped"]
    lines.append(f"{'together':<12} {'':<{width}} {'':>6} {'':>6} {'':>7} {together / 60:>7.1f}")
    return "\n".join([*lines, "", f"{sums['passed']} passed, {sums['failed']} failed, {sums['skipped']} skipped"])


def _read(part: str) -> Result:
    file = RESULTS / f"{part}.json"
    if not file.exists():
        return {"checks": [], "seconds": None}
    return t.cast(Result, json.loads(file.read_text()))


def _write(part: str, result: Result) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{part}.json").write_text(json.dumps(result))
