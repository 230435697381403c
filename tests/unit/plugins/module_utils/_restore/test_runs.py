# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a journal tells of runs, which of them are meant, and that no other line than a cleanup's is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import TagOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.request import RestoreRequest, chosen
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.runs import (
    DeletedTag,
    JournalRun,
    choose_runs,
    left_out,
    runs_in,
    tags_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.patterns import compile_pattern
from tests.unit.models import digest

HERE, ELSEWHERE = "https://gitlab.example.com", "https://other.example.com"
TIME = "2026-06-01T12:00:00.000Z"


def start(number: int = 1, server: str = HERE, approved: str | None = None) -> dict[str, Any]:
    time = f"2026-06-{number:02}T12:00:00.000Z"
    return {"event": "start", "time": time, "server": server, "fingerprint": f"sha256:{number}a", "approved": approved}


def row(event: str, name: Any = "dev-1", **more: Any) -> dict[str, Any]:
    return {"event": event, "repository": "team/app", "name": name, "digest": digest("a"), **more}


def outcome(name: str, value: str) -> dict[str, Any]:
    return row("outcome", name, outcome=value)


END: dict[str, Any] = {"event": "end", "counts": {}, "stopped": None}


def read(*rows: Any) -> list[JournalRun]:
    return runs_in(each if isinstance(each, str) else json.dumps(each) + "\n" for each in rows)


def run(number: int, *names: str, ended: bool = True, server: str = HERE, approved: str = "") -> JournalRun:
    tags = tuple(DeletedTag("team/app", name, digest=digest("a")) for name in names)
    time = f"2026-06-{number:02}T12:00:00.000Z"
    fields: dict[str, Any] = {"fingerprint": f"sha256:{number}a", "approved": approved, "tags": tags, "ended": ended}
    return JournalRun(time, server, **fields)


@pytest.mark.parametrize("kind", TagOutcome)
def test_what_was_left_is_not_put_back(kind: TagOutcome) -> None:
    [found] = read(start(), row("delete_requested"), outcome("dev-1", kind.value), END)
    left = kind in (TagOutcome.ALREADY_GONE, TagOutcome.CHANGED_SINCE, TagOutcome.NOT_TRIED, TagOutcome.LEFT)
    assert [tag.outcome for tag in found.tags] == ([] if left else [kind])
    assert found.ended


def test_a_tag_counts_when_its_deletion_was_asked_for() -> None:
    following = row("following", "dev-2", images=[digest("b")])
    pinned = row("pinned", "in-use-1", outcome="written")
    rows = [
        start(),
        following,
        pinned,
        row("delete_requested", digest=None),
        outcome("dev-3", "deleted"),
        '{"event": "ask',
    ]
    [found] = read(*rows)
    assert found == run(1, ended=False)._replace(tags=(DeletedTag("team/app", "dev-1", digest=None),))


def test_each_run_has_its_own_tags() -> None:
    rows = [
        start(1),
        row("delete_requested", "a"),
        END,
        start(2, approved="sha256:ff"),
        row("delete_requested", "b"),
        start(3),
        END,
    ]
    assert read(*rows) == [run(1, "a"), run(2, "b", ended=False, approved="sha256:ff"), run(3)]


def test_a_path_may_be_as_long_as_gitlab_has_them() -> None:
    [found] = read(start(), row("delete_requested", repository="a/" + "b" * 509))
    assert len(found.tags[0].repository) == 511


def test_the_end_of_nothing_and_torn_lines_are_no_runs() -> None:
    assert read(END, "\n", "", "{" * 100_000) == []


def test_a_line_is_torn_wherever_it_ends_and_nothing_else_is_passed_over() -> None:
    """A line that was changed in the middle may be about a tag, which would not be put back without a word."""
    line = json.dumps({**row("delete_requested"), "run_by": {"user": "ab"}, "counts": {}})
    [found] = read(start(), *(line[:end] for end in range(len(line))), line)
    assert len(found.tags) == 1
    for position in range(len(line) - 1):
        if line[position] in '{}[]":,':
            with pytest.raises(UsageError, match="Line 2 of journal_path "):
                read(start(), f"{line[:position]}#{line[position + 1 :]}")


REFUSED: list[tuple[list[Any], str]] = [
    ([row("delete_requested")], "Line 1 of journal_path comes before the start of a run"),
    ([outcome("a", "deleted")], "Line 1 of journal_path comes before the start of a run"),
    ([{"event": "repository_delete_requested"}], "Line 1 of journal_path comes before the start of a run"),
    ([{**start(), "time": ""}], "Line 1 of journal_path has no valid time"),
    ([{**start(), "server": ["x"]}], "Line 1 of journal_path has no valid server"),
    ([{**start(), "fingerprint": "x" * 201}], "Line 1 of journal_path has no valid fingerprint"),
    ([start(), {**start(), "approved": "\n"}], "Line 2 of journal_path has no valid approved"),
    (
        [start(), row("delete_requested", repository="team")],
        "Line 2 of journal_path names 'team', which is not the path",
    ),
    ([start(), row("delete_requested", repository="team/../app")], "which is not the path of a repository"),
    ([start(), row("delete_requested", repository="a/" + "b" * 510)], "which is not the path of a repository"),
    ([start(), row("delete_requested", repository="team/app\n")], "which is not the path of a repository"),
    (
        [start(), row("delete_requested", name="a b")],
        "Line 2 of journal_path names 'a b', which is not the name of a tag",
    ),
    ([start(), row("delete_requested", name=None)], "names 'None', which is not the name of a tag"),
    (
        [start(), row("delete_requested", digest="sha256:0")],
        "Line 2 of journal_path names 'sha256:0', which is not a digest",
    ),
    ([start(), row("delete_requested", digest=7)], "names '7', which is not a digest"),
    (
        [start(), row("delete_requested"), outcome("dev-1", "lost")],
        "Line 3 of journal_path tells 'lost', which is not an outcome",
    ),
    ([start(), row("delete_requested"), row("outcome", outcome=["deleted"])], "which is not an outcome of a tag"),
    ([start(), "text\n"], "Line 2 of journal_path can't be read, and may be about a tag that was deleted"),
    ([start(), json.dumps(row("delete_requested"))[1:]], "Line 2 of journal_path can't be read"),
    ([start(), json.dumps(END) * 2], "Line 2 of journal_path can't be read"),
    ([start(), []], "Line 2 of journal_path is not from a cleanup"),
    ([start(), 1], "Line 2 of journal_path is not from a cleanup"),
    ([start(), row("delete")], "Line 2 of journal_path is not from a cleanup"),
    ([start(), {}], "Line 2 of journal_path is not from a cleanup"),
    ([start(), "x" * 1024 * 1024], "Line 2 of journal_path is longer than 1048576 characters"),
]


@pytest.mark.parametrize(("rows", "words"), REFUSED)
def test_a_line_that_no_cleanup_writes_is_refused(rows: list[Any], words: str) -> None:
    with pytest.raises(UsageError) as error:
        read(*rows)
    assert words in str(error.value)
    assert str(error.value).isprintable()
    assert str(error.value).endswith(
        ": give a file that journal_path of registry_cleanup wrote, or that registry_plan_package fetched."
    )


def test_a_long_value_is_cut() -> None:
    with pytest.raises(UsageError, match="names '" + "b" * 59 + "…', which"):
        read(start(), row("delete_requested", repository="b" * 61))
    [found] = read({**start(), "fingerprint": "x" * 200})
    assert found.fingerprint == "x" * 200


def test_a_run_as_it_is_returned() -> None:
    found = {"time": "2026-06-01T12:00:00.000Z", "fingerprint": "sha256:1a", "approved": None, "tags": 2, "ended": True}
    assert run(1, "a", "b").as_result() == found
    assert run(1, "a", "b", approved="sha256:ff").as_result() == {**found, "approved": "sha256:ff"}


def test_what_is_told_of_many_runs_has_an_end() -> None:
    with pytest.raises(UsageError) as error:
        choose_runs([], "last", HERE)
    assert str(error.value).startswith("journal_path contains no run of registry_cleanup: give a file of its ")
    elsewhere = [run(number, "a", server=f"https://{number}.example.com") for number in range(1, 6)]
    with pytest.raises(UsageError) as error:
        choose_runs(elsewhere, "last", HERE)
    first = ", ".join(each.server for each in elsewhere[:3])
    assert str(error.value) == f"journal_path contains only runs on {first}, and api_url leads to {HERE}."
    many = [run(number, "a") for number in range(1, 8)]
    with pytest.raises(UsageError) as error:
        choose_runs(many, "x", HERE)
    last = ", ".join(each.label for each in many[-5:])
    assert str(error.value) == f"run 'x' matches no run of journal_path: {last}."


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["event", "time", "server", "fingerprint", "approved", "repository", "name", "digest", "outcome"]
)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.dictionaries(KEYS, VALUES, max_size=2)), max_size=6), st.integers(0, 99)
)
def test_whatever_a_journal_holds_it_gives_tags_that_can_be_or_one_sentence(
    changes: list[tuple[int, dict[str, Any]]], cut: int
) -> None:
    rows = [
        start(),
        row("delete_requested"),
        outcome("dev-1", "deleted"),
        row("delete_requested", "dev-2", digest=None),
        END,
    ]
    lines = [json.dumps({**rows[kind], **change}) + "\n" for kind, change in [(0, {}), *changes]]
    text = "".join(lines)
    found: list[JournalRun] = []
    refusal = ""
    try:
        found = runs_in(text[: len(text) - cut].splitlines(keepends=True))
    except UsageError as error:
        refusal = str(error)
    assert refusal.isprintable()
    for tag in tags_of(found):
        assert tag.name in ("dev-1", "dev-2") or tag.name.isprintable()
        assert "/" in tag.repository
        assert ".." not in tag.repository
        assert tag.digest is None or len(tag.digest) in (71, 135)


