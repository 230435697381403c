# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's own emulation of GitLab against the truth."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import (
    PAGE_SIZE,
    Parameters,
    Prediction,
    ServerTag,
    Verdict,
    exact_span,
    predict,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.durations import seconds
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import pattern_error, server_search
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty
from tests.conformance.dates import iso8601, rfc3339
from tests.conformance.verdicts import Agrees, Disagrees, NotApplicable, Row, first_difference
from tests.conformance.verdicts import Verdict as RowVerdict

# The fixed names of the table of patterns.
NAMES = [
    *("latest", "v1", "v1.2", "v1.2.3", "v2", "V1", "1.0.0", "main", "master", "main-2", "dev-123", "feature_x"),
    *("release-2024.01", "a", "b", "ab", "abc", "aab", "aXb", "aa", "0", "_x", "A.B-c_9", "Latest", "z"),
]


NOT_ACCEPTED = NotApplicable("no option accepts this older_than")


def accepts(older_than: str | None) -> bool:
    """Whether an option accepts it, or a policy can hold it: what it means otherwise is known to GitLab alone."""
    try:
        return older_than is None or seconds(older_than, "older_than") > 0
    except UsageError:
        return False


def cleanup_plan(row: Row) -> RowVerdict:
    if not accepts(row["params"].get("older_than")):
        return NOT_ACCEPTED
    for variant, mode in (("gitlab", Mode.DATABASE), ("third_party", Mode.NO_DATABASE)):
        if variant in row:
            found = predict(
                [_server_tag(tag, mode) for tag in row["tags"]],
                Parameters(**row["params"]),
                mode,
                _now(row),
                page_size=row.get("page_size", PAGE_SIZE),
            )
            verdict = _compared(variant, row[variant], found)
            if not isinstance(verdict, Agrees):
                return verdict
    return Agrees()


def _now(row: Row) -> int:
    now = iso8601(row["now"])
    assert now is not None
    return now


def _server_tag(tag: dict[str, Any], mode: Mode) -> ServerTag:
    if mode == Mode.DATABASE:
        date = iso8601(tag.get("updated_at"))
        date = iso8601(tag["created_at"]) if date is None else date
    else:
        date = rfc3339(tag["created_at"])
    return ServerTag(tag["name"], None if date is None else exact_span(date))


def _compared(variant: str, truth: Row, found: Prediction) -> RowVerdict:
    """What surely goes has to be gone and what surely stays to be there; without doubts, that is everything."""
    deleted = set(truth["deleted"])
    sure = {tag.name for tag in found.tags if tag.verdict is Verdict.DELETED}
    kept = {tag.name for tag in found.tags if tag.verdict is Verdict.KEPT}
    status = found.status.value
    if truth["status"] != status or truth.get("message", found.message) != found.message:
        expected = (truth["status"], truth.get("message", ""))
        return Disagrees(f"{variant}: status", expected, (status, found.message))
    if sure - deleted or deleted & kept:
        return Disagrees(f"{variant}: deleted", sorted(deleted), sorted(set(found.deletes)))
    if not found.least <= len(deleted) <= found.most:
        return Disagrees(f"{variant}: count", len(deleted), (found.least, found.most))
    if found.certainty is not Certainty.EXACT and not truth["tie_sensitive"] and not truth.get("nondeterministic"):
        return Disagrees(f"{variant}: certainty", "exact", (found.certainty.value, found.uncertainties))
    return Agrees()


def duration(row: Row) -> RowVerdict:
    if not accepts(row["older_than"]):
        return NOT_ACCEPTED
    found = predict(
        [ServerTag(tag["name"], _span(tag["created_at"])) for tag in row["tags"]],
        Parameters(name_regex_delete=".*", older_than=row["older_than"]),
        Mode.DATABASE,
        _now(row),
    )
    service = row["service"]
    return first_difference(
        ("result", row["result"], "seconds"),
        ("seconds", row.get("seconds"), seconds(row["older_than"], "older_than")),
        ("status", (service["status"], service.get("message", "")), (found.status.value, found.message)),
        ("deleted", sorted(service.get("deleted", [])), sorted(found.deletes)),
    )


def _span(text: str | None) -> tuple[float, float] | None:
    date = iso8601(text)
    return None if date is None else exact_span(date)


def regex(row: Row) -> RowVerdict:
    text = row["regex"]
    error = pattern_error(text)
    message = f"is an invalid regexp: {error}" if error else None
    as_delete = predict([ServerTag(name, None) for name in NAMES], Parameters(name_regex_delete=text), Mode.DATABASE, 0)
    as_keep = [] if error else [name for name in NAMES if name != "latest" and server_search(text)(name)]
    return first_difference(
        ("accepted", row["accepted"], error is None),
        ("message", row.get("message"), message),
        ("status", row["service_status"], as_delete.status.value),
        ("deleted as delete pattern", sorted(row["as_delete_deletes"]), sorted(as_delete.deletes)),
        ("kept as keep pattern", sorted(row.get("as_keep_keeps", [])), sorted(as_keep)),
    )
