# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention documents: what they say, and everything that is wrong with one, with its line."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.yaml_text import LocatedValue
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import (
    LARGEST,
    RetentionDocument,
    read_document,
    retention_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.rule_sets import Retention
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import guards_of
from tests.unit.models import repository
from tests.unit.options import filled
from tests.unit.repository import test_retention_page as retention_page

SERVER = "https://gitlab.example.com"
SOUND = """\
rule_sets:
  - name: services
    rules:
      - name: releases
        match: v[0-9].*
        sort_by: semver
        keep_n: 10
      - match: .*
        older_than: 30d
    protect: [stable]
    min_age: 2d
    min_remaining: 3
    max_deletions: 50
    max_deletions_percent: 50.5
  - name: nothing
    rules:
      - {match: .*, keep: true}
default: services
assignments:
  - rule_set: nothing
    groups: [Team/Legal, "https://gitlab.example.com/groups/team/hr"]
    projects: [team/app, "12"]
    repositories: [team/*/cache]
exceptions:
  - repositories: [team/app, team/web/*]
    tags: v1[.].*
    keep_until: 2027-01-31
    why: audit of 2026
    owner: security
"""


def read(value: Any, *, selected: list[str] | None = None, limits: Limits | None = None, **guards: Any) -> Retention:
    """The document as a task has it."""
    document = read_document(value, "retention")
    params = filled({"name_regex_delete": "x", **guards})
    return retention_of(document, guards_of(params), limits or Limits(), SERVER, selected)


def refused(value: Any, **options: Any) -> str:
    with pytest.raises(UsageError) as error:
        read(value, **options)
    return str(error.value)


@pytest.mark.parametrize("value", [SOUND, yaml.safe_load(SOUND)], ids=["text", "mapping"])
def test_a_sound_document(value: Any) -> None:
    found = read(value)
    services, nothing = found.rule_sets
    assert [services.name, nothing.name] == ["services", "nothing"]
    assert [rule.name for rule in services.rules.rules] == ["releases", "rule 2"]
    assert services.limits == Limits(min_remaining=3, max_deletions=50, max_deletions_percent=50.5)
    assert (services.rules.min_age, nothing.rules.min_age) == (2 * 86400, None)
    assert nothing.rules.rules[0].keep_all
    assert found.assignments is not None
    targets = [(entry.level.value, entry.target) for entry in found.assignments.entries]
    assert sorted(targets) == [
        ("groups", "team/hr"),
        ("groups", "team/legal"),
        ("projects", "12"),
        ("projects", "team/app"),
        ("repositories", "team/*/cache"),
    ]
    [exception] = found.exceptions
    assert exception.holds(datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC))
    assert not exception.holds(datetime(2027, 2, 1, tzinfo=UTC))
    assert exception.text == "team/app, team/web/* v1[.].* until 2027-01-31 (audit of 2026, security)"


def test_it_is_the_same_however_it_is_given_and_ordered() -> None:
    text = read_document(SOUND, "retention")
    plain = yaml.safe_load(SOUND)
    plain["exceptions"][0]["keep_until"] = "2027-01-31"
    shuffled = {key: plain[key] for key in sorted(plain, reverse=True)}
    assert read_document(plain, "retention").digest == text.digest
    assert read_document(shuffled, "retention").digest == text.digest
    assert read_document(text.written, "retention").digest == text.digest
    plain["rule_sets"][0]["rules"][0]["keep_n"] = 11
    assert read_document(plain, "retention").digest != text.digest


def told(value: Any) -> str:
    """The message about a document; empty if it is sound."""
    try:
        read(value)
    except UsageError as error:
        return str(error)
    return ""


def with_line(old: str, new: str) -> str:
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


