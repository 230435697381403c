# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the docs site: `python -m tests.tools.docs`; with `links`, ask the addresses of other sites instead."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.tools import report
from tests.tools.collection import ROOT, link
from tests.tools.docs.links import Site, page
from tests.tools.docs.pages import Built

COLLECTION = "containerops.gitlab"
PLACE = ROOT / "build" / "docs"
SOURCE, HTML = PLACE / "source", PLACE / "html"
SETTINGS = ROOT / "docs" / "docsite"
# Shown under other names than they have.
RENAMED = {
    "README.md": "getting-started.md",
    "CHANGELOG.md": "changelog.md",
    "docs/docsite/index.md": "index.md",
}


def main() -> None:
    """Build the site and check it, or check the addresses of other sites."""
    started = time.monotonic()
    shutil.rmtree(PLACE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    dead = write_sources(site())
    write_reference()
    if sys.argv[1:] == ["links"]:
        sys.exit(sphinx("linkcheck", PLACE / "links"))
    code = sphinx("html", HTML)
    # Sphinx does not look into HTML that is part of a page in Markdown.
    shutil.copytree(SOURCE / "images", HTML / "images")
    built = Built(HTML)
    wrong = [*dead, *built.dead_links()]
    foreign = list(built.wrong_resources())
    show("leads nowhere", wrong)
    show("not a part of the site", foreign)
    report.note("docs", "pages", passed=len(built.pages), failed=int(code != 0))
    report.note("docs", "links within the site", passed=built.links, failed=len(wrong))
    report.note("docs", "resources", passed=built.resources, failed=len(foreign))
    print(f"{(HTML / 'index.html').relative_to(ROOT)}, {time.monotonic() - started:.0f} s", flush=True)
    sys.exit(bool(code or wrong or foreign))


def site() -> Site:
    """The files that the site shows."""
    guides = [f"docs/{file.name}" for file in (ROOT / "docs").iterdir() if file.is_file()]
    images = [f"docs/images/{file.name}" for file in (ROOT / "docs" / "images").iterdir()]
    files = {path: path.removeprefix("docs/") for path in sorted([*guides, *images])}
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    return Site(ROOT, {**files, **RENAMED}, galaxy["repository"], galaxy["documentation"])


def write_sources(shown: Site) -> list[str]:
    """Write the guides and what they show to where Sphinx reads them; the links that lead nowhere."""
    dead = []
    for path, target in shown.files.items():
        (SOURCE / target).parent.mkdir(exist_ok=True)
        if path.endswith(".md"):
            text, wrong = page((ROOT / path).read_text(), path, shown)
            dead += [f"{path}: {each}" for each in wrong]
            (SOURCE / target).write_text(text)
        else:
            shutil.copy(ROOT / path, SOURCE / target)
    return dead


def write_reference() -> None:
    """Write the pages of the modules, roles and plugins beside the guides."""
    link()
    # It refuses to write to where others can.
    SOURCE.chmod(0o755)
    options = ("--use-current", "--fail-on-error", "--no-add-antsibull-docs-version", "--dest-dir", str(SOURCE))
    subprocess.run(["antsibull-docs", "collection", *options, COLLECTION], check=True)
    for file in SOURCE.rglob("*.rst"):
        file.write_text(for_theme(file.read_text()))


def for_theme(text: str) -> str:
    """A generated page as the theme wants it: no second table of contents, and short names beside the pages."""
    text = text.replace(".. contents::\n   :local:\n   :depth: 1\n", "")
    return re.sub(r"^    ((\w+)_(module|role|inventory|lookup|filter))$", r"    \2 \3 <\1>", text, flags=re.MULTILINE)


def sphinx(builder: str, out: Path) -> int:
    """Run a builder of Sphinx, for which every warning is an error."""
    options = ("-n", "-W", "--keep-going", "-q", "-b", builder, "-c", str(SETTINGS), "-d", str(PLACE / "doctrees"))
    command = [sys.executable, "-m", "sphinx", *options, str(SOURCE), str(out)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def show(what: str, found: Iterable[str]) -> None:
    """Print what is wrong, a line each."""
    for each in found:
        print(f"{each}: {what}")


if __name__ == "__main__":
    main()
