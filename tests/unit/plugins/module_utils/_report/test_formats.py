# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every format with texts that mean something where they are shown."""

from __future__ import annotations

import csv
import io
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.containerops.gitlab.plugins.module_utils._report.csv_files import (
    projects_csv,
    repositories_csv,
    tags_csv,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.markdown import LONGEST, markdown
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import Report
from ansible_collections.containerops.gitlab.plugins.module_utils._report.prometheus import metrics
from ansible_collections.containerops.gitlab.plugins.module_utils._report.words import (
    bytes_in_words,
    cost,
    scope_in_words,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import Figures
from tests.unit.plugins.module_utils._report.examples import report

TEXTS = [
    "team/app",
    "/close",
    "@all",
    "#1 !2 ~bug %1 &1 $3",
    "[link](https://example.com)",
    "<script>alert(1)</script>",
    "a|b",
    "a`b``c",
    "\\|\\",
    "line\n/close\r\n# head",
    "\u202eabc\u2066\u200b\x00\x1b[31m\x85",
    '"quoted", with a comma',
    "{{ 7 * 7 }}",
    "</details>",
    "x" * 5_000,
]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＠1", "\t1", "\r1"]
CSV_FILES = [projects_csv, repositories_csv, tags_csv]


@pytest.mark.parametrize("file", CSV_FILES)
@pytest.mark.parametrize("text", [*TEXTS, *FORMULAS])
def test_csv_is_as_rfc_4180_says_and_no_cell_is_a_formula(file: type, text: str) -> None:
    found = "".join(file(report(text)))
    assert found.endswith("\r\n")
    assert not re.search("(?<!\r)\n", found)
    header, *rows = csv.reader(io.StringIO(found, newline=""), strict=True)
    assert rows
    for row in rows:
        assert len(row) == len(header)
        for cell in row:
            assert not re.match(r"[\s=+@＝＠-]", cell), cell
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", cell)


def test_what_is_not_known_is_an_empty_cell() -> None:
    [row] = csv.DictReader(io.StringIO("".join(projects_csv(report(figures=Figures())))))
    unknown = ("tags", "bytes", "bytes_method", "oldest_tag_at", "tags_7d", "bytes_older", "delete", "freed_least")
    assert {row[name] for name in unknown} == {""}
    assert row["archived"] == ""
    empty = "".join(tags_csv(report(tags=0)))
    assert empty == (
        "repository,tag,digest,media_type,bytes,pushed_at,built_at,action,reason,rule_set,rule,outcome,outcome_message,"
        "project_id,server\r\n"
    )


def test_a_text_without_a_meaning_is_as_it_is() -> None:
    [row] = csv.DictReader(io.StringIO("".join(repositories_csv(report("Team/App_1.x")))))
    assert (row["project"], row["repository"], row["freed_most"]) == ("Team/App_1.x", "Team/App_1.x", "2000")


@pytest.mark.parametrize("text", TEXTS)
def test_metrics_are_read_by_prometheus_with_the_very_labels(text: str) -> None:
    found = "".join(metrics(report(text, repositories=2), with_repositories=True))
    families = list(text_string_to_metric_families(found))
    assert len({family.name for family in families}) == len(families) == 12
    samples = [sample for family in families for sample in family.samples]
    assert all(sample.labels.get("project", text) == text for sample in samples)
    sizes = [sample.value for sample in samples if sample.name == "gitlab_registry_size_bytes"]
    assert sizes == [3_000]
    deletions = [sample for sample in samples if sample.name == "gitlab_registry_planned_deletions"]
    assert [(sample.labels["reason"], sample.value) for sample in deletions] == [(text, 4)]


def test_what_is_not_known_has_no_sample() -> None:
    found = "".join(metrics(report(figures=Figures(), head={"clock": None}), with_repositories=False))
    samples = [sample for family in text_string_to_metric_families(found) for sample in family.samples]
    assert {sample.name for sample in samples} == {"gitlab_registry_report_success", "gitlab_registry_project_info"}
    assert "repository" not in found.replace("_repositories", "")


def series(found: Report) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """The names and labels of all samples."""
    lines = "".join(metrics(found, with_repositories=True))
    samples = [sample for family in text_string_to_metric_families(lines) for sample in family.samples]
    found_series = [(sample.name, frozenset(sample.labels.items())) for sample in samples]
    assert len(set(found_series)) == len(found_series)
    return set(found_series)


def test_reports_of_several_servers_and_scopes_have_no_sample_in_common() -> None:
    """Node exporter refuses a folder of files with the same sample twice."""
    long = "project " + ", ".join(f"team/{number}" for number in range(1_000))
    heads = [
        {"server": server, "scope": scope}
        for server in ("https://one.example.com", "https://two.example.com")
        for scope in ("group team", "project team/app", long, f"{long}, team/app")
    ]
    found = [series(report(head=head)) for head in heads]
    assert len(set().union(*found)) == sum(map(len, found))
    assert all(len(value) <= 200 for each in found for _name, labels in each for _label, value in labels)


def test_who_can_pull_is_a_label_of_a_project() -> None:
    found = "".join(metrics(report(), with_repositories=False))
    [line] = [line for line in found.splitlines() if line.startswith("gitlab_registry_project_info{")]
    assert 'exposed_to="' in line


def outside_of_code(line: str) -> str:
    return re.sub("`[^`]*`", "", line)


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_in_markdown_means_anything_but_what_the_report_says(text: str) -> None:
    plain, found = markdown(report("name")), markdown(report(text), [text])
    assert len(found.splitlines()) == len(plain.splitlines())
    for line in found.split("\n"):
        assert not line.lstrip().startswith("/")
        assert line.count("`") % 2 == 0
        assert line.isprintable()
        bare = outside_of_code(line)
        assert not re.search(r"[@~$\[\]\\]|https?:|<script", bare), bare
        assert bare.count("<") == (1 if re.fullmatch("</?details>", bare) else 2 if "<summary>" in bare else 0)
        if line.startswith("|"):
            assert outside_of_code(line).count("|") == line.count("|")


@pytest.mark.parametrize("text", ["x" * 600, "\x01" * 600, "name"])
@pytest.mark.parametrize("warnings", [0, 3, 5_000])
def test_markdown_has_an_end_and_begins_with_totals_and_warnings(text: str, warnings: int) -> None:
    large = report(text, tags=700, repositories=30, head={"warnings": (text,) * warnings, "run_by": {}})
    found = markdown(large, [text] * 20)
    assert len(found) <= LONGEST
    beginning = found[:4_000]
    assert "| bytes | 3000 (2.9 KiB, GitLab's own number) |" in beginning
    assert "| fingerprint of the plan |" in beginning
    assert "## Warnings" in beginning
    assert "Nothing is deleted:" in beginning
    assert found.count("<details>") == found.count("</details>")
    assert found.count("The first 500 of 21000") <= 1
    assert "All of it:" in found
    assert "20,500 more tags to delete" in found


def test_markdown_shows_the_largest_repositories_first() -> None:
    parts = [
        part._replace(path=f"team/{size}", figures=Figures(bytes=size))
        for part, size in zip(report(repositories=30).repositories(), [*range(29), None], strict=True)
    ]
    found = markdown(report()._replace(repositories=lambda: iter(parts), repositories_count=30))
    section = found.partition("## The 20 largest of 30 repositories")[2].partition("\n## ")[0]
    assert re.findall(r"\| `team/(\w+)`", section) == [str(size) for size in range(28, 8, -1)]


def test_costs_are_shown_if_there_is_a_price() -> None:
    giga = report(figures=Figures(bytes=3 * 2**30), head={"price_per_gib_month": 0.5})
    assert "| cost a month | 1.50, at 0.5 per GiB |" in markdown(giga)
    assert "cost" not in markdown(report())


@pytest.mark.parametrize(
    ("number", "words"),
    [(None, "unknown"), (0, "0 B"), (1023, "1023 B"), (2**20 - 1, "1.0 MiB"), (3 * 2**40, "3.0 TiB")],
)
def test_bytes_in_words(number: int | None, words: str) -> None:
    assert bytes_in_words(number) == words


def test_costs_of_bytes() -> None:
    assert (cost(2**30, 0.1), cost(None, 1), cost(5, None), cost(0, 1)) == (0.1, None, None, 0.0)


def test_scopes_in_words() -> None:
    assert scope_in_words({"project": ["a/b", "c/d"], "group": None, "repositories": []}) == "project a/b, c/d"
    assert scope_in_words({"group": "a", "exclude_repositories": ["a/x"]}) == "group a; exclude_repositories a/x"
    assert scope_in_words({"project": [], "group": None}) == "instance"


def test_reports_are_passed_over_as_often_as_needed() -> None:
    found: Report = report()
    assert list(projects_csv(found)) == list(projects_csv(found))
    assert markdown(found) == markdown(found)
