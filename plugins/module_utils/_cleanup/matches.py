# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What each entry that keeps or excludes matches, and what is said and done if that is nothing. Pure."""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime

from .._core.models import ListingState, RefKind, Repository, TagListing
from .._core.scope import Exclusion, Scope, path_key
from .._core.words import some
from .._retention.assignments import Level, leads_to, lies_in
from .._retention.rule_sets import Retention, RuleSet
from .._rules.git_refs import ActiveRefs, carrying
from .._rules.in_use import tags_in_use
from .._rules.matches import (
    EntryMatches,
    Finding,
    Found,
    ListedNames,
    OnUnmatched,
    entry_counts,
    matches_of_entries,
    names_in,
    told,
)
from .._rules.ranking import has_group
from .request import CleanupRequest
from .retained import Refs

_REF_WORDS = {
    RefKind.BRANCHES: "a branch",
    RefKind.MERGE_REQUESTS: "the branch of an open merge request",
    RefKind.TAGS: "a git tag",
}
_LEVEL_WORDS = {Level.REPOSITORY: "a repository", Level.PROJECT: "a project", Level.GROUP: "a group"}


class UseMatches(t.NamedTuple):
    """What the images in use have to do with the scope.

    Args:
        elsewhere: number of references by name that mean no repository in scope.
        missing: references to repositories in scope that have no such tag, as they were given.
    """

    elsewhere: int = 0
    missing: tuple[str, ...] = ()


class Matches(t.NamedTuple):
    """What the entries that keep or exclude match.

    Args:
        entries: with their counts.
        unmatched: what matches nothing, one sentence each without its full stop.
        refusals: those of the sentences that refuse the plan.
        used: of the images in use.
    """

    entries: tuple[EntryMatches, ...]
    unmatched: tuple[str, ...]
    refusals: tuple[str, ...]
    used: UseMatches


def matches_of(
    listings: t.Sequence[TagListing],
    exclusions: t.Sequence[Exclusion],
    refs: Refs,
    retention: Retention,
    request: CleanupRequest,
    absent: t.Collection[str] = (),
    clock: datetime | None = None,
) -> Matches:
    """What the entries match.

    Args:
        listings: the tags of each repository in scope.
        exclusions: what is left out of the scope.
        refs: by the project's id, its active git references, or why they are not known.
        retention: the rules as they hold on this server.
        request: what is asked for.
        absent: paths of projects and repositories in scope that have no tags to list.
        clock: the server's time; None if it is not known.
    """
    read = tuple(each for each in listings if not each.error and _refs_known(each, refs))
    names = names_in(listings, read)
    use, used = _in_use(names, listings, request)
    parts = [
        *_by_rules(names, listings, retention),
        *(_of_ref_kind(names, refs, kind, request) for kind in request.keep_refs),
        _of_deployments(names, refs, request) if request.keep_deployments else ([], []),
        use,
        _of_exceptions(names, retention, clock),
    ]
    findings = [
        *told(names, (each for _entries, found in parts for each in found)),
        *_of_exclusions(listings, exclusions),
        *_of_targets(listings, retention, request.scope, absent, clock),
    ]
    excluded = [EntryMatches("exclude_repositories", each.pattern, matched=each.matched) for each in exclusions]
    return Matches(
        entries=(*(entry for entries, _found in parts for entry in entries), *excluded),
        unmatched=tuple(each.sentence for each in findings),
        refusals=tuple(each.sentence for each in findings if request.on_unmatched in each.refused_by),
        used=used,
    )


def _refs_known(listing: TagListing, refs: Refs) -> bool:
    return isinstance(refs.get(listing.repository.project_id, ActiveRefs()), ActiveRefs)


def _by_rules(names: ListedNames, listings: t.Sequence[TagListing], retention: Retention) -> t.Iterator[Found]:
    """What the task and each rule set keep by names and by groups.

    Args:
        names: the tags that were read.
        listings: the tags of each repository in scope.
        retention: the rules.
    """
    by_set: dict[str | None, list[TagListing]] = {}
    for listing in listings:
        rule_set = retention.assigned_to(listing.repository).rule_set
        by_set.setdefault(rule_set.name if rule_set else None, []).append(listing)
    read = {id(each) for each in names.listings}
    inherited = len(retention.guards.entries) if retention.assignments else 0
    guarded = entry_counts((each for each in by_set.get(None, ()) if id(each) in read), retention.guards)
    found: list[Found] = []
    for rule_set in retention.rule_sets:
        here = by_set.get(rule_set.name, [])
        of_set = names_in(here, [each for each in here if id(each) in read]) if retention.assignments else names
        counts = entry_counts(of_set.listings, rule_set.rules)
        guarded.update({position: number for position, number in counts.items() if position < inherited})
        own = matches_of_entries(of_set, rule_set.rules, counts, rule_set=rule_set.name, inherited=inherited)
        found += [_if_read(of_set, each) for each in (own, _by_group(of_set, rule_set))]
    if retention.assignments:
        yield matches_of_entries(names, retention.guards, guarded)
    yield from found


