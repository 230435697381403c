# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test sanity without a container engine: `python -m tests.tools.sanity`."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.tools import report
from tests.tools.collection import ROOT, copy
from tests.tools.machine import run

# The oldest and the newest that modules run on; those between them are in `make matrix`. And the Python of the runner.
OTHERS = ("3.9", "3.13", "3.14")
SHOWN = ("Running", "ERROR", "FATAL", "NOTICE", "WARNING: Skipping")
LOG = ROOT / "build" / "results" / "sanity.log"
BOOTSTRAP = """\
import runpy
import sys

sys.path.insert(0, {wheel!r})
sys.argv = ["pip", "install", *(word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def main() -> None:
    """Run all tests on this Python, and beside them compile and import on the others; the result goes to the table."""
    LOG.unlink(missing_ok=True)
    programs = Path(str(shutil.which("ansible-test"))).parent
    provide_pip(programs)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    core = importlib.metadata.version("ansible-core")
    known, missing = supported(programs), {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {f"core {core}, Python {here}": pool.submit(sanity, programs, here, sys.executable)}
        for version in OTHERS:
            if version == here:
                continue
            python = interpreter(version)
            if python is None:
                missing[version] = "not on this machine"
            elif version not in known:
                missing[version] = f"not for ansible-core {core}"
            else:
                tests = ("--test", "compile", "--test", "import", "--python-interpreter", python)
                running[f"compile, import, {version}"] = pool.submit(sanity, programs, version, python, *tests)
    for name, counted in running.items():
        passed, failed, skipped = counted.result()
        report.note("sanity", name, passed=passed, failed=failed, skipped=skipped)
    for version, reason in missing.items():
        report.note("sanity", f"Python {version}", skipped=2, remark=reason)


def sanity(programs: Path, version: str, python: str, *options: str) -> tuple[int, int, int]:
    """Run ansible-test on a Python, in a tree of its own, and count its tests as `counts` does.

    What pip has to say only goes to the log. programs: the folder of ansible-test.
    """
    tree = copy(f"sanity-{version}")
    program = str(programs / "ansible-test")
    command = [program, "sanity", "--requirements", "--color", "no", "--python", version, *options]
    # Named like this, the tree is taken as it is; else its files are asked from the repository around it.
    environment = {
        "ANSIBLE_TEST_CONTENT_ROOT": str(tree),
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
    }
    code, output = run(command, tree, environment, SHOWN)
    with LOG.open("a") as log:
        log.write(output)
    found = counts(output, code)
    if found[1]:
        print(f"The whole output is in {LOG}")
    return found


def counts(output: str, code: int) -> tuple[int, int, int]:
    """Read from ansible-test's output how many of its tests passed, failed and did not run.

    A run that ended badly has at least one failure, and one that ran no test has failed.
    """
    skipped = set(re.findall(r'Skipping sanity test "([^"]+)"', output))
    ran = len(set(re.findall(r'^Running sanity test "([^"]+)"', output, re.MULTILINE)))
    summary = re.search(r"The (\d+) sanity test\(s\) listed below", output)
    failed = int(summary.group(1)) if summary else int(code != 0 or ran == 0)
    return max(ran - failed, 0), failed, len(skipped)


def provide_pip(programs: Path) -> None:
    """Put a pip where ansible-test looks for its bootstrap script before it downloads that from a host of its own.

    The script is a few lines that run the very pip release, from its wheel.
    """
    requirements = "lib/python*/site-packages/ansible_test/_internal/python_requirements.py"
    version = re.search(r"\bpip='([\d.]+)'", next(programs.parent.glob(requirements)).read_text())
    assert version is not None
    wheels = Path.home() / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), f"pip=={version[1]}"]
    wheel = next(wheels.glob(f"pip-{version[1]}-*.whl"), None)
    if wheel is None:
        subprocess.run(pip, check=True)
        wheel = next(wheels.glob(f"pip-{version[1]}-*.whl"))
    script = Path.home() / ".ansible" / "test" / "cache" / f"get_pip_{version[1].replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(BOOTSTRAP.format(wheel=str(wheel)))


def supported(programs: Path) -> set[str]:
    """Name the Pythons that this ansible-test knows."""
    command = [str(programs / "ansible-test"), "sanity", "--help"]
    usage = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    listed = re.search(r"--python X\.Y\s+python version: ([\d., ]+)", usage)
    return set(re.findall(r"\d+\.\d+", listed[1])) if listed else set()


def interpreter(version: str) -> str | None:
    """Find a Python of that version that starts: on the PATH, or among those of pyenv, whose shims may not start."""
    root = Path(os.environ["PYENV_ROOT"])
    installed = sorted(str(python) for python in root.glob(f"versions/{version}.*/bin/python{version}"))
    for candidate in filter(None, [shutil.which(f"python{version}"), *installed]):
        if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


if __name__ == "__main__":
    main()
