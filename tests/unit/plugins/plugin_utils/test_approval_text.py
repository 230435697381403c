# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an approver reads: all that matters, in few lines, whatever is in the plan."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._plan.repository_decision import RepositoryReason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.plugin_utils.approval_text import MOST_LINES, approval_text

FINGERPRINT = "sha256:" + "0123456789abcdef" * 4


RULES: dict[str, Any] = {
    **{"name_regex_delete": "dev-.*", "older_than": "30d", "keep_n": None, "protect": ["main", "v.*"], "rules": None},
    **{"allow_latest": False, "require_digest": False, "signatures": "follow", "min_remaining": 1, "on_limit": "fail"},
    **{"in_use": None, "in_use_sources": {"sources": 2, "images": 12}, "keep_refs": [], "delete_via": "auto"},
}


def repository(path: str, tags: int, delete: int, **more: Any) -> dict[str, Any]:
    return {"path": path, "tags": tags, "delete": delete, "limit": None, **more}


def deleted(repository: str, name: str, **more: Any) -> dict[str, Any]:
    return {"repository": repository, "name": name, "date": None, "reason": "matched", "rule": None, **more}


def row(**changes: Any) -> dict[str, Any]:
    """A plan of two repositories, of which two tags are deleted. changes: to the result's plan, else to the result."""
    plan: dict[str, Any] = {
        "fingerprint": FINGERPRINT,
        "delete": [deleted("team/app", "dev-1", date="2026-03-03T12:00:00Z", reason="expired"), deleted("team/b", "x")],
        "repositories": [repository("team/app", 3, 1), repository("team/b", 1, 1), repository("team/c", 2, 0)],
        "totals": {
            **{"repositories": 3, "repositories_unread": 0, "tags": 6, "delete": 2, "keep": 4},
            "reasons": {"expired": 1, "keep_n": 3, "latest": 1, "matched": 1},
        },
        "unmatched": [],
        "refusals": [],
        "rules": RULES,
    }
    result = {"plan": plan, "server": {"url": "https://gitlab.example.com", "clock": "2026-06-01T12:00:00Z"}}
    for name, value in changes.items():
        (plan if name in plan else result)[name] = value
    scope = {"group": "team", "project": "", "repositories": ["team/app", "team/b"]}
    return {"host": "localhost", "result": result, "scope": scope, "path": "/plans/team.jsonl", "max_age": "72h"}


def test_the_whole_text() -> None:
    assert approval_text([row(run_by={"awx_user_name": "ana", "awx_job_id": "7"})]).splitlines() == [
        "To approve: delete 2 of the 6 tags in 3 repositories",
        "server: https://gitlab.example.com, by its clock 2026-06-01T12:00:00Z",
        "scope: group team; repositories team/app, team/b",
        f"fingerprint: {FINGERPRINT}",
        "  the beginning is enough, if typed by hand: 0123456789ab",
        "plan: /plans/team.jsonl",
        "valid until: 2026-06-04T12:00:00Z (plan_max_age 72h)",
        "planned by: awx_user_name ana, awx_job_id 7",
        "complete: yes",
        "in use: 2 sources, 12 images",
        "Rules:",
        "  name_regex_delete: dev-.*",
        "  older_than: 30d",
        "  protect: main, v.*",
        "  require_digest: false",
        "To delete:",
        "  1 expired: a rule matches them, and they are older than its older_than",
        "  1 matched: a rule matches their names, whatever their age",
        "To keep: 3 keep_n, 1 latest",
        "By repository:",
        "  team/app: 1 of 3 tags",
        "  team/b: 1 of 1 tag",
        "Tags, oldest first in each repository:",
        "  team/app:dev-1  2026-03-03T12:00:00Z  expired",
        "  team/b:x  date not needed  matched",
    ]


def test_what_was_not_read_or_matched_comes_before_the_tags() -> None:
    text = approval_text(
        [
            row(
                totals={**row()["result"]["plan"]["totals"], "repositories_unread": 2},
                errors=[{"repository": "team/d", "message": "403 Forbidden"}],
                unmatched=["protect 'v1' matches nothing"],
                notes=["Dates are build dates."],
            )
        ]
    )
    lines = text.splitlines()
    at = lines.index("Warnings:")
    assert lines[at + 1 : at + 5] == [
        "  2 repositories could not be read: all tags in it are kept",
        "  team/d: 403 Forbidden",
        "  protect 'v1' matches nothing",
        "  Dates are build dates.",
    ]
    assert at < lines.index("By repository:")


def test_repositories_that_the_result_does_not_have_are_told() -> None:
    totals = {**row()["result"]["plan"]["totals"], "repositories": 400}
    assert "By repository (3 of 400 listed):" in approval_text([row(totals=totals)]).splitlines()


