# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is known of the server and the scope of a cleanup, and what its rules mean there. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from .._core.models import Project, TagListing
from .._core.scope import Exclusion
from .._core.server import DeleteMethod, Mode, ServerCapabilities
from .._retention.rule_sets import Retention
from .._rules.dates import date_source_of
from .._rules.decision import DateSource
from .._rules.import_dates import ImportEvidence
from .._rules.rules import Rules
from .pins import Manifests
from .request import CleanupRequest
from .retained import Refs


class CleanupState(t.NamedTuple):
    """What was observed, and how tags are deleted on such a server.

    Args:
        capabilities: what the server can do.
        listings: the tags of each repository in scope, by path.
        projects: the projects of these repositories by id; empty where the token may not read them.
        delete_method: how tags are deleted.
        clock: the server's time, the earliest that its answers tell; None if it is not known.
        refs: by the project's id, the active git references whose tags are kept, or why they are not known.
        absent_digests: by the repository's path, digests of images that the registry itself does not have.
        rules_hidden: GitLab may have protection rules that can't be read and that it would let this caller past.
        passes_rules: GitLab chooses what it deletes, and lets this caller past its protection rules.
        import_evidence: what tells whether the dates are those of an import; None unless most tags share their dates.
        manifests: what the registry has of images that are in use without a tag; None if it could not be asked.
        sent: number of requests so far.
        max_requests: the most requests of the task; None is no limit.
        exclusions: what the user leaves out of the scope.
        warnings: what the user should know of the scope, one sentence each.
        being_deleted: paths of the repositories in scope that GitLab is deleting.
        registry_disabled: paths of the projects in scope whose registry is disabled.
        latest_clock: the latest time that the server's answers tell; None if that is clock.
        deletes_by_name: nothing is to be deleted, or the registry is known to leave other tags of an image alone.
        unread_labels: why the labels by which images expire are not known, one sentence for each image.
    """

    capabilities: ServerCapabilities
    listings: tuple[TagListing, ...]
    projects: t.Mapping[int, Project]
    delete_method: DeleteMethod
    clock: datetime | None
    refs: Refs
    absent_digests: t.Mapping[str, t.Collection[str]]
    rules_hidden: bool = False
    passes_rules: bool = False
    import_evidence: ImportEvidence | None = None
    manifests: Manifests | None = None
    sent: int = 0
    max_requests: int | None = None
    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()
    being_deleted: tuple[str, ...] = ()
    registry_disabled: tuple[str, ...] = ()
    latest_clock: datetime | None = None
    deletes_by_name: bool = True
    unread_labels: tuple[str, ...] = ()


class Criteria(t.NamedTuple):
    """What is the same for all repositories.

    Args:
        request: what is asked for.
        retention: its rules as they hold on this server.
        date_source: what the dates of tags mean there; none if no tag is judged by one.
    """

    request: CleanupRequest
    retention: Retention
    date_source: DateSource

    def date_source_under(self, rules: Rules) -> DateSource:
        """Where the dates come from that these rules judge by; none if they need none."""
        return self.date_source if rules.need_dates else DateSource.NONE


def criteria_on(capabilities: ServerCapabilities, request: CleanupRequest) -> Criteria:
    """What is asked for, as it holds on a server.

    With a metadata database every digest is known. Where dates are builds anyway, none of them is an import's.
    """

    def on_server(rules: Rules) -> Rules:
        # Rules know the names that they have judged, so that they are made anew only where they change.
        if capabilities.mode is Mode.DATABASE and not rules.require_digest:
            rules = replace(rules, require_digest=True)
        if capabilities.shows_build_dates and rules.dates_valid_from:
            rules = replace(rules, dates_valid_from=None)
        return rules

    retention = request.retention.with_rules(on_server)
    source = date_source_of(capabilities, retention.guards.timestamp) if request.need_dates else DateSource.NONE
    return Criteria(request=request, retention=retention, date_source=source)
