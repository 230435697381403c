# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Watching the tags that are kept in a registry that might delete by digest, and with a tag all others of its image."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field

from .._core.errors import RequestError
from .._core.models import TagListing
from .._plan.plan import RepositoryPlan
from .._rules.decision import Decision
from .._tags.reader import TagReader
from .attempts import DeletionAttempt, DeletionReply
from .host import RegistryHost
from .verification import vanished, why_vanished


@dataclass(frozen=True)
class KeptTags:
    """The tags of a repository that are kept. A registry that is known to delete by name leaves them alone.

    Args:
        reader: Reads the tags.
        plan: Of the repository.
        host: The registry that holds it, which is stopped if a kept tag is gone.
        attempts: What was done about each planned tag so far, by name.
        unshared: Digests of which a tag was deleted and another stayed: the registry does not delete by digest.
    """

    reader: TagReader
    plan: RepositoryPlan
    host: RegistryHost
    attempts: t.Mapping[str, DeletionAttempt]
    unshared: set[str | None] = field(default_factory=set)

    @functools.cached_property
    def _names_by_digest(self) -> dict[str | None, str]:
        """The digests of kept tags, each with the name of one that has it."""
        return {decision.tag.digest: decision.tag.name for decision in self.plan.kept if decision.tag.digest}

    def goes_alone(self, decision: Decision) -> bool:
        """Whether a tag is deleted alone, so that kept ones can be looked at before more is deleted.

        That is the first tag of the repository, and each that shares its image with a kept one.
        """
        if self.host.deletes_by_name:
            return False
        digest = decision.tag.digest
        return not self.attempts or (digest in self._names_by_digest and digest not in self.unshared)

    def check_sibling(self, batch: list[Decision]) -> None:
        """After a tag was deleted alone, see whether a kept one still has its digest."""
        tag, path = batch[0].tag, self.plan.repository.path
        sibling = self._names_by_digest.get(tag.digest) if len(batch) == 1 and not self.host.deletes_by_name else None
        if sibling is None or self.attempts[tag.name].reply is not DeletionReply.DELETED:
            return
        try:
            found = self.reader.read_detail(self.plan.repository, sibling)
        except RequestError as error:
            self.host.stop(f"after {path}:{tag.name} was deleted its sibling {sibling} could not be read: {error}")
            return
        if found.digest is None:
            self.host.stop(
                f"after {path}:{tag.name} was deleted the kept tag {sibling} of the same digest no longer exists: this "
                "registry "
                "seems to delete by digest, or somebody else deleted it"
            )
        elif found.digest == tag.digest:
            self.unshared.add(tag.digest)

    def check_listing(self, listing: TagListing) -> None:
        """Stop if tags went that nobody asked for and a shared digest could be the cause.

        Where their digests are not known, only the listing can tell: it is looked at after the first tag and at the
        end.
        """
        if self.host.deletes_by_name:
            return
        names = {name for name, attempt in self.attempts.items() if attempt.reply is DeletionReply.DELETED}
        deleted = {decision.tag.digest for decision in self.plan.deletions if decision.tag.name in names}
        reason = why_vanished(self.plan, vanished(self.plan, listing), deleted)
        if reason:
            self.host.stop(reason)
