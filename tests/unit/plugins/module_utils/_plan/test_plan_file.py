# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a plan: what is written, that every line of it is sealed, and what is said of one that was altered."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import check_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import (
    NUMBERS,
    fingerprint_of,
    sealed,
    with_fingerprint,
    written_line,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.results import totals
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.run_budget import RunBudget
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import to_keep
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from tests.unit.plugins.module_utils._plan.test_approval import BEFORE, HEADER, NOW, SCOPE, part, written

RULED = replace(
    BEFORE[0],
    decisions=(*BEFORE[0].decisions, to_keep(Tag("6", "s", size=7), Reason.KEEP_N, date=NOW, rule="nightlies")),
)
# Line 1, then a with lines 2 to 8, b with 9 to 10, and c with 11 alone.
PARTS = [RULED, part("b", {"1": (None, False)}), part("c", {})]
LINES = written(PARTS)


def test_the_file_is_json_lines_and_the_same_for_the_same_plan() -> None:
    plan = Plan(tuple(PARTS), refusals=("no",))
    found = sealed(plan, {**HEADER, "server": "ä"})
    lines = list(found.lines())
    assert lines == list(sealed(Plan(tuple(PARTS), refusals=("no",)), {**HEADER, "server": "ä"}).lines())
    assert all(line.endswith("\n") and line.isascii() for line in lines)
    first, *rows = [json.loads(line) for line in lines]
    assert (first["type"], first["format"], first["version"]) == ("plan", "containerops.gitlab/cleanup-plan", 2)
    assert (first["server"], first["totals"], first["refusals"]) == ("ä", totals(plan), ["no"])
    assert first["fingerprint"] == found.fingerprint
    assert [row["type"] for row in rows] == ["repository", *["tag"] * 6, "repository", "tag", "repository"]
    assert [row["path"] for row in rows if row["type"] == "repository"] == ["a", "b", "c"]


def test_a_plan_survives_the_way_through_a_file() -> None:
    approved = parse_plan(LINES)
    assert approved.digests == {("a", "1"): "x", ("a", "2"): "y", ("a", "4"): "v", ("a", "5"): "w"}
    assert approved.repositories == ("a", "b", "c")
    assert approved.totals == totals(Plan(tuple(PARTS)))
    assert (approved.server, approved.scope, approved.clock) == ("https://gitlab.example.com", SCOPE, NOW)
    assert approved.fingerprint == sealed(Plan(tuple(PARTS)), HEADER).fingerprint
    check_plan(approved, "https://gitlab.example.com", SCOPE)


def budget_row(most: Any = None, duration: Any = None) -> dict[str, Any]:
    """A budget as the first line of a plan has it."""
    return {"max_deletions_per_run": most, "max_duration": duration}


@pytest.mark.parametrize(
    ("row", "budget"),
    [
        (None, None),
        (budget_row(1), RunBudget(max_deletions=1)),
        (budget_row(10**20), RunBudget(max_deletions=10**20)),
        (budget_row(duration="1h 30min"), RunBudget(max_duration="1h 30min", max_seconds=5400)),
        (budget_row(100, "2h"), RunBudget(100, max_duration="2h", max_seconds=7200)),
    ],
)
def test_the_budget_of_a_run_survives_the_way_through_a_file(
    row: dict[str, Any] | None, budget: RunBudget | None
) -> None:
    assert parse_plan(written(PARTS, budget=row)).budget == budget
    assert budget is None or budget.as_row() == row


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_ends_of_lines_do_not_matter(end: str) -> None:
    assert parse_plan(line.rstrip("\n") + end for line in LINES) == parse_plan(LINES)


def test_fingerprints_do_not_change_with_a_release() -> None:
    inner = "sha256:9816a36aadafe2fa778b03e7a829ea23f58be3e5bf9be861f02e30ad7e3330c9"
    outer = "sha256:16340ea5189002371c84faf025726cd92a84feb87d45006c4ced5dcbeaac760c"
    assert fingerprint_of(map(written_line, [{"type": "repository", "path": "ä"}, {"type": "tag"}])) == inner
    assert with_fingerprint({"type": "plan", "version": 2}, [inner])["fingerprint"] == outer