def _if_read(names: ListedNames, found: Found) -> Found:
    """Of a rule set that decides about no tag nothing is said."""
    return found[0], told(names, found[1])


def _by_group(names: ListedNames, rule_set: RuleSet) -> Found:
    """The groups of which the newest tags are kept."""
    rules = rule_set.rules
    entries, findings = [], []
    for rule in rules.rules:
        listed = (name for listing in names.listings for name in listing.names) if rule.keep_n_per else ()
        decided = [name for name in listed if rules.judge(name).rule is rule]
        for per_group in rule.keep_n_per:
            matched = sum(has_group(name, per_group.by, rule) for name in decided)
            entries.append(
                EntryMatches("keep_n_per", per_group.by, rule=rule.name, matched=matched, rule_set=rule_set.name)
            )
            if decided and not matched:
                where = f"rule set {rule_set.name}: " if rule_set.name else ""
                where += f"rules, {rule.name}: " if rule.name else ""
                findings.append(Finding(f"{where}keep_n_per by {per_group.by}: {names.none} has such a group"))
    return entries, findings


def _of_ref_kind(names: ListedNames, refs: Refs, kind: RefKind, request: CleanupRequest) -> Found:
    """Tags that are named after a kind of git references."""
    matched, number = _carried(names, refs, request, lambda active: active.refs.get(kind, ()))
    entries = [EntryMatches("keep_refs", kind.value, matched=matched, references=number)]
    # That there is no open merge request is no mistake.
    if matched or not number:
        return entries, []
    how = f"{_REF_WORDS[kind]} (ref_match is {request.ref_match.value})"
    return entries, [Finding(f"keep_refs {kind.value}: {names.none} is named after {how}")]


def _of_deployments(names: ListedNames, refs: Refs, request: CleanupRequest) -> Found:
    """Tags that are named after what is deployed."""
    matched, number = _carried(names, refs, request, lambda active: active.deployed)
    entry = EntryMatches("keep_deployments", str(request.keep_deployments), matched=matched, references=number)
    if matched:
        return [entry], []
    how = (
        f"{names.none} is named after the branch, git tag or commit of a deployment (ref_match is "
        f"{request.ref_match.value})"
    )
    return [entry], [Finding(f"keep_deployments: {how if number else 'no deployment was found'}")]


def _carried(
    names: ListedNames, refs: Refs, request: CleanupRequest, part: t.Callable[[ActiveRefs], t.Collection[str]]
) -> tuple[int, int]:
    """How many tags carry this part of what is active, and how many references that is."""
    active = {number: found for number, found in refs.items() if isinstance(found, ActiveRefs)}
    matched = 0
    for listing in names.listings:
        found = active.get(listing.repository.project_id)
        matched += len(carrying(listing.names, part(found), request.ref_match)) if found else 0
    return matched, sum(len(part(found)) for found in active.values())


def _in_use(names: ListedNames, listings: t.Sequence[TagListing], request: CleanupRequest) -> tuple[Found, UseMatches]:
    """Images in use. A cluster runs images of other registries, too, so only what is told as a whole refuses a plan."""
    used = request.used
    if not used.references:
        return ([], []), UseMatches()
    places = tags_in_use(used, {each.repository.path: each.tags for each in names.listings})
    entries = [
        EntryMatches(
            "in_use_sources" if source.name else "in_use",
            source.name,
            matched=len(set().union(*(places[image] for image in source.images))),
            references=len(set(source.images)),
        )
        for source in used.sources
    ]
    in_scope = {each.repository.path for each in listings}
    whole = {each.repository.path for each in names.listings if each.state is not ListingState.CAPPED}
    named = [each for each in used.references if each.paths]
    missing = tuple(
        each.text for each in named if not (each.digest or places[each.text]) and not whole.isdisjoint(each.paths)
    )
    # One that leads to a tag without the groups of its path is of this scope, and any other as good as elsewhere.
    elsewhere = sum(in_scope.isdisjoint(each.paths) and not places[each.text] for each in named)
    return (entries, list(_unused(entries, missing, names))), UseMatches(elsewhere, missing=missing)


