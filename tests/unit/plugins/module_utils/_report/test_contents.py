# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reports say: the same in every format, and nothing that did not happen."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import PLANNED_BY
from ansible_collections.containerops.gitlab.plugins.module_utils._report.changes import change
from ansible_collections.containerops.gitlab.plugins.module_utils._report.csv_files import projects_csv, tags_csv
from ansible_collections.containerops.gitlab.plugins.module_utils._report.groups import groups
from ansible_collections.containerops.gitlab.plugins.module_utils._report.labels import (
    AGE_LABELS,
    headline,
    older_than_90_days,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.markdown import markdown
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import ProjectReport, Report
from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page
from ansible_collections.containerops.gitlab.plugins.module_utils._report.prometheus import metrics
from ansible_collections.containerops.gitlab.plugins.module_utils._report.set_options import (
    DEFAULTS,
    MOST_OPTIONS,
    set_options,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.words import (
    bytes_between,
    bytes_in_words,
    money_in_words,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures, FreedBytes
from ansible_collections.containerops.gitlab.plugins.modules.registry_cleanup import ARGUMENTS
from tests.demo.fleet import fleet
from tests.unit.plugins.module_utils._report.examples import FIGURES, report

GIB = 2**30


def cells_of(text: str, title: str) -> list[list[str]]:
    """The rows of the table below a title, without its header. What a row begins with is a path in a code span."""
    part = text.partition(f"## {title}")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip("`") for cell in row] for row in rows[2:]]


def rows_of(lines: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


def words_of(shown: Report) -> dict[str, Any]:
    page = "".join(html_page(shown))
    found: dict[str, Any] = json.loads(page.partition('id="data">')[2].partition("</script")[0])["words"]
    return found


def compared(before: Figures, now: Figures) -> Report:
    shown = report(figures=now)
    project = shown.projects[0]._replace(figures=now, before=before)
    return shown._replace(total=now, before=before, projects=(project,))


@pytest.mark.parametrize(
    ("before", "now", "tags", "size"),
    [
        (10, 12, "+2", "+1.0 GiB"),
        (12, 10, "-2", "-1.0 GiB"),
    ],
)
def test_growth_and_shrinking_are_signed(before: int, now: int, tags: str, size: str) -> None:
    then, later = (
        FIGURES._replace(tags=number, bytes=(number - 2) * GIB // 2, delete=None, keep=None) for number in (before, now)
    )
    text = markdown(compared(then, later))
    for row in cells_of(text, "Since"):
        assert (row[2], row[4]) == (tags, size)
    assert "was to be freed" not in text
    assert "| change in tags |" in text


def test_what_was_planned_stands_beside_it_only_if_there_was_a_plan() -> None:
    text = markdown(compared(FIGURES, FIGURES._replace(tags=1)))
    assert [row[-1] for row in cells_of(text, "Since")] == [bytes_between(*FIGURES.freed)] * 2


def test_sizes_that_are_counted_in_another_way_are_not_compared() -> None:
    now = FIGURES._replace(bytes=9 * GIB, bytes_method=BytesMethod.LAYERS)
    shown = compared(FIGURES, now)
    assert change(FIGURES, now).bytes is None
    sentence = "Sizes are now found by another method (gitlab, then layers), so they are not compared."
    text = markdown(shown)
    assert sentence in text
    # Only the sum is shown: in the project, nothing else changed.
    assert [row[4] for row in cells_of(text, "Since")] == ["not compared"]
    assert words_of(shown)["recounted"] == sentence
    assert words_of(compared(FIGURES, FIGURES))["recounted"] == ""


def test_projects_in_which_nothing_changed_are_not_shown() -> None:
    older = FIGURES._replace(tags_by_age=(0, 0, 0, 0, 3, 0))
    assert len(cells_of(markdown(compared(FIGURES, older)), "Since")) == 1


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"result": "ok"}, "Preview: nothing was deleted."),
        ({"result": "partial"}, "Preview: nothing was deleted. The run is not complete: see the warnings."),
        ({"result": "ok", "deleted": 2}, "2 of 2 planned tags were deleted."),
        ({"result": "failed", "deleted": 1}, "The run failed. 1 of 2 planned tags were deleted."),
        ({"result": "failed"}, "The run failed."),
        ({"result": "refused"}, "The plan is refused: nothing was deleted."),
    ],
)
def test_a_report_says_first_what_was_deleted(head: dict[str, Any], words: str) -> None:
    shown = report(head={"planned": True, **head})
    assert headline(shown) == words_of(shown)["headline"] == words
    text = markdown(shown)
    assert f"**{words}**" in text
    assert ("would be" in text) is ("deleted" not in head)


