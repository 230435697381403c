# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another vendor's registry (M3), in memory. It deletes images alone: Rails makes a tag an empty image first.

All empty images are one image. What happens then is the setting `registry.deletes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .contents import DOCKER_IMAGE
from .registry import Deletion, MemoryFiles, Removal, never, tags_of
from .state import Repository, Tag, Tags

EMPTY = "the empty image"


class OtherVendor(MemoryFiles):
    def delete(self, repository: Repository, name: str) -> Deletion:
        return "refused" if self.remove(repository, [name]).message else "deleted"

    def remove(self, repository: Repository, names: Sequence[str], overdue: Callable[[], bool] = never) -> Removal:
        """Overwrite every tag, also one that was not there, and delete the empty image once for all of them."""
        if not names:
            return Removal([])
        behaviour = self.state.registry.deletes
        if not self.answers(repository):
            known = "error" in self.states(repository)
            return Removal(None, "could not generate manifest") if known else Removal(list(names))
        if behaviour == "refused":
            return Removal(None, "could not generate manifest")
        tags = tags_of(repository)
        before = {tag.digest for name in names if (tag := tags.get(name))}
        overwritten = []
        for name in names:
            if overdue():
                break
            self.calls += 1
            tags.put(self._empty(tags, repository, name))
            overwritten.append(name)
        self.calls += 1
        if behaviour == "refused_after_overwrite":
            return Removal(None, f"could not delete tags: {', '.join(names)}")
        for tag in [tag for tag in tags if tag.image == EMPTY]:
            tags.remove(tag.name)
            tags.store.delete(tag.digest)
        if behaviour == "by_digest":
            for digest in before:
                tags.remove_digest(digest)
        return Removal(overwritten, None if len(overwritten) == len(names) else "error while deleting tags")

    def _empty(self, tags: Tags, repository: Repository, name: str) -> Tag:
        now = self.state.clock.now()
        old = tags.get(name) or Tag(name, repository.path, DOCKER_IMAGE, True, None, now, None, None, 0)
        return replace(
            old,
            media_type=DOCKER_IMAGE,
            config=True,
            config_created=None,
            size=0,
            own_digest=None,
            own_revision=None,
            image=EMPTY,
            children=(),
        )