def test_all_that_a_plan_says_is_under_its_fingerprint() -> None:
    plans = [
        *(written(PARTS), written(PARTS, refusals=["no"]), written(PARTS, server="other"), written(PARTS[:2])),
        *(written(PARTS, budget=budget) for budget in (budget_row(100), budget_row(101), budget_row(100, "1h"))),
        written([replace(RULED, uncertainties=("a doubt",)), *PARTS[1:]]),
        written([replace(RULED, limit="too much"), *PARTS[1:]]),
        # A kept tag less, another digest, date, size, reason or rule of one.
        written([replace(RULED, decisions=RULED.decisions[:-1]), *PARTS[1:]]),
        *(
            written([replace(RULED, decisions=(*RULED.decisions[:-1], changed)), *PARTS[1:]])
            for changed in (
                to_keep(Tag("6", "t", size=7), Reason.KEEP_N, date=NOW, rule="nightlies"),
                to_keep(Tag("6", "s", size=7), Reason.KEEP_N, rule="nightlies"),
                to_keep(Tag("6", "s"), Reason.KEEP_N, date=NOW, rule="nightlies"),
                to_keep(Tag("6", "s", size=7), Reason.IN_USE, date=NOW, rule="nightlies"),
                to_keep(Tag("6", "s", size=7), Reason.KEEP_N, date=NOW),
            )
        ),
    ]
    assert len({parse_plan(lines).fingerprint for lines in plans}) == len(plans)


def edited(number: int, old: str, new: str) -> list[str]:
    """The plan with a change in one line."""
    line = LINES[number - 1]
    assert old in line, line
    return [*LINES[: number - 1], line.replace(old, new, 1), *LINES[number:]]


AGAIN = "Fetch it again, or make a new plan and have it approved."
ALTERED = [
    # Cut.
    (LINES[:-1], "it ends with line 10, after 2 of the repositories that line 1 announces (3)"),
    (LINES[:-3], "it ends with line 8, after 1 of the repositories that line 1 announces (3)"),
    (LINES[:-6], "it ends with line 5, after 3 of the tags of a that line 2 announces (6)"),
    (LINES[:1], "it ends with line 1, after 0 of the repositories that line 1 announces (3)"),
    ([*LINES[:-1], LINES[-1][:40]], "line 11 is not a line of a plan"),
    # Lines that are left out.
    ([*LINES[:4], *LINES[5:]], "line 8 comes after 5 of the tags of a that line 2 announces (6)"),
    ([LINES[0], *LINES[2:]], "line 2 comes after 0 of the repositories that line 1 announces (3)"),
    ([*LINES[:8], *LINES[10:]], "it ends with line 9, after 2 of the repositories that line 1 announces (3)"),
    # In another order.
    ([*LINES[:2], LINES[3], LINES[2], *LINES[4:]], "line 4, on a:1, is not in the order of the names"),
    ([LINES[0], *LINES[8:10], *LINES[1:8], LINES[10]], "line 4, on a, is not in the order of the paths"),
    # Padded.
    (edited(1, '", "', '",  "'), "line 1 is not as written"),
    (edited(2, '", "', '",  "'), "line 2 is not as written"),
    (edited(3, '", "', '",  "'), "line 3 is not a tag of a"),
    (edited(3, "}\n", "} \n"), "line 3 is not a tag of a"),
    (edited(3, "}\n", "}X\n"), "line 3 is not a line of a plan"),
    ([*LINES, "\n"], "line 12 is not a line of a plan"),
    ([*LINES[:3], "\n", *LINES[3:]], "line 4 is not a line of a plan"),
    ([*LINES, written_line({"type": "note"})], "line 12 is not a line of a plan"),
    # Duplicated.
    ([*LINES[:3], LINES[2], *LINES[3:]], "line 4, on a:1, is not in the order of the names"),
    ([*LINES[:8], *LINES[1:]], "line 9, on a, is not in the order of the paths"),
    ([*LINES, LINES[-1]], "line 12 is more than the repositories that line 1 announces (3)"),
    ([*LINES, LINES[3]], "line 12 is more than the tags of c that line 11 announces (0)"),
    ([*LINES, *LINES], "line 12 comes after the end of the plan"),
    ([LINES[0], *LINES], "line 2 comes after 0 of the repositories that line 1 announces (3)"),
    # Edited.
    (edited(1, "gitlab.example.com", "gitlab.example.net"), "line 1 was changed, or a whole repository after it"),
    (edited(1, "2026-06-01T12", "2026-06-02T12"), "line 1 was changed, or a whole repository after it"),
    (edited(1, '"group": "team"', '"group": "other"'), "line 1 was changed, or a whole repository after it"),
    (edited(1, '"keep_n": 1', '"keep_n": 0'), "line 1 was changed, or a whole repository after it"),
    (edited(1, '"refusals": []', '"refusals": ["no"]'), "line 1 was changed, or a whole repository after it"),
    (edited(1, '"tags": 7', '"tags": 8'), "line 1 was changed, or a whole repository after it"),
    (
        edited(1, '"repositories": 3', '"repositories": 4'),
        "it ends with line 11, after 3 of the repositories that line 1 announces (4)",
    ),
    (
        edited(1, '"fingerprint": "sha256:', '"fingerprint": "sha256:0'),
        "line 1 was changed, or a whole repository after it",
    ),
    (edited(2, '"delete": 4', '"delete": 3'), "lines 2 to 8, on a, are not as written"),
    (edited(2, '"doubts": []', '"doubts": ["no"]'), "lines 2 to 8, on a, are not as written"),
    (edited(3, '"x"', '"evil"'), "lines 2 to 8, on a, are not as written"),
    (edited(3, '"delete"', '"keep"'), "line 3, on a:1, has no action that fits its reason"),
    (
        edited(3, '"type": "tag"', '"type": "repository"'),
        "line 3 comes after 0 of the tags of a that line 2 announces (6)",
    ),
    (edited(5, '"keep"', '"delete"'), "line 5, on a:3, has no action that fits its reason"),
    (edited(8, '"size": 7', '"size": "7"'), "lines 2 to 8, on a, are not as written"),
    (edited(11, '"tags": 0', '"tags": 1'), "it ends with line 11, after 0 of the tags of c that line 11 announces (1)"),
    (edited(11, '"project_id": 1', '"project_id": 2'), "line 11, on c, is not as written"),
    (edited(9, '"b"', '"a\\u001b\\n"'), "line 10 is not a tag of a??"),
    # A repository of another plan, which is whole itself.
    ([*LINES[:-1], written([part("d", {})])[1]], "line 1 was changed, or a whole repository after it"),
]


