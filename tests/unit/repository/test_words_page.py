# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on reading the output has one row for each word that results, plans and journals use, and no others."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.pins import Pin, PinResult
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.report import plan_header
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import ListingState
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, Mode, ReadMethod
from ansible_collections.containerops.gitlab.plugins.module_utils._core.tag_writes import WriteOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion import journal
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.earlier_runs import JournalEvent
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.outcomes import (
    RepositoryOutcome,
    TagOutcome,
    TagResult,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.drift import DriftKind
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import merge, part_of
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import (
    REPOSITORY_FORMAT,
    PlanLine,
    sealed,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.repository_decision import (
    RepositoryDecision,
    RepositoryReason,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.outcomes import OUTCOMES, REPOSITORY_OUTCOMES
from ansible_collections.containerops.gitlab.plugins.module_utils._repositories.planning import RepositoryAction
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.planning import RestoreReason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource, to_delete
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty, Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.outcomes import ProjectOutcome
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import ProjectAction
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.planning import TagAction
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.ages import AgeBucket
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.exposure import ExposedTo
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod
from tests.tools.collection import ROOT
from tests.tools.pages import tables
from tests.unit.cleanups import observed, planned, requested, tag
from tests.unit.models import digest
from tests.unit.repository.tree import MODULES, read_yaml, text_of

PAGE = tables((ROOT / "docs" / "reading-the-output.md").read_text())
UNDO, WHOLE, JOURNAL = "What becomes of a tag in an undo", "What became of it", "The journal"


def values(words: Iterable[enum.Enum]) -> set[str]:
    return {str(word.value) for word in words}


# GitLab's own cleanup may delete by chance.
BY_CHANCE = {
    *("sampled", "tied", "near_cutoff"),
    *("unseen_date", "unseen_registry", "unseen_age", "unseen_protection"),
}
DELETING = values(reason for reason in Reason if reason.deletes) - BY_CHANCE
KEEPING = values(reason for reason in Reason if not reason.deletes)
WORDS: dict[tuple[str, int], set[str]] = {
    ("Reasons to delete a tag", 0): DELETING,
    ("Reasons to keep a tag", 0): KEEPING,
    ("Reasons of GitLab's own cleanup", 0): BY_CHANCE,
    ("`certainty`", 0): values(Certainty),
    ("`listing`", 0): values(ListingState) | {"none"},
    ("`date_source`", 0): values(DateSource),
    ("What became of a tag", 0): values(TagOutcome) | set(OUTCOMES),
    (UNDO, 0): values(RestoreReason),
    (UNDO, 1): values(WriteOutcome),
    (UNDO, 2): values(TagAction),
    ("Reasons", 0): values(RepositoryReason),
    ("What is done", 0): values(RepositoryAction),
    (WHOLE, 0): values(RepositoryOutcome) | set(REPOSITORY_OUTCOMES),
    ("What differs from the approved plan", 0): values(DriftKind),
    ("`errors`", 0): values(ErrorKind),
    ("Settings of projects", 0): values(ProjectAction),
    ("Settings of projects", 1): values(ProjectOutcome),
    ("`bytes_method`", 0): values(BytesMethod),
    ("Ages", 0): values(AgeBucket),
    ("`exposed_to`", 0): values(ExposedTo),
    ("The plan file", 0): values(PlanLine),
    (JOURNAL, 0): values(JournalEvent),
}


def words_of(heading: str, number: int = 0) -> list[str]:
    """The first cells of a table, as they are."""
    return [row[0] for row in PAGE[heading][number]]


def quoted(words: Iterable[str]) -> list[str]:
    return sorted(f"`{word}`" for word in words)


@pytest.mark.parametrize(("heading", "number"), WORDS, ids=str)
def test_every_word_has_one_row(heading: str, number: int) -> None:
    assert sorted(words_of(heading, number)) == quoted(WORDS[heading, number])


def test_every_reason_of_tags_is_in_one_table() -> None:
    assert values(Reason) == DELETING | KEEPING | BY_CHANCE


def test_every_value_of_result_has_a_row() -> None:
    documented = {
        value
        for module in MODULES
        for value in re.findall(r"V\((\w+)\)", text_of(module, "RETURN").split("type: str")[0].partition("result:")[2])
    }
    assert sorted(words_of("`result`")) == quoted(documented)


def test_every_value_about_the_server_has_a_row() -> None:
    rows = [(row[0], row[1]) for row in PAGE["`server`"][0]]
    kinds = (("registry", Mode), ("read_via", ReadMethod), ("delete_via", DeleteMethod))
    assert rows == [(f"`{field}`", f"`{value.value}`") for field, kind in kinds for value in kind]


def test_words_that_are_written_in_one_place_have_a_row() -> None:
    models = (ROOT / "plugins/module_utils/_core/models.py").read_text()
    assert sorted(words_of("`status`")) == quoted(set(re.findall('"(delete_[a-z]+)"', models)))
    audit = yaml.safe_load(text_of(ROOT / "plugins/modules/registry_info.py", "RETURN"))
    states = re.findall(r"V\((\w+)\)", audit["projects"]["contains"]["policy_state"]["description"])
    assert sorted(words_of("`policy_state`")) == quoted(states)
    variables = read_yaml("roles/registry_garbage_collect/vars/main.yml")
    results = re.findall("'(\\w+)' (?:if|}})", variables["__registry_garbage_collect_result"])
    assert sorted(words_of("Garbage collection")) == quoted(set(results))


def keys(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return quoted({key for row in rows for key in row})


def test_every_field_of_a_plan_has_a_row() -> None:
    request = requested(min_remaining=0)
    plan = sealed(planned(tag("dev-1"), request=request).plan, plan_header(observed(), request, "https://gitlab.test"))
    first, repository, of_tag = (json.loads(line) for line in plan.lines())
    assert sorted(words_of("First line of a plan")) == keys([first])
    assert sorted(words_of("Line of a repository")) == keys([repository])
    assert sorted(words_of("Line of a tag")) == keys([of_tag])
    merged = json.loads(next(merge([part_of(plan.lines)]).lines()))
    assert sorted(words_of("First line of a merged plan")) == keys([merged])
    part = plan.plan.repositories[0]
    whole = replace(part, decisions=(), whole=RepositoryDecision(RepositoryReason.EMPTY, "it has no tags"))
    written = sealed(plan.plan._replace(repositories=(whole,)), {}, REPOSITORY_FORMAT)
    more = json.loads(list(written.lines())[1])
    assert sorted(words_of("Line of a repository", 1)) == keys(
        [{key: more[key] for key in more if key not in repository}]
    )


def events() -> list[Mapping[str, Any]]:
    """All events of a journal but its time, each with all fields that it may have."""
    found: list[Mapping[str, Any]] = []

    def write(*rows: Mapping[str, Any]) -> None:
        found.extend(rows)

    [part] = planned(tag("dev-1")).plan.repositories
    following = replace(part, decisions=(to_delete(tag("dev-1"), Reason.WITH_SUBJECT),))
    pin = Pin("team/app", Manifest(digest("a"), OCI_IMAGE, body=b""))
    journal.journal_start(write, "https://gitlab.test", "sha256:", 1, {}, repositories=1)
    journal.journal_referrers(write, [following])
    write(
        {"event": "pinning", **pin.as_result()}, {"event": "pinned", **PinResult(pin, WriteOutcome.WRITTEN).as_result()}
    )
    journal.journal_request(write, part, ["dev-1"], {"dev-1": None})
    journal.journal_results(write, [TagResult("team/app", "dev-1", digest=None, outcome=TagOutcome.DELETED)])
    journal.journal_repository_request(write, part.repository)
    journal.journal_repository_result(write, part.repository, RepositoryOutcome.DELETED, "")
    journal.journal_end(write, {}, "")
    return found


def test_every_field_of_a_journal_has_a_row_with_its_events() -> None:
    fields: dict[str, set[str]] = {}
    for event in events():
        for field in event.keys() - {"event"}:
            fields.setdefault(field, set()).add(event["event"])
    rows = {row[0].strip("`"): set(re.findall("`(.+?)`", row[1])) for row in PAGE[JOURNAL][1]}
    assert rows == fields
