# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a job takes, exactly, and the most that it may take: requests are what costs time.

The job is the benchmark's: a group of 10 projects with 100 repositories of 100 tags each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark.job import GROUP, KEPT, Shape, Size, scenario
from tests.integration.driver import Ansible
from tests.simulator.harness import Simulator

WHOLE = Size()
REPOSITORIES = WHOLE.all_repositories
TOKENS = REPOSITORIES // 20
RULES = {"group": GROUP, "name_regex_delete": "v.*", "keep_n": KEPT, "older_than": "1d", "return_limit": 1}
NAMES = {"group": GROUP, "name_regex_delete": "v00", "return_limit": 1}


def info(*gather: str, **options: Any) -> dict[str, Any]:
    return {"group": GROUP, "gather": list(gather), "return_limit": 1, **options}


def sent(simulator: Simulator) -> tuple[int, int]:
    """Requests to GitLab, and to the registry with its tokens, since the last time."""
    counters = simulator.counters()
    simulator.clear_log()
    return counters["rest"] + counters["graphql"], counters["v2"] + counters["tokens"]


def within(most: tuple[int, int], found: tuple[int, int]) -> tuple[int, int]:
    """What was found, which may be less than the budget for the whole job."""
    assert all(one <= other for one, other in zip(found, most, strict=True)), (found, most)
    return found


def by_registry(tags: int, each: int) -> tuple[int, int]:
    """Without a database: the lists, the schema, what kind of registry there is, which the registry itself is asked,
    too, and the rules of the project; for each repository a listing and a part of a token; and so many requests for
    each tag."""
    return 2 + 1 + 2 + 1, 1 + REPOSITORIES + TOKENS + tags * each


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_repositories_and_names(ansible: Ansible, simulator: Simulator, mode: str) -> None:
    simulator.load(scenario(mode, WHOLE))
    ansible.module("registry_info", info("repositories"))
    # A list of projects and one of repositories.
    assert within((2, 0), sent(simulator)) == (2, 0)
    found = ansible.module("registry_info", info("tags"))
    assert found.result["totals"]["tags"] == WHOLE.all_tags
    # Also what kind of listing there is, and a page for each repository.
    assert found.result["requests"] == 2 + 1 + REPOSITORIES
    assert sent(simulator) == (2 + 1 + REPOSITORIES, 0)


@pytest.mark.parametrize(("repositories", "pages"), [(100, 1), (101, 2), (250, 3)])
def test_numbered_pages_but_the_last_are_read_twice(
    ansible: Ansible, simulator: Simulator, repositories: int, pages: int
) -> None:
    simulator.load(scenario("M1", Size(projects=1, repositories=repositories, tags=1)))
    ansible.module("registry_info", info("repositories"))
    # A list of projects, and one of repositories, which may change while it is read.
    assert sent(simulator) == (1 + pages + (pages - 1), 0)