def test_an_audit_deletes_nothing_and_says_nothing_of_it() -> None:
    figures = FIGURES._replace(delete=None, keep=None, freed=FreedBytes(None, None))
    shown = report(tags=0, figures=figures, head={"result": "ok", "refusals": ()})
    assert headline(shown) == "The audit is complete."
    assert "delete" not in markdown(shown).replace("after the deletion", "")


def test_every_number_in_markdown_is_that_of_csv() -> None:
    shown = fleet()
    text = markdown(shown)
    projects = {row["project"]: row for row in rows_of(projects_csv(shown))}
    for path, size, tags, repositories, *_others in cells_of(text, "The 20 largest of 22 projects"):
        row = projects[path]
        assert (row["tags"] or "unknown", row["repositories"]) == (tags, repositories)
        assert bytes_in_words(int(row["bytes"]) if row["bytes"] else None) == size
    table = dict(cells_of(f"## head\n{text}", "head"))
    known = [row for row in projects.values() if row["bytes"]]
    assert int(table["bytes"].split()[0]) >= sum(int(row["bytes"]) for row in known)
    ages = [f"tags_{age.value}" for age in AGE_LABELS]
    for age, column in zip(AGE_LABELS.values(), ages, strict=True):
        assert int(table[f"tags of age {age}"].split()[0]) >= sum(int(row[column] or 0) for row in known)
    old = sum(int(table[f"tags of age {age}"].split()[0]) for age in ("91 to 365 days", "over a year"))
    assert table["tags older than 90 days"].startswith(f"{old} (")
    for row in known:
        assert float(row["cost_month"]) == pytest.approx(int(row["bytes"]) / GIB * 0.1, abs=1e-9)
    by_repository = cells_of(text, "The 20 largest of")
    assert by_repository
    price = shown.head.price_per_gib_month
    assert table["cost a month"] == f"{money_in_words((shown.total.bytes or 0) / GIB * (price or 0))}, at 0.1 per GiB"


def test_costs_are_the_same_on_the_page_and_in_markdown() -> None:
    figures = FIGURES._replace(bytes=10 * GIB, freed=FreedBytes(int(3.6 * GIB), int(4.01 * GIB)))
    shown = report(figures=figures, head={"price_per_gib_month": 0.1, "planned": True})
    words = words_of(shown)
    text = markdown(shown)
    assert (words["cost"], words["saved"]) == ("1.00", "0.36 to 0.41")
    assert "| cost a month that would be saved | 0.36 to 0.41 |" in text
    assert "| cost a month | 1.00, at 0.1 per GiB |" in text
    [row] = rows_of(projects_csv(shown))
    assert (row["cost_month"], row["saved_least_month"], row["saved_most_month"]) == ("1", "0.36", "0.401")


def test_the_columns_of_costs_are_there_without_a_price() -> None:
    [row] = rows_of(projects_csv(report()))
    assert list(row)[-3:] == ["cost_month", "saved_least_month", "saved_most_month"]
    assert {row[name] for name in list(row)[-3:]} == {""}
    assert list(rows_of(tags_csv(report()))[0])[-2:] == ["project_id", "server"]


def test_older_than_90_days_is_unknown_if_one_part_is() -> None:
    assert older_than_90_days(FIGURES) == (2, None)
    assert older_than_90_days(Figures()) == (None, None)
    assert older_than_90_days(FIGURES._replace(bytes_by_age=(1, 1, 1, 2, 3, None))) == (2, 5)


def test_groups_say_what_they_leave_out_and_nothing_else() -> None:
    def project(number: int, path: str, size: int | None, repositories: int) -> ProjectReport:
        namespace = path.rpartition("/")[0]
        figures = Figures(tags=size, bytes=size)
        return ProjectReport(number, path, namespace=namespace, figures=figures, repositories=repositories)

    found = groups(
        [
            project(1, "fleet/a", 5, 1),
            project(2, "fleet/empty", 0, 0),
            project(3, "fleet/sub/b", 7, 1),
            project(4, "fleet/sub/c", None, 2),
            project(5, "fleeting/d", 0, 0),
        ]
    )
    assert [(each.label, each.bytes, each.tags, each.unknown) for each in found] == [
        ("fleet/sub", 7, None, 1),
        ("fleet, without subgroups", 5, 5, 0),
        ("fleeting", 0, 0, 0),
    ]


