# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns in both readings: GitLab's, which does not group before it anchors, and people's."""

from __future__ import annotations

import itertools
import re

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._rules import patterns
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.dead_alternatives import (
    Cause,
    dead_alternative,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pattern_syntax import Reading, parse
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import (
    Match,
    PatternError,
    alternatives,
    check_pattern,
    compile_pattern,
    has_open_quote,
    only_name,
    pattern_error,
    quoted,
    rule_search,
    server_search,
    why_impossible,
    why_refused,
)
from tests.tools.collection import ROOT
from tests.tools.depth import examples

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
    (r"v\\?Q", ["vQ"], [], ["v"]),
    ("main|release-.*", ["main", "release-1"], ["main-2", "x-release-1"], ["x-main"]),
]


@pytest.mark.parametrize(("pattern", "both", "one", "none"), TABLE)
def test_both_readings(pattern: str, both: list[str], one: list[str], none: list[str]) -> None:
    compiled = compile_pattern(pattern, "name_regex_delete")
    for name in both:
        assert compiled.match(name) is Match.SURE, name
    for name in one:
        assert compiled.match(name) is Match.AMBIGUOUS, name
    for name in none:
        assert compiled.match(name) is Match.NONE, name


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[a", "missing ]: [a"),
        ("(a", "missing ): (a"),
        ("a)", "unexpected ): a)"),
        ("a(?!b)", "name_regex_keep 'a(?!b)' is not a valid RE2 pattern: invalid perl operator: (?! (RE2 has no"),
        ("a(?!b)", "(?! (RE2 has no look-around)."),
        ("b+*", "name_regex_keep 'b+*' is not a valid RE2 pattern: bad repetition operator: +*."),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a++", "bad repetition operator: ++"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("a\\", r"trailing \\"[:-1]),
        ("[z-a]", "invalid character class range: z-a"),
        ("*", "no argument for repetition operator: *"),
        ("a)(b", "unexpected ): a)(b"),
        ("", "is empty"),
        (r"\Qabc", r"name_regex_keep '\Qabc' has \Q without \E, which GitLab accepts, but which then matches nothing."),
        (r"a\Qb\E\Qc", r"\Q without \E"),
        (r"a\Q", r"\Q without \E"),
        (r"\Q", r"\Q without \E"),
    ],
)
def test_what_is_refused_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        compile_pattern(pattern, "name_regex_keep")
    assert str(caught.value).startswith("name_regex_keep")


# pattern, the part of it that matches no tag
IMPOSSIBLE = [
    ("a b", "a b"),
    ("release-.*| v.*", " v.*"),
    ("release-.* |v.*", "release-.* "),
    ("main, release", "main, release"),
    ("(a|(b|c,))", "c,"),
    ("v1(a| rc)?", " rc"),
    ("main\nrelease", "main\nrelease"),
    ("release-.*\n", "release-.*\n"),
    ("team/app:.*", "team/app:.*"),
    ("/^v.*/", "/^v.*/"),
    ("'main'", "'main'"),
    ('"main"', '"main"'),
    ("v{,3}", "v{,3}"),
    (r"v\s+", r"v\s+"),
    (r"a\x20b", r"a\x20b"),
    (r"a\040b", r"a\040b"),
    (r"\Qa b\E", r"\Qa b\E"),
    (r"\Qa \E+", r"\Qa \E+"),
    (r"\p{Greek}", r"\p{Greek}"),
    ("[ ,]", "[ ,]"),
    ("( ){0,1} ", "( ){0,1} "),
    ("( )+", "( )+"),
    ("(?i)a|b ", "b "),
    ("v1\u200b", "v1\u200b"),
    ("\u212a", "\u212a"),
]
POSSIBLE = [
    *(
        "[0-9]{1,3}",
        r"[\d]{1,3}\.[\d]{1,3}",
        "v1( rc)?",
        " *v",
        " ?v",
        " {0}v",
        " {0,2}v",
        "[ a]",
        "[^a]",
    ),
    *(r"\Qv1.0\E", r"v\Q \E*", r"v\Q\E", r"\bv\b", r"\Av\z", "^v$", r"\C", r"\pL", r"\p{Lu}", r"\D", r"v\W", "."),
    *(
        "(?i)\u212a",
        "(?i)(?:\u212a)",
        "(?i:\u212a)",
        "(?P<x>v)",
        "(?<x>v)",
        r"\x61",
        r"\x{61}",
        r"\141",
        r"v\.",
        r"v\-",
    ),
    *("[]a]", "[^]]", "[[:alpha:], ]", r"[\]a]"),
]


