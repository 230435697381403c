# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures and other tags that belong to an image, through the whole collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import Shelf, asked, repeated, run_all, writes
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.integration.test_what_is_in_use import reasons
from tests.simulator.contents import IMAGE, INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
PARAMS: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d"}
CHILD = {"platform": "linux/amd64", "image": "inside", "size": 7, "config_created": days_ago(90)}


def load(simulator: Simulator, mode: str = "M1") -> dict[str, str]:
    """A repository with an image that goes, one that stays, an index of each kind, and what signs them by their names.

    Gives the names of the signatures by what they sign.
    """
    tags = [
        tag("dev-1", 90),
        tag("dev-2", 2),
        tag("dev-index", 90, media_type=INDEX, children=[CHILD]),
        tag("v1", 400, media_type=INDEX, children=[{**CHILD, "image": "kept inside"}]),
        tag("dev-inside", 90, image="inside", size=7),
        tag("dev-kept-inside", 90, image="kept inside", size=7),
    ]
    simulator.load(server([repository(100, "team/app", "", tags)], mode=mode))
    digests = {row["name"]: row["digest"] for row in simulator.tags("team/app")}
    names = {name: digest.replace(":", "-") + ".sig" for name, digest in digests.items()}
    orphan = "sha256-" + "f" * 64 + ".att"
    signatures = [tag(name, 90) for name in [*names.values(), orphan]]
    simulator.edit_tags("team/app", put=signatures)
    return {**names, "nothing": orphan}


def fates_of(task: Task) -> dict[str, str]:
    """What became of each planned tag."""
    outcome = task.result["outcome"]
    return {row["name"]: kind for kind in outcome["counts"] for row in outcome[kind]}


