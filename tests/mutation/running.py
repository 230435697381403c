# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has mutmut break the pure modules in a copy of the sources, and reads what became of every mutant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools.collection import LEFT_OUT, NAME, ROOT

PLACE = ROOT / "build" / "mutants"
TESTS = [Path("tests/unit/plugins/module_utils"), Path("tests/conformance/test_tables.py")]
# So many cases, or so large ones, that each mutant would take seconds: smaller ones hold the same rules.
TOO_SLOW = [
    TESTS[0] / test
    for test in (
        "_cleanup/test_planning_properties.py",
        "_repositories/test_scope_properties.py",
        "_plan/test_plan_file.py::test_a_plan_that_was_sealed_by_somebody_else_is_another_one",
        "_plan/test_plan_file.py::test_only_what_is_deleted_is_kept_in_memory",
        "_report/test_forged_plans.py::test_a_report_shows_what_an_approved_run_deletes",
        "_rules/test_patterns.py::test_what_is_refused_can_match_no_tag",
    )
]
# Tests of what reads and writes: they take long, and hold no rule.
OTHERS = [
    TESTS[0] / test
    for test in (
        *("_gitlab", "_http", "_module", "_registry"),
        *("_deletion/test_journal_upload.py", "_tags/test_cursors.py", "_tags/test_capabilities.py"),
    )
]
# Of tests that take a seed, these are enough.
SEEDS = 20
KILLED, SURVIVED, UNTESTED = (1, 3), (0,), (5, 33)
# A mutant that loops for ever is noticed as much as one that fails. They are listed, since a slow test looks the same.
TIMED_OUT = (-24, 24, 36, 152, 255)


@dataclass(frozen=True)
class Mutant:
    """One change of one function, as lines without their indentation."""

    module: str
    function: str
    code: str
    becomes: str


@dataclass(frozen=True)
class Outcome:
    """What a module's mutants came to."""

    made: int
    survivors: tuple[Mutant, ...]
    timed_out: tuple[Mutant, ...]

    @property
    def survived(self) -> int:
        return len(self.survivors)


def configuration(modules: Sequence[str]) -> str:
    """mutmut reads it from the folder it works in, which it makes pytest's root: there the names of tests begin."""

    def lines(*values: str) -> str:
        return "".join(f"\n    {value}" for value in values)

    settings = {
        "source_paths": lines(str(NAME / "plugins/module_utils")),
        "only_mutate": lines(*(f"*/module_utils/{module}.py" for module in modules)),
        "also_copy": lines("ansible_collections"),
        "pytest_add_cli_args": lines(
            *("-q", "-c", str(NAME / "pytest.ini"), "-p", "no:cacheprovider"),
            f"--seeds={SEEDS}",
            *(f"--ignore={NAME / test}" for test in OTHERS),
            *(f"--deselect={NAME / test}" for test in TOO_SLOW),
        ),
        "pytest_add_cli_args_test_selection": lines(*(str(NAME / tests) for tests in TESTS)),
        # So many times what the tests take without a change, and a second: a machine may have something else to do.
        "timeout_multiplier": "20",
        "use_git_change_detection": "false",
        "track_dependencies": "false",
    }
    return "[mutmut]\n" + "".join(f"{name}={value}\n" for name, value in settings.items())


def break_modules(modules: Sequence[str]) -> dict[str, Outcome]:
    """Make and try every mutant of the modules.

    Raises RuntimeError if mutmut did not come to its end, or a mutant to a state that says nothing.
    """
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(ROOT, PLACE / NAME, ignore=LEFT_OUT, symlinks=True)
    (PLACE / "setup.cfg").write_text(configuration(modules))
    with (PLACE / "log").open("w") as log:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 1)]
        code = subprocess.run(command, cwd=PLACE, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        raise RuntimeError(f"mutmut ended with {code}; its output is in {PLACE / 'log'}.")
    return {module: outcome(module) for module in modules}


def outcome(module: str) -> Outcome:
    """Read what mutmut noted about a module."""
    meta = PLACE / "mutants" / NAME / "plugins/module_utils" / f"{module}.py.meta"
    codes: dict[str, int] = json.loads(meta.read_text())["exit_code_by_key"]
    if undecided := {
        name: code for name, code in codes.items() if code not in KILLED + SURVIVED + UNTESTED + TIMED_OUT
    }:
        raise RuntimeError(f"Nothing is known about these mutants: {undecided}.")

    def ended_with(*wanted: int) -> tuple[Mutant, ...]:
        return tuple(shown(module, name) for name, code in codes.items() if code in wanted)

    return Outcome(len(codes), survivors=ended_with(*SURVIVED, *UNTESTED), timed_out=ended_with(*TIMED_OUT))


def shown(module: str, name: str) -> Mutant:
    """A mutant by its lines: its number changes with every edit before it."""
    command = [sys.executable, "-m", "mutmut", "show", name]
    diff = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, check=True).stdout
    function = name.rpartition(".")[2].partition("__mutmut_")[0].removeprefix("x_").replace("xǁ", "").replace("ǁ", ".")
    return Mutant(module, function, "\n".join(changed(diff, "-")), "\n".join(changed(diff, "+")))


def changed(diff: str, sign: str) -> Iterator[str]:
    """The lines that a diff takes away (`-`) or puts in their place (`+`)."""
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield line[1:].strip()
