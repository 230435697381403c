# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the collection on the releases of ansible-core, Python and libraries that it supports.

`python -m tests.tools.matrix matrix [TEXT]` runs all of CELLS, or those with TEXT in their name, and ansible-runner.
`python -m tests.tools.matrix versions` runs a few tests of the first cell: a part of `make test`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from tests.tools import report
from tests.tools.collection import NAME, ROOT, link
from tests.tools.sanity import interpreter, provide_pip, sanity

MATRIX = ROOT / "build" / "matrix"
REQUIREMENTS = ROOT / "tests" / "requirements"
# google-re2 1.0 refuses named groups such as (?<name>v), which GitLab takes.
OLDEST = {"google-re2": "1.1", "requests": "2.25.0"}
# What ansible-core and the libraries depend on has other versions for older releases of them.
DEPENDENT = {"ansible-core", "resolvelib"}
LIBRARIES = {"certifi", "charset-normalizer", "google-re2", "idna", "requests", "urllib3"}
# ansible-runner: the releases that are on controllers in use, and the newest one.
RUNNERS = ("2.3.6", "2.4.0", "2.4.3")
# Growth is counted on one version: it is about this collection, not about what that runs on.
UNITS = ("tests/unit/plugins", "--deselect=tests/unit/plugins/test_growth.py")
INTEGRATION = ("tests/integration", "tests/faults", "-m", "versions")
# Of both what takes a minute: what works with the libraries, and the modules, the inventory plugin and three roles.
FEW_UNITS = ("tests/unit/plugins/module_utils/_http", "tests/unit/plugins/module_utils/_rules/test_patterns.py")
FEW_OF_INTEGRATION = (
    *(f"tests/integration/test_{name}.py" for name in ("invariants", "inventory", "roles")),
    *("-m", "versions"),
)


class Cell(t.NamedTuple):
    """What runs together. python: Ansible's own; modules: that of the modules; oldest: libraries, else the newest."""

    core: str
    python: str
    modules: str
    oldest: bool = False

    @property
    def name(self) -> str:
        """As the table calls it."""
        modules = "" if self.modules == self.python else f", modules on {self.modules}"
        return f"{self.core} on {self.python}{modules}, {'oldest' if self.oldest else 'newest'}"


# Each ansible-core on its oldest and its newest Python, and on 3.13 if the newest Python is newer than that.
CELLS = (
    Cell("2.16.0", "3.11", "3.9", oldest=True),
    Cell("2.16.19", "3.12", "3.12"),
    Cell("2.17.14", "3.11", "3.10", oldest=True),
    Cell("2.17.14", "3.12", "3.12"),
    Cell("2.18.19", "3.11", "3.9", oldest=True),
    Cell("2.18.19", "3.13", "3.13"),
    Cell("2.19.14", "3.11", "3.10", oldest=True),
    Cell("2.19.14", "3.13", "3.13"),
    Cell("2.20.10", "3.12", "3.9", oldest=True),
    Cell("2.20.10", "3.13", "3.13"),
    Cell("2.20.10", "3.14", "3.14"),
    Cell("2.21.5", "3.12", "3.10", oldest=True),
    Cell("2.21.5", "3.13", "3.13"),
    Cell("2.21.5", "3.14", "3.14"),
)


def main(part: str, text: str = "") -> None:
    """Run a part of the matrix. What failed, and what is not on this machine, is in the table."""
    link()
    if part == "versions":
        run(part, CELLS[0], smoke=True)
        return
    for cell in CELLS:
        if text in cell.name:
            run(part, cell)
    if not text:
        run_runners(part)


def run(part: str, cell: Cell, *, smoke: bool = False) -> None:
    """Run the tests of a cell."""
    python = environment(cell)
    if python is None:
        report.note(part, cell.name, skipped=1, remark=f"Python {cell.python} is not on this machine")
        return
    modules = python_of_modules(cell, python)
    if modules is None:
        remark = f"Python {cell.modules} is not on this machine, modules run on {cell.python}"
        report.note(part, cell.name, skipped=1, remark=remark)
        modules = python
    if smoke:
        # Beside other parts there is one processor for it.
        run_pytest(part, f"{cell.name}: units", python, modules, (*FEW_UNITS, "-n", "1"))
        run_pytest(part, f"{cell.name}: integration", python, modules, (*FEW_OF_INTEGRATION, "-n", "1"))
        return
    run_pytest(part, f"{cell.name}: units", python, modules, (*UNITS, "-n", "2"))
    # ansible-core 2.21 makes a socket below this folder, and the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        integration = (*INTEGRATION, "-n", "2", f"--basetemp={folder}/t")
        run_pytest(part, f"{cell.name}: integration", python, modules, integration)
        note_unseen(part, cell, Path(folder))
    run_sanity(part, cell, python)


def run_pytest(part: str, name: str, python: Path, modules: Path, chosen: t.Sequence[str]) -> None:
    """Run tests with the Python of a cell; a deprecation of what our code uses is an error."""
    changed = {
        "MODULES_PYTHON": str(modules),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONWARNINGS": deprecations_as_errors(),
    }
    note_tests(part, name, python, chosen, changed)


def note_tests(part: str, name: str, python: Path, chosen: t.Sequence[str], changed: t.Mapping[str, str]) -> None:
    """Run pytest in a changed environment, and note its counts."""
    out = report.RESULTS / f"{part}.xml"
    out.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "--dist=worksteal", f"--junitxml={out}", *chosen]
    print("+", name, flush=True)
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **changed}, check=False).returncode
    report.note_junit(part, out, code, name)


