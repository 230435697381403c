# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit, a cleanup and several hosts show: most affected first, and all that is hidden has its number."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.plugin_utils.audit_screen import audit_lines
from ansible_collections.containerops.gitlab.plugins.plugin_utils.cleanup_screen import cleanup_lines
from ansible_collections.containerops.gitlab.plugins.plugin_utils.hosts_screen import hosts_lines
from ansible_collections.containerops.gitlab.plugins.plugin_utils.in_use_screen import in_use_lines
from ansible_collections.containerops.gitlab.plugins.plugin_utils.plan_screen import DELETING
from ansible_collections.containerops.gitlab.plugins.plugin_utils.restore_screen import restore_lines
from ansible_collections.containerops.gitlab.plugins.plugin_utils.screen import WIDTH, width_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.settings_screen import settings_lines
from tests.tools.collection import ROOT

GIB = 1024**3
FINGERPRINT = "sha256:" + "0123456789abcdef" * 4
OUTCOMES = (
    *("deleted", "already_gone", "changed_since", "recreated", "unverified", "not_deleted", "not_tried"),
    "left_for_next_run",
)


def repository(path: str, delete: int, keep: int = 1, **fields: Any) -> dict[str, Any]:
    """A repository of a plan."""
    reasons = {reason: count for reason, count in (("expired", delete), ("too_young", keep)) if count}
    return {
        "path": path,
        "tags": delete + keep,
        "delete": delete,
        "delete_least": delete,
        "delete_most": delete,
        "keep": keep,
        "certainty": "exact",
        "doubts": [],
        "reasons": reasons,
        "error": None,
        **fields,
    }


def tag(path: str, name: str, **fields: Any) -> dict[str, Any]:
    row = {"reason": "expired", "rule": None, "digest": "sha256:1", "date": "2026-05-01T12:00:00Z", "message": ""}
    return {"repository": path, "name": name, **row, **fields}


