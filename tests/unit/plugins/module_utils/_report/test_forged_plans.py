# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that somebody changed and sealed again: what a report shows of it is what an approved run would delete."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import REPOSITORY_FORMAT
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_reading import parse_plan
from ansible_collections.containerops.gitlab.plugins.module_utils._report.reading import read_report
from tests.unit.plugins.module_utils._plan.test_plan_file import bare, resealed
from tests.unit.plugins.module_utils._report.examples import request, tag, write_plan
from tests.unit.plugins.module_utils._report.test_whole_repositories import written

TAGS = [{**tag(name, name, 100, 60), "action": "delete"} for name in "abc"]
KEPT = {**tag("d", "d", 30, 0), "action": "keep"}
ODD: list[Any] = [None, True, 0, 1, -1, 1.5, "", "a", "keep", "Delete", "unread", "too_young", "\ud800", [], {}, ["a"]]


def agrees(path: Path, lines: list[str]) -> bool | None:
    """Whether a report and an approved run say the same of a plan; None where both take it for none."""
    path.write_text("".join(lines), encoding="utf-8", errors="surrogatepass")
    try:
        deleted = set(parse_plan(lines).digests)
    except UsageError:
        deleted = None
    try:
        found = read_report(request(plan_path=str(path)))
    except UsageError:
        return None if deleted is None else False
    if deleted is not None and found.head.refusals:
        # It is whole, and nobody can apply it.
        return None if found.head.fingerprint is None else False
    if deleted is None or found.head.fingerprint is None:
        return deleted is None and found.head.fingerprint is None and found.head.result == "partial"
    shown = {
        (each.path, one.name) for each in found.repositories() for one in each.tags or () if one.action == "delete"
    }
    return shown == deleted and found.total.delete == len(deleted)


def plan(path: Path) -> list[dict[str, Any]]:
    write_plan(path, {"team/app": [*TAGS, KEPT], "team/b": TAGS[:1], "team/c": []})
    return bare(path.read_text().splitlines())


FORGED: dict[str, dict[str, Any]] = {
    "another word": {"action": "Delete"},
    "another word for keep": {"action": "Keep", "reason": "too_young"},
    "no action": {"action": None},
    "a name twice": {"name": "b"},
    "an empty name": {"name": ""},
    "a name that can't be written": {"name": "\ud800"},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_tag_is_no_part_of_a_plan(tmp_path: Path, name: str) -> None:
    rows = plan(tmp_path / "plan")
    rows[2].update(FORGED[name])
    lines = resealed(rows)
    assert agrees(tmp_path / "forged", lines)
    with pytest.raises(UsageError):
        parse_plan(lines)
    found = read_report(request(plan_path=str(tmp_path / "forged")))
    assert (found.head.fingerprint, found.head.result) == (None, "partial")
    assert "Its fingerprint is not shown." in found.head.warnings[-1]


def test_a_listing_that_was_not_read_hides_no_tags(tmp_path: Path) -> None:
    for changes in ({"listing": "unread"}, {"listing": "unread", "error": "no"}, {"error": "no"}):
        rows = plan(tmp_path / "plan")
        rows[1].update(changes)
        assert agrees(tmp_path / "forged", resealed(rows))
        assert read_report(request(plan_path=str(tmp_path / "forged"))).head.fingerprint is None


@pytest.mark.parametrize("action", ["keep", "delete", None])
def test_a_word_on_the_whole_repository_hides_no_tags(tmp_path: Path, action: str | None) -> None:
    rows = plan(tmp_path / "plan")
    rows[1].update(action=action, reason="too_young", why="")
    lines = resealed(rows)
    assert agrees(tmp_path / "forged", lines)
    with pytest.raises(UsageError, match="not as written"):
        parse_plan(lines)
    assert read_report(request(plan_path=str(tmp_path / "forged"))).total.delete == 4


def forgeries(
    original: list[dict[str, Any]], dice: random.Random, number: int, in_totals: float = 0
) -> Iterator[list[str]]:
    """Give plans in which a few values are odd, sealed again. in_totals: how often that is in the totals of a line."""
    for _each in range(number):
        rows = json.loads(json.dumps(original))
        for _change in range(dice.choice([1, 1, 2, 3])):
            row = dice.choice(rows)
            totals = row.get("totals")
            where = totals if totals and isinstance(totals, dict) and dice.random() < in_totals else row
            where[dice.choice([*where])] = dice.choice(ODD)
        if dice.random() < 0.2:
            rows.insert(dice.randrange(2, len(rows)), dict(dice.choice(rows[1:])))
        with contextlib.suppress(KeyError, ValueError):
            yield resealed(rows)


def test_a_report_shows_what_an_approved_run_deletes(tmp_path: Path) -> None:
    dice = random.Random(5)
    original = plan(tmp_path / "plan")
    assert agrees(tmp_path / "forged", resealed(original))
    whole = 0
    for lines in forgeries(original, dice, 1500, in_totals=0.5):
        found = agrees(tmp_path / "forged", lines)
        assert found is not False, lines
        whole += found is True
    assert whole > 500


def test_nobody_is_shown_the_fingerprint_of_a_refused_plan(tmp_path: Path) -> None:
    rows = plan(tmp_path / "plan")
    rows[0]["refusals"] = ["too many tags would be deleted"]
    path = tmp_path / "refused"
    path.write_text("\n".join(line.rstrip("\n") for line in resealed(rows)) + "\n")
    head = read_report(request(plan_path=str(path))).head
    assert (head.fingerprint, head.refusals) == (None, ("too many tags would be deleted",))


def agrees_on_repositories(path: Path, lines: list[str]) -> bool | None:
    """Whether a report and an approved run say the same of a plan of whole repositories; None where none is told."""
    path.write_text("".join(lines), encoding="utf-8", errors="surrogatepass")
    try:
        approved = parse_plan(lines, REPOSITORY_FORMAT)
    except UsageError:
        approved = None
    try:
        found = read_report(request(plan_path=str(path)))
    except UsageError:
        return None if approved is None else False
    if approved is None or found.head.fingerprint is None:
        # Without a fingerprint nobody can apply it.
        return None if found.head.fingerprint is None else False
    every = [*found.repositories()]
    going = {each.path for each in every if each.whole and each.whole.action == "delete"}
    tags = {(each.path, one.name) for each in every for one in each.tags or () if one.action == "delete"}
    return (going, tags, found.removals) == ({*approved.removals}, {*approved.digests}, len(going))


def test_a_report_shows_which_repositories_an_approved_run_deletes(tmp_path: Path) -> None:
    dice = random.Random(6)
    written(tmp_path / "plan")
    original = bare((tmp_path / "plan").read_text().splitlines())
    assert agrees_on_repositories(tmp_path / "forged", resealed(original))
    whole = 0
    for lines in forgeries(original, dice, 1000):
        found = agrees_on_repositories(tmp_path / "forged", lines)
        assert found is not False, lines
        whole += found is True
    assert whole > 100
