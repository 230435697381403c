# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python for modules does what any other does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "output": "import sys; print(sys.argv[1:], __name__); print('told', file=sys.stderr)",
    "where it is": "import os; print(os.getcwd(), sorted(set(os.environ) - {'LC_CTYPE'}), os.environ.get('COLOUR'))",
    "a number": "import sys; sys.exit(3)",
    "words": "import sys; sys.exit('no')",
    "nothing": "import sys; sys.exit()",
    "what is done at the end": "import atexit; atexit.register(print, 'bye')",
    "the folder for temporary files": "import tempfile; print(tempfile.gettempdir())",
    "the zone": "import time; print(time.strftime('%H %Z', time.localtime(0)))",
    "what it left running": "import os, time; os.fork() or time.sleep(2)",
    "bytes": "import sys; print('\\udcff' if sys.stdout.errors == 'surrogateescape' else 'strict')",
}


@pytest.mark.sweep(4)
@pytest.mark.parametrize("by_file", [True, False], ids=["file", "standard input"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_as_any_other_python(program: str, by_file: bool, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(program)
    environment = {"PATH": os.environ["PATH"], "COLOUR": "blue", "TMPDIR": str(tmp_path), "TZ": "XYZ-3"}
    if "LC_ALL" in os.environ:
        environment["LC_ALL"] = os.environ["LC_ALL"]

    def run(python: str) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [python, *([str(script), "-c", "words"] if by_file else [])],
            input=None if by_file else program.encode(),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    assert run(os.environ["MODULES_PYTHON"]) == run(sys.executable)


@pytest.mark.parametrize("by_file", [True, False], ids=["file", "standard input"])
def test_an_error_is_shown(by_file: bool, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("1 / 0")
    done = subprocess.run(
        [os.environ["MODULES_PYTHON"], *([str(script)] if by_file else [])],
        input=None if by_file else script.read_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")


def test_options_are_for_the_python_that_there_is() -> None:
    python = os.environ["MODULES_PYTHON"]
    done = subprocess.run([python, "-c", "import sys; print(sys.flags.optimize)", "x"], capture_output=True, check=True)
    assert done.stdout == b"0\n"


def test_other_libraries_are_for_the_python_that_there_is(tmp_path: Path) -> None:
    script, library = tmp_path / "script.py", tmp_path / "libraries" / "requests.py"
    script.write_text("import requests; print(requests.__file__)")
    library.parent.mkdir()
    library.touch()
    environment = {**os.environ, "PYTHONPATH": str(library.parent)}
    done = subprocess.run(
        [os.environ["MODULES_PYTHON"], str(script)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(library)
