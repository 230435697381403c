# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.mutation [ROOM ...]: breaks the pure rooms on purpose and lists what no test noticed.

Ends with 1 if a mutant survived that survivors.yml does not explain, or if one that it explains did not. The second
also tells when tests failed for another reason than the mutant, since then everything counts as noticed.
"""

from __future__ import annotations

import argparse
import sys

from .explaining import as_diff, explained, write_page
from .running import Mutant, break_rooms

# The rooms that decide which tag goes, and that say so.
ROOMS = [
    *("_approval", "_durations", "_families", "_images", "_import_dates", "_in_use", "_living_refs", "_matching"),
    *("_number_words", "_plan", "_plan_merge", "_recall", "_retention", "_server_policy", "_versions"),
]


def say(title: str, mutants: set[Mutant]) -> None:
    if mutants:
        print(f"\n{title}: {len(mutants)}")
    for mutant in sorted(mutants, key=lambda mutant: (mutant.room, mutant.function, mutant.code)):
        print(f"\n{as_diff(mutant)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"one of {', '.join(ROOMS)}; all when none is named")
    rooms = parser.parse_args().rooms or ROOMS
    if unknown := set(rooms).difference(ROOMS):
        parser.error(f"there is no room {', '.join(sorted(unknown))} to break")
    outcomes = break_rooms(rooms)
    for room, outcome in outcomes.items():
        print(f"{room}: {outcome.made} mutants, {outcome.survived} survived")
    alive = {mutant for outcome in outcomes.values() for mutant in outcome.survivors}
    known = {mutant for reason in explained() for mutant in reason.mutants if mutant.room in rooms}
    say("Survived without an explanation", alive - known)
    say("Explained as surviving, but noticed", known - alive)
    write_page(outcomes)
    return int(alive != known)


if __name__ == "__main__":
    sys.exit(main())
