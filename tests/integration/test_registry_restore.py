# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run deleted is put back by its journal, as far as the registry holds it, and nothing is overwritten."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.documented import assert_documented, documentation
from tests.integration.driver import TOKEN, Ansible, Task
from tests.integration.repeated import Shelf, asked, repeated, run_all, writes
from tests.integration.scenarios import days_ago, repository, server, tag, team
from tests.simulator.contents import DOCKER_LIST, INDEX
from tests.simulator.harness import Simulator

RESTORE, CLEANUP, TAG = "registry_restore", "registry_cleanup", "registry_tag"
APP, WEB, TOOL = "team/app", "team/app/web", "team/sub/tool"
OTHER = "sha256:" + "d" * 64
CHILD = {"platform": "linux/amd64", "image": "inside", "size": 7, "config_created": days_ago(90)}
RULES: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d"}


def fleet(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Three repositories of two projects, with images of every kind that a cleanup deletes."""
    tags = [
        tag("dev-1", 90, image="one"),
        tag("dev-2", 90, image="one"),
        tag("dev-multi", 90, media_type=INDEX, children=[CHILD]),
        tag("dev-list", 90, media_type=DOCKER_LIST),
        tag("v1", 1),
    ]
    return server(
        [
            repository(100, APP, "", tags),
            repository(101, APP, "web", [tag("dev-1", 50), tag("v1", 1)]),
            repository(102, TOOL, "", [tag("dev-9", 90), tag("main", 10)]),
        ],
        mode=mode,
        **changes,
    )


def clean(ansible: Ansible, journal: Path, **changes: Any) -> Task:
    """A cleanup with a journal."""
    options = {**RULES, "journal_path": str(journal), **changes}
    task = ansible.module(CLEANUP, {name: value for name, value in options.items() if value is not None})
    assert task.status == "ok", task.message
    return task


def everything(simulator: Simulator) -> dict[str, dict[str, str]]:
    """The digest of each tag, by repository."""
    return {path: {row["name"]: row["digest"] for row in simulator.tags(path)} for path in simulator.state()}


def reasons(task: Task) -> dict[str, str]:
    return {f"{row['repository']}:{row['name']}": row["reason"] for row in task.result["tags"]}


def outcomes(task: Task) -> dict[str, str]:
    return {f"{row['repository']}:{row['name']}": row["outcome"] for row in task.result["outcome"]["tags"]}


def messages(task: Task) -> dict[str, str]:
    return {f"{row['repository']}:{row['name']}": row["message"] for row in task.result["tags"]}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_everything_that_a_run_deleted_is_put_back(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(fleet(mode))
    digests = everything(simulator)[APP]
    subject = digests["dev-multi"].replace(":", "-")
    # A signature of the index, and one of that signature.
    simulator.edit_tags(APP, put=[tag(f"{subject}.sig", 90, config=False, image="sig")])
    signature = everything(simulator)[APP][f"{subject}.sig"].replace(":", "-")
    simulator.edit_tags(APP, put=[tag(f"{signature}.att", 90, config=False, image="att")])
    before, whole = everything(simulator), Shelf(simulator, APP).everything("dev-multi")
    journal = tmp_path / "journal"
    deleted = clean(ansible, journal).result["outcome"]["counts"]["deleted"]
    assert deleted == 8
    text = journal.read_text()
    found = repeated(ansible, simulator, RESTORE, {"journal_path": str(journal)}, "tags")
    assert everything(simulator) == before
    assert Shelf(simulator, APP).everything("dev-multi") == whole
    assert journal.read_text() == text
    assert set(outcomes(found.run).values()) == {"written"}
    assert [each.result["msg"] for each in (found.check, found.run, found.again)] == [
        f"{deleted} of {deleted} tags are to be restored.",
        f"{deleted} of {deleted} tags were restored.",
        f"0 of {deleted} tags are to be restored.",
    ]
    assert found.run.result["counts"]["deleted"] == found.run.result["runs"][0]["tags"] == deleted
    assert set(reasons(found.again).values()) == {"present"}
    assert [row["journal"] for row in found.run.result["tags"]] == ["deleted"] * deleted
    assert "delete these tags again" in found.run.result["notes"][0]
    assert (found.run.result["notes"], found.again.result["notes"]) == (found.check.result["notes"], [])
    # Only names are written, what belongs to an image after it.
    put = [path.rpartition("/")[2] for path in asked(found.log, "PUT", "")]
    assert len(writes(found.log)) == len(put) == deleted
    order = [put.index(name) for name in ("dev-multi", f"{subject}.sig", f"{signature}.att")]
    assert order == sorted(order)
    # With a metadata database a tag that is put back is young.
    assert clean(ansible, journal).result["plan"]["totals"]["delete"] == (0 if mode == "M1" else deleted)


def test_a_choice_is_put_back(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    options = {"journal_path": str(journal), "repositories": ["team/app*"], "tags": ["dev-1", "dev-m.*"]}
    found = repeated(ansible, simulator, RESTORE, options, "tags")
    assert outcomes(found.run) == dict.fromkeys([f"{APP}:dev-1", f"{APP}:dev-multi", f"{WEB}:dev-1"], "written")
    assert everything(simulator)[TOOL] == {"main": before[TOOL]["main"]}
    assert set(everything(simulator)[APP]) == {"dev-1", "dev-multi", "v1"}
    simulator.clear_log()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"repositories": ["team/apps/*"]}, "repositories 'team/apps/*' matches no repository"),
        ({"tags": ["dev-1", "dev-7"]}, "tags 'dev-7' matches no tag"),
        ({"tags": ["dev-("]}, "tags 'dev-(' is not a valid RE2 pattern"),
        ({"repositories": ["registry.example.com:5000/team/app"]}, "begins with a host"),
        ({"return_limit": -1}, "return_limit is -1"),
    ]
    tasks = run_all(ansible, RESTORE, [{"journal_path": str(journal), **case} for case, _words in cases])
    for task, (_case, words) in zip(tasks, cases, strict=True):
        assert task.failed
        assert words in task.message, task.message
    assert simulator.counters()["total"] == 0


def test_one_run_of_many_is_chosen(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    first = clean(ansible, journal, group=None, project=["team/app"])
    second = clean(ansible, journal)
    nothing = clean(ansible, journal)
    assert nothing.result["changed"] is False
    runs = [json.loads(line) for line in journal.read_text().splitlines()]
    times = [row["time"] for row in runs if row["event"] == "start"]
    fingerprints = [task.result["plan"]["fingerprint"] for task in (first, second)]
    chosen = {
        "last": {f"{TOOL}:dev-9"},
        fingerprints[1]: {f"{TOOL}:dev-9"},
        fingerprints[0].removeprefix("sha256:")[:12]: {f"{APP}:dev-1", f"{APP}:dev-2", f"{WEB}:dev-1"},
        times[0]: {f"{APP}:dev-1", f"{APP}:dev-2", f"{WEB}:dev-1"},
    }
    for run, meant in chosen.items():
        task = ansible.module(RESTORE, {"journal_path": str(journal), "run": run, "tags": ["dev-[0-9]"]}, check=True)
        assert set(reasons(task)) == meant, run
    several, none = run_all(ansible, RESTORE, [{"journal_path": str(journal), "run": run} for run in ("20", "1999")])
    for task in (several, none):
        assert task.failed
        assert f"{times[1]} (plan {fingerprints[1][7:19]}, 1 tag)" in task.message
    assert "run '20' matches several runs" in several.message
    assert "run '1999' matches no run" in none.message
    back = ansible.module(RESTORE, {"journal_path": str(journal), "run": "all"})
    assert back.status == "ok", back.message
    assert everything(simulator) == before


def test_a_run_that_was_killed_is_undone(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    lines = journal.read_text().splitlines()
    # What came of the deletions was never noted, and the last line is torn.
    kept = [line for line in lines if json.loads(line)["event"] in ("start", "delete_requested")]
    journal.write_text("\n".join(kept) + '\n{"time": "2026-06')
    clean(ansible, journal, name_regex_delete="main", older_than="1d", min_remaining=0)
    assert TOOL in everything(simulator)
    last = ansible.module(RESTORE, {"journal_path": str(journal)}, check=True)
    assert set(reasons(last)) == {f"{TOOL}:main"}
    [warning] = last.result["warnings"]
    assert "did not end" in warning
    found = repeated(ansible, simulator, RESTORE, {"journal_path": str(journal), "run": "all"}, "tags")
    assert everything(simulator) == before
    assert {row["journal"] for row in found.run.result["tags"]} == {None, "deleted"}
    assert [run["ended"] for run in found.run.result["runs"]] == [False, True]


def edited(journal: Path, **changes: dict[str, Any]) -> None:
    """Change what a journal tells of tags, by their names."""
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    rows = [{**row, **changes.get(row.get("name", "").replace("-", "_"), {})} for row in rows]
    journal.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_what_is_there_is_left(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    edited(journal, dev_9={"digest": None})
    simulator.edit_tags(APP, put=[tag("dev-1", 1, image="pushed anew")])
    run_all(ansible, TAG, [{"repository": APP, "name": ["dev-2"], "source": before[APP]["dev-2"]}])
    pushed = everything(simulator)[APP]["dev-1"]
    check, run, again = run_all(
        ansible,
        RESTORE,
        [{"journal_path": str(journal)}, {"journal_path": str(journal)}] + [{"journal_path": str(journal)}],
    )
    assert reasons(check)[f"{TOOL}:dev-9"] == "no_digest"
    assert {reasons(task)[f"{APP}:dev-1"] for task in (check, run, again)} == {"replaced"}
    assert reasons(check)[f"{APP}:dev-2"] == "present"
    assert pushed in messages(check)[f"{APP}:dev-1"]
    assert any("pushed again meanwhile" in text and f"{APP}:dev-1" in text for text in check.result["warnings"])
    assert check.failed
    assert check.result["result"] == "partial"
    assert (
        "1 of 6 tags can't be restored (1 no_digest); first team/sub/tool:dev-9: the journal does not contain"
        in check.message
    )
    assert again.result["changed"] is False
    now = everything(simulator)
    assert now[APP] == {**before[APP], "dev-1": pushed}
    assert "dev-9" not in now[TOOL]


def test_what_was_collected_is_told_and_the_rest_is_put_back(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal, group=None, project=["team/app"])
    simulator.collect_garbage()
    clean(ansible, journal, project=["team/sub/tool"], group=None)
    options = {"journal_path": str(journal), "run": "all"}
    simulator.clear_log()
    check = ansible.module(RESTORE, options, check=True, diff=True)
    assert writes(simulator.requests()) == []
    run = ansible.module(RESTORE, options, diff=True)
    again = ansible.module(RESTORE, options, diff=True)
    for task in (check, run, again):
        assert task.failed
        assert task.result["result"] == "partial"
        assert "5 of 6 tags can't be restored (5 collected); first team/app:dev-1: " in task.message
        assert "garbage collection removed it" in task.message
    assert check.result["tags"] == run.result["tags"]
    assert check.result["diff"] == run.result["diff"]
    assert [task.result["changed"] for task in (check, run, again)] == [True, True, False]
    assert outcomes(run) == {f"{TOOL}:dev-9": "written"}
    assert everything(simulator)[TOOL] == before[TOOL]
    assert everything(simulator)[APP] == {"v1": before[APP]["v1"]}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_an_index_is_put_back_whole_or_not_at_all(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(fleet(mode))
    shelf, journal = Shelf(simulator, APP), tmp_path / "journal"
    [child] = [row["digest"] for row in shelf.manifest("dev-multi")["manifests"]]
    index = str(shelf.digest("dev-multi"))
    signed = shelf.upload(b"{}")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": signed, "size": 2},
        "layers": [],
        "subject": {"mediaType": INDEX, "digest": index, "size": 1},
    }
    referrer = shelf.put("dev-referrer", manifest)
    lines = [
        {"event": "start", "time": "2026-06-01T12:00:00.000Z", "server": simulator.url, "fingerprint": "sha256:1"},
        *(
            {"event": "delete_requested", "repository": APP, "name": name, "digest": digest}
            for name, digest in (("dev-referrer", referrer), ("dev-multi", index))
        ),
    ]
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    simulator.edit_tags(APP, remove=["dev-multi", "dev-referrer"])
    whole = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert whole.status == "ok", whole.message
    assert outcomes(whole) == {f"{APP}:dev-multi": "written", f"{APP}:dev-referrer": "written"}
    put = [path.rpartition("/")[2] for path in asked(simulator.requests(), "PUT", "/manifests/dev-")]
    assert put[-2:] == ["dev-multi", "dev-referrer"]
    simulator.edit_tags(APP, remove=["dev-multi", "dev-referrer"])
    gone = {"action": "status", "status": 404}
    unknown = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
    simulator.faults([{"path": f"/manifests/{child}$", **gone, "json": unknown}])
    task = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert reasons(task) == {f"{APP}:dev-multi": "incomplete", f"{APP}:dev-referrer": "deleted"}
    assert child in messages(task)[f"{APP}:dev-multi"]
    simulator.edit_tags(APP, remove=["dev-referrer"])
    simulator.faults([{"path": f"/manifests/{index}$", **gone, "json": unknown}])
    task = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert reasons(task) == {f"{APP}:dev-multi": "collected", f"{APP}:dev-referrer": "incomplete"}
    assert index in messages(task)[f"{APP}:dev-referrer"]
    assert "dev-multi" not in everything(simulator)[APP]


def test_rules_and_states_that_keep_from_pushing_are_told_before(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    journal = tmp_path / "journal"
    clean(ansible, journal)
    rule = {"tag_name_pattern": "^dev-1$", "minimum_access_level_for_push": "owner"}
    rule["minimum_access_level_for_delete"] = "owner"
    run_all(ansible, "registry_tag_protection", [{"project": [APP], "rules": [rule]}])
    meanwhile = {
        "set_project": {"path": TOOL, "archived": True},
        "set_repository": {"repository": WEB, "status": "delete_scheduled"},
    }
    simulator.faults([{"path": "/projects/", "first": 1, "action": "mutate", **meanwhile}])
    simulator.clear_log()
    check = ansible.module(RESTORE, {"journal_path": str(journal)}, check=True)
    assert writes(simulator.requests()) == []
    run = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert check.result["tags"] == run.result["tags"]
    assert check.message in run.message
    assert reasons(run) == {
        f"{APP}:dev-1": "protected",
        **dict.fromkeys([f"{APP}:dev-2", f"{APP}:dev-multi", f"{APP}:dev-list"], "deleted"),
        f"{WEB}:dev-1": "locked",
        f"{TOOL}:dev-9": "locked",
    }
    assert "archived" in messages(run)[f"{TOOL}:dev-9"]
    assert "GitLab is deleting repository" in messages(run)[f"{WEB}:dev-1"]
    assert "3 of 6 tags can't be restored (1 protected, 2 locked)" in run.message
    assert not asked(simulator.requests(), "PUT", "/dev-1")


def test_a_repository_that_can_not_be_read_holds_up_no_other_one(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    edited(journal, dev_9={"repository": "team/gone/tool"})
    simulator.faults([{"path": "/v2/team/app/web/", "action": "status", "status": 500}])
    task = ansible.module(RESTORE, {"journal_path": str(journal), "retries": 0})
    assert task.failed
    assert task.result["result"] == "partial"
    assert reasons(task)["team/gone/tool:dev-9"] == reasons(task)[f"{WEB}:dev-1"] == "unread"
    assert [row["repository"] for row in task.result["errors"]] == [WEB, "team/gone/tool"]
    assert "2 of 6 tags can't be restored (2 unread)" in task.message
    assert everything(simulator)[APP] == before[APP]
    alone = ansible.module(RESTORE, {"journal_path": str(journal), "repositories": ["team/gone/*"]})
    assert alone.failed
    assert alone.result["result"] == "failed"
    assert "none of the projects to which it may belong exists" in alone.message


def test_of_a_repository_that_gitlab_does_not_have_no_token_to_push_is_asked_for_in_check_mode(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    simulator.faults([{"path": "/projects/1/registry/repositories", "action": "status", "status": 200, "json": []}])
    options = {"journal_path": str(journal), "repositories": [WEB]}
    simulator.clear_log()
    check = ansible.module(RESTORE, options, check=True)
    assert reasons(check) == {f"{WEB}:dev-1": "deleted"}
    assert not [row for row in simulator.requests() if "push" in row["query"]]
    run = ansible.module(RESTORE, options)
    assert run.status == "ok", run.message
    assert everything(simulator)[WEB] == before[WEB]


def test_what_fails_half_way_is_told_and_stops_no_other_tag(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    failure = {"errors": [{"code": "UNKNOWN", "message": "disk full"}]}
    refusal = {"errors": [{"code": "PROTECTED_TAG", "message": "in the registry's words", "detail": {}}]}
    raced = {"repository": TOOL, "name": "dev-9", "digest": OTHER}
    simulator.faults(
        [
            {"method": "PUT", "path": "/app/manifests/dev-1$", "action": "status", "status": 500, "json": failure},
            {"method": "PUT", "path": "/dev-multi$", "action": "status", "status": 401, "json": refusal},
            {"method": "PUT", "path": "/dev-2$", "first": 1, "action": "reset_after"},
            {"method": "GET", "path": "/dev-9$", "nth": 1, "count": 1, "action": "mutate", "add_tag": raced},
        ]
    )
    task = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert task.failed
    assert (task.result["result"], task.result["changed"]) == ("partial", True)
    assert outcomes(task) == {
        f"{APP}:dev-1": "not_written",
        f"{APP}:dev-2": "written",
        f"{APP}:dev-list": "written",
        f"{APP}:dev-multi": "not_written",
        f"{TOOL}:dev-9": "changed_since",
        f"{WEB}:dev-1": "written",
    }
    told = {row["name"]: row["message"] for row in task.result["outcome"]["tags"] if row["repository"] == APP}
    assert "disk full" in told["dev-1"]
    assert "needs a higher role" in told["dev-multi"]
    assert "3 of 6 tags were restored; team/app:dev-1 is not_written: " in task.message
    assert any(OTHER in text for text in task.result["warnings"])
    assert everything(simulator)[TOOL]["dev-9"] == OTHER
    simulator.clear_faults()
    again = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert again.status == "ok", again.message
    assert outcomes(again) == {f"{APP}:dev-1": "written", f"{APP}:dev-multi": "written"}
    assert everything(simulator)[APP] == before[APP]


TROUBLE: list[dict[str, Any]] = [
    {"action": "status", "status": 500, "json": {}},
    {"action": "status", "status": 404, "json": {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}},
    {"action": "status", "status": 404, "body_text": "<html>", "headers": {"Content-Type": "text/html"}},
    {"action": "status", "status": 401, "json": {"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}},
    {"action": "status", "status": 429, "json": {"errors": [{"code": "TOOMANYREQUESTS", "message": "wait"}]}},
    {"action": "status", "status": 200, "json": {"name": APP, "tags": []}},
    {"action": "reset_before"},
    {"action": "reset_after"},
]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_registry_answers_nothing_is_overwritten_and_nothing_untrue_is_told(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, seed: int
) -> None:
    simulator.load(fleet("M1" if seed % 2 else "M2"))
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    chance = random.Random(seed)
    pushed = {"repository": APP, "name": "dev-2", "digest": OTHER}
    faults: list[dict[str, Any]] = [
        {"path": "/v2/", "nth": chance.randrange(1, 20), "action": "mutate", "count": 1, "add_tag": pushed}
    ]
    for _number in range(5):
        path = chance.choice(["/v2/", "/manifests/", "/tags/list", "/jwt/auth", "/dev-1$"])
        faults.append({"path": path, "nth": chance.randrange(1, 12), "count": 1, **chance.choice(TROUBLE)})
    simulator.faults(faults)
    task = ansible.module(RESTORE, {"journal_path": str(journal), "retries": 0, "concurrency": 1})
    assert task.result["result"] in ("ok", "partial", "failed")
    assert "please report it" not in task.message
    now = everything(simulator)
    for path, tags in now.items():
        for name, digest in tags.items():
            assert digest in (before[path][name], OTHER)
    for row in (task.result.get("outcome") or {}).get("tags", ()):
        if row["outcome"] == "written":
            assert now[row["repository"]][row["name"]] == before[row["repository"]][row["name"]]
    simulator.clear_faults()
    again = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert again.status == "ok", again.message
    left = everything(simulator)
    assert left == {**before, APP: {**before[APP], "dev-2": left[APP]["dev-2"]}}


def test_a_run_that_changes_nothing_says_so(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    journal = tmp_path / "journal"
    clean(ansible, journal)
    refusal = {"errors": [{"code": "IMMUTABLE_TAG", "message": "in the registry's words", "detail": {}}]}
    simulator.faults([{"method": "PUT", "action": "status", "status": 401, "json": refusal}])
    task = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert (task.result["result"], task.result["changed"]) == ("partial", False)
    assert set(outcomes(task).values()) == {"not_written"}


def test_what_the_registry_took_and_does_not_show_is_unverified(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    simulator.faults([{"method": "HEAD", "path": "/dev-9$", "nth": 1, "count": 9, "action": "status", "status": 500}])
    task = ansible.module(RESTORE, {"journal_path": str(journal), "retries": 0})
    assert task.failed
    assert task.result["result"] == "partial"
    assert outcomes(task)[f"{TOOL}:dev-9"] == "unverified"
    assert "5 of 6 tags were restored; team/sub/tool:dev-9 is unverified: " in task.message
    assert everything(simulator) == before


START = {"event": "start", "time": "2026-06-01T12:00:00.000Z", "server": "URL", "fingerprint": "sha256:1"}
REQUESTED = {"event": "delete_requested", "repository": APP, "name": "dev-1", "digest": OTHER}
HOSTILE: list[tuple[list[Any], str]] = [
    ([], "contains no run"),
    ([{"event": "end"}], "contains no run"),
    ([{"event": "end"}, []], "Line 2 of journal_path is not from a cleanup"),
    ([1], "Line 1 of journal_path is not from a cleanup"),
    (["text"], "Line 1 of journal_path is not from a cleanup"),
    ([None], "Line 1 of journal_path can't be read"),
    ([REQUESTED], "Line 1 of journal_path comes before the start of a run"),
    ([{**START, "server": "https://other.example"}, REQUESTED], "contains only runs on https://other.example"),
    ([{**START, "server": None}], "Line 1 of journal_path has no valid server"),
    ([{**START, "time": "\u001b[2J"}], "has no valid time"),
    ([{**START, "fingerprint": "f" * 300}], "has no valid fingerprint"),
    ([{**START, "approved": 7}], "has no valid approved"),
    ([START, {**REQUESTED, "repository": "../../api/v4"}], "'../../api/v4', which is not the path of a repository"),
    ([START, {**REQUESTED, "repository": "Team/App"}], "which is not the path of a repository"),
    ([START, {**REQUESTED, "repository": ["team/app"]}], "which is not the path of a repository"),
    ([START, {**REQUESTED, "name": "sha256:" + "a" * 64}], "which is not the name of a tag"),
    ([START, {**REQUESTED, "name": "a\u001b[31mb"}], "'a [31mb', which is not the name of a tag"),
    ([START, {**REQUESTED, "name": 7}], "'7', which is not the name of a tag"),
    ([START, {**REQUESTED, "digest": "latest"}], "'latest', which is not a digest"),
    (
        [START, REQUESTED, {**REQUESTED, "event": "outcome", "outcome": "eaten"}],
        "'eaten', which is not an outcome of a tag",
    ),
    ([START, "x" * (1024 * 1024)], "Line 2 of journal_path is longer than 1048576 characters"),
]


def test_a_journal_that_no_cleanup_wrote_is_refused_in_words(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    simulator.clear_log()
    cases = []
    for number, (rows, _words) in enumerate(HOSTILE):
        path = tmp_path / f"journal-{number}"
        path.write_text("".join(json.dumps(row).replace('"URL"', f'"{simulator.url}"') + "\n" for row in rows))
        cases.append({"journal_path": str(path)})
    junk = tmp_path / "junk"
    junk.write_bytes(bytes(range(256)) * 40 + b"[" * 100_000)
    words = [words for _rows, words in HOSTILE]
    more = [
        (junk, "can't be read, and may be about a tag"),
        (tmp_path / "nowhere", "nowhere does not exist"),
        (tmp_path, "is a folder"),
    ]
    for file, text in more:
        cases.append({"journal_path": str(file)})
        words.append(text)
    cases.append({"journal_path": ""})
    words.append("journal_path")
    for task, text in zip(run_all(ansible, RESTORE, cases), words, strict=True):
        assert task.failed
        assert text in task.message, task.message
        assert task.result.get("changed") is not True
        assert "\u001b" not in task.message
    assert simulator.counters()["total"] == 0


def test_a_journal_of_a_run_that_deleted_nothing_is_no_failure(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    journal = tmp_path / "journal"
    journal.write_text(json.dumps({**START, "server": simulator.url}) + "\n")
    simulator.clear_log()
    task = ansible.module(RESTORE, {"journal_path": str(journal)})
    assert (task.status, task.result["changed"], task.result["tags"]) == ("ok", False, [])
    assert simulator.counters()["total"] == 0


@pytest.mark.parametrize("token", ["glpat-reader", "glpat-guest", "glpat-expired"])
def test_who_may_not_push_is_told_before(ansible: Ansible, simulator: Simulator, tmp_path: Path, token: str) -> None:
    simulator.load(fleet())
    journal = tmp_path / "journal"
    clean(ansible, journal)
    simulator.clear_log()
    for check in (True, False):
        task = ansible.module(RESTORE, {"journal_path": str(journal), "api_token": token}, check=check)
        assert task.failed
        assert task.result["result"] in ("failed", "partial")
        assert task.result["changed"] is False
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_check_mode_knows_that_the_registry_only_reads(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(fleet(mode))
    journal = tmp_path / "journal"
    clean(ansible, journal)
    read_only = {"set_registry": {"read_only": True}}
    simulator.faults([{"path": "/projects/", "first": 1, "action": "mutate", **read_only}])
    simulator.clear_log()
    for check in (True, False):
        task = ansible.module(RESTORE, {"journal_path": str(journal)}, check=check)
        assert (task.result["result"], task.result["changed"]) == ("failed", False)
        assert "Could not restore tags in registry" in task.message
        assert "the registry is in read-only mode" in task.message
    assert simulator.counters()["writes"] == 0


def test_a_developer_and_a_job_put_back(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    options = {"journal_path": str(journal)}
    job = ansible.module(RESTORE, {**options, "api_job_token": "job-token", "repositories": ["team/app*"]})
    assert job.status == "ok", job.message
    developer = ansible.module(RESTORE, {**options, "api_token": "glpat-dev"})
    assert developer.status == "ok", developer.message
    assert everything(simulator) == before


def test_a_token_that_reads_and_a_login_for_the_registry_put_back(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(fleet())
    before, journal = everything(simulator), tmp_path / "journal"
    clean(ansible, journal)
    login = {"api_token": "glpat-reader", "registry_username": "ops", "registry_password": TOKEN}
    found = repeated(ansible, simulator, RESTORE, {"journal_path": str(journal), **login}, "tags")
    assert set(outcomes(found.run).values()) == {"written"}
    assert everything(simulator) == before


@pytest.mark.parametrize("number", [0, 1])
def test_the_playbooks_of_the_page_undo_a_cleanup(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, number: int
) -> None:
    scenario = fleet(object_storage=True)
    scenario["projects"].append({"id": 4, "path": "team/plans"})
    simulator.load(scenario)
    before, journal = everything(simulator), tmp_path / "team.journal"
    clean(ansible, journal, journal_package={"project": "team/plans", "version": "1187"})
    page = (Path(__file__).resolve().parents[2] / "docs" / "undo.md").read_text()
    text = page.split("```yaml\n")[1 + number].partition("```")[0]
    text = text.replace("/plans/team.journal", str(journal)).replace("/tmp/undo.journal", str(tmp_path / "fetched"))
    [play] = yaml.safe_load(text)
    path = ansible.folder / "undo.yml"
    path.write_text(json.dumps([{**play, "connection": "local"}]))
    check = ansible.play(path, "--check", "--diff")
    assert check.code == 0, check.output
    assert f"+dev-9 {before[TOOL]['dev-9']}" in check.output
    assert everything(simulator) != before
    run = ansible.play(path, "--diff")
    assert run.code == 0, run.output
    assert everything(simulator) == before


def test_the_documentation_is_true(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    journal = tmp_path / "journal.jsonl"
    clean(ansible, journal)
    options = {"journal_path": str(journal)}
    check, run, cut = ansible.steps(
        [
            {"name": "Check", "containerops.gitlab.registry_restore": options, "check_mode": True},
            {"name": "Run", "containerops.gitlab.registry_restore": options},
            {"name": "Cut", "containerops.gitlab.registry_restore": {**options, "return_limit": 1}},
        ]
    )
    assert cut.result["truncated"] is True
    assert len(cut.result["tags"]) == 1
    denied = ansible.module(RESTORE, {**options, "api_token": "glpat-guest"})
    assert_documented(RESTORE, [check, run, cut, denied])


@pytest.mark.versions
def test_the_examples_run_and_no_token_is_shown(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    journal = ansible.folder / "journal.jsonl"
    clean(ansible, journal)
    day = json.loads(journal.read_text().splitlines()[0])["time"][:10]
    examples = documentation(RESTORE, "EXAMPLES")
    examples[-1][f"containerops.gitlab.{RESTORE}"]["run"] = day
    run = ansible.tasks(examples, "-vvv", "--diff")
    assert run.code == 0, run.output
    assert [task.status for task in run.tasks] == ["ok"] * len(examples)
    assert TOKEN not in run.output
    assert "eyJ" not in run.output
    assert simulator.state() == {path: sorted(names) for path, names in everything(simulator).items()}
