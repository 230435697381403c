# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of journals: their names, their order, and those that are missing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.journal_parts import (
    is_part,
    part_name,
    parts_of,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def parts(journal: str, minute: int, token: str, count: int) -> list[str]:
    return [part_name(journal, NOON + timedelta(minutes=minute), token, number + 1) for number in range(count)]


def test_the_name_of_a_part() -> None:
    name = part_name("journal", NOON, "00ff00ff", 7)
    assert name == "journal-20260601T120000Z-00ff00ff-00007.jsonl"
    assert is_part(name)


@pytest.mark.parametrize("name", ["plan.jsonl", "journal-1.jsonl", "journal-20260601T120000Z-00ff00ff-00007.jsonl.gz"])
def test_what_is_no_part(name: str) -> None:
    assert not is_part(name)


def test_runs_follow_each_other_as_they_were_stored_whatever_their_clocks_say() -> None:
    first, second = parts("journal", 0, "ffffffff", 12), parts("journal", 5, "00000000", 2)
    others = [*parts("journal-a", 0, "00000001", 2), *parts("j", 0, "00000001", 2), "plan.jsonl"]
    listed = [*first, *second, *others]
    for seed in range(20):
        # Of each run the first part was stored first; the others may lie between those of another run.
        random.Random(seed).shuffle(listed)
        order = [first[0], *listed] if seed % 2 else [second[0], *listed]
        expected = [*first, *second] if seed % 2 else [*second, *first]
        assert parts_of(dict.fromkeys(order), "journal") == expected
    assert parts_of(others, "journal") == []


def test_part_100000_comes_last() -> None:
    listed = parts("journal", 0, "00000000", 100_000)
    assert parts_of(sorted(listed), "journal") == listed


@pytest.mark.parametrize(("missing", "told"), [(0, 1), (1, 2)])
def test_a_journal_with_a_hole_is_refused(missing: int, told: int) -> None:
    listed = parts("journal", 0, "00000000", 3)
    del listed[missing]
    with pytest.raises(UsageError, match=f"Part {told} of the journal journal-20260601T120000Z-00000000 is missing"):
        parts_of(listed, "journal")


def test_a_last_part_that_is_missing_can_not_be_told() -> None:
    listed = parts("journal", 0, "00000000", 3)
    assert parts_of(listed[:2], "journal") == listed[:2]