EXPECTED = {
    "dev-1": "with_subject",
    "dev-2": "signature",
    "dev-index": "with_subject",
    "v1": "signature",
    "dev-inside": "with_subject",
    "dev-kept-inside": "signature",
    "nothing": "orphan",
}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_signatures_go_after_their_images(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    names = load(simulator, mode)
    found = repeated(ansible, simulator, MODULE, PARAMS, "plan")
    told = reasons(found.run)
    assert {what: told[name] for what, name in names.items()} == EXPECTED
    left = {row["name"] for row in simulator.tags("team/app")}
    gone = {"dev-1", "dev-index", "dev-inside"}
    assert gone | {names[each] for each in gone} | {"dev-kept-inside"} == set(fates_of(found.run))
    assert {names[each] for each in ("dev-2", "v1", "dev-kept-inside", "nothing")} <= left
    # The registry itself is asked for what the two indexes hold, and for nothing else with a metadata database.
    if mode == "M1":
        assert len(asked(found.log, "GET", "/manifests/")) == 2


def test_where_the_registry_cannot_be_asked_signatures_may_belong_to_an_index(
    ansible: Ansible, simulator: Simulator
) -> None:
    names = load(simulator)
    simulator.faults([{"kind": "token", "action": "status", "status": 403}])
    [check] = run_all(ansible, MODULE, [PARAMS], check_mode=True)
    told = reasons(check)
    assert told[names["dev-1"]] == told[names["nothing"]] == "unknown_subject"
    assert told[names["dev-2"]] == "signature"
    assert told["dev-1"] == "expired"


def test_orphans_are_collected_on_request(ansible: Ansible, simulator: Simulator) -> None:
    names = load(simulator)
    untagged = next(row["digest"] for row in simulator.tags("team/app") if row["name"] == "dev-2")
    simulator.edit_tags("team/app", remove=["dev-2"])
    found = repeated(ansible, simulator, MODULE, {**PARAMS, "signatures": "collect"}, "plan")
    told = reasons(found.run)
    assert told[names["nothing"]] == "orphaned"
    # An image without a tag is still an image.
    assert untagged.replace(":", "-") + ".sig" == names["dev-2"]
    assert told[names["dev-2"]] == "orphan"
    assert fates_of(found.run)[names["nothing"]] == "deleted"


def test_they_stay_where_they_are_told_to(ansible: Ansible, simulator: Simulator) -> None:
    names = load(simulator)
    keep, bulk, protected = run_all(
        ansible,
        MODULE,
        [
            {**PARAMS, "signatures": "keep"},
            {**PARAMS, "delete_via": "bulk"},
            {**PARAMS, "protect": [names["dev-1"].replace(".", "[.]")]},
        ],
        check_mode=True,
    )
    for task in (keep, bulk):
        assert {reasons(task)[name] for name in names.values()} == {"signature"}
    assert reasons(protected)[names["dev-1"]] == "protected"
    [both] = run_all(ansible, MODULE, [{**PARAMS, "delete_via": "bulk", "signatures": "collect"}])
    assert both.failed
    assert "signatures collect can't be used with delete_via bulk" in both.message


def test_a_signature_stays_when_its_image_does_not_go_after_all(ansible: Ansible, simulator: Simulator) -> None:
    names = load(simulator)
    again = {"repository": "team/app", **tag("dev-1", 0, digest="sha256:" + "9" * 64)}
    guard = {"kind": "graphql", "body": "name digest publishedAt protection", "first": 1}
    simulator.faults([{**guard, "action": "mutate", "set_tag": again}])
    [run] = run_all(ansible, MODULE, [PARAMS])
    fates = fates_of(run)
    assert fates["dev-1"] == fates[names["dev-1"]] == "changed_since"
    assert fates["dev-index"] == "deleted"
    # What dev-1 is by now may be an index that holds the image of this one.
    assert fates[names["dev-index"]] == "changed_since"
    messages = {row["name"]: row["message"] for row in run.result["outcome"]["changed_since"]}
    assert "belongs to dev-1" in messages[names["dev-1"]]
    assert "dev-1 points to another image since the plan was made" in messages[names["dev-index"]]


def test_a_signature_stays_when_a_new_tag_may_be_its_image(ansible: Ansible, simulator: Simulator) -> None:
    names = load(simulator)
    new = {"repository": "team/app", **tag("new", 0)}
    pushed = {"action": "mutate", "when": "after", "add_tag": new}
    simulator.faults([{"kind": "graphql", "body": "destroyContainer", "first": 1, **pushed}])
    [run] = run_all(ansible, MODULE, [PARAMS])
    fates = fates_of(run)
    assert fates["dev-1"] == "deleted"
    assert {fates[names[each]] for each in ("dev-1", "dev-index", "dev-inside")} == {"changed_since"}


def test_what_a_killed_run_left_goes_in_the_next_one(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    names = load(simulator)
    journal = tmp_path / "journal.jsonl"
    # The second deletion, that of the signatures, never comes to be.
    stop = {"kind": "graphql", "body": "destroyContainer", "nth": 2, "action": "status", "status": 401}
    simulator.faults([stop])
    [first] = run_all(ansible, MODULE, [{**PARAMS, "journal_path": str(journal)}])
    assert first.failed
    # As a kill leaves it: without its end.
    lines = [
        line
        for line in journal.read_text().splitlines()
        if json.loads(line)["event"] in ("start", "following", "delete_requested")
    ]
    journal.write_text("".join(f"{line}\n" for line in lines))
    simulator.clear_faults()
    [plain, again] = run_all(ansible, MODULE, [PARAMS, {**PARAMS, "journal_path": str(journal)}], check_mode=True)
    assert reasons(plain)[names["dev-1"]] == "signature"
    # What a journal says is no proof: the images are there, although no tag leads to them.
    assert again.result["changed"] is False
    simulator.collect_garbage()
    [again] = run_all(ansible, MODULE, [{**PARAMS, "journal_path": str(journal)}], check_mode=True)
    gone = {names[each] for each in ("dev-1", "dev-index", "dev-inside")}
    assert {row["name"] for row in again.result["plan"]["delete"]} == gone
    [last] = run_all(ansible, MODULE, [{**PARAMS, "journal_path": str(journal)}])
    assert fates_of(last) == dict.fromkeys(gone, "deleted"), last.result["outcome"]


def test_an_approved_plan_without_the_image_is_none_for_its_signature(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    names = load(simulator)
    path = tmp_path / "plan.jsonl"
    [audit] = run_all(ansible, MODULE, [{**PARAMS, "plan_path": str(path)}], check_mode=True)
    approved = {"approved_plan_path": str(path), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    simulator.edit_tags("team/app", put=[tag("dev-copy", 80, digest=reversed_name(names["dev-1"]))])
    [run] = run_all(ansible, MODULE, [{**PARAMS, **approved}])
    kinds = {row["name"]: (row["kind"], row["reason"]) for row in run.result["plan"]["approved"]["drift"]}
    assert kinds == {"dev-copy": ("new", None), names["dev-1"]: ("kept", "signature")}
    assert names["dev-1"] in {row["name"] for row in simulator.tags("team/app")}


def reversed_name(signature: str) -> str:
    return "sha256:" + signature[7:71]


def test_tags_of_one_image_stay_together(ansible: Ansible, simulator: Simulator) -> None:
    pairs = [("dev-1", "a"), ("v1", "a"), ("dev-2", "b"), ("dev-3", "c"), ("dev-4", "c"), ("dev-5", "d")]
    tags = [tag(name, 90, image=image) for name, image in pairs]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    found = repeated(ansible, simulator, MODULE, {**PARAMS, "shared_digest": "keep_together"}, "plan")
    told = reasons(found.run)
    assert (told["dev-1"], told["dev-2"]) == ("shared_digest", "expired")
    assert len(writes(found.log)) == 1


def test_a_tag_that_names_its_subject_never_goes_before_it(ansible: Ansible, simulator: Simulator) -> None:
    tags = [tag("dev-1", 90), tag("dev-2", 2), tag("v1", 400), tag("v2", 400, media_type=INDEX, children=[CHILD])]
    simulator.load(server([repository(100, "team/app", "", tags)], mode="M2"))
    shelf = Shelf(simulator, "team/app")
    for name in ("dev-1", "dev-2"):
        digest = shelf.digest(name)
        # Its own config is that of an old image, so that it is old itself.
        bill = {**shelf.manifest("dev-1"), "subject": {"mediaType": IMAGE, "digest": digest, "size": 1}}
        shelf.put(f"{name}-sbom", bill)
    found = repeated(ansible, simulator, MODULE, PARAMS, "plan")
    told = reasons(found.run)
    assert {name: told[name] for name in ("dev-1", "dev-1-sbom", "dev-2", "dev-2-sbom")} == {
        "dev-1": "expired",
        "dev-1-sbom": "expired",
        "dev-2": "too_young",
        "dev-2-sbom": "referrer",
    }