def planned(
    *repositories: dict[str, Any], limit: int = 100, totals: dict[str, Any] | None = None, **fields: Any
) -> Any:
    """A cleanup's result in check mode, cut as the module cuts it."""
    unread = [row for row in repositories if row["error"]]
    read = [row for row in repositories if not row["error"]]
    reasons: dict[str, int] = {"repository_unread": len(unread)} if unread else {}
    for row in read:
        for reason, count in row["reasons"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    numbers = {
        "repositories": len(repositories),
        "repositories_unread": len(unread),
        "tags": sum(row["tags"] for row in read),
        "delete": sum(row["delete"] for row in read),
        "keep": sum(row["keep"] for row in read),
        "reasons": reasons,
        "matches": [],
        **(totals or {}),
    }
    tags = (tag(row["path"], f"dev-{number}") for row in read for number in range(row["delete"]))
    plan = {
        "fingerprint": FINGERPRINT,
        "delete": list(itertools.islice(tags, limit)),
        "repositories": sorted(repositories, key=lambda row: -row["delete"])[:limit],
        "totals": numbers,
        "unmatched": [],
        "refusals": [],
        "summary": f"{numbers['delete']} to delete of {numbers['tags']} tags",
        "deleted_before": 0,
        "approved": None,
        **fields.pop("plan", {}),
    }
    errors = [{"repository": row["path"], "message": str(row["error"])} for row in unread]
    return {"plan": plan, "errors": errors, "notes": [], "server": {}, "in_use": {"pinned": []}, **fields}


def outcome(limit: int = 100, **rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What became of tags."""
    return {
        **{name: rows.get(name, [])[:limit] for name in OUTCOMES},
        "counts": {name: len(rows.get(name, [])) for name in OUTCOMES},
        "summary": f"{len(rows.get('deleted', []))} deleted",
        "stopped": None,
        "pinned": [],
    }


def check(found: dict[str, Any], limit: int = 100, **others: Any) -> list[str]:
    return cleanup_lines(found, check_mode=True, limit=limit, **others)


def start(lines: list[str], text: str) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(text))


def test_a_small_cleanup_in_check_mode() -> None:
    found = planned(repository("team/app", 2), repository("team/web", 0, 4), plan_path="/p")
    lines = check(found)
    assert lines == [
        "check mode: nothing was deleted; 2 to delete of 7 tags",
        "repository  tags  delete  keep  reasons",
        "team/app       3       2     1  expired 2",
        "and 1 repository where nothing is deleted, with 4 tags",
        "total          7       2     5",
        "  delete: expired 2",
        "  keep: too_young 5",
        "",
        "would be deleted:",
        "  team/app:dev-0  2026-05-01T12:00:00Z  expired",
        "  team/app:dev-1  2026-05-01T12:00:00Z  expired",
        "",
        "plan file: /p",
        "to approve it:",
        f"  registry_cleanup_approved_fingerprint={FINGERPRINT}",
    ]
    # A fingerprint alone approves nothing.
    assert check({**found, "plan_path": ""}) == [*lines[:-3], f"fingerprint: {FINGERPRINT}"]
    reported = cleanup_lines(found, check_mode=True, limit=9, files=["/r.html"])
    assert reported[-1] == "file: /r.html"


PACKAGE = {"project": "team/plans", "version": "7", "file_name": "plan.jsonl"}


@pytest.mark.parametrize("approved", [None, {"totals": {"delete": 2}, "clock": "x", "fingerprint": "y", "counts": {}}])
@pytest.mark.parametrize("refusals", [[], ["too much"]])
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("places", [{}, {"plan_path": "/p"}, {"package": PACKAGE}])
def test_only_a_plan_that_can_be_approved_looks_like_one(
    approved: dict[str, Any] | None, refusals: list[str], check_mode: bool, places: dict[str, Any]
) -> None:
    plan = {"refusals": refusals, "approved": {**approved, "kept_by": {}, "drift": []} if approved else None}
    found = planned(repository("team/app", 2), plan_path=places.get("plan_path"), plan=plan)
    lines = cleanup_lines(found, check_mode=check_mode, limit=9, package=places.get("package"))
    shown = [line for line in lines if FINGERPRINT in line]
    if refusals:
        assert not shown
        assert not [line for line in lines if line.startswith(("plan file", "plan package", "to approve"))]
        assert ("refused plan file: /p" in lines) == ("plan_path" in places)
        return
    approvable = check_mode and bool(places) and not approved
    assert ("to approve it:" in lines) == approvable
    today = f"fingerprint{' of today' if approved else ''}"
    assert len(shown) == 1
    assert approvable or [line for line in lines if line.startswith(today)]


def test_nothing_to_do_is_one_line() -> None:
    assert check(planned(repository("team/app", 0, 3))) == [
        "nothing to delete in 1 repository: 3 tags are kept (too_young 3)"
    ]
    assert check(planned()) == ["nothing to delete: there is no repository"]
    lines = check(planned(repository("team/app", 0, 1), repository("team/web", 0, error="no answer")))
    assert lines == [
        "unread, so its tags are kept: team/web: no answer",
        "nothing to delete in 1 repository that could be read: 1 tag is kept (too_young 1)",
    ]


def test_the_most_affected_come_first() -> None:
    rows = [repository("a", 1), repository("b", 9), repository("c", 9, 50), repository("d", 9, freed_most=5)]
    rows = [{"freed_least": None, "freed_most": None, **row} for row in rows]
    lines = check(planned(*rows))
    assert [line[0] for line in lines[2:6]] == ["d", "c", "b", "a"]


def test_what_a_person_has_to_know_comes_before_the_table() -> None:
    found = planned(
        repository("team/app", 2, certainty="upper_bound", doubts=["One rule can't be read."], delete_least=1),
        repository("team/web", 0, error="Could not list the tags of team/web: no answer."),
        notes=["Dates are builds."],
        server={"being_deleted": ["team/old"], "registry_disabled": ["team/off", "team/out"]},
        plan={"unmatched": ["protect 'x' matches no tag", "refused too"], "refusals": ["refused too"]},
    )
    lines = check(found)
    assert lines[:9] == [
        "refused: refused too",
        "warning: protect 'x' matches no tag",
        "unread, so its tags are kept: team/web: Could not list the tags of team/web: no answer.",
        "upper_bound: team/app: 1 to 2 of 2 tags are deleted: One rule can't be read.",
        "note: Dates are builds.",
        "left out, since GitLab is deleting them: 1 repository (team/old)",
        "left out, since their registry is disabled: 2 projects (team/off, team/out)",
        "nothing would be deleted; 2 to delete of 3 tags",
        "repository  tags  delete  keep  reasons",
    ]
    assert "and 1 repository that could not be read" in lines
    assert not [line for line in lines if "approve" in line]
    assert cleanup_lines(found, check_mode=False, limit=100)[7] == "nothing was deleted; 2 to delete of 3 tags"


def test_freed_space_is_told_for_each_and_in_total() -> None:
    freed = {"freed_least": GIB, "freed_most": 2 * GIB}
    unknown: dict[str, Any] = {"freed_least": None, "freed_most": None}
    rows = (repository("team/app", 2, **freed), repository("team/web", 1, **unknown))
    lines = check(planned(*rows, totals={"freed_least": None, "freed_most": 2 * GIB}))
    assert lines[1:5] == [
        "repository  tags  delete  keep            frees  reasons",
        "team/app       3       2     1   1.0 to 2.0 GiB  expired 2",
        "team/web       2       1     1                ?  expired 1",
        "total          5       3     2  at most 2.0 GiB",
    ]
    assert "  frees at most 2.0 GiB after garbage collection" in lines


@pytest.mark.parametrize("limit", [1, 3, 5])
def test_what_a_limit_hides_is_counted(limit: int) -> None:
    lines = check(planned(*(repository(f"team/{letter}", 2) for letter in "abcde"), limit=limit), limit=limit)
    rows = [line for line in lines if line.startswith("team/")]
    assert len(rows) == limit
    hidden = [line for line in lines if line.startswith("and ")]
    left = 5 - limit
    word = "repository" if left == 1 else "repositories"
    assert hidden == ([f"and {left} more {word} with {left * 3} tags, of which {left * 2} are deleted"] if left else [])
    shown = [line for line in lines if line.startswith("  team/")]
    more = [int(line.split()[2]) for line in lines if line.strip().startswith("... and")]
    assert (len(shown), sum(more)) == (min(limit, 10), 10 - min(limit, 10))


def test_tags_that_are_not_shown_are_counted_by_repository() -> None:
    found = planned(repository("team/a", 1), repository("team/b", 12), repository("team/c", 3), limit=2)
    found["plan"]["delete"] = [tag("team/a", "dev-0"), tag("team/b", "dev-0"), tag("team/b", "dev-1")]
    lines = check(found, limit=2)
    assert lines[start(lines, "would be deleted") + 1 : start(lines, "fingerprint") - 1] == [
        "  team/b:dev-0  2026-05-01T12:00:00Z  expired",
        "  team/b:dev-1  2026-05-01T12:00:00Z  expired",
        "  ... and 10 more tags of team/b",
        "  team/a:dev-0  2026-05-01T12:00:00Z  expired",
        "... and 3 more tags of other repositories",
    ]


def test_repositories_beyond_a_limit_are_named() -> None:
    rows = [repository(f"team/{letter}", 0, limit=f"team/{letter}: too many") for letter in "abc"]
    lines = check(planned(*rows, totals={"repositories_limited": 3}), limit=2)
    assert lines[:3] == [
        "skipped: team/a: too many",
        "skipped: team/b: too many",
        "... and 1 more repository beyond a limit",
    ]
    refused = planned(rows[0], totals={"repositories_limited": 1})
    refused["plan"]["refusals"] = ["team/a: too many"]
    assert not [line for line in check(refused) if line.startswith("skipped")]


def test_how_to_see_more_is_told_if_nobody_asked_for_it() -> None:
    hint = """  -e '{"registry_audit_gather": ["tag_details", "size", "projects"]}'"""
    assert audit(listed("team/a", 1), gather=("tags_count",))[-1] == hint
    assert hint not in audit(listed("team/a", 1), gather=("size",))
    assert hint not in audit(project("team/a"), gather=("projects",))


def test_approved_tags_that_vanished_may_be_of_an_earlier_run() -> None:
    approved = {"fingerprint": FINGERPRINT, "clock": "x", "totals": {"delete": 3}, "kept_by": {}, "drift": []}
    found = planned(repository("team/app", 0))
    found["plan"].update(approved={**approved, "counts": {"vanished": 3}})
    assert "registry_cleanup_journal_path" in " ".join(check(found))
    found["plan"]["deleted_before"] = 2
    assert "registry_cleanup_journal_path" not in " ".join(check(found))


def test_errors_over_the_limit_are_counted() -> None:
    lines = check(planned(*(repository(f"team/{letter}", 0, error="no") for letter in "abcde")), limit=2)
    assert len([line for line in lines if line.startswith("unread")]) == 2
    assert "... and 3 more errors" in lines


def test_entries_and_what_they_match() -> None:
    matches = [
        {"option": "protect", "entry": "v.*", "rule": None, "matched": 1},
        {"option": "keep", "entry": "main", "rule": "old", "matched": 1219},
        {"option": "in_use", "entry": "", "rule": None, "matched": 0},
        {"option": "exclude_repositories", "entry": "team/*", "rule": None, "matched": 2},
    ]
    lines = check(planned(repository("team/app", 2), totals={"matches": matches}))
    assert [line for line in lines if line.startswith("matched")] == [
        "matched by protect v.*: 1 tag",
        "matched by keep main of rule old: 1,219 tags",
        "matched by in_use: 0 tags",
        "matched by exclude_repositories team/*: 2 repositories",
    ]


def test_a_run_names_what_went_wrong_before_what_was_deleted() -> None:
    found = planned(
        repository("team/app", 3),
        outcome=outcome(
            deleted=[tag("team/app", "dev-0", message="")],
            not_deleted=[{"repository": "team/app", "name": "dev-1", "digest": None, "message": "403 Forbidden"}],
            changed_since=[tag("team/app", "other", message="another image")],
        ),
    )
    found["outcome"]["stopped"] = "GitLab is not available"
    lines = cleanup_lines(found, check_mode=False, limit=100)
    assert lines[:2] == ["outcome: 1 deleted", "stopped: GitLab is not available"]
    place = start(lines, "not deleted: ")
    assert lines[place:] == [
        "not deleted: 1 tag",
        "  team/app:dev-1  2026-05-01T12:00:00Z  expired  403 Forbidden",
        "kept, since they changed after the plan: 1 tag",
        "  team/app:other  another image",
        "deleted: 1 tag",
        "  team/app:dev-0  2026-05-01T12:00:00Z  expired",
        "",
        f"fingerprint: {FINGERPRINT}",
    ]


def test_a_run_counts_the_tags_that_it_does_not_name() -> None:
    rows = [tag("team/app", f"dev-{number}", message="") for number in range(1219)]
    found = planned(repository("team/app", 1219), limit=3, outcome=outcome(limit=3, deleted=rows))
    lines = cleanup_lines(found, check_mode=False, limit=3)
    assert "deleted: 1,219 tags" in lines
    assert "... and 1,216 more tags" in lines


DRIFT = [
    {"repository": "team/app", "name": "dev-4", "kind": "kept", "reason": "in_use", "rule": "old"},
    {"repository": "team/app", "name": "dev-5", "kind": "vanished", "reason": None, "rule": None},
    {"repository": "team/app", "name": "dev-6", "kind": "moved", "reason": None, "rule": None},
]


def test_an_approved_plan_says_why_less_was_deleted() -> None:
    approved = {
        "fingerprint": FINGERPRINT,
        "clock": "2026-06-01T12:00:00Z",
        "totals": {"repositories": 2, "tags": 2000, "delete": 1237},
        "counts": {"vanished": 1, "moved": 1, "kept": 2, "unread": 0, "new": 3},
        "kept_by": {"in_use": 2},
        "drift": DRIFT,
    }
    found = planned(repository("team/app", 15), plan={"approved": approved, "deleted_before": 1219})
    lines = check(found)
    place = start(lines, "approved: ")
    assert lines[place : place + 11] == [
        "approved: 1,237 tags by the plan of 2026-06-01T12:00:00Z",
        f"  {FINGERPRINT}",
        "  1,219 of them were deleted by an earlier run",
        "  moved: 1 tag, another image now",
        "  kept: 2 tags, kept by today's rules or limits (in_use 2)",
        "  vanished: 1 tag, no longer there",
        "  new: 3 tags, chosen by today's rules and kept, since the approved plan does not delete",
        "    them",
        "  team/app:dev-6  moved",
        "  team/app:dev-4  kept  in_use, rule old",
        "  team/app:dev-5  vanished",
    ]
    assert lines[place + 11] == "... and 4 more tags not as approved"
    nothing = check(planned(repository("team/app", 0), plan={"approved": approved, "deleted_before": 1}))
    assert "  1 of them was deleted by an earlier run" in nothing
    assert not nothing[0].startswith("nothing to delete")


def test_what_an_interrupted_run_deleted_is_told() -> None:
    lines = check(planned(repository("team/app", 1), plan={"deleted_before": 7}))
    assert "7 tags were deleted by earlier runs of this journal" in lines


def test_tags_for_images_in_use_are_told() -> None:
    pin = {"repository": "team/app", "name": "in-use-1", "digest": "sha256:1"}
    lines = check(planned(repository("team/app", 0), in_use={"pinned": [pin]}))
    assert lines[-2:] == ["tags that are added to images in use without a tag:", "  team/app:in-use-1"]
    done = {**outcome(), "pinned": [{**pin, "outcome": "failed", "message": "denied"}]}
    lines = cleanup_lines(planned(repository("team/app", 0), outcome=done), check_mode=False, limit=9)
    assert lines[-1] == "  team/app:in-use-1  failed  denied"


def test_the_place_of_a_plan_is_whole() -> None:
    path = "/srv/" + "a" * 100 + "/plan.jsonl"
    package = {"project": "team/plans", "package": "registry-cleanup-plan", "version": "7", "file_name": "plan.jsonl"}
    lines = check(planned(repository("team/app", 1), plan_path=path), package=package)
    assert lines[start(lines, "plan file:") + 1] == f"  {path}"
    assert "plan package: plan.jsonl, version 7 of the package registry-cleanup-plan in team/plans" in lines
    # A plan that deletes nothing was asked for, too.
    assert check(planned(plan_path="/p"))[-2] == "plan file: /p"


def test_reasons_to_delete_are_those_of_the_rules() -> None:
    kept = {
        *("protected", "latest", "no_match", "not_named", "ambiguous_pattern", "keep_pattern", "keep_rule", "keep_n"),
        *("keep_n_per", "too_young", "min_age", "signature", "orphan", "referrer", "shared_digest", "gitlab_protected"),
        *("in_use", "active_ref", "deployed", "archived", "unknown_date", "unknown_version", "unknown_digest"),
        *("unknown_subject", "unknown_in_use", "repository_unread", "limit", "changed", "not_approved"),
        *("no_rule_set", "rule_set_not_selected", "rule_set_changed", "exception"),
        *("label_not_expired", "no_expiry_label", "unknown_expiry", "cleanup_fails"),
    }
    assert kept | DELETING == {reason.value for reason in Reason}


# An audit.


def listed(path: str, tags: int | None, **fields: Any) -> dict[str, Any]:
    """A repository as registry_info writes it."""
    row = {"type": "repository", "path": path, "project": path, "tags_count": tags, "size": None, "status": None}
    return {**row, "error": None, "policy_preview": None, **fields}


def project(path: str, **fields: Any) -> dict[str, Any]:
    row = {"type": "project", "path": path, "archived": False, "access_level": "enabled", "cleanup_policy": None}
    return {**row, "repository_protection": None, "tag_protection": None, **fields}


def audit(
    *rows: dict[str, Any], gather: tuple[str, ...] = ("tag_details",), limit: int = 100, **others: Any
) -> list[str]:
    repositories = [row for row in rows if row["type"] == "repository"]
    tags = [row["tags_count"] for row in repositories]
    sizes = [row["size"] for row in repositories]
    totals = {
        "repositories": len(repositories) if repositories else None,
        "tags": None if None in tags else sum(tags),
        "size": None if None in sizes else sum(sizes),
    }
    errors = [{"repository": row["path"], "project": None, "message": "no"} for row in repositories if row["error"]]
    found = {"totals": totals, "errors": errors, "estimate": others.pop("estimate", None)}
    options = {"disabled_policies": False, **others}
    return audit_lines(found, {}, [json.dumps(row) for row in rows], gather=gather, limit=limit, **options)


def test_the_largest_repositories_come_first() -> None:
    rows = [listed("a", 5, size=GIB), listed("b", 9, size=3 * GIB), listed("c", 0, size=0), listed("d", 7)]
    assert audit(*rows) == [
        "repository  tags     size",
        "b              9  3.0 GiB",
        "a              5  1.0 GiB",
        "d              7        ?",
        "and 1 repository without tags",
        "total         21        ?",
    ]
    assert audit(*rows, limit=1)[2] == "and 2 smaller repositories with 12 tags, ?"
    assert audit(listed("a", None))[1] == "a              ?"
    assert audit(listed("a", 1), gather=("size",))[1] == "a              1     ?"


def test_what_was_not_read_is_on_top() -> None:
    lines = audit(listed("a", 5), listed("b", None, error="Could not list the tags of b: no."))
    assert lines == [
        "unread: b: Could not list the tags of b: no.",
        "repository  tags  remarks",
        "a              5",
        "b              ?  unread",
        "total          ?",
    ]


def test_all_projects_are_one_line_for_each_setting() -> None:
    rows = [
        project("team/a", cleanup_policy={"enabled": True}, archived=True),
        project("team/b", cleanup_policy={"enabled": False}, tag_protection=[{}], repository_protection=[{}]),
        project("team/c", access_level=None),
        *(project(f"team/{number}", policy_state="none", exposed_to="anyone") for number in range(1200)),
    ]
    assert audit(*rows, gather=("projects",)) == [
        "settings of 1,203 projects:",
        "  cleanup policies: 1,200 none, 1 disabled, 1 enabled, 1 none or unknown",
        "  registry: 1,202 enabled, 1 unknown",
        "  images can be pulled by: 1,200 anyone",
        "  archived: 1 project (team/a)",
        "  open to anyone: 1,200 projects (team/0, team/1, team/2, team/3, team/4 and 1,195 more)",
        "  rules for repositories: 1 project (team/b)",
        "  rules for tags: 1 project (team/b)",
    ]
    assert audit(project("team/a"), gather=("protection_rules",))[0] == "settings of 1 project (team/a):"
    assert audit(project("team/a", archived=None), gather=("projects",)) == []
    # They come with every listing, and nobody asked.
    assert audit(project("team/a"), gather=("tags_count",)) == []


def previewed(path: str, *, enabled: bool, delete: int, most: int | None = None, **fields: Any) -> dict[str, Any]:
    preview = {
        "enabled": enabled,
        "at": "2026-06-08T12:00:00Z" if enabled else None,
        "certainty": "exact" if most is None else "upper_bound",
        "doubts": [],
        "lint": [],
        "message": None,
        "delete_least": delete,
        "delete_most": delete if most is None else most,
        "options": {"keep_n": 5},
        "differences_count": 0,
        **fields,
    }
    return listed(path, 10, project=path.rpartition("/")[0], policy_preview=preview)


def test_a_policy_that_is_enabled_is_one_line_and_others_are_counted() -> None:
    rows = [
        previewed("team/a/x", enabled=True, delete=3),
        previewed("team/a/y", enabled=True, delete=4, most=6, doubts=["Chance decides."], differences_count=2),
        previewed("team/b/x", enabled=True, delete=8, lint=["It is odd.", "It is very odd."]),
        previewed("team/c/x", enabled=False, delete=9, lint=["Nobody asked."]),
    ]
    lines = audit(*rows)
    assert lines[lines.index("") + 1 :] == [
        "policy of team/a/y: Chance decides.",
        "policy of team/b/x: It is odd.",
        "policy of team/b/x: It is very odd.",
        "GitLab's own cleanup policies delete at their next run:",
        "project                                at  tags    delete  certainty",
        "team/a               2026-06-08T12:00:00Z    20    7 to 9  upper_bound, 1 note",
        "team/b               2026-06-08T12:00:00Z    10         8  exact, 2 notes",
        "total of 2 policies                          30  15 to 17",
        "the rules of team/a, team/b as options of registry_cleanup, which treat 2 tags",
        '  differently: {"keep_n": 5}',
        "1 policy is disabled and deletes nothing (registry_audit_disabled_policies: true shows",
        "  what would be deleted if they were enabled)",
    ]
    more = audit(*rows, disabled_policies=True)
    place = start(more, "disabled policies, and what each would delete if it were enabled:")
    assert more[place + 2].split() == ["team/c", "?", "10", "9", "exact,", "1", "note"]
    assert audit(rows[3])[-3] == "no cleanup policy of GitLab is enabled"


def test_policies_over_the_limit_are_counted_and_in_the_total() -> None:
    rows = [previewed(f"team/{number:02}/x", enabled=True, delete=number, lint=[f"{number}"]) for number in range(12)]
    lines = audit(*rows, limit=2)
    assert "and 10 more policies" in lines
    assert lines[start(lines, "total of 12 policies")].split()[-2:] == ["120", "66"]
    assert "... and 7 more notes (registry_audit_json_path has all of them)" in lines


def test_an_audit_with_rules_shows_what_they_would_delete_and_sizes() -> None:
    preview = planned(repository("team/app", 2, bytes=GIB), repository("team/web", 0, 4, bytes=None))
    lines = audit_lines(
        {},
        preview,
        [],
        gather=["size"],
        limit=9,
        disabled_policies=False,
        plan_path="/p",
        files=["/a.json"],
    )
    assert lines[:3] == [
        "preview: 2 to delete of 7 tags; an audit changes nothing: no tag was deleted",
        "repository  tags  delete  keep     size  reasons",
        "team/app       3       2     1  1.0 GiB  expired 2",
    ]
    assert lines[start(lines, "total")].split() == ["total", "7", "2", "5", "?"]
    assert lines[-4:] == [
        "plan file: /p",
        "to approve it:",
        f"  registry_cleanup_approved_fingerprint={FINGERPRINT}",
        "file: /a.json",
    ]
    nothing = audit_lines({}, planned(repository("a", 0)), [], gather=[], limit=9, disabled_policies=False)
    assert nothing == ["nothing to delete in 1 repository: 1 tag is kept (too_young 1)"]


def test_what_reading_dates_takes() -> None:
    estimate = {
        "tags": 14,
        "requests": 1,
        "registry_requests": 1200,
        "read_via": "registry",
        "repositories_uncounted": 2,
    }
    assert audit(listed("a", 1), estimate=estimate)[-2:] == [
        "reading the dates of 14 tags takes about 1 request to GitLab and 1,200 to its registry",
        "  by registry, not counting 2 repositories",
    ]


# Several hosts.


def host(name: str, result: str = "ok", **counts: Any) -> dict[str, Any]:
    return {"host": name, "counts": {"result": result, "tags": 10, "planned": 0, "deleted": 0, **counts}}


def test_hosts_with_trouble_and_most_to_delete_come_first() -> None:
    rows = [host("a"), host("b", planned=5), host("c", planned=9), host("d", "refused", planned=1), host("e")]
    summary = {"hosts": 6, "hosts_unfinished": ["f"], "result": "failed", "tags": 50, "planned": 15, "deleted": 0}
    assert hosts_lines(rows, "registry_cleanup", summary) == [
        "did not finish: 1 host (f)",
        "host              tags  planned  deleted  result",
        "d                   10        1        0  refused",
        "c                   10        9        0  ok",
        "b                   10        5        0  ok",
        "and 2 hosts with nothing to delete",
        "total of 6 hosts    50       15        0  failed",
    ]
    assert hosts_lines(rows, "registry_cleanup", summary, 1)[3] == "and 2 more hosts"


def test_hosts_of_an_audit() -> None:
    counts: dict[str, Any] = {"repositories": 2, "size": None, "would_delete": None}
    rows = [host("a", **counts), host("b", **{**counts, "tags": 0}), host("c", "partial", **{**counts, "tags": None})]
    summary = {"hosts": 3, "hosts_unfinished": [], "result": "partial", "tags": None, **counts, "repositories": 6}
    assert hosts_lines(rows, "registry_audit", summary) == [
        "host              repositories  tags  result",
        "c                            2     ?  partial",
        "a                            2    10  ok",
        "and 1 host without tags",
        "total of 3 hosts             6     ?  partial",
    ]
    rules = [host("a", **{**counts, "size": GIB, "would_delete": 0}), host("b", **{**counts, "would_delete": 3})]
    lines = hosts_lines(rules, "registry_audit", {**summary, "would_delete": 3})
    assert lines[1].split() == ["b", "2", "10", "?", "3", "ok"]
    assert lines[2] == "and 1 host with nothing to delete"


# Settings.


def compared(*projects: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What registry_settings returns."""
    differing = sum(bool(row["differences"]) for row in projects)
    totals = {"projects": len(projects), "differing": differing, "as_wanted": len(projects) - differing}
    return {
        "projects": list(projects),
        "totals": {**totals, "unknown": 0, "archived": 0, **fields.pop("totals", {})},
        "errors": [],
        "archived": [],
        **fields,
    }


def differing(path: str, *settings: str, **fields: Any) -> dict[str, Any]:
    rows = [{"setting": setting, "before": None, "after": False} for setting in settings]
    return {"path": path, "differences": rows, "notes": [], "error": None, **fields}


def test_settings_that_differ_stand_below_their_project() -> None:
    found = compared(
        differing("team/a", "enabled", notes=["It has images."]),
        differing("team/b", "enabled", "keep_n"),
        differing("team/c", notes=["It has images."]),
        totals={"differing": 5, "unknown": 3, "archived": 9},
        errors=[{"name": "team/x", "message": "403 Forbidden"}],
        archived=[f"team/old{number}" for number in range(7)],
    )
    lines = settings_lines(found, check_mode=True, files=["/drift.csv"])
    assert lines == [
        "unknown: team/x: 403 Forbidden",
        "... and 2 more projects unknown",
        "note: team/a, team/c: It has images.",
        "left out, since archived: 9 projects (team/old0, team/old1, team/old2, team/old3,",
        "  team/old4 and 4 more)",
        "3 projects: 5 differ, 1 is as it should be, 3 unknown",
        "check mode: nothing was changed",
        "",
        "project: team/b",
        "  enabled: nothing -> false",
        "  keep_n: nothing -> false",
        "",
        "project: team/a",
        "  enabled: nothing -> false",
        "",
        "... and 3 more projects differ",
        "",
        "file: /drift.csv",
    ]


def test_what_became_of_settings() -> None:
    found = compared(differing("team/a", "enabled"), differing("team/b", "enabled"))
    failed = {"path": "team/a", "outcome": "not_changed", "message": "no"}
    done = settings_lines({**found, "outcome": [failed, {"path": "team/b", "outcome": "changed"}]}, check_mode=False)
    assert done[:3] == [
        "not_changed: team/a: no",
        "2 projects: 2 differ, 0 are as they should be, 0 unknown",
        "1 project was changed",
    ]
    cut_off = settings_lines({**found, "outcome": [failed]}, check_mode=False)
    assert cut_off[2] == "at least 1 project could not be changed as wanted"
    refused = settings_lines(found, check_mode=False, refusal="too many")
    assert refused[:2] == ["refused: too many", "2 projects: 2 differ, 0 are as they should be, 0 unknown"]
    assert not [line for line in refused if line.endswith("changed")]


# Tags that are put back.

RESTORING = (
    *("deleted", "present", "replaced", "no_digest", "collected", "incomplete", "protected", "locked", "unread"),
)


def back(place: str, reason: str = "deleted", message: str = "", digest: str | None = FINGERPRINT) -> dict[str, Any]:
    """A tag of registry_restore."""
    path, _colon, name = place.rpartition(":")
    action = "create" if reason == "deleted" else "none"
    return {
        "repository": path,
        "name": name,
        "digest": digest,
        "action": action,
        "reason": reason,
        "message": message,
    }


def restoring(*rows: dict[str, Any], limit: int = 100, **fields: Any) -> dict[str, Any]:
    """What registry_restore returns, cut to a limit."""
    run = {"time": "2026-06-01T03:00:00.000Z", "fingerprint": "sha256:" + "9" * 64, "approved": None, "ended": True}
    return {
        "runs": [{**run, "tags": len(rows)}],
        "tags": list(rows[:limit]),
        "counts": {reason: sum(row["reason"] == reason for row in rows) for reason in RESTORING},
        "notes": [],
        **fields,
    }


def written(*rows: dict[str, Any], limit: int = 100, **failed: str) -> dict[str, Any]:
    """What became of tags, those that failed by their names."""
    found = [{**row, "outcome": failed.get(row["name"].replace("-", "_"), "written"), "message": ""} for row in rows]
    found.sort(key=lambda row: row["outcome"] == "written")
    kinds = ("written", "unverified", "changed_since", "not_written", "not_tried")
    counts = {kind: sum(row["outcome"] == kind for row in found) for kind in kinds}
    return {"tags": found[:limit], "counts": counts}


def test_what_can_be_put_back_is_shown_as_the_page_says() -> None:
    collected = "the registry no longer has its image, since garbage collection removed it or it was deleted"
    run = {
        "time": "2026-06-01T03:00:00.000Z",
        "fingerprint": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "approved": None,
        "tags": 4,
        "ended": True,
    }
    found = restoring(
        back("team/app:dev-1", "collected", collected),
        back("team/app:dev-2", digest="sha256:60303ae22b99" + "0" * 52),
        back("team/app/web:dev-1", digest="sha256:fd61a03af4f7" + "0" * 52),
        back("team/app:dev-3", "present"),
        notes=["The same rules delete these tags again. Change them, or protect the tags, before the next cleanup."],
        runs=[run],
    )
    text = "\n".join(restore_lines(found, check_mode=True))
    assert f"```text\n{text}\n```" in (ROOT / "docs" / "undo.md").read_text()


def test_what_was_put_back_and_what_was_not() -> None:
    rows = [back(f"team/app:dev-{number}") for number in range(4)]
    left = back("team/app:v1", "replaced", "it is sha256:1 now")
    found = restoring(*rows, left, outcome=written(*rows, dev_1="not_written", dev_3="not_tried"))
    found["runs"] = [{**found["runs"][0], "approved": "sha256:" + "8" * 64, "ended": False, "tags": 1}]
    assert restore_lines(found, check_mode=False) == [
        "run of 2026-06-01T03:00:00.000Z, plan 888888888888: deleted 1 tag, killed before its end",
        "5 tags: 4 to restore, 0 present, 1 another image now",
        "2 of 4 tags were restored",
        "",
        "another image now, and not changed:",
        "  team/app:v1: replaced: it is sha256:1 now",
        "",
        "not restored, or not confirmed:",
        "  team/app:dev-1: not_written",
        "  team/app:dev-3: not_tried",
        "",
        "restored:",
        "  team/app:dev-0  sha256:0123456789ab",
        "  team/app:dev-2  sha256:0123456789ab",
    ]
    assert restore_lines(restoring(back("a:b", "present")), check_mode=False)[1:] == [
        "1 tag: 0 to restore, 1 present",
        "nothing to restore",
    ]
    assert restore_lines(restoring(back("a:b"), outcome=written(back("a:b"))), check_mode=False)[2:] == [
        "1 of 1 tag was restored",
        "",
        "restored:",
        "  a:b  sha256:0123456789ab",
    ]


# Whatever comes.

TEXTS = st.text(max_size=120)
PATHS = st.text(st.sampled_from('abc/-\x1b\u202e"\\仮'), min_size=1, max_size=120)


@st.composite
def results(draw: st.DrawFn) -> Any:
    """Any plan, cut to any limit."""
    limit = draw(st.integers(0, 5))
    rows = []
    for number in range(draw(st.integers(0, 7))):
        delete, keep = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
        least = draw(st.none() | st.integers(0, 10**15))
        most = draw(st.none() | st.integers(least or 0, 10**16))
        freed = {"freed_least": least, "freed_most": most}
        error = draw(st.none() | TEXTS.filter(bool))
        fields = {"error": error, **freed, "doubts": draw(st.lists(TEXTS, max_size=1))}
        path = f"{draw(PATHS)}{number}"
        rows.append(repository(path, 0 if error else delete, 0 if error else keep, **fields))
    total = draw(st.sampled_from([{}, {"freed_least": 1, "freed_most": None}]))
    found = planned(*rows, limit=limit, totals=total)
    found["notes"] = draw(st.lists(TEXTS, max_size=2))
    found["plan"]["unmatched"] = draw(st.lists(TEXTS, max_size=2))
    found["plan"]["refusals"] = draw(st.lists(TEXTS, max_size=1))
    for row in found["plan"]["delete"]:
        row["rule"] = draw(st.none() | TEXTS)
    return limit, rows, found


@given(results(), st.booleans())
def test_whatever_a_plan_is_it_fits_and_adds_up(found: Any, check_mode: bool) -> None:
    limit, rows, result = found
    lines = cleanup_lines(result, check_mode=check_mode, limit=limit)
    fits(lines)
    if not any(row["delete"] for row in rows):
        return
    table = lines[start(lines, "repository ") : start(lines, "total ") + 1]
    told = [re.findall(r"(?<![\w/.-])([\d,]+) (?:more )?(?:repository|repositories)", line) for line in table]
    others = [int(number.replace(",", "")) for number in itertools.chain(*told)]
    named = len(table) - 2 - len([line for line in table if line.startswith("and ")])
    # Long sums go over two lines.
    if all(line.startswith(("and ", "total")) for line in table[1 + named :]):
        assert named + sum(others) == len(rows)


@given(st.lists(st.builds(host, PATHS, planned=st.integers(0, 10**9)), max_size=4), st.lists(PATHS, max_size=30))
def test_whatever_hosts_are_called_they_fit(rows: list[dict[str, Any]], unfinished: list[str]) -> None:
    summary = {"hosts": 9, "hosts_unfinished": unfinished, "result": "ok", "tags": 1, "planned": 1, "deleted": 1}
    fits(hosts_lines(rows, "registry_cleanup", summary))


@given(
    st.lists(st.builds(listed, PATHS, st.none() | st.integers(0, 10**9), error=st.none() | TEXTS), max_size=4),
    st.lists(st.builds(project, PATHS), max_size=7),
    st.lists(st.builds(previewed, PATHS, enabled=st.booleans(), delete=st.just(1), lint=st.lists(TEXTS)), max_size=3),
)
def test_whatever_an_audit_finds_it_fits(
    repositories: list[dict[str, Any]], projects: list[dict[str, Any]], policies: list[dict[str, Any]]
) -> None:
    fits(audit(*repositories, *projects, *policies, disabled_policies=True, limit=3))


@given(
    st.lists(st.tuples(PATHS, PATHS, st.sampled_from(RESTORING), TEXTS), max_size=8), st.integers(0, 9), st.booleans()
)
def test_whatever_is_put_back_it_fits_and_adds_up(rows: list[Any], limit: int, check_mode: bool) -> None:
    tags = [back(f"{path}:{name}", reason, message) for path, name, reason, message in rows]
    tags.sort(key=lambda row: (row["reason"] in ("deleted", "present", "replaced"), row["reason"] != "deleted"))
    planned_rows = [row for row in tags if row["reason"] == "deleted"]
    done = {} if check_mode or not planned_rows else {"outcome": written(*planned_rows, limit=limit)}
    lines = restore_lines(restoring(*tags, limit=limit, **done), check_mode=check_mode)
    fits(lines)
    hidden = sum(int(number) for number in re.findall(r"(?m)^  \.\.\. and (\d+) more tags?$", "\n".join(lines)))
    shown = sum(bool(re.match("  [^ .]", line)) for line in lines)
    assert hidden + shown >= sum(row["reason"] != "present" for row in tags)


def fits(lines: list[str]) -> None:
    for line in lines:
        assert width_of(line) <= WIDTH or len(line.split()) == 1, line
        assert line.isprintable()


def test_a_run_shows_what_it_deletes_at_most_and_what_it_left() -> None:
    rows = [repository("team/app", 25, delete_this_run=20), repository("team/web", 9, delete_this_run=0)]
    totals = {"delete_this_run": 20}
    found = planned(*rows, totals=totals, plan={"this_run": "at most 20 of 34 in this run"})
    found["plan"]["delete"] = found["plan"]["delete"][:18]
    lines = check(found)
    begin = start(lines, "would be deleted (in turns of up to 20 tags by repository, the oldest first):")
    assert lines[begin + 19 : begin + 20] == ["  ... and 2 more tags of team/app"]
    assert not [line for line in lines if "of other repositories" in line]
    done = {
        **outcome(deleted=[tag("team/app", "dev-0")], left_for_next_run=[tag("team/web", "dev-1")]),
        "budget": "why",
    }
    lines = cleanup_lines({**found, "outcome": done}, check_mode=False, limit=9)
    assert "budget used up: why" in lines
    assert "left for the next run: 1 tag" in lines


def test_what_is_in_use_begins_with_what_failed() -> None:
    sources = [
        {"name": "web-1", "images": ["a:1", "a:2"], "failed": ""},
        {"name": "pulls", "images": ["a:2"], "failed": "registry-1: The logs reach back to yesterday"},
        {"name": "web-2", "images": ["a:3"], "failed": ""},
    ]
    head = ["3 images in use, by 3 sources", "failed: 1 source. A cleanup with these sources is refused."]
    failed = "  pulls: failed: registry-1: The logs reach back to yesterday"
    assert in_use_lines(sources) == [*head, failed, "  web-1: 2 images", "  web-2: 1 image"]
    assert in_use_lines(sources, limit=2) == [*head, failed, "  web-1: 2 images", "  and 1 more source"]
    assert in_use_lines(sources[:1]) == ["2 images in use, by 1 source", "  web-1: 2 images"]


def test_what_a_tool_said_is_shown_as_text() -> None:
    [*_head, line] = in_use_lines([{"name": "web-1", "images": [], "failed": "\x1b[31mno\u202e"}])
    assert line.isprintable()
    assert line.startswith("  web-1: failed: ")
