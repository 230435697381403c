# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An approved run deletes what the approved plan and a plan made right then have in common, and nothing else.

States, rules and what happens in between are made up from fixed seeds. `APPROVED_RUNS=1000` tries more of them than a
test run has time for.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Task
from tests.integration.repeated import Shelf, run_all
from tests.integration.scenarios import days_ago, repository, server, tag
from tests.simulator.contents import IMAGE, INDEX
from tests.simulator.harness import Simulator

MODULE = "registry_cleanup"
CASES = int(os.environ.get("APPROVED_RUNS", "40"))
PATHS = {"team/app": 100, "team/app/web": 101, "team/sub/tool": 102}
NAMES = [*(f"dev-{number}" for number in range(7)), "main", "fix-1", "v1", "v2", "latest"]
# Images by label, with the days since they were built. Indexes hold some of them.
IMAGES = {f"image-{number}": days for number, days in enumerate([400, 90, 60, 45, 31, 29, 8, 1])}
INDEXES = {"index-0": ["image-0", "image-1"], "index-1": ["image-2", "image-6"], "index-2": ["image-1", "image-7"]}
AGES = [400, 91, 60, 45, 32, 31, 29, 10, 1]

# Repository and name of a tag.
Key = tuple[str, str]


@dataclass
class World:
    """What a server holds, and what is asked of it.

    tags: the label of the image and the age of each. signed: the tags that have a signature, by the label of the image,
    with its age. described: the same of lists of materials, which name their subject inside.
    """

    mode: str
    tags: dict[Key, tuple[str, float]]
    signed: dict[tuple[str, str], float]
    described: dict[tuple[str, str], float]
    options: dict[str, Any]
    branches: list[str] = field(default_factory=list)
    tag_rules: list[dict[str, Any]] = field(default_factory=list)
    later: float = 0


def made_up(dice: random.Random) -> World:
    places = list(PATHS)[: dice.randint(1, 3)]
    labels = [*IMAGES, *INDEXES]
    tags: dict[Key, tuple[str, float]] = {
        (path, name): (dice.choice(labels), dice.choice(AGES))
        for path in places
        for name in dice.sample(NAMES, dice.randint(2, 9))
    }
    held = {(path, label) for (path, _name), (label, _age) in tags.items()}
    belonging = [(path, inner) for path, label in sorted(held) for inner in [label, *INDEXES.get(label, [])]]
    # Only the registry itself shows whom a list of materials belongs to, and all dates only without a database.
    by_registry = dice.random() < 0.3
    return World(
        mode="M2" if by_registry else dice.choice(["M1", "M1", "M2"]),
        tags=tags,
        signed={key: dice.choice(AGES) for key in belonging if dice.random() < 0.35},
        described={key: dice.choice(AGES) for key in belonging if by_registry and dice.random() < 0.3},
        options=options(dice) | ({"read_via": "registry"} if by_registry else {}),
        branches=dice.sample(["dev-1", "fix-1"], dice.choice([0, 0, 1])),
    )


def options(dice: random.Random) -> dict[str, Any]:
    rules = {
        "name_regex_delete": dice.choice(["dev-.*", ".*", "(dev|fix)-.*", ".*-sbom|dev-.*"]),
        "keep_n": dice.choice([0, 0, 1, 2]),
        "older_than": dice.choice([None, "30d", "30d", "7d", "60d"]),
        "min_age": dice.choice([None, None, "9d"]),
        "name_regex_keep": dice.choice([None, None, "dev-[12]"]),
        "protect": dice.choice([None, None, ["dev-3"], ["v.*"]]),
        "allow_latest": dice.choice([None, True]),
        "signatures": dice.choice([None, None, "collect", "keep"]),
        "shared_digest": dice.choice([None, None, None, "keep_together"]),
        "keep_refs": dice.choice([None, None, ["branches"]]),
        "delete_via": dice.choice([None, None, None, "rest", "registry"]),
    }
    return {option: value for option, value in rules.items() if value is not None}


# What may happen between the approval and the run.
def _label(dice: random.Random) -> str:
    return dice.choice([*IMAGES, *INDEXES])


def used(world: World, dice: random.Random, digests: dict[str, str]) -> None:
    path, name = dice.choice(sorted(world.tags))
    label = world.tags[path, name][0]
    inner = dice.choice([label, *INDEXES.get(label, [])])
    images = world.options.setdefault("in_use", [])
    images.append(dice.choice([f"registry.example.com/{path}:{name}", f"{path}@{digests[inner]}"]))


