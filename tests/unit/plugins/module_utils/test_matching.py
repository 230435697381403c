# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns in both readings: GitLab's, which does not group before it anchors, and people's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._errors import InputError
from ansible_collections.containerops.gitlab.plugins.module_utils._matching import compile_pattern

# pattern, what both readings match, what only one of them matches, what neither does
TABLE = [
    ("v1", ["v1"], [], ["v10", "xv1", ""]),
    ("v1|v2", ["v1", "v2"], ["v1-foo", "foo-v2"], ["foo-v1", "v2-foo", "xv1x"]),
    ("(v1|v2)", ["v1", "v2"], [], ["v1-foo", "foo-v2"]),
    ("(?:v1|v2)", ["v1", "v2"], [], ["v1-foo", "foo-v2"]),
    ("a|b|c", ["a", "b", "c"], ["ax", "xbx", "xc"], ["cx"]),
    ("^v1$", ["v1"], [], ["v10"]),
    ("(?i)V1", ["v1", "V1"], [], ["v10"]),
    (".*", ["anything", "latest", "v1"], [], []),
    ("[0-9a-z]{4}", ["0a1b"], [], ["0A1B", "0a1b2"]),
    ("v.+", ["v1"], [], ["V1", "a", "v"]),
    (r"\Qv1.0\E", ["v1.0"], [], ["v1x0"]),
    (r"\\Q", ["\\Q"], [], ["v"]),
    ("main|release-.*", ["main", "release-1"], ["main-2", "x-release-1"], ["x-main"]),
]


@pytest.mark.parametrize(("pattern", "both", "one", "none"), TABLE)
def test_both_readings(pattern: str, both: list[str], one: list[str], none: list[str]) -> None:
    compiled = compile_pattern(pattern, "name_regex_delete")
    for name in both:
        assert compiled.surely_matches(name), name
        assert compiled.may_match(name), name
        assert not compiled.is_ambiguous(name), name
    for name in one:
        assert compiled.is_ambiguous(name), name
        assert not compiled.surely_matches(name), name
    for name in none:
        assert not compiled.may_match(name), name


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[a", "missing ]: [a"),
        ("(a", "missing ): (a"),
        ("a)", "unexpected ): a)"),
        ("a(?!b)", "invalid perl operator: (?!"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a++", "bad repetition operator: ++"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("a\\", r"trailing \\"[:-1]),
        ("[z-a]", "invalid character class range: z-a"),
        ("*", "no argument for repetition operator: *"),
        ("a)(b", "unexpected ): a)(b"),
        ("", "is empty"),
        (r"\Qabc", r"\Q without \E"),
        (r"a\Qb\E\Qc", r"\Q without \E"),
    ],
)
def test_what_is_refused_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)) as caught:
        compile_pattern(pattern, "name_regex_keep")
    assert str(caught.value).startswith("name_regex_keep")


@given(st.text("ab|().*+", max_size=8), st.text("abc", min_size=1, max_size=4))
def test_a_sure_match_is_a_match_of_the_group(pattern: str, name: str) -> None:
    try:
        compiled = compile_pattern(pattern, "x")
    except InputError:
        return
    grouped = compile_pattern(f"(?:{pattern})", "x")
    assert not grouped.is_ambiguous(name)
    if compiled.surely_matches(name):
        assert grouped.surely_matches(name)
    if grouped.surely_matches(name):
        assert compiled.may_match(name)
