# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Something is deleted on a page that was read already, while what keeps tags is listed: no living tag is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
MANY = [f"a{number:03}" for number in range(100)]


def deployed(names: list[str]) -> list[dict[str, str]]:
    return [{"environment": "prod", "ref": name, "sha": "0" * 40} for name in names]


def opened(names: list[str]) -> list[dict[str, Any]]:
    """The newest first, as GitLab lists them."""
    return [{"source_branch": name, "iid": 500 - number} for number, name in enumerate(names)]


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # By kind: what there is, what there is after the change, and the options. What keeps dev-1 is number 101.
    "branches": (
        {"branches": [*MANY, "dev-1", "z"]},
        {"branches": [*MANY[1:], "dev-1", "z"]},
        {"keep_refs": ["branches"]},
    ),
    "tags": (
        {"git_tags": [*MANY, "dev-1", "z"]},
        {"git_tags": [*MANY[1:], "dev-1", "z"]},
        {"keep_refs": ["tags"]},
    ),
    "merge_requests": (
        {"merge_requests": opened([*MANY, "dev-1", "z"])},
        {"merge_requests": opened([*MANY, "dev-1", "z"])[1:]},
        {"keep_refs": ["merge_requests"]},
    ),
    "environments": (
        {
            "environments": [*MANY, "prod", "z"],
            "deployments": deployed(["dev-1"]),
        },
        {"environments": [*MANY[1:], "prod", "z"], "deployments": deployed(["dev-1"])},
        {"keep_deployments": 1},
    ),
    "deployments": (
        {"environments": ["prod"], "deployments": deployed(["z", "dev-1", *MANY])},
        {"environments": ["prod"], "deployments": deployed(["z", "dev-1", *MANY[:-1]])},
        {"keep_deployments": 101},
    ),
}


@pytest.mark.parametrize("pages", ["numbered", "keyset"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_living_tag_is_kept_while_lists_change(ansible: Ansible, simulator: Simulator, kind: str, pages: str) -> None:
    before, after, options = KINDS[kind]
    scenario = team()
    scenario["projects"][0] |= before
    simulator.load({**scenario, "features": {"branch_pages": pages}})
    change = {"action": "mutate", "set_references": {"path": "team/app", **after}}
    second = r"(^|&)page=2|page_token" if kind != "environments" else r"(^|&)page=2"
    simulator.faults([{"path": f"/{kind}$", "query": second, "count": 1, **change}])
    order = {"project": ["team/app"], "name_regex_delete": "dev-.*", "older_than": "30d", **options}
    run = ansible.module(MODULE, order)
    assert "dev-1" in {row["name"] for row in simulator.tags("team/app")}, run.result
    assert simulator.counters()["writes"] or run.failed
    if kind == "branches" and pages == "keyset":
        assert run.status == "ok", run.message