# What is changed in the document, the line that the message names, and what it says.
MISTAKES = [
    (
        "keep_n: 10",
        "keep_n: ten",
        7,
        "rule_sets, services, rules, releases: keep_n is 'ten': it has to be a whole number",
    ),
    ("keep_n: 10", "keep_n: -1", 7, "keep_n is -1: it can't be negative"),
    ("keep_n: 10", "keep_n: true", 7, "keep_n is True: it has to be a whole number"),
    ("keep_n: 10", "keepn: 10", 7, "'keepn' is not a known key: perhaps keep_n is meant"),
    ("sort_by: semver", "sort_by: version", 6, "sort_by is 'version': it has to be one of date, "),
    ("match: v[0-9].*", "match: v[0-9.*", 5, "match 'v[0-9.*'"),
    ("match: v[0-9].*", "matches: v[0-9].*", 5, "'matches' is not a known key: perhaps match is meant"),
    ("older_than: 30d", "older_than: 30", 9, "older_than is 30: YAML reads it as something else than a text"),
    ("older_than: 30d", "older_than: 30m", 9, "older_than '30m'"),
    ("protect: [stable]", "protect: stable", 10, "protect is 'stable': it has to be a list"),
    ("protect: [stable]", "protect: [1.10]", 10, "protect: 1.1: YAML reads it as something else than a text"),
    ("protect: [stable]", "protect: ['a b']", 10, "protect: 'a b'"),
    ("min_age: 2d", "min_age: two days", 11, "min_age 'two days' is not a duration"),
    ("min_remaining: 3", "min_remaining: -3", 12, "min_remaining is -3: it has to be at least 0"),
    (
        "max_deletions_percent: 50.5",
        "max_deletions_percent: 101",
        14,
        "max_deletions_percent is 101: it has to be",
    ),
    ("max_deletions_percent: 50.5", "max_deletions_percent: .nan", 14, "it has to be a number"),
    ("name: nothing", "name: services", 15, "'services' is here for the second time"),
    (
        "{match: .*, keep: true}",
        "{match: .*, keep: true, keep_n: 2}",
        17,
        "that the rule matches are kept: leave out keep_n",
    ),
    ("{match: .*, keep: true}", "5", 17, "here is 5, but it has to be a mapping"),
    ("default: services", "default: service", 18, "default is 'service', and no rule set has this name"),
    ("rule_set: nothing", "rule_set: everything", 20, "rule_set is 'everything', and no rule set has this name"),
    ("Team/Legal", "team legal", 21, "groups: 'team legal' is not a path"),
    ("https://gitlab.example.com/groups", "https://gitlab.com/groups", 21, "is on gitlab.com"),
    ("projects: [team/app", "projects: [app", 22, "projects: 'app' is a name without its group"),
    ('"12"', "12", 22, "12: YAML reads it as something else than a text, so put it in quotes"),
    ('"12"', "TEAM/app", 22, "'team/app' is here for the second time"),
    ("repositories: [team/*/cache]", "repositories: ['team/.*']", 23, "repositories: 'team/.*' is a regular expr"),
    ("projects: [team/app", "projects: ['team/*'", 22, "projects: 'team/*' is a glob, which only repositories accepts"),
    ("Team/Legal", "team/l*", 21, "groups: 'team/l*' is a glob, which only repositories accepts: write it there"),
    (
        "repositories: [team/app, team/web/*]",
        "repositories: ['team/.*']",
        25,
        "repositories: 'team/.*' is a regular expr",
    ),
    ("tags: v1[.].*", "tags: '(v1'", 26, "tags '(v1'"),
    ("keep_until: 2027-01-31", "keep_until: tomorrow", 27, "keep_until is 'tomorrow': write it as 2027-01-31"),
    ("keep_until: 2027-01-31", "keep_until: 2027", 27, "keep_until is 2027"),
    ("    why: audit of 2026\n", "", 25, "why is missing"),
    ("    keep_until: 2027-01-31\n", "", 25, "keep_until is missing"),
]


@pytest.mark.parametrize(("old", "new", "line", "text"), MISTAKES)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, text: str) -> None:
    message = refused(with_line(old, new))
    assert re.search(rf"(retention,|retention has 2 mistakes:) line {line}[,:] ", message)
    assert text in message
    assert message.endswith(".")


