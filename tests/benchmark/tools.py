# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who does the job, and by which commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.integration.scenarios import TOKEN
from tests.tools.collection import ROOT

from .job import GROUP, KEPT, Size

BUILD = ROOT / "build"
HERE = Path(__file__).parent
PLAYBOOKS = HERE / "playbooks"
VENV = BUILD / "bench" / "venv"
NPM = BUILD / "bench" / "npm" / "node_modules"
CLEANER = "gitlab-container-registry-cleaner"
CLEANER_PACKAGE = f"@{CLEANER}/{CLEANER}"
WHOLE = Size()


@dataclass(frozen=True)
class Tool:
    """command: for a job, the URL of GitLab and a folder to write to. dated: how many tags it told with a date there.

    part: what of the job it does, where all of it would take hours; the rest is extrapolated. concurrency: of ours.
    """

    name: str
    title: str
    command: Callable[[str, str, Path], list[str]]
    dated: Callable[[Path], int] | None
    part: Size = WHOLE
    concurrency: int = 0
    warm: bool = False
    modes: tuple[str, ...] = ("M1", "M2")
    jobs: tuple[str, ...] = ("audit", "cleanup")


def playbook(name: str, folder: Path, **variables: object) -> list[str]:
    given = {"group": GROUP, "keep": KEPT, "folder": str(folder), **variables}
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    return [program, str(PLAYBOOKS / f"{name}.yml"), "-e", json.dumps(given)]


def start() -> list[str]:
    """Ansible's own start: a playbook with a module that does nothing."""
    return playbook("start", Path())


def _collection(concurrency: int, *, warm: bool = False) -> Tool:
    def command(job: str, _url: str, folder: Path) -> list[str]:
        cache = {"cache": str(folder / "images.db")} if job == "audit" else {}
        return playbook(job, folder, concurrency=concurrency, **cache)

    return Tool(
        f"collection-{concurrency}{'-warm' if warm else ''}",
        f"this collection, `concurrency: {concurrency}`{', everything in its cache' if warm else ''}",
        command,
        _dated_by_collection,
        concurrency=concurrency,
        warm=warm,
        modes=("M2",) if warm else ("M1", "M2"),
        jobs=("audit",) if warm else ("audit", "cleanup"),
    )


def _dated_by_collection(folder: Path) -> int:
    rows = (json.loads(line) for line in (folder / "tags.jsonl").open())
    return sum(1 for row in rows for tag in row["tags"] if tag["date"])


def _python_gitlab(threads: int, title: str, part: Size = WHOLE) -> Tool:
    def command(job: str, url: str, folder: Path) -> list[str]:
        program = [str(VENV / "bin" / "python"), str(HERE / "other_tools" / "python_gitlab.py"), job]
        options = {"url": url, "token": TOKEN, "group": GROUP, "threads": threads, "keep": KEPT}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return [*program, *words, "--output", str(folder / "tags.jsonl")]

    def dated(folder: Path) -> int:
        return sum(1 for line in (folder / "tags.jsonl").open() if json.loads(line)["created_at"])

    return Tool(f"python-gitlab-{threads}", title, command, dated, part)


def _npm_command(job: str, _url: str, folder: Path) -> list[str]:
    program = [sys.executable, str(HERE / "other_tools" / "npm_cleaner.py"), job]
    options = {"program": NPM / ".bin" / CLEANER, "group": GROUP, "keep": KEPT, "folder": folder}
    return [*program, *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


def _dated_by_npm(folder: Path) -> int:
    return sum(1 for file in folder.glob("tags-*.json") for tag in json.loads(file.read_text()) if tag["created_at"])


def _uri_command(job: str, _url: str, folder: Path) -> list[str]:
    return playbook("uri", folder, job=job)


OURS = "collection-8"
# The fastest of the others, and how many requests it has under way at once.
RIVAL, THREADS = "python-gitlab-20", 20
TOOLS = (
    _collection(8),
    _collection(8, warm=True),
    _collection(4),
    Tool("npm", f"`{CLEANER}` (npm), 20 at a time", _npm_command, _dated_by_npm),
    _python_gitlab(THREADS, f"python-gitlab, {THREADS} threads"),
    _python_gitlab(1, "python-gitlab, one after another", Size(10, 1, 100)),
    Tool("uri", "`ansible.builtin.uri` in loops", _uri_command, None, Size(1, 1, 100)),
)


def environment(folder: Path, url: str) -> Mapping[str, str]:
    """What a user's shell would hold: everything else of Ansible as it comes."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "NO_PROXY": "127.0.0.1,localhost",
        "GITLAB_API_URL": url,
        "GITLAB_HOST": url,
        "GITLAB_TOKEN": TOKEN,
    }


def versions() -> dict[str, str]:
    """Of everything that took part."""
    listing = [str(VENV / "bin" / "python"), "-c", "import importlib.metadata as m; print(m.version('python-gitlab'))"]
    return {
        "Python": sys.version.split()[0],
        "ansible-core": version("ansible-core"),
        "requests": version("requests"),
        "python-gitlab": subprocess.run(listing, capture_output=True, text=True, check=True).stdout.strip(),
        CLEANER: json.loads((NPM / CLEANER_PACKAGE / "package.json").read_text())["version"],
        "Node": subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip(),
    }
