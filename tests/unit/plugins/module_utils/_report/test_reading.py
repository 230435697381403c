# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import read_lines
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import merge, part_of
from ansible_collections.containerops.gitlab.plugins.module_utils._report.files import files_of
from ansible_collections.containerops.gitlab.plugins.module_utils._report.markdown import markdown
from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page
from ansible_collections.containerops.gitlab.plugins.module_utils._report.reading import read_report
from ansible_collections.containerops.gitlab.plugins.module_utils._report.request import Told, request_of
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import FreedBytes
from ansible_collections.containerops.gitlab.plugins.modules.registry_report import ARGUMENTS
from tests.unit.plugins.module_utils._report.examples import (
    AUDIT_HEAD,
    CLOCK,
    SERVER,
    audited,
    request,
    tag,
    write_audit,
    write_plan,
)

TAGS = [tag("a", "1", 100, 60), tag("b", "2", 30, 0)]
DECIDED = [{**TAGS[0], "action": "delete"}, {**TAGS[1], "action": "keep"}]


def test_numbers_come_from_the_audit_and_decisions_from_the_plan(tmp_path: Path) -> None:
    numbers = {"bytes": 120, "bytes_method": "gitlab", "tags_count": 2}
    details = [{**each, "media_type": "index", "published_at": CLOCK, "created_at": CLOCK} for each in TAGS]
    audit = write_audit(tmp_path / "audit", [audited(1, "team/app", details, **numbers)])
    plan = write_plan(tmp_path / "plan", {"team/app": DECIDED})
    found = read_report(request(audit_path=audit, plan_path=plan))
    [repository] = found.repositories()
    assert (repository.figures.bytes, repository.figures.delete) == (120, 1)
    # Of 120 bytes, the kept image holds 30, and both together hold 130.
    assert repository.figures.freed == FreedBytes(90, 90)
    assert [(each.name, each.action, each.media_type) for each in repository.tags or ()] == [
        ("a", "delete", "index"),
        ("b", "keep", "index"),
    ]
    assert found.total.freed == FreedBytes(90, 90)
    assert str(found.head.fingerprint).startswith("sha256:")
    assert (found.head.scope, found.head.clock, found.head.result) == ("group team", CLOCK, "ok")
    assert found.head.rules == {"older_than": "30d"}


def test_an_audit_beside_its_plan_knows_more_of_what_is_freed(tmp_path: Path) -> None:
    numbers = {"delete": 1, "keep": 1, "freed_least": 77, "freed_most": 77, "bytes_method": "layers"}
    audit = write_audit(tmp_path / "audit", [audited(1, "team/app", TAGS, **numbers)])
    plan = write_plan(tmp_path / "plan", {"team/app": DECIDED})
    [repository] = read_report(request(audit_path=audit, plan_path=plan)).repositories()
    assert repository.figures.freed == FreedBytes(77, 77)


