# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulated GitLab holds: people, projects, repositories, tags, and a clock."""

from __future__ import annotations

import bisect
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from .changes import Change, change
from .contents import INDEXES, Image, ImageSpec, make, usual_children
from .indexed import IndexedById
from .jobs import Queue
from .store import Store

LEVELS = {"guest": 10, "planner": 15, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50, "admin": 60}
Mode = Literal["M1", "M2", "M3"]
Generation = Literal["G15", "G17", "G18"]
VERSIONS: dict[str, str] = {"G15": "15.10.0", "G17": "17.5.0", "G18": "18.9.0"}

OLDER_THAN = ("7d", "14d", "30d", "60d", "90d")


@dataclass(slots=True)
class Tag:
    """config_created: the build date of the image; None where the image has none that can be read.

    created_at, updated_at and published_at are the metadata database's, created_at None where it has none.
    image: a label, equal labels are equal images. own_digest, own_revision: what its bytes do not say.
    """

    name: str
    repository_path: str
    media_type: str
    config: bool
    config_created: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    published_at: datetime | None
    size: int
    own_digest: str | None = None
    own_revision: str | None = None
    image: str | None = None
    children: tuple[ImageSpec, ...] = ()
    shared_layers: tuple[tuple[str, int], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    _digest: str | None = field(default=None, init=False, repr=False, compare=False)
    _stored_size: int | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def spec(self) -> ImageSpec:
        """Of its image. Without a label it is an image that no other tag has."""
        label = self.image or self.own_digest or f"{self.repository_path}:{self.name}"
        spec = ImageSpec(
            label,
            self.media_type,
            self.config_created,
            self.size,
            self.config,
            shared_layers=self.shared_layers,
            labels=self.labels,
            annotations=self.annotations,
        )
        if self.media_type in INDEXES:
            return replace(spec, children=self.children or usual_children(spec))
        return spec

    def contents(self) -> Image:
        image = make(self.spec)
        if self.own_digest is None:
            return image
        return replace(image, manifest=replace(image.manifest, digest=self.own_digest))

    @property
    def digest(self) -> str:
        """What the scenario says, else that of its manifest."""
        if self._digest is None:
            self._digest = self.own_digest or self.contents().manifest.digest
        return self._digest

    @property
    def stored_size(self) -> int:
        """What the metadata database counts: manifest, config and layers, and of an index nothing."""
        if self._stored_size is None and self.media_type in INDEXES:
            self._stored_size = 0
        if self._stored_size is None:
            image = self.contents()
            self._stored_size = len(image.manifest.content) + sum(blob.size for blob in image.blobs)
        return self._stored_size

    def pushed(self, size: int) -> None:
        """Its image was pushed. size: what the metadata database counts of it."""
        self._stored_size = size

    @property
    def revision(self) -> str:
        """The digest of the image's config without its algorithm; the same image has the same one."""
        return self.own_revision or self.contents().revision


class Tags:
    """A repository's tags: by name, and the names in order. store: the images, also those that lost their tags.

    changes: of tags since then, in their order.
    """

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._by_name = {tag.name: tag for tag in tags}
        self.names = sorted(self._by_name)
        self.store = Store()
        self.changes: list[Change] = []
        for tag in self:
            self.store.add(tag)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Tag]:
        return (self._by_name[name] for name in self.names)

    def get(self, name: str) -> Tag | None:
        return self._by_name.get(name)

    def put(self, tag: Tag) -> None:
        old = self._by_name.get(tag.name)
        if old is None:
            bisect.insort(self.names, tag.name)
        self._by_name[tag.name] = tag
        self.changes.append(change(tag.name, old.digest if old else None, tag.digest))
        self.store.add(tag)

    def remove(self, name: str) -> bool:
        """Whether it was there."""
        old = self._by_name.pop(name, None)
        if old is None:
            return False
        self.changes.append(change(name, old.digest, None))
        del self.names[bisect.bisect_left(self.names, name)]
        return True

    def remove_digest(self, digest: str) -> None:
        """The image, and every tag of it."""
        for name in [tag.name for tag in self if tag.digest == digest]:
            self.remove(name)
        self.store.delete(digest)

    def collect(self) -> None:
        self.store.collect(self)


@dataclass
class User:
    id: int
    username: str
    admin: bool


@dataclass
class Token:
    """kind: personal, project, group, oauth, job or deploy. project: of a job token, its path.

    granular: the permissions of a fine-grained token, which has no scopes.
    """

    kind: str
    user: User | None
    scopes: frozenset[str]
    expired: bool
    revoked: bool
    project: str | None
    granular: frozenset[str] | None = None