def test_the_last_run_that_deleted_something_is_meant() -> None:
    runs = [run(1, "a"), run(2, "b"), run(3), run(4, "d", server=ELSEWHERE)]
    assert choose_runs(runs, "last", HERE) == [runs[1]]
    assert choose_runs(runs, "all", HERE) == runs[:2]
    assert choose_runs(runs[2:], "last", HERE) == choose_runs(runs[2:], "x", HERE) == []


GONE = {"event": "repository_delete_requested", "repository": "team/app", "id": 7}
SETTLED = {"event": "repository_outcome", "repository": "team/app", "id": 7, "outcome": "scheduled", "message": ""}


@pytest.mark.parametrize("tags", [[], [row("delete_requested"), outcome("dev-1", "deleted")]])
@pytest.mark.parametrize("meant", ["last", "all", "2026-06-02"])
def test_whole_repositories_are_not_put_back(tags: list[Any], meant: str) -> None:
    runs = read(start(1), row("delete_requested"), END, start(2), *tags, GONE, SETTLED, END)
    assert [each.repositories for each in runs] == [0, 1]
    with pytest.raises(UsageError, match="The run of 2026-06-02.* whole repositories, and these can't be restored"):
        choose_runs(runs, meant, HERE)
    assert choose_runs(runs, "2026-06-01", HERE) == runs[:1]