def note_unseen(part: str, cell: Cell, folder: Path) -> None:
    """Note whether every module, role and playbook ran in the integration tests, by their records in a folder."""
    wanted, seen = everything(), set().union(*map(in_record, folder.rglob("record-*.jsonl")))
    missing = sorted(wanted - seen)
    remark = ", ".join(missing)
    name = f"{cell.name}: modules, roles and playbooks"
    report.note(part, name, passed=len(wanted) - len(missing), failed=len(missing), remark=remark)


def everything() -> set[str]:
    """All modules, roles and playbooks of the collection."""
    kinds = {"module": "plugins/modules/*.py", "role": "roles/*", "playbook": "playbooks/*.yml"}
    return {f"{kind} {path.stem}" for kind, pattern in kinds.items() for path in ROOT.glob(pattern)}


def in_record(file: Path) -> set[str]:
    """What ran in a run of ansible-playbook, by its record."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    found = {f"module {row['action'].rpartition('.')[2]}" for row in rows}
    found |= {f"role {row['task'].partition(' : ')[0].rpartition('.')[2]}" for row in rows if " : " in row["task"]}
    return found | {f"playbook {Path(row['playbook']).stem}" for row in rows if "/playbooks/" in row["playbook"]}


def run_sanity(part: str, cell: Cell, python: Path) -> None:
    """Run ansible-test of a cell on its Python, and compile and import what modules use on theirs."""
    provide_pip(python.parent)
    tests = ("--test", "compile", "--test", "import", "--test", "validate-modules")
    passed, failed, skipped = sanity(python.parent, cell.python, str(python), *tests)
    report.note(part, f"{cell.name}: sanity", passed=passed, failed=failed, skipped=skipped)
    other = interpreter(cell.modules)
    if cell.modules != cell.python and other:
        tests = ("--test", "compile", "--test", "import", "--python-interpreter", other)
        passed, failed, skipped = sanity(python.parent, cell.modules, other, *tests)
        report.note(part, f"{cell.name}: sanity of modules", passed=passed, failed=failed, skipped=skipped)


def run_runners(part: str) -> None:
    """Run tasks under several releases of ansible-runner, each on the oldest and the newest ansible-core."""
    oldest, newest = CELLS[0], [cell for cell in CELLS if interpreter(cell.python)][-1]
    for core, version in ((oldest.core, oldest.python), (newest.core, newest.python)):
        for runner in RUNNERS:
            name = f"{core} on {version}, ansible-runner {runner}"
            wanted = [f"ansible-core=={core}", f"ansible-runner=={runner}", "-r", str(ROOT / "requirements.txt")]
            place = install(f"runner-{runner}-{core}", version, wanted)
            if place is None:
                report.note(part, name, skipped=1, remark=f"Python {version} is not on this machine")
                continue
            chosen = ("tests/integration/test_runner.py", "-n", "2")
            note_tests(part, name, Path(sys.executable), chosen, {"RUNNERS": str(place.parent)})


def environment(cell: Cell) -> Path | None:
    """The Python of an environment with what a cell needs; None if this machine does not have that Python."""
    place = MATRIX / "constraints"
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"{cell.core}-{cell.python}.txt"
    file.write_text(constraints((REQUIREMENTS / "constraints.txt").read_text(), cell))
    return install(
        f"core-{cell.core}-{cell.python}", cell.python, ["-r", str(REQUIREMENTS / "matrix.txt"), "-c", str(file)]
    )


def python_of_modules(cell: Cell, python: Path) -> Path | None:
    """The Python that modules run on, with nothing but their libraries."""
    if cell.modules == cell.python:
        return python
    return install(f"modules-{cell.modules}", cell.modules, oldest_libraries())


def constraints(pinned: str, cell: Cell) -> str:
    """The versions of a cell: those that are pinned for all tests, but for what it is about."""
    loose = DEPENDENT | (LIBRARIES if cell.oldest else set())
    kept = [line for line in pinned.splitlines() if re.split("[=<>; ]", line)[0] not in loose]
    own = [f"ansible-core=={cell.core}", *(oldest_libraries() if cell.oldest else [])]
    return "".join(f"{line}\n" for line in [*kept, *own])


def oldest_libraries() -> list[str]:
    """The oldest libraries, as pip takes them."""
    return [f"{name}=={version}" for name, version in OLDEST.items()]


def install(name: str, version: str, wanted: t.Sequence[str]) -> Path | None:
    """Make an environment on a Python; costs nothing if it is there with the same contents."""
    found = interpreter(version)
    if found is None:
        return None
    place = MATRIX / name
    files = [Path(word).read_bytes() for word in wanted if word.startswith("/")]
    state = hashlib.sha256(repr([found, wanted, files]).encode()).hexdigest()
    done = place / f"done-{state}"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "virtualenv", "-q", "--clear", "--python", found, place], check=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-qq", *wanted], check=True)
        done.touch()
    return place / "bin" / "python"


def deprecations_as_errors() -> str:
    """The value of PYTHONWARNINGS that makes Python's deprecations errors in this collection, and nowhere else."""
    files = sorted((ROOT / "plugins").rglob("*.py"))
    modules = (".".join([*NAME.parts, *file.relative_to(ROOT).with_suffix("").parts]) for file in files)
    return ",".join(f"error::DeprecationWarning:{module}" for module in modules)


if __name__ == "__main__":
    main(*sys.argv[1:])
