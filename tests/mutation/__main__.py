# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.mutation [MODULE ...]: breaks the pure modules on purpose and lists what no test noticed.

Ends with 1 if a mutant survived that survivors.yml does not explain, or if one that it explains did not. The second
also tells when tests failed for another reason than the mutant, since then everything counts as noticed.
"""

from __future__ import annotations

import argparse
import sys

from .explaining import as_diff, explained, write_page
from .running import Mutant, break_modules

# The modules that decide which tag is deleted, and that say so.
MODULES = [
    "_cleanup/approval",
    "_cleanup/bulk_requests",
    "_cleanup/matches",
    "_cleanup/needs",
    "_cleanup/notes",
    "_cleanup/pins",
    "_cleanup/planning",
    "_cleanup/refusals",
    "_cleanup/request",
    "_cleanup/retained",
    "_cleanup/retention_changes",
    "_cleanup/state",
    "_cleanup/summary",
    "_cleanup/usage",
    "_core/diffs",
    "_core/journal_parts",
    "_core/oci",
    "_core/scope",
    "_core/server",
    "_deletion/attempts",
    "_deletion/batches",
    "_deletion/delete_method",
    "_deletion/earlier_runs",
    "_deletion/outcomes",
    "_deletion/refusals",
    "_deletion/turns",
    "_deletion/verification",
    "_info/audit_rows",
    "_info/rows",
    "_inventory/hosts",
    "_plan/approval",
    "_plan/drift",
    "_plan/limits",
    "_plan/merge",
    "_plan/plan_file",
    "_plan/plan_reading",
    "_plan/results",
    "_plan/run_budget",
    "_plan_files/packages",
    "_policy/lint",
    "_policy/prediction",
    "_policy/preview",
    "_repositories/choice",
    "_repositories/conditions",
    "_repositories/planning",
    "_repositories/scope_planning",
    "_restore/planning",
    "_restore/runs",
    "_retention/assignments",
    "_retention/document",
    "_retention/exceptions",
    "_retention/rule_sets",
    "_retention/validation",
    "_rules/dates",
    "_rules/dead_alternatives",
    "_rules/decision",
    "_rules/durations",
    "_rules/expiry",
    "_rules/git_refs",
    "_rules/import_dates",
    "_rules/in_use",
    "_rules/matches",
    "_rules/options",
    "_rules/pattern_syntax",
    "_rules/patterns",
    "_rules/pull_lines",
    "_rules/pull_log",
    "_rules/ranking",
    "_rules/reasons",
    "_rules/references",
    "_rules/referrers",
    "_rules/retention",
    "_rules/rules",
    "_rules/versions",
    "_settings/document",
    "_settings/plan",
    "_settings/protection",
    "_tagging/planning",
    "_tags/page_starts",
    "_usage/ages",
    "_usage/exposure",
    "_usage/listings",
]


def say(title: str, mutants: set[Mutant]) -> None:
    if mutants:
        print(f"\n{title}: {len(mutants)}")
    for mutant in sorted(mutants, key=lambda mutant: (mutant.module, mutant.function, mutant.code)):
        print(f"\n{as_diff(mutant)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help=f"one of {', '.join(MODULES)}; all when none is named"
    )
    modules = parser.parse_args().modules or MODULES
    if unknown := set(modules).difference(MODULES):
        parser.error(f"there is no module {', '.join(sorted(unknown))} to break")
    outcomes = break_modules(modules)
    for module, outcome in outcomes.items():
        print(f"{module}: {outcome.made} mutants, {outcome.survived} survived")
    say(
        "Noticed by nothing but the time that the tests took", {m for each in outcomes.values() for m in each.timed_out}
    )
    alive = {mutant for outcome in outcomes.values() for mutant in outcome.survivors}
    known = {mutant for reason in explained() for mutant in reason.mutants if mutant.module in modules}
    say("Survived without an explanation", alive - known)
    say("Explained as surviving, but noticed", known - alive)
    write_page(outcomes)
    return int(alive != known)


if __name__ == "__main__":
    sys.exit(main())
