# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What reports show. Pure."""

from __future__ import annotations

import typing as t

from .._plan.results import named_rule
from .._usage.figures import Figures


class TagReport(t.NamedTuple):
    """A tag. None is unknown, of action, reason and rule that there is no plan.

    Args:
        name: of the tag.
        digest: of its image.
        media_type: of its manifest.
        bytes: of its image.
        pushed_at: when it was last pushed as another image, RFC 3339.
        built_at: when its image was built, RFC 3339.
        date: that its age is judged by, RFC 3339.
        action: delete or keep.
        reason: why.
        rule: which rule decided; None if the options themselves did.
        outcome: what became of it, one of OUTCOMES; None if the plan keeps it or no run is known.
        message: why; None if that is plain.
        rule_set: name of the rule set of its repository; None without one.
    """

    name: str
    digest: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    pushed_at: str | None = None
    built_at: str | None = None
    date: str | None = None
    action: str | None = None
    reason: str | None = None
    rule: str | None = None
    outcome: str | None = None
    message: str | None = None
    rule_set: str | None = None

    @property
    def named_rule(self) -> str | None:
        """The rule that decided after its rule set; None if there is none."""
        return named_rule({"rule_set": self.rule_set, "rule": self.rule}) or None


class WholeReport(t.NamedTuple):
    """What a plan of whole repositories does with one.

    Args:
        action: delete or keep.
        reason: why.
        why: the same in words.
        outcome: what became of it, one of REPOSITORY_OUTCOMES; None if the plan keeps it or no run is known.
        message: why; None if that is plain.
    """

    action: str
    reason: str
    why: str
    outcome: str | None = None
    message: str | None = None


class RepositoryReport(t.NamedTuple):
    """A repository.

    Args:
        id: GitLab's number.
        path: of the repository.
        project: path of its project.
        project_id: id of its project.
        figures: its numbers.
        date_source: what its dates are: published, built, created, unknown or none.
        listing: how complete the listing of its tags is: complete, empty, capped, unread or none.
        certainty: how exact it is what is deleted, where GitLab itself decides; None without a plan.
        reasons: number of tags by reason; empty without a plan.
        limit: the limit that it is beyond; None if it is beyond none.
        rule_set: name of its rule set; None without one.
        error: why something of it could not be read; None if all was read.
        tags: by name; None if they were not read.
        outcomes: number of tags by outcome; None if no run is known.
        whole: what happens to it as a whole; None if the plan is about tags alone.
    """

    id: int
    path: str
    project: str
    project_id: int
    figures: Figures
    date_source: str = "none"
    listing: str = "none"
    certainty: str | None = None
    reasons: t.Mapping[str, int] = {}
    limit: str | None = None
    rule_set: str | None = None
    error: str | None = None
    tags: tuple[TagReport, ...] | None = None
    outcomes: t.Mapping[str, int] | None = None
    whole: WholeReport | None = None


class ProjectReport(t.NamedTuple):
    """A project. None is unknown.

    Args:
        id: GitLab's number.
        path: of the project.
        namespace: path of its group or user.
        figures: the numbers of all its repositories.
        repositories: number of its repositories.
        repositories_unread: number of those that could not be read.
        topics: its topics.
        visibility: public, internal or private.
        access_level: of its registry, enabled, private or disabled.
        exposed_to: who can pull: anyone, signed_in, members, nobody or unknown.
        archived: whether it is archived.
        policy_state: of its cleanup policy: enabled, disabled, none or unknown.
        policy_next_run_at: when its policy runs next, RFC 3339.
        policy_lint: what of its policy is probably not meant, one sentence each.
        error: why something of it could not be read; None if all was read.
        before: its numbers in the earlier report that this one is compared with; None if it is not there.
        outcomes: number of tags of the plan by outcome; None if no run is known.
    """

    id: int
    path: str
    namespace: str
    figures: Figures
    repositories: int | None = None
    repositories_unread: int = 0
    topics: tuple[str, ...] = ()
    visibility: str | None = None
    access_level: str | None = None
    exposed_to: str = "unknown"
    archived: bool | None = None
    policy_state: str = "unknown"
    policy_next_run_at: str | None = None
    policy_lint: tuple[str, ...] = ()
    error: str | None = None
    before: Figures | None = None
    outcomes: t.Mapping[str, int] | None = None


class ReportHead(t.NamedTuple):
    """Of what a report is.

    Args:
        server: URL of GitLab.
        scope: what was asked for, as a text.
        clock: the server's time, RFC 3339; None is unknown.
        date_sources: what the dates of the tags are.
        result: ok, partial, refused or failed.
        message: why it failed; empty if it did not.
        fingerprint: of the plan; None without a plan, and of one that is refused or not whole.
        plan_place: where the plan is, a path or an address; empty if it is nowhere.
        plan_package: the package that the plan is in: project, version, package, file_name; empty if it is in none.
        planned: whether there is a plan.
        deleted: number of tags that the run deleted; None if there was none, or it is not known.
        each_run: how much one run of the plan deletes, a part of a sentence; empty if that is all of it.
        rules: the options that the plan was made by; empty without a plan.
        refusals: why the plan deletes nothing, one sentence each.
        warnings: what the reader should know, one sentence each.
        notes: how it was read and planned, one sentence each.
        matches: what each entry that keeps or excludes matches, with option, entry, rule and matched.
        unread: what could not be read, each with the reason.
        run_by: who and what ran, by name.
        price_per_gib_month: what a GiB costs; None if it is not known.
        compared_with: the time of the earlier report that this one is compared with, RFC 3339; None if there is none.
    """

    server: str
    scope: str
    clock: str | None
    date_sources: tuple[str, ...] = ()
    result: str = "ok"
    message: str = ""
    fingerprint: str | None = None
    plan_place: str = ""
    plan_package: t.Mapping[str, str] = {}
    planned: bool = False
    deleted: int | None = None
    each_run: str = ""
    rules: t.Mapping[str, t.Any] = {}
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    matches: tuple[t.Mapping[str, t.Any], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    run_by: t.Mapping[str, str] = {}
    price_per_gib_month: float | None = None
    compared_with: str | None = None


class Report(t.NamedTuple):
    """All that reports show.

    Args:
        head: of what it is.
        total: the numbers of all repositories.
        projects: by path.
        repositories: gives all repositories by path with their tags, one after the other, as often as it is called.
        repositories_count: number of repositories.
        repositories_unread: number of those that could not be read.
        before: the numbers of the earlier report that this one is compared with; None if there is none.
        outcomes: number of tags of the plan by outcome; None if no run is known.
        budget: why the run left tags for the next one, without its end; empty if it left none.
        removals: number of repositories that the plan deletes as a whole; None if it is about tags alone.
        removal_outcomes: number of these by outcome; None if no run is known.
    """

    head: ReportHead
    total: Figures
    projects: tuple[ProjectReport, ...]
    repositories: t.Callable[[], t.Iterator[RepositoryReport]]
    repositories_count: int
    repositories_unread: int = 0
    before: Figures | None = None
    outcomes: t.Mapping[str, int] | None = None
    budget: str = ""
    removals: int | None = None
    removal_outcomes: t.Mapping[str, int] | None = None
