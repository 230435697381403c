# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of planned tags, by journals that are whole, cut off, of several runs, or of something else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import TagOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._report.csv_files import projects_csv, tags_csv
from ansible_collections.containerops.gitlab.plugins.module_utils._report.labels import headline
from ansible_collections.containerops.gitlab.plugins.module_utils._report.markdown import markdown
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import Report
from ansible_collections.containerops.gitlab.plugins.module_utils._report.outcomes import OUTCOMES, run_in
from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page
from ansible_collections.containerops.gitlab.plugins.module_utils._report.prometheus import metrics
from ansible_collections.containerops.gitlab.plugins.module_utils._report.reading import read_report
from ansible_collections.containerops.gitlab.plugins.module_utils._report.request import Told, request_of
from ansible_collections.containerops.gitlab.plugins.module_utils._report.results import result_of
from ansible_collections.containerops.gitlab.plugins.modules.registry_report import ARGUMENTS
from tests.unit.plugins.module_utils._report.examples import request, tag, write_plan

APP, OTHER = "team/app", "team/other"
PRINT = "sha256:" + "1" * 64
NAMES = ("a", "b", "c")
UNSEEN = "Its deletion was requested, and the journal does not contain the outcome."
NEVER = "The run ended before its deletion was requested."

Event = dict[str, Any]


def start(fingerprint: str = PRINT) -> Event:
    return {"event": "start", "server": "https://gitlab.example.com", "fingerprint": fingerprint, "planned": 3}


def asking(name: str, repository: str = APP) -> Event:
    return {"event": "delete_requested", "repository": repository, "name": name, "digest": None}


def outcome(name: str, value: str = "deleted", message: str = "", repository: str = APP) -> Event:
    row = {"event": "outcome", "repository": repository, "name": name, "digest": None}
    return {**row, "outcome": value, "message": message}


def whole(*values: str) -> list[Event]:
    """A run that ended, with what became of the tags a, b and c."""
    told = [outcome(name, value, f"why {name}") for name, value in zip(NAMES, values, strict=True)]
    return [start(), *map(asking, NAMES), *told, {"event": "end", "counts": {}, "stopped": None}]


def lines(events: Sequence[Event]) -> list[str]:
    return [json.dumps(event) + "\n" for event in events]


def found(events: Sequence[Event]) -> list[tuple[str, str]]:
    run = run_in(lines(events), PRINT)
    return [(each.outcome, each.message) for each in (run.outcome_of(APP, name) for name in NAMES)]


def test_each_outcome_is_what_the_journal_says() -> None:
    for value in TagOutcome:
        assert found(whole(value.value, "deleted", "deleted"))[0] == (value.value, "why a")


def test_all_outcomes_have_a_name() -> None:
    assert set(OUTCOMES) == {*(value.value for value in TagOutcome), "unknown"}
    assert list(OUTCOMES)[0] == "not_deleted"
    assert list(OUTCOMES)[-1] == "deleted"


@pytest.mark.parametrize("kept", range(9))
def test_a_run_that_was_killed_anywhere_has_deleted_what_it_says_and_no_more(kept: int) -> None:
    """Wherever the journal ends, and also within a line."""
    events = whole("deleted", "deleted", "deleted")[:kept]
    told = {row["name"] for row in events if row["event"] == "outcome"}
    asked = {row["name"] for row in events if row["event"] == "delete_requested"}
    torn = [*lines(events), '{"event": "outcome", "repository": "team/app", "name": "c", "outcome": "deleted'][
        : kept + 1
    ]
    run = run_in(torn, PRINT)
    for name in NAMES:
        wanted = "deleted" if name in told else "unknown" if name in asked or not kept else "not_tried"
        assert run.outcome_of(APP, name).outcome == wanted


def test_what_is_not_known_is_said_so() -> None:
    assert found([start(), asking("a"), asking("b"), outcome("b")]) == [
        ("unknown", UNSEEN),
        ("deleted", ""),
        ("not_tried", NEVER),
    ]


def test_the_last_run_of_the_plan_counts_and_no_run_of_another() -> None:
    other = "sha256:" + "2" * 64
    first, second = whole("deleted", "deleted", "not_deleted"), [start(), asking("c"), outcome("c")]
    assert [value for value, _why in found([*first, *second])] == ["not_tried", "not_tried", "deleted"]
    foreign = [start(other), *map(asking, NAMES), *map(outcome, NAMES)]
    assert [value for value, _why in found([*first, *foreign])] == ["deleted", "deleted", "not_deleted"]
    assert {value for value, _why in found(foreign)} == {"unknown"}
    assert not run_in(lines(first), None).begun


