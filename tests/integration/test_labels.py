# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What images say by themselves: when they were built, and when they expire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import asked, repeated, run_all
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.contents import INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
LABEL = "quay.expires-after"
# One request after the other, so that what two tags share is never read by both at once.
RULE: dict[str, Any] = {
    "group": "team",
    "name_regex_delete": "dev-.*",
    "expires_label": LABEL,
    "return_limit": 99,
    "concurrency": 1,
}
CREATED = "org.opencontainers.image.created"


def expiring(name: str, days: float, value: Any, **fields: Any) -> dict[str, Any]:
    return tag(name, days, labels={LABEL: value}, **fields)


TAGS = [
    expiring("dev-over", 20, "2w"),
    expiring("dev-over-1", 20, "12h", image="same"),
    expiring("dev-over-2", 20, "12h", image="same"),
    expiring("dev-not-yet", 9, "2w"),
    expiring("dev-never", 400, "never"),
    expiring("dev-number", 400, 7),
    expiring("dev-past", 20, "2026-01-01"),
    expiring("dev-day", 20, "2026-05-20"),
    expiring("dev-multi", 20, "1d", media_type=INDEX),
    tag("dev-plain", 400),
    tag("dev-note", 20, annotations={LABEL: "1d"}),
    expiring("dev-both", 20, "1d", annotations={LABEL: "9w"}),
    expiring("main", 400, "1h"),
]
REASONS = {
    "dev-over": "label_expired",
    "dev-over-1": "label_expired",
    "dev-over-2": "label_expired",
    "dev-not-yet": "label_not_expired",
    "dev-never": "unknown_expiry",
    "dev-number": "unknown_expiry",
    "dev-past": "unknown_expiry",
    "dev-day": "label_expired",
    "dev-multi": "label_expired",
    "dev-plain": "no_expiry_label",
    "dev-note": "label_expired",
    "dev-both": "label_not_expired",
    "main": "no_match",
}
# Eleven images besides the index, of which two tags share one, with their configs; the index and its two images.
MANIFESTS, CONFIGS = 10 + 1 + 2, 10 + 2


def load(simulator: Simulator, mode: str, tags: list[dict[str, Any]]) -> None:
    simulator.load(server([repository(100, "team/app", "", tags)], mode=mode))


def reasons(task: Task) -> dict[str, str]:
    rows = [*task.result["plan"]["delete"], *task.result["plan"]["keep"]]
    return {row["name"]: row["reason"] for row in rows}


