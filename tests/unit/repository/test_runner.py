# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's own arithmetic: it must not call a bad run good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import report
from tests.tools.sanity import counts

JUNIT = '<testsuites><testsuite tests="{0}" failures="{1}" errors="{2}" skipped="{3}"/></testsuites>'


@pytest.fixture(autouse=True)
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    report.begin("unit")
    return tmp_path


def noted(results: Path, numbers: tuple[int, int, int, int] | None, code: int) -> report.Check:
    file = results / "junit.xml"
    if numbers:
        file.write_text(JUNIT.format(*numbers))
    report.note_junit("unit", file, code, left_out=results / "left_out")
    return report._read("unit")["checks"][0]


def test_pytest_counts(results: Path) -> None:
    check = noted(results, (10, 1, 2, 3), 1)
    assert (check["passed"], check["failed"], check["skipped"]) == (4, 3, 3)
    assert report.failed("unit")


def test_pytest_good_run(results: Path) -> None:
    check = noted(results, (10, 0, 0, 1), 0)
    assert (check["passed"], check["failed"], check["skipped"]) == (9, 0, 1)
    assert not report.failed("unit")


def test_slow_tests_that_did_not_run_are_told(results: Path) -> None:
    (results / "left_out").write_text("312")
    assert noted(results, (10, 0, 0, 1), 0)["remark"] == "left out: 312 slow tests, see make slow"


@pytest.mark.parametrize("code", [2, 3, 4, 5])
def test_pytest_that_ended_badly_has_failed(results: Path, code: int) -> None:
    assert noted(results, None, code)["failed"] == 1


def test_part_without_a_result_has_failed() -> None:
    report.end("unit", 1.0)
    assert report.failed("unit")


def test_table_sums_and_ends_with_the_sums() -> None:
    report.note("unit", "pytest", passed=5, skipped=1)
    report.end("unit", 90.0)
    lines = report.render({"unit": report._read("unit"), "galaxy": report._read("galaxy")}, 150.0).splitlines()
    assert lines[-1] == "5 passed, 1 failed, 1 skipped"
    assert any("did not come to its end" in line for line in lines)
    assert any(line.split() == ["together", "2.5"] for line in lines)


GOOD = 'Running sanity test "pep8"\nRunning sanity test "import" on Python 3.9\n'


@pytest.mark.parametrize(
    ("output", "code", "expected"),
    [
        (GOOD, 0, (2, 0, 0)),
        (GOOD + "FATAL: The 1 sanity test(s) listed below (out of 2) failed.\npep8\n", 1, (1, 1, 0)),
        (GOOD + "FATAL: it crashed\n", 1, (1, 1, 0)),
        ("WARNING: All targets skipped.\n", 0, (0, 1, 0)),
        (GOOD + 'WARNING: Skipping sanity test "import" on Python 3.9 because\n', 0, (2, 0, 1)),
    ],
)
def test_sanity_counts(output: str, code: int, expected: tuple[int, int, int]) -> None:
    assert counts(output, code) == expected