def test_repositories_do_not_share_their_tags() -> None:
    events = [start(), asking("a", OTHER), outcome("a", repository=OTHER)]
    assert found(events)[0] == ("not_tried", NEVER)


@pytest.mark.parametrize(
    "odd",
    [
        "nothing",
        "[]",
        "null",
        "{}",
        '{"event": []}',
        '{"event": "outcome"}',
        '{"event": "outcome", "name": 1}',
        "[" * 9999,
    ],
)
def test_lines_of_another_kind_say_nothing(odd: str) -> None:
    before, *after = lines(whole("deleted", "not_deleted", "deleted"))
    run = run_in([before, odd + "\n", *after, odd], PRINT)
    assert [run.outcome_of(APP, name).outcome for name in NAMES] == ["deleted", "not_deleted", "deleted"]


def test_an_outcome_that_nobody_knows_is_unknown() -> None:
    assert found([start(), asking("a"), outcome("a", "vanished", "so it is")])[0] == ("unknown", "so it is")


def report_of(folder: Path, events: Sequence[Event] | None, told: Told | None = None) -> Report:
    tags = [tag(name, name, 100, 60, action="delete") for name in NAMES]
    kept = tag("v1", "9", 100, 0, action="keep")
    plan = write_plan(folder / "plan", {APP: [*tags, kept], OTHER: [kept]})
    fingerprint = json.loads(Path(plan).read_text().splitlines()[0])["fingerprint"]
    journal = folder / "journal"
    if events is not None:
        own = [{**event, "fingerprint": fingerprint} if event == start() else event for event in events]
        journal.write_text("".join(lines(own)))
    return read_report(request(plan_path=plan, journal_path=str(journal), told=told or Told()))


def rows_of(text: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(text), newline="")))


# The labels of every sample of a project.
COMMON = ("project", "server", "scope")


def samples(report: Report, name: str) -> dict[str, float]:
    families = text_string_to_metric_families("".join(metrics(report, with_repositories=False)))
    return {
        ",".join(value for label, value in sorted(sample.labels.items()) if label not in COMMON): sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"gitlab_registry_{name}" and sample.labels.get("project") == APP
    }


def test_a_part_is_told_as_a_part_in_every_report(tmp_path: Path) -> None:
    report = report_of(tmp_path, whole("deleted", "not_deleted", "changed_since"), Told(result="partial", deleted=1))
    assert headline(report).startswith("1 of 3 planned tags were deleted. Of the others: 1 failed, 1 kept because it")
    rows = {row["tag"]: row for row in rows_of(tags_csv(report)) if row["repository"] == APP}
    assert [rows[name]["outcome"] for name in (*NAMES, "v1")] == ["deleted", "not_deleted", "changed_since", ""]
    assert rows["b"]["outcome_message"] == "why b"
    counted, other = rows_of(projects_csv(report))
    names = ("delete", "deleted", "not_deleted", "changed_since", "not_tried", "outcome_unknown")
    assert [counted[name] for name in names] == ["3", "1", "1", "1", "0", "0"]
    assert [other[name] for name in names] == ["0"] * 6
    assert samples(report, "planned_deletions") == {"expired": 1}
    assert samples(report, "deleted_tags") == {"expired": 1}
    assert {key: value for key, value in samples(report, "deletion_outcomes").items() if value} == dict.fromkeys(
        ("deleted", "not_deleted", "changed_since"), 1
    )
    assert set(samples(report, "planned_freed_bytes")) == {"most"}
    text = markdown(report)
    assert "## Not deleted, or unknown: 2" in text
    assert text.index("`team/app:b` failed: `why b`") < text.index("`team/app:c` kept because it changed: `why c`")
    assert "would be" not in text
    assert '"outcomes":[["not_deleted","failed",1],["changed_since"' in "".join(html_page(report))
    assert result_of(report, [])["report"]["outcomes"]["not_deleted"] == 1


def test_when_all_went_nothing_is_planned_any_more(tmp_path: Path) -> None:
    report = report_of(tmp_path, whole("deleted", "already_gone", "deleted"))
    assert headline(report) == "2 of 3 planned tags were deleted. Of the others: 1 already gone."
    assert samples(report, "planned_deletions") == {"none": 0}
    assert samples(report, "planned_freed_bytes") == {"least": 0, "most": 0}
    assert report.total.delete == 3


