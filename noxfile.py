# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner behind `make`: one session per part, all of them in one environment below build/."""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nox

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from tests.tools import machine, report  # noqa: E402
from tests.tools.collection import copy, link  # noqa: E402

BUILD = ROOT / "build"
PYTHON = BUILD / "venv" / "bin" / "python"
REQUIREMENTS = ROOT / "tests" / "requirements"
# Each holds what the one before it does.
LAYERS = ["run", "test", "mutation"]
OTHER_TOOLS = {
    "pip": ["python-gitlab==8.6.0"],
    "npm": ["@gitlab-container-registry-cleaner/gitlab-container-registry-cleaner@1.0.0"],
}
# galaxy-importer asks for other versions of what nox uses, so that it has an environment of its own.
IMPORTER = ["galaxy-importer==0.4.44"]
PARTS = ["lint", "sanity", "unit", "integration", "versions", "galaxy", "docs"]
# Run beside each other: those of the second row keep one processor busy, and less than that.
ROWS = [["lint", "unit", "integration"], ["sanity", "versions", "galaxy", "docs"]]

Part = Callable[[nox.Session], None]

nox.options.default_venv_backend = "none"
nox.options.error_on_external_run = False
nox.options.sessions = ["test"]

machine.settle(BUILD, PYTHON.parent)


def install(session: nox.Session, wanted: str) -> None:
    """Bring the shared environment up to tests/requirements/<wanted>.txt; costs nothing when it is there already."""
    files = [ROOT / "requirements.txt", *sorted(REQUIREMENTS.glob("*.txt"))]
    state = hashlib.sha256(b"".join(file.read_bytes() for file in files) + sys.version.encode()).hexdigest()
    done = {name: BUILD / f"venv/{name}-{state}" for name in LAYERS}
    if any(done[name].exists() for name in LAYERS[LAYERS.index(wanted) :]):
        return
    if not PYTHON.exists():
        session.run(sys.executable, "-m", "virtualenv", "-q", "--python", sys.executable, str(BUILD / "venv"))
    needed = ["-r", str(REQUIREMENTS / f"{wanted}.txt"), "-c", str(REQUIREMENTS / "constraints.txt")]
    # What is imported is compiled then, by several processes beside each other; most is not.
    session.run("python", "-m", "pip", "install", "-qq", "--no-compile", *needed)
    if wanted != "run":
        # Of this package its copy of axe-core alone is used, and not the other browsers that it asks for.
        axe = ["-r", str(REQUIREMENTS / "axe.txt"), "-c", str(REQUIREMENTS / "constraints.txt")]
        session.run("python", "-m", "pip", "install", "-qq", "--no-deps", *axe)
    done[wanted].touch()


def part(run: Part) -> Part:
    """A part of `make test`: has everything installed, leaves its counts and its time for the table."""

    @functools.wraps(run)
    def session_of(session: nox.Session) -> None:
        started = time.monotonic()
        report.begin(run.__name__)
        install(session, "test")
        link()
        try:
            run(session)
        finally:
            report.end(run.__name__, time.monotonic() - started)
        if report.failed(run.__name__):
            session.error(f"{run.__name__} failed, see above")

    return nox.session(session_of)


class Tool(NamedTuple):
    """Something to run for a line of the table."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    env: Mapping[str, str] | None = None


def check(session: nox.Session, *tools: Tool) -> None:
    """Run tools side by side, show what each had to say, and note whether it was content."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(machine.run, tool.command, tool.cwd, tool.env, shown=()) for tool in tools]
        for tool, run in zip(tools, runs, strict=True):
            code, output = run.result()
            print(f"{tool.name}:\n{output}", flush=True)
            files = re.findall(r"\d+ (?:source )?files", output)
            remark = "".join(files[-1:])
            report.note(session.name, tool.name, passed=int(code == 0), failed=int(code != 0), remark=remark)


def pytest(session: nox.Session, *folders: str, processes: int = 2) -> None:
    """Run pytest over the folders, without what `make slow` runs."""
    out, left_out = (BUILD / "results" / f"{session.name}.{kind}" for kind in ("xml", "left_out"))
    for file in (out, left_out):
        file.unlink(missing_ok=True)
    command = [
        "python",
        "-m",
        "pytest",
        "-q",
        "-n",
        str(processes),
        "--dist=worksteal",
        *("-m", "not slow", "--hypothesis-profile=few", f"--left-out={left_out}"),
        f"--junitxml={out}",
        "-o",
        f"junit_suite_name={session.name}",
    ]
    code = subprocess.run([*command, *folders, *session.posargs], cwd=ROOT, check=False).returncode
    report.note_junit(session.name, out, code, left_out=left_out)


