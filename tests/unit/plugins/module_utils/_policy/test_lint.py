# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lint of GitLab's policies, and their conversion."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._policy.lint import lint_warnings, to_cleanup_options
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import Parameters
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import (
    Match,
    compile_pattern,
    server_search,
)

NAMES = ["latest", "v1", "v1-foo", "foo-v2", "dev-1"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            Parameters(name_regex="v1|v2", keep_n=5),
            ["without parentheses", "foo-v2, v1-foo", "Write (?:v1|v2)"],
        ),
        (Parameters(name_regex=".*", name_regex_keep="v1|v2"), ["name_regex_keep 'v1|v2' has alternatives"]),
        (Parameters(name_regex=".*", keep_n=5), ["matches all of the 4 tags"]),
        (Parameters(name_regex="x.*", keep_n=5), ["matches none of the 4 tags"]),
        (Parameters(name_regex="dev-.*"), ["only latest is kept"]),
        (
            Parameters(name_regex="dev-.*", older_than="1m"),
            ["older_than '1m' is not a duration that is known here, so it is unknown what GitLab deletes."],
        ),
        (Parameters(name_regex="dev-.*", older_than=""), ["older_than '' is not a duration"]),
        (Parameters(name_regex="", keep_n=5), ["name_regex is empty", "nothing is ever deleted"]),
        (Parameters(name_regex="dev-.*", name_regex_keep="", keep_n=5), ["name_regex_keep is empty"]),
        (Parameters(name_regex="(", keep_n=5), ["not a valid RE2 pattern (missing ): ()"]),
        (Parameters(name_regex=r"\Qdev", keep_n=5), [r"\Q without \E"]),
        (
            Parameters(name_regex="dev-.*", name_regex_keep="v.*\n"),
            ["name_regex_keep 'v.*\n' matches no tag, since the name of a tag never contains a line break."],
        ),
        (Parameters(name_regex="dev-.*| v.*", keep_n=5), ["has the part ' v.*', which matches no tag"]),
    ],
)
def test_what_is_probably_not_meant(wanted: Parameters, words: list[str]) -> None:
    found = " ".join(lint_warnings(wanted, NAMES))
    for word in words:
        assert word in found


ANCHORED = "GitLab anchors the first only at its beginning and the last only at its end"


@pytest.mark.parametrize(
    ("wanted", "names", "found"),
    [
        (
            Parameters(name_regex="v1|v2", keep_n=1),
            [*NAMES[3:], "v1", "v2", "latest"],
            [
                f"name_regex_delete 'v1|v2' has alternatives without parentheses around them: {ANCHORED}, which here "
                "also matches foo-v2. Write (?:v1|v2)."
            ],
        ),
        (
            Parameters(name_regex="v1|v2", keep_n=1),
            ["v1", "dev-1"],
            [
                f"name_regex_delete 'v1|v2' has alternatives without parentheses around them: {ANCHORED}. Write "
                "(?:v1|v2)."
            ],
        ),
        (Parameters(name_regex="x.*", keep_n=1), NAMES, ["name_regex_delete 'x.*' matches none of the 4 tags."]),
        (Parameters(name_regex=".*", keep_n=1), NAMES, ["name_regex_delete '.*' matches all of the 4 tags."]),
        (Parameters(name_regex=".*", keep_n=1), ["v1"], ["name_regex_delete '.*' matches all of the 1 tag."]),
        (
            Parameters(name_regex="dev-.*", name_regex_keep="", keep_n=1),
            NAMES,
            ["name_regex_keep is empty, which keeps no tag: leave it out."],
        ),
        (
            Parameters(name_regex="(", keep_n=1),
            [],
            [
                "name_regex_delete '(' is not a valid RE2 pattern (missing ): (): GitLab deletes nothing and disables "
                "the policy."
            ],
        ),
        (
            Parameters(name_regex="", keep_n=1),
            [],
            ["name_regex_delete is empty, which matches no tag: nothing is ever deleted."],
        ),
        (
            Parameters(name_regex="dev-.*"),
            NAMES,
            ["There is neither keep_n nor older_than nor name_regex_keep: of what matches, only latest is kept."],
        ),
    ],
)
def test_what_is_said_to_whom_means_it(wanted: Parameters, names: list[str], found: list[str]) -> None:
    assert lint_warnings(wanted, names, "name_regex_delete") == found


