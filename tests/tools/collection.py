# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the checkout is found as a collection."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = Path("ansible_collections/containerops/gitlab")
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".nox", ".venv", ".ansible", ".cache", ".hypothesis", ".*_cache", "__pycache__"),
    *("build", "*.pyc", "*.tar.gz", ".coverage"),
)


def link() -> Path:
    """Make the checkout importable as `ansible_collections.containerops.gitlab`, in this process and its children.

    Returns the folder for ANSIBLE_COLLECTIONS_PATH: one in build/ with a link to the checkout.
    """
    place = ROOT / "build" / "collections"
    there = place / NAME
    there.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        there.symlink_to(ROOT, target_is_directory=True)
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(place)
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
    return place


def copy(name: str = "copy") -> Path:
    """Copy the sources, and nothing that was built, to where ansible-test and the linters find a real collection.

    name: of the folder in build/.
    """
    place = ROOT / "build" / name / NAME
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT, place, ignore=LEFT_OUT, symlinks=True)
    return place