@pytest.mark.parametrize(("old", "new", "line", "text"), MISTAKES)
def test_a_mistake_in_a_mapping_is_told_with_its_place(old: str, new: str, line: int, text: str) -> None:
    message = refused(yaml.safe_load(with_line(old, new)))
    assert f"line {line}" not in message
    assert re.match(r"retention(,| has 2 mistakes:) (rule_sets|assignments|exceptions)|retention: default", message)


@pytest.mark.parametrize("sound", [SOUND, str(retention_page.EXAMPLE)], ids=["test", "page"])
def test_a_key_without_a_value_is_told_with_its_line(sound: str) -> None:
    """What is empty by mistake must not keep or limit less than what was meant."""
    for number, line in enumerate(sound.splitlines(), 1):
        found = re.fullmatch(r"([ -]*)(\w+): .+", line)
        if found is None:
            continue
        for value, way_out in (("", "give it a value, or leave it out"), ("[]", "write at least one entry")):
            if value and not re.search(r": \[", line):
                continue
            lines = sound.splitlines()
            lines[number - 1] = f"{found[1]}{found[2]}: {value}".rstrip()
            message = refused("\n".join(lines))
            assert f"line {number}" in message
            assert f"{found[2]} is empty: {way_out}" in message


def test_no_entries_may_be_assigned_or_excepted() -> None:
    found = read({"rule_sets": [{"name": "a", "rules": [{"match": ".*"}]}], "assignments": [], "exceptions": []})
    assert found.exceptions == ()


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("010", 8), ("0x10", 16), ("1_0", 10), ("1:30", 90), ("0b11", 3), ("+1_000", 1000)],
)
def test_a_number_that_others_read_otherwise_is_told(written: str, read_as: int) -> None:
    message = refused(with_line("keep_n: 10", f"keep_n: {written}"))
    assert message == (
        f"retention, line 7, rule_sets, services, rules, releases: keep_n is {written}, which YAML 1.1 reads as "
        f"{read_as}: write it in plain decimal digits."
    )
    again = with_line("keep_n: 10", "keep_n: 10\n        <<: {keep_n: 010}")
    assert read(again).rule_sets[0].rules.rules[0].keep_n == 10


@pytest.mark.parametrize("written", ["9999-12-31", "'9999-12-31'", "9999-12-31T23:59:59Z", "0001-01-01"])
def test_the_first_and_the_last_day_are_days(written: str) -> None:
    [exception] = read(with_line("keep_until: 2027-01-31", f"keep_until: {written}")).exceptions
    assert exception.holds(datetime(2026, 6, 1, tzinfo=UTC)) is written.strip("'").startswith("9")


@pytest.mark.parametrize("group", ["7", "2024", "٣"])
def test_a_group_is_no_number(group: str) -> None:
    assert f"groups: '{group}' is " in refused(with_line("Team/Legal", f'"{group}"'))


@pytest.mark.parametrize(
    ("old", "entries", "line"),
    [
        ("    protect: [stable]", "    protect:\n      - stable\n      - x\n      - 'a b'", 13),
        ("[Team/Legal, ", "\n      [Team/Legal,\n      a b,\n      ", 23),
        ('[team/app, "12"]', "\n      - team/app\n      - app", 24),
        ("[team/*/cache]", "\n      - team/x\n      - 'team/.*'\n      - team/[z-a]", 25),
        ("[team/app, team/web/*]", "\n      - team/x\n      - 'team/.*'", 27),
    ],
)
def test_an_entry_of_a_list_is_told_with_its_own_line(old: str, entries: str, line: int) -> None:
    assert re.search(rf"(retention,|mistakes:) line {line}, ", refused(with_line(old, entries)))