@pytest.mark.parametrize(
    ("count", "shown"), [(5, "v1-0, v1-1, v1-2, v1-3, v1-4"), (7, "v1-0, v1-1, v1-2, v1-3, v1-4 and 2 more")]
)
def test_a_few_names_are_shown(count: int, shown: str) -> None:
    [found] = lint_warnings(
        Parameters(name_regex="v1|v2", keep_n=1), ["x", *(f"v1-{number}" for number in range(count))]
    )
    assert f"which here also matches {shown}." in found


def test_a_sound_policy_is_not_complained_about() -> None:
    assert lint_warnings(Parameters(name_regex="(?:dev|v1)-.*", keep_n=5, older_than="30d"), NAMES) == []
    assert lint_warnings(Parameters(name_regex="dev-.*", keep_n=5), []) == []


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        (Parameters(name_regex="dev-.*"), {"name_regex_delete": "dev-.*"}),
        (
            Parameters(name_regex="a|b", name_regex_keep="c|d|e", keep_n=5, older_than="90d"),
            {
                "name_regex_delete": "(?:a|b)",
                "name_regex_keep": "(?:c.*|.*d.*|.*e)",
                "keep_n": 5,
                "older_than": "90d",
            },
        ),
        (Parameters(name_regex="a", older_than="1m"), None),
        (Parameters(name_regex="a", keep_n=0), {"name_regex_delete": "a"}),
        (Parameters(name_regex="a", keep_n=1), {"name_regex_delete": "a", "keep_n": 1}),
        (Parameters(name_regex="a", name_regex_keep="b"), {"name_regex_delete": "a", "name_regex_keep": "b"}),
        (
            Parameters(name_regex="a", name_regex_keep="b|c"),
            {"name_regex_delete": "a", "name_regex_keep": "(?:b.*|.*c)"},
        ),
        (Parameters(name_regex="(", keep_n=5), None),
        (Parameters(name_regex=""), None),
        (Parameters(name_regex="a", older_than="0d"), None),
        (Parameters(name_regex="a", older_than="1mon"), None),
        (Parameters(name_regex="a", name_regex_keep=r"\Qb"), None),
        (Parameters(name_regex="a", name_regex_keep="b\n"), None),
        (Parameters(name_regex="a| b", keep_n=1), None),
        # What people would not mean, and GitLab keeps by.
        (
            Parameters(name_regex="a", name_regex_keep="release-.*|-rc"),
            {"name_regex_delete": "a", "name_regex_keep": "(?:release-.*.*|.*-rc)"},
        ),
        (
            Parameters(name_regex="a", name_regex_keep="main|"),
            {"name_regex_delete": "a", "name_regex_keep": "(?:main.*|.*)"},
        ),
        (Parameters(name_regex="a|-rc"), None),
        (Parameters(name_regex="a|"), None),
        (Parameters(name_regex="main^"), None),
        (Parameters(name_regex="[main]"), None),
    ],
)
def test_the_same_in_our_own_options(wanted: Parameters, options: dict[str, Any] | None) -> None:
    assert to_cleanup_options(wanted) == options


def test_what_is_dead_is_what_gitlab_reads_as_dead() -> None:
    [dead] = lint_warnings(Parameters(name_regex="a.*", name_regex_keep=r"main\B", keep_n=1), ["a", "b"])
    assert dead == r"name_regex_keep 'main\B' matches no tag, since \B can't match at its place."
    [_brackets, everything] = lint_warnings(Parameters(name_regex="a|", keep_n=1), ["a", "b"])
    assert everything == "name_regex 'a|' matches all of the 2 tags."


patterns = st.text("ab|().*", min_size=1, max_size=6)


@given(patterns, patterns, st.text("ab", min_size=1, max_size=4))
def test_what_is_converted_never_deletes_more(deletes: str, keeps: str, name: str) -> None:
    options = to_cleanup_options(Parameters(name_regex=deletes, name_regex_keep=keeps))
    if options is None:
        return
    delete = compile_pattern(options["name_regex_delete"], "x")
    keep = compile_pattern(options["name_regex_keep"], "x")
    if delete.match(name) is Match.SURE and keep.match(name) is Match.NONE:
        assert server_search(deletes)(name)
        assert not server_search(keeps)(name)
