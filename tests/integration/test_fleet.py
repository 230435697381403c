# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of which everything is known: each report has to answer the same."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.containerops.gitlab.plugins.module_utils._report.words import bytes_in_words
from tests.fleet import GROUP, RULES, Fleet, build
from tests.integration.driver import TOKEN, Ansible, environment
from tests.integration.in_process import Modules
from tests.integration.oracle import Oracle
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

if TYPE_CHECKING:
    from tests.tools.browser import Browser

# The most bytes of an image besides its layers. GitLab counts them for a tag, and not for a repository.
MANIFESTS = 1_000
TAGS = """
    return [...document.querySelectorAll("tr.detail")].flatMap((detail) => {
      const path = detail.previousSibling.querySelector("th").textContent;
      const table = detail.querySelector("table");
      return [...(table ? table.tBodies[0].rows : [])].map(({ cells: [name, decision] }) =>
        [path, name.firstChild.textContent, decision.textContent.split(".")[0]]);
    });
"""
OUTCOMES = """
    return [...document.querySelectorAll("tr.detail")].flatMap((detail) => {
      const path = detail.previousSibling.querySelector("th").textContent;
      const table = detail.querySelector("table");
      return [...(table ? table.tBodies[0].rows : [])].map((row) =>
        [path, row.cells[0].firstChild.textContent, row.querySelector(".outcome")?.textContent.trim() || ""]);
    });
"""
AGES = ("7d", "30d", "90d", "365d", "older", "unknown")


# What a cleanup in trouble can tell of the tags that GitLab did not delete.
LEFT = {"not_deleted", "not_tried"}


class Reports(NamedTuple):
    """The files that the module wrote, and its result. Tests only read them, so that they are written once."""

    folder: Path
    result: dict[str, Any]


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return build(TOKEN)


def beginning(fleet: Fleet, simulator: Simulator, modules: Modules, folder: Path) -> Ansible:
    simulator.reset()
    simulator.load(fleet.scenario)
    return Ansible(folder, environment(folder, simulator.url), modules=modules, oracle=Oracle(simulator))


@pytest.fixture(scope="module", params=["registry_info", "registry_cleanup"])
def reports(
    request: pytest.FixtureRequest,
    fleet: Fleet,
    _simulator: Simulator,
    modules: Modules,
    tmp_path_factory: pytest.TempPathFactory,
) -> Reports:
    """param: what wrote the audit."""
    tmp_path = tmp_path_factory.mktemp("reports")
    ansible = beginning(fleet, _simulator, modules, tmp_path)
    files = {"plan_path": str(tmp_path / "plan.jsonl")}
    audit = str(tmp_path / "audit.jsonl")
    written = {
        "csv_folder": str(tmp_path),
        "markdown_path": str(tmp_path / "report.md"),
        "prometheus_path": str(tmp_path / "report.prom"),
        "prometheus_repositories": True,
        "html_path": str(tmp_path / "report.html"),
    }
    inventory = {"output_path": audit, "gather": ["tag_details", "size"]}
    of_info = request.param == "registry_info"
    info = {"group": GROUP, **({**inventory, "gather": ["projects", "tag_details", "size"]} if of_info else {})}
    plan = {"group": GROUP, **RULES, **files, **({} if of_info else inventory)}
    report = {"audit_path": audit, **files, **written}
    tasks: list[dict[str, Any]] = [
        {"name": "Audit", "containerops.gitlab.registry_info": info},
        {"name": "Plan", "containerops.gitlab.registry_cleanup": plan, "check_mode": True},
        {"name": "Report", "containerops.gitlab.registry_report": report},
    ]
    done = ansible.steps(tasks)
    assert [task.status for task in done] == ["ok"] * len(tasks), [task.message for task in done]
    return Reports(tmp_path, done[-1].result)