@pytest.mark.parametrize(("lines", "what"), ALTERED)
def test_an_altered_plan_is_refused_with_what_is_wrong(lines: list[str], what: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_plan(lines)
    assert str(refused.value) == f"The plan was altered after it was made: {what}. {AGAIN}"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "The plan is empty."),
        (written(BEFORE, clock=None), "The plan does not say when it was made."),
        *(
            ([text], "This is not a plan of registry_cleanup: give a file that plan_path wrote.")
            for text in ("", "{", "[]", "5", '{"type": "plan"}', "[" * 100_000, '{"a":' * 100_000, "\0", "ä", "\ud800")
        ),
        (
            [LINES[0].replace('"version": 2', '"version": 1'), "nonsense"],
            "The plan has version 1 of its format, and this collection knows 2: make a new one.",
        ),
    ],
)
def test_what_is_no_plan(lines: list[str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_plan(lines)
    assert str(refused.value) == message


def resealed(rows: list[dict[str, Any]]) -> list[str]:
    """The lines of a plan whose fingerprints were made anew. rows: without them."""
    repositories: list[list[dict[str, Any]]] = []
    for each in rows[1:]:
        if "path" in each or not repositories:
            repositories.append([])
        repositories[-1].append(each)
    fingerprints = [fingerprint_of(map(written_line, group)) for group in repositories]
    lines = [written_line(with_fingerprint(rows[0], fingerprints))]
    for (head, *tags), fingerprint in zip(repositories, fingerprints, strict=True):
        lines += [written_line({**head, "fingerprint": fingerprint}), *map(written_line, tags)]
    return lines


def bare(lines: list[str]) -> list[dict[str, Any]]:
    """The rows of a plan without their fingerprints."""
    rows = [json.loads(line) for line in lines]
    return [{key: value for key, value in row.items() if key != "fingerprint"} for row in rows]


ONE = written([part("a", {"1": ("x", True)})])


@pytest.mark.parametrize(
    ("number", "changes", "what"),
    [
        (1, {"server": 5}, "line 1 is not as written"),
        (1, {"scope": ["team"]}, "line 1 is not as written"),
        (1, {"totals": 5}, "line 1 is not as written"),
        (1, {"totals": {}}, "line 1 is not as written"),
        (1, {"refusals": "no"}, "line 1 is not as written"),
        *(
            (1, {"budget": odd}, "line 1 has a budget that is not from a cleanup")
            for odd in (
                *(0, 5, "5", False, [], {}, [None, None], budget_row(), [100, "2h"]),
                *({"max_deletions_per_run": 5}, {"max_duration": "2h"}, {**budget_row(5), "max_deletions": 5}),
                {"max_duration": "2h", "max_deletions_per_run": 5},
                *map(budget_row, (0, -1, -(10**20), True, False, 5.0, "5", "", [5], {})),
                *(
                    budget_row(5, odd)
                    for odd in ("", " ", "2", "0h", "-2h", "2x", "999y", 7200, 0, True, False, ["2h"])
                ),
            )
        ),
        (2, {"path": 5}, "line 2 is not as written"),
        (2, {"tags": None}, "line 3 is more than the tags of a that line 2 announces (-1)"),
        (2, {"delete": None}, "lines 2 to 3, on a, are not as written"),
        (2, {"delete": 0}, "lines 2 to 3, on a, are not as written"),
        (3, {"name": 5}, "line 3 is not a tag of a"),
        (3, {"digest": ["x"]}, "line 3 is not a tag of a"),
        (3, {"repository": "b"}, "line 3 is not a tag of a"),
        (2, {"delete": True}, "lines 2 to 3, on a, are not as written"),
        (2, {"keep": 1}, "lines 2 to 3, on a, are not as written"),
        (2, {"reasons": {"too_young": 1}}, "lines 2 to 3, on a, are not as written"),
        (2, {"reasons": {}}, "lines 2 to 3, on a, are not as written"),
        (2, {"listing": "unread"}, "lines 2 to 3, on a, are not as written"),
        (2, {"listing": "unread", "error": "no"}, "lines 2 to 3, on a, are not as written"),
        (2, {"listing": "all"}, "lines 2 to 3, on a, are not as written"),
        (2, {"error": "no"}, "lines 2 to 3, on a, are not as written"),
        (2, {"limit": []}, "lines 2 to 3, on a, are not as written"),
        (2, {"project_id": None}, "line 2 is not as written"),
        *((2, {"id": odd}, "line 2 is not as written") for odd in (None, True, -1, "1", 2**63)),
        *((2, {"path": odd}, "line 2 is not as written") for odd in ("", "\ud800")),
        (3, {"name": "\ud800"}, "line 3 is not a tag of a"),
        (3, {"name": ""}, "line 3 is not a tag of a"),
        (3, {"action": "keep"}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"action": "Delete"}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"action": "Keep", "reason": "too_young"}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"action": None}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"reason": "latest"}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"reason": None}, "line 3, on a:1, has no action that fits its reason"),
        (3, {"action": 5, "name": None}, "line 3 is not a tag of a"),
    ],
)
def test_a_plan_that_fits_its_fingerprint_has_to_fit_itself(number: int, changes: dict[str, Any], what: str) -> None:
    rows = bare(ONE)
    rows[number - 1].update(changes)
    with pytest.raises(UsageError) as refused:
        parse_plan(resealed(rows))
    assert str(refused.value) == f"The plan was altered after it was made: {what}. {AGAIN}"
    assert resealed(bare(ONE)) == ONE


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
def test_an_id_is_any_number_that_gitlab_stores(number: int) -> None:
    rows = bare(ONE)
    rows[1]["id"] = number
    assert parse_plan(resealed(rows)).digests == parse_plan(ONE).digests