def test_names_from_the_registry_itself(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M2", WHOLE))
    found = ansible.module("registry_info", info("tags", read_via="registry"))
    assert found.result["totals"]["tags"] == WHOLE.all_tags
    # The two lists; a listing for each repository, and a token for each twenty.
    assert within((2, 105), sent(simulator)) == (2, REPOSITORIES + TOKENS)


def test_dates_with_a_database(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", WHOLE))
    found = ansible.module("registry_info", info("tag_details"))
    assert found.result["totals"]["tags"] == WHOLE.all_tags
    assert found.result["repositories"][0]["date_source"] == "published"
    # Two lists, the schema, the kind of listing, and five rounds of 100 pages: 12 in a request with the number of all
    # tags, which the second of each has, and 13 without.
    assert within((50, 0), sent(simulator)) == (2 + 1 + 1 + 9 + 4 * 8, 0)


@pytest.mark.parametrize(
    ("counts", "reading"),
    [
        pytest.param((10_000,), 2 + 10 + 39, id="one large: two pages, ten of names, and the rest 13 in a request"),
        pytest.param((200,) * 7, 2 + 7 + 5, id="fewer than workers: two rounds, each list of names, and the rest"),
        pytest.param((2000, *(20,) * 19), 2 + 2 + 2 + 8, id="uneven: small ones are read with the large one's pages"),
        pytest.param((2,) * 1300, 100, id="many small: nothing is counted where nothing can be hidden"),
        pytest.param((0,) * 13, 1 + 2, id="empty: each is counted"),
        pytest.param((20,) * 13, 1 + 2, id="a full page may hide more"),
    ],
)
def test_dates_of_other_shapes(ansible: Ansible, simulator: Simulator, counts: tuple[int, ...], reading: int) -> None:
    simulator.load(scenario("M1", Shape("", "M1", "audit", counts)))
    ansible.module("registry_info", info("repositories"))
    lists = sent(simulator)[0]
    found = ansible.module("registry_info", info("tag_details"))
    assert found.result["totals"]["tags"] == sum(counts)
    assert sent(simulator) == (lists + 1 + 1 + reading, 0)


def test_a_cleanup_of_one_large_repository(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", Shape("", "M1", "cleanup", (2010,))))
    check = ansible.module("registry_cleanup", RULES, check=True)
    reading = sent(simulator)[0] - 1
    run = ansible.module("registry_cleanup", RULES)
    assert run.result["outcome"]["counts"]["deleted"] == 2000 == check.result["plan"]["totals"]["delete"]
    # Each batch is looked at and deleted, many at once, and the repository is listed once afterwards.
    assert sent(simulator) == (reading + 100 + 100 + 1, 0)


@pytest.mark.parametrize(("mode", "rules"), [("M1", RULES), ("M1", NAMES), ("M2", RULES)])
def test_a_plan_and_an_inventory_are_read_at_once(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str, rules: dict[str, Any]
) -> None:
    simulator.load(scenario(mode, WHOLE if mode == "M1" else Size(tags=3)))
    files = {name: str(tmp_path / name) for name in ("inventory", "beside")}
    ansible.module("registry_info", info("tag_details", output_path=files["inventory"]))
    alone = sent(simulator)
    order = {**rules, "gather": ["tag_details"], "output_path": files["beside"]}
    plan = ansible.module("registry_cleanup", order, check=True)
    assert plan.status == "ok", plan.message
    # Check mode also looks at what the token may do, if there is something to do.
    assert sent(simulator) == (alone[0] + plan.result["changed"], alone[1])
    assert without_plan(files["beside"]) == without_plan(files["inventory"])


def without_plan(path: str) -> list[dict[str, Any]]:
    """The lines of a file but for what a plan makes of them."""
    planned = ("delete", "keep", "freed_least", "freed_most")
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in planned} for row in rows]


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("gather", "besides"),
    [(["tags_count"], 0), (["tag_details"], 0), (["tags", "size"], REPOSITORIES)],
)
def test_an_audit_with_a_preview_costs_one_reading(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, gather: list[str], besides: int
) -> None:
    simulator.load(scenario("M1", WHOLE))
    path = tmp_path / "audit.json"
    values = {"registry_audit_gather": gather, "registry_audit_json_path": str(path), "registry_group": GROUP}
    rules = {f"registry_cleanup_{name}": value for name, value in RULES.items() if name != "group"}
    run = ansible.play("containerops.gitlab.audit", "-e", json.dumps({**values, **rules}))
    assert run.code == 0, run.output
    # The plan of a cleanup, and what the token may do; a size takes a request.
    assert sent(simulator) == (45 + 1 + besides, 0)
    document = json.loads(path.read_text())
    assert [row["tags_count"] for row in document["repositories"]] == [WHOLE.tags] * REPOSITORIES
    assert len(document["plan"]) == 1 + REPOSITORIES + WHOLE.all_tags