def read_by(simulator: Simulator, tasks: list[Task]) -> list[tuple[int, int]]:
    """How many manifests and blobs each of the last tasks read."""
    log, found = simulator.requests(), []
    for task in tasks:
        assert task.status == "ok", task.message
        part, log = log[: task.result["requests"]], log[task.result["requests"] :]
        found.append((len(asked(part, "GET", "/manifests/")), len(asked(part, "GET", "/blobs/"))))
    return found


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_what_has_expired_by_its_label_is_deleted(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    load(simulator, mode, TAGS)
    found = repeated(ansible, simulator, MODULE, RULE, "plan")
    assert reasons(found.run) == REASONS
    assert {row["name"] for row in simulator.tags("team/app")} == {
        name for name, reason in REASONS.items() if reason != "label_expired"
    }
    # Of the tags themselves without a metadata database, where one more shares its image with another.
    more = 1 if mode == "M2" else 0
    assert len(asked(found.log, "GET", "/manifests/")) == MANIFESTS + more
    assert len(asked(found.log, "GET", "/blobs/")) == CONFIGS


def test_labels_are_read_only_where_a_rule_asks_for_them(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    load(simulator, "M1", TAGS)
    plain = {name: value for name, value in RULE.items() if name != "expires_label"}
    kept = [{"name": "all", "match": "dev-.*", "older_than": "10d", "keep_n": 1, "expires_label": LABEL}]
    by_rules = {"group": "team", "rules": kept, "protect": ["dev-over.*"], "return_limit": 99}
    cached = {**RULE, "cache_path": str(tmp_path / "images")}
    simulator.clear_log()
    tasks = run_all(ansible, MODULE, [plain, by_rules, cached, cached, plain], check_mode=True)
    read = read_by(simulator, tasks)
    # Neither what is protected nor what keep_n and older_than keep.
    assert read == [(0, 0), (MANIFESTS - 2 - 1, CONFIGS - 2 - 1), (MANIFESTS, CONFIGS), (0, 0), (0, 0)]
    assert reasons(tasks[2]) == reasons(tasks[3]) == REASONS
    assert reasons(tasks[1])["dev-not-yet"] == "keep_n"
    # The label only keeps.
    expired = {name for name, reason in REASONS.items() if reason == "label_expired"}
    assert expired < {row["name"] for row in tasks[0].result["plan"]["delete"]}


def test_another_label_is_read_besides(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, "M2", TAGS)
    cached = {**RULE, "cache_path": str(tmp_path / "images")}
    other = {**cached, "expires_label": "other"}
    simulator.clear_log()
    tasks = run_all(ansible, MODULE, [cached, other, other, cached], check_mode=True)
    assert reasons(tasks[0]) == reasons(tasks[3]) == REASONS
    assert set(reasons(tasks[1]).values()) == set(reasons(tasks[2]).values()) == {"no_expiry_label", "no_match"}
    # Without a metadata database the manifests of all tags are read each time. What the file knows costs nothing more.
    first = (MANIFESTS + 1, CONFIGS)
    again = (MANIFESTS + 1 - 2, 0)
    assert read_by(simulator, tasks) == [first, (again[0] + MANIFESTS, CONFIGS), again, again]


def test_labels_that_can_not_be_read(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator, "M1", TAGS)
    options = {**RULE, "retries": 0}
    fault = {"path": "/v2/team/app/manifests/", "action": "status", "count": 1}
    simulator.faults([{**fault, "status": 403, "json": {"errors": [{"code": "DENIED", "message": "no"}]}}])
    [denied] = run_all(ansible, MODULE, [options], check_mode=True)
    simulator.clear_faults()
    simulator.faults([{**fault, "status": 404, "json": {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no"}]}}])
    [missing] = run_all(ansible, MODULE, [options], check_mode=True)
    simulator.clear_faults()
    simulator.faults([{**fault, "status": 503, "json": {}}])
    [failing] = run_all(ansible, MODULE, [options], check_mode=True)
    simulator.clear_faults()
    [away] = run_all(ansible, MODULE, [{**options, "registry_url": "http://127.0.0.1:9"}], check_mode=True)
    for task, unread in ((denied, 1), (missing, 1), (away, 11)):
        assert task.status == "ok", task.message
        told = reasons(task)
        changed = {name for name, reason in REASONS.items() if told[name] != reason}
        assert {told[name] for name in changed} <= {"unknown_expiry"}
        [warning] = [text for text in task.result["warnings"] if "expires_label" in text]
        assert f"could not be read of {unread} image" in warning
    assert "127.0.0.1:9" in warning
    assert away.result["plan"]["totals"]["delete"] == 0
    # What may pass leaves the repository unread.
    assert failing.result["result"] == "partial"
    assert failing.result["plan"]["totals"]["repositories_unread"] == 1
    assert simulator.counters()["writes"] == 0


def test_who_can_not_have_labels(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator, "M1", TAGS)
    bulk = {**RULE, "older_than": "1d", "delete_via": "bulk"}
    [task] = run_all(ansible, MODULE, [bulk])
    assert task.failed
    assert "expires_label can't be used with delete_via bulk" in task.message
    # With a metadata database a job token sees no date, and without one it reads labels as others do.
    own = {**RULE, "group": None, "project": "team/app", "api_job_token": "job-token", "api_token": None}
    own = {name: value for name, value in own.items() if value is not None}
    [task] = run_all(ansible, MODULE, [own], check_mode=True)
    assert set(reasons(task).values()) == {"unknown_date", "no_match"}
    load(simulator, "M2", TAGS)
    [task] = run_all(ansible, MODULE, [own], check_mode=True)
    assert reasons(task) == REASONS


ARTIFACTS = [
    tag("chart-old", 90, config=False, annotations={CREATED: days_ago(90)}),
    tag("chart-new", 9, config=False, annotations={CREATED: days_ago(9)}),
    tag("chart-none", 90, config=False),
    *(
        tag(f"chart-{number}", 90, config=False, annotations={CREATED: value})
        for number, value in enumerate(
            ["1970-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "0001-01-01T00:00:00Z", days_ago(-9), "2026-01-01", 7]
        )
    ),
    tag("image-old", 90, annotations={CREATED: days_ago(1)}),
    tag("image-new", 1, annotations={CREATED: days_ago(90)}),
    tag("image-none", 90, config_created=None, annotations={CREATED: days_ago(90)}),
    tag("image-label", 90, config_created=None, labels={CREATED: days_ago(90)}),
    tag("image-epoch", 90, config_created="1970-01-01T00:00:00Z", annotations={CREATED: days_ago(90)}),
    tag("multi-none", 90, media_type=INDEX, config_created=None, annotations={CREATED: days_ago(90)}),
    tag("multi-new", 1, media_type=INDEX, annotations={CREATED: days_ago(90)}),
    tag("main", 1),
]


def test_artifacts_are_as_old_as_they_say(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator, "M2", ARTIFACTS)
    options = {"group": "team", "name_regex_delete": ".*-.*", "older_than": "30d", "return_limit": 99}
    by_gitlab = {**options, "read_via": "graphql"}
    [without] = run_all(ansible, MODULE, [by_gitlab], check_mode=True)
    assert {row["name"] for row in without.result["plan"]["delete"]} == {"image-old"}
    found = repeated(ansible, simulator, MODULE, options, "plan")
    told = reasons(found.run)
    deleted = {name for name, reason in told.items() if reason == "expired"}
    assert deleted == {"chart-old", "image-old", "image-none", "image-label", "multi-none"}
    assert {name for name, reason in told.items() if reason == "too_young"} == {"chart-new", "image-new", "multi-new"}
    assert {name for name, reason in told.items() if reason == "unknown_date"} == {
        *("chart-none", "chart-0", "chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "image-epoch")
    }
    assert found.run.result["plan"]["repositories"][0]["date_source"] == "built"
    assert [row["date"] for row in found.run.result["plan"]["delete"] if row["name"] == "chart-old"] == [days_ago(90)]
    # The annotation comes with the manifest.
    configs = [row for row in ARTIFACTS if row.get("config", True) and not row["name"].startswith(("multi", "main"))]
    assert len(asked(found.log, "GET", "/blobs/")) == len(configs) + 2 * 2


def test_with_a_metadata_database_the_push_counts(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator, "M1", [tag("chart-1", 1, config=False, annotations={CREATED: days_ago(90)}), tag("main", 1)])
    options = {"group": "team", "name_regex_delete": "chart-.*", "older_than": "30d"}
    [task] = run_all(ansible, MODULE, [options], check_mode=True)
    assert reasons(task)["chart-1"] == "too_young"


def test_each_document_goes_by_its_own_label(ansible: Ansible, simulator: Simulator) -> None:
    """A tag that both documents judge by a label has the values of both."""
    both = {LABEL: "1h", "expires": "9w"}
    load(simulator, "M1", [tag("dev-1", 20, labels=both), tag("dev-2", 20, labels={LABEL: "9w", "expires": "1h"})])

    def document(label: str) -> dict[str, Any]:
        return {"rule_sets": [{"name": "a", "rules": [{"match": ".*", "expires_label": label}]}], "default": "a"}

    options = {"group": "team", "min_remaining": 0, "return_limit": 9}
    alone = ansible.module(MODULE, {**options, "retention": document(LABEL)}, check=True)
    found = ansible.module(
        MODULE, {**options, "retention": document(LABEL), "previous_retention": document("expires")}, check=True
    )
    assert reasons(found) == reasons(alone) == {"dev-1": "label_expired", "dev-2": "label_not_expired"}
    [change] = found.result["retention_changes"]["repositories"]
    assert (change["newly_deleted"], change["newly_kept"]) == (["dev-1"], ["dev-2"])
    assert found.result["requests"] == alone.result["requests"]
