# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build, install and document the collection: `python -m tests.tools.galaxy`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tests.tools import report
from tests.tools.collection import LEFT_OUT, ROOT

NAME = "containerops.gitlab"
PLACE = ROOT / "build" / "galaxy"
# All that is in the tarball: files and folders. ansible-lint and ansible-test look for their settings there, also when
# Galaxy runs them.
SHIPPED = {
    *(".config/ansible-lint.yml", "CHANGELOG.md", "LICENSES", "README.md", "REUSE.toml", "changelogs/changelog.yaml"),
    *("docs", "examples", "meta", "playbooks", "plugins", "requirements.txt", "roles", "tests/config.yml"),
}


def main() -> None:
    """Note for the table what was packed, installed and documented."""
    tarball = build("galaxy", ROOT, PLACE)
    installed = PLACE / "installed"
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
    subprocess.run(
        ["ansible-galaxy", "collection", "install", "--offline", "-p", str(installed), str(tarball)], check=True
    )
    tree = installed / "ansible_collections" / "containerops" / "gitlab"
    for kind, folder in (("module", "modules"), ("inventory", "inventory"), ("role", "roles")):
        there = {f"{NAME}.{name}" for name in entries(tree, kind, folder)}
        if there:
            show(f"ansible-doc, {kind}", undocumented(kind, there), len(there))
    playbooks = sorted(tree.glob("playbooks/*.yml"))
    show("playbooks by name", [file.stem for file in playbooks if not runnable(file.stem)], len(playbooks))


def build(part: str, sources: Path, place: Path) -> Path:
    """Build the tarball in an empty folder, and note for the table of a part whether it has what it should have."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", str(place), str(sources)], check=True)
    tarball = next(place.glob("*.tar.gz"))
    with tarfile.open(tarball) as archive:
        packed = {member.name for member in archive if member.isfile()} - {"MANIFEST.json", "FILES.json"}
    there = {str((Path(folder) / file).relative_to(sources)) for folder, files in walk(sources) for file in files}
    size = f"{tarball.stat().st_size / 1e6:.1f} MB"
    show("tarball", wrong_files(packed, there), len(packed), part, size)
    return tarball


def show(name: str, wrong: Iterable[str], count: int, part: str = "galaxy", remark: str = "") -> None:
    """Note one line; nothing found is a failure too."""
    names = sorted(wrong)
    for item in names:
        print(f"{name}: {item}")
    passed = count - min(count, len(names))
    report.note(part, name, passed=passed, failed=len(names) or int(count == 0), remark=remark)


def wrong_files(packed: set[str], sources: set[str]) -> set[str]:
    """Name what is in the tarball and should not be, and the other way round."""
    return packed ^ {name for name in sources if is_shipped(name)}


def is_shipped(name: str) -> bool:
    """Whether a file, or a folder that it is in, is one of SHIPPED."""
    return any(name == entry or name.startswith(f"{entry}/") for entry in SHIPPED)


def walk(root: Path) -> Iterable[tuple[str, list[str]]]:
    """Walk the sources and leave out what is built."""
    for folder, folders, files in os.walk(root):
        ignored = LEFT_OUT(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in ignored]
        yield folder, [name for name in files if name not in ignored]


def entries(tree: Path, kind: str, folder: str) -> list[str]:
    """Name the plugins or roles of a kind in the installed tree."""
    if kind == "role":
        return [path.name for path in tree.glob("roles/*") if path.is_dir()]
    return [path.stem for path in tree.glob(f"plugins/{folder}/*.py") if path.stem != "__init__"]


def undocumented(kind: str, names: set[str]) -> set[str]:
    """Name those that ansible-doc cannot list, or has no description, example or return value of."""
    listed = set(doc("--list", "--type", kind, NAME))
    found = doc("--type", kind, *sorted(names))
    good = {name for name, entry in found.items() if name in listed and complete(kind, entry)}
    return names - good


def complete(kind: str, entry: dict[str, object]) -> bool:
    """Tell whether the entry of ansible-doc has all that a user reads."""
    if kind == "role":
        return bool(entry.get("entry_points"))
    wanted = ("doc", "examples", "return") if kind == "module" else ("doc", "examples")
    return all(entry.get(name) for name in wanted)


def doc(*arguments: str) -> dict[str, dict[str, object]]:
    """Ask ansible-doc and read its JSON."""
    process = subprocess.run(["ansible-doc", "--json", *arguments], capture_output=True, text=True, check=False)
    print(process.stderr, end="")
    return json.loads(process.stdout) if process.returncode == 0 else {}


def runnable(playbook: str) -> bool:
    """Tell whether ansible-playbook finds the playbook by its full name and understands it."""
    command = ["ansible-playbook", "--syntax-check", "-i", "localhost,", f"{NAME}.{playbook}"]
    return subprocess.run(command, cwd=PLACE, check=False).returncode == 0


if __name__ == "__main__":
    main()