@nox.session
def test(session: nox.Session) -> None:
    """Run every part, each whatever became of the others, in two rows side by side; end with the table."""
    shutil.rmtree(BUILD / "results", ignore_errors=True)
    install(session, "test")
    atexit.register(report.show, PARTS, time.monotonic())
    first, second = ([sys.executable, "-m", "nox", "-s", *row] for row in ROWS)
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(second, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT) as other,
    ):
        code = subprocess.run(first, cwd=ROOT, check=False).returncode
        code |= other.wait()
        output.seek(0)
        print(output.read().decode(errors="replace"), flush=True)
    if code:
        session.error("a part failed, see above")


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that `make test` leaves out, and tests of properties with all of their examples."""
    install(session, "test")
    link()
    command = ["python", "-m", "pytest", "-q", "-n", "3", "--dist=worksteal", "-m", "slow or hypothesis"]
    session.run(*command, *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Audit and clean a sample group against the simulator."""
    install(session, "run")
    link()
    session.run("python", "-m", "tests.demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure this collection beside others, and write what came of it into the pages."""
    install(session, "run")
    install_other_tools(session)
    link()
    session.run("python", "-m", "tests.benchmark", *session.posargs)


def install_other_tools(session: nox.Session) -> None:
    """Install what others use for the same work, each into a folder of its own."""
    place = BUILD / "bench"
    if not (place / "venv").exists():
        session.run(sys.executable, "-m", "virtualenv", "-q", "--python", sys.executable, str(place / "venv"))
    session.run(str(place / "venv/bin/python"), "-m", "pip", "install", "-qq", *OTHER_TOOLS["pip"])
    # Its script for developers needs a tool that comes with their dependencies alone.
    session.run("npm", "install", "--silent", "--ignore-scripts", "--prefix", str(place / "npm"), *OTHER_TOOLS["npm"])


@nox.session
def matrix(session: nox.Session) -> None:
    """Run on every release of ansible-core, Python and libraries that is supported; end with the table."""
    table(session, "tests.tools.matrix")


@nox.session
def release(session: nox.Session) -> None:
    """Make the tarball of the next release, and check everything that has to hold before it is published."""
    install(session, "test")
    place = BUILD / "importer"
    if not (place / "bin" / "ansible-lint").exists():
        session.run(sys.executable, "-m", "virtualenv", "-q", "--python", str(PYTHON), str(place))
        session.run(str(place / "bin/python"), "-m", "pip", "install", "-qq", *IMPORTER)
    table(session, "tests.tools.release")


@nox.session
def changelog(session: nox.Session) -> None:
    """Write the changelog of the version in galaxy.yml, and remove the fragments that it is made of."""
    install(session, "test")
    session.run("python", "-m", "tests.tools.release", "changelog")


def table(session: nox.Session, tool: str) -> None:
    """Run a tool whose results are a table, with the name of the session first among its arguments, and show it."""
    install(session, "test")
    report.begin(session.name)
    started = time.monotonic()
    try:
        session.run("python", "-m", tool, session.name, *session.posargs)
    finally:
        report.end(session.name, time.monotonic() - started)
        report.show([session.name], started)
    if report.failed(session.name):
        session.error(f"{session.name} failed, see above")


@nox.session
def links(session: nox.Session) -> None:
    """Ask every address of other sites that the docs link to. Needs the network."""
    install(session, "test")
    session.run("python", "-m", "tests.tools.docs", "links")


@nox.session
def mutants(session: nox.Session) -> None:
    """Break the pure modules line by line, and list what no test noticed."""
    install(session, "mutation")
    link()
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Let ruff rewrite the code, and make the roles' variables of the modules' options."""
    install(session, "test")
    session.run("python", "-m", "tests.tools.roles")
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")


@part
def lint(session: nox.Session) -> None:
    """Run everything that reads the sources without running them."""
    # ansible-lint writes into what it reads.
    sources, scratch = copy(), copy("ansible-lint")
    collections = {"MYPYPATH": str(BUILD / "collections")}
    documents = ("--plugin-docs", "--skip-rstcheck", "--validate-collection-refs=all")
    check(
        session,
        Tool("ruff check", ("ruff", "check", ".")),
        Tool("ruff format", ("ruff", "format", "--check", ".")),
        Tool("mypy, plugins", ("mypy", "--python-version", "3.10", "plugins"), env=collections),
        Tool(
            "mypy, tests", ("mypy", "--python-version", "3.11", "noxfile.py", "tests", "docs/docsite"), env=collections
        ),
        Tool("yamllint", ("yamllint", "--strict", "."), sources),
        Tool("ansible-lint", ("ansible-lint", "--offline", "--profile", "production", "--strict"), scratch),
        Tool(
            "antsibull-docs",
            (
                *("antsibull-docs", "lint-collection-docs", *documents),
                *("--disallow-unknown-collection-refs", str(sources)),
            ),
            sources,
        ),
        Tool("antsibull-changelog", ("antsibull-changelog", "lint"), sources),
        Tool("REUSE", ("reuse", "--root", str(sources), "lint", "--lines"), sources),
    )


@part
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity on a copy of the sources, and its import and compile tests on two others."""
    session.run("python", "-m", "tests.tools.sanity")


@part
def unit(session: nox.Session) -> None:
    """Run the tests of single modules, of the repository itself, and the truth tables."""
    pytest(session, *(str(folder) for folder in (Path("tests/unit"), Path("tests/conformance")) if folder.exists()))


@part
def integration(session: nox.Session) -> None:
    """Run the tests of whole tasks, roles and playbooks, of faults, and of pages in a browser. Some wait a lot."""
    pytest(session, "tests/integration", "tests/faults", "tests/browser", processes=4)


@part
def versions(session: nox.Session) -> None:
    """Run a part of the tests on the oldest ansible-core with the oldest libraries: the first cell of `make matrix`."""
    session.run("python", "-m", "tests.tools.matrix", "versions")


@part
def galaxy(session: nox.Session) -> None:
    """Build the collection, install it into an empty folder, and ask ansible-doc about everything in it."""
    session.run("python", "-m", "tests.tools.galaxy")


@part
def docs(session: nox.Session) -> None:
    """Build the docs site into build/docs/html, and check its links."""
    session.run("python", "-m", "tests.tools.docs")
