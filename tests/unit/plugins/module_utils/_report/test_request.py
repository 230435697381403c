# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What registry_report and the roles that write reports refuse before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._report.files import check_places, files_of
from ansible_collections.containerops.gitlab.plugins.module_utils._report.request import (
    ONLY_WITH,
    SHOWN_ONLY_WITH,
    request_of,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_report import ARGUMENTS
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_specs import specs_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_variables import read_variables
from tests.unit.options import filled

REPORTS = {"csv_folder", "prometheus_path", "markdown_path", "html_path"}
# These have an effect whatever else is given: on what is read, returned or checked.
ALWAYS = {
    "audit_path",
    "plan_path",
    "result",
    "failure",
    "warnings",
    "notes",
    "api_url",
    "scope",
    "run_by",
    "validate_paths_only",
    "price_per_gib_month",
}
VALUES: dict[str, Any] = {
    **dict.fromkeys(
        ("prometheus_path", "csv_folder", "markdown_path", "html_path", "plan_path", "journal_path"), "/tmp/x.prom"
    ),
    **{"prometheus_repositories": True, "deleted": 0, "plan_location": "x", "compare_with": "/tmp/y"},
    **{"price_per_gib_month": 0.0, "plan_package": {"project": "a", "version": "1"}},
}


def given(**options: Any) -> dict[str, Any]:
    return filled({"audit_path": "/tmp/audit", **options}, ARGUMENTS.options)


def test_of_every_option_somebody_decided_what_it_needs() -> None:
    assert {*ARGUMENTS.options} == ALWAYS | REPORTS | {*ONLY_WITH} | {*SHOWN_ONLY_WITH}


@pytest.mark.parametrize("option", ONLY_WITH)
def test_an_option_without_effect_is_refused(option: str) -> None:
    with pytest.raises(UsageError) as refused:
        request_of(given(**{option: VALUES[option]}))
    assert str(refused.value).startswith(f"{option} has no effect without {ONLY_WITH[option][0]}: ")
    for other in ONLY_WITH[option]:
        request_of(given(**{option: VALUES[option], other: VALUES[other]}))


@pytest.mark.parametrize("option", ["compare_with", "price_per_gib_month"])
def test_the_module_returns_what_no_file_shows(option: str) -> None:
    request_of(given(**{option: VALUES[option]}))


@pytest.mark.parametrize("role", ["registry_audit", "registry_cleanup"])
@pytest.mark.parametrize("option", SHOWN_ONLY_WITH)
def test_a_variable_without_effect_is_refused(role: str, option: str) -> None:
    specs, others = specs_of(role), SHOWN_ONLY_WITH[option]
    value = {f"{role}_{option}": VALUES[option]}
    [refusal] = read_variables(role, specs, value).refusals
    assert refusal.startswith(f"{role}_{option} has no effect without {role}_{others[0]}")
    for other in others:
        assert read_variables(role, specs, {**value, f"{role}_{other}": VALUES[other]}).refusals == ()
    for other in REPORTS - {*others}:
        assert read_variables(role, specs, {**value, f"{role}_{other}": VALUES[other]}).refusals == (refusal,)


@pytest.mark.parametrize("role", ["registry_audit", "registry_cleanup"])
def test_what_a_report_shows_is_a_variable_of_both_roles(role: str) -> None:
    needed = {*SHOWN_ONLY_WITH, *(other for others in SHOWN_ONLY_WITH.values() for other in others)}
    assert {f"{role}_{option}" for option in needed} <= {*specs_of(role)}


@pytest.mark.parametrize(
    "name", ["metrics", "metrics.txt", "metrics.prom.old", "metrics.PROM", "prom", "metrics.prom/x"]
)
def test_metrics_that_no_collector_reads_are_refused(tmp_path: Path, name: str) -> None:
    request = request_of(given(prometheus_path=str(tmp_path / name)))
    with pytest.raises(UsageError, match=r"does not end with \.prom, and the textfile collector"):
        check_places(files_of(request), request)


def test_metrics_that_a_collector_reads(tmp_path: Path) -> None:
    request = request_of(given(prometheus_path=str(tmp_path / "a.b.prom")))
    check_places(files_of(request), request)