def test_what_stands_besides_a_merge_is_told_with_its_own_line() -> None:
    anchor = "rule_sets:\n- name: a\n  rules:\n  - &x\n    match: a\n    keep_n: 3\n"
    assert refused(f"{anchor}  - <<: *x\n    match: b\n    keep_n: ten\n").startswith("retention, line 9, ")
    assert refused(f"{anchor}  - keep_n: ten\n    match: b\n    <<: *x\n").startswith("retention, line 7, ")


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u200bb", "a\nb", "a\u202eb"])
def test_what_cannot_be_seen_is_told_and_not_shown(text: str) -> None:
    document = yaml.safe_load(SOUND)
    for row, key in [
        (document["exceptions"][0], "why"),
        (document["exceptions"][0], "owner"),
        (document["rule_sets"][0]["rules"][0], "name"),
        (document["rule_sets"][0]["protect"], 0),
    ]:
        before, row[key] = row[key], text
        message = refused(document)
        assert "it contains a" in message
        assert message.isprintable()
        row[key] = f" {before}\n"
        read(document)
        row[key] = before


A = {"name": "a", "rules": [{"match": "x"}]}
EXCEPTION = {"repositories": ["team/app"], "keep_until": "2027-01-31", "why": "audit"}
QUOTES = "YAML reads it as something else than a text, so put it in quotes"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"assignments": [{"rule_set": "a"}], "rule_sets": [{"name": "a", "rules": [{"match": "x"}]}]},
            "retention, assignments, number 1: the rule set has no assignment: write groups or projects or "
            "repositories.",
        ),
        (
            {"default": "c", "rule_sets": [{"name": each, "rules": [{"match": "x"}]} for each in "ab"]},
            "retention: default is 'c', and no rule set has this name: rule_sets has a, b.",
        ),
        (
            {"rule_sets": [{"name": "a" * 61, "rules": [{"match": "x"}]}]},
            f"retention, rule_sets, {'a' * 61}: name is '{'a' * 61}': write up to 60 letters, digits and . _ - with "
            "spaces between.",
        ),
        (
            {"rule_sets": [{"name": "a", "rules": [{"match": "x"}]}] * 2},
            "retention, rule_sets, a: 'a' is here for the second time.",
        ),
        (
            {"rule_sets": [{"name": "a", "rules": [{"name": "x", "match": "x"}] * 2}]},
            "retention, rule_sets, a: rules has the name 'x' more than once: each tag names the rule that decided.",
        ),
        ({"rule_sets": 5, "default": "a"}, "retention: rule_sets is 5: it has to be a list."),
        (
            {"rule_sets": 5, "assignments": [{"rule_set": "a", "groups": ["team"]}]},
            "retention has 2 mistakes: rule_sets is 5: it has to be a list; assignments, number 1: rule_set is 'a', "
            "and no rule set has this name: there is none.",
        ),
        (
            {"rule_sets": [A], "assignments": [{"rule_set": "b", "groups": 5}]},
            "retention, assignments, number 1: groups is 5: it has to be a list.",
        ),
        (
            {"rule_sets": [{**A, "protect": [5, "(a"]}]},
            f"retention, rule_sets, a, protect: 5: {QUOTES}.",
        ),
        (
            {"rule_sets": [A], "exceptions": [{**EXCEPTION, "repositories": [5, "team/.*"]}]},
            f"retention, exceptions, number 1, repositories: 5: {QUOTES}.",
        ),
        (
            {"rule_sets": [A], "assignments": [{"rule_set": "a", "projects": ["team/a", "team/a"]}]},
            "retention, assignments, number 1, projects: 'team/a' is here for the second time.",
        ),
    ],
)
def test_the_whole_message(document: dict[str, Any], message: str) -> None:
    assert refused(document) == message


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('[team/app, "12"]', "\n      - team/app\n      - x/y\n      - team/app", 25),
        ("  - name: nothing\n    rules:", "  - min_age: 1d\n    name: services\n    rules:", 16),
    ],
)
def test_what_stands_twice_is_told_where_it_stands_again(old: str, new: str, line: int) -> None:
    assert f"line {line}, " in refused(with_line(old, new))