def test_only_options_that_were_set_are_shown() -> None:
    for option in PLANNED_BY:
        assert DEFAULTS.get(option) == ARGUMENTS.options[option].get("default"), option
    rules = {option: ARGUMENTS.options[option].get("default") for option in PLANNED_BY}
    assert set_options(rules) == []
    rule: dict[str, Any] = {"match": "dev-.*", "keep_n": None, "tags": [], "sort_by": "date", "keep_n_counts": "images"}
    given = {"rules": [rule, "odd"], "protect": [], "keep_n": 3}
    assert sorted(set_options({**rules, **given})) == [
        ("keep_n", "3"),
        ("rule 1", "match dev-.*; keep_n_counts images"),
        ("rule 2", "odd"),
    ]


DOCUMENT = {
    "rule_sets": [
        {"name": "services", "rules": [{"match": "v.*", "keep": True, "sort_by": "date"}, {}], "min_age": "2d"},
        {"name": "odd", "rules": 5},
    ],
    "default": None,
    "assignments": [{"rule_set": "services", "groups": ["team", "tools"], "projects": None}],
    "exceptions": [{"repositories": ["team/app"], "keep_until": "2027-01-31", "owner": ""}],
}


def test_a_retention_document_is_told_line_by_line() -> None:
    assert set_options({"retention": DOCUMENT}) == [
        ("rule set services", "min_age 2d"),
        ("rule services/rule 1", "match v.*; keep true"),
        ("rule services/rule 2", ""),
        ("rule set services is for", "groups team, tools"),
        ("rule set of everything else", "none, so it is kept"),
        ("exception", "repositories team/app; keep_until 2027-01-31"),
    ]


def test_options_that_somebody_else_wrote_are_told_whatever_they_are() -> None:
    dice = random.Random(5)

    def anything(depth: int) -> Any:
        kind = dice.randrange(7 if depth else 5)
        if kind == 5:
            return [anything(depth - 1) for _each in range(dice.randrange(3))]
        if kind == 6:
            keys = ("rules", "name", "match", "rule_sets", "assignments", "rule_set", "exceptions", "default")
            return {dice.choice(keys): anything(depth - 1) for _each in range(dice.randrange(3))}
        return dice.choice([None, True, 5, 1.5, "", "text", "\u202e", {}, []])

    for _turn in range(3000):
        told = set_options({name: anything(4) for name in ("rules", "retention", "protect", "keep_n_per")})
        assert all(isinstance(part, str) for each in told for part in each)


def test_as_many_options_are_shown_as_somebody_reads() -> None:
    rules = {"rules": [{"match": f"a{number}"} for number in range(MOST_OPTIONS + 7)]}
    shown = report()
    text = markdown(shown._replace(head=shown.head._replace(rules=rules)))
    assert f"`match a{MOST_OPTIONS - 1}`" in text
    assert f"`match a{MOST_OPTIONS}`" not in text
    assert "- ... and 7 more\n" in text


def test_the_oldest_and_the_newest_tag_are_named() -> None:
    shown = fleet()
    table = dict(cells_of(f"## head\n{markdown(shown)}", "head"))
    tags = {
        (tag.date, tag.name, repository.path)
        for repository in shown.repositories()
        for tag in repository.tags or ()
        if not repository.error
    }
    for name, wanted in (("oldest tag", min(tags)), ("newest tag", max(tags))):
        date, tag, repository = re.fullmatch("(.*?)` `(.*?)` in `(.*)", table[name]).groups()  # type: ignore[union-attr]
        assert (date, tag, repository) in tags
        assert date == wanted[0]


def test_projects_are_called_what_they_are() -> None:
    shown = report()
    with_repositories, every = (
        shown._replace(projects=(shown.projects[0]._replace(repositories=number),)) for number in (2, 0)
    )
    assert "| projects with repositories | 1 |" in markdown(with_repositories)
    assert "| projects | 1 |" in markdown(every)
    assert words_of(with_repositories)["projects"] == "1 project with repositories"


def test_a_project_of_which_nothing_is_deleted_has_0_planned_deletions() -> None:
    found = "".join(metrics(report(tags=0, figures=FIGURES._replace(delete=0)), with_repositories=False))
    assert 'project="team/app",reason="none"} 0\n' in found
