# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten times as much takes about ten times the work, whatever it is that there is more of.

Work is counted, not timed: each instruction of the plugins, and each comparison and hash of a name, path, digest or
sentence that C code makes, as for `name in names` or a dictionary of them.
"""

from __future__ import annotations

import json
import sys
import threading
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.needs import (
    children_needed,
    dated_tags,
    detailed_names,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.notes import warnings_of
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.report import (
    applied_cleanup,
    cleanup_intent,
    cleanup_result,
    plan_header,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import CleanupRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.state import CleanupState
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.usage import listed_dates, plan_usage
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_INDEX, Manifest
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import (
    DELETE_LIMIT,
    DeleteMethod,
    Mode,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.deletion import delete
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.earlier_runs import earlier_runs_in
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.host import RegistryHost
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import Record, journal_referrers
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.ways import deletion_way
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.repository_scope import Selection, _filtered
from ansible_collections.containerops.gitlab.plugins.module_utils._info.audit_file import AuditedRepository, audit_lines
from ansible_collections.containerops.gitlab.plugins.module_utils._info.audit_rows import AuditHead
from ansible_collections.containerops.gitlab.plugins.module_utils._info.request import InfoRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._info.rows import (
    InfoState,
    ProjectInventory,
    RowSummary,
    file_lines,
    result_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._inventory.hosts import (
    namespace_groups,
    namespace_hosts,
    project_hosts,
    repository_hosts,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import Gather
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.merge import approved_in, merge, part_of
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan import Plan, RepositoryPlan
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import Parameters
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.preview import preview_policy
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import catalog, promotion
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.planning import (
    ObservedRepository,
    in_waves,
    plan_restore,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.request import RestoreRequest, chosen
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.results import intent_of, restore_result
from ansible_collections.containerops.gitlab.plugins.module_utils._restore.runs import (
    choose_runs,
    left_out,
    runs_in,
    tags_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import read_document, retention_of
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import Decision
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.git_refs import ActiveRefs
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.import_dates import (
    DatedTag,
    find_import_window,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rules
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.document import (
    Document,
    DocumentSection,
    desired_for,
    document_scope,
    empty_groups,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import (
    DesiredSettings,
    ObservedProject,
    plan_projects,
    project_row,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._settings.plan import diff as settings_diff
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.planning import (
    RemovalState,
    plan_removal,
    removal_intent,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tagging.request import RemovalRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._tags import graphql_reader
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import open_reader
from tests.unit.cleanups import NOW, observed, requested, tag
from tests.unit.models import project, repository, server_policy
from tests.unit.simulated import connected, repositories_of, repository_of, scenario_of

FEW, TIMES = 40, 10
# Sorting takes a little more than ten times as much, and what is quadratic in a part of it takes nearly a hundred.
MOST = 12.0

Work = Callable[[], Any]


class Text(str):
    """A text whose comparisons and hashes are counted, also those that C code makes."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: str) -> bool:
        return str.__lt__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)


class Table(dict[Any, Any]):
    """A dictionary that counts how many of its values are gone through."""

    def values(self) -> Any:
        yield from [value for value in super().values() if value]


COUNTED = {"__eq__", "__hash__", "__lt__", "values"}


