# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of audits and plans, and reports of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import (
    FILE_FORMAT,
    fingerprint_of,
    with_fingerprint,
    written_line,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import (
    ProjectReport,
    Report,
    ReportHead,
    RepositoryReport,
    TagReport,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.request import ReportRequest, Told
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures, FreedBytes

SERVER = "https://gitlab.example.com"
CLOCK = "2026-06-01T12:00:00Z"
SCOPE = {"project": [], "group": "team", "repository_id": [], "repositories": [], "exclude_repositories": []}
AUDIT_HEAD = {
    "type": "audit",
    "format": "containerops.gitlab/audit",
    "version": 1,
    "server": SERVER,
    "clock": CLOCK,
    "scope": SCOPE,
}
Rows = Sequence[Mapping[str, Any]]


def tag(name: str, digest: str, size: int | None, days: int, **others: Any) -> dict[str, Any]:
    date = f"2026-{5 - days // 30:02}-01T12:00:00Z"
    return {"name": name, "digest": f"sha256:{digest * 64}", "size": size, "date": date, **others}


def audited(number: int, path: str, tags: Rows | None = None, **others: Any) -> dict[str, Any]:
    """A repository of an audit, in a project of the same path."""
    row = {
        "type": "repository",
        "id": number,
        "path": path,
        "project": path,
        "project_id": number,
        "listing": "complete",
    }
    return {**row, "date_source": "published", "tags_count": len(tags or ()), "tags": tags, "error": None, **others}


def write_audit(path: Path, rows: Iterable[Mapping[str, Any]], *, total: bool = True, **head: Any) -> str:
    lines = [{**AUDIT_HEAD, **head}, *rows, *([{"type": "total"}] if total else [])]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(path)


def write_plan(path: Path, repositories: Mapping[str, Rows], **head: Any) -> str:
    """A sealed plan. repositories: the tags of each, of which those with the action delete are deleted."""
    blocks = [planned(sum(name.encode()), name, tags) for name, tags in sorted(repositories.items())]
    every = [each for tags in repositories.values() for each in tags]
    deleted = sum(each["action"] == "delete" for each in every)
    totals: dict[str, Any] = {
        "repositories": len(blocks),
        "repositories_unread": 0,
        "repositories_limited": 0,
        "projects": len(blocks),
    }
    totals |= {"tags": len(every), "delete": deleted, "keep": len(every) - deleted, "matches": []}
    totals["reasons"] = reasons_of(every)
    first = {"type": "plan", "format": FILE_FORMAT, "version": 2, "server": SERVER, "clock": CLOCK, "scope": SCOPE}
    first |= {"rules": {"older_than": "30d"}, "budget": None, "totals": totals, "refusals": [], **head}
    prints = [fingerprint_of(map(written_line, block)) for block in blocks]
    lines = [with_fingerprint(first, prints)]
    for block, fingerprint in zip(blocks, prints, strict=True):
        lines += [{**block[0], "fingerprint": fingerprint}, *block[1:]]
    path.write_text("".join(map(written_line, lines)))
    return str(path)


def planned(number: int, path: str, tags: Rows) -> list[dict[str, Any]]:
    deleted = sum(each["action"] == "delete" for each in tags)
    row = {"type": "repository", "id": number, "path": path, "project": path, "project_id": number}
    row |= {"rule_set": None, "listing": "complete", "date_source": "published", "tags": len(tags), "delete": deleted}
    row |= {"keep": len(tags) - deleted, "certainty": "exact", "limit": None, "error": None}
    row |= {"server_policy": {"state": "enabled", "next_run_at": CLOCK}, "reasons": reasons_of(tags)}
    common = {"type": "tag", "repository": path, "rule_set": None, "rule": None}
    return [row, *({**common, "reason": reason_of(each), **each} for each in tags)]


def reason_of(tag: Mapping[str, Any]) -> str:
    return str(tag.get("reason") or ("expired" if tag["action"] == "delete" else "too_young"))


def reasons_of(tags: Rows) -> dict[str, int]:
    return dict(sorted(Counter(map(reason_of, tags)).items()))


def request(**options: Any) -> ReportRequest:
    return ReportRequest(
        **{
            **dict.fromkeys(
                ("audit_path", "plan_path", "journal_path", "compare_with", "csv_folder", "prometheus_path")
            ),
            **{"prometheus_repositories": False, "markdown_path": None, "html_path": None},
            **{"told": Told(), "validate_paths_only": False},
            **options,
        }
    )


FIGURES = Figures(
    tags=3,
    bytes=3_000,
    bytes_method=BytesMethod.GITLAB,
    oldest_tag_at=datetime(2025, 1, 1, tzinfo=UTC),
    newest_tag_at=datetime(2026, 5, 1, tzinfo=UTC),
    tags_by_age=(0, 0, 1, 0, 2, 0),
    bytes_by_age=(0, 0, 1_000, 0, None, 0),
    delete=2,
    keep=1,
    freed=FreedBytes(500, 2_000),
)


def report(
    text: str = "team/app",
    *,
    tags: int = 2,
    repositories: int = 1,
    figures: Figures = FIGURES,
    head: Mapping[str, Any] | None = None,
) -> Report:
    """A report in which every text that a server or user gives is the same."""
    deleted = TagReport(text, text, media_type=text, bytes=1, pushed_at=CLOCK, action="delete", reason=text, rule=text)
    parts = [
        RepositoryReport(
            number, path=text, project=text, project_id=1, figures=figures, error=text, tags=(deleted,) * tags
        )
        for number in range(repositories)
    ]
    project = ProjectReport(
        1,
        path=text,
        namespace=text,
        figures=figures,
        topics=(text,),
        visibility=text,
        access_level=text,
        exposed_to="anyone",
        policy_state="none",
        policy_lint=(text,),
        error=text,
        before=figures,
    )
    return Report(
        head=ReportHead(
            **{
                **{"server": text, "scope": text, "clock": CLOCK, "date_sources": (text,), "message": text},
                **{"fingerprint": text, "plan_place": text, "refusals": (text,), "warnings": (text,)},
                **{"unread": ((text, text),), "run_by": {text: text}, "compared_with": text, "result": "failed"},
                **{"rules": {text: [text]}, "matches": ({"option": text, "entry": text, "rule": text, "matched": 0},)},
                **(head or {}),
            }
        ),
        total=figures,
        projects=(project,),
        repositories=lambda: iter(parts),
        repositories_count=repositories,
        repositories_unread=repositories,
        before=figures,
    )