@pytest.mark.parametrize(
    ("plan", "head"),
    [
        (row(refusals=["it is too much"]), "This plan is refused and can't be approved:\n  it is too much\n"),
        (row(server={"delete_via": "bulk_unpinned"}), "This plan is refused and can't be approved:\n  with delete_via"),
        (
            row(totals={**row()["result"]["plan"]["totals"], "delete": 0}, delete=[]),
            "Nothing to approve: none of 6 tags is deleted.\n",
        ),
        (
            row(totals={**row()["result"]["plan"]["totals"], "delete": 0, "repositories_unread": 2}, delete=[]),
            "Nothing to approve: 2 of 3 repositories could not be read, and none of 6 tags in the others is deleted.\n",
        ),
        (
            row(
                totals={**row()["result"]["plan"]["totals"], "delete": 0, "tags": 0, "repositories_unread": 3},
                delete=[],
            ),
            "Nothing to approve: 3 of 3 repositories could not be read.\n",
        ),
        (
            row(totals={**row()["result"]["plan"]["totals"], "delete": 0, "tags": 0, "repositories": 0}, delete=[]),
            "Nothing to approve: there is no repository.\n",
        ),
    ],
)
def test_what_can_not_or_need_not_be_approved_says_so_first(plan: dict[str, Any], head: str) -> None:
    assert approval_text([plan]).startswith(head)


def test_plans_of_several_hosts_are_not_approved_one_by_one() -> None:
    lines = approval_text([row(), {**row(), "host": "other"}]).splitlines()
    assert lines[0].startswith("Nothing to approve yet: 2 hosts made a plan each.")
    assert lines[2] == f"  other: 2 of 6 tags, {FINGERPRINT}"
    assert approval_text([]) == "Nothing to approve yet: there is no plan."


def merged(*rules: dict[str, Any]) -> dict[str, Any]:
    """A merged plan, a part for each of the rules."""
    parts = [
        {"scope": {"project": [f"team/{number}"], "group": None}, "tags": 9, "delete": number, "rules": each}
        for number, each in enumerate(rules)
    ]
    totals = {"repositories": 3, "repositories_unread": 1, "tags": 27, "delete": 3, "reasons": {"expired": 3}}
    result = {
        **{"fingerprint": FINGERPRINT, "parts": parts, "totals": {**totals, "freed_most": 2048}},
        "server": {"url": "https://gitlab.example.com", "clock": "2026-06-01T12:00:00Z"},
        "delete": [deleted("team/1", "dev-1"), deleted("team/2", "x"), deleted("team/2", "y")],
        "repositories": [repository("team/1", 9, 1), repository("team/2", 9, 2)],
        "unread": [{"repository": "team/0", "message": "403 Forbidden"}],
        "unmatched": ["protect 'v1' matches nothing in any of the plans."],
    }
    run_by = {"user": "ana"}
    return {"host": "localhost", "result": result, "scope": {}, "path": "all.jsonl", "planned_by": run_by}


def test_a_merged_plan() -> None:
    assert approval_text([merged(RULES, RULES, RULES)]).splitlines() == [
        "To approve: delete 3 of the 27 tags in 3 repositories",
        "server: https://gitlab.example.com, by its clock 2026-06-01T12:00:00Z",
        f"fingerprint: {FINGERPRINT}",
        "  the beginning is enough, if typed by hand: 0123456789ab",
        "plan: all.jsonl",
        "merged by: user ana",
        "frees: at most 2.0 KiB after garbage collection",
        "complete: no, 1 repository unread",
        "in use: 2 sources, 12 images",
        "Rules:",
        "  name_regex_delete: dev-.*",
        "  older_than: 30d",
        "  protect: main, v.*",
        "  require_digest: false",
        "To delete:",
        "  3 expired: a rule matches them, and they are older than its older_than",
        "Warnings:",
        "  1 repository could not be read: all tags in it are kept",
        "  team/0: 403 Forbidden",
        "  protect 'v1' matches nothing in any of the plans.",
        "Merged from:",
        "  project team/2: 2 of 9 tags",
        "  project team/1: 1 of 9 tags",
        "  project team/0: 0 of 9 tags",
        "By repository (2 of 3 listed):",
        "  team/2: 2 of 9 tags",
        "  team/1: 1 of 9 tags",
        "Tags, oldest first in each repository:",
        "  team/1:dev-1  date not needed  matched",
        "  team/2:x  date not needed  matched",
        "  team/2:y  date not needed  matched",
    ]


