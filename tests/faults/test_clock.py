# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wrong clock of some answers, or of all, does to ages: no young tag is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import repository, server, tag
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
OPTIONS = {"project": ["team/app"], "name_regex_delete": "dev-.*", "older_than": "30d"}
YEARS_AHEAD = {"Date": "Fri, 01 Jun 2029 12:00:00 GMT"}
WRONG: dict[str, dict[str, Any]] = {
    "a balancer's page": {"status": 503, "body_text": "<html>", "headers": YEARS_AHEAD},
    "a refusal": {"status": 429, "body_text": "Retry later", "headers": {**YEARS_AHEAD, "Retry-After": "1"}},
}


def load(simulator: Simulator) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("dev-young", 5), tag("dev-old", 80), tag("main", 1)])]))


def left(simulator: Simulator) -> set[str]:
    return {row["name"] for row in simulator.tags("team/app")}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_wrong_date_of_one_answer_makes_no_tag_old(
    ansible: Ansible, simulator: Simulator, kind: str, nth: int
) -> None:
    load(simulator)
    simulator.faults([{"nth": nth, "count": 1, "action": "status", **WRONG[kind]}])
    run = ansible.module(MODULE, OPTIONS)
    assert run.status == "ok", run.message
    assert left(simulator) == {"dev-young", "main"}


def test_a_clock_far_ahead_of_this_machine_judges_no_age(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    simulator.clock("2999-06-01T12:00:00Z")
    run = ansible.module(MODULE, OPTIONS)
    assert run.result["result"] == "refused"
    assert "more than a day ahead of this machine's clock. Check both clocks" in run.message
    assert simulator.counters()["writes"] == 0
    # Rules without ages don't need a clock.
    ageless = {option: value for option, value in OPTIONS.items() if option != "older_than"}
    assert ansible.module(MODULE, ageless).status == "ok"
