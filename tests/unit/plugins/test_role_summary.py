# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statistics of a role are those of all its hosts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.filter.role_summary import FilterModule, role_summary


def row(host: str, **counts: Any) -> dict[str, Any]:
    return {"host": host, "counts": {"result": "ok", "deleted": 0, "fingerprint": f"sha256:{host}", **counts}}


def summary(rows: list[dict[str, Any]], *hosts: str) -> dict[str, Any]:
    found: dict[str, Any] = role_summary(rows, "registry_cleanup", hosts, check_mode=False)["registry_cleanup_summary"]
    return found


def test_numbers_are_sums_and_numbers() -> None:
    found = summary([row("a", deleted=4), row("b", deleted=92)], "a", "b")
    assert found["deleted"] == 96
    assert (found["hosts"], found["hosts_unfinished"]) == (2, [])


def test_one_host_has_its_own_fingerprint_and_several_have_none() -> None:
    assert summary([row("a")], "a")["fingerprint"] == "sha256:a"
    assert summary([row("a"), row("b")], "a", "b")["fingerprint"] == ""


def test_what_is_not_known_on_one_host_is_not_known_in_total() -> None:
    assert summary([row("a", deleted=4), row("b", deleted=None)], "a", "b")["deleted"] is None


@pytest.mark.parametrize(
    ("results", "wanted"),
    [(["ok", "ok"], "ok"), (["partial", "ok"], "partial"), (["refused", "partial"], "refused")],
)
def test_the_result_is_the_worst(results: list[str], wanted: str) -> None:
    rows = [row(str(number), result=result) for number, result in enumerate(results)]
    assert summary(rows, "0", "1")["result"] == wanted


def test_a_host_that_did_not_finish_is_named_and_is_a_failure() -> None:
    found = summary([row("a", deleted=4)], "a", "b", "c")
    assert (found["result"], found["deleted"], found["hosts_unfinished"]) == ("failed", 4, ["b", "c"])


def test_everything_is_told_flat_too() -> None:
    found = role_summary([row("a", deleted=4)], "registry_cleanup", ["a"], check_mode=True)
    whole = found.pop("registry_cleanup_summary")
    assert found == {f"registry_cleanup_summary_{name}": value for name, value in whole.items()}
    assert whole["check_mode"] is True


def test_it_is_a_filter() -> None:
    assert FilterModule().filters() == {"role_summary": role_summary}
