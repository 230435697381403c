# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of plans that delete whole repositories."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import RepositoryOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import REPOSITORY_FORMAT, sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._report.csv_files import repositories_csv
from ansible_collections.containerops.gitlab.plugins.module_utils._report.labels import headline
from ansible_collections.containerops.gitlab.plugins.module_utils._report.markdown import markdown
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import Report, WholeReport
from ansible_collections.containerops.gitlab.plugins.module_utils._report.outcomes import (
    REPOSITORY_OUTCOMES,
    run_in,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.reading import read_report
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_planning import plan_scope
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.scope_results import scope_header
from tests.unit.plugins.module_utils._report.examples import request
from tests.unit.scopes import listed, pushed, scope_request, scope_state, shelf

URL = "https://gitlab.example.com"
FULL, EMPTY, YOUNG = shelf("full", number=1), shelf("empty", number=2), shelf("young", number=3)
REQUEST = scope_request({"not_pushed_for": "30d"})

Event = dict[str, Any]


def written(path: Path, *listings: Any) -> str:
    """The plan of repositories; by default of one with two tags, an empty one, and one that is kept."""
    found = listings or (
        listed(EMPTY),
        listed(FULL, pushed("a", 60), pushed("b", 90)),
        listed(YOUNG, pushed("new", 1)),
    )
    state = scope_state(*found)
    plan = sealed(plan_scope(state, REQUEST), scope_header(state, REQUEST, URL), REPOSITORY_FORMAT)
    path.write_text("".join(plan.lines()))
    return plan.fingerprint


def reported(folder: Path, *events: Event, journal: bool = True) -> Report:
    """The report of the plan and of a journal with these events after the start."""
    fingerprint = written(folder / "plan.jsonl")
    start = {"event": "start", "server": URL, "fingerprint": fingerprint, "planned": 2, "repositories": 2}
    path = folder / "journal"
    path.write_text("".join(json.dumps(event) + "\n" for event in (start, *events)))
    options = {"journal_path": str(path)} if journal else {}
    return read_report(request(plan_path=str(folder / "plan.jsonl"), **options))


def asked(name: str) -> Event:
    return {"event": "repository_delete_requested", "repository": f"team/app/{name}", "id": 1}


def settled(name: str, outcome: str, message: str = "") -> Event:
    return {"event": "repository_outcome", "repository": f"team/app/{name}", "outcome": outcome, "message": message}


def tag_of(kind: str, name: str, **more: Any) -> Event:
    return {"event": kind, "repository": "team/app/full", "name": name, "digest": None, **more}


def found(report: Report) -> dict[str, str | None]:
    """What became of each repository."""
    return {each.path.rpartition("/")[2]: each.whole.outcome for each in report.repositories() if each.whole}


def test_all_outcomes_have_a_name() -> None:
    good = {RepositoryOutcome.EMPTIED, RepositoryOutcome.TAGS_KEPT}
    assert set(REPOSITORY_OUTCOMES) == {*(each.value for each in {*RepositoryOutcome} - good), "unknown", "not_tried"}
    assert [*REPOSITORY_OUTCOMES][0] == "not_deleted"
    assert [*REPOSITORY_OUTCOMES][-1] == "deleted"


@pytest.mark.parametrize("outcome", [each for each in REPOSITORY_OUTCOMES if each not in ("unknown", "not_tried")])
def test_each_outcome_is_what_the_journal_says(tmp_path: Path, outcome: str) -> None:
    report = reported(tmp_path, asked("empty"), settled("empty", outcome, "so it is"))
    assert found(report) == {"empty": outcome, "full": "not_tried", "young": None}
    assert report.removal_outcomes == {outcome: 1, "not_tried": 1}
    text = markdown(report)
    assert REPOSITORY_OUTCOMES[outcome] in text
    assert ("so it is" in text) == (outcome not in ("deleted", "scheduled"))


def test_what_the_journal_does_not_prove_is_unknown(tmp_path: Path) -> None:
    report = reported(tmp_path, asked("full"), settled("empty", "vanished"), settled("young", "deleted"))
    assert found(report) == {"empty": "unknown", "full": "unknown", "young": None}
    assert headline(report) == "At least 0 of 2 planned repositories were deleted. Of the others: 2 unknown."


def test_the_last_outcome_counts(tmp_path: Path) -> None:
    report = reported(tmp_path, asked("empty"), settled("empty", "scheduled"), settled("empty", "deleted"))
    assert found(report)["empty"] == "deleted"


def test_a_run_of_another_plan_says_nothing(tmp_path: Path) -> None:
    other = {"event": "start", "server": URL, "fingerprint": "sha256:" + "2" * 64}
    report = reported(tmp_path, other, asked("empty"), settled("empty", "deleted"))
    assert found(report) == {"empty": "not_tried", "full": "not_tried", "young": None}
    (tmp_path / "journal").write_text(json.dumps(other) + "\n")
    again = read_report(request(plan_path=str(tmp_path / "plan.jsonl"), journal_path=str(tmp_path / "journal")))
    assert found(again) == {"empty": "unknown", "full": "unknown", "young": None}
    assert again.head.result == "partial"
    assert headline(again).startswith("It is unknown what was deleted.")


@pytest.mark.parametrize("kept", range(9))
def test_a_run_that_was_killed_anywhere_has_deleted_what_it_says_and_no_more(tmp_path: Path, kept: int) -> None:
    events = [
        *(tag_of("delete_requested", name) for name in "ab"),
        *(tag_of("outcome", name, outcome="deleted", message="") for name in "ab"),
        *(asked("full"), settled("full", "scheduled"), asked("empty"), settled("empty", "deleted")),
    ][:kept]
    report = reported(tmp_path, *events)
    for name in ("full", "empty"):
        own = [each for each in events if each["repository"].endswith(name) and "name" not in each]
        wanted = own[-1].get("outcome", "unknown") if own else "not_tried"
        assert found(report)[name] == wanted
    # A repository that was emptied is not deleted by that.
    assert (report.removal_outcomes or {}).get("deleted", 0) == (kept == 8)


@pytest.mark.parametrize(
    ("outcome", "message", "tags"),
    [
        ("changed_since", "it has the tag c since the plan was made", "changed_since"),
        ("not_deleted", "Could not read it: 500.", "not_tried"),
    ],
)
def test_tags_that_were_not_come_to_say_why(tmp_path: Path, outcome: str, message: str, tags: str) -> None:
    report = reported(tmp_path, settled("full", outcome, message))
    [full] = [each for each in report.repositories() if each.path == FULL.path]
    assert [(tag.outcome, tag.message) for tag in full.tags or ()] == [(tags, message)] * 2


def test_a_preview_has_the_reasons_of_all(tmp_path: Path) -> None:
    report = reported(tmp_path, journal=False)
    assert (report.removals, report.removal_outcomes, report.total.delete) == (2, None, 2)
    # The tags of what is kept are not in the plan.
    assert (report.total.tags, report.total.keep) == (None, None)
    assert headline(report) == "Preview: nothing was deleted."
    text = markdown(report)
    assert "## Repositories that would be deleted" in text
    assert "| repositories that would be deleted | 2 |" in text
    assert "| tags that would be deleted with them | 2 |" in text
    assert "| `not_pushed` | 2 |" in text.partition("## Would be deleted, by reason\n\n| reason | repositories |")[2]
    assert "| `too_young` | 1 |" in text.partition("## Kept, by reason\n\n| reason | repositories |")[2]
    assert "outcome" not in text.partition("## Repositories that would be deleted")[2].partition("\n\n## ")[0]
    rows = list(csv.DictReader(io.StringIO("".join(repositories_csv(report)))))
    assert [(row["repository"], row["action"], row["reason"], row["tags"], row["delete"]) for row in rows] == [
        ("team/app/empty", "delete", "not_pushed", "0", "0"),
        ("team/app/full", "delete", "not_pushed", "2", "2"),
        ("team/app/young", "keep", "too_young", "", "0"),
    ]
    assert all(row["why"] and row["outcome"] == row["outcome_message"] == "" for row in rows)


def test_empty_repositories_alone_are_something_to_delete(tmp_path: Path) -> None:
    written(tmp_path / "plan.jsonl", listed(EMPTY))
    report = read_report(request(plan_path=str(tmp_path / "plan.jsonl")))
    assert (report.total.delete, headline(report)) == (0, "Preview: nothing was deleted.")
    written(tmp_path / "plan.jsonl", listed(YOUNG, pushed("new", 1)))
    report = read_report(request(plan_path=str(tmp_path / "plan.jsonl")))
    assert headline(report) == "There is nothing to delete."


def test_the_first_of_many_are_shown(tmp_path: Path) -> None:
    many = [listed(shelf(f"empty{number:03}", number=number)) for number in range(230)]
    written(tmp_path / "plan.jsonl", *many)
    text = markdown(read_report(request(plan_path=str(tmp_path / "plan.jsonl"))))
    section = text.partition("## Repositories that would be deleted")[2].partition("\n## ")[0]
    assert section.count("\n| `team/app/empty") == 200
    assert "... and 30 more repositories" in section


@pytest.mark.parametrize("text", ["| a | b |", "`code`", "<script>", "\u202etxt", "=1+1", "a\nb"])
def test_no_text_of_others_is_more_than_a_text(tmp_path: Path, text: str) -> None:
    report = reported(tmp_path, settled("empty", "not_deleted", text))
    whole = WholeReport("delete", text, why=text, outcome="not_deleted", message=text)
    shown = [each._replace(whole=whole) for each in report.repositories()]
    report = report._replace(repositories=lambda: iter(shown))
    section = markdown(report).partition("## Repositories planned to be deleted")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(shown)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    for row in csv.DictReader(io.StringIO("".join(repositories_csv(report)))):
        assert row["repository"].startswith("team/app/")
        assert not any(row[column].startswith("=") for column in ("reason", "why", "outcome_message"))


def test_odd_lines_of_a_journal_say_nothing() -> None:
    start = json.dumps({"event": "start", "fingerprint": "sha256:1"})
    paths: tuple[Any, ...] = (None, 7, "", [])
    odd = [asked("full") | {"repository": path} for path in paths]
    run = run_in([start, *map(json.dumps, odd)], "sha256:1")
    assert run.asked == frozenset()
