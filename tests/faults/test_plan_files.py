# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan files that were damaged or altered on their way: none of them is followed, and each is refused in a sentence."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import given_lines, plan_lines
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.approval import (
    ApprovalTerms,
    check_fingerprint,
    check_plan,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import approved_in, merge, part_of
from tests.integration.driver import Ansible
from tests.integration.repeated import run_all
from tests.integration.scenarios import MIXED_RULES, repository, server, tag, team
from tests.simulator.harness import Simulator
from tests.unit.plugins.module_utils._plan.test_approval import part, written

SCOPE: dict[str, Any] = {"project": ["team/app"]}
OTHER: dict[str, Any] = {"project": ["team/sub/tool"]}
PLAN = written(
    [
        part("team/app", {f"dev-{number}": (f"sha256:{number}", number % 2 == 0) for number in range(6)}),
        part("team/app/web", {"v1": (None, False)}),
    ],
    scope=SCOPE,
)
FOREIGN = written([part("team/sub/tool", {"main": ("sha256:9", True)})], scope=OTHER)
MERGED = list(merge([part_of(lambda: PLAN), part_of(lambda: FOREIGN)]).lines())


def from_file(content: bytes, folder: Path) -> Iterator[str]:
    """The lines as a task reads them from a file."""
    path = folder / "plan.jsonl"
    path.write_bytes(content)
    return plan_lines(str(path), "approved_plan_path")


def from_text(content: bytes, _folder: Path) -> Iterator[str]:
    """The lines as a task reads them from a variable."""
    text = content.decode(errors="surrogateescape")
    return iter(given_lines({"plan": text}, "plan", "path") or ())


def assert_harmless(content: bytes, original: list[str], read: Callable[[bytes, Path], Iterator[str]], at: Path) -> int:
    """It is refused in a sentence, or is the plan that it was. Gives 1 where it is refused."""
    own = approved_in(original, SCOPE)
    terms = ApprovalTerms(fingerprint=own.fingerprint, max_age=0)
    try:
        found = approved_in(read(content, at), SCOPE)
        check_fingerprint(found, terms)
        check_plan(found, own.server, SCOPE)
    except UsageError as error:
        text = str(error)
        assert text.endswith(".")
        assert "\n" not in text
        return 1
    assert found.digests == own.digests
    return 0


@pytest.mark.sweep(2)
@pytest.mark.parametrize("original", [PLAN, MERGED], ids=["plan", "merged"])
@pytest.mark.parametrize("read", [from_file, from_text])
def test_a_change_of_any_byte_is_harmless(
    original: list[str], read: Callable[[bytes, Path], Iterator[str]], tmp_path: Path
) -> None:
    whole = "".join(original).encode()
    dice = random.Random(1)
    refused = 0
    for position in range(len(whole)):
        byte = dice.choice([whole[position] ^ 1, whole[position] ^ 32, dice.randrange(256), *b' \n\r",:0}\x00\xff'])
        changed = whole[:position] + bytes([byte]) + whole[position + 1 :]
        refused += changed != whole and assert_harmless(changed, original, read, tmp_path)
    # What is left are ends of lines of another kind, and what was no change.
    assert refused > 0.85 * len(whole)


def damages(lines: list[bytes], dice: random.Random) -> bytes:
    """The file after one to three things that may happen to a file."""
    lines = list(lines)
    for _each in range(dice.randint(1, 3)):
        number, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        line = lines[number]
        position = dice.randrange(len(line) + 1)
        kind = dice.randrange(9)
        if kind == 0:
            lines = lines[:number] or [b""]
        elif kind == 1:
            lines = [*lines[:number], line[:position]]
        elif kind == 2:
            lines[number], lines[other] = lines[other], line
        elif kind == 3:
            lines.insert(other, line)
        elif kind == 4:
            lines.insert(number, dice.choice([b"\n", b"{}\n", b"[]\n", b'{"type": "tag"}\n', b" \n", b"\xef\xbb\xbf"]))
        elif kind == 5:
            del lines[number : dice.randint(number, len(lines))]
            lines = lines or [b""]
        elif kind == 6:
            lines[number] = line[:position] + bytes(dice.randrange(256) for _byte in range(3)) + line[position:]
        elif kind == 7:
            old, new = dice.choice([(b"keep", b"delete"), (b"delete", b"keep"), (b"sha256:", b""), (b"0", b"1")])
            lines[number] = line.replace(old, new, 1)
        else:
            lines += lines[number:]
    return b"".join(lines)


@pytest.mark.parametrize("original", [PLAN, MERGED], ids=["plan", "merged"])
@pytest.mark.parametrize("read", [from_file, from_text])
def test_what_may_happen_to_a_file_is_harmless(
    original: list[str], read: Callable[[bytes, Path], Iterator[str]], tmp_path: Path
) -> None:
    lines = [line.encode() for line in original]
    dice = random.Random(2)
    assert sum(assert_harmless(damages(lines, dice), original, read, tmp_path) for _each in range(1500)) > 1200


def test_every_damaged_input_of_a_merged_plan_is_refused(tmp_path: Path) -> None:
    lines = [line.encode() for line in PLAN]
    dice = random.Random(3)
    path = tmp_path / "plan.jsonl"
    good = merge([part_of(lambda: PLAN), part_of(lambda: FOREIGN)])
    for _each in range(500):
        path.write_bytes(damages(lines, dice))
        try:
            found = merge([part_of(partial(plan_lines, str(path), "plan_paths")), part_of(lambda: FOREIGN)])
        except UsageError:
            continue
        assert found.fingerprint == good.fingerprint


def cut(lines: list[str]) -> list[str]:
    return lines[:-10]


def reordered(lines: list[str]) -> list[str]:
    return [*lines[:2], *reversed(lines[2:])]


def edited(lines: list[str]) -> list[str]:
    return [line.replace('"action": "keep"', '"action": "delete"') for line in lines]


# What was done to a plan of 22 lines, and what is said of it.
ALTERED: Mapping[Callable[[list[str]], list[str]], str] = {
    cut: "it ends with line 12, after 10 of the tags of team/app that line 2 announces (20)",
    reordered: "line 4, on team/app:dev-18, is not in the order of the names",
    edited: "line 13, on team/app:dev-10, has no action that fits its reason",
    lambda lines: [*lines, lines[-1]]: "line 23 is more than the tags of team/app that line 2 announces (20)",
    lambda lines: [*lines, ""]: "line 23 is not a line of a plan",
    lambda lines: [
        lines[0].replace('"keep_n": 10', '"keep_n": 0'),
        *lines[1:],
    ]: "line 1 was changed, or a whole repository after it",
}


def test_a_plan_that_lost_its_last_lines_deletes_nothing(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    """The newest ten are kept by the plan, in lines that a fingerprint of what is deleted does not cover."""
    tags = [tag(f"dev-{number:02}", 100 - number) for number in range(20)]
    simulator.load(server([repository(100, "team/app", "", tags)]))
    plan, altered = tmp_path / "plan.jsonl", tmp_path / "altered.jsonl"
    params = {"group": "team", "name_regex_delete": "dev-.*", "keep_n": 10}
    [audit] = run_all(ansible, "registry_cleanup", [{**params, "plan_path": str(plan)}], check_mode=True)
    # In between somebody deletes nine of the newest.
    simulator.edit_tags("team/app", remove=[f"dev-{number}" for number in range(11, 20)])
    fingerprint = audit.result["plan"]["fingerprint"]
    approved = {**params, "approved_plan_path": str(altered), "approved_fingerprint": fingerprint}
    package = {"action": "store", "project": "team/app", "version": "1", "plan_path": str(altered)}
    for change, what in ALTERED.items():
        altered.write_text("".join(f"{line}\n" for line in change(plan.read_text().splitlines())))
        sentence = (
            f"The plan was altered after it was made: {what}. Fetch it again, or make a new plan and have it approved."
        )
        [run] = run_all(ansible, "registry_cleanup", [approved])
        [merged] = run_all(ansible, "registry_plan_merge", [{"plan_paths": [str(altered)]}])
        [stored] = run_all(ansible, "registry_plan_package", [package])
        inline = {**params, "approved_plan": altered.read_text(), "approved_fingerprint": fingerprint}
        [text] = run_all(ansible, "registry_cleanup", [inline])
        assert run.message == f"approved_plan_path {altered}: {sentence}"
        assert merged.message == f"{altered}: {sentence}"
        assert text.message == f"approved_plan: {sentence}"
        assert stored.message == f"plan_path {altered}: {sentence}"
    assert simulator.counters()["writes"] == 0
    # The whole plan keeps what today's rules keep.
    altered.write_text(plan.read_text())
    [whole] = run_all(ansible, "registry_cleanup", [approved])
    assert whole.message == "1 deleted of 10 approved; 9 kept (keep_n 9)."
    assert len(simulator.tags("team/app")) == 10


def test_a_merged_plan_that_was_altered_deletes_nothing(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    paths = [str(tmp_path / f"{number}.jsonl") for number in range(2)]
    cases = [{**scope, **MIXED_RULES, "plan_path": path} for scope, path in zip((SCOPE, OTHER), paths, strict=True)]
    run_all(ansible, "registry_cleanup", cases, check_mode=True)
    path = tmp_path / "all.jsonl"
    [merged] = run_all(ansible, "registry_plan_merge", [{"plan_paths": paths, "merged_plan_path": str(path)}])
    approval = {"approved_plan_path": str(path), "approved_fingerprint": merged.result["fingerprint"]}
    lines = path.read_text().splitlines(keepends=True)
    # A line that is kept, in the part of the other task.
    path.write_text("".join(lines[:-1]))
    [run] = run_all(ansible, "registry_cleanup", [{**SCOPE, **MIXED_RULES, **approval}])
    assert "it ends with line" in run.message
    assert simulator.counters()["writes"] == 0
