# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a GitLab server and its container registry can do, as plain values. Pure."""

from __future__ import annotations

import enum
import typing as t

# How many tags one GraphQL mutation deletes: app/graphql/mutations/container_repositories/destroy_tags.rb
DELETE_LIMIT = 20
# How many tags a page of GraphQL shows. The connection is cut to this many nodes while the cursor moves on by what was
# asked for: asking for more skips tags. app/graphql/types/container_registry/container_repository_details_type.rb
TAG_PAGE = 20
# GitLab lowers a keyset page above this: lib/api/project_container_repositories.rb.
KEYSET_PAGE = 1000


class Mode(enum.Enum):
    """Whether the registry has a metadata database. It decides what the dates of tags mean."""

    DATABASE = "database"
    NO_DATABASE = "no_database"
    UNKNOWN = "unknown"


class ReadMethod(enum.Enum):
    """Through which interface tags are read."""

    GRAPHQL = "graphql"
    REST = "rest"
    REGISTRY = "registry"


class TagRules(enum.Enum):
    """Whether protection rules for tags can be read.

    NONE: This GitLab has none yet, or the registry can't have any. HIDDEN: There may be rules that can't be read.
    READABLE: Of each tag that is read it is known whether a rule covers it.
    """

    NONE = "none"
    HIDDEN = "hidden"
    READABLE = "readable"


class DeleteMethod(enum.Enum):
    """Through which interface tags are deleted.

    BULK: GitLab's bulk deletion of exactly the planned names. BULK_UNPINNED: GitLab's bulk deletion by the user's
    parameters, where GitLab decides which tags it deletes.
    """

    GRAPHQL = "graphql"
    REST = "rest"
    REGISTRY = "registry"
    BULK = "bulk"
    BULK_UNPINNED = "bulk_unpinned"

    @property
    def is_bulk(self) -> bool:
        """Whether GitLab deletes the tags in the background after one request for each repository."""
        return self in (DeleteMethod.BULK, DeleteMethod.BULK_UNPINNED)


_Method = t.TypeVar("_Method", ReadMethod, DeleteMethod)


def choices_of(kind: type[ReadMethod] | type[DeleteMethod]) -> list[str]:
    """What an option such as read_via may be: auto, or a method."""
    return ["auto", *(method.value for method in kind)]


def requested_method(kind: type[_Method], option: str) -> _Method | None:
    """The method that an option such as read_via names; None for auto."""
    return None if option == "auto" else kind(option)


class ServerCapabilities(t.NamedTuple):
    """What was found out about a server, once for a task.

    Args:
        mode: Whether the registry has a metadata database.
        mode_is_proven: Whether the registry itself said so. What GitLab says may be said in passing trouble.
        mode_doubt: With what error the registry itself answered instead, or GitLab when asked for its token: GitLab may
            say what it says for the same trouble. Empty if there was none.
        read_method: How tags are read.
        lists_by_keyset: Whether GitLab lists tag names by keyset, which is faster than by numbered pages.
        deletes_by_name: Whether deleting a tag is proven to leave other tags of its image alone; None if that was not
            looked at.
        deletes_by_graphql: Whether GraphQL can be used and has the mutation that deletes tags.
        tag_rules: Whether protection rules for tags can be read.
        tag_rules_hidden_reason: Why they can't be read; empty if they can, or if there are none.
        graphql_unavailable_reason: Why GraphQL can't be used; empty if it can.
        registry_unavailable_reason: Why the registry itself can't be asked; empty if it can, or need not be.
    """

    mode: Mode = Mode.UNKNOWN
    mode_is_proven: bool = False
    mode_doubt: str = ""
    read_method: ReadMethod = ReadMethod.REST
    lists_by_keyset: bool = False
    deletes_by_name: bool | None = None
    deletes_by_graphql: bool = False
    tag_rules: TagRules = TagRules.HIDDEN
    tag_rules_hidden_reason: str = ""
    graphql_unavailable_reason: str = ""
    registry_unavailable_reason: str = ""

    @property
    def pages_by_cursor(self) -> bool:
        """Whether a page of tags with all details costs GitLab no more than a page of their names."""
        return self.read_method is ReadMethod.GRAPHQL and self.mode is Mode.DATABASE

    @property
    def shows_build_dates(self) -> bool:
        """Whether the dates of tags are those when their images were built."""
        return self.mode is Mode.NO_DATABASE or self.read_method is ReadMethod.REGISTRY

    @property
    def proves_created(self) -> bool:
        """Whether it is known what the creation date of a tag means.

        With a metadata database it is the first push of the name. But if GitLab's question for the database fails in
        passing, GitLab tells when the image was built instead. Pages of GraphQL show which one it is, REST does not.
        """
        if self.mode is Mode.NO_DATABASE:
            return not self.mode_doubt
        return self.pages_by_cursor or self.read_method is ReadMethod.REGISTRY

    @property
    def missing_dates_reason(self) -> str | None:
        """Why multi-platform images have no date; None if they have one."""
        if self.mode is not Mode.NO_DATABASE or not self.registry_unavailable_reason:
            return None
        return (
            "Dates of multi-platform images are unknown, since the registry itself could not be asked: "
            f"{self.registry_unavailable_reason}"
        )