def steps(work: Work) -> int:
    """How many instructions of the plugins some work takes, with the comparisons and hashes of texts."""
    count = 0

    def step(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "opcode"
        return step

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if "/module_utils/" not in code.co_filename and not (code.co_filename == __file__ and code.co_name in COUNTED):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    threading.settrace(enter)
    try:
        work()
    finally:
        sys.settrace(before)
        threading.settrace(None)
    return count


def check_growth(make: Callable[[int], Work], few: int = FEW) -> None:
    make(few)()
    small, large = steps(make(few)), steps(make(few * TIMES))
    assert small > few
    assert large <= MOST * small, f"{TIMES} times as much takes {large / small:.1f} times the work"


def digest(number: int) -> str:
    return Text(f"sha256:{number:064x}")


def path(number: int) -> str:
    return Text(f"team/app/r{number:05}")


def place(number: int) -> Any:
    return repository(id=number, path=path(number), name=f"r{number:05}", project_id=number)


def names(number: int, prefix: str = "v") -> list[str]:
    return [Text(f"{prefix}{each:05}") for each in range(number)]


def tags(number: int, prefix: str = "v") -> tuple[Tag, ...]:
    return tuple(
        tag(name, days=position / 10)._replace(digest=digest(position))
        for position, name in enumerate(names(number, prefix))
    )


def listings(number: int, each: tuple[Tag, ...]) -> list[TagListing]:
    return [TagListing(place(at), each, complete=True) for at in range(number)]


def unreadable(number: int) -> list[TagListing]:
    error = RequestError(ErrorKind.TIMEOUT, "it took too long", operation="list the tags")
    return [TagListing(place(at), error=error) for at in range(number)]


def signatures(number: int, of: Callable[[int], int]) -> tuple[Tag, ...]:
    """Signatures of images, by their numbers."""
    return tuple(
        tag(Text(f"sha256-{of(at):064x}.s{at:05}"))._replace(digest=digest(10**9 + at)) for at in range(number)
    )


def counted(plan: Plan) -> Plan:
    """The plan with sentences that are counted."""
    texts = {each: Text(each) for each in (*plan.refusals, *plan.unmatched)}
    parts = [replace(part, limit=texts.get(part.limit or "", part.limit)) for part in plan.repositories]
    return plan._replace(
        repositories=tuple(parts),
        refusals=tuple(texts[each] for each in plan.refusals),
        unmatched=tuple(texts[each] for each in plan.unmatched),
    )


def task(state: CleanupState, request: CleanupRequest) -> None:
    """All that a cleanup decides, writes and returns, in check mode and in a run."""
    for listing in state.listings:
        detailed_names(listing, request)
        children_needed(listing, request)
        dated_tags(listing, state.refs, request)
    found = plan_cleanup(state, request)
    found = found._replace(plan=counted(found.plan))
    warnings_of(state, found.plan, request)
    plan = sealed(found.plan, plan_header(state, request, "https://gitlab.example.com"))
    lines = list(plan.lines())
    limit = 10**6
    dates = listed_dates(state, request)
    usages = plan_usage(state, found.plan, state.listings, dates)
    cleanup_result(state, request, found, usages, url="", fingerprint=plan.fingerprint, limit=limit)
    head = AuditHead("", state.capabilities.mode, clock=state.clock, scope=request.scope, date_source=dates)
    audited = (AuditedRepository(each, usages[each.repository.id]) for each in state.listings)
    list(audit_lines(head, audited, state.projects, shows_tags=True))
    cleanup_intent(found, limit)
    if not found.plan.refusals:
        approved_in(lines, request.scope.as_result())
    journal_referrers(lambda *_events: None, found.plan.repositories)
    applied_cleanup(found, Record().result(found.plan, "stopped"), (), limit)


# One row for each thing that there may be more of.
CLEANUPS: dict[str, Callable[[int], tuple[CleanupState, dict[str, Any]]]] = {
    "tags": lambda n: (observed(*tags(n)), {"keep_n": 5, "older_than": "1d"}),
    "groups": lambda n: (
        observed(*tags(n)),
        {"keep_n_per": [{"by": "1", "keep_n": 1, "groups": n // 2}], "name_regex_delete": "(v....).*"},
    ),
    "images": lambda n: (
        observed(*tags(n)),
        {
            **{"keep_n": 5, "keep_n_counts": "images", "keep_n_per": [{"by": "1", "groups": n // 2}]},
            **{"name_regex_delete": "(v....).*", "protect": ["v...7"]},
        },
    ),
    "names letter by letter": lambda n: (
        observed(*(tag(name) for name in sorted(f"v{at}-{at}" for at in range(n)))),
        {"keep_n": n // 2, "sort_by": "name", "name_regex_delete": "v(.*)-.*", "version_group": "1"},
    ),
    "repositories": lambda n: (observed(listings=listings(n, tags(3))), {}),
    "repositories beyond a limit": lambda n: (
        observed(listings=listings(n, tags(3))),
        {"max_deletions": 1, "in_use": ["registry.example.com/team/app/r00000:v00000"]},
    ),
    "repositories that are skipped": lambda n: (
        observed(listings=listings(n, tags(3))),
        {"max_deletions": 1, "on_limit": "skip_repository"},
    ),
    "unread repositories": lambda n: (observed(listings=unreadable(n)), {}),
    "names that are protected": lambda n: (observed(*tags(n)), {"protect": names(n)}),
    "names that are protected and not there": lambda n: (
        observed(*tags(n)),
        {"protect": [rf"none-{name}\.0" for name in names(n)], "on_unmatched": "fail"},
    ),
    "tags in use": lambda n: (observed(*tags(n)), {"in_use": [f"r.example.com/team/app:{name}" for name in names(n)]}),
    "repositories and tags in use": lambda n: (
        observed(listings=listings(n, tags(3))),
        {"in_use": [f"r.example.com/{path(at)}:v00001" for at in range(n)]},
    ),
    "images in use": lambda n: (
        observed(*tags(n)),
        {"in_use": [f"r.example.com/team/app@{digest(at)}" for at in range(n)]},
    ),
    "images in use without a tag": lambda n: (
        observed(
            *tags(n),
            manifests={(Text("team/app"), digest(10**6 + at)): _manifest(10**6 + at) for at in range(n)},
        ),
        {"in_use": [f"r.example.com/team/app@{digest(10**6 + at)}" for at in range(n)], "pin_untagged_in_use": True},
    ),
    "ids in use": lambda n: (observed(*tags(n)), {"in_use": [f"{digest(at)[7:]}" for at in range(n)]}),
    "git references": lambda n: (
        observed(*tags(n), refs={3: ActiveRefs({RefKind.BRANCHES: tuple(names(n))}, tuple(names(n, "w")))}),
        {"keep_refs": ["branches"], "keep_deployments": 1, "ref_match": "prefix"},
    ),
    "images of an index": lambda n: (
        observed(
            tag("multi")._replace(media_type=OCI_INDEX, children=tuple(digest(at) for at in range(n))), *tags(n, "w")
        ),
        {"in_use": ["r.example.com/team/app:multi"]},
    ),
    "signatures": lambda n: (observed(*signatures(n, lambda at: at), *tags(n)), {"signatures": "follow"}),
    "signatures of one image with many tags": lambda n: (
        observed(*signatures(n, lambda at: 1), *(each._replace(digest=digest(1)) for each in tags(n))),
        {"signatures": "follow"},
    ),
    "signatures of signatures": lambda n: (
        observed(
            tag("kept"),
            *(each._replace(digest=digest(at + 1)) for at, each in enumerate(signatures(n, lambda at: at))),
            *(each._replace(digest=digest(0)) for each in tags(1)),
        ),
        {"signatures": "follow", "protect": ["kept"]},
    ),
    "signatures without an image": lambda n: (
        observed(
            *signatures(n, lambda at: 10**6 + at),
            *tags(n),
            absent_digests={Text("team/app"): [digest(10**6 + at) for at in range(n)]},
        ),
        {"signatures": "collect"},
    ),
    "tags of one image": lambda n: (
        observed(*(each._replace(digest=digest(1)) for each in tags(n)), mode=Mode.NO_DATABASE, deletes_by_name=False),
        {"keep_n": 3, "shared_digest": "keep_together"},
    ),
    "projects with a policy": lambda n: (
        observed(
            listings=listings(n, tags(2)),
            projects={at: project(id=at, path=path(at), archived=at % 2 == 0) for at in range(n)},
        ),
        {"on_server_policy": "fail"},
    ),
}


def _manifest(number: int) -> Manifest:
    return Manifest(digest(number), media_type=OCI_INDEX, body=b"{}", config=None, layers=(), children=(), subject=None)


@pytest.mark.sweep(2)
@pytest.mark.parametrize("more", CLEANUPS)
def test_a_cleanup_grows_with(more: str) -> None:
    def make(number: int) -> Work:
        state, options = CLEANUPS[more](number)
        request = requested(**options)
        used = replace(request.used, names=Table(request.used.names), digests=Table(request.used.digests))
        request = replace(request, used=used)
        return lambda: task(state, request)

    check_growth(make)


def plan_of(listed: list[TagListing], **options: Any) -> tuple[Plan, dict[str, Any]]:
    """A plan, and what the first line of its file says."""
    state, request = observed(listings=listed), requested(**options)
    return plan_cleanup(state, request).plan, plan_header(state, request, "https://gitlab.example.com")


APPROVALS: dict[str, Callable[[int], tuple[list[TagListing], list[TagListing]]]] = {
    "tags": lambda n: (listings(1, tags(n)), listings(1, tags(n))),
    "tags that are gone": lambda n: (listings(1, tags(n)), listings(1, tags(1))),
    "new tags": lambda n: (listings(1, tags(1)), listings(1, tags(n))),
    "tags that are other images": lambda n: (
        listings(1, tags(n)),
        listings(1, tuple(each._replace(digest=digest(10**6)) for each in tags(n))),
    ),
    "repositories": lambda n: (listings(n, tags(3)), listings(n, tags(3))),
    "unread repositories": lambda n: (listings(n, tags(3)), unreadable(n)),
}


@pytest.mark.sweep(2)
@pytest.mark.parametrize("more", APPROVALS)
def test_an_approved_plan_grows_with(more: str) -> None:
    def make(number: int) -> Work:
        before, now = APPROVALS[more](number)
        plan = sealed(*plan_of(before))
        terms = {"approved_fingerprint": plan.fingerprint, "plan_max_age": "1d"}
        request = requested(list(plan.lines()), **terms)
        assert request.approval
        # What a file says is compared with what was read.
        known = request.approval.plan.digests.items()
        digests: dict[tuple[str, str], str | None] = {(Text(at), Text(name)): value for (at, name), value in known}
        approval = request.approval._replace(plan=request.approval.plan._replace(digests=digests))
        request = replace(request, approval=approval)
        return lambda: task(observed(listings=now), request)

    check_growth(make)


def test_a_merged_plan_grows_with_its_plans() -> None:
    def make(number: int) -> Work:
        files = []
        for at in range(number):
            plan, header = plan_of([TagListing(place(at), tags(2), complete=True)], min_remaining=0)
            files.append(list(sealed(plan, {**header, "scope": Scope(projects=(path(at),)).as_result()}).lines()))

        def work() -> None:
            merged = merge([part_of(lambda lines=lines: lines) for lines in files])  # type: ignore[misc]
            approved_in(merged.lines(), Scope(projects=(path(0),)).as_result())

        return work

    check_growth(make)


SELECTIONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "repositories": lambda n: {},
    "exact paths": lambda n: {"include": tuple(path(at) for at in range(0, n, 2)), "exclude": (path(1), "team/*/x")},
    "exclusions": lambda n: {"exclude": tuple(path(at) for at in range(1, n))},
    "exclusions of nothing": lambda n: {"exclude": tuple(f"team/none/{at}" for at in range(n))},
    "globs": lambda n: {"include": tuple(f"{path(at)}*" for at in range(n)), "exclude": (f"{path(1)}?*",)},
    "globs of nothing": lambda n: {"exclude": tuple(f"team/none/{at}/*" for at in range(n))},
    "globs that begin alike": lambda n: {"exclude": tuple(f"*/r{at:05}" for at in range(1, n))},
    "globs that begin and end alike": lambda n: {"exclude": tuple(f"team/app/r{at:05}*/x" for at in range(n))},
}


@pytest.mark.sweep(2)
@pytest.mark.parametrize("more", SELECTIONS)
def test_a_selection_grows_with(more: str) -> None:
    def make(number: int) -> Work:
        found = Selection(tuple(place(at) for at in range(number)), {})
        scope = Scope(group="team", **SELECTIONS[more](number))
        return lambda: _filtered(found, scope)

    check_growth(make)


DOCUMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "rule sets": lambda n: {"rule_sets": [{"name": f"s{at}", "rules": [{"match": "v"}]} for at in range(n)]},
    "rules": lambda n: {"rule_sets": [{"name": "a", "rules": [{"match": f"v{at}"} for at in range(n)]}]},
    "mistakes": lambda n: {"rule_sets": [{"name": "a", "rules": [{"match": "[", "x": 1} for _at in range(n)]}]},
    "patterns that are none": lambda n: {"rule_sets": [{"name": "a", "rules": [{"match": "["} for _at in range(n)]}]},
    "assignments": lambda n: {
        "assignments": [{"rule_set": "b", "repositories": [f"team/app/r{at:05}", f"*/r{at:05}x"]} for at in range(n)]
    },
    "exceptions": lambda n: {
        "exceptions": [
            {"repositories": [f"team/app/r{at:05}", f"*/r{at:05}"], "keep_until": "2027-01-31", "why": "x"}
            for at in range(n)
        ]
    },
    "repositories": lambda n: {"default": "b", "assignments": [{"rule_set": "b", "groups": ["team"]}]},
}


@pytest.mark.sweep(2)
@pytest.mark.parametrize("more", DOCUMENTS)
def test_a_retention_document_grows_with(more: str) -> None:
    def make(number: int) -> Work:
        here = listings(number, tags(2))
        document = {"rule_sets": [{"name": "b", "rules": [{"match": "v.*"}]}], **DOCUMENTS[more](number)}
        text = yaml.safe_dump(document)

        def work() -> None:
            try:
                found = retention_of(read_document(text, "retention"), Rules(rules=()), Limits(), "https://x.test")
            except UsageError:
                return
            request = replace(requested(), retention=found, scope=Scope(group="team"))
            counted(plan_cleanup(observed(listings=here), request).plan)

        return work

    check_growth(make)


def test_the_journal_of_earlier_runs_grows_with_its_lines() -> None:
    def make(number: int) -> Work:
        lines = ['{"event": "start", "server": "s"}']
        for name in names(number):
            row = f'"repository": "r", "name": "{name}", "digest": "{name}"'
            lines += [
                f'{{"event": "following", {row}, "images": ["{name}"]}}',
                f'{{"event": "delete_requested", {row}}}',
            ]
        return lambda: earlier_runs_in(lines, "s")

    check_growth(make)


@pytest.mark.parametrize(("repositories", "each"), [(1, 0), (0, 3)], ids=["tags", "repositories"])
def test_a_report_grows_with(repositories: int, each: int) -> None:
    def make(number: int) -> Work:
        listed = listings(repositories or number, tags(each or number))
        projects = tuple(project(id=at, path=path(at)) for at in range(repositories or number))
        state = InfoState(
            repositories=tuple(listing.repository for listing in listed),
            listings=listed,
            inventory=ProjectInventory(projects),
        )
        wanted = frozenset(names(number // 2 if repositories else 2))
        request = InfoRequest(
            scope=Scope(group="team"),
            gather=frozenset({Gather.TAG_DETAILS, Gather.PROJECTS}),
            tag_names=wanted,
        )

        def work() -> None:
            summary = RowSummary(limit=5)
            list(file_lines(state, request, summary, ""))
            result_of(state, summary, None)

        return work

    check_growth(make)


def test_an_inventory_grows_with_its_projects() -> None:
    def make(number: int) -> Work:
        projects = [
            project(id=at, path=path(at), namespace=Text(f"team/g{at // 3}-{at % 2}/h"), topics=("a",))
            for at in range(number)
        ]
        counted = {at: {"tags_count": at, "size": None} for at in range(number)}

        def work() -> None:
            for hosts in (
                project_hosts(projects, counted),
                namespace_hosts(projects, counted),
                repository_hosts([place(at) for at in range(number)], {each.id: each for each in projects}, counted),
            ):
                namespace_groups(hosts, lambda text: Text(text.replace("-", "_").replace("/", "_")))

        return work

    check_growth(make)


def test_settings_grow_with_their_groups_and_projects() -> None:
    def make(number: int) -> Work:
        section = DocumentSection(DesiredSettings(access_level="private", policy={"keep_n": 5}))
        paths = [path(at) for at in range(number)]
        groups: dict[str, DocumentSection] = {Text(f"{each}/sub"): section for each in paths}
        document = Document(section, groups=groups, projects=dict.fromkeys(paths, section))
        projects = [project(id=at, path=Text(f"{each}/sub/app")) for at, each in enumerate(paths)]

        def work() -> None:
            document_scope(document)
            assert not empty_groups(document, projects, ())
            assert len(empty_groups(document, [], ())) == number
            wanted = ((ObservedProject(each), desired_for(document, each.path)) for each in projects)
            plans = plan_projects((each, desired) for each, desired in wanted if desired)
            settings_diff(plans, number)
            [project_row(plan) for plan in plans]

        return work

    check_growth(make)


def test_the_removal_of_named_tags_grows_with_their_number() -> None:
    def make(number: int) -> Work:
        listing = TagListing(repository(), tags(number), complete=True)
        # In the other order, so that no look among the first ones is enough.
        request = RemovalRequest(names=tuple(reversed(names(number))), repository="team/app")

        def work() -> None:
            plan = plan_removal(RemovalState("team/app", listing, deletes_by_name=False), request)
            removal_intent(plan, "team/app")

        return work

    check_growth(make)


def test_the_preview_of_a_policy_grows_with_the_tags() -> None:
    def make(number: int) -> Work:
        capabilities = observed().capabilities
        listing = TagListing(repository(), tags(number), complete=True)
        return lambda: preview_policy(capabilities, listing, server_policy(older_than=None), NOW).as_result()

    check_growth(make)


def test_bulk_deletions_grow_with_the_tags() -> None:
    def make(number: int) -> Work:
        request = replace(requested(), parameters=Parameters(name_regex_delete=".*", keep_n=3))
        return lambda: task(observed(*tags(number), delete_method=DeleteMethod.BULK), request)

    check_growth(make)


def test_the_search_for_an_import_grows_with_the_tags() -> None:
    def make(number: int) -> Work:
        dated = [DatedTag(repository(), each, date=each.published or NOW) for each in tags(number)]
        return lambda: find_import_window(dated, {})

    check_growth(make)


def test_the_referrers_of_an_image_grow_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain, of which each signs the one before it."""

    def make(number: int) -> Work:
        chain = [Text(f"sha256-{at:064x}.sig") for at in range(number)]
        monkeypatch.setattr(promotion, "tag_names", lambda *_asked: chain)
        monkeypatch.setattr(
            promotion, "source_image", lambda _registry, _path, name: _manifest(int(name[7:71], 16) + 1)
        )
        registry: Any = None
        return lambda: promotion.referrers_of(registry, "team/app", _manifest(0))

    check_growth(make)


def test_a_catalog_grows_with_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    class Registry:
        url = "https://registry.example.com"

        def authorization(self, *_asked: object) -> None:
            """Nobody is asked."""

        def denied_actions(self, *_asked: object) -> list[str]:
            return []

    def make(number: int) -> Work:
        pages: list[list[str]] = [[Text(f"{path(at)}/{part}") for part in range(3)] for at in range(number)]

        def read(_registry: Any, last: str, _operation: str, *, optional: bool) -> tuple[list[str], str | None]:
            following = int(last.split("/")[2][1:]) + 1 if last else 0
            return (pages[following], None) if following < len(pages) and not optional else ([], None)

        registry: Any = Registry()
        monkeypatch.setattr(catalog, "_read_page", read)
        monkeypatch.setattr(catalog, "passed_over", lambda end, seen: [])
        return lambda: list(catalog.read_catalog(registry))

    check_growth(make)


def test_reading_again_grows_with_the_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    """All batches of a deletion, apart from what else a deletion does."""

    def make(number: int) -> Work:
        _mode, sources, _method = WAYS["graphql"]
        reader = open_reader(detect(connected(scenario_of([])), [repository_of()], sources, details=True))
        listed = names(number)

        def read(_client: Any, _schema: Any, requests: Any, *_asked: Any) -> list[Any]:
            starts = [bisect_right(listed, request.after or "") for request in requests]
            pages = [listed[at : at + request.first] for at, request in zip(starts, requests, strict=True)]
            return [SimpleNamespace(tags=tuple(Tag(name, digest(1)) for name in page)) for page in pages]

        monkeypatch.setattr(graphql_reader, "read_fitting", read)

        def work() -> None:
            for start in range(0, number, DELETE_LIMIT):
                batch = listed[start : start + DELETE_LIMIT]
                assert list(reader.read_again(repository_of(), batch, listed)) == batch

        return work

    check_growth(make, few=100)


WAYS = {
    "graphql": ("M1", Sources(use_graphql=True), DeleteMethod.GRAPHQL),
    "rest": ("M1", Sources(use_graphql=False), DeleteMethod.REST),
    "without a database": ("M2", Sources(use_graphql=True), DeleteMethod.GRAPHQL),
}


@pytest.mark.parametrize("way", WAYS)
def test_reading_and_deleting_grows_with_the_tags(way: str) -> None:
    """The names of the plan are counted, which are compared with those that are read again."""
    mode, sources, method = WAYS[way]

    def make(number: int) -> Work:
        client = connected(scenario_of([{"name": name} for name in [*names(number, "d"), "kept"]], mode=mode))
        reader = open_reader(detect(client, [repository_of()], sources, details=True))

        def work() -> None:
            [listing] = reader.read([repository_of()], TagQuery(details=True, all_details=True))
            decisions = tuple(
                Decision(each._replace(name=Text(each.name)), delete=each.name != "kept", reason=Reason.MATCHED)
                for each in listing.tags
            )
            plan = Plan((RepositoryPlan(repository_of(), decisions=decisions),))
            host = RegistryHost(deletes_by_name=True)
            assert delete(reader, plan, deletion_way(reader, method), host).ok

        return work

    check_growth(make)


def test_reading_and_deleting_grows_with_the_repositories() -> None:
    def make(number: int) -> Work:
        client = connected(scenario_of(*([{"name": "d1"}, {"name": "kept"}] for _repository in range(number))))
        found = repositories_of(number)
        reader = open_reader(detect(client, found, WAYS["graphql"][1], details=True))

        def work() -> None:
            parts = [
                RepositoryPlan(
                    listing.repository,
                    tuple(Decision(each, delete=each.name != "kept", reason=Reason.MATCHED) for each in listing.tags),
                )
                for listing in reader.read(found, TagQuery(details=True, all_details=True))
            ]
            way = deletion_way(reader, DeleteMethod.GRAPHQL)
            assert delete(reader, Plan(tuple(parts)), way, RegistryHost(deletes_by_name=True)).ok

        return work

    check_growth(make)


def journal(runs: int, each: int) -> list[str]:
    """A journal of so many runs, which asked for so many tags each, and of which no one ended."""
    lines = []
    for number in range(runs):
        start = {"event": "start", "time": f"t{number}", "server": "here", "fingerprint": f"sha256:{number}"}
        rows = [
            {"event": "delete_requested", "repository": path(number), "name": f"v{tag}", "digest": digest(tag)}
            for tag in range(each)
        ]
        lines += [json.dumps(row) for row in (start, *rows)]
    return lines


@pytest.mark.parametrize("runs_and_tags", [lambda number: (number, 2), lambda number: (1, number)])
@pytest.mark.parametrize("run", ["last", "all"])
def test_a_journal_to_put_back_from(runs_and_tags: Callable[[int], tuple[int, int]], run: str) -> None:
    def make(number: int) -> Work:
        lines = journal(*runs_and_tags(number))

        def work() -> None:
            runs = runs_in(lines)
            meant = choose_runs(runs, run, "here")
            left_out(runs, meant, "here")
            chosen(tags_of(meant), RestoreRequest("last", ("team/*",)))

        return work

    check_growth(make)


@pytest.mark.parametrize("chained", [False, True])
def test_a_plan_of_what_is_put_back(chained: bool) -> None:
    """Each image may belong to the one before it."""

    def make(number: int) -> Work:
        [run] = runs_in(journal(1, number))
        images = {
            digest(each): Manifest(
                digest(each), OCI_INDEX, body=b"", subject=digest(each - 1) if chained and each else None
            )
            for each in range(number)
        }

        def work() -> None:
            plan = plan_restore(run.tags, {path(0): ObservedRepository(path(0), images=images)})
            in_waves(plan)
            intent_of(plan, 10)
            restore_result([run], plan, {}, 10)

        return work

    check_growth(make)