# By the number of the line, fields that decide nothing: without them nothing is shown, or that nothing went wrong.
NEEDLESS = {
    1: set[str](),
    2: {
        *("project", "name", "date_source", "doubts", "certainty", "delete_least", "delete_most", "server_policy"),
        *("error", "limit"),
    },
    3: {"date", "rule", "size"},
}


@pytest.mark.parametrize(("number", "field"), [(n, field) for n, row in enumerate(bare(ONE), 1) for field in row])
def test_a_plan_without_a_field_is_refused_unless_that_decides_nothing(number: int, field: str) -> None:
    rows = bare(ONE)
    del rows[number - 1][field]
    if field in NEEDLESS[number]:
        assert parse_plan(resealed(rows)).digests == parse_plan(ONE).digests
        return
    with pytest.raises(UsageError):
        parse_plan(resealed(rows))


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
@pytest.mark.parametrize("action", ["delete", "keep"])
def test_an_action_has_to_fit_its_reason(action: str, reason: Reason) -> None:
    rows = bare(ONE)
    delete = action == "delete"
    counts = {"delete": int(delete), "keep": int(not delete), "reasons": {reason.value: 1}}
    rows[0]["totals"].update(counts)
    rows[1].update(counts)
    rows[2].update(action=action, reason=reason.value)
    if reason.deletes is delete or reason is Reason.SAMPLED:
        assert len(parse_plan(resealed(rows)).digests) == delete
    else:
        with pytest.raises(UsageError, match="line 3, on a:1, has no action that fits its reason"):
            parse_plan(resealed(rows))