def test_a_repository_whose_deletion_was_not_asked_for_gets_its_tags_back() -> None:
    runs = read(start(), row("delete_requested"), outcome("dev-1", "deleted"), {**SETTLED, "outcome": "not_deleted"})
    assert choose_runs(runs, "last", HERE) == runs


def test_what_was_left_of_whole_repositories_is_told_of_no_choice() -> None:
    runs = read(start(1), row("delete_requested"), GONE, start(2), row("delete_requested"), END)
    assert left_out(runs, runs[1:], HERE) == []


def test_runs_of_one_plan_are_one() -> None:
    runs = [run(1, "a", ended=False, approved="sha256:ff"), run(2, "b"), run(3, "c", approved="sha256:ff")]
    for meant in ("last", "ff", "sha256:ff", "2026-06-03", "3a", "2026-06-01T12:00"):
        assert choose_runs(runs, meant, HERE) == [runs[0], runs[2]], meant
    assert choose_runs(runs, "2026-06-02", HERE) == [runs[1]]
    assert choose_runs([runs[0], run(2, approved="sha256:ff")], "2026-06-02", HERE) == [runs[0]]


@pytest.mark.parametrize(
    ("runs", "meant", "words"),
    [
        ([], "last", "journal_path contains no run of registry_cleanup: give a file of its journal_path."),
        ([run(1, "a", server=ELSEWHERE)], "all", f"contains only runs on {ELSEWHERE}, and api_url leads to {HERE}"),
        (
            [run(1, "a"), run(2, "b")],
            "2026",
            f"run '2026' matches several runs of journal_path: {TIME} (plan 1a, 1",
        ),
        (
            [run(1, "a"), run(2, "b", "c")],
            "7",
            "run '7' matches no run of journal_path: 2026-06-01T12:00:00.000Z",
        ),
        ([run(1, "a"), run(2, "b", "c")], "7", "2026-06-02T12:00:00.000Z (plan 2a, 2 tags)."),
    ],
)
def test_what_is_not_clear_is_asked_for(runs: list[JournalRun], meant: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        choose_runs(runs, meant, HERE)
    assert words in str(error.value)


def test_runs_that_did_not_end_before_the_chosen_one_are_told() -> None:
    killed, other = run(2, "b", ended=False), run(3, "c", ended=False, server=ELSEWHERE)
    runs = [
        run(0, "z", ended=False),
        run(1, "a"),
        killed,
        other,
        run(4, ended=False),
        run(5, "d"),
        run(6, "e", ended=False),
    ]
    assert left_out(runs, [runs[5]], HERE) == [killed]
    assert left_out(runs, [killed, runs[5]], HERE) == []
    assert left_out(runs, [runs[1]], HERE) == [runs[0]]
    assert left_out(runs, [], HERE) == []


def test_a_tag_is_what_it_was_when_it_was_deleted_last() -> None:
    later = run(2, "b", "a")
    later = later._replace(tags=tuple(tag._replace(digest=digest("c")) for tag in later.tags))
    found = tags_of([run(1, "a", "z"), later])
    assert [(tag.name, tag.digest) for tag in found] == [("a", digest("c")), ("b", digest("c")), ("z", digest("a"))]


def test_a_choice_holds_for_repository_and_name() -> None:
    names = [("team/app", "dev-1"), ("team/app", "v1"), ("team/app/web", "dev-1"), ("team/other", "dev-2")]
    tags = [DeletedTag(path, name, digest=None) for path, name in names]

    def found(repositories: tuple[str, ...] = (), patterns: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        request = RestoreRequest("last", repositories, tags=tuple(compile_pattern(each, "tags") for each in patterns))
        return [(tag.repository, tag.name) for tag in chosen(tags, request)]

    assert found() == names
    assert found(("team/app",)) == names[:2]
    assert found(("Team/App/*", "team/other")) == names[2:]
    assert found(patterns=("v1|dev",)) == [names[1]]
    assert found(("team/app*",), ("dev-.*",)) == [names[0], names[2]]
    with pytest.raises(UsageError, match="repositories 'team/no' matches no repository"):
        found(("team/app", "team/no"))
    with pytest.raises(UsageError, match="tags 'dev' matches no tag"):
        found(patterns=("dev-1", "dev"))
    assert chosen([], RestoreRequest("last", ("team/no",))) == []