def test_plans_with_rules_of_their_own_tell_them_each() -> None:
    other = {
        "in_use": 3,
        "rules": [
            {"name": "", "match": "x", "keep_n": 2, "keep_n_counts": "images", "sort_by": "date"},
            {"name": "old", "match": "y", "keep": True},
        ],
    }
    lines = approval_text([merged(RULES, other)]).splitlines()
    for line in (
        "in use of project team/1: 3 images",
        "Rules of project team/1:",
        "  rule 1: match x; keep_n 2; keep_n_counts images",
        "  rule old: match y; keep true",
        "Rules of project team/0:",
    ):
        assert line in lines, (line, lines)
    many = approval_text([merged(*({"keep_n": number + 1} for number in range(100)))]).splitlines()
    assert len(many) <= MOST_LINES
    assert many[-1] == "  team/2:y  date not needed  matched"


def test_what_is_in_use_was_asked_for_or_was_not() -> None:
    text = approval_text([row(rules={"in_use_sources": None, "in_use": None})])
    assert "in use: not checked; running images may be deleted" in text.splitlines()
    assert "Rules:" not in text
    text = approval_text([row(rules={"in_use_sources": {"sources": 1, "images": 0}, "in_use": 2})])
    assert "in use: 1 source, 2 images" in text.splitlines()


@pytest.mark.parametrize("max_age", ["", None, "soon", "30"])
def test_an_age_that_can_not_be_read_is_told_elsewhere(max_age: str | None) -> None:
    assert "valid until" not in approval_text([{**row(), "max_age": max_age}])


def large(number: int) -> dict[str, Any]:
    totals = {**row()["result"]["plan"]["totals"], "delete": 10 * number, "repositories_unread": number}
    return row(
        delete=[deleted("team/app", f"dev-{each}") for each in range(number)],
        repositories=[repository(f"team/{each}", 20, 10, limit="too many") for each in range(number)],
        errors=[{"repository": f"team/{each}", "message": "unread"} for each in range(number)],
        refusals=[f"reason {each}" for each in range(number)],
        notes=["note"] * number,
        totals=totals,
    )


@pytest.mark.parametrize("number", [1, 30, 49, 50, 51, 100, 1000])
def test_it_has_at_most_200_lines_and_says_what_is_left_out(number: int) -> None:
    text = approval_text([large(number)])
    lines = text.splitlines()
    assert len(lines) <= MOST_LINES == 200
    shown = sum(1 for line in lines if line.startswith("  team/app:dev-"))
    assert lines[-1] == f"  ... and {10 * number - shown} more tags, see the plan file"
    assert shown == number or len(lines) == MOST_LINES
    assert number <= 50 or f"  ... and {number - 49} more, see the plan file" in lines


def test_no_text_of_others_is_a_template() -> None:
    text = approval_text([row(unmatched=["{{ lookup('pipe', 'id') }}", "{{{{% x %}{# y #}"])])
    assert "  { { lookup('pipe', 'id') }}" in text.splitlines()
    assert not re.search("[{][{%#]", text)


@given(st.text(max_size=500), st.text(max_size=500))
def test_no_text_of_others_breaks_a_line(name: str, rule: str) -> None:
    plan = row(
        delete=[deleted(name, name, rule=rule)],
        repositories=[repository(name, 1, 1, limit=rule)],
        unmatched=[rule],
        run_by={name: rule},
    )
    text = approval_text([{**plan, "path": name, "scope": {"group": name}}])
    plain = approval_text([row(delete=[deleted("a", "a")])])
    for line in text.split("\n"):
        assert line.isprintable()
        assert len(line) <= 300
    assert len(text.split("\n")) <= len(plain.split("\n")) + 8


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_stands_with_what_it_does(reason: Reason) -> None:
    found = row()
    found["result"]["plan"]["totals"]["reasons"] = {reason.value: 3}
    lines = approval_text([found]).splitlines()
    assert ("To delete:" in lines) is reason.deletes
    assert any(line.startswith("To keep: ") for line in lines) is not reason.deletes


@pytest.mark.parametrize(
    ("unread", "errors", "told"),
    [(0, 0, "yes"), (1, 1, "no, 1 repository unread"), (2, 0, "no, 2 repositories unread"), (0, 1, "no, 1 error")],
)
def test_it_always_says_whether_everything_was_read(unread: int, errors: int, told: str) -> None:
    totals = {**row()["result"]["plan"]["totals"], "repositories_unread": unread}
    found = row(totals=totals, errors=[{"repository": "team/d", "message": "403 Forbidden"}] * errors)
    assert f"complete: {told}" in approval_text([found]).splitlines()