@pytest.fixture(scope="module")
def run(fleet: Fleet, _simulator: Simulator, modules: Modules, tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """Of a cleanup that deleted, and met with trouble."""
    tmp_path = tmp_path_factory.mktemp("run")
    ansible = beginning(fleet, _simulator, modules, tmp_path)
    files = {"plan_path": str(tmp_path / "plan.jsonl"), "journal_path": str(tmp_path / "journal.jsonl")}
    _simulator.faults(fleet.trouble())
    cleanup = ansible.module("registry_cleanup", {"group": GROUP, **RULES, **files, "delete_via": "graphql"})
    assert cleanup.failed
    report = ansible.module(
        "registry_report",
        {
            **files,
            "result": cleanup.result["result"],
            "deleted": cleanup.result["outcome"]["counts"]["deleted"],
            "csv_folder": str(tmp_path),
            "markdown_path": str(tmp_path / "report.md"),
            "prometheus_path": str(tmp_path / "report.prom"),
            "prometheus_repositories": True,
            "html_path": str(tmp_path / "report.html"),
        },
    )
    assert report.status == "ok", report.message
    left = {(path, name) for path, names in _simulator.state().items() for name in names}
    assert fleet.total.deleted & left == fleet.refused | {fleet.pushed_again}
    return Reports(tmp_path, report.result)


def test_what_a_run_deleted_is_in_all_reports(fleet: Fleet, run: Reports) -> None:
    deleted = fleet.deleted_in_trouble
    outcomes = run.result["report"]["outcomes"]
    assert run.result["report"]["deleted"] == outcomes["deleted"] == len(deleted)
    assert sum(outcomes.values()) == len(fleet.total.deleted)
    rows = {(row["repository"], row["tag"]): row for row in table(run.folder / "tags.csv")}
    assert {tag for tag, row in rows.items() if row["outcome"]} == fleet.total.deleted
    assert {tag for tag, row in rows.items() if row["outcome"] == "deleted"} == deleted
    assert {tag for tag, row in rows.items() if row["outcome"] in LEFT} == fleet.refused
    assert all(rows[tag]["outcome_message"] for tag in fleet.refused)
    assert rows[fleet.gone]["outcome"] == "already_gone"
    assert rows[fleet.pushed_again]["outcome"] == "changed_since"
    for name, places in (("project", fleet.projects), ("repository", fleet.repositories)):
        counted = {row[name]: row for row in table(run.folder / f"{name.replace('ory', 'orie')}s.csv")}
        for path, found in places.items():
            if path in counted:
                assert counted[path]["deleted"] == str(len(found.deleted & deleted)), path
                assert counted[path]["delete"] == str(len(found.deleted)), path
                assert counted[path]["already_gone"] == str(len(found.deleted & {fleet.gone})), path
                assert counted[path]["outcome_unknown"] == "0"


def test_metrics_of_a_run_count_what_is_still_to_be_deleted(fleet: Fleet, run: Reports) -> None:
    found = list(samples(run.folder / "report.prom"))
    assert tags_by_path(found, "planned_deletions", "project") == tags_of(fleet.projects, fleet.refused)
    assert tags_by_path(found, "deleted_tags", "project") == tags_of(fleet.projects, fleet.deleted_in_trouble)
    assert tags_by_path(found, "repository_planned_deletions", "repository") == tags_of(
        fleet.repositories, fleet.refused
    )
    assert tags_by_path(found, "repository_deleted_tags", "repository") == tags_of(
        fleet.repositories, fleet.deleted_in_trouble
    )
    [gone] = [
        labels["project"]
        for name, labels, value in found
        if name == "deletion_outcomes" and value and labels["outcome"] == "already_gone"
    ]
    assert fleet.gone in fleet.projects[gone].deleted
    freed = {
        (labels["repository"], labels["bound"]): value
        for name, labels, value in found
        if name == "repository_planned_freed_bytes"
    }
    for path, answers in fleet.repositories.items():
        if path == fleet.troubled[0]:
            assert freed[path, "most"] >= answers.freed
        else:
            assert freed[path, "least"] == freed[path, "most"] == 0


def tags_by_path(found: list[tuple[str, dict[str, str], float]], metric: str, label: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, labels, value in found:
        counts.update({labels[label]: int(value)} if name == metric and value else {})
    return counts


def tags_of(places: dict[str, Any], tags: set[tuple[str, str]]) -> Counter[str]:
    return Counter({path: len(each.deleted & tags) for path, each in places.items() if each.deleted & tags})


def test_markdown_of_a_run_says_first_what_is_left_and_why(fleet: Fleet, run: Reports) -> None:
    text = (run.folder / "report.md").read_text()
    assert f"{len(fleet.deleted_in_trouble)} of {len(fleet.total.deleted)} planned tags were deleted." in text
    title = f"## Not deleted, or unknown: {len(fleet.refused) + 2}"
    section = text.partition(title)[2].partition("\n## ")[0]
    names = re.findall("- `([^`]*)`", section)
    assert {*names[: len(fleet.refused)]} == {":".join(tag) for tag in fleet.refused}
    assert {*names[len(fleet.refused) :]} == {":".join(tag) for tag in (fleet.gone, fleet.pushed_again)}
    assert title in text[:8_000]


def test_page_of_a_run(fleet: Fleet, browser: Browser, run: Reports) -> None:
    browser.open(run.folder / "report.html")
    [tile] = [each.text for each in browser.all(".tiles > div") if each.text.startswith("Deleted")]
    assert tile.split("\n")[1:3] == [f"{len(fleet.deleted_in_trouble):,}", f"of {len(fleet.total.deleted):,} planned"]
    alert = next(text for text in browser.texts("header .alert") if "not deleted" in text)
    assert f"{len(fleet.refused) + 2} planned tags were not deleted, or it is unknown." in alert
    assert all(f"{path}:{name}: " in alert for path, name in (*fleet.refused, fleet.gone, fleet.pushed_again))
    for opener in browser.all("#repositories button.open"):
        browser.run("arguments[0].click()", opener)
    shown = browser.run(OUTCOMES)
    assert {(path, name) for path, name, outcome in shown if outcome == "Outcome: deleted."} == fleet.deleted_in_trouble
    assert {(path, name) for path, name, outcome in shown if outcome} == fleet.total.deleted
    assert not browser.all("#approve")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def samples(path: Path) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            yield sample.name.removeprefix("gitlab_registry_"), sample.labels, sample.value


def test_csv_of_projects(fleet: Fleet, reports: Reports) -> None:
    rows = {row["project"]: row for row in table(reports.folder / "projects.csv")}
    used = {path: found for path, found in fleet.projects.items() if found.tags}
    assert {path for path, row in rows.items() if row["tags"] not in ("", "0")} == set(used)
    for path, found in used.items():
        row = rows[path]
        assert (row["tags"], row["bytes"]) == (str(found.tags), str(found.bytes)), path
        assert (row["oldest_tag_at"], row["newest_tag_at"]) == (found.oldest, found.newest), path
        assert [int(row[f"tags_{age}"]) for age in AGES] == [found.by_age[age] for age in AGES], path
        assert row["delete"] == str(len(found.deleted))
        least, most = int(row["freed_least"]), int(row["freed_most"])
        assert least <= found.freed <= most + MANIFESTS * len(found.images), path
        assert row["exposed_to"] == fleet.exposed_to[path]
        assert row["policy_state"] == fleet.policies[path]
        assert row["archived"] == ("true" if path in fleet.archived else "false")


def test_csv_of_repositories_and_tags(fleet: Fleet, reports: Reports) -> None:
    rows = table(reports.folder / "repositories.csv")
    assert {row["repository"] for row in rows} == set(fleet.repositories)
    by_size = sorted(rows, key=lambda row: (-int(row["bytes"]), row["repository"]))
    assert [row["repository"] for row in by_size] == fleet.largest
    dated = [row for row in rows if row["oldest_tag_at"]]
    oldest = min(row["oldest_tag_at"] for row in dated)
    assert {row["repository"] for row in dated if row["oldest_tag_at"] == oldest} == fleet.with_the_oldest_tag
    tags = table(reports.folder / "tags.csv")
    assert len(tags) == fleet.total.tags
    assert {(row["repository"], row["tag"]) for row in tags if row["action"] == "delete"} == fleet.total.deleted
    assert {row["repository"] for row in tags} <= {row["repository"] for row in rows}
    assert {row["project"] for row in rows} <= {row["project"] for row in table(reports.folder / "projects.csv")}


def test_metrics(fleet: Fleet, reports: Reports) -> None:
    found = list(samples(reports.folder / "report.prom"))
    sizes = {labels["project"]: value for name, labels, value in found if name == "size_bytes"}
    assert {path: size for path, size in sizes.items() if size} == {
        path: each.bytes for path, each in fleet.projects.items() if each.tags
    }
    deletions = {labels["project"]: value for name, labels, value in found if name == "planned_deletions"}
    assert {path: count for path, count in deletions.items() if count} == {
        path: len(each.deleted) for path, each in fleet.projects.items() if each.deleted
    }
    old = {labels["project"]: value for name, labels, value in found if name == "tags" and labels["age"] == "older"}
    assert {path: count for path, count in old.items() if count} == {
        path: each.by_age["older"] for path, each in fleet.projects.items() if each.by_age["older"]
    }
    info = {labels["project"]: labels["policy"] for name, labels, _value in found if name == "project_info"}
    assert info == {path: fleet.policies[path] for path in info}
    repositories = {labels["repository"] for name, labels, _value in found if name == "repository_size_bytes"}
    assert repositories == set(fleet.repositories)


def test_markdown_and_results(fleet: Fleet, reports: Reports) -> None:
    text = (reports.folder / "report.md").read_text()
    total = fleet.total
    assert reports.result["totals"]["bytes"] == total.bytes
    assert (reports.result["totals"]["oldest_tag_at"], reports.result["totals"]["newest_tag_at"]) == (
        total.oldest,
        total.newest,
    )
    assert reports.result["totals"]["delete"] == len(total.deleted)
    assert f"| bytes | {total.bytes} (" in text
    assert f"| tags | {total.tags} |" in text
    assert f"`{total.oldest}`" in text
    largest = text.partition("| repository |")[2].splitlines()
    first = next(line for line in largest if line.startswith("| `"))
    assert first.startswith(f"| `{fleet.largest[0]}` |")
    used = {path for path, found in fleet.projects.items() if found.images}
    public = set(listed(text, "Anyone can pull"))
    assert public >= fleet.public & used
    assert public <= fleet.public
    without = set(listed(text, "No cleanup policy"))
    assert fleet.without_policy >= without >= fleet.without_policy & used


def test_page(fleet: Fleet, browser: Browser, reports: Reports) -> None:
    browser.open(reports.folder / "report.html")
    tiles = dict(zip(browser.texts(".tiles dt"), browser.texts(".tiles .figure"), strict=True))
    total = fleet.total
    assert tiles["Tags"] == f"{total.tags:,}"
    assert tiles["Would be deleted"] == f"{len(total.deleted):,}"
    assert tiles["Public registries"] == str(len(fleet.public))
    assert tiles["Without a cleanup policy"] == str(len(fleet.without_policy))
    assert tiles["Space"] == bytes_in_words(total.bytes)
    ages = [text.split()[0] for text in browser.texts("#ages .value")]
    assert ages == [f"{total.by_age[age]:,}" for age in AGES]
    assert total.oldest[:16].replace("T", " ") in browser.texts("#ages p")[0]
    assert browser.texts("#repositories tbody th") == fleet.largest
    sort = browser.one("#repositories thead th:nth-child(6) button")
    assert sort.text == "Oldest"
    sort.click()
    assert browser.texts("#repositories tbody th")[0] in fleet.with_the_oldest_tag
    used = {path for path, found in fleet.projects.items() if found.images}
    for button, wanted in zip(browser.all(".tiles button")[-2:], (fleet.public, fleet.without_policy), strict=True):
        button.click()
        assert wanted >= {*browser.texts("#projects tbody th")} >= wanted & used
    browser.open(reports.folder / "report.html")
    for opener in browser.all("#repositories button.open"):
        browser.run("arguments[0].click()", opener)
    found = browser.run(TAGS)
    assert len(found) == total.tags
    assert {(path, name) for path, name, action in found if action == "Delete"} == total.deleted


def listed(text: str, title: str) -> list[str]:
    section = text.partition(f"## {title}")[2].partition("\n## ")[0]
    return [line.strip("- `") for line in section.splitlines() if line.startswith("- `")]


def test_the_tables_are_joined_as_the_page_on_reports_says(fleet: Fleet, reports: Reports) -> None:
    [statement] = re.findall("```sql\n(.*?)```", (ROOT / "docs" / "reports.md").read_text(), re.DOTALL)
    with closing(sqlite3.connect(":memory:")) as database:
        for name in ("projects", "repositories", "tags"):
            rows = table(reports.folder / f"{name}.csv")
            columns = ", ".join(f'"{column}"' for column in rows[0])
            database.execute(f"CREATE TABLE {name} ({columns})")
            places = ", ".join("?" * len(rows[0]))
            database.executemany(f"INSERT INTO {name} VALUES ({places})", [list(row.values()) for row in rows])
        found = {namespace: tags for namespace, tags, _bytes in database.execute(statement)}
    wanted: Counter[str] = Counter()
    for path, answers in fleet.projects.items():
        wanted[path.rpartition("/")[0]] += len(answers.deleted)
    assert found == wanted
