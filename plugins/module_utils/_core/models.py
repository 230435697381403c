# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The things GitLab tells about, as small immutable values."""

from __future__ import annotations

import enum
import functools
import re
import typing as t
from datetime import datetime, timedelta, timezone

from .errors import RequestError

# https://github.com/distribution/reference: the grammar of a tag name.
TAG_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
# How cosign and OCI tools name what belongs to an image: sha256-<digest>, then .sig, .att, .sbom and the like.
SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}(\..*)?", re.ASCII)

# Build tools write the epoch, 1980 (the zip epoch) or year 1 where they have no date; no image is older than 2000.
OLDEST_CREDIBLE = datetime(2000, 1, 1, tzinfo=timezone.utc)
# How far a time may come from the future, where several servers have clocks of their own.
CLOCK_TOLERANCE = timedelta(minutes=5)

_HEXADECIMAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


# How users know the keys of a policy, and what the API really calls them: it drops a name_regex_delete in silence.
POLICY_KEYS = {
    "enabled": "enabled",
    "cadence": "cadence",
    "keep_n": "keep_n",
    "older_than": "older_than",
    "name_regex_delete": "name_regex",
    "name_regex_keep": "name_regex_keep",
}


class ServerPolicy(t.NamedTuple):
    """A project's own cleanup policy, as GitLab shows it.

    Args:
        enabled: whether it runs at all.
        cadence: how often it runs, such as 1d.
        keep_n: how many of the newest matching tags it keeps in each repository; None is null.
        older_than: the age from which tags are deleted, such as 90d; None is null.
        name_regex: the pattern of names that are deleted; None is null.
        name_regex_keep: the pattern of names that are kept; None is null.
        next_run_at: when it runs next, RFC 3339; None is null.
    """

    enabled: bool
    cadence: str | None
    keep_n: int | None
    older_than: str | None
    name_regex: str | None
    name_regex_keep: str | None
    next_run_at: str | None

    @property
    def options(self) -> dict[str, t.Any]:
        """The policy by the names of options."""
        return {name: getattr(self, key) for name, key in POLICY_KEYS.items()}

    def as_result(self) -> dict[str, t.Any]:
        """The policy as modules return it."""
        return {**self.options, "next_run_at": self.next_run_at}


class AccessLevel(enum.Enum):
    """Who may see the registry of a project: as many as may see the project, its members, or nobody."""

    ENABLED = "enabled"
    PRIVATE = "private"
    DISABLED = "disabled"


class Project(t.NamedTuple):
    """A project.

    Args:
        id: GitLab's number.
        path: the full path, as GitLab writes it.
        namespace: the full path of its group or user.
        access_level: who may see its registry, enabled, private or disabled; None if GitLab does not show it.
        policy: its cleanup policy; None if it has none or it can't be seen.
        archived: whether it is archived.
        image_prefix: the registry's host and the project's path in lower case; None without a registry.
        name: its title.
        description: the text below the title; empty if there is none.
        topics: its topics.
        visibility: who may see the project, private, internal or public; None if GitLab does not show it.
        url: its page; empty if GitLab does not show it.
        personal: whether its namespace is a user's and no group.
        is_fork: whether it was forked from another project.
    """

    id: int
    path: str
    namespace: str
    access_level: str | None
    policy: ServerPolicy | None
    archived: bool
    image_prefix: str | None
    name: str = ""
    description: str = ""
    topics: tuple[str, ...] = ()
    visibility: str | None = None
    url: str = ""
    personal: bool = False
    is_fork: bool = False

    @property
    def registry_disabled(self) -> bool:
        """Whether nobody can see images and protection rules: a disabled registry is hidden from administrators too."""
        return self.access_level == AccessLevel.DISABLED.value


# What GitLab calls the levels of a protection rule, and users the options.
PUSH_LEVEL, DELETE_LEVEL = "minimum_access_level_for_push", "minimum_access_level_for_delete"


class RuleKind(enum.Enum):
    """What a protection rule protects."""

    REPOSITORY = "repository"
    TAG = "tag"

    @property
    def pattern_option(self) -> str:
        """What GitLab calls the pattern of such a rule, and users the option."""
        return "repository_path_pattern" if self is RuleKind.REPOSITORY else "tag_name_pattern"


class RefKind(enum.Enum):
    """What of a git repository keeps tags."""

    BRANCHES = "branches"
    MERGE_REQUESTS = "merge_requests"
    TAGS = "tags"


class ProtectionRule(t.NamedTuple):
    """A protection rule of repositories or tags.

    Args:
        pattern: the paths of repositories or the names of tags that it protects.
        push: the least level that may push, such as maintainer; None if the rule does not restrict it.
        delete: the same for deleting.
        id: GitLab's number; None for a rule that is not there yet.
    """

    pattern: str
    push: str | None
    delete: str | None
    id: int | None = None


