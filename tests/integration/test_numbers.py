# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much registries hold, how old it is and what a plan frees, on a server of which all of it is known.

Layers are shared between images of a repository and between repositories. What is stored is added up from what the
registry serves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import Shelf
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.contents import INDEX, digest_of
from tests.simulator.harness import Simulator

INFO, CLEANUP = "registry_info", "registry_cleanup"
BASE = {"base": 50_000}
APP = [
    tag("v1", 3, size=1_000, shared_layers=BASE),
    tag("v2", 40, size=2_000, shared_layers=BASE),
    tag("dev-1", 400, size=3_000, shared_layers=BASE),
    tag("dev-2", 100, size=4_000, shared_layers={"tools": 7_000}),
    # The same image by two names, of which one is kept.
    tag("dev-3", 200, image="both", size=500),
    tag("stable", 20, image="both", config_created=days_ago(200)),
]
WEB = [
    tag("dev-1", 400, size=3_000, shared_layers={"tools": 7_000}),
    tag("multi", 20, media_type=INDEX, size=6_000, shared_layers=BASE),
]
RULES = {"group": "team", "name_regex_delete": "dev-.*", "min_remaining": 0}
PLANNED = ("delete", "keep", "freed_least", "freed_most")


def fleet(mode: str) -> dict[str, Any]:
    return server([repository(100, "team/app", "", APP), repository(101, "team/sub/tool", "", WEB)], mode=mode)


def blobs(shelf: Shelf, reference: str) -> dict[str, int]:
    """All that is stored for an image, by digest."""
    content, manifest = shelf.content(reference), shelf.manifest(reference)
    found = {digest_of(content): len(content)}
    if "config" in manifest:
        found |= {row["digest"]: row["size"] for row in [manifest["config"], *manifest["layers"]]}
    for row in manifest.get("manifests", []):
        found |= blobs(shelf, row["digest"])
    return found


def stored(simulator: Simulator, path: str, tags: list[dict[str, Any]], wanted: str = "") -> dict[str, int]:
    shelf = Shelf(simulator, path)
    names = [row["name"] for row in tags if row["name"].startswith(wanted)]
    return {digest: size for name in names for digest, size in blobs(shelf, name).items()}


def kept_and_deleted(simulator: Simulator) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """What is stored by path for tags that RULES keep, and for those that they delete."""
    places = {"team/app": APP, "team/sub/tool": WEB}
    kept = {path: [row for row in tags if not row["name"].startswith("dev-")] for path, tags in places.items()}
    return (
        {path: stored(simulator, path, tags) for path, tags in kept.items()},
        {path: stored(simulator, path, tags, "dev-") for path, tags in places.items()},
    )


