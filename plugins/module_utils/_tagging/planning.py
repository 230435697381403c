# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are written or deleted, and why nothing may be."""

from __future__ import annotations

import enum
import typing as t

from .._core.diffs import diff_part
from .._core.models import TagListing
from .._core.server import DeleteMethod
from .._core.tag_writes import TagWrite
from .._core.words import counted
from .._deletion.refusals import archived_refusal, hidden_rules_refusal
from .._module.intent import Intent
from .._plan.plan import Plan, RepositoryPlan
from .._rules.decision import Decision, to_delete, to_keep
from .._rules.reasons import Reason
from .._rules.referrers import kept_together
from .request import PromotionRequest, RemovalRequest

# registry/handlers/manifests.go of GitLab's registry
_LARGEST_MANIFEST = 4 * 1024 * 1024
_PROTECTED = "is under a tag protection rule of GitLab's"


class TagAction(enum.Enum):
    """What is done to a tag."""

    NONE = "none"
    CREATE = "create"
    OVERWRITE = "overwrite"
    DELETE = "delete"


class PromotionState(t.NamedTuple):
    """What was read for tags that are to be an image.

    Args:
        source: path of the repository that holds the image.
        target: path of the repository that the tags belong to.
        writes: the tags, with the images that they are now.
        being_deleted: GitLab is deleting the target, with all that is tagged there.
        missing_subjects: names of tags whose images belong to another one that the target lacks, with its digest.
        protected: names of tags that a protection rule covers, or that one keeps the caller from pushing.
        hidden_rules: there may be protection rules that can't be read, and GitLab would let this caller past them.
        archived_project: path of the target's project, if that is archived; empty if not.
    """

    source: str
    target: str
    writes: tuple[TagWrite, ...]
    being_deleted: bool = False
    missing_subjects: tuple[tuple[str, str], ...] = ()
    protected: frozenset[str] = frozenset()
    hidden_rules: bool = False
    archived_project: str = ""

    @property
    def changes(self) -> list[TagWrite]:
        """The tags that are not the image yet."""
        return [write for write in self.writes if write.changes]


class RemovalState(t.NamedTuple):
    """What was read for tags that are to be absent.

    Args:
        path: of the repository.
        listing: its tags, None if there is no such repository.
        delete_method: how tags are deleted, if any are.
        hidden_rules: there may be protection rules that can't be read, and GitLab would let this caller past them.
        deletes_by_name: the registry is known to leave other tags of an image alone, or that does not matter.
        archived_project: path of its project, if that is archived; empty if not.
    """

    path: str
    listing: TagListing | None = None
    delete_method: DeleteMethod = DeleteMethod.REST
    hidden_rules: bool = False
    deletes_by_name: bool = True
    archived_project: str = ""

    @property
    def is_unproven(self) -> bool:
        """Whether no tags are listed and nothing proves that there are none."""
        return self.listing is not None and not self.listing.tags and not self.listing.complete


def plan_promotion(state: PromotionState, request: PromotionRequest) -> Intent:
    """Decide which tags are written."""
    refusals = [
        f"{state.target}:{write.name} already points to {write.before} and would point to {write.after} (force allows "
        "it)"
        for write in state.writes
        if write.overwrites and not request.force
    ]
    refusals += [f"{state.target}:{name} {_PROTECTED}" for name in sorted(state.protected)]
    refusals += [
        f"{state.target}:{name} belongs to {subject}, which has to be in {state.target} first"
        for name, subject in state.missing_subjects
    ]
    refusals += [
        f"the manifest of {state.target}:{write.name} has {counted(len(write.image.body), 'byte')}, and the registry "
        f"accepts at most {_LARGEST_MANIFEST:,}"
        for write in state.changes
        if len(write.image.body) > _LARGEST_MANIFEST
    ]
    if state.hidden_rules:
        refusals.append(hidden_rules_refusal())
    if state.archived_project and state.changes:
        refusals.append(archived_refusal(state.archived_project))
    if state.being_deleted:
        refusals.append(f"GitLab is deleting repository {state.target} with all its tags")
    if refusals:
        return Intent(changed=False, diff=[], refusals=refusals)
    rows = [_difference(state.target, write.name, write.before, write.after) for write in state.changes]
    return Intent(changed=bool(rows), diff=rows)


def plan_removal(state: RemovalState, request: RemovalRequest) -> Plan:
    """Decide which tags are deleted."""
    listing = state.listing
    if listing is None:
        return Plan(())
    names = set(request.names)
    decisions = tuple(
        to_delete(tag, Reason.NAMED) if tag.name in names else to_keep(tag, Reason.NOT_NAMED) for tag in listing.tags
    )
    refusals = [hidden_rules_refusal()] if state.hidden_rules else []
    if state.archived_project and any(decision.delete for decision in decisions):
        refusals.append(archived_refusal(state.archived_project))
    missing = names - set(listing.names)
    if listing.tags and missing and not listing.complete:
        listed = counted(len(listing.tags), "tag is", "tags are")
        refusals.append(f"of {state.path} only {listed} listed, so there may be others")
    for decision in decisions:
        if decision.delete:
            refusals += _refusals_of(state.path, decision, request)
    if not state.deletes_by_name and not request.force:
        refusals += _sharing_refusals(state.path, decisions)
    return Plan((RepositoryPlan(listing.repository, decisions),), tuple(refusals))


def _sharing_refusals(path: str, decisions: t.Sequence[Decision]) -> t.Iterator[str]:
    """Why tags must not be deleted in a registry that may delete other tags of their images with them."""
    for before, after in zip(decisions, kept_together(decisions)):
        if not before.delete or after.delete:
            continue
        shares = "shares its image" if after.reason is Reason.SHARED_DIGEST else "may share its image"
        yield (
            f"{path}:{before.tag.name} {shares} with a tag that is kept, and this registry may delete that tag too "
            "(force allows it)"
        )


def _refusals_of(path: str, decision: Decision, request: RemovalRequest) -> list[str]:
    """Why one tag must not be deleted."""
    tag, refusals = decision.tag, []
    if tag.protected:
        refusals.append(f"{path}:{tag.name} {_PROTECTED}")
    if tag.digest is None and request.require_digest:
        refusals.append(f"the digest of {path}:{tag.name} can't be read (require_digest)")
    if request.digest and tag.digest != request.digest:
        mismatch = f"is {tag.digest}, not {request.digest}" if tag.digest else "can't be compared with the digest given"
        refusals.append(f"{path}:{tag.name} {mismatch}")
    return refusals


def removal_intent(plan: Plan, path: str) -> Intent:
    """What the plan would delete in the repository of a path."""
    going = [decision.tag for part in plan.repositories for decision in part.deletions] if plan.changed else []
    rows = [_difference(path, tag.name, tag.digest or "digest unknown", None) for tag in going]
    return Intent(changed=plan.changed, diff=rows, refusals=plan.refusals, verb="deleted")


def _difference(path: str, name: str, before: str | None, after: str | None) -> dict[str, str]:
    return diff_part(f"{path}:{name}", before=f"{before}\n" if before else "", after=f"{after}\n" if after else "")