class Repository(t.NamedTuple):
    """A container repository.

    Args:
        id: GitLab's number.
        path: in lower case, the project's path and the name.
        name: what follows the project's path; empty for the repository at the project's own path.
        project_id: the id of its project.
        location: the registry's host and the path.
        status: delete_scheduled or delete_ongoing while GitLab deletes it; None otherwise.
        created_at: when it was made, RFC 3339; None if GitLab does not show it.
        cleanup_policy_started_at: when its last cleanup began, RFC 3339; None if there was none.
        tags_count: how many tags it has; None if nobody asked.
        size: bytes of its images; None if nobody asked or it is not known.
        project: path of its project as GitLab writes it; empty if the project was not read.
    """

    id: int
    path: str
    name: str
    project_id: int
    location: str
    status: str | None
    created_at: str | None
    cleanup_policy_started_at: str | None
    tags_count: int | None = None
    size: int | None = None
    project: str = ""

    @property
    def project_path(self) -> str:
        """The project's path in lower case: GitLab builds a repository's path from it."""
        return self.path[: -len(self.name) - 1] if self.name else self.path

    @property
    def shown_project(self) -> str:
        """The project's path as it is returned and written, the same in every row: as GitLab writes it, if that was
        read."""
        return self.project or self.project_path

    @property
    def being_deleted(self) -> bool:
        """Whether GitLab deletes it by now, or is about to."""
        return self.status in ("delete_scheduled", "delete_ongoing")

    @property
    def deletion_failed(self) -> bool:
        """Whether GitLab gave up deleting it."""
        return self.status == "delete_failed"


def known_sum(numbers: t.Iterable[int | None]) -> int | None:
    """The sum, such as of the sizes of repositories; None if one of them is not known."""
    found = list(numbers)
    known = [number for number in found if number is not None]
    return sum(known) if len(known) == len(found) else None


class Tag(t.NamedTuple):
    """A tag with what was read of it; None is unknown.

    Args:
        name: of the tag.
        digest: of its manifest.
        created: when the image was built or, with a metadata database, when GitLab says that the tag was made.
        published: when it was last pushed as another image than before.
        size: bytes of the image's manifest, config and layers; of an index, those of its images too.
        media_type: of its manifest.
        protected: whether a rule of GitLab covers it.
        details_read: somebody asked for more than the name.
        error: why its details are unknown, when a request for them failed.
        config_digest: of the image's config.
        children: digests of all that an index holds.
        subject: the digest of the image that its manifest says something of.
        built: when the image was built, where created is something else.
        labels: the values of labels and annotations of its image, by name: those that were read.
    """

    name: str
    digest: str | None = None
    created: datetime | None = None
    published: datetime | None = None
    size: int | None = None
    media_type: str | None = None
    protected: bool | None = None
    details_read: bool = False
    error: str | None = None
    config_digest: str | None = None
    children: tuple[str, ...] = ()
    subject: str | None = None
    built: datetime | None = None
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()


class ListingState(enum.Enum):
    """What a listing of tags says: it could not be read, has none, has them all, or may have been cut off."""

    UNREAD = "unread"
    EMPTY = "empty"
    COMPLETE = "complete"
    CAPPED = "capped"


class ImageBlobs(t.NamedTuple):
    """What images hold.

    Args:
        by_digest: of each image all blobs by digest with their bytes; None if those of one of them are not known.
        why_unknown: why something of it is not known, a sentence without its end; empty if all is known.
    """

    by_digest: t.Mapping[str, t.Mapping[str, int] | None]
    why_unknown: str = ""


class TagListing(t.NamedTuple):
    """A repository's tags, in the order of their names.

    Args:
        repository: Whose tags they are.
        tags: The tags; not to be used if there is an error.
        complete: No tag is missing, as far as can be told.
        authoritative: The registry itself says so. Only then does an empty listing prove that there are no tags.
        repository_unknown: The registry itself says that it has no such repository. A registry that lost its storage
            says the same.
        error: Why the repository counts as unread.
        blobs: What the images hold; None if nobody asked.
    """

    repository: Repository
    tags: tuple[Tag, ...] = ()
    complete: bool = False
    authoritative: bool = False
    repository_unknown: bool = False
    error: RequestError | None = None
    blobs: ImageBlobs | None = None

    @property
    def names(self) -> list[str]:
        """The names of the tags, in their order."""
        return [tag.name for tag in self.tags]

    @property
    def state(self) -> ListingState:
        """What the listing says, in one word."""
        if self.error:
            return ListingState.UNREAD
        if not self.tags:
            return ListingState.EMPTY
        return ListingState.COMPLETE if self.complete else ListingState.CAPPED


def config_digest(revision: t.Any) -> str | None:
    """The digest of an image's config, which GitLab shows without its algorithm; None where it shows none."""
    return f"sha256:{revision}" if isinstance(revision, str) and _HEXADECIMAL.fullmatch(revision) else None


# Most tags show the same time twice, and are written with it three times.
_remembering = functools.lru_cache(maxsize=1024)


def parse_time(text: t.Any) -> datetime | None:
    """An RFC 3339 time in UTC, any precision; None for anything else."""
    return _parse_time(text) if isinstance(text, str) else None


@_remembering
def _parse_time(text: str) -> datetime | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    *whole, fraction, zone = match.groups()
    try:
        moment = datetime(*(int(part) for part in whole), tzinfo=timezone.utc)  # type: ignore[arg-type,misc]
        if fraction:
            moment += timedelta(microseconds=int(fraction[1:7].ljust(6, "0")))
        if zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment += -offset if zone[0] == "+" else offset
    except (ValueError, OverflowError):
        return None
    return moment


@_remembering
def format_time(moment: datetime | None) -> str | None:
    """UTC as 2026-01-31T12:00:00Z, with a fraction only where there is one."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