@pytest.mark.parametrize("number", [*NUMBERS, "reasons"])
def test_the_first_line_counts_what_the_others_say(number: str) -> None:
    for odd in (None, True, -1, 5, {}, {"matched": 5}):
        rows = bare(LINES)
        rows[0]["totals"][number] = odd
        with pytest.raises(UsageError, match="line 1|after 3 of the"):
            parse_plan(resealed(rows))


def test_projects_are_counted_by_their_ids() -> None:
    for numbers in ([0, 1, 2], [5, 5, 6], [5, 6, 5]):
        rows = bare(LINES)
        for row, number in zip((row for row in rows if "path" in row), numbers, strict=True):
            row["project_id"] = number
        rows[0]["totals"]["projects"] = len({*numbers})
        assert parse_plan(resealed(rows)).totals["projects"] == len({*numbers})
        rows[0]["totals"]["projects"] = 1
        with pytest.raises(UsageError, match="line 1 does not fit the lines after it"):
            parse_plan(resealed(rows))


def test_a_name_may_stand_in_a_repository_once() -> None:
    head, repository, *tags = bare(written([part("a", {"1": ("x", True), "2": ("y", True)})]))
    for others in ([tags[0], tags[0]], [tags[1], tags[0]]):
        with pytest.raises(UsageError, match="line 4, on a:1, is not in the order of the names"):
            parse_plan(resealed([head, repository, *others]))


def test_an_id_may_stand_in_a_plan_once() -> None:
    rows = bare(LINES)
    rows[8]["id"] = rows[1]["id"]
    with pytest.raises(UsageError, match="line 9 is not as written"):
        parse_plan(resealed(rows))


def test_a_repository_that_was_not_read_has_no_tags() -> None:
    unread = replace(part("a", {}), error=RequestError(ErrorKind.UNAVAILABLE, "no", operation="list tags"))
    lines = written([unread, replace(part("b", {"1": ("x", False)}), limit="too much")])
    found = parse_plan(lines)
    assert (found.digests, found.totals["repositories_unread"], found.totals["repositories_limited"]) == ({}, 1, 1)
    rows = bare(lines)
    rows[1].update(tags=1, delete=1, reasons={"matched": 1, "repository_unread": 1})
    rows.insert(2, {**bare(ONE)[2]})
    with pytest.raises(UsageError, match="lines 2 to 3, on a, are not as written"):
        parse_plan(resealed(rows))


def test_a_line_that_is_written_in_another_way_is_none() -> None:
    rows = bare(ONE)
    tag = '{"type": "tag", "repository": "a", "name": "ä", "action": "delete", "digest": null}\n'
    repository = fingerprint_of([written_line(rows[1]), tag])
    lines = [with_fingerprint(rows[0], [repository]), {**rows[1], "fingerprint": repository}]
    with pytest.raises(UsageError, match="line 3 is not a line of a plan"):
        parse_plan([*map(written_line, lines), tag])


# What may stand in a line in place of another value.
ODD: list[Any] = [None, True, -1, 10**30, 1.5, "", "x", [], ["x", 5], {}, {"x": "y"}, [[[]]]]


def forged(dice: random.Random) -> list[str]:
    """A plan of which one value was replaced, and whose fingerprints were made anew."""
    rows = [json.loads(line) for line in LINES]
    row = rows[dice.randrange(len(rows))]
    where = row["totals"] if "totals" in row and dice.random() < 0.4 else row
    where[dice.choice([*where])] = dice.choice(ODD)
    return resealed([{key: value for key, value in row.items() if key != "fingerprint"} for row in rows])


def test_a_plan_that_was_sealed_by_somebody_else_is_another_one() -> None:
    """It may be taken where nothing else speaks against it, but never under the fingerprint that was approved."""
    dice = random.Random(3)
    own = parse_plan(LINES)
    taken = 0
    for _each in range(3000):
        lines = forged(dice)
        try:
            found = parse_plan(lines)
        except UsageError:
            continue
        taken += 1
        assert (lines == LINES) == (found.fingerprint == own.fingerprint)
    assert taken > 500


def test_only_what_is_deleted_is_kept_in_memory() -> None:
    plan = sealed(Plan((part("a", {f"{number:06}": ("x" * 71, number < 10) for number in range(20_000)}),)), HEADER)
    lines: Iterator[str] = plan.lines()
    tracemalloc.start()
    try:
        found = parse_plan(lines)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.digests) == 10
    assert peak < 200_000