def _unused(entries: t.Sequence[EntryMatches], missing: t.Sequence[str], names: ListedNames) -> t.Iterator[Finding]:
    options = " and ".join(dict.fromkeys(each.option for each in entries))
    idle = [each.entry for each in entries if not each.matched and each.entry]
    if not any(each.matched for each in entries):
        yield Finding(f"{options}: {names.none} is in use")
    elif idle:
        yield Finding(f"in_use_sources: {names.none} is in use in {some(idle)}", ())
    if missing:
        yield Finding(f"{options}: repositories in scope have no such tag: {some(missing)}")


def _of_exclusions(listings: t.Sequence[TagListing], exclusions: t.Sequence[Exclusion]) -> list[Finding]:
    """What is to be left out and is not there. Who excludes production wants it excluded."""
    return [
        Finding(
            each.unmatched(listings[0].repository.path),
            () if each.elsewhere else (OnUnmatched.AUTO, OnUnmatched.FAIL),
        )
        for each in exclusions
        if listings and not each.matched
    ]


def _of_exceptions(names: ListedNames, retention: Retention, clock: datetime | None) -> Found:
    """What is still kept until a day. What is said of other repositories is about another task."""
    holding = [each for each in retention.exceptions if each.holds(clock)]
    counts: dict[int, int] = {}
    for listing in names.listings:
        for each in retention.exceptions_by_path.about(listing.repository.path):
            counts[id(each)] = counts.get(id(each), 0) + len(each.names_of(listing))
    entries = [EntryMatches("exceptions", each.text, matched=counts.get(id(each), 0)) for each in holding]
    findings = [
        Finding(f"retention, {each.place}: the exception for {each.text} matches {names.none}")
        for each in holding
        if counts.get(id(each)) == 0
    ]
    return entries, findings


def _of_targets(
    listings: t.Sequence[TagListing],
    retention: Retention,
    scope: Scope,
    absent: t.Collection[str],
    clock: datetime | None,
) -> t.Iterator[Finding]:
    """What a document says of something that is not there: what was meant has other rules, or is not kept."""
    if retention.assignments is None or not listings:
        return
    repositories = [listing.repository for listing in listings]
    scope, levels = _with_paths(scope, repositories), _levels_of(repositories)

    def is_missing(target: str, *, numbers: bool = False) -> bool:
        return lies_in(scope, target, numbers=numbers) and not any(leads_to(target, path) for path in absent)

    refused_by = (OnUnmatched.AUTO, OnUnmatched.FAIL)
    matched = retention.assignments.matched_by(repositories)
    for entry in retention.assignments.entries:
        if entry not in matched and is_missing(entry.key, numbers=entry.level is Level.PROJECT):
            level = levels.get(entry.key)
            meant = f" (it is {_LEVEL_WORDS[level]}: write it in {level.value})" if level else ""
            sentence = f"retention, {entry.text} matches no repository in scope{meant}"
            yield Finding(f"{sentence}, so it assigns rule set {entry.rule_set!r} to nothing", refused_by)
    exceptions = retention.exceptions_by_path
    found = {pattern for repository in repositories for pattern in exceptions.patterns_of(repository.path)}
    for each in (exception for exception in retention.exceptions if exception.holds(clock)):
        for pattern in each.repositories:
            key = path_key(pattern)
            if pattern not in found and is_missing(key):
                level = levels.get(key)
                meant = f" (it is {_LEVEL_WORDS[level]}: write '{key}/*' for what is in it)" if level else ""
                sentence = f"retention, {each.place}: the exception for {pattern!r} matches no repository in scope"
                yield Finding(f"{sentence}{meant}, so it keeps nothing", refused_by)


def _levels_of(repositories: t.Sequence[Repository]) -> dict[str, Level]:
    """What the paths of repositories, and those around them, are: who writes one under another key means this."""
    projects = {each.project_path for each in repositories}
    groups = {"/".join(names[:end]) for names in (path.split("/") for path in projects) for end in range(1, len(names))}
    return {
        **{each.path: Level.REPOSITORY for each in repositories},
        **dict.fromkeys(projects, Level.PROJECT),
        **dict.fromkeys(groups, Level.GROUP),
    }


def _with_paths(scope: Scope, repositories: t.Sequence[Repository]) -> Scope:
    """A scope with paths besides ids, as far as what was read tells them: a group is at least what is around all."""
    paths = {str(each.project_id): each.project_path for each in repositories}
    projects = (*scope.projects, *(paths[number] for number in scope.projects if number in paths))
    if scope.group is None or not scope.group.isdigit():
        return scope._replace(projects=projects)
    levels = zip(*(each.project_path.split("/")[:-1] for each in repositories))
    around = "/".join(names[0] for names in itertools.takewhile(lambda names: len({*names}) == 1, levels))
    return scope._replace(group=around or scope.group)