def moved(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    key = dice.choice(sorted(world.tags))
    world.tags[key] = (_label(dice), dice.choice([0, 0, world.tags[key][1]]))


def pushed_again(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    key = dice.choice(sorted(world.tags))
    world.tags[key] = (world.tags[key][0], 0)


def vanished(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    if len(world.tags) > 1:
        del world.tags[dice.choice(sorted(world.tags))]


def pushed(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    path = dice.choice(sorted(world.tags))[0]
    world.tags[path, dice.choice(NAMES)] = (_label(dice), dice.choice([0, *AGES]))


def signature_changed(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    belonging = dice.choice([world.signed, world.described]) if "read_via" in world.options else world.signed
    if belonging and dice.random() < 0.5:
        del belonging[dice.choice(sorted(belonging))]
    else:
        path, name = dice.choice(sorted(world.tags))
        belonging[path, world.tags[path, name][0]] = dice.choice(AGES)


def other_rules(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    own = ("in_use", "delete_via", "read_via")
    kept: dict[str, Any] = {option: world.options[option] for option in own if option in world.options}
    world.options = {**options(dice), **kept}


def branch_made(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    world.branches.append(dice.choice(["dev-2", "dev-4", "fix-1"]))
    world.options["keep_refs"] = ["branches"]


def protected(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    world.tag_rules.append({"pattern": dice.choice(["^dev-[0-3]", "^v", "1$"]), "delete": "owner"})


def time_went_by(world: World, dice: random.Random, _digests: dict[str, str]) -> None:
    world.later = dice.choice([0.5, 1.0, 2.5])


CHANGES: list[Callable[[World, random.Random, dict[str, str]], None]] = [
    *(used, moved, pushed_again, vanished, pushed, signature_changed, other_rules, branch_made, protected),
    time_went_by,
]


def scenario(world: World) -> dict[str, Any]:
    """The server of a world, without what belongs to images."""
    rows: dict[str, list[dict[str, Any]]] = {path: [] for path in PATHS}
    for (path, name), (label, age) in sorted(world.tags.items()):
        rows[path].append({"name": name, "created_at": days_ago(age), **content(label)})
    projects = {path: "team/sub/tool" if path == "team/sub/tool" else "team/app" for path in PATHS}
    repositories = [
        repository(number, projects[path], path[len(projects[path]) + 1 :], rows[path])
        for path, number in PATHS.items()
        if rows[path]
    ]
    found = server(repositories, mode=world.mode)
    for project in found["projects"][:2]:
        project.update(branches=["main", *world.branches], tag_rules=world.tag_rules)
    return found


def content(label: str) -> dict[str, Any]:
    if label in IMAGES:
        return {"image": label, "config_created": days_ago(IMAGES[label]), "size": 7}
    children = [{"platform": "linux/amd64", **content(inner)} for inner in INDEXES[label]]
    return {"image": label, "media_type": INDEX, "children": children}


class Server:
    """The simulator in the state of a world. digests: of its images by label."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        labels = {f"l-{label}": label for label in [*IMAGES, *INDEXES]}
        tags = [{"name": name, "created_at": days_ago(1), **content(label)} for name, label in labels.items()]
        simulator.load(server([repository(100, "team/app", "", tags)]))
        self.digests = {labels[row["name"]]: row["digest"] for row in simulator.tags("team/app")}

    def load(self, world: World) -> None:
        self.simulator.load(scenario(world))
        for (path, label), age in sorted(world.signed.items()):
            self._put(path, f"{self.digests[label].replace(':', '-')}.sig", age)
        for (path, label), age in sorted(world.described.items()):
            name = f"{label}-sbom"
            self._put(path, name, age)
            shelf = Shelf(self.simulator, path)
            subject = {"mediaType": INDEX if label in INDEXES else IMAGE, "digest": self.digests[label], "size": 1}
            if shelf.digest(self.digests[label]):
                shelf.put(name, {**shelf.manifest(name), "subject": subject})
                self.simulator.edit_tags(path, put=[{"name": name, "updated_at": days_ago(age)}])
        if world.later:
            self.simulator.clock(advance=world.later * 86400)

    def _put(self, path: str, name: str, age: float) -> None:
        if path in self.simulator.state():
            row = {
                "name": name,
                "created_at": days_ago(age),
                "config_created": days_ago(age),
                "image": f"{path}:{name}",
            }
            self.simulator.edit_tags(path, put=[row])

    def held(self, world: World) -> dict[Key, tuple[str, set[str], str | None]]:
        """Of every tag its digest, with those inside of it, and the image that it belongs to."""
        found = {}
        for path in self.simulator.state():
            for row in self.simulator.tags(path):
                label = world.tags.get((path, row["name"]), ("", 0))[0]
                inside = {self.digests[inner] for inner in INDEXES.get(label, [])}
                found[path, row["name"]] = (row["digest"], {row["digest"], *inside}, self._subject(row["name"]))
        return found

    def _subject(self, name: str) -> str | None:
        if name.startswith("sha256-"):
            return "sha256:" + name[7:71]
        label = name.removesuffix("-sbom")
        return self.digests[label] if name.endswith("-sbom") and label in self.digests else None


def planned(task: Task) -> dict[Key, str | None]:
    """The tags that a plan deletes, with their digests; none of one that is refused."""
    if task.failed:
        return {}
    return {(row["repository"], row["name"]): row["digest"] for row in task.result["plan"]["delete"]}


def in_common(
    approved: dict[Key, str | None],
    fresh: dict[Key, str | None],
    held: dict[Key, tuple[str, set[str], str | None]],
    *,
    together: bool,
) -> set[Key]:
    """What two plans have in common, without what belongs to an image that is kept by that."""
    found = {key for key, digest in fresh.items() if key in approved and approved[key] == digest}
    while True:
        kept = [(key, held[key]) for key in held if key not in found]
        inside = {(key[0], digest) for key, (_digest, digests, _subject) in kept for digest in digests}
        images = {(key[0], digest) for key, (digest, _all, _subject) in kept if not key[1].startswith("sha256-")}
        left = {
            key
            for key in found
            if (key[0], held[key][2]) not in inside
            and (not together or key[1].startswith("sha256-") or (key[0], held[key][0]) not in images)
        }
        if left == found:
            return found
        found = left


@pytest.mark.parametrize("seed", range(CASES))
def test_a_run_deletes_what_both_plans_have_in_common(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    server_, before = Server(simulator), made_up(dice)
    server_.load(before)
    path = str(tmp_path / "plan.jsonl")
    always = {"group": "team", "min_remaining": 0, "return_limit": 1000}
    [audit] = run_all(ansible, MODULE, [{**always, **before.options, "plan_path": path}], check_mode=True)
    assert not audit.failed, audit.message
    today = deepcopy(before)
    for change in dice.choices(CHANGES, k=dice.randint(1, 4)):
        change(today, dice, server_.digests)
    server_.load(today)
    held = server_.held(today)
    [fresh] = run_all(ansible, MODULE, [{**always, **today.options}], check_mode=True)
    approval = {"approved_plan_path": path, "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    given = {**always, **today.options, **approval}
    [check], [run] = (run_all(ansible, MODULE, [given], check_mode=mode) for mode in (True, False))
    together = today.options.get("shared_digest") == "keep_together"
    expected = in_common(planned(audit), planned(fresh), held, together=together)
    assert planned(check).keys() == expected
    left = {(place, name) for place, names in simulator.state().items() for name in names}
    deleted = held.keys() - left
    assert deleted <= expected
    # Where rules of GitLab can't be read, it refuses what it protects.
    assert deleted == expected or (today.tag_rules and run.result["outcome"]["not_deleted"]), run.message
    if not run.failed:
        assert_told(run, len(planned(audit)), len(expected))


def assert_told(run: Task, approved: int, deleted: int) -> None:
    """Every approved tag is in the result, with what became of it."""
    found = run.result["plan"]["approved"]
    drift = {kind: count for kind, count in found["counts"].items() if kind != "new"}
    assert found["totals"]["delete"] == approved == deleted + sum(drift.values())
    assert sum(found["kept_by"].values()) == drift["kept"]
    assert run.message.startswith(f"{deleted} {'deleted' if deleted else 'to delete'} of {approved} approved")


def approve(ansible: Ansible, params: dict[str, Any], path: Path) -> dict[str, Any]:
    """The options of a run by the plan of an audit with these options, made right now."""
    [audit] = run_all(ansible, MODULE, [{**params, "plan_path": str(path)}], check_mode=True)
    assert not audit.failed, audit.message
    return {"approved_plan_path": str(path), "approved_fingerprint": audit.result["plan"]["fingerprint"]}


def test_a_signature_whose_image_somebody_else_deleted_is_kept(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    """The approved plan deletes it after its image; today's plan keeps it, since its image may be anywhere by now."""
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), tag("dev-2", 90), tag("v1", 1)])]))
    digest = next(row["digest"] for row in simulator.tags("team/app") if row["name"] == "dev-1")
    signature = digest.replace(":", "-") + ".sig"
    simulator.edit_tags("team/app", put=[tag(signature, 90)])
    params = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d"}
    approval = approve(ansible, params, tmp_path / "plan.jsonl")
    simulator.edit_tags("team/app", remove=["dev-1"])
    [run] = run_all(ansible, MODULE, [{**params, **approval}])
    assert simulator.state()["team/app"] == sorted([signature, "v1"])
    assert run.message == "1 deleted of 3 approved; 1 kept (orphan 1), 1 vanished."


def test_what_belongs_to_an_image_that_is_in_use_by_now_is_kept(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    """A list of materials names its subject inside, and an index holds the image: only a full reading shows both."""
    children = [{"platform": "linux/amd64", "image": "inner", "config_created": days_ago(90), "size": 7}]
    index = tag("dev-2", 90, media_type=INDEX, children=children)
    inner = tag("dev-3", 90, image="inner", size=7)
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), index, inner, tag("v1", 1)])], mode="M2"))
    shelf = Shelf(simulator, "team/app")
    digests = {name: str(shelf.digest(name)) for name in ("dev-1", "dev-3")}
    for name, digest in digests.items():
        subject = {"mediaType": IMAGE, "digest": digest, "size": 1}
        shelf.put(f"{name}-sbom", {**shelf.manifest("dev-1"), "subject": subject})
    params = {"group": "team", "name_regex_delete": "dev-.*", "read_via": "registry"}
    approval = approve(ansible, params, tmp_path / "plan.jsonl")
    used = {"in_use": [f"registry.example.com/team/app@{digest}" for digest in digests.values()]}
    [run] = run_all(ansible, MODULE, [{**params, **used, **approval}])
    assert run.message == "0 to delete of 5 approved; 5 kept (in_use 3, referrer 2)."
    assert len(simulator.state()["team/app"]) == 6


