# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names for images: what a tag is meant to be it is afterwards, or nothing is claimed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import Shelf, asked, outcomes, refused, repeated, run_all, writes
from tests.integration.scenarios import repository, server, tag
from tests.simulator.contents import DOCKER_LIST, INDEX
from tests.simulator.harness import Simulator

TAG = "registry_tag"
APP, TOOL = "team/app", "team/sub/tool"
OTHER = "sha256:" + "d" * 64


def shelves(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    """Images of every kind in team/app, and two tags in team/sub/tool."""
    tags = [
        tag("v1", 30, image="one"),
        tag("v2", 20, image="two"),
        tag("multi", 20, media_type=INDEX),
        tag("list", 20, media_type=DOCKER_LIST),
    ]
    return server(
        [repository(100, APP, "", tags), repository(102, TOOL, "", [tag("old", 90), tag("main", 10)])],
        mode=mode,
        **changes,
    )


def sign(simulator: Simulator, path: str, digest: str, kind: str = "sig") -> str:
    """Put what cosign would keep of an image beside it, and give the name of that tag."""
    name = f"{digest.replace(':', '-')}.{kind}"
    simulator.edit_tags(path, put=[tag(name, 10, config=False, image=name)])
    return name


def promotion(**changes: Any) -> dict[str, Any]:
    return {"repository": TOOL, "name": ["prod"], "source_repository": APP, "source": "v1", **changes}


def deletion(*names: str, **changes: Any) -> dict[str, Any]:
    return {"repository": APP, "name": list(names), "state": "absent", **changes}


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_an_image_gets_more_names_in_its_repository(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(shelves(mode))
    found = repeated(
        ansible,
        simulator,
        TAG,
        {"repository": "Team/App/", "name": ["stable", "multi", "stable"], "source": "multi"},
        "tags",
    )
    app = Shelf(simulator, APP)
    digest = app.digest("multi")
    assert found.run.result["repository"] == APP
    assert found.run.result["tags"] == [
        {"name": "stable", "before": None, "after": digest, "action": "create", "referrer": False},
        {"name": "multi", "before": digest, "after": digest, "action": "none", "referrer": False},
    ]
    assert outcomes(found.run) == {"stable": "written"}
    assert [row["action"] for row in found.again.result["tags"]] == ["none", "none"]
    assert simulator.state() == {APP: ["list", "multi", "stable", "v1", "v2"], TOOL: ["main", "old"]}
    assert app.digest("stable") == digest
    # Nothing but the one manifest is written where the image is there already.
    assert asked(found.log, "PUT", "") == [f"/v2/{APP}/manifests/stable"]
    assert asked(found.log, "POST", "") == []


@pytest.mark.parametrize("mount", ["ok", "refused"])
@pytest.mark.parametrize(("mode", "source"), [("M1", "multi"), ("M2", "list")])
def test_an_image_is_promoted_whole_with_its_signatures(
    ansible: Ansible, simulator: Simulator, mode: str, source: str, mount: str
) -> None:
    simulator.load(shelves(mode, registry={"mount": mount}))
    app = Shelf(simulator, APP)
    digest = str(app.digest(source))
    signature = sign(simulator, APP, digest)
    attested = sign(simulator, APP, app.manifest(source)["manifests"][0]["digest"], "att")
    sign(simulator, APP, str(app.digest("v1")))
    options = promotion(name=["prod", "v1.0"], source=source, copy_referrers=True)
    found = repeated(ansible, simulator, TAG, options, "tags")

    referrers = sorted([signature, attested])
    rows = found.run.result["tags"]
    assert [(row["name"], row["referrer"]) for row in rows] == [
        *((name, True) for name in referrers),
        ("prod", False),
        ("v1.0", False),
    ]
    assert {row["action"] for row in rows} == {"create"}
    assert outcomes(found.run) == dict.fromkeys([*referrers, "prod", "v1.0"], "written")
    assert simulator.state()[TOOL] == sorted(["main", "old", "prod", "v1.0", *referrers])
    tool = Shelf(simulator, TOOL)
    assert tool.digest("prod") == tool.digest("v1.0") == digest
    assert tool.everything("prod") == app.everything(source)
    for name in referrers:
        assert tool.digest(name) == app.digest(name)
        assert tool.everything(name) == app.everything(name)
    uploads = asked(found.log, "PUT", "/blobs/uploads/")
    assert asked(found.log, "GET", "/blobs/") == [] or mount == "refused"
    assert bool(uploads) is (mount == "refused")
    # The image itself is named last, when all that belongs to it is there.
    assert [path.rpartition("/")[2] for path in asked(found.log, "PUT", "/manifests/")][-2:] == ["prod", "v1.0"]


def test_a_developer_promotes_into_a_repository_that_is_not_there_yet(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    options = promotion(repository="team/sub/tool/production", api_token="glpat-dev")
    found = repeated(ansible, simulator, TAG, options, "tags")
    assert found.run.result["repository"] == "team/sub/tool/production"
    assert simulator.state()["team/sub/tool/production"] == ["prod"]
    assert Shelf(simulator, "team/sub/tool/production").everything("prod") == Shelf(simulator, APP).everything("v1")


def test_another_image_is_left_alone_unless_forced(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    digests = {row["name"]: row["digest"] for row in simulator.tags(APP)}
    options = {"repository_id": 100, "name": ["fresh", "v2"], "source": "v1"}
    [task] = refused(ansible, simulator, TAG, options)
    assert f"{APP}:v2 already points to {digests['v2']} and would point to {digests['v1']}" in task.message
    assert "force allows it" in task.message
    found = repeated(ansible, simulator, TAG, {**options, "force": True}, "tags")
    assert [row["action"] for row in found.run.result["tags"]] == ["create", "overwrite"]
    assert [row["before"] for row in found.run.result["tags"]] == [None, digests["v2"]]
    assert digests["v2"] in found.run.result["diff"][1]["before"]
    now = {row["name"]: row["digest"] for row in simulator.tags(APP)}
    assert now["v1"] == now["v2"] == now["fresh"] == digests["v1"]
    assert now["multi"] == digests["multi"]


def test_a_tag_that_others_moved_meanwhile_is_left_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    again = {"method": "HEAD", "nth": 2, "count": 1, "action": "mutate"}
    simulator.faults(
        [
            {**again, "path": "/manifests/main$", "set_tag": {"repository": TOOL, "name": "main", "digest": OTHER}},
            {**again, "path": "/manifests/old$", "remove_tag": {"repository": TOOL, "name": "old"}},
            {
                **again,
                "method": "GET",
                "path": "/manifests/new$",
                "add_tag": {"repository": TOOL, "name": "new", "digest": OTHER},
            },
        ]
    )
    task = ansible.module(TAG, promotion(name=["main", "old", "new", "prod"], force=True))
    assert task.failed
    assert task.result["result"] == "partial"
    assert task.result["changed"] is True
    assert outcomes(task) == {
        "main": "changed_since",
        "old": "changed_since",
        "new": "changed_since",
        "prod": "written",
    }
    messages = {row["name"]: row["message"] for row in task.result["outcome"]}
    assert OTHER in messages["main"]
    assert "None" not in messages["old"]
    assert "1 of 4 tags were written" in task.message
    now = {row["name"]: row["digest"] for row in simulator.tags(TOOL)}
    assert now["main"] == now["new"] == OTHER
    assert "old" not in now
    assert now["prod"] == simulator.tags(APP)[[row["name"] for row in simulator.tags(APP)].index("v1")]["digest"]


def test_an_image_is_not_named_when_its_signature_is_another_one_by_now(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    signature = sign(simulator, APP, str(Shelf(simulator, APP).digest("v1")))
    moved = {"repository": TOOL, "name": signature, "digest": OTHER}
    simulator.faults(
        [
            {
                "method": "GET",
                "path": r"tool/manifests/.*\.sig$",
                "nth": 2,
                "count": 1,
                "action": "mutate",
                "add_tag": moved,
            }
        ]
    )
    task = ansible.module(TAG, promotion(copy_referrers=True))
    assert task.failed
    assert outcomes(task) == {signature: "changed_since", "prod": "not_tried"}
    assert "prod" not in simulator.state()[TOOL]


def test_what_fails_half_way_ends_it_and_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves(registry={"mount": "refused"}))
    failure = {"action": "status", "status": 500, "json": {"errors": [{"code": "UNKNOWN", "message": "disk full"}]}}
    simulator.faults(
        [
            {"method": "PUT", "path": "/manifests/second$", **failure},
            {"method": "PUT", "path": "/team/sub/tool/blobs/uploads/", "query": "digest=", "nth": 4, **failure},
        ]
    )
    names = ["first", "second", "third"]
    middle, upload = run_all(ansible, TAG, [promotion(name=names), promotion(name=["fourth", "fifth"], source="multi")])
    for task in (middle, upload):
        assert task.failed
        assert task.result["result"] == "partial"
        assert task.result["changed"] is True
        assert "disk full" in task.message
    assert outcomes(middle) == {"first": "written", "second": "not_written", "third": "not_tried"}
    assert "1 of 3 tags were written; team/sub/tool:second was not" in middle.message
    assert outcomes(upload) == {"fourth": "not_written", "fifth": "not_tried"}
    assert simulator.state()[TOOL] == ["first", "main", "old"]
    simulator.clear_faults()
    found = repeated(ansible, simulator, TAG, promotion(name=names), "tags")
    assert outcomes(found.run) == {"second": "written", "third": "written"}


def test_a_signature_that_fails_keeps_its_image_from_being_named(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves("M2"))
    signature = sign(simulator, APP, str(Shelf(simulator, APP).digest("v1")))
    simulator.faults([{"method": "PUT", "path": r"\.sig$", "action": "status", "status": 500}])
    task = ansible.module(TAG, promotion(copy_referrers=True))
    assert task.failed
    assert outcomes(task) == {signature: "not_written", "prod": "not_tried"}
    assert simulator.state()[TOOL] == ["main", "old"]


def test_lost_answers_and_tokens_that_run_out_are_no_failures(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves(registry={"mount": "refused", "token_lifetime": 2}))
    simulator.latency(registry=0.15)
    challenge = f'Bearer realm="{simulator.url}/jwt/auth",service="container_registry",error="invalid_token"'
    expired = {"action": "status", "status": 401, "headers": {"WWW-Authenticate": challenge}, "json": {"errors": []}}
    simulator.faults(
        [
            {"method": "PUT", "path": "/manifests/prod$", "first": 1, "action": "reset_after"},
            {"method": "PUT", "path": "/manifests/v1.0$", "first": 1, **expired},
            {"method": "POST", "path": "/blobs/uploads/$", "first": 1, **expired},
            {"method": "PUT", "path": "/blobs/uploads/", "first": 1, "action": "reset_before"},
        ]
    )
    task = ansible.module(TAG, promotion(name=["prod", "v1.0"], source="multi"))
    assert task.status == "ok", task.message
    assert outcomes(task) == {"prod": "written", "v1.0": "written"}
    tokens = [entry["query"] for entry in simulator.requests() if entry["kind"] == "token"]
    assert len(tokens) > len(set(tokens))
    simulator.clear_faults()
    assert Shelf(simulator, TOOL).everything("prod") == Shelf(simulator, APP).everything("multi")


def test_tokens_that_are_never_good_end_it(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves(registry={"token_lifetime": -10}))
    task = ansible.module(TAG, promotion())
    assert task.failed
    assert task.result["result"] == "failed"
    assert task.result["error"]["status"] == 401
    assert simulator.counters()["total"] < 20
    assert simulator.state()[TOOL] == ["main", "old"]


def test_a_deleted_tag_comes_back_until_garbage_is_collected(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    app = Shelf(simulator, APP)
    digest = str(app.digest("multi"))
    whole = app.everything("multi")
    restore = {"repository": APP, "name": ["multi"], "source": digest}
    gone, back = run_all(ansible, TAG, [deletion("multi", digest=digest), restore])
    assert outcomes(gone) == {"multi": "deleted"}
    assert gone.result["tags"][0]["before"] == digest
    assert back.status == "ok", back.message
    assert back.result["tags"][0]["action"] == "create"
    assert app.digest("multi") == digest
    assert app.everything("multi") == whole
    simulator.edit_tags(APP, remove=["multi"])
    simulator.collect_garbage()
    task = ansible.module(TAG, restore)
    assert task.failed
    assert task.result["result"] == "failed"
    assert task.result["error"]["kind"] == "not_found"
    assert "no longer has this image" in task.message
    assert "garbage collection" in task.message
    assert "multi" not in simulator.state()[APP]


ANSWERED: list[tuple[dict[str, Any], list[str]]] = [
    (promotion(repository="team/nothing/prod"), ["team/nothing/prod", "none of the projects"]),
    ({**promotion(), "repository": None, "repository_id": 999}, ["repository 999", "404"]),
    (promotion(source="v9"), ["team/app:v9", "does not have this image"]),
    (promotion(source="sha256:" + "0" * 64), ["team/app@sha256:000", "no longer has this image"]),
    (promotion(source_repository="team/app/nothing"), ["team/app/nothing:v1", "does not have this image"]),
    (promotion(source_repository="team/nothing"), ["no pull on team/nothing", "project may not exist"]),
    (promotion(api_token="glpat-guest"), ["role"]),
    (promotion(api_token="glpat-reader"), ["no pull on team/app", "Reporter and read_registry"]),
    (promotion(api_token="glpat-expired"), ["401"]),
    (promotion(registry_username="ops", registry_password="wrong"), ["HTTP Basic: Access denied"]),
    (deletion("v1", repository="team/nothing"), ["team/nothing", "none of the projects"]),
    (deletion("v1", api_token="glpat-guest"), ["role"]),
]


def test_what_is_not_there_or_not_allowed_is_explained(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    before = simulator.state()
    cases = [{name: value for name, value in options.items() if value is not None} for options, _texts in ANSWERED]
    for (options, texts), task in zip(ANSWERED, run_all(ansible, TAG, cases), strict=True):
        assert task.failed, options
        assert task.result["result"] == "failed", options
        for text in texts:
            assert text in task.message, (options, task.message)
        assert "wrong" not in str(task.result.get("error"))
    assert writes(simulator.requests()) == []
    assert simulator.state() == before


def test_who_may_not_push_is_told_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["groups"][0]["members"]["guest"] = "reporter"
    simulator.load(scenario)
    for check in (True, False):
        task = ansible.module(TAG, promotion(name=["prod", "v1.0"], api_token="glpat-guest"), check=check)
        assert task.failed
        assert task.result["result"] == "failed"
        assert "no push on team/sub/tool" in task.message
        assert "Developer" in task.message
    log = simulator.requests()
    assert asked(log, "PUT", "") == asked(log, "POST", "/v2/") == []


def test_a_repository_that_gitlab_is_deleting_gets_no_new_tags(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["repositories"][1]["status"] = "delete_scheduled"
    simulator.load(scenario)
    [task] = refused(ansible, simulator, TAG, promotion())
    assert "deleting" in task.message


UNSENT: list[tuple[dict[str, Any], str]] = [
    (promotion(name=[]), "name is empty"),
    (promotion(name=["-bad"]), "name holds '-bad', which is not the name of a tag"),
    (promotion(name=["a" * 129]), "which is not the name of a tag"),
    (promotion(name=["a\nb"]), "name, entry 1, 'a\\nb' contains a line break"),
    (promotion(source=None), "state is present but all of the following are missing: source"),
    (promotion(source="no tag"), "source 'no tag' is neither the name of a tag nor a digest"),
    (promotion(source_repository="app"), "source_repository 'app' is not the path of a repository"),
    (promotion(repository="app"), "repository 'app' is not the path of a repository"),
    (promotion(repository=None), "one of the following is required: repository, repository_id"),
    (promotion(repository_id=100), "mutually exclusive"),
    (promotion(digest=OTHER), "digest has no effect with state present"),
    (deletion("v1", source="v2"), "source has no effect with state absent"),
    (deletion("v1", source_repository=TOOL), "source_repository has no effect with state absent"),
    (deletion("v1", digest="sha256:abc"), "digest has to be one digest"),
    (deletion("v1", "v2", digest=OTHER), "needs a single name"),
    (deletion("v1", digest=""), "digest is empty"),
    (deletion("v1", registry_url="registry.example.com:x"), "registry_url"),
    (deletion("v1", registry_username="ops"), "registry_password"),
]


def test_bad_options_are_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    cases = [({name: value for name, value in options.items() if value is not None}, text) for options, text in UNSENT]
    check_refused(ansible, simulator, TAG, cases)


WAYS = [
    ("G15", "M1", "rest"),
    ("G15", "M2", "rest"),
    ("G15", "M3", "auto"),
    ("G17", "M1", "registry"),
    ("G17", "M2", "graphql"),
    ("G17", "M3", "rest"),
    ("G18", "M1", "rest"),
    ("G18", "M2", "registry"),
    ("G18", "M3", "graphql"),
]


@pytest.mark.parametrize(("generation", "mode", "via"), WAYS)
def test_whether_a_tag_was_there_is_told_by_the_listing(
    ansible: Ansible, simulator: Simulator, generation: str, mode: str, via: str
) -> None:
    scenario = shelves(mode, generation=generation)
    scenario["repositories"][0]["tags"] += [tag("alias", 30, image="one"), tag("latest", 5)]
    simulator.load(scenario)
    # What releases without keyset listings are in front of is not told, and GitLab shows no digest of an index there.
    digest = generation != "G15" or mode == "M1"
    # Nor is it known how a registry of another vendor's deletes.
    force = mode == "M3"
    options = deletion("gone", "alias", "multi", "alias", "latest", delete_via=via, require_digest=digest, force=force)
    found = repeated(ansible, simulator, TAG, options, "tags")
    assert [(row["name"], row["action"]) for row in found.run.result["tags"]] == [
        ("gone", "none"),
        ("alias", "delete"),
        ("multi", "delete"),
        ("latest", "delete"),
    ]
    assert outcomes(found.run) == dict.fromkeys(["alias", "multi", "latest"], "deleted")
    assert [row["action"] for row in found.again.result["tags"]] == ["none"] * 4
    # Other tags of the same image stay.
    assert simulator.state()[APP] == ["list", "v1", "v2"]
    deleted = asked(found.log, "DELETE", "")
    if via == "registry":
        names = {"alias", "multi", "latest"}
        assert set(deleted) == {f"/v2/{APP}/manifests/{name}" for name in names}
    assert not [path for path in deleted if "sha256" in path or "gone" in path]


def test_a_tag_goes_only_as_the_image_that_is_meant(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves()
    scenario["projects"][0]["tag_rules"] = [{"pattern": "^v2$", "delete": "owner", "push": "owner"}]
    simulator.load(scenario)
    digests = {row["name"]: row["digest"] for row in simulator.tags(APP)}
    wrong, protected = refused(ansible, simulator, TAG, deletion("v1", digest=OTHER), deletion("v1", "v2"))
    assert f"team/app:v1 is {digests['v1']}, not {OTHER}" in wrong.message
    assert "team/app:v2 is under a tag protection rule" in protected.message
    absent = ansible.module(TAG, deletion("gone", digest=OTHER))
    assert (absent.status, absent.result["changed"]) == ("ok", False)
    found = repeated(ansible, simulator, TAG, deletion("v1", digest=digests["v1"]), "tags")
    assert digests["v1"] in found.run.result["diff"][0]["before"]
    assert simulator.state()[APP] == ["list", "multi", "v2"]


def test_an_administrator_is_not_led_past_rules_that_can_not_be_read(ansible: Ansible, simulator: Simulator) -> None:
    scenario = shelves(graphql_enabled=False)
    scenario["projects"][0]["tag_rules"] = [{"pattern": "^v2$", "delete": "owner", "push": "owner"}]
    simulator.load(scenario)
    [task] = refused(ansible, simulator, TAG, deletion("v2", api_token="glpat-root"))
    assert "protection rules can't be read" in task.message
    # Everybody else is told by the token.
    [denied] = refused(ansible, simulator, TAG, deletion("v1", "v2"))
    assert "team/app:v2 is under a tag protection rule" in denied.message
    absent, deleted = run_all(ansible, TAG, [deletion("gone", api_token="glpat-root"), deletion("v1")])
    assert (absent.status, absent.result["changed"]) == ("ok", False)
    assert outcomes(deleted) == {"v1": "deleted"}
    assert simulator.state()[APP] == ["list", "multi", "v2"]


@pytest.mark.parametrize(("mode", "via"), [("M1", "graphql"), ("M1", "registry"), ("M2", "registry")])
def test_a_tag_that_was_pushed_again_stays_and_is_told(
    ansible: Ansible, simulator: Simulator, mode: str, via: str
) -> None:
    simulator.load(shelves(mode))
    moved = {"action": "mutate", "set_tag": {"repository": APP, "name": "v1", "digest": OTHER}}
    again = {
        "M1": {"path": "/api/graphql", "body": "first: 1,", "first": 1},
        "M2": {"method": "HEAD", "path": "/v2/.*/v1$", "nth": 2, "count": 1},
    }
    simulator.faults([{**again[mode], **moved}])
    task = ansible.module(TAG, deletion("v1", "v2", delete_via=via))
    assert outcomes(task) == {"v1": "changed_since", "v2": "deleted"}
    assert simulator.state()[APP] == ["list", "multi", "v1"]
    assert task.failed
    assert task.result["result"] == "partial"
    assert "v1" in task.message


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_the_last_tag_is_gone_when_the_registry_says_so(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(server([repository(100, APP, "", [tag("only", 9)])], mode=mode))
    found = repeated(ansible, simulator, TAG, deletion("only"), "tags")
    assert outcomes(found.run) == {"only": "deleted"}
    assert "warnings" not in found.run.result
    assert "warnings" not in found.again.result


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_without_the_registry_itself_nobody_proves_the_last_tag_gone(
    ansible: Ansible, simulator: Simulator, mode: str
) -> None:
    simulator.load(server([repository(100, APP, "", [tag("only", 9)])], mode=mode, registry={"host": "127.0.0.1:1"}))
    run, again = run_all(ansible, TAG, [deletion("only"), deletion("only")])
    assert run.status == again.status == "ok"
    assert (run.result["changed"], again.result["changed"]) == (True, False)
    assert outcomes(run) == {"only": "unverified"}
    assert "no complete list of tags confirms it" in str(run.result["warnings"])
    assert "unknown whether it has tags" in str(again.result["warnings"])


def test_a_digest_that_can_not_be_read_is_not_the_one_that_is_meant(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves("M2", registry={"host": "127.0.0.1:1"}))
    digest = {row["name"]: row["digest"] for row in simulator.tags(APP)}["multi"]
    [task] = refused(ansible, simulator, TAG, deletion("multi", digest=digest))
    assert "team/app:multi can't be compared" in task.message


def test_names_that_can_not_be_read_are_not_taken_for_free(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    simulator.faults([{"method": "HEAD", "path": "/manifests/main$", "action": "status", "status": 500}])
    source, target = run_all(ansible, TAG, [promotion(name=["main"]), promotion(name=["prod"], force=True)])
    assert (source.failed, source.result["result"]) == (True, "failed")
    assert source.result["error"]["status"] == 500
    assert target.status == "ok", target.message
    scenario = shelves()
    scenario["repositories"][1]["registry_state"] = "unreachable"
    simulator.load(scenario)
    gone = ansible.module(TAG, promotion(retries=0))
    assert (gone.failed, gone.result["result"]) == (True, "failed")
    assert "team/sub/tool:prod" in gone.message


def test_a_job_names_and_deletes_in_its_own_project(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    job = {"GITLAB_TOKEN": None, "CI_JOB_TOKEN": "job-token"}
    nested = {"repository": "team/app/prod", "name": ["v1"], "source_repository": APP, "source": "v1"}
    promoted = ansible.module(TAG, {**nested, "registry_url": simulator.url}, env=job)
    assert promoted.status == "ok", promoted.message
    assert simulator.state()["team/app/prod"] == ["v1"]
    removed = ansible.module(TAG, deletion("v2", "multi"), env=job)
    assert removed.status == "ok", removed.message
    assert outcomes(removed) == {"v2": "deleted", "multi": "deleted"}
    elsewhere = ansible.module(TAG, promotion(), env=job)
    assert elsewhere.failed
    assert simulator.state()[TOOL] == ["main", "old"]


def test_an_empty_listing_of_a_broken_registry_proves_nothing(ansible: Ansible, simulator: Simulator) -> None:
    cases = [deletion("v1"), deletion("v1", repository=TOOL)]
    scenario = shelves()
    for row in scenario["repositories"]:
        row["registry_state"] = "error"
    simulator.load(scenario)
    for task in run_all(ansible, TAG, cases):
        assert task.result["changed"] is False
        assert task.failed or "unknown whether it has tags" in str(task.result["warnings"])
    absent = ansible.module(TAG, deletion("v1", repository="team/app/nothing"))
    assert (absent.status, absent.result["changed"]) == ("ok", False)
    assert writes(simulator.requests()) == []


def test_deletions_that_are_refused_are_told_one_by_one(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves("M2", registry={"deletes_enabled": False}))
    switched_off = ansible.module(TAG, deletion("v1", "v2", delete_via="registry"))
    assert outcomes(switched_off) == {"v1": "not_deleted", "v2": "not_deleted"}
    assert "deletion is disabled" in switched_off.message
    simulator.load(shelves("M2"))
    developer = ansible.module(TAG, deletion("v1", delete_via="registry", api_token="glpat-dev"))
    assert outcomes(developer) == {"v1": "not_deleted"}
    assert "Maintainer" in developer.message
    assert asked(simulator.requests(), "DELETE", "") == []
    by_rest = ansible.module(TAG, deletion("v1", delete_via="rest", api_token="glpat-dev"))
    assert outcomes(by_rest) == {"v1": "deleted"}