def test_without_an_audit_numbers_are_counted_from_the_plan(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan", {"team/app": DECIDED, "team/b": []})
    found = read_report(request(plan_path=plan))
    assert (found.total.tags, found.total.bytes, found.total.delete) == (2, 130, 1)
    assert [(each.path, each.namespace, each.policy_state) for each in found.projects] == [
        ("team/app", "team", "enabled"),
        ("team/b", "team", "enabled"),
    ]


def test_the_parts_of_a_merged_plan_are_reported_together(tmp_path: Path) -> None:
    paths = [
        write_plan(tmp_path / name, {f"team/{name}": DECIDED}, scope={"project": [f"team/{name}"]}) for name in "ab"
    ]
    merged = merge([part_of(partial(read_lines, path, "plan_path")) for path in paths])
    whole = tmp_path / "merged"
    whole.write_text("".join(merged.lines()))
    found = read_report(request(plan_path=str(whole)))
    assert [each.path for each in found.repositories()] == ["team/a", "team/b"]
    assert (found.head.scope, found.head.fingerprint) == ("project team/a and project team/b", merged.fingerprint)


def test_how_much_one_run_of_a_plan_deletes_is_told(tmp_path: Path) -> None:
    names = ("max_deletions_per_run", "max_duration")
    budgets = {"a": dict(zip(names, (5000, None), strict=True)), "b": dict(zip(names, (None, "2h"), strict=True))}
    paths = [
        write_plan(tmp_path / name, {f"team/{name}": DECIDED}, scope={"project": [f"team/{name}"]}, budget=budget)
        for name, budget in budgets.items()
    ]
    whole = tmp_path / "whole"
    whole.write_text("".join(merge([part_of(partial(read_lines, path, "plan_path")) for path in paths]).lines()))
    for plan, words in (
        (paths[0], "at most 5,000 tags"),
        (paths[1], "no deletion begun later than 2h after its start"),
        (str(whole), "at most 5,000 tags, none begun later than 2h after its start"),
        (write_plan(tmp_path / "free", {"team/app": DECIDED}), ""),
        (write_plan(tmp_path / "odd", {"team/app": DECIDED}, budget={"max_deletions_per_run": -5}), ""),
    ):
        found = read_report(request(plan_path=plan))
        assert found.head.each_run == words
        assert (found.head.fingerprint is None) is plan.endswith("odd")
        row = f"| each run of the plan | {words} |"
        assert (row in markdown(found, [])) is bool(words)
        assert f'"eachRun":{json.dumps(words)}' in "".join(html_page(found)).replace('": ', '":')


def test_the_fingerprint_of_an_altered_plan_is_not_shown(tmp_path: Path) -> None:
    plan = Path(write_plan(tmp_path / "plan", {"team/app": DECIDED}))
    plan.write_text(plan.read_text().replace('"action": "keep"', '"action": "delete"'))
    found = read_report(request(plan_path=str(plan)))
    assert (found.head.fingerprint, found.head.result) == (None, "partial")
    assert "altered" in found.head.warnings[0]


FLAWS: dict[str, tuple[list[Any], str]] = {
    "a broken line": (["{"], "Line 3 of"),
    "a line of another kind": ([[1]], "Line 3 of"),
    "nested too deeply": (["[" * 100_000], "Line 3 of"),
    "a path twice": ([audited(7, "team/app")], "is a second one of repository team/app"),
    "an id twice": ([audited(1, "team/moved")], "is a second one of repository team/app"),
    "no path": ([{**audited(7, "x"), "path": None}], "without path or id"),
    "an id that is none": ([{**audited(7, "x"), "id": True}], "without path or id"),
    "several": (["{", "}"], "Line 3 and 1 more of"),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_line_that_can_not_be_read_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    lines, words = FLAWS[name]
    rows: list[Any] = [AUDIT_HEAD, audited(1, "team/app", TAGS), *lines, audited(9, "team/z"), {"type": "total"}]
    path = tmp_path / "audit"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    found = read_report(request(audit_path=str(path)))
    assert [each.path for each in found.repositories()] == ["team/app", "team/z"]
    assert words in " ".join(found.head.warnings)
    assert found.head.result == "partial"


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_what_an_interrupted_run_left_is_reported_as_such(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "audit"
    write_audit(path, [audited(1, "team/app", TAGS), audited(2, "team/b", TAGS)])
    text = path.read_text()
    head = len(text.splitlines()[0]) + 1
    path.write_text(text[: min(head + cut, len(text) - 2)])
    found = read_report(request(audit_path=str(path)))
    assert found.head.result == "partial"
    assert "interrupted" in " ".join(found.head.warnings)
    assert len(list(found.repositories())) == found.repositories_count


def test_a_failed_run_is_reported_without_files(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    told = Told(result="failed", message="GitLab answered 401.")
    found = read_report(request(audit_path=missing, plan_path=missing, told=told))
    assert (found.head.result, found.head.message) == ("failed", "GitLab answered 401.")
    assert found.head.warnings == (
        "There is no audit: the run ended before it was written.",
        "There is no plan: the run ended before it was written.",
    )
    assert (found.total.tags, found.total.bytes, list(found.repositories())) == (None, None, [])
    with pytest.raises(UsageError, match="does not exist"):
        read_report(request(audit_path=missing))


ODD: tuple[Any, ...] = (None, True, -1, 1.5, 2**70, "x", "\ud800", [], [None], {}, {"a": 1}, [{"name": 1}])


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_values_of_other_types_count_as_unknown(tmp_path: Path, odd: Any) -> None:
    row = audited(1, "team/app", TAGS, bytes=1, oldest_tag_at=CLOCK, tags_by_age={}, freed_least=1)
    project = {"type": "project", "id": 1, "path": "team/app", "topics": [], "visibility": "", "policy_lint": []}
    for line in (row, project):
        for key in set(line) - {"type", "id", "path"}:
            rows = [{**each, key: odd} if each is line else each for each in (row, project)]
            path = write_audit(tmp_path / "audit", rows, clock=odd, scope=odd)
            files = request(audit_path=path, csv_folder="csv", prometheus_path="p", markdown_path="m", html_path="h")
            found = read_report(files)
            for file in files_of(files):
                assert "".join(file.parts(found)).encode()


def test_an_earlier_audit_is_compared(tmp_path: Path) -> None:
    def project(size: int) -> dict[str, Any]:
        return {"type": "project", "id": 1, "path": "team/app", "tags": 2, "bytes": size, "bytes_method": "gitlab"}

    earlier = write_audit(tmp_path / "earlier", [project(500)], clock="2026-05-01T12:00:00Z")
    audit = write_audit(tmp_path / "audit", [project(300)])
    found = read_report(request(audit_path=audit, compare_with=earlier))
    [now] = found.projects
    assert (now.figures.bytes, now.before and now.before.bytes) == (300, 500)
    assert found.head.compared_with == "2026-05-01T12:00:00Z"
    assert found.head.warnings == ()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"server": "https://other.example.com"}, "is of https://other.example.com"),
        ({"scope": {"group": "other"}}, "is of group other"),
        (None, "does not exist"),
    ],
)
def test_what_can_not_be_compared_is_told(tmp_path: Path, head: dict[str, Any] | None, words: str) -> None:
    path = str(tmp_path / "earlier") if head is None else write_audit(tmp_path / "earlier", [], **head)
    found = read_report(request(audit_path=write_audit(tmp_path / "audit", []), compare_with=path))
    assert found.before is None
    assert words in found.head.warnings[0]
    assert found.head.server == SERVER


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://gitlab.example.com/api/v4", SERVER),
        (" https://gitlab.example.com/ ", SERVER),
        ("https://example.com/gitlab/api/v4/", "https://example.com/gitlab"),
        ("https://user:secret@gitlab.example.com", ""),
        ("https://gitlab.example.com?private_token=secret", ""),
        ("gitlab.example.com", ""),
        ("", ""),
    ],
)
def test_a_run_that_read_nothing_is_of_the_server_and_scope_that_it_was_asked_for(
    tmp_path: Path, address: str, server: str
) -> None:
    given = {name: option.get("default") for name, option in ARGUMENTS.options.items()}
    given |= {"audit_path": str(tmp_path / "missing"), "result": "failed", "api_url": address}
    found = read_report(request_of({**given, "scope": {"group": "team"}}))
    assert (found.head.server, found.head.scope) == (server, "group team")
