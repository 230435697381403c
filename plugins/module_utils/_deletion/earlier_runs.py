# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What earlier runs of a cleanup did, as their journal tells it. Pure."""

from __future__ import annotations

import enum
import json
import typing as t

# A repository's path, a tag's name and its digest.
_TagKey = tuple[str, str, t.Optional[str]]


class JournalEvent(enum.Enum):
    """What a line of a journal tells.

    START: A run begins.
    FOLLOWING: A tag is going to be deleted after the images that it belongs to.
    PINNING: An image in use is about to get a tag.
    PINNED: What became of that.
    DELETE_REQUESTED: A tag's deletion is about to be asked for.
    OUTCOME: What became of that.
    REPOSITORY_REQUESTED: The deletion of a whole repository is about to be asked for.
    REPOSITORY_OUTCOME: What became of a repository that was to be deleted.
    END: The run is over.
    """

    START = "start"
    FOLLOWING = "following"
    PINNING = "pinning"
    PINNED = "pinned"
    DELETE_REQUESTED = "delete_requested"
    OUTCOME = "outcome"
    REPOSITORY_REQUESTED = "repository_delete_requested"
    REPOSITORY_OUTCOME = "repository_outcome"
    END = "end"


class EarlierRuns(t.NamedTuple):
    """What earlier runs did on a server.

    Args:
        asked: The tags whose deletion was asked for.
        interrupted: Those of them that runs asked for after the last one that came to the end of its plan.
        referrers: The tags that interrupted runs were to delete after their images, and whose images they asked for.
        plans: Fingerprints of the approved plans of interrupted runs; empty for one that had none.
        servers: URLs of all servers that the journal tells of.
    """

    asked: frozenset[_TagKey] = frozenset()
    interrupted: frozenset[_TagKey] = frozenset()
    referrers: frozenset[_TagKey] = frozenset()
    plans: frozenset[str] = frozenset()
    servers: frozenset[str] = frozenset()


def earlier_runs_in(lines: t.Iterable[str], server: str) -> EarlierRuns:
    """What the lines of a journal tell of runs on a server."""
    asked: set[_TagKey] = set()
    interrupted: set[_TagKey] = set()
    images_of: dict[_TagKey, set[str]] = {}
    plans: set[str] = set()
    servers: set[str] = set()
    here = False
    plan = ""
    for row in events_in(lines):
        event, key = row.get("event"), _tag_key(row)
        if event == JournalEvent.START.value:
            here, plan = row.get("server") == server, str(row.get("approved") or "")
            servers.add(str(row.get("server")))
        elif here and event == JournalEvent.END.value and not (row.get("stopped") or row.get("budget")):
            interrupted.clear()
            images_of.clear()
            plans.clear()
        elif here and key and event == JournalEvent.DELETE_REQUESTED.value:
            asked.add(key)
            interrupted.add(key)
            plans.add(plan)
        elif here and key and event == JournalEvent.FOLLOWING.value:
            images_of.setdefault(key, set()).update(_digests(row.get("images")))
    gone = {(path, digest) for path, _name, digest in interrupted}
    return EarlierRuns(
        asked=frozenset(asked),
        interrupted=frozenset(interrupted),
        referrers=frozenset(
            key for key, images in images_of.items() if images and all((key[0], image) in gone for image in images)
        ),
        plans=frozenset(plans),
        servers=frozenset(servers),
    )


def journal_warnings(runs: EarlierRuns, server: str, approved: str | None) -> list[str]:
    """What is odd about going on with a journal, one sentence each.

    Args:
        runs: what it tells.
        server: URL of GitLab.
        approved: fingerprint of the approved plan; None where there is none.
    """
    if runs.servers and server not in runs.servers:
        return [
            f"journal_path contains only runs on {', '.join(sorted(runs.servers))}, so it is not used for {server}: "
            "give the journal of an earlier run on this server, or a new file."
        ]
    others = sorted(runs.plans - {approved or ""})
    if approved is None or not others:
        return []
    what = f"another approved plan ({others[-1]})" if others[-1] else "no approved plan"
    return [
        f"journal_path contains a run with {what} that was not finished: its tags count as deleted by an earlier run. "
        "If this plan has a journal of its own, give that one."
    ]


def _tag_key(row: t.Mapping[str, t.Any]) -> _TagKey | None:
    """The tag that a line is about; None if it is about none."""
    path, name, digest = row.get("repository"), row.get("name"), row.get("digest")
    if not isinstance(path, str) or not isinstance(name, str) or not isinstance(digest, (str, type(None))):
        return None
    return path, name, digest


def _digests(found: t.Any) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def events_in(lines: t.Iterable[str]) -> t.Iterator[dict[str, t.Any]]:
    """The events of a journal. A line that was torn by a kill is left out: what it is about was not asked for yet."""
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row
