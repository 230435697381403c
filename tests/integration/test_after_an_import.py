# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After an import to the metadata database: dates that say nothing, and how to go on."""

from __future__ import annotations

from typing import Any

from tests.integration.driver import Ansible
from tests.integration.repeated import asked, repeated, run_all
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.contents import INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
WISH: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "keep_n": 2, "older_than": "30d"}


def load(simulator: Simulator) -> None:
    """Thirty builds, of which the import took the newest first, and two pushes after it."""
    tags = [tag(f"dev-{number:02}", 200 + number) for number in range(28)]
    tags += [tag("dev-undated", 300, config_created=None), tag("dev-multi", 190, media_type=INDEX), tag("v1", 900)]
    simulator.load(server([repository(100, "team/app", "", tags, created_at=days_ago(1000))]))
    simulator.import_tags(days_ago(60), spread=86400)
    simulator.edit_tags("team/app", put=[tag("dev-new", 40), tag("dev-newest", 1)])


def test_dates_of_an_import_refuse_the_plan(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    tasks = run_all(ansible, MODULE, [WISH, {**WISH, "min_age": "1d", "older_than": None}, {**WISH, "keep_n": 40}])
    for task in tasks[:2]:
        assert task.result["result"] == "refused"
        assert "30 of 33 tags" in task.message or "31 of 33 tags" in task.message
        assert "give dates_valid_from" in task.message
    # Where nothing goes there is nothing to refuse.
    assert tasks[2].status == "ok"
    by_name = run_all(ansible, MODULE, [{**WISH, "keep_n": 0, "older_than": None}], check_mode=True)[0]
    assert by_name.status == "ok"
    assert simulator.counters()["writes"] == 0


def test_older_dates_are_those_of_the_builds(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    options = {**WISH, "dates_valid_from": days_ago(50)}
    found = repeated(ansible, simulator, MODULE, options, "plan")
    rows = [*found.run.result["plan"]["delete"], *found.run.result["plan"]["keep"]]
    told = {row["name"]: (row["reason"], row["date"]) for row in rows}
    assert told["dev-newest"] == ("keep_n", days_ago(1))
    assert told["dev-new"] == ("keep_n", days_ago(40))
    assert told["dev-multi"] == ("expired", days_ago(190))
    assert told["dev-00"] == ("expired", days_ago(200))
    assert told["dev-undated"] == ("unknown_date", None)
    assert len(asked(found.log, "GET", "/manifests/")) == 28 + 1 + 2 + 1
    assert {row["name"] for row in simulator.tags("team/app")} == {"dev-newest", "dev-new", "dev-undated", "v1"}


def test_dates_may_be_trusted_all_the_same(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    trusted, by_name, blind, wrong, bulk = run_all(
        ansible,
        MODULE,
        [
            {**WISH, "dates_valid_from": "1970-01-01"},
            {**WISH, "dates_valid_from": days_ago(50), "timestamp": "created"},
            {**WISH, "registry_url": "http://127.0.0.1:9", "retries": 0},
            {**WISH, "dates_valid_from": "last week"},
            {**WISH, "dates_valid_from": "1970-01-01", "delete_via": "bulk_unpinned"},
        ],
        check_mode=True,
    )
    assert trusted.result["plan"]["totals"]["delete"] == 30
    assert by_name.result["plan"]["totals"]["reasons"]["unknown_date"] == 30
    assert "can't be read to tell" in blind.message
    assert "write it as 2026-01-31" in wrong.message
    assert "dates_valid_from does not go with delete_via bulk_unpinned" in bulk.message


def test_a_busy_week_is_no_import(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"dev-{number:02}", 40 + number / 20) for number in range(30)]
    simulator.load(server([repository(100, "team/app", "", [*tags, tag("v1", 900)], created_at=days_ago(1000))]))
    found = repeated(ansible, simulator, MODULE, WISH, "plan")
    assert found.run.result["plan"]["totals"]["delete"] == 28
    # Five images are looked at, each with its config.
    assert len(asked(found.log, "GET", "/manifests/")) == len(asked(found.log, "GET", "/blobs/")) == 5