@pytest.mark.parametrize(("pattern", "part"), IMPOSSIBLE)
def test_a_pattern_with_a_part_that_matches_no_tag_is_refused(pattern: str, part: str) -> None:
    with pytest.raises(UsageError, match="matches no tag, since the name of a tag never contains") as caught:
        compile_pattern(pattern, "protect")
    assert str(caught.value).startswith(f"protect '{pattern}' ")
    assert (f"'{part}', which matches" in str(caught.value)) == (part != pattern)


@pytest.mark.parametrize("pattern", POSSIBLE)
def test_a_pattern_that_may_match_a_tag_is_taken(pattern: str) -> None:
    assert pattern_error(pattern) is None
    assert why_impossible(pattern) is None


# Pattern, the part of it by which it matches no tag, and why.
OF_PLACES = [
    ("main^", "main^", "^ can't match at its place"),
    ("$main", "$main", "$ can't match at its place"),
    (r"main\B", r"main\B", r"\B can't match at its place"),
    (r"main\b.*|v\b[0-9]", r"v\b[0-9]", r"\b can't match at its place"),
    (r"\Bmain", r"\Bmain", r"\B can't match at its place"),
    (r"a\z.+", r"a\z.+", r"\z can't match at its place"),
    (r".+\A", r".+\A", r"\A can't match at its place"),
    (r"^v\B$", r"^v\B$", r"^ and \B and $ can't match at their places"),
    ("a(^|-)x", "^", "^ can't match at its place"),
    (r"main(-|x)\B", "x", r"\B can't match at its place"),
    (r"(?i)(?m)a$b", r"(?i)(?m)a$b", "$ can't match at its place"),
    *((empty, empty, "it matches no character, ") for empty in ("()", "(?:)", "a{0}", "(a|b){0,0}", "^$", r"\b{0}")),
    ("main|", "", "it matches no character, and the name of a tag is never empty"),
    ("|main", "", "it matches no character, "),
    ("a||b", "", "it matches no character, "),
    ("(main|)", "", "it matches no character, "),
    ("main|^", "^", "it matches no character, "),
    (
        "-rc$",
        "-rc$",
        "the name of a tag begins with a letter, a digit or _, and a pattern has to match the whole name: ",
    ),
    (".*-rc|-rc", "-rc", "the name of a tag begins with a letter, a digit or _, "),
    ("(-rc|v.*)", "-rc", "the name of a tag begins with a letter, a digit or _, "),
    (r"\W", r"\W", "the name of a tag begins with a letter, a digit or _, "),
    ("a{129}", "a{129}", "the name of a tag has at most 128 characters"),
    ("(?:v{64}){2}(1|)", "1", "the name of a tag has at most 128 characters"),
]
IN_PLACE = [
    *(
        "^main$",
        "(^|-)x",
        "(^|.*-)x",
        "x($|-.*)",
        r"\bmain\b",
        r"v\B1",
        r"v-\B",
        r"a\b-",
        "(|v)1",
        "v1(|-rc)",
        "(a|)+",
        "a*",
        "()a",
    ),
    *("a{128}", "(?:v{64}){2}", "^^a$$", "(^)*a", "(a^)?b", r"(?:\b|_)v", r"(\A|-)v", "a{0}b", "(?:^a|b)+"),
]


@pytest.mark.parametrize(("pattern", "part", "why"), OF_PLACES)
def test_what_can_stand_nowhere_in_a_name_is_refused(pattern: str, part: str, why: str) -> None:
    matches = "matches no tag" if part == pattern else f"has the part '{part}', which matches no tag"
    with pytest.raises(UsageError) as caught:
        compile_pattern(pattern, "protect")
    assert str(caught.value).startswith(f"protect '{pattern}' {matches}, since {why}")


@pytest.mark.parametrize("pattern", IN_PLACE)
def test_what_stands_somewhere_in_a_name_is_taken(pattern: str) -> None:
    compile_pattern(pattern, "protect")


