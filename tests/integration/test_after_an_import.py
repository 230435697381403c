# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After an import to the metadata database: dates that say nothing, and how to go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.driver import Ansible
from tests.integration.repeated import asked, refused, repeated, run_all
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.contents import INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
RULE: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "keep_n": 2}
PARAMS: dict[str, Any] = {**RULE, "older_than": "30d"}
RULES = [
    {"name": "multi", "match": "dev-multi", "older_than": "30d"},
    {"name": "by name", "match": "v.*"},
    {"name": "rest", "match": ".*", "keep_n": 2},
]


def load(simulator: Simulator) -> None:
    """Thirty builds, of which the import took the newest first, and two pushes after it."""
    tags = [tag(f"dev-{number:02}", 200 + number) for number in range(28)]
    tags += [tag("dev-undated", 300, config_created=None), tag("dev-multi", 190, media_type=INDEX), tag("v1", 900)]
    simulator.load(server([repository(100, "team/app", "", tags, created_at=days_ago(1000))]))
    simulator.import_tags(days_ago(60), spread=86400)
    simulator.edit_tags("team/app", put=[tag("dev-new", 40), tag("dev-newest", 1)])


def test_dates_of_an_import_refuse_the_plan(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    # Nothing would go by the third: that it will some day has to be known before.
    cases = [
        PARAMS,
        {**RULE, "min_age": "1d"},
        {**PARAMS, "keep_n": 0, "older_than": "90d"},
    ]
    for task in refused(ansible, simulator, MODULE, *cases):
        assert "31 of 33 tags" in task.message
        assert "set dates_valid_from to the time from which" in task.message
    # What is proposed lies behind the import.
    proposed = task.message.partition("such as ")[2].partition(",")[0]
    assert days_ago(59.1) < proposed < days_ago(59)
    others = [
        {**RULE, "keep_n": 0},
        {**PARAMS, "name_regex_delete": "nothing-.*"},
        {**PARAMS, "keep_n": 0, "older_than": "400d", "dates_valid_from": proposed},
    ]
    simulator.clear_log()
    tasks = run_all(ansible, MODULE, others, check_mode=True)
    for task in tasks:
        assert task.status == "ok", task.message
    # Where no date decides, no image is looked at.
    unasked = tasks[0].result["requests"] + tasks[1].result["requests"]
    assert asked(simulator.requests()[:unasked], "GET", "/manifests/") == []
    assert tasks[2].result["plan"]["totals"]["reasons"]["too_young"] > 28
    assert simulator.counters()["writes"] == 0


def test_older_dates_are_those_of_the_builds(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    options = {**PARAMS, "dates_valid_from": days_ago(50)}
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
            {**PARAMS, "dates_valid_from": "1970-01-01"},
            {**PARAMS, "dates_valid_from": days_ago(50), "timestamp": "created"},
            {**PARAMS, "registry_url": "http://127.0.0.1:9", "retries": 0},
            {**PARAMS, "dates_valid_from": "last week"},
            {**PARAMS, "dates_valid_from": "1970-01-01", "delete_via": "bulk_unpinned"},
        ],
        check_mode=True,
    )
    assert trusted.result["plan"]["totals"]["delete"] == 30
    assert by_name.result["plan"]["totals"]["reasons"]["unknown_date"] == 30
    assert "can't be read to check this" in blind.message
    assert "write it as 2026-01-31" in wrong.message
    assert "dates_valid_from can't be used with delete_via bulk_unpinned" in bulk.message


def test_only_builds_that_matter_are_read_and_remembered(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    load(simulator)
    held = {"protect": ["dev-0."], "in_use": ["team/app:dev-10"], "rules": RULES}
    options = {"group": "team", **held, "dates_valid_from": days_ago(50), "cache_path": str(tmp_path / "images")}
    simulator.clear_log()
    first, second = run_all(ansible, MODULE, [options, options], check_mode=True)
    assert first.result["plan"] == second.result["plan"]
    log = simulator.requests()
    # Neither the eleven that are held, nor what is chosen by its name.
    assert len(asked(log[: first.result["requests"]], "GET", "/manifests/")) == 17 + 1 + 3
    # An image without a date is remembered as such.
    assert [entry["path"] for entry in log[first.result["requests"] :] if "/v2/" in entry["path"]] == []
    [note] = [text for text in first.result["notes"] if "dates_valid_from" in text]
    assert note.startswith("18 tags with dates before dates_valid_from are as old as their image. Of 1 tag no date is")
    assert note.endswith("does not say when it was built.")


def test_builds_that_can_not_be_read(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    options = {**PARAMS, "dates_valid_from": days_ago(50), "retries": 0}
    refusal = {"errors": [{"code": "DENIED", "message": "no"}]}
    fault = {"path": "/v2/team/app/manifests/", "action": "status", "count": 1}
    simulator.faults([{**fault, "status": 403, "json": refusal}])
    [denied] = run_all(ansible, MODULE, [options], check_mode=True)
    simulator.clear_faults()
    simulator.faults([{**fault, "status": 503, "json": {}}])
    [failing] = run_all(ansible, MODULE, [options], check_mode=True)
    simulator.clear_faults()
    [unreachable] = run_all(ansible, MODULE, [{**options, "registry_url": "http://127.0.0.1:9"}], check_mode=True)
    assert denied.status == "ok", denied.message
    assert denied.result["plan"]["totals"]["reasons"]["unknown_date"] == 2
    assert any("Of 2 tags no date is known, first: " in note for note in denied.result["notes"])
    # What may pass leaves the repository unread.
    assert failing.result["result"] == "partial"
    assert "503" in failing.message
    assert failing.result["plan"]["totals"]["repositories_unread"] == 1
    assert unreachable.status == "ok", unreachable.message
    assert unreachable.result["plan"]["totals"]["reasons"]["unknown_date"] == 30
    assert any("127.0.0.1:9" in note for note in unreachable.result["notes"])
    assert simulator.counters()["writes"] == 0


def test_dates_are_never_valid_from_the_future_on(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    [task] = refused(ansible, simulator, MODULE, {**PARAMS, "dates_valid_from": days_ago(-1)})
    assert "dates_valid_from 2026-06-02T12:00:00Z is later than the server's clock" in task.message


def test_without_a_database_all_dates_are_builds(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), tag("v1", 1)])], mode="M2"))
    options = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d", "dates_valid_from": days_ago(50)}
    cases = [options, {**options, "timestamp": "created"}, {**options, "read_via": "rest"}]
    for task in run_all(ansible, MODULE, cases, check_mode=True):
        assert task.status == "ok", task.message
        assert task.result["plan"]["totals"]["delete"] == 1


def test_a_busy_week_is_no_import(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag(f"dev-{number:02}", 40 + number / 20) for number in range(30)]
    simulator.load(server([repository(100, "team/app", "", [*tags, tag("v1", 900)], created_at=days_ago(1000))]))
    found = repeated(ansible, simulator, MODULE, PARAMS, "plan")
    assert found.run.result["plan"]["totals"]["delete"] == 28
    # Five images are looked at, each with its config.
    assert len(asked(found.log, "GET", "/manifests/")) == len(asked(found.log, "GET", "/blobs/")) == 5
