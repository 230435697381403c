# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job with python-gitlab: the listing of a group, of each repository, and a request for each tag.

THREADS 1 is the loop that one writes first; with more of them a pool reads and deletes the tags.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gitlab  # type: ignore[import-not-found]
import requests


def connect(url: str, token: str, threads: int) -> gitlab.Gitlab:
    session = requests.Session()
    # Without this more than ten threads open new connections all the time.
    session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=threads))
    return gitlab.Gitlab(url, private_token=token, session=session, per_page=100)


def older_than(tag: Any, moment: datetime) -> bool:
    return datetime.fromisoformat(tag.created_at) < moment


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["audit", "cleanup"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--keep", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    client = connect(arguments.url, arguments.token, arguments.threads)
    with ThreadPoolExecutor(arguments.threads) as pool:
        group = client.groups.get(arguments.group)
        repositories = group.registry_repositories.list(iterator=True)
        listings = pool.map(lambda repository: repository.tags.list(get_all=True), list(repositories))
        names = [tag for listing in listings for tag in listing]
        tags = list(pool.map(lambda tag: tag.manager.get(tag.name), names))
        if arguments.job == "cleanup":
            by_repository: dict[int, list[Any]] = {}
            for tag in tags:
                by_repository.setdefault(tag.repository_id, []).append(tag)
            yesterday = datetime.now(UTC) - timedelta(days=1)
            doomed = [
                tag
                for found in by_repository.values()
                for tag in sorted(found, key=lambda tag: tag.created_at, reverse=True)[arguments.keep :]
                if older_than(tag, yesterday)
            ]
            list(pool.map(lambda tag: tag.delete(), doomed))
    arguments.output.write_text("".join(json.dumps(tag.attributes) + "\n" for tag in tags))


if __name__ == "__main__":
    main()
