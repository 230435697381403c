# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every row of the truth tables, and that the replay can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROWS = {
    "cleanup_plans": 898,
    "durations": 122,
    "regexes": 131,
    "http_recordings": 206,
    "graphql_recordings": 90,
    "registry_recordings": 475,
}
RECORDINGS = ("http_recordings", "graphql_recordings", "registry_recordings")
REPLAYS = [
    (table, against)
    for table in ROWS
    for against in ("plugins", "simulator")
    if against == "simulator" or table not in RECORDINGS
]
# Ages that no option accepts and no policy can hold, by table.
NOT_ACCEPTED = {"cleanup_plans": 223, "durations": 99}
# What the simulator has nothing of: the interface by which GitLab alone asks its registry, its limits, renaming; and
# words of Ruby's parser.
NOT_SIMULATED = {"registry_recordings": 46, "graphql_recordings": 1}
REASONS = (
    "no option accepts this older_than",
    "GitLab alone asks below /gitlab/v1",
    "the simulator has nothing of this",
    "the words are those of Ruby's parser",
)


def replay(table: str, file: Path, *options: str) -> tuple[int, list[str]]:
    command = [sys.executable, str(HERE / "replay.py"), table, str(file), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(("table", "against"), REPLAYS)
def test_every_row_agrees(table: str, against: str) -> None:
    code, lines = replay(table, HERE / "tables" / f"{table}.jsonl", "--against", against)
    others = (NOT_ACCEPTED if against == "plugins" else NOT_SIMULATED).get(table, 0)
    agreeing = ROWS[table] - others
    assert lines[-1] == f"{table}: {ROWS[table]} rows, {agreeing} agree, 0 disagree, {others} not applicable"
    assert all(any(f": not applicable: {reason}" in line for reason in REASONS) for line in lines[:-1])
    assert code == 0


def spoilt(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row with a truth that is none."""
    if table == "cleanup_plans":
        deleted = row["gitlab"]["deleted"]
        return {**row, "gitlab": {**row["gitlab"], "deleted": deleted[1:] if deleted else ["never-there"]}}
    if table == "durations":
        service = {**row["service"], "deleted": ["never-there"]}
        return {**row, "seconds": 12345, "service": service}
    if table == "regexes":
        return {**row, "accepted": not row["accepted"], "message": "is an invalid regexp: none"}
    if table == "registry_recordings":
        return {**row, "status": 418}
    return {**row, "response": {**row["response"], "status": 418}}


@pytest.mark.parametrize(("table", "against"), REPLAYS)
def test_a_row_that_is_not_true_is_noticed(table: str, against: str, tmp_path: Path) -> None:
    lines = (HERE / "tables" / f"{table}.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("older_than", "1h") in ("1h", "1 h", "36h")]
    rows = [row for row in rows if "/gitlab/v1" not in str(row.get("request"))][:3]
    file = tmp_path / "spoilt.jsonl"
    file.write_text("".join(json.dumps(spoilt(table, row)) + "\n" for row in rows))
    code, output = replay(table, file, "--against", against)
    assert code == 1
    assert output[-1] == f"{table}: 3 rows, 0 agree, 3 disagree, 0 not applicable"
    assert sum("expected" in line for line in output) == 3


@pytest.mark.parametrize("table", RECORDINGS)
def test_recordings_are_for_the_simulator_alone(table: str) -> None:
    command = [sys.executable, str(HERE / "replay.py"), table, "x", "--against", "plugins"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "can be replayed against simulator only" in done.stderr