def test_a_killed_run_is_told_as_it_is(tmp_path: Path) -> None:
    events = [start(), asking("a"), asking("b"), outcome("a")]
    report = report_of(tmp_path, events, Told(result="failed", message="The module was killed."))
    assert headline(report) == (
        "The run failed. At least 1 of 3 planned tags were deleted. Of the others: 1 unknown, 1 not tried."
    )
    assert samples(report, "planned_deletions") == {"expired": 2}
    assert report.head.result == "failed"


@pytest.mark.parametrize("events", [None, [], [start("other"), asking("a")], whole(*["deleted"] * 3)[1:]])
def test_a_journal_without_a_run_of_the_plan_proves_nothing(tmp_path: Path, events: list[Event] | None) -> None:
    report = report_of(tmp_path, events)
    assert "It is unknown what was deleted." in headline(report)
    assert {row["outcome"] for row in rows_of(tags_csv(report)) if row["action"] == "delete"} == {"unknown"}
    assert samples(report, "planned_deletions") == {"expired": 3}
    assert samples(report, "deleted_tags") == {"none": 0}
    assert "contains no run of this plan" in " ".join(report.head.warnings)
    assert report.head.result == "partial"


def test_a_journal_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    report = report_of(tmp_path, None)
    assert "journal_path" in report.head.warnings[0]
    assert "is a folder" in report.head.warnings[0]
    assert report.head.deleted is None


def test_without_a_journal_a_report_of_a_plan_is_a_preview(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan", {APP: [tag("a", "1", 100, 60, action="delete")]})
    report = read_report(request(plan_path=plan))
    assert headline(report) == "Preview: nothing was deleted."
    assert report.outcomes is None
    [row] = rows_of(tags_csv(report))
    assert (row["outcome"], row["outcome_message"]) == ("", "")
    assert {rows_of(projects_csv(report))[0][name] for name in ("deleted", "not_tried", "outcome_unknown")} == {""}
    text = "".join(metrics(report, with_repositories=True))
    assert "deleted_tags" not in text
    assert "deletion_outcomes" not in text
    assert result_of(report, [])["report"]["outcomes"] is None


def test_a_journal_needs_its_plan() -> None:
    params = {name: spec.get("default") for name, spec in ARGUMENTS.options.items()}
    with pytest.raises(UsageError, match="journal_path has no effect without plan_path"):
        request_of({**params, "audit_path": "audit", "journal_path": "journal"})


BUDGET = "max_deletions_per_run 1 was reached"


def budgeted() -> list[Event]:
    end: Event = {"event": "end", "counts": {}, "stopped": None, "budget": BUDGET}
    return [start(), asking("a"), outcome("a"), outcome("b", "not_tried", "because"), end]


def test_what_a_run_left_for_the_next_one_is_told_so() -> None:
    assert found(budgeted()) == [("deleted", ""), ("not_tried", "because"), ("left_for_next_run", "")]
    # A tag that was asked for is not said to be left, and neither is one of a run that was killed or came to its end.
    asked = [*budgeted()[:2], asking("c"), *budgeted()[2:]]
    assert found(asked)[2] == ("unknown", UNSEEN)
    assert found(budgeted()[:-1])[2] == ("not_tried", NEVER)
    assert found([*budgeted(), start()])[2] == ("not_tried", NEVER)
    other = [start("sha256:" + "3" * 64), {"event": "end", "budget": BUDGET}]
    assert found([*budgeted()[:-1], *other])[2] == ("not_tried", NEVER)


def test_a_run_that_used_up_its_budget_is_no_failure_in_any_report(tmp_path: Path) -> None:
    events = [*budgeted()[:3], budgeted()[-1]]
    report = report_of(tmp_path, events, Told(result="ok", deleted=1))
    assert headline(report) == (
        "1 of 3 planned tags were deleted. Of the others: 2 left for the next run. The run reached its budget "
        f"({BUDGET}): the next run continues."
    )
    text = markdown(report)
    assert "Not deleted, or unknown" not in text
    assert "left for the next run" in text
    assert sum(samples(report, "planned_deletions").values()) == 2
    assert samples(report, "deletion_outcomes")["left_for_next_run"] == 2