def test_repositories_are_compared_by_their_paths() -> None:
    assigned = [{"rule_set": "a", "repositories": ["/Xteam/App/X/", "team/*/Cache"]}]
    found = read({"rule_sets": [A], "assignments": assigned}).assignments
    assert found
    assert [entry.target for entry in found.entries] == ["xteam/app/x", "team/*/cache"]


def test_what_is_not_named_does_not_stand_twice() -> None:
    assert refused({"rule_sets": [{"rules": A["rules"]}] * 2}).startswith("retention has 2 mistakes: ")


def test_of_a_mapping_with_a_wrong_key_no_number_is_told_besides() -> None:
    assert refused(with_line("keep_n: 10", "keep_n: 010\n        x: 1")).startswith("retention, line 8, ")


def test_the_line_of_a_value_is_that_of_the_nearest_one_around_it() -> None:
    document = RetentionDocument("retention", LocatedValue({"a": {"b": 5}}, lines={(): 1, ("a",): 2}))
    assert [document.line(path) for path in ((), ("a",), ("a", "b"), ("x",))] == [1, 2, 2, 1]
    assert RetentionDocument("retention", LocatedValue({}, lines={})).line(("a",)) == 0


def test_one_path_may_be_a_group_and_a_project() -> None:
    assigned = [{"rule_set": "a", "groups": ["team/app"]}, {"rule_set": "a", "projects": ["team/app"]}]
    assert read({"rule_sets": [A], "assignments": assigned})


def test_whatever_is_told_later_of_an_entry_has_its_place() -> None:
    for document, group, exception in (
        (SOUND, "line 21", "line 25"),
        (yaml.safe_load(SOUND), "assignments, number 1, groups, number 1", "exceptions, number 1"),
    ):
        found = read(document)
        assert found.assignments
        assert found.assignments.entries[0].place != ""
        assert group in {entry.place for entry in found.assignments.entries}
        assert found.exceptions[0].place == exception