def lines(path: Path) -> dict[str, list[dict[str, Any]]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {kind: [row for row in rows if row["type"] == kind] for kind in ("audit", "repository", "project", "total")}


def freed(kept: Mapping[str, int], deleted: Mapping[str, int]) -> int:
    return sum(size for digest, size in deleted.items() if digest not in kept)


def together(by_path: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {digest: size for each in by_path.values() for digest, size in each.items()}


def succeeded(task: Task) -> dict[str, Any]:
    assert task.status in ("ok", "changed"), task.message
    return task.result


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_layers_count_once_in_a_repository_a_project_and_all_together(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(fleet(mode))
    path = tmp_path / "audit.jsonl"
    result = succeeded(ansible.module(INFO, {"group": "team", "gather": ["layers"], "output_path": str(path)}))
    kept, deleted = kept_and_deleted(simulator)
    held = {place: {**kept[place], **deleted[place]} for place in kept}
    found = lines(path)
    assert [(row["path"], row["bytes"], row["bytes_method"]) for row in found["repository"]] == [
        (place, sum(blobs.values()), "layers") for place, blobs in held.items()
    ]
    [total] = found["total"]
    assert total["bytes"] == sum(together(held).values()) < sum(row["bytes"] for row in found["repository"])
    assert [row["bytes"] for row in found["project"]] == [row["bytes"] for row in found["repository"]]
    assert {name: total[name] for name in result["totals"]} == result["totals"]
    ages = [list(row["tags_by_age"].values()) for row in found["repository"]]
    # Without a database a tag is as old as the build of its image.
    assert ages == [[1, 1, 1, 2, 1, 0] if mode == "M1" else [1, 0, 1, 3, 1, 0], [0, 1, 0, 0, 1, 0]]
    for row in (*found["repository"], *found["project"], total):
        assert sum(row["tags_by_age"].values()) == row.get("tags_count", row["tags"])
        assert None not in row["bytes_by_age"].values()


@pytest.mark.parametrize("mode", ["M1", "M2"])
def test_a_plan_tells_what_it_frees_in_check_mode_and_in_a_run(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str
) -> None:
    simulator.load(fleet(mode))
    kept, deleted = kept_and_deleted(simulator)
    path = tmp_path / "audit.jsonl"
    order = {**RULES, "gather": ["layers", "size"], "output_path": str(path)}
    check = succeeded(ansible.module(CLEANUP, order, check=True))
    first = lines(path)
    run = succeeded(ansible.module(CLEANUP, order))
    assert run["plan"] == check["plan"]
    assert lines(path) == first
    rows = check["plan"]["repositories"]
    exact = [freed(kept[row["path"]], deleted[row["path"]]) for row in rows]
    assert [(row["freed_least"], row["freed_most"]) for row in rows] == [(number, number) for number in exact]
    # A layer that another repository keeps is not freed.
    totals = check["plan"]["totals"]
    assert totals["freed_least"] == totals["freed_most"] == freed(together(kept), together(deleted)) < sum(exact)
    [total] = first["total"]
    numbers = ("bytes", "bytes_method", "freed_least", "freed_most", "delete", "keep")
    assert [total[name] for name in numbers] == [totals[name] for name in numbers]
    assert [[row[name] for name in PLANNED] for row in first["repository"]] == [
        [row[name] for name in PLANNED] for row in rows
    ]
    # What was told to be freed is what is held no more.
    again = succeeded(ansible.module(CLEANUP, order, check=True))["plan"]["totals"]
    assert (again["delete"], again["freed_least"], again["freed_most"]) == (0, 0, 0)
    assert totals["bytes"] - again["bytes"] == totals["freed_least"]


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("gather", [["size"], ["layers"], ["size", "layers"]])
def test_what_is_gathered_besides_changes_no_plan(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, mode: str, gather: list[str]
) -> None:
    simulator.load(fleet(mode))
    files = [tmp_path / name for name in ("plain", "besides")]
    plain, besides = (
        succeeded(ansible.module(CLEANUP, {**RULES, "plan_path": str(path), "gather": wanted}, check=True))
        for path, wanted in zip(files, (["tags_count"], gather), strict=True)
    )
    assert files[0].read_text() == files[1].read_text()
    assert plain["plan"]["fingerprint"] == besides["plan"]["fingerprint"]


def test_without_layers_what_is_freed_lies_between_bounds(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet("M1"))
    plans = [
        succeeded(ansible.module(CLEANUP, {**RULES, "gather": gather}, check=True))["plan"]
        for gather in (["layers"], ["tag_details", "size"], ["tags_count"])
    ]
    exact, bounded, guessed = ({row["path"]: row for row in plan["repositories"]} for plan in plans)
    assert {row["bytes_method"] for row in bounded.values()} == {"gitlab"}
    # Of the layers, which are all that GitLab's number counts: those of dev-1 and dev-2, and none that others hold.
    layers = 3_000 + 4_000 + 7_000
    assert layers < exact["team/app"]["freed_least"]
    assert bounded["team/app"]["freed_least"] <= layers <= bounded["team/app"]["freed_most"]
    # GitLab tells no size of a multi-platform image: the least is unknown, and never 0.
    assert bounded["team/sub/tool"]["freed_least"] is None
    assert exact["team/sub/tool"]["freed_least"] <= bounded["team/sub/tool"]["freed_most"]
    assert {row["freed_least"] for row in guessed.values()} == {None}
    assert guessed["team/sub/tool"]["bytes_method"] == "unknown"


@pytest.mark.parametrize("status", [403, 404, 500])
@pytest.mark.parametrize("module", [INFO, CLEANUP])
def test_a_manifest_that_is_not_known_makes_its_repository_unknown_and_is_told(
    ansible: Ansible, simulator: Simulator, module: str, status: int
) -> None:
    simulator.load(fleet("M1"))
    child = Shelf(simulator, "team/sub/tool").manifest("multi")["manifests"][1]["digest"]
    simulator.faults([{"path": child, "action": "status", "status": status}])
    options = {"group": "team"} if module == INFO else RULES
    task = ansible.module(module, {**options, "gather": ["layers"], "retries": 0}, check=True)
    result = succeeded(task)
    rows = {row["path"]: row for row in (result if module == INFO else result["plan"])["repositories"]}
    assert (rows["team/sub/tool"]["bytes"], rows["team/sub/tool"]["bytes_method"]) == (None, "unknown")
    assert rows["team/app"]["bytes_method"] == "layers"
    [note] = [text for text in result["warnings" if module == INFO else "notes"] if "layers of team/sub/tool" in text]
    assert child in note


def test_a_project_is_spelled_the_same_everywhere(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = fleet("M1")
    scenario["projects"][0] = {"id": 1, "path": "team/App", "visibility": "public", "topics": ["shop"]}
    scenario["repositories"][0]["project"] = "team/App"
    simulator.load(scenario)
    path, plan = tmp_path / "audit.jsonl", tmp_path / "plan.jsonl"
    files = {"output_path": str(path), "plan_path": str(plan)}
    planned = succeeded(ansible.module(CLEANUP, {**RULES, **files}, check=True))["plan"]["repositories"]
    written = [json.loads(line) for line in plan.read_text().splitlines()]
    beside = lines(path)
    read = succeeded(ansible.module(INFO, {"group": "team", "gather": ["tags"], "output_path": str(path)}))
    alone = lines(path)
    everywhere = [
        *planned,
        *(row for row in written if row["type"] == "repository"),
        *(row for found in (beside, alone) for row in (*found["repository"], *_paths(found["project"]))),
        *read["repositories"],
        *_paths(read["projects"]),
    ]
    assert {row["project"] for row in everywhere if row["project_id"] == 1} == {"team/App"}
    assert {row["path"] for row in read["repositories"]} == {"team/app", "team/sub/tool"}
    [row] = [row for row in read["projects"] if row["id"] == 1]
    assert (row["visibility"], row["exposed_to"], row["topics"]) == ("public", "anyone", ["shop"])


def _paths(projects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"project": row["path"], "project_id": row["id"]} for row in projects]


def test_a_disabled_registry_has_no_numbers(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    scenario = fleet("M1")
    scenario["projects"][1]["access_level"] = "disabled"
    simulator.load(scenario)
    path = tmp_path / "audit.jsonl"
    succeeded(ansible.module(INFO, {"group": "team", "gather": ["tag_details", "projects"], "output_path": str(path)}))
    for_plan = tmp_path / "beside.jsonl"
    succeeded(ansible.module(CLEANUP, {**RULES, "output_path": str(for_plan)}, check=True))
    for found in (lines(path), lines(for_plan)):
        [row] = [row for row in found["project"] if row["path"] == "team/sub/tool"]
        assert row["exposed_to"] == "nobody"
        assert [row[name] for name in ("repositories", "tags", "bytes", "delete")] == [None] * 4