@pytest.mark.parametrize(
    ("pattern", "ungrouped", "part"),
    [
        ("-rc", False, True),
        ("v.*|-rc", True, True),
        ("-rc|v.*", False, True),
        ("v.*|-x|w", True, True),
        (r"\Bx|y", False, True),
        (r"y|\Bx", True, True),
        ("x^|y", False, False),
        ("main|", True, True),
        ("-$", False, True),
        ("()", False, True),
        ("a{129}", False, False),
        ("a b", False, False),
    ],
)
def test_gitlab_may_match_what_people_do_not_mean(pattern: str, ungrouped: bool, part: bool) -> None:
    assert why_impossible(pattern)
    assert (why_impossible(pattern, Reading.UNGROUPED) is None) is ungrouped
    assert (why_refused(pattern, Reading.PART) is None) is part


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        *(("[main]", "main"), ("[main|prod]", "(main|prod)"), ("[main prod]", "(main|prod)"), ("[qa]", "qa")),
        *(("[dev]", "dev"), ("[v1]", "v1"), ("[2024]", "2024"), ("[13]", "13"), ("[v.*]", "v.*"), ("[ab c]", "(ab|c)")),
        *(("[release-v1]", "release-v1"), ("[1.0-rc]", "1.0-rc"), ("[^main]", "main"), ("[ a]", "a"), ("[Ab]", "Ab")),
    ],
)
def test_a_list_in_quotes_is_no_class(pattern: str, form: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_pattern(pattern, "protect")
    assert str(caught.value) == (
        f"protect '{pattern}' matches names of a single character alone. If it is a list, write it without quotes, or "
        f"write {form}. If you need such names, write {pattern}{{1}}."
    )
    compile_pattern(f"{pattern}{{1}}", "protect")
    compile_pattern(f"({form})", "protect")
    # A rule of GitLab's matches every name with one of the letters.
    check_pattern(pattern, "tag_name_pattern", Reading.PART)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "[a-z]",
            "[0-9]",
            "[a-zA-Z0-9_.-]",
            "[ab]",
            "[XYZ]",
            "[a]",
            r"[\d]",
            r"[\w.-]",
            "[[:alpha:]]",
            "[^a-z]",
            "[^a]",
        ),
        *("[a-z]", "[main]+", "[0-9a-f]{8}", "[ma]in", "v[13]", "([main])", "[main]|[prod]", "[^.]"),
    ],
)
def test_a_class_that_is_meant_is_taken(pattern: str) -> None:
    compile_pattern(pattern, "protect")


def rows_of_the_page(head: str) -> list[str]:
    """The patterns in the first column of a table of docs/inputs.md."""
    table = (ROOT / "docs" / "inputs.md").read_text().partition(f"| {head} | because |\n")[2].partition("\n\n")[0]
    cells = [line.replace(r"\|", "\0").split("|")[1] for line in table.splitlines()[1:]]
    return [text.replace("\0", "|") for cell in cells for text in re.findall("`([^`]+)`", cell)]


def test_the_page_on_patterns_is_true() -> None:
    refused, taken = rows_of_the_page("refused"), rows_of_the_page("accepted")
    assert len(refused) > 15
    assert len(taken) > 15
    for pattern in refused:
        with pytest.raises(UsageError):
            compile_pattern(pattern, "protect")
    for pattern in taken:
        compile_pattern(pattern, "protect")


