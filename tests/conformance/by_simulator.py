# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator against the truth: a bulk deletion by its REST API, and what its job makes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.by_plugins import NAMES
from tests.conformance.dates import iso8601, rfc3339
from tests.conformance.graphql_recordings import graphql_recording
from tests.conformance.recordings import http_recording
from tests.conformance.verdicts import Agrees, Disagrees, Row, Verdict, first_difference
from tests.simulator.inprocess import InProcessServer

__all__ = ["cleanup_plan", "duration", "graphql_recording", "http_recording", "regex"]

MODES = {"gitlab": "M1", "third_party": "M2"}
PATH = "/api/v4/projects/1/registry/repositories/100/tags"
HEADERS = {"PRIVATE-TOKEN": "token", "Content-Type": "application/json"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1, 9999))


def cleanup_plan(row: Row) -> Verdict:
    for variant, mode in MODES.items():
        if variant in row:
            verdict = _plan(row, variant, mode)
            if not isinstance(verdict, Agrees):
                return verdict
    return Agrees()


def _plan(row: Row, variant: str, mode: str) -> Verdict:
    truth = row[variant]
    tags = [_tag(tag, mode) for tag in row["tags"]]
    status, message, job = bulk(tags, row["params"], mode, row["now"], page_size=row.get("page_size", 1000))
    if status == 400:
        # What the job would refuse again is refused before it is queued.
        told = (truth["status"], truth["message"])
        return first_difference((f"{variant}: refused", ("error", "invalid regex"), told))
    if status != 202 or job is None:
        return Disagrees(f"{variant}: answer", 202, (status, message))
    found = job["result"]
    for key in ("status", "message", "original_size", "pages", "before_truncate_size", "after_truncate_size"):
        if key in truth and truth[key] != found.get(key):
            return Disagrees(f"{variant}: {key}", truth[key], found.get(key))
    if truth.get("nondeterministic"):
        return _sampled(row, variant, set(found["deleted"]))
    if truth["tie_sensitive"]:
        dates = {tag["name"]: (tag["created_at"], tag.get("updated_at")) for tag in row["tags"]}
        expected, got = (sorted(str(dates[name]) for name in names) for names in (truth["deleted"], found["deleted"]))
        return first_difference((f"{variant}: dates of the deleted", expected, got))
    return first_difference((f"{variant}: deleted", sorted(truth["deleted"]), sorted(found["deleted"])))


def _sampled(row: Row, variant: str, got: set[str]) -> Verdict:
    """The same number out of the same tags; where age decides within the sample, the number is a matter of chance."""
    truth = set(row[variant]["deleted"])
    if row["params"]["older_than"] is None and len(truth) != len(got):
        return Disagrees(f"{variant}: count", len(truth), len(got))
    tags = [_tag(tag, MODES[variant]) for tag in row["tags"]]
    whole = {**row["params"], "keep_n": None}
    _status, _message, job = bulk(tags, whole, MODES[variant], row["now"], max_list_size=0)
    eligible = set(job["result"]["deleted"]) if job else set()
    return first_difference(("not eligible", set(), got - eligible), ("truth", set(), truth - eligible))


def bulk(
    tags: list[dict[str, Any]], given: dict[str, Any], mode: str, now: str, **cleanup: int
) -> tuple[int, Any, dict[str, Any] | None]:
    """Status and body of the request, and the job that came of it after its first run."""
    server = InProcessServer(
        {
            "clock": now,
            "mode": mode,
            "users": [{"username": "ops"}],
            "tokens": [{"token": "token", "user": "ops"}],
            "groups": [{"id": 10, "path": "team", "members": {"ops": "maintainer"}}],
            "projects": [{"id": 1, "path": "team/app"}],
            "repositories": [{"id": 100, "project": "team/app", "tags": tags}],
            "cleanup": cleanup,
            "jobs": {"retries": 0},
        }
    )
    status, _headers, body = server.request("DELETE", PATH, headers=HEADERS, body=json.dumps(given).encode())
    jobs = server.jobs()
    return status, json.loads(body), jobs[0] if jobs else None


def _tag(tag: dict[str, Any], mode: str) -> dict[str, Any]:
    if mode == "M1":
        created, updated = iso8601(tag["created_at"]), iso8601(tag.get("updated_at"))
        return {"name": tag["name"], "created_at": _time(created), "updated_at": _time(updated)}
    date = rfc3339(tag["created_at"])
    return {"name": tag["name"], "config_created": _time(date), "config": not tag.get("index", False)}


def _time(nanoseconds: int | None) -> str | None:
    """As a scenario has it, which knows the years 1 to 9999."""
    if nanoseconds is None:
        return None
    microseconds, rest = divmod(nanoseconds, 1000)
    try:
        moment = EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return (FIRST if nanoseconds < 0 else LAST).isoformat()
    return moment.isoformat(timespec="microseconds").replace("+00:00", f"{rest:03}+00:00")


def duration(row: Row) -> Verdict:
    tags = [{"name": tag["name"], "created_at": _time(iso8601(tag["created_at"]))} for tag in row["tags"]]
    given = {"name_regex_delete": ".*", "older_than": row["older_than"]}
    status, message, job = bulk(tags, given, "M1", row["now"])
    if status != 202 or job is None:
        return Disagrees("answer", 202, (status, message))
    truth, found = row["service"], job["result"]
    return first_difference(
        ("status", (truth["status"], truth.get("message")), (found["status"], found.get("message"))),
        ("deleted", sorted(truth["deleted"]), sorted(found["deleted"])),
    )


def regex(row: Row) -> Verdict:
    tags = [{"name": name} for name in NAMES]
    now = "2026-06-01T12:00:00Z"
    status, body, as_delete = bulk(tags, {"name_regex_delete": row["regex"]}, "M1", now)
    expected = (202, 202) if row["accepted"] else (400, {"error": f"name_regex_delete {row['message']}"})
    verdict = first_difference(("answer", expected, (status, body)))
    if not isinstance(verdict, Agrees) or not row["accepted"]:
        return verdict
    given = {"name_regex_delete": ".*", "name_regex_keep": row["regex"]}
    _status, _body, as_keep = bulk(tags, given, "M1", now)
    deleted = [job["result"]["deleted"] if job else [] for job in (as_delete, as_keep)]
    kept = sorted(set(NAMES) - {"latest"} - set(deleted[1]))
    return first_difference(
        ("deleted as delete pattern", sorted(row["as_delete_deletes"]), sorted(deleted[0])),
        ("kept as keep pattern", sorted(row["as_keep_keeps"]), kept),
    )