@dataclass
class Group:
    """kind: group, or user for what holds the projects of a user."""

    id: int
    path: str
    visibility: str
    members: dict[str, str]
    kind: str = "group"


@dataclass
class TagRule:
    """delete, push: the least level, None in an immutable rule. updated_at: None for what was there before."""

    id: int
    pattern: str
    delete: str | None
    push: str | None
    immutable: bool
    updated_at: datetime | None = None


@dataclass
class RepositoryRule:
    """pattern: a repository path, in which * stands for anything. push, delete: the least level, None for everybody."""

    id: int
    pattern: str
    push: str | None
    delete: str | None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class MergeRequest:
    iid: int
    source_branch: str
    state: str


@dataclass(frozen=True)
class Deployment:
    environment: str
    status: str
    sha: str
    ref: str


@dataclass
class References:
    """What images may be named after, or run in."""

    branches: list[str] = field(default_factory=list)
    git_tags: list[str] = field(default_factory=list)
    merge_requests: list[MergeRequest] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)


@dataclass
class Project:
    id: int
    path: str
    visibility: str
    access_level: str
    archived: bool
    members: dict[str, str]
    former_paths: list[str]
    shared_with: list[str]
    policy: dict[str, Any] | None
    tag_rules: list[TagRule]
    repository_rules: list[RepositoryRule]
    created_at: datetime
    references: References = field(default_factory=References)
    name: str | None = None
    description: str | None = None
    topics: list[str] = field(default_factory=list)
    forked_from: str | None = None

    @property
    def namespace(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass
class Repository:
    """path is lower-cased whatever the project's is. tags is None where a real registry holds them.

    registry_state: ok, unknown, error or unreachable; the server's own state adds to it. failed_attempts: to delete it.
    """

    id: int
    project: Project
    name: str
    status: str | None
    created_at: datetime
    cleanup_policy_started_at: datetime | None
    registry_state: str
    tags: Tags | None
    failed_attempts: int = 0

    @property
    def path(self) -> str:
        return "/".join(part for part in (self.project.path, self.name) if part).lower()


class Repositories(IndexedById[Repository]):
    """Those of a project are found by its id."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[int, set[int]] = {}

    def __setitem__(self, number: int, item: Repository) -> None:
        super().__setitem__(number, item)
        self._of.setdefault(item.project.id, set()).add(number)

    def of(self, project: Project) -> Iterator[Repository]:
        """In no order."""
        for number in self._of.get(project.id, ()):
            item = self.get(number)
            if item is not None and item.project is project:
                yield item


@dataclass
class RegistrySettings:
    """cap: where a listing ends in a registry without a database, None for never.

    deletes: how another vendor's registry takes deletions, see other_vendor.py.
    fails: how many of Rails' next questions of a kind fail; one kind is whether there is a database.
    undeletable: names that the registry refuses to delete. lost_at: the name at whose deletion the connection is lost.
    What follows is about its own protocol, see distribution.py. token_lifetime: seconds. version: of GitLab's registry,
    None for that of the generation. checks_urls: whether images with layers that are kept elsewhere are refused.
    """

    host: str | None = None
    state: str = "ok"
    error_status: int = 500
    enabled: bool = True
    index_detail: str = "missing"
    cap: int | None = None
    deletes: str = "by_dummy"
    fails: dict[str, int] = field(default_factory=dict)
    undeletable: tuple[str, ...] = ()
    lost_at: str | None = None
    auth: str = "token"
    token_lifetime: float = 300
    deletes_enabled: bool = True
    read_only: bool = False
    mount: str = "ok"
    v2_page: int | None = None
    version: str | None = None
    checks_urls: bool = True

    def fails_now(self, question: str) -> bool:
        """Whether a question of this kind fails, which is one of those that do."""
        left = self.fails.get(question, 0)
        if left:
            self.fails = {**self.fails, question: left - 1}
        return left > 0

    def host_at(self, base: str) -> str:
        """In locations: what was set, else the host that serves GitLab too. base: GitLab's URL."""
        return self.host or base.partition("://")[2].partition("/")[0]


@dataclass
class Clock:
    """Stands still where it was set, else is this machine's. advanced: seconds it was moved on by in all."""

    frozen: datetime | None = None
    offset: timedelta = timedelta()
    advanced: float = 0.0

    def now(self) -> datetime:
        return self.frozen or datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.advanced += seconds
        if self.frozen:
            self.frozen += timedelta(seconds=seconds)
        else:
            self.offset += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        """The time of jobs and leases, in seconds: what really went by, and what tests moved the clock on."""
        return time.monotonic() + self.advanced


@dataclass
class RateLimit:
    """So many requests of a token in a window of retry_after seconds."""

    requests: int
    retry_after: float


@dataclass(frozen=True)
class Features:
    """What came bit by bit. repository_rules: current, old_path, none. tag_rules: full, no_delete, ..., none.
    branch_pages: numbered, or keyset with the feature flag branch_list_keyset_pagination."""

    repository_rules: str
    tag_rules: str
    branch_pages: str = "numbered"


FEATURES = {
    "G15": Features("none", "none"),
    "G17": Features("old_path", "none"),
    "G18": Features("current", "full"),
}


@dataclass
class CleanupSettings:
    """page_size: tags; max_list_size: tags a run, 0 for all; times in seconds, delete_timeout 0 for none."""

    page_size: int = 1000
    max_list_size: int = 200
    sample_seed: int = 0
    delete_timeout: float = 250
    seconds_per_delete: float = 0


@dataclass
class JobSettings:
    """delay: seconds until a job starts. failures: first runs of every job that fail by themselves.

    retries: of a job that failed, each retry_wait seconds after.
    """

    delay: float = 0
    failures: int = 0
    retries: int = 3
    retry_wait: float = 15


@dataclass
class PackageFile:
    """A file of a package; there may be several of one name."""

    id: int
    name: str
    content: bytes
    created: datetime


@dataclass
class Package:
    """A version of a generic package, with its files in the order in which they came."""

    id: int
    project_id: int
    name: str
    version: str
    created: datetime
    files: list[PackageFile] = field(default_factory=list)


@dataclass
class State:
    """real: images are in a real registry, but for those that the scenario lists.

    leases: repository ids and the elapsed() at which they expire. sampler: chooses among too many tags.
    images: those that the scenario gave a label. packages: generic ones, whose files object_storage gives out.
    generic_duplicates: a file may be stored beside another one of its name.
    """

    clock: Clock = field(default_factory=Clock)
    mode: Mode = "M1"
    real: bool = False
    generation: Generation = "G18"
    version: str = VERSIONS["G18"]
    features: Features = FEATURES["G18"]
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    rate_limits: dict[str, RateLimit] = field(default_factory=dict)
    policy_older_than: tuple[str, ...] = OLDER_THAN
    policies_off_without_images: bool = False
    cleanup: CleanupSettings = field(default_factory=CleanupSettings)
    job_settings: JobSettings = field(default_factory=JobSettings)
    queue: Queue = field(default_factory=Queue)
    leases: dict[int, float] = field(default_factory=dict)
    sampler: random.Random = field(default_factory=lambda: random.Random(0))
    external_url: str | None = None
    graphql_enabled: bool = True
    graphql_missing_fields: tuple[str, ...] = ()
    graphql_calls: int | None = None
    complexity_limit: int | None = None
    omit_date: bool = False
    admin_mode: bool = True
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    groups: IndexedById[Group] = field(default_factory=IndexedById)
    projects: IndexedById[Project] = field(default_factory=IndexedById)
    repositories: Repositories = field(default_factory=Repositories)
    removed: list[Repository] = field(default_factory=list)
    images: dict[str, ImageSpec] = field(default_factory=dict)
    last_rule: int = 0
    object_storage: bool = False
    generic_duplicates: bool = True
    packages: list[Package] = field(default_factory=list)
    last_package_file: int = 0

    def new_rule_id(self) -> int:
        """The next id of a protection rule, unique over the server."""
        self.last_rule += 1
        return self.last_rule

    def project_at(self, path: str) -> Project | None:
        return self.projects.at(path)

    def moved_project(self, path: str) -> Project | None:
        wanted = path.lower()
        return next(
            (item for item in self.projects.values() if wanted in [former.lower() for former in item.former_paths]),
            None,
        )

    def move_project(self, project: Project, path: str) -> None:
        """The old path leads to it from now on, and its repositories have new ones."""
        project.former_paths.append(project.path)
        project.path = path
        self.projects.reindex()
        self.repositories.reindex()

    def group_at(self, path: str) -> Group | None:
        return self.groups.at(path)

    def repository_at(self, path: str) -> Repository | None:
        return self.repositories.at(path)

    def repositories_of(self, projects: Iterable[Project]) -> list[Repository]:
        """By id."""
        found = (item for project in projects for item in self.repositories.of(project))
        return sorted(found, key=lambda item: item.id)

    def projects_within(self, group: Group) -> list[Project]:
        """The projects of the group and of the groups below it."""
        prefix = group.path.lower() + "/"
        return [project for project in self.projects.values() if project.path.lower().startswith(prefix)]