def test_a_pattern_is_read_however_deep_it_is_nested() -> None:
    compile_pattern("(" * 900 + "a" + ")" * 900, "protect")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a b", "contains a blank."),
        ("a\nb", "contains a line break."),
        ("a,b", "contains a comma: several patterns are several entries, or alternatives with | between them."),
        ("a/b", "contains a slash: patterns are compared only with the name of the tag."),
        ("'a", "contains a quote."),
        ('"a', "contains a quote."),
        (r"\Q \E", "contains a blank."),
        *(
            (each, "contains a brace: RE2 reads {,3} and {03} as text, so write {0,3} and {3}.")
            for each in ("a{,3}", "a{03}", "a{3,04}", "a{00}", f"a{{{10**9}}}", f"a{{1,{'9' * 5000}}}", "a{1,2")
        ),
        (r"\s", r"contains what \s stands for."),
        ("-rc", "a pattern has to match the whole name: write .* for the part before."),
        ("a{129}", "has at most 128 characters."),
        ("()", "it matches no character, and the name of a tag is never empty."),
    ],
)
def test_it_is_told_what_no_name_holds(pattern: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_pattern(pattern, "protect")
    assert str(caught.value).endswith(text)


PIECES = [
    *("a", "V", "1", ".", r"\.", "-", " ", ",", "/", "\n", "|", "(", ")", "(?:", "(?i)", "(?i:", "(?-i)", "(?P<x>"),
    *(
        "*",
        "+",
        "?",
        "{0}",
        "{1,2}",
        "{,2}",
        "[a ]",
        "[^a]",
        "[ /]",
        "[]",
        "]",
        "[",
        r"\s",
        r"\w",
        r"\Q",
        r"\E",
        r"\x20",
    ),
    *(r"\040", r"\pL", r"\p{Greek}", "^", "$", r"\b", "\u212a", "\\", "é"),
]
SHORT_NAMES = ["".join(name) for size in (1, 2, 3) for name in itertools.product("aAvVkK1_", "aVk1.-", "aK.-1")]
SHORT_NAMES += [name[:2] for name in SHORT_NAMES] + list("aAvVkK1_")


@examples(1000)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_is_refused_can_match_no_tag(pattern: str) -> None:
    """Neither the part that is named nor, where that is all of it, the pattern is found anywhere in a name."""
    if pattern_error(pattern) is not None:
        return
    found = dead_alternative(parse(pattern, Reading.PART, patterns._kinds_of))
    if found is not None and (found.cause is Cause.CHARACTER or found.text == pattern):
        assert found.text in pattern
        search = re2.compile(found.text).search
        assert not [name for name in SHORT_NAMES if search(name)]


@given(
    st.lists(st.from_regex(r"[a-z]{1,3}(\.\*)?", fullmatch=True), max_size=3),
    st.sampled_from(" ,/\"'\n\t:;@é"),
    st.sampled_from(["v{}1", "{}v", "v{}", "(v|w){}", "[{0}{0}]", "x(?:a{}|b)y", "(a|(b{}))"]),
    st.integers(0, 3),
)
def test_a_foreign_character_is_found_wherever_it_is_needed(
    others: list[str], character: str, form: str, place: int
) -> None:
    parts = [*others[:place], form.format(character), *others[place:]]
    assert why_impossible("|".join(parts))


@given(st.text("ab|().*+", max_size=8), st.text("abc", min_size=1, max_size=4))
def test_a_sure_match_is_a_match_of_the_group(pattern: str, name: str) -> None:
    try:
        compiled = compile_pattern(pattern, "x")
    except UsageError:
        return
    grouped = compile_pattern(f"(?:{pattern})", "x")
    assert grouped.match(name) is not Match.AMBIGUOUS
    if compiled.match(name) is Match.SURE:
        assert grouped.match(name) is Match.SURE
    if grouped.match(name) is Match.SURE:
        assert compiled.match(name) is not Match.NONE


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("a", ["a"]),
        ("a|b", ["a", "b"]),
        ("|", ["", ""]),
        ("(a|b)", ["(a|b)"]),
        ("a|(b|c)|d", ["a", "(b|c)", "d"]),
        (r"a\|b", [r"a\|b"]),
        (r"a\\|b", [r"a\\", "b"]),
        ("[|]a|b", ["[|]a", "b"]),
        ("[]|a]|b", ["[]|a]", "b"]),
        ("[^]|]", ["[^]|]"]),
        ("[[:alpha:]|]|x", ["[[:alpha:]|]", "x"]),
        (r"\Qa|b\E|c", [r"\Qa|b\E", "c"]),
        (r"[\]|]|\(|b", [r"[\]|]", r"\(", "b"]),
    ],
)
def test_alternatives_outside_of_groups(pattern: str, parts: list[str]) -> None:
    assert alternatives(pattern) == parts


@given(st.text("ab|()[]^.*\\", max_size=10))
def test_alternatives_put_together_are_the_pattern(pattern: str) -> None:
    if pattern_error(pattern) is None:
        assert "|".join(alternatives(pattern)) == pattern


@given(st.text("ab|()[]", max_size=8), st.text("ab", min_size=1, max_size=4))
def test_alternatives_written_out_are_what_gitlab_reads(pattern: str, name: str) -> None:
    if pattern_error(pattern) is None and len(alternatives(pattern)) > 1:
        written = server_search(f"(?:{'.*|.*'.join(alternatives(pattern))})")
        assert written(name) == server_search(pattern)(name)


tag_names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,8}", fullmatch=True)