@pytest.mark.parametrize(
    ("written", "ends_at"),
    [
        ("2027-01-31T12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31 12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31", datetime(2027, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_an_exception_ends_with_its_day_or_time(written: str, ends_at: datetime) -> None:
    [found] = read({"rule_sets": [A], "exceptions": [{**EXCEPTION, "keep_until": written}]}).exceptions
    assert found.ends_at == ends_at


def test_all_mistakes_are_told_at_once() -> None:
    text = with_line("keep_n: 10", "keep_n: ten").replace("30d", "30m").replace("    why: audit", "    whys: audit")
    message = refused(text)
    assert message.startswith("retention has 3 mistakes: line 7, ")
    assert message.index("line 9, ") < message.index("line 28, ")
    assert message.count("; line ") == 2
    many = "rule_sets:\n" + "".join(f"  - {{name: s{n}, rules: [], x: 1}}\n" for n in range(40))
    assert refused(many).endswith(" and 75 more.")
    assert refused(many).count("line ") == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "retention has 0 documents: write one."),
        ("a: 1\n---\nb: 1", "retention has 2 documents: write one."),
        ("a: [", "retention is not valid YAML in line 1."),
        ("a: 1\na: 2", "retention has the key 'a' twice in the mapping of line 1: write it once."),
        ("[" * 1000, "retention is nested more than 200 levels deep in line 1."),
        ("x" * (LARGEST + 1), "retention is larger than 1 MiB, which is the limit for a retention document."),
        ("x" * LARGEST, "but it has to be a mapping"),
        ("\u00e4" * (LARGEST // 2 + 1), "retention is larger than 1 MiB"),
        (
            "- a",
            "here is a list, but it has to be a mapping with the keys rule_sets, default, assignments, exceptions.",
        ),
        ([], "here is a list, but it has to be a mapping"),
        (7, "here is 7, but it has to be a mapping"),
        ({}, "rule_sets is missing."),
        ({"rule_sets": []}, "rule_sets is empty: write at least one entry."),
        ({"rule_sets": [{"name": "", "rules": [{"match": "x"}]}]}, "name is ''"),
        ({1: 2, None: 3, (1, 2): 4}, "retention has 3 mistakes"),
    ],
)
def test_what_is_no_document(value: Any, text: str) -> None:
    assert text in refused(value)


def test_an_alias_is_read_and_a_bomb_is_not() -> None:
    text = "rule_sets:\n  - &a {name: a, rules: [{match: .*, keep_n: 3}]}\n  - {<<: *a, name: b}\ndefault: b\n"
    assert [each.name for each in read(text).rule_sets] == ["a", "b"]
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for letter, before in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{letter}: &{letter} [{','.join([f'*{before}'] * 9)}]\n"
    assert refused(bomb) == "retention stands for more than 200,000 values in line 6."


def test_the_guards_of_the_task_hold_and_a_set_only_adds() -> None:
    limits = Limits(min_remaining=5, max_deletions=20, max_deletions_percent=80, max_deletions_total=7)
    found = read(SOUND, limits=limits, protect=["main"], min_age="5d")
    services, nothing = found.rule_sets
    assert [pattern.text for pattern in services.rules.protect] == ["main", "stable"]
    assert [pattern.text for pattern in nothing.rules.protect] == ["main"]
    assert services.rules.min_age == nothing.rules.min_age == 5 * 86400
    assert services.limits == limits._replace(max_deletions_percent=50.5)
    assert nothing.limits == limits


@pytest.mark.parametrize("seed", range(200))
def test_a_set_never_loosens_a_limit(seed: int) -> None:
    dice = random.Random(seed)

    def some(*numbers: float) -> Any:
        return dice.choice([None, *numbers])

    task = Limits(min_remaining=dice.randrange(4), max_deletions=some(0, 5, 9), max_deletions_percent=some(0, 20, 90.5))
    own = {
        "min_remaining": some(0, 2, 9),
        "max_deletions": some(0, 3, 50),
        "max_deletions_percent": some(0, 30, 100),
        "max_unknown_percent": some(0, 30),
    }
    found = task.tightened(own)
    assert found.min_remaining == max(task.min_remaining, own["min_remaining"] or 0)
    for name in ("max_deletions", "max_deletions_percent", "max_unknown_percent"):
        given = [each for each in (getattr(task, name), own[name]) if each is not None]
        assert getattr(found, name) == (min(given) if given else None)
    assert found.on_limit is task.on_limit


def test_sets_are_picked_by_name() -> None:
    found = read(SOUND, selected=["nothing"])
    legal, other = repository(path="team/legal/a"), repository(path="x/y")
    assert found.assigned_to(legal).rule_set == found.rule_sets[1]
    assigned = found.assigned_to(other)
    assert (assigned.rule_set, assigned.name, assigned.reason and assigned.reason.value) == (
        None,
        "services",
        "rule_set_not_selected",
    )
    assert refused(SOUND, selected=["noting"]) == "only_rule_sets names 'noting', and retention has services, nothing."


@pytest.mark.parametrize("seed", range(300))
def test_whatever_is_written_there_is_a_message_and_no_traceback(seed: int) -> None:
    """Any value in the place of any other one is either taken or told."""
    dice = random.Random(seed)
    document = yaml.safe_load(SOUND)
    odd: list[Any] = [None, True, 0, -1, 1.5, float("inf"), "", " ", "a\nb", "[", "9" * 40, "\ud800", "\x00", 10**30]
    odd += [[], {}, [[]], [None], {"a": 1}, ["x"] * 3, {"name": "services"}, datetime(2026, 1, 1, tzinfo=UTC).date()]
    places: list[tuple[Any, Any]] = []

    def gather(value: Any) -> None:
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            places.append((value, key))
            if isinstance(each, (dict, list)):
                gather(each)

    gather(document)
    for _time in range(dice.randrange(1, 4)):
        value, key = dice.choice(places)
        value[key] = dice.choice(odd)
    message = told(document)
    assert message == "" or (message.startswith("retention") and message.isprintable())
