# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replay a truth table: answers of GitLab's own code against the plugins' emulation or against the simulator.

Prints every disagreement, and last one line with the counts. Ends with 1 where anything disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from tests.tools.collection import link  # noqa: E402

link()

from tests.conformance import by_plugins, by_simulator, registry_recordings  # noqa: E402
from tests.conformance.verdicts import Agrees, Disagrees, NotApplicable, Row, Verdict  # noqa: E402

TABLES: dict[str, dict[str, Callable[[Row], Verdict]]] = {
    "cleanup_plans": {"plugins": by_plugins.cleanup_plan, "simulator": by_simulator.cleanup_plan},
    "durations": {"plugins": by_plugins.duration, "simulator": by_simulator.duration},
    "regexes": {"plugins": by_plugins.regex, "simulator": by_simulator.regex},
    "http_recordings": {"simulator": by_simulator.http_recording},
    "graphql_recordings": {"simulator": by_simulator.graphql_recording},
    "registry_recordings": {"simulator": registry_recordings.registry_recording},
}


def rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def name_of(row: Row) -> str:
    return str(next(row[key] for key in ("id", "older_than", "regex", "seq", "case", "what") if key in row))


def replay(table: str, file: Path, against: str) -> bool:
    """Whether nothing disagrees."""
    judge = TABLES[table][against]
    counts = {Agrees: 0, Disagrees: 0, NotApplicable: 0}
    for row in rows(file):
        verdict = judge(row)
        counts[type(verdict)] += 1
        if isinstance(verdict, Disagrees):
            print(f"{name_of(row)}: {verdict.what}\n  expected {verdict.expected!r}\n  got      {verdict.got!r}")
        elif isinstance(verdict, NotApplicable):
            print(f"{name_of(row)}: not applicable: {verdict.why}")
    print(
        f"{table}: {sum(counts.values())} rows, {counts[Agrees]} agree, {counts[Disagrees]} disagree, "
        f"{counts[NotApplicable]} not applicable"
    )
    return not counts[Disagrees]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/conformance/replay.py", description=__doc__)
    parser.add_argument("table", choices=TABLES, metavar="TABLE", help=f"one of {', '.join(TABLES)}")
    parser.add_argument("file", type=Path, metavar="FILE", help="a file of JSON Lines in the format of the table")
    parser.add_argument(
        "--against", choices=["plugins", "simulator"], help="default: plugins, where they know the table"
    )
    arguments = parser.parse_args()
    against = arguments.against or next(iter(TABLES[arguments.table]))
    if against not in TABLES[arguments.table]:
        parser.error(f"{arguments.table} can be replayed against {' or '.join(TABLES[arguments.table])} only")
    return 0 if replay(arguments.table, arguments.file, against) else 1


if __name__ == "__main__":
    sys.exit(main())
