# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Slow, throttled and poor servers: the same plan in check mode and in a run, and the same end as on a good one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmark.job import GROUP, Size, scenario
from tests.integration.driver import Ansible
from tests.simulator.harness import Simulator

SMALL = Size(projects=1, repositories=2, tags=25)
KEEP = 20
RULES = {"group": GROUP, "name_regex_delete": "v.*", "keep_n": KEEP, "older_than": "1d"}
STAY = [f"v{number:02}" for number in range(SMALL.tags - KEEP, SMALL.tags)]


@pytest.mark.parametrize(
    ("mode", "server", "seconds"),
    [
        pytest.param("M2", {"graphql_enabled": False}, 0, id="no GraphQL"),
        pytest.param("M1", {"complexity_limit": 50}, 0, id="little complexity"),
        pytest.param("M1", {}, 2, id="two seconds a request", marks=pytest.mark.slow),
        # As many in ten seconds as sixty a minute are, so that it has to wait once.
        pytest.param("M1", {"rate_limit": {"requests": 10, "retry_after": 10}}, 0, id="sixty requests a minute"),
        pytest.param("M3", {"registry": {"auth": "none"}}, 0, id="another registry"),
    ],
)
def test_a_poor_server_is_cleaned_as_a_good_one(
    ansible: Ansible, simulator: Simulator, mode: str, server: dict[str, Any], seconds: float
) -> None:
    simulator.load({**scenario(mode, SMALL), **server})
    before = simulator.state()
    order = {**RULES, "concurrency": 2}
    looked = ansible.module("registry_cleanup", order, check=True)
    assert looked.status == "ok", looked.message
    assert simulator.state() == before
    simulator.latency(request=seconds)
    done = ansible.module("registry_cleanup", order)
    assert done.status == "ok", done.message
    assert done.result["plan"] == looked.result["plan"]
    assert done.result["outcome"]["counts"]["deleted"] == SMALL.all_repositories * (SMALL.tags - KEEP)
    assert set(map(tuple, simulator.state().values())) == {tuple(STAY)}
    simulator.latency()
    assert ansible.module("registry_cleanup", order).result["changed"] is False


def test_without_graphql_nothing_goes_by_dates_that_are_not_those_of_pushes(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load({**scenario("M1", SMALL), "graphql_enabled": False})
    found = ansible.module("registry_cleanup", RULES, check=True)
    assert found.result["plan"]["totals"]["delete"] == 0
    assert found.result["plan"]["totals"]["reasons"] == {"unknown_date": SMALL.all_tags}