@given(st.lists(tag_names, min_size=1, unique=True), tag_names)
def test_quoted_names_match_themselves_and_nothing_else(names: list[str], other: str) -> None:
    compiled = compile_pattern(quoted(names), "x")
    assert all(compiled.match(name) is Match.SURE for name in names)
    assert compiled.match(other) is (Match.SURE if other in names else Match.NONE)
    assert compile_pattern(quoted(["v1.0"]), "x").match("v1x0") is Match.NONE


def test_what_a_group_holds() -> None:
    pattern = compile_pattern("(a)?(?P<rest>b+)", "match")
    assert [pattern.part("abb", group) for group in ("1", "2", "rest")] == ["a", "bb", "bb"]
    assert pattern.part("b", "1") is None
    assert pattern.part("c", "1") is None
    assert [pattern.has_group(group) for group in ("0", "1", "2", "3", "rest", "other")] == [
        *[False, True, True, False],
        *[True, False],
    ]


def test_what_gitlab_searches_for() -> None:
    assert server_search("v1|v2")("v1-foo")
    assert not server_search("(?:v1|v2)")("v1-foo")
    for nothing in (None, "", r"\Qv1"):
        assert not any(server_search(nothing)(name) for name in ("v1", "XXXX"))
    with pytest.raises(PatternError, match=r"^missing \): \\A\(\\z$"):
        server_search("(")


@pytest.mark.parametrize(
    ("arguments", "reason"), [((b"no \xff",), "no \ufffd"), (("no",), "no"), ((7,), "7"), ((), "unknown reason")]
)
def test_reasons_are_read_as_every_release_of_re2_writes_them(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], reason: str
) -> None:
    def refused(_text: str) -> object:
        raise re2.error(*arguments)

    monkeypatch.setattr(patterns, "_re2", refused)
    assert pattern_error("x") == reason


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        (r"\Qab", True),
        (r"\Qab\E", False),
        (r"\Q\E", False),
        (r"\\Q", False),
        (r"\.\Qa", True),
        (r"a\Qb\Ecd", False),
        (r"\Qa\E\Qb\E", False),
        (r"\Qa\Eb\Q", True),
    ],
)
def test_quotes_that_are_left_open(text: str, is_open: bool) -> None:
    assert has_open_quote(text) is is_open


def test_a_pattern_that_is_refused_is_not_logged(capfd: pytest.CaptureFixture[str]) -> None:
    assert pattern_error("(") == "missing ): ("
    assert capfd.readouterr().err == ""


def test_gitlab_finds_nothing_where_an_open_quote_swallows_its_own_group() -> None:
    for nothing in (r"v1|\Qa", r"\Qv1", r"v1|v2\Q"):
        assert not server_search(nothing)("v1")
    # A group of the pattern's own keeps GitLab from adding one.
    assert server_search(r"(v1)|\Qa")("v1")


@pytest.mark.parametrize(
    ("patterns", "covered"),
    [
        ([], []),
        (["^v"], ["v1", "v2"]),
        (["1", "main"], ["v1", "main", "x-main-1"]),
        (["^main$"], ["main"]),
        (["(?i)^V2"], ["v2"]),
        # What can't be understood covers everything.
        (["(", "v1"], ["v1", "v2", "main", "x-main-1"]),
    ],
)
def test_a_protection_rule_covers_what_its_pattern_is_a_part_of(patterns: list[str], covered: list[str]) -> None:
    covers = rule_search(patterns)
    assert [name for name in ("v1", "v2", "main", "x-main-1") if covers(name)] == covered


@given(st.text("ab1.-_\\\\*|(", min_size=1, max_size=5), st.text("ab1.-_", min_size=1, max_size=5))
def test_a_pattern_of_one_name_matches_no_other(text: str, name: str) -> None:
    one = only_name(text)
    # No name begins with a dot or hyphen, which a pattern is refused for.
    if one is not None and one[0] not in ".-":
        pattern = compile_pattern(text, "protect")
        assert pattern.match(one) is Match.SURE
        assert (pattern.match(name) is not Match.NONE) == (name == one)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("v1", "v1"),
        (r"v1\.0\-rc_1", "v1.0-rc_1"),
        ("v1.0", None),
        ("v|w", None),
        ("(?i)v", None),
        (r"\d", None),
        ("", None),
    ],
)
def test_which_patterns_are_of_one_name(text: str, name: str | None) -> None:
    assert only_name(text) == name
