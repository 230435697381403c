# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What each entry that keeps or excludes matches, and what is said and done if that is nothing. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter

from .._core.models import ListingState, RefKind, TagListing
from .._core.scope import Exclusion, unmatched_exclusion
from .._rules.git_refs import ActiveRefs, carrying
from .._rules.in_use import tags_in_use
from .._rules.matches import EntryMatches
from .._rules.ranking import has_group
from .._rules.rules import NameEntry, Rules
from .request import CleanupRequest, OnUnmatched
from .retained import Refs

# So many names stand in one sentence.
_NAMED = 5
_REF_WORDS = {
    RefKind.BRANCHES: "a branch",
    RefKind.MERGE_REQUESTS: "the branch of an open merge request",
    RefKind.TAGS: "a git tag",
}


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


class _Finding(t.NamedTuple):
    """That something matches nothing.

    Args:
        sentence: that says it, without its full stop.
        refused_by: the values of on_unmatched that refuse the plan for it.
    """

    sentence: str
    refused_by: tuple[OnUnmatched, ...] = (OnUnmatched.FAIL,)


_Found = tuple[list[EntryMatches], list[_Finding]]


class _Names(t.NamedTuple):
    """The tags that were read.

    Args:
        listings: of the repositories that were read.
        complete: whether that is all.
    """

    listings: tuple[TagListing, ...]
    complete: bool

    @property
    def none(self) -> str:
        """What is said instead of a tag that matches."""
        return "no tag" if self.complete else "none of the tags that could be read"

    def first_around(self, text: str) -> str | None:
        """A name that holds the text; None if there is none."""
        return next((name for listing in self.listings for name in listing.names if text in name), None)


def matches_of(
    listings: t.Sequence[TagListing],
    exclusions: t.Sequence[Exclusion],
    refs: Refs,
    rules: Rules,
    request: CleanupRequest,
) -> Matches:
    """What the entries match.

    Args:
        listings: the tags of each repository in scope.
        exclusions: what is left out of the scope.
        refs: by the project's id, its active git references, or why they are not known.
        rules: as they hold on this server.
        request: what is asked for.
    """
    read = tuple(each for each in listings if not each.error and _refs_known(each, refs))
    complete = len(read) == len(listings) and all(each.state is not ListingState.CAPPED for each in read)
    names = _Names(read, complete=complete)
    use, used = _in_use(names, listings, request)
    parts = [
        _by_name(names, rules),
        _by_group(names, rules),
        *(_of_ref_kind(names, refs, kind, request) for kind in request.keep_refs),
        _of_deployments(names, refs, request) if request.keep_deployments else ([], []),
        use,
    ]
    # If no tag was read, no tag is deleted, and none has to be kept.
    findings = [each for _entries, found in parts for each in found] if any(each.tags for each in read) else []
    findings += _of_exclusions(listings, exclusions)
    excluded = [EntryMatches("exclude_repositories", each.pattern, matched=each.matched) for each in exclusions]
    return Matches(
        entries=(*(entry for entries, _found in parts for entry in entries), *excluded),
        unmatched=tuple(each.sentence for each in findings),
        refusals=tuple(each.sentence for each in findings if request.on_unmatched in each.refused_by),
        used=used,
    )


def _refs_known(listing: TagListing, refs: Refs) -> bool:
    return isinstance(refs.get(listing.repository.project_id, ActiveRefs()), ActiveRefs)


def _by_name(names: _Names, rules: Rules) -> _Found:
    """What keeps tags by their names."""
    counts: Counter[int] = Counter()
    if rules.entries:
        for listing in names.listings:
            for tag in listing.tags:
                counts.update(rules.judge(tag.name).entries)
    entries, findings = [], []
    for position, entry in enumerate(rules.entries):
        rule = entry.rule.name if entry.rule else ""
        entries.append(EntryMatches(entry.option, entry.pattern.text, rule=rule, matched=counts[position]))
        if not counts[position]:
            findings.append(_Finding(_unmatched_name(entry, names, several=len(rules.rules) > 1)))
    return entries, findings


