# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job with gitlab-container-registry-cleaner: its list of a group, then a run of it for each repository.

As its manual has it: regular expressions, the age in days and the number to keep; a dry run writes the tags to a file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["audit", "cleanup"])
    parser.add_argument("--program", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--keep", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    listing = arguments.folder / "repositories.json"
    subprocess.run([arguments.program, "list", "group", arguments.group, "-o", str(listing)], check=True)
    for repository in json.loads(listing.read_text()):
        tags = arguments.folder / f"tags-{repository['id']}.json"
        rules = (
            ["-n", "0", "-a", "0"] if arguments.job == "audit" else ["-n", arguments.keep, "-a", "1", "--no-dry-run"]
        )
        command = [arguments.program, "clean", str(repository["id"]), "-k", "^$", "-d", ".*", *rules, "-o", str(tags)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