def test_nothing_is_told_as_if_it_were_done() -> None:
    """The text is read before anything is deleted."""
    text = approval_text([row()])
    assert not re.search(r"\b(is|are|was|were) deleted\b|^(Deleted|Kept)\b", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"path": "", "package": {}}, "plan: not written, so it can't be applied: set a file or a package"),
        (
            {"package": {"project": "team/plans", "version": "7"}},
            "plan: plan.jsonl, version 7 of the package registry-",
        ),
    ],
)
def test_it_says_where_the_plan_is(where: dict[str, Any], told: str) -> None:
    [line] = [line for line in approval_text([{**row(), **where}]).splitlines() if line.startswith("plan: ")]
    assert line.startswith(told)


def test_a_retention_document_is_told_with_its_sets_and_where_they_hold() -> None:
    per_group = [{"by": "minor", "keep_n": 2}, {"by": "day", "groups": 7}]
    rule = {"name": "releases", "match": "v.*", "keep_n": 3, "keep_n_per": per_group}
    document = {
        "rule_sets": [{"name": "services", "rules": [rule, {"match": ".*"}], "protect": ["stable"], "min_age": "2d"}],
        "assignments": [{"rule_set": "services", "groups": ["team"], "repositories": ["*/cache"]}],
        "exceptions": [{"repositories": ["team/app"], "keep_until": "2027-01-31", "why": "audit"}],
    }
    lines = approval_text([row(rules={"retention": document})]).splitlines()
    for line in (
        "  rule set services: protect stable; min_age 2d",
        "  rule services/releases: match v.*; keep_n 3; keep_n_per by minor keep_n 2, by day groups 7",
        "  rule services/rule 2: match .*",
        "  rule set services is for: groups team; repositories */cache",
        "  rule set of everything else: none, so it is kept",
        "  exception: repositories team/app; keep_until 2027-01-31; why audit",
    ):
        assert line in lines, (line, lines)


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (None, None),
        ((100, None), "each run: at most 100 tags"),
        ((None, "2h"), "each run: no deletion begun later than 2h after its start"),
        ((5000, "2h"), "each run: at most 5,000 tags, none begun later than 2h after its start"),
    ],
)
def test_how_much_one_run_deletes_is_told(budget: tuple[int | None, str | None] | None, told: str | None) -> None:
    names = ("max_deletions_per_run", "max_duration")
    given = dict(zip(names, budget, strict=True)) if budget else None
    plan, whole = row(), merged(RULES, RULES)
    plan["result"]["plan"]["budget"] = whole["result"]["budget"] = given
    for rows, more in ((plan, ""), (whole, "; each merged plan has runs of its own")):
        lines = [line for line in approval_text([rows]).splitlines() if line.startswith("each run")]
        assert lines == ([f"{told}{more}"] if told else [])


def test_a_repository_beyond_a_limit_is_named_once() -> None:
    plan = row()
    plan["result"]["plan"]["repositories"][0]["limit"] = "team/a: 5 tags would be deleted, more than max_deletions 3"
    lines = approval_text([plan]).splitlines()
    assert "  team/a: 5 tags would be deleted, more than max_deletions 3" in lines


def repository_row(path: str, delete: int, reason: str, **more: Any) -> dict[str, Any]:
    freed = {"freed_least": None, "freed_most": 2048 * delete or None}
    return {
        "path": path,
        "delete": delete,
        "tags": delete,
        "reason": reason,
        "why": f"why of {reason}",
        **freed,
        **more,
    }


def plan_of_repositories(*repositories: dict[str, Any], **totals: Any) -> dict[str, Any]:
    """A plan of whole repositories. totals: changes to its numbers."""
    reasons = Counter(each["reason"] for each in repositories)
    going = [each for each in repositories if each["reason"] in {"empty", "ref_gone", "not_pushed", "matched"}]
    counts = {"repositories": len(repositories), "repositories_deleted": len(going), "repositories_unread": 0}
    conditions = {"ref_gone": ["branches"], "not_pushed_for": "7d"}
    plan = {
        "fingerprint": FINGERPRINT,
        "refusals": [],
        "notes": ["Dates are build dates."],
        "rules": {
            **{"conditions": conditions, "protect": ["v.*"], "require_digest": True, "in_use": None},
            **{"in_use_sources": None, "max_repositories": 20, "min_remaining_repositories": 0, "delete_via": "auto"},
        },
        "totals": {
            **counts,
            **{"repository_reasons": dict(sorted(reasons.items())), "delete": sum(each["delete"] for each in going)},
            **{"being_deleted": 0, "freed_least": None, "freed_most": 4096, **totals},
        },
    }
    result = {
        "plan": plan,
        "repositories": list(repositories),
        "unmatched": [],
        "errors": [],
        "run_by": {"ticket": "CHG-7"},
        "server": {"url": "https://gitlab.example.com", "clock": "2026-06-01T12:00:00Z"},
    }
    path = "/plans/repositories.jsonl"
    return {"host": "localhost", "result": result, "scope": {"group": "team"}, "path": path, "max_age": "72h"}