def test_a_cleanup_and_a_second_run_with_a_database(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", WHOLE))
    run = ansible.module("registry_cleanup", RULES)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["deleted"] == REPOSITORIES * (WHOLE.tags - KEPT)
    assert {len(names) for names in simulator.state().values()} == {KEPT}
    assert simulator.counters()["mutations"] == REPOSITORIES * 5
    # The plan as above; then each batch is read again before it goes, and each repository is listed once afterwards.
    assert sent(simulator) == (45 + REPOSITORIES * (5 + 5 + 1), 0)
    again = ansible.module("registry_cleanup", RULES)
    assert again.result["changed"] is False
    # The lists, the schema, the kind of listing, and one page for each repository, 13 of them in a request.
    assert within((50, 0), sent(simulator)) == (2 + 1 + 1 + 8, 0)


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_putting_back_what_a_run_deleted(ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str) -> None:
    size = Size(projects=2, repositories=20, tags=KEPT + 3)
    simulator.load(scenario(mode, size))
    order = {"journal_path": str(tmp_path / "journal"), "return_limit": 1}
    run = ansible.module("registry_cleanup", {**RULES, **order})
    tags = run.result["outcome"]["counts"]["deleted"]
    assert tags == 3 * size.all_repositories
    sent(simulator)
    # Each project and its list. Then a list of tags for each repository, each image, a token for each twenty
    # repositories to read and another one to push, and whether the registry takes anything.
    projects, reading = 2 * size.projects, size.all_repositories + tags + 2 * size.all_repositories // 20 + 1
    check = ansible.module("registry_restore", order, check=True)
    assert check.result["counts"]["deleted"] == tags
    assert sent(simulator) == (projects, reading)
    back = ansible.module("registry_restore", order)
    assert back.result["outcome"]["counts"]["written"] == tags
    # Each tag is looked at, written, and looked at again.
    assert sent(simulator) == (projects, reading + 3 * tags)
    again = ansible.module("registry_restore", order)
    assert again.result["counts"]["present"] == tags
    assert sent(simulator) == (projects, size.all_repositories + tags + size.all_repositories // 20)


@pytest.mark.parametrize(
    ("mode", "via", "each"),
    [
        # Each tag is looked at right before its own deletion, where it was read: by GraphQL,
        ("M1", "rest", (2, 0)),
        # in the registry, which is asked as well if it deletes,
        ("M1", "registry", (1, 2)),
        ("M2", "rest", (1, 1)),
        ("M2", "registry", (0, 2)),
    ],
)
def test_ways_that_delete_tag_by_tag(
    ansible: Ansible, simulator: Simulator, mode: str, via: str, each: tuple[int, int]
) -> None:
    size = Size(projects=1, repositories=2, tags=40)
    simulator.load(scenario(mode, size))
    order = {**RULES, "delete_via": via}
    plan = ansible.module("registry_cleanup", order, check=True)
    reading = sent(simulator)
    run = ansible.module("registry_cleanup", order)
    assert run.status == "ok", run.message
    tags = size.all_repositories * (size.tags - KEPT)
    assert run.result["outcome"]["counts"]["deleted"] == tags == plan.result["plan"]["totals"]["delete"]
    by_gitlab, by_registry = (now - before for now, before in zip(sent(simulator), reading, strict=True))
    # Only check mode looks at what the token may do.
    by_gitlab += 1
    listings, registry_listings = (0, 2) if mode == "M2" else (2, 0)
    # A token for deleting in each repository.
    tokens = 2 if via == "registry" else 0
    assert by_gitlab == tags * each[0] + listings
    assert by_registry == tags * each[1] + registry_listings + tokens


def test_a_preview_by_names_reads_details_of_what_goes_alone(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", WHOLE))
    run = ansible.module("registry_cleanup", NAMES, check=True)
    assert run.result["plan"]["totals"]["delete"] == REPOSITORIES
    # A page of names and a part of a request for the one page that holds v00, for each repository, and what the token
    # may do.
    assert sent(simulator) == (2 + 1 + 1 + REPOSITORIES + 8 + 1, 0)


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_other_ranks_cost_no_requests_and_images_those_for_their_digests(
    ansible: Ansible, simulator: Simulator, mode: str
) -> None:
    simulator.load(scenario(mode, Size(projects=1, repositories=2, tags=40)))

    def reading(deleted: int, **options: Any) -> tuple[int, int]:
        order = {"group": GROUP, "name_regex_delete": "(v.*)", "keep_n": KEPT, "return_limit": 1, **options}
        plan = ansible.module("registry_cleanup", order, check=True)
        assert plan.result["plan"]["totals"]["delete"] == 2 * deleted, plan.message
        return sent(simulator)

    by_name = reading(30, sort_by="name")
    assert reading(30, sort_by="natural", version_group="1") == by_name
    assert reading(30, sort_by="natural", keep_n_counts="images") == by_name
    # Of a tag that is kept by its name it has to be known, too, which image it is.
    some = {"name_regex_keep": "v0.", "sort_by": "natural"}
    fewer, more = reading(20, **some), reading(20, **some, keep_n_counts="images")
    print(mode, by_name, fewer, more)
    assert more == by_name
    assert fewer == (by_name[0], by_name[1] - (20 if mode == "M2" else 0))


def test_labels_cost_a_manifest_and_a_config_of_what_nothing_else_keeps(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    few = Size(tags=3)
    simulator.load(scenario("M1", few))
    label = {"expires_label": "quay.expires-after"}
    idle = ansible.module("registry_cleanup", {**RULES, **label}, check=True)
    assert idle.result["plan"]["totals"]["reasons"] == {"keep_n": few.all_tags}
    assert sent(simulator)[1] == 0
    order = {**NAMES, "name_regex_delete": "v0", **label, "cache_path": str(tmp_path / "cache")}
    for cost in (TOKENS + 2 * REPOSITORIES, 0):
        found = ansible.module("registry_cleanup", order, check=True)
        reasons = found.result["plan"]["totals"]["reasons"]
        assert reasons == {"no_expiry_label": REPOSITORIES, "no_match": few.all_tags - REPOSITORIES}
        assert sent(simulator)[1] == cost
    # Without a metadata database the label comes with the date.
    simulator.load(scenario("M2", few))
    ansible.module("registry_cleanup", {**RULES, "keep_n": 0, "older_than": "1h", **label}, check=True)
    assert sent(simulator) == by_registry(few.all_tags, 2)


def test_dates_and_a_cleanup_without_a_database(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    few = Size(tags=3)
    simulator.load(scenario("M2", few))
    cache = str(tmp_path / "cache")
    order = info("tag_details", cache_path=cache)
    found = ansible.module("registry_info", order)
    assert found.result["totals"]["tags"] == few.all_tags
    assert found.result["repositories"][0]["date_source"] == "built"
    assert found.result["requests"] == simulator.counters()["total"]
    # A manifest and a config for each image.
    assert sent(simulator) == by_registry(few.all_tags, 2)
    again = ansible.module("registry_info", order)
    assert again.result["repositories"] == found.result["repositories"]
    # With a warm cache the manifest of each tag, which is all that a cleanup with nothing to do takes too.
    assert sent(simulator) == by_registry(few.all_tags, 1)
    idle = ansible.module("registry_cleanup", {**RULES, "cache_path": cache})
    assert idle.result["changed"] is False
    assert sent(simulator) == by_registry(few.all_tags, 1)
    for most, tags, each in ((20_106, WHOLE.all_tags, 2), (10_106, WHOLE.all_tags, 1), (1_106, REPOSITORIES * KEPT, 1)):
        assert within((10, most), by_registry(tags, each))


@pytest.mark.sweep(2)
@pytest.mark.parametrize("known", [0, 1, 7, 60])
def test_whatever_a_cache_knows_is_saved(ansible: Ansible, simulator: Simulator, tmp_path: Path, known: int) -> None:
    simulator.load(scenario("M2", Size(projects=1, repositories=1, tags=60)))
    cache = str(tmp_path / "cache")
    names = [f"v{number:02}" for number in range(known)]
    learned = ansible.module("registry_info", info("tag_details", tag_names=names, cache_path=cache))
    assert learned.result["totals"]["tags"] == 60
    sent(simulator)
    read = ansible.module("registry_info", info("tag_details", cache_path=cache))
    assert read.status == "ok", read.message
    # A listing, a token, and what kind of registry it is; a manifest for each tag, and a config for each new image.
    assert sent(simulator)[1] == 1 + 1 + 1 + 60 + (60 - known)


@pytest.mark.parametrize(("mode", "reading"), [("M1", 0), ("M2", 2)])
def test_layers_cost_a_request_for_each_manifest(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str, reading: int
) -> None:
    few = Size(tags=3)
    simulator.load(scenario(mode, few))
    ansible.module("registry_info", info("tag_details"))
    details = sent(simulator)
    cache = str(tmp_path / "cache")
    order = info("layers", cache_path=cache)
    found = ansible.module("registry_info", order)
    assert found.result["totals"]["bytes_method"] == "layers"
    # What is read of the registry itself has the layers already.
    expected = 0 if reading else TOKENS + few.all_tags
    assert sent(simulator) == (details[0], details[1] + expected)
    # What is known of a digest needs no request, nor a token.
    again = ansible.module("registry_info", order)
    assert again.result["totals"] == found.result["totals"]
    assert sent(simulator)[1] == (details[1] - few.all_tags if reading else 0)


@pytest.mark.parametrize("gather", [["size"], ["layers"], ["size", "layers"]])
def test_what_a_plan_is_told_besides_costs_its_own_requests(
    ansible: Ansible, simulator: Simulator, gather: list[str]
) -> None:
    few = Size(projects=2, repositories=5, tags=4)
    simulator.load(scenario("M1", few))
    ansible.module("registry_cleanup", RULES, check=True)
    alone = sent(simulator)
    ansible.module("registry_cleanup", {**RULES, "gather": gather}, check=True)
    sizes = few.all_repositories if "size" in gather else 0
    manifests = few.all_tags + 1 if "layers" in gather else 0
    assert sent(simulator) == (alone[0] + sizes, alone[1] + manifests)


def test_requests_for_the_deletion_are_not_spent_on_layers(ansible: Ansible, simulator: Simulator) -> None:
    contents = scenario("M1", Size(projects=1, repositories=2, tags=40))
    order = {**RULES, "gather": ["layers"]}
    simulator.load(contents)
    alone = ansible.module("registry_cleanup", RULES)
    simulator.load(contents)
    told = [
        ansible.module("registry_cleanup", {**order, "max_requests": alone.result["requests"]}, check=check)
        for check in (True, False)
    ]
    for task in told:
        assert task.status != "failed", task.message
        assert task.result["plan"]["totals"]["bytes_method"] == "estimated"
        [note] = [text for text in task.result["notes"] if text.startswith("Layers could not be read")]
        assert "of max_requests" in note
    assert told[1].result["outcome"]["counts"] == alone.result["outcome"]["counts"]


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("mode", "gather", "options", "requests"),
    [
        ("M1", "tag_details", {}, (41, 0)),
        ("M1", "layers", {}, (41, TOKENS + WHOLE.all_tags)),
        ("M1", "tags", {}, (REPOSITORIES, 0)),
        ("M2", "tags", {}, (REPOSITORIES, 0)),
        ("M2", "tags", {"read_via": "registry"}, (0, REPOSITORIES + TOKENS)),
        # What the registry listed to find out is not listed again.
        ("M2", "tag_details", {}, (0, REPOSITORIES - 1 + TOKENS - 1 + 2 * REPOSITORIES * 3)),
        ("M2", "layers", {}, (0, REPOSITORIES - 1 + TOKENS - 1 + 2 * REPOSITORIES * 3)),
    ],
)
def test_an_estimate_is_what_reading_takes(
    ansible: Ansible,
    simulator: Simulator,
    mode: str,
    gather: str,
    options: dict[str, Any],
    requests: tuple[int, int],
) -> None:
    size = WHOLE if mode == "M1" else Size(tags=3)
    simulator.load(scenario(mode, size))
    order = info(gather, **options)
    told = ansible.module("registry_info", {**order, "estimate": True})
    by_gitlab = "graphql" if mode == "M1" and gather != "tags" else "rest"
    assert told.result["repositories"][0]["tags"] is None
    assert told.result["estimate"] == {
        "read_via": by_gitlab if requests[0] else "registry",
        "requests": requests[0],
        "registry_requests": requests[1],
        "tags": size.all_tags,
        "repositories_uncounted": 0,
    }
    before = sent(simulator)
    ansible.module("registry_info", order)
    # It told what comes on top of finding out; counting took a listing of each project.
    assert sum(sent(simulator)) == sum(before) - WHOLE.projects + sum(requests)


def test_reading_beyond_max_requests_is_refused_before_it_begins(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(scenario("M1", WHOLE))
    enough = info("tag_details", max_requests=2 + 1 + 1 + 10 + 41)
    assert ansible.module("registry_info", enough).status == "ok"
    simulator.clear_log()
    refused = ansible.module("registry_info", {**enough, "max_requests": 54})
    assert refused.message == (
        "Nothing was read, since reading 10,000 tags takes at least 41 more requests, and of max_requests 54 there are "
        "40 left: raise it, or use a smaller scope."
    )
    assert sent(simulator) == (14, 0)


def test_a_cleanup_beyond_max_requests_is_refused_and_one_within_is_done(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(scenario("M1", Size(projects=2, repositories=2)))
    least = 2 + 1 + 1 + 5 + 4 * (5 + 5 + 1)
    for check in (True, False):
        refused = ansible.module("registry_cleanup", {**RULES, "max_requests": least - 1}, check=check)
        assert refused.result["result"] == "refused"
        assert refused.message == (
            "Nothing was deleted, since the plan is refused: deleting 360 tags takes at least 44 more requests, and "
            "of max_requests 52 there are 43 left."
        )
    assert simulator.counters()["writes"] == 0
    done = ansible.module("registry_cleanup", {**RULES, "max_requests": least})
    assert done.status == "ok", done.message
    assert {len(names) for names in simulator.state().values()} == {KEPT}


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("mode", "via"), [("M1", "graphql"), ("M1", "rest"), ("M2", "graphql"), ("M2", "rest"), ("M2", "registry")]
)
def test_a_cleanup_is_not_refused_for_as_many_requests_as_it_takes(
    ansible: Ansible, simulator: Simulator, mode: str, via: str
) -> None:
    contents = scenario(mode, Size(projects=1, repositories=2, tags=40))
    order = {**RULES, "delete_via": via}
    simulator.load(contents)
    taken = ansible.module("registry_cleanup", order)
    assert taken.status == "ok", taken.message
    simulator.load(contents)
    again = ansible.module("registry_cleanup", {**order, "max_requests": taken.result["requests"]})
    assert again.status == "ok", again.message
    assert again.result["requests"] == taken.result["requests"]


def test_reading_what_is_known_or_little_is_not_refused(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(scenario("M2", Size(projects=1, repositories=2, tags=30)))
    order = info("tag_details", cache_path=str(tmp_path / "cache"))
    ansible.module("registry_info", order)
    for options in (order, info("tags", tag_names=["v00"])):
        taken = ansible.module("registry_info", options)
        # A project is counted where it has to be told beforehand.
        most = taken.result["requests"] + 1
        found = ansible.module("registry_info", {**options, "max_requests": most})
        assert found.status == "ok", found.message


def test_a_reading_that_needs_more_requests_than_it_may_send_deletes_nothing(
    ansible: Ansible, simulator: Simulator
) -> None:
    simulator.load(scenario("M1", WHOLE))
    stopped = ansible.module("registry_cleanup", {**RULES, "max_requests": 20})
    assert stopped.status == "failed"
    assert "max_requests 20 is reached. Raise max_requests, or use a smaller scope." in stopped.message
    assert sum(sent(simulator)) == 20
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize(
    ("conditions", "requests"),
    [
        # Two lists, the schema and nothing else: no repository is left to be read.
        ({"paths": ["nobody/*"]}, 2 + 1),
        # The protection rules of each project, what kind of listing there is, and a page of names for each repository.
        ({"empty": True}, 2 + 10 + 1 + REPOSITORIES),
        # The branches of each project; every repository is kept by what was read of its project.
        ({"ref_gone": ["branches"], "paths": ["*"]}, 2 + 10 + 1),
    ],
)
def test_repositories_by_rule(
    ansible: Ansible, simulator: Simulator, conditions: dict[str, Any], requests: int
) -> None:
    simulator.load(scenario("M1", WHOLE))
    options = {"group": GROUP, "state": "absent", "conditions": conditions, "return_limit": 1}
    found = ansible.module("registry_repository", options, check=True)
    assert found.status in ("ok", "failed"), found.message
    assert found.result["plan"]["totals"]["repositories"] == REPOSITORIES
    assert found.result["plan"]["totals"]["repositories_deleted"] == 0
    assert sent(simulator) == (requests, 0)