def _unmatched_name(entry: NameEntry, names: _Names, *, several: bool) -> str:
    text = entry.pattern.text
    around = names.first_around(text.replace("\\", ""))
    part = f" (it is only a part of {around})" if around else ""
    if entry.rule is None or not entry.rule.name:
        return f"{entry.option} '{text}' matches {names.none}{part}"
    option = "match" if entry.rule.keep_all else entry.option
    end = " that no other rule decides about" if several else part
    return f"rules, {entry.rule.name}: {option} '{text}' matches {names.none}{end}"


def _by_group(names: _Names, rules: Rules) -> _Found:
    """The groups of which the newest tags are kept."""
    entries, findings = [], []
    for rule in rules.rules:
        listed = (name for listing in names.listings for name in listing.names) if rule.keep_n_per else ()
        decided = [name for name in listed if rules.judge(name).rule is rule]
        for per_group in rule.keep_n_per:
            matched = sum(has_group(name, per_group.by, rule) for name in decided)
            entries.append(EntryMatches("keep_n_per", per_group.by, rule=rule.name, matched=matched))
            if decided and not matched:
                where = f"rules, {rule.name}: " if rule.name else ""
                findings.append(_Finding(f"{where}keep_n_per by {per_group.by}: {names.none} has such a group"))
    return entries, findings


def _of_ref_kind(names: _Names, refs: Refs, kind: RefKind, request: CleanupRequest) -> _Found:
    """Tags that are named after a kind of git references."""
    matched, number = _carried(names, refs, request, lambda active: active.refs.get(kind, ()))
    entries = [EntryMatches("keep_refs", kind.value, matched=matched, references=number)]
    # That there is no open merge request is no mistake.
    if matched or not number:
        return entries, []
    how = f"{_REF_WORDS[kind]} (ref_match is {request.ref_match.value})"
    return entries, [_Finding(f"keep_refs {kind.value}: {names.none} is named after {how}")]


def _of_deployments(names: _Names, refs: Refs, request: CleanupRequest) -> _Found:
    """Tags that are named after what is deployed."""
    matched, number = _carried(names, refs, request, lambda active: active.deployed)
    entry = EntryMatches("keep_deployments", str(request.keep_deployments), matched=matched, references=number)
    if matched:
        return [entry], []
    how = f"{names.none} carries the ref or commit of one (ref_match is {request.ref_match.value})"
    return [entry], [_Finding(f"keep_deployments: {how if number else 'no deployment was found'}")]


def _carried(
    names: _Names, refs: Refs, request: CleanupRequest, part: t.Callable[[ActiveRefs], t.Collection[str]]
) -> tuple[int, int]:
    """How many tags carry this part of what is active, and how many references that is."""
    active = {number: found for number, found in refs.items() if isinstance(found, ActiveRefs)}
    matched = 0
    for listing in names.listings:
        found = active.get(listing.repository.project_id)
        matched += len(carrying(listing.names, part(found), request.ref_match)) if found else 0
    return matched, sum(len(part(found)) for found in active.values())


def _in_use(names: _Names, listings: t.Sequence[TagListing], request: CleanupRequest) -> tuple[_Found, UseMatches]:
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
    elsewhere = sum(in_scope.isdisjoint(each.paths) for each in named)
    return (entries, list(_unused(entries, missing, names))), UseMatches(elsewhere, missing=missing)


def _unused(entries: t.Sequence[EntryMatches], missing: t.Sequence[str], names: _Names) -> t.Iterator[_Finding]:
    options = " and ".join(dict.fromkeys(each.option for each in entries))
    idle = [each.entry for each in entries if not each.matched and each.entry]
    if not any(each.matched for each in entries):
        yield _Finding(f"{options}: {names.none} is in use")
    elif idle:
        yield _Finding(f"in_use_sources: {names.none} is in use in {_first(idle)}", ())
    if missing:
        yield _Finding(f"{options}: repositories in scope have no such tag: {_first(missing)}")


def _first(names: t.Sequence[str]) -> str:
    return ", ".join([*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])])


def _of_exclusions(listings: t.Sequence[TagListing], exclusions: t.Sequence[Exclusion]) -> list[_Finding]:
    """What is to be left out and is not there. Who excludes production wants it excluded."""
    return [
        _Finding(
            unmatched_exclusion(each.pattern, listings[0].repository.path),
            () if each.elsewhere else (OnUnmatched.AUTO, OnUnmatched.FAIL),
        )
        for each in exclusions
        if listings and not each.matched
    ]