GONE = [
    repository_row("team/app/a", 2, "ref_gone"),
    repository_row("team/app/b", 0, "empty"),
    repository_row("team/app/c", 0, "active_ref"),
]


def test_the_whole_text_of_repositories() -> None:
    assert approval_text([plan_of_repositories(*GONE)]).splitlines() == [
        "To approve: delete 2 of 3 repositories as a whole, with 2 tags",
        "server: https://gitlab.example.com, by its clock 2026-06-01T12:00:00Z",
        "scope: group team",
        f"fingerprint: {FINGERPRINT}",
        "  the beginning is enough, if typed by hand: 0123456789ab",
        "plan: /plans/repositories.jsonl",
        "valid until: 2026-06-04T12:00:00Z (plan_max_age 72h)",
        "planned by: ticket CHG-7",
        "frees: at most 4.0 KiB after garbage collection",
        "complete: yes",
        "in use: not checked; running images may be deleted",
        "Rules:",
        "  conditions: ref_gone branches; not_pushed_for 7d",
        "  protect: v.*",
        "  max_repositories: 20",
        "To delete:",
        "  1 empty: they have no tags, and the registry itself confirms that",
        "  1 ref_gone: they are not named after a git reference that exists",
        "To keep: 1 active_ref",
        "Warnings:",
        "  Dates are build dates.",
        "Repositories, with all their tags:",
        "  team/app/a: 2 tags, at most 4.0 KiB  ref_gone: why of ref_gone",
        "  team/app/b: 0 tags  empty: why of empty",
    ]


def test_empty_repositories_are_something_to_approve() -> None:
    assert approval_text([plan_of_repositories(*GONE[1:])]).startswith(
        "To approve: delete 1 of 2 repositories as a whole, with 0 tags"
    )
    assert approval_text([plan_of_repositories(*GONE[2:])]).startswith(
        "Nothing to approve: none of 1 repository is deleted."
    )


def test_repositories_that_could_not_be_read_are_told() -> None:
    found = plan_of_repositories(*GONE, repositories_unread=1)
    found["result"]["errors"] = [{"repository": "team/app/d", "message": "403 Forbidden"}]
    lines = approval_text([found]).splitlines()
    assert "complete: no, 1 repository unread" in lines
    assert "  1 repository could not be read: they are kept" in lines
    assert "  team/app/d: 403 Forbidden" in lines


def test_a_refused_plan_of_repositories_shows_no_fingerprint() -> None:
    found = plan_of_repositories(*GONE)
    found["result"]["plan"]["refusals"] = ["2 repositories would be deleted, more than max_repositories 1"]
    text = approval_text([found])
    assert text.startswith("This plan is refused and can't be approved:\n  2 repositories would be deleted")
    assert FINGERPRINT not in text


@pytest.mark.parametrize("number", [1, 150, 178, 179, 5000])
def test_repositories_are_listed_as_far_as_there_is_room(number: int) -> None:
    rows = [repository_row(f"team/app/{each:04}", 1, "matched") for each in range(number)]
    lines = approval_text([plan_of_repositories(*rows)]).splitlines()
    assert len(lines) <= MOST_LINES
    listed = [line for line in lines if line.startswith("  team/app/")]
    left = number - len(listed)
    assert lines[-1] == (f"  ... and {left} more repositories, see the plan file" if left else listed[-1])


def test_plans_of_repositories_of_several_hosts_can_not_be_merged() -> None:
    lines = approval_text([{**plan_of_repositories(*GONE), "host": host} for host in ("a", "b")]).splitlines()
    assert lines[0] == "Nothing to approve yet: 2 hosts made a plan each. Approve each by itself."
    assert lines[1] == f"  a: 2 of 3 repositories as a whole, with 2 tags, {FINGERPRINT}"


@pytest.mark.parametrize("reason", RepositoryReason)
def test_each_reason_of_a_repository_stands_with_what_it_does(reason: RepositoryReason) -> None:
    text = approval_text([plan_of_repositories(*GONE, repository_row("team/app/z", 0, reason.value))])
    kept = text.partition("To keep: ")[2].partition("\n")[0]
    assert (reason.value in kept) is not reason.deletes
    assert ("  team/app/z: " in text) is reason.deletes
