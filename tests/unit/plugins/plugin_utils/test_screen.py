# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines fit into a terminal, nothing is hidden without a number, and nothing controls the terminal."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.diffs import printable
from ansible_collections.containerops.gitlab.plugins.plugin_utils.screen import (
    WIDTH,
    Row,
    bytes_of,
    cut,
    freed_of,
    labelled,
    lines_of,
    listed,
    named,
    number_of,
    table,
    width_of,
    wrapped,
    wrapped_list,
)

TEXTS = st.text(max_size=200)
NAMES = st.text(min_size=1, max_size=150).filter(str.strip)
KIB = 1024


def test_a_line_fits_as_ansible_prints_it() -> None:
    shown = json.dumps({"msg": ["x" * WIDTH, "y"]}, indent=4).splitlines()
    assert max(map(len, shown)) <= 100
    assert width_of('a "b" \\d é') == len(json.dumps('a "b" \\d é', ensure_ascii=False)) - 2
    assert width_of("仮") == 2


@pytest.mark.parametrize(
    ("text", "width", "wanted"),
    [
        ("team/app", 8, "team/app"),
        ("team/project/image", 11, "team...mage"),
        ("team/project/image", 12, "team...image"),
        ("abcdef", 5, "a...f"),
        ("abcdef", 2, "a...f"),
        ("", 5, ""),
    ],
)
def test_the_middle_of_a_long_name_is_left_out(text: str, width: int, wanted: str) -> None:
    assert cut(text, width) == wanted


@given(TEXTS, st.integers(8, 100))
def test_what_is_cut_fits_and_has_both_ends(text: str, width: int) -> None:
    shown = cut(text, width)
    assert width_of(shown) <= width
    if shown != text:
        begin, end = shown.split("...", 1) if shown.count("...") == 1 else ("", "")
        assert text.startswith(begin)
        assert text.endswith(end)


@given(TEXTS, st.sampled_from(["", "  ", "    "]))
def test_lines_fit_but_for_a_single_word_and_lose_none(text: str, indent: str) -> None:
    lines = wrapped(text, indent)
    for line in lines:
        assert width_of(line) <= WIDTH or len(line.split()) == 1
        assert line.isprintable()
    assert " ".join(lines).split() == wrapped_words(text)


def wrapped_words(text: str) -> list[str]:
    """The words of a text as they are shown."""
    return [word for line in wrapped(text) for word in line.split()]


def test_further_lines_are_further_in() -> None:
    first, second = wrapped(f"note: {'word ' * 20}", "  ")
    assert first.startswith("  note: word")
    assert second.startswith("    word")
    assert wrapped("") == wrapped(" \n") == []
    assert wrapped("one\ntwo\x1b\t\u202e") == ["one two\\x1b\\t\\u202e"]


def test_an_item_is_not_broken() -> None:
    items = [f"reason {number}" for number in range(20)]
    lines = wrapped_list("keep", items, "  ")
    assert len(lines) > 1
    assert all(re.search(r"reason \d+,?$", line) for line in lines)
    assert wrapped_list("keep", []) == ["keep:"]


def test_parts_stand_side_by_side_or_below_each_other() -> None:
    assert lines_of(("team/app:1", "", "expired"), "  ") == ["  team/app:1  expired"]
    assert lines_of(("x" * 80, "2026-01-01", "expired")) == ["x" * 80, "  2026-01-01 expired"]
    assert lines_of(("x" * 120,)) == ["x" * 120]


def test_what_people_copy_has_a_line_of_its_own_if_it_is_long() -> None:
    assert labelled("file", "/a") == ["file: /a"]
    assert labelled("file", "/" + "a" * 90) == ["file:", "  /" + "a" * 90]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "?"),
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (KIB, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (KIB**2 - 1, "1.0 MiB"),
        (int(1.2 * KIB**3), "1.2 GiB"),
        (5 * KIB**5, "5.0 PiB"),
        (5000 * KIB**6, "5000.0 EiB"),
    ],
)
def test_bytes_are_told_as_people_read_them(value: int | None, wanted: str) -> None:
    assert bytes_of(value) == wanted


def test_unknown_is_never_0() -> None:
    assert number_of(None) == bytes_of(None) == "?"
    assert number_of(0) == "0"


@pytest.mark.parametrize(
    ("least", "most", "wanted"),
    [
        (None, None, ""),
        (0, 0, "0 B"),
        (KIB, KIB, "1.0 KiB"),
        (0, 3 * KIB**3, "0 to 3.0 GiB"),
        (int(1.29 * KIB**3), int(3.31 * KIB**3), "1.2 to 3.4 GiB"),
        (900 * KIB, 2 * KIB**3, "900.0 KiB to 2.0 GiB"),
        (None, 1, "at most 1 B"),
        (KIB, None, "at least 1.0 KiB"),
        (0, None, "at least 0 B"),
    ],
)
def test_freed_space_is_told_as_bounds(least: int | None, most: int | None, wanted: str) -> None:
    assert freed_of(least, most) == wanted


def test_what_does_not_fit_is_counted() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["aaaa", "bbbb", "cccc"], 15) == "aaaa and 2 more"
    assert listed(["aaaa", "bbbb"], 3) == "2 of them"
    assert listed([], 3) == ""
    assert named(["a", "b", "c"], 2) == "a, b and 1 more"
    assert named(["a", "b"], 2) == "a, b"


CELLS = st.tuples(st.integers(0, 10**7).map("{:,}".format), st.integers(0, 10**4).map(str))
ROWS = st.builds(Row, name=NAMES, cells=CELLS, remarks=st.lists(st.text("abc 1", min_size=1), max_size=9).map(tuple))


@given(st.lists(ROWS, max_size=6))
def test_a_table_fits_and_its_columns_stand_below_each_other(rows: list[Row]) -> None:
    lines = table(Row("repository", ("tags", "delete"), ("reasons",)), [*rows, "and 3 more", Row("total", ("1", "2"))])
    names = {printable(row.name) for row in rows}
    assert len(lines) == len(rows) + 3 or not names.isdisjoint(lines)
    for line in lines:
        assert width_of(line) <= WIDTH or line in names
        assert line.isprintable()
        assert line == line.rstrip()
    assert lines[0].startswith("repository")
    assert lines[-2] == "and 3 more"


def test_names_that_would_look_alike_have_a_line_of_their_own() -> None:
    """Which repository is it of which four tags are deleted?"""
    paths = [f"team/{'a' * 40}/{number}/{'c' * 40}" for number in range(3)]
    rows = [Row(path, (str(number),), ("expired 4", "matched 9")) for number, path in enumerate(paths)]
    lines = table(Row("repository", ("tags",), ("reasons",)), [*rows, Row(f"team/{'b' * 80}/x", ("7",)), rows[0]])
    assert [line for line in lines if line in paths] == [*paths, paths[0]]
    after = [lines[lines.index(path) + 1].split() for path in paths]
    assert [words[0] for words in after] == ["0", "1", "2"]
    assert lines[-3].startswith("team/bbb")
    assert "..." in lines[-3]


def test_long_names_and_remarks_share_the_line() -> None:
    name, reasons = f"team/{'a' * 80}/image", tuple(f"reason_{number} 1" for number in range(9))
    head, row, total = table(
        Row("repository", ("tags",), ("reasons",)), [Row(name, ("1",), reasons), Row("total", ("1",))]
    )
    assert row.startswith("team/aaa")
    assert "a/image" in row
    assert re.search(r"reason_0 1 and 8 more$", row)
    assert head.index("tags") + len("tags") == row.index("  reason_0") == total.rindex("1") + 1