def test_an_approved_plan_that_is_refused_itself_deletes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), tag("dev-2", 90), tag("v1", 1)])]))
    path = tmp_path / "plan.jsonl"
    params = {"group": "team", "name_regex_delete": "dev-.*"}
    refused = {**params, "max_deletions": 1, "plan_path": str(path)}
    [audit] = run_all(ansible, MODULE, [refused], check_mode=True)
    approval = {"approved_plan_path": str(path), "approved_fingerprint": audit.result["plan"]["fingerprint"]}
    [run] = run_all(ansible, MODULE, [{**params, **approval}])
    assert run.message == (
        "The approved plan was already refused when it was made: team/app: 2 tags would be deleted, more than "
        "max_deletions 1. Make a new plan and have it approved."
    )
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize("approved", [False, True])
def test_a_forged_line_in_a_journal_deletes_no_signature(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, *, approved: bool
) -> None:
    """Only what an interrupted run was to delete after an image that it asked for is deleted without that image."""
    orphan, journal = "sha256-" + "f" * 64 + ".sig", tmp_path / "journal.jsonl"
    simulator.load(server([repository(100, "team/app", "", [tag("dev-1", 90), tag(orphan, 90), tag("v1", 1)])]))
    digests = {row["name"]: row["digest"] for row in simulator.tags("team/app")}
    params = {"group": "team", "name_regex_delete": "dev-.*", "journal_path": str(journal)}
    approval = approve(ansible, params, tmp_path / "plan.jsonl") if approved else {}
    start = {"event": "start", "server": simulator.url}
    row = {"event": "following", "repository": "team/app", "name": orphan, "digest": digests[orphan]}
    for forged in (row, {**row, "images": []}, {**row, "images": [digests["dev-1"]]}):
        journal.write_text("".join(json.dumps(line) + "\n" for line in (start, forged)))
        [check] = run_all(ansible, MODULE, [{**params, **approval}], check_mode=True)
        assert [each["name"] for each in check.result["plan"]["delete"]] == ["dev-1"]


def test_a_run_that_goes_on_tells_what_was_deleted_before(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    tags = [*(tag(f"dev-{number}", 90) for number in range(4)), tag("v1", 1)]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    journal = tmp_path / "journal.jsonl"
    params = {"group": "team", "name_regex_delete": "dev-.*", "journal_path": str(journal)}
    approval = approve(ansible, params, tmp_path / "plan.jsonl")
    run_all(ansible, MODULE, [params])
    # As a kill leaves it: without its end.
    lines = [
        line for line in journal.read_text().splitlines() if json.loads(line)["event"] in ("start", "delete_requested")
    ]
    for given in (params, {**params, **approval}):
        journal.write_text("".join(f"{line}\n" for line in lines))
        [again] = run_all(ansible, MODULE, [given])
        assert again.result["plan"]["deleted_before"] == 4
        assert again.message.endswith("; 4 already deleted by an earlier run.")
        assert again.result["changed"] is False
