# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules decide about a repository, and why none do."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.assignments import (
    Assignment,
    Assignments,
    Level,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.rule_sets import (
    Assigned,
    Retention,
    RuleSet,
    one_rule_set,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.options import guards_of, rules_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rules
from tests.unit.models import repository
from tests.unit.options import filled

RULES = rules_of(filled({"rules": [{"match": "v.*", "older_than": "30d"}], "protect": ["main"]}))
GUARDS = guards_of(filled({"name_regex_delete": "x", "protect": ["main"]}))
APP = repository(path="team/app/web", name="web")
ELSEWHERE = repository(path="other/app", name="")


def retention(*targets: str, selected: frozenset[str] | None = None) -> Retention:
    """Two rule sets: one is assigned to these groups, the other one to nothing."""
    sets = tuple(RuleSet(name, rules=RULES, limits=Limits()) for name in ("a", "b"))
    entries = tuple(Assignment(Level.GROUP, target, rule_set="a", place="line 1") for target in targets)
    return Retention(sets, guards=GUARDS, assignments=Assignments(entries), selected=selected)


def test_what_decides_and_why_nothing_does() -> None:
    found = retention("team")
    assert found.assigned_to(APP) == Assigned(found.rule_sets[0], reason=None, name="a")
    assert found.rules_of(APP) is RULES
    assert found.assigned_to(ELSEWHERE) == Assigned(None, reason=Reason.NO_RULE_SET)
    assert found.rules_of(ELSEWHERE) is None
    unselected = retention("team", selected=frozenset({"b"}))
    assert unselected.assigned_to(APP) == Assigned(None, reason=Reason.RULE_SET_NOT_SELECTED, name="a")


def test_a_conflict_is_no_rule_set() -> None:
    entries = tuple(Assignment(Level.PROJECT, "team/app", rule_set=name, place="line 1") for name in "ab")
    found = replace(retention(), assignments=Assignments(entries)).assigned_to(APP)
    assert (found.rule_set, found.reason, found.name) == (None, Reason.NO_RULE_SET, "")
    assert found.conflict.startswith("team/app/web has two rule sets")


def test_a_repository_is_looked_up_once() -> None:
    found = retention("team")
    assert found.assigned_to(APP) is found.assigned_to(APP)


def test_rules_of_a_task_decide_about_its_whole_scope() -> None:
    found = one_rule_set(RULES, Limits(max_deletions=3))
    assert found.assigned_to(APP) == Assigned(RuleSet("", rules=RULES, limits=Limits(max_deletions=3)))
    assert found.guards == replace(RULES, rules=())
    assert found.guards.rules == ()


def test_what_does_not_change_is_the_same() -> None:
    found = retention("team")
    assert found.with_rules(lambda rules: rules) is found
    other = replace(RULES, min_age=5)

    def only_sets(rules: Rules) -> Rules:
        return other if rules is RULES else rules

    def only_guards(rules: Rules) -> Rules:
        return other if rules is GUARDS else rules

    changed = found.with_rules(only_sets)
    assert ([each.rules for each in changed.rule_sets], changed.guards) == ([other, other], GUARDS)
    changed = found.with_rules(only_guards)
    assert ([each.rules for each in changed.rule_sets], changed.guards) == ([RULES, RULES], other)
    assert changed.assignments is found.assignments
