# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the tarball of a release and check it: `python -m tests.tools.release release`.

`python -m tests.tools.release changelog` writes the changelog into the checkout and removes its fragments.
"""

from __future__ import annotations

import re
import shutil
import sys
import typing as t
from pathlib import Path

import yaml

from tests.tools import report
from tests.tools.collection import ROOT, copy
from tests.tools.galaxy import build
from tests.tools.machine import run

PLACE = ROOT / "build" / "release"
IMPORTER = ROOT / "build" / "importer" / "bin"
CHANGELOG = ("CHANGELOG.md", "changelogs/changelog.yaml")
# ansible-test runs in `make sanity` and `make matrix`; here it would need a container engine.
IMPORTER_SETTINGS = """\
[galaxy-importer]
CHECK_REQUIRED_TAGS = True
REQUIRE_V1_OR_GREATER = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_TEST = False
"""


def main(command: str) -> None:
    """Release, or write the changelog."""
    sources = copy("release-sources")
    made = make_changelog(sources)
    if command == "changelog":
        keep_changelog(sources)
        return
    report.note("release", "changelog", passed=int(made), failed=int(not made), remark=version(sources))
    tarball = build("release", sources, PLACE)
    told = complaints(*run_importer(tarball))
    report.note("release", "galaxy-importer", passed=int(not told), failed=len(told))
    print(f"The tarball is {tarball}")


def version(sources: Path) -> str:
    """The version of the collection."""
    return str(yaml.safe_load((sources / "galaxy.yml").read_text())["version"])


def make_changelog(sources: Path) -> bool:
    """Have the changelog hold the version, made of the fragments unless it is there, and tell whether it is good."""
    if not is_released(sources, version(sources)):
        code, _output = run(["antsibull-changelog", "release"], sources)
        if code:
            return False
    code, _output = run(["antsibull-changelog", "lint-changelog-yaml", "--strict", CHANGELOG[1]], sources)
    return code == 0 and is_whole((sources / CHANGELOG[1]).read_text(), version(sources))


def is_released(sources: Path, wanted: str) -> bool:
    """Whether the changelog has a version."""
    file = sources / CHANGELOG[1]
    return file.exists() and wanted in releases(file.read_text())


def is_whole(changelog: str, wanted: str) -> bool:
    """Whether a version has a summary and, if it is the first one, modules: the tool lists none if it finds none."""
    found = releases(changelog)
    release = found.get(wanted, {})
    return "release_summary" in release.get("changes", {}) and (len(found) > 1 or "modules" in release)


def releases(changelog: str) -> dict[str, t.Any]:
    """What a changelog says of each version."""
    return dict(yaml.safe_load(changelog).get("releases") or {})


def keep_changelog(sources: Path) -> None:
    """Put what was made in a copy into the checkout, and remove the fragments that are no longer in the copy."""
    for name in CHANGELOG:
        shutil.copyfile(sources / name, ROOT / name)
    for fragment in (ROOT / "changelogs" / "fragments").glob("*.yml"):
        if not (sources / fragment.relative_to(ROOT)).exists():
            fragment.unlink()


def run_importer(tarball: Path) -> tuple[int, str]:
    """Have galaxy-importer look at the tarball as Galaxy does."""
    settings = PLACE / "galaxy-importer.cfg"
    settings.write_text(IMPORTER_SETTINGS)
    environment = {
        "GALAXY_IMPORTER_CONFIG": str(settings),
        # It calls ansible-doc and ansible-lint of its own environment.
        "PATH": f"{IMPORTER}:/usr/bin:/bin",
    }
    return run([str(IMPORTER / "python"), "-m", "galaxy_importer.main", str(tarball)], PLACE, environment)


def complaints(code: int, output: str) -> list[str]:
    """The lines of galaxy-importer that warn; a run that did not come to its good end has at least one."""
    told = re.findall(r"^(?:WARNING|ERROR|CRITICAL): .*", output, re.MULTILINE)
    good = code == 0 and "Importer processing completed successfully" in output
    return told or ([] if good else ["galaxy-importer did not come to its end"])


if __name__ == "__main__":
    main(sys.argv[1])
