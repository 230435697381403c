# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a scenario, as tests write it in JSON, to a state. README.md has the table of its keys."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from . import dates
from .contents import DOCKER_IMAGE, DOCKER_LIST, IMAGE, INDEX, INDEXES, UNKNOWN, ImageSpec, child_label, make
from .dates import iso
from .granular import PERMISSIONS
from .patterns import mistake
from .state import (
    FEATURES,
    LEVELS,
    VERSIONS,
    CleanupSettings,
    Clock,
    Deployment,
    Features,
    Generation,
    Group,
    JobSettings,
    MergeRequest,
    Mode,
    Project,
    RateLimit,
    References,
    RegistrySettings,
    Repository,
    RepositoryRule,
    State,
    Tag,
    TagRule,
    Tags,
    Token,
    User,
)

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
TAG_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
# The most rows that a registry with a database gives in a page.
MOST_ROWS = 1000
KINDS = ("personal", "project", "group", "oauth", "job", "deploy")
CADENCES = ("1d", "7d", "14d", "1month", "3month")
AGES = ("7d", "14d", "30d", "60d", "90d", None)
COUNTS = (1, 5, 10, 25, 50, 100, None)
VISIBILITIES = ("private", "internal", "public")
RULE_LEVELS = ("maintainer", "owner", "admin")
MODES = ("M1", "M2", "M3")
# What the schema of a generation does not have yet: fields of 16.8, 17.0, 17.9 and 17.11, and a type of 17.8. The next
# releases are G18 without some of them.
LATER_FIELDS: dict[Generation, tuple[str, ...]] = {
    "G15": (
        "ContainerRepositoryTag.publishedAt",
        "ContainerRepositoryDetails.lastPublishedAt",
        "ContainerRepositoryTag.protection",
        "ContainerProtectionAccessLevel",
        "ContainerProtectionTagRule",
    ),
    "G17": ("ContainerRepositoryTag.protection", "ContainerProtectionAccessLevel", "ContainerProtectionTagRule"),
    "G18": (),
}
DEPLOYMENT_STATUSES = ("created", "running", "success", "failed", "canceled", "skipped", "blocked")
STATUSES = ("delete_scheduled", "delete_ongoing", "delete_failed")
# Another vendor's registry gives no more than it is asked for; GitLab's own is said to do either.
CAPS: dict[Mode, int] = {"M3": 10_000}
TRAFFIC = ("api", "web")
REGISTRY_STATES = ("ok", "unreachable", "error")
DELETES = ("by_dummy", "by_digest", "refused", "refused_after_overwrite")
QUESTIONS = ("database", "count", "count_reset", "list")
AUTHS = ("token", "none", "basic")
MOUNTS = ("ok", "refused")
PLATFORM = re.compile(r"[^/]+/[^/]+(/[^/]+)?")
POLICY: dict[str, Any] = {
    "cadence": "1d",
    "enabled": False,
    "keep_n": 10,
    "older_than": "90d",
    "name_regex": ".*",
    "name_regex_keep": None,
    "next_run_at": "2026-06-02T12:00:00.000Z",
}
_NOTHING = object()


class ScenarioError(Exception):
    """What is wrong, and where."""


class Row:
    """An object of the scenario, read key by key; done() refuses the keys that nobody read."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ScenarioError(f"{where}: must be an object, not {type(value).__name__}")
        self.value = value
        self.where = where
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def wrong(self, key: str, text: str) -> ScenarioError:
        return ScenarioError(f"{self.where}.{key}: {text}")

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = _NOTHING) -> Any:
        self._read.add(key)
        value = self.value.get(key, default)
        if value is _NOTHING:
            raise self.wrong(key, "is missing")
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if value is default or (value is None and default is None):
            return value
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.wrong(key, f"must be {' or '.join(item.__name__ for item in kinds)}, not {value!r}")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None) -> Any:
        value = self.get(key, str, default)
        if value is not None and value not in choices:
            raise self.wrong(key, f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def time(self, key: str, default: datetime | None = None) -> datetime | None:
        value = self.get(key, str, None)
        return default if value is None else parse_time(value, f"{self.where}.{key}")

    def texts(self, key: str) -> list[str]:
        value = self.get(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "must be a list of strings")
        return list(value)

    def rows(self, key: str) -> Iterator[Row]:
        for number, value in enumerate(self.get(key, list, [])):
            yield Row(value, f"{self.where}.{key}[{number}]")

    def done(self) -> None:
        unknown = sorted(set(self.value) - self._read)
        if unknown:
            raise ScenarioError(f"{self.where}: unknown keys: {', '.join(unknown)}")


def parse_time(text: str, where: str) -> datetime:
    try:
        return dates.read(text)
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None


def build(scenario: Any, *, mode: str | None = None, real: bool = False) -> State:
    """The state of a scenario. mode goes over its own. real: repositories without tags are in a real registry."""
    row = Row(scenario, "scenario")
    chosen = mode or row.get("mode", str, "M1")
    row.choice("mode", MODES, "M1")
    if real:
        chosen = "M2"
    state = State(mode=cast(Mode, chosen), real=real)
    state.clock = Clock(row.time("clock"))
    state.generation = row.choice("generation", tuple(VERSIONS), state.generation)
    state.version = row.get("version", str, VERSIONS[state.generation])
    state.features = _features(Row(row.get("features", dict, {}), "scenario.features"), FEATURES[state.generation])
    state.registry = _registry(Row(row.get("registry", dict, {}), "scenario.registry"), state.mode)
    state.rate_limits = _rate_limits(row.get("rate_limit", dict, None))
    if "policy_older_than" in row:
        state.policy_older_than = tuple(row.texts("policy_older_than"))
    state.policies_off_without_images = row.get("policies_off_without_images", bool, False)
    state.cleanup = _cleanup(Row(row.get("cleanup", dict, {}), "scenario.cleanup"))
    state.job_settings = _jobs(Row(row.get("jobs", dict, {}), "scenario.jobs"))
    state.sampler = random.Random(state.cleanup.sample_seed)
    state.external_url = row.get("external_url", str, None)
    state.graphql_enabled = row.get("graphql_enabled", bool, True)
    missing = [*LATER_FIELDS[state.generation], *row.texts("graphql_missing_fields")]
    state.graphql_missing_fields = tuple(dict.fromkeys(missing))
    state.graphql_calls = row.get("graphql_calls", int, None)
    state.complexity_limit = row.get("complexity_limit", int, None)
    state.object_storage = row.get("object_storage", bool, False)
    state.generic_duplicates = row.get("generic_duplicates", bool, True)
    state.omit_date = row.get("omit_date", bool, False)
    state.admin_mode = row.get("admin_mode", bool, True)
    for item in row.rows("users"):
        _add_user(state, item)
    for item in row.rows("tokens"):
        _add_token(state, item)
    for item in row.rows("groups"):
        _add_group(state, item)
    for item in row.rows("projects"):
        _add_project(state, item)
    for item in row.rows("repositories"):
        _add_repository(state, item)
    row.done()
    return state


def _features(row: Row, usual: Features) -> Features:
    features = Features(
        row.choice("repository_rules", ("current", "old_path", "none"), usual.repository_rules),
        row.choice("tag_rules", ("full", "no_delete", "no_update", "read_only", "none"), usual.tag_rules),
        row.choice("branch_pages", ("numbered", "keyset"), usual.branch_pages),
    )
    row.done()
    return features


def _registry(row: Row, mode: Mode) -> RegistrySettings:
    settings = RegistrySettings(
        host=row.get("host", str, None),
        state=row.choice("state", REGISTRY_STATES, RegistrySettings.state),
        error_status=row.get("error_status", int, RegistrySettings.error_status),
        enabled=row.get("enabled", bool, True),
        index_detail=row.choice("index_detail", ("missing", "nulls", "error"), RegistrySettings.index_detail),
        deletes=row.choice("deletes", DELETES, RegistrySettings.deletes),
        fails=_fails(Row(row.get("fails", dict, {}), f"{row.where}.fails")),
        undeletable=tuple(row.texts("undeletable")),
        lost_at=row.get("lost_at", str, None),
        cap=row.get("cap", int, None) if "cap" in row else CAPS.get(mode),
        auth=row.choice("auth", AUTHS, RegistrySettings.auth),
        token_lifetime=row.get("token_lifetime", (int, float), RegistrySettings.token_lifetime),
        deletes_enabled=row.get("deletes_enabled", bool, True),
        read_only=row.get("read_only", bool, False),
        mount=row.choice("mount", MOUNTS, RegistrySettings.mount),
        v2_page=row.get("v2_page", int, None),
        version=row.get("version", str, None),
        checks_urls=row.get("checks_urls", bool, True),
    )
    if settings.version is not None and not re.fullmatch(r"\d+\.\d+\.\d+-gitlab", settings.version):
        raise row.wrong("version", "must be as in 4.32.0-gitlab")
    if settings.v2_page is not None and settings.v2_page < 1:
        raise row.wrong("v2_page", "must be at least 1")
    row.done()
    return settings


def _fails(row: Row) -> dict[str, int]:
    found = {question: row.get(question, int) for question in QUESTIONS if question in row}
    row.done()
    return found


def _rate_limits(value: dict[str, Any] | None) -> dict[str, RateLimit]:
    """One for all requests together, or one for each kind of traffic."""
    if value is None:
        return {}
    row = Row(value, "scenario.rate_limit")
    if "requests" in row:
        return {"all": _rate_limit(row)}
    found = {kind: _rate_limit(Row(row.get(kind, dict), f"{row.where}.{kind}")) for kind in TRAFFIC if kind in row}
    row.done()
    return found


def _rate_limit(row: Row) -> RateLimit:
    limit = RateLimit(row.get("requests", int), row.get("retry_after", (int, float), 1))
    row.done()
    return limit


def _cleanup(row: Row) -> CleanupSettings:
    settings = CleanupSettings(
        page_size=row.get("page_size", int, CleanupSettings.page_size),
        max_list_size=row.get("max_list_size", int, CleanupSettings.max_list_size),
        sample_seed=row.get("sample_seed", int, CleanupSettings.sample_seed),
        delete_timeout=row.get("delete_timeout", (int, float), CleanupSettings.delete_timeout),
        seconds_per_delete=row.get("seconds_per_delete", (int, float), CleanupSettings.seconds_per_delete),
    )
    if not 1 <= settings.page_size <= MOST_ROWS:
        raise row.wrong("page_size", f"must be from 1 to {MOST_ROWS}")
    row.done()
    return settings


def _jobs(row: Row) -> JobSettings:
    settings = JobSettings(
        delay=row.get("delay", (int, float), JobSettings.delay),
        failures=row.get("failures", int, JobSettings.failures),
        retries=row.get("retries", int, JobSettings.retries),
        retry_wait=row.get("retry_wait", (int, float), JobSettings.retry_wait),
    )
    row.done()
    return settings


def _add_user(state: State, row: Row) -> None:
    name = row.get("username", str)
    state.users[name] = User(row.get("id", int, len(state.users) + 1), name, row.get("admin", bool, False))
    row.done()


def _add_token(state: State, row: Row) -> None:
    kind = row.choice("kind", KINDS, "personal")
    name = row.get("user", str, None)
    if name is None and kind != "deploy":
        raise row.wrong("user", "is missing")
    if name is not None and name not in state.users:
        raise row.wrong("user", f"there is no user {name!r}")
    project = row.get("project", str, None)
    if kind == "job" and project is None:
        raise row.wrong("project", "is missing: a job runs in a project")
    state.tokens[row.get("token", str)] = Token(
        kind,
        state.users.get(name or ""),
        frozenset(row.texts("scopes") if "scopes" in row else ["api"]),
        row.get("expired", bool, False),
        row.get("revoked", bool, False),
        project,
        _granular(row, kind),
    )
    row.done()


def _granular(row: Row, kind: str) -> frozenset[str] | None:
    if "granular" not in row:
        return None
    permissions = row.texts("granular")
    unknown = sorted(set(permissions) - set(PERMISSIONS))
    if unknown or kind != "personal" or "scopes" in row:
        raise row.wrong("granular", f"a personal token without scopes has some of {', '.join(PERMISSIONS)}")
    return frozenset(permissions)


def _members(state: State, row: Row) -> dict[str, str]:
    members = row.get("members", dict, {})
    for name, level in members.items():
        if name not in state.users:
            raise row.wrong("members", f"there is no user {name!r}")
        if level not in LEVELS or level == "admin":
            raise row.wrong("members", f"{level!r} is no role")
    return dict(members)


def _add_group(state: State, row: Row) -> None:
    number = row.get("id", int, state.groups.next_id)
    path = row.get("path", str)
    parent = path.rpartition("/")[0]
    if parent and not state.group_at(parent):
        raise row.wrong("path", f"there is no group {parent!r} above {path!r}")
    if number in state.groups or state.group_at(path):
        raise row.wrong("path", f"the group {path!r} or its id is there already")
    state.groups[number] = Group(
        number,
        path,
        row.choice("visibility", VISIBILITIES, "private"),
        _members(state, row),
        row.choice("kind", ("group", "user"), "group"),
    )
    row.done()


def _add_project(state: State, row: Row) -> None:
    number = row.get("id", int, state.projects.next_id)
    path = row.get("path", str)
    if number in state.projects or state.project_at(path):
        raise row.wrong("path", f"the project {path!r} or its id is there already")
    if not state.group_at(path.rpartition("/")[0]):
        raise row.wrong("path", f"there is no group for {path!r}")
    shared = row.texts("shared_with")
    for name in shared:
        if not state.group_at(name):
            raise row.wrong("shared_with", f"there is no group {name!r}")
    policy = row.get("policy", dict, None) if "policy" in row else {}
    if policy:
        unknown = sorted(set(policy) - set(POLICY))
        if unknown:
            raise row.wrong("policy", f"unknown keys: {', '.join(unknown)}")
    state.projects[number] = Project(
        id=number,
        path=path,
        visibility=row.choice("visibility", VISIBILITIES, "private"),
        access_level=row.choice("access_level", ("enabled", "private", "disabled"), "enabled"),
        archived=row.get("archived", bool, False),
        members=_members(state, row),
        former_paths=row.texts("former_paths"),
        shared_with=shared,
        policy=None if policy is None else {**POLICY, **policy},
        tag_rules=[_tag_rule(state, item) for item in row.rows("tag_rules")],
        repository_rules=[_repository_rule(state, item) for item in row.rows("repository_rules")],
        created_at=row.time("created_at") or EPOCH + timedelta(days=number),
        references=make_references(row),
        name=row.get("name", str, None),
        description=row.get("description", str, None),
        topics=row.texts("topics"),
        forked_from=row.get("forked_from", str, None),
    )
    row.done()


def make_references(row: Row) -> References:
    references = References(row.texts("branches"), row.texts("git_tags"), environments=row.texts("environments"))
    references.stopped = row.texts("stopped")
    for number, item in enumerate(row.rows("merge_requests"), 1):
        state = item.choice("state", ("opened", "closed", "locked", "merged"), "opened")
        request = MergeRequest(item.get("iid", int, number), item.get("source_branch", str), state)
        references.merge_requests.append(request)
        item.done()
    for item in row.rows("deployments"):
        environment = item.get("environment", str)
        if environment not in references.environments:
            raise item.wrong("environment", f"there is no environment {environment!r}")
        status = item.choice("status", DEPLOYMENT_STATUSES, "success")
        deployment = Deployment(environment, status, item.get("sha", str), item.get("ref", str, "main"))
        references.deployments.append(deployment)
        item.done()
    return references


def _rule_id(state: State, row: Row) -> int:
    """Unique over the server."""
    number: int = row.get("id", int, state.last_rule + 1)
    if number <= state.last_rule:
        raise row.wrong("id", f"rules are numbered in order, {number} comes after {state.last_rule}")
    state.last_rule = number
    return number


def _tag_rule(state: State, row: Row) -> TagRule:
    pattern = row.get("pattern", str)
    wrong = mistake(pattern)
    if wrong:
        raise row.wrong("pattern", f"is no RE2 pattern: {wrong}")
    immutable = row.get("immutable", bool, False)
    rule = TagRule(
        _rule_id(state, row),
        pattern,
        row.choice("delete", RULE_LEVELS, None if immutable else "maintainer"),
        row.choice("push", RULE_LEVELS, None if immutable else "maintainer"),
        immutable,
    )
    row.done()
    return rule


def _repository_rule(state: State, row: Row) -> RepositoryRule:
    rule = RepositoryRule(
        _rule_id(state, row),
        row.get("pattern", str),
        row.choice("push", RULE_LEVELS, None),
        row.choice("delete", RULE_LEVELS, None),
    )
    row.done()
    return rule


def _add_repository(state: State, row: Row) -> None:
    number = row.get("id", int, state.repositories.next_id)
    project = state.project_at(row.get("project", str))
    if project is None:
        raise row.wrong("project", f"there is no project {row.value['project']!r}")
    repository = Repository(
        id=number,
        project=project,
        name=row.get("name", str, "").lower(),
        status=row.choice("status", STATUSES, None),
        created_at=row.time("created_at") or EPOCH + timedelta(days=number),
        cleanup_policy_started_at=row.time("cleanup_policy_started_at"),
        registry_state=row.choice("registry_state", ("ok", "unknown", "error", "unreachable"), "ok"),
        tags=None,
        failed_attempts=row.get("failed_attempts", int, 0),
    )
    if number in state.repositories or state.repository_at(repository.path):
        raise row.wrong("id", f"the repository {repository.path!r} or its id is there already")
    tags = [make_tag(item, state, repository.path) for item in row.rows("tags")]
    if "generate" in row:
        tags += _generated(Row(row.get("generate", dict), f"{row.where}.generate"), state.mode, repository.path)
    if not state.real or "tags" in row or "generate" in row:
        repository.tags = Tags(tags)
        if len(repository.tags) != len(tags):
            raise row.wrong("tags", "two tags have the same name")
    row.done()
    state.repositories[number] = repository


def make_tag(row: Row, state: State, path: str) -> Tag:
    """A tag of the scenario with its defaults. published_at follows the last push, and is unknown on M2."""
    name = row.get("name", str)
    if not TAG_NAME.fullmatch(name):
        raise row.wrong("name", f"{name!r} is no tag name")
    unknown = "created_at" in row and row.value["created_at"] is None
    created = row.time("created_at", None if unknown else EPOCH + timedelta(days=365))
    updated = row.time("updated_at")
    published = row.time("published_at") or updated or created
    label = row.get("image", str, None)
    known = state.images.get(label or "")
    usual = known or ImageSpec("", INDEX if row.value.get("children") else IMAGE, created, 0)
    built = row.time("config_created") if "config_created" in row else usual.created
    tag = Tag(
        name=name,
        repository_path=path,
        media_type=row.get("media_type", str, usual.media_type),
        config=row.get("config", bool, usual.config if known else not row.value.get("children")),
        config_created=built,
        created_at=created,
        updated_at=updated,
        published_at=published if state.mode == "M1" else None,
        size=known.size if known else 1000 + sum(name.encode()) % 1000,
        own_digest=row.get("digest", str, None),
        image=label,
        shared_layers=_shared_layers(row) or usual.shared_layers,
        labels=_notes(row, "labels") or usual.labels,
        annotations=_notes(row, "annotations") or usual.annotations,
    )
    tag.children = _children(row, state, tag) or usual.children
    if tag.children and not known:
        tag.size = sum(child.size for child in tag.children)
    tag.size = row.get("size", int, tag.size)
    if tag.media_type in INDEXES:
        tag.children = tag.spec.children
    elif tag.children:
        raise row.wrong("children", f"{tag.media_type} is no index")
    if label:
        _same_image(row, state, tag.spec)
    if not tag.config:
        tag.config_created = None
    row.done()
    return tag


def _shared_layers(row: Row) -> tuple[tuple[str, int], ...]:
    return tuple((str(label), int(size)) for label, size in (row.get("shared_layers", dict, None) or {}).items())


def _notes(row: Row, name: str) -> tuple[tuple[str, Any], ...]:
    """Labels or annotations. A real image may have anything as a value."""
    return tuple((row.get(name, dict, None) or {}).items())


def _children(row: Row, state: State, tag: Tag) -> tuple[ImageSpec, ...]:
    rows = row.get("children", list, None) or []
    return tuple(
        _child(Row(value, f"{row.where}.children[{number}]"), state, tag, number) for number, value in enumerate(rows)
    )


def _child(row: Row, state: State, tag: Tag, number: int) -> ImageSpec:
    """An image of an index, or what BuildKit attests of one."""
    attests = row.get("attestation", bool, False)
    label = row.get("image", str, None)
    kind = DOCKER_IMAGE if tag.media_type == DOCKER_LIST else IMAGE
    usual = state.images.get(label or "") or ImageSpec(
        child_label(tag.spec, number), kind, None if attests else tag.config_created, 500 if attests else 1000 + number
    )
    spec = ImageSpec(
        label=label or usual.label,
        media_type=kind,
        created=row.time("config_created") if "config_created" in row else usual.created,
        size=row.get("size", int, usual.size),
        platform=row.get("platform", str, UNKNOWN if attests else usual.platform),
        attests=attests,
        shared_layers=_shared_layers(row) or usual.shared_layers,
        labels=_notes(row, "labels") or usual.labels,
        annotations=_notes(row, "annotations") or usual.annotations,
    )
    if not PLATFORM.fullmatch(spec.platform):
        raise row.wrong("platform", f"{spec.platform!r} is none, unlike linux/amd64")
    row.done()
    if label:
        _same_image(row, state, spec)
    return spec


def _same_image(row: Row, state: State, spec: ImageSpec) -> None:
    """A label is one image, wherever it stands."""
    known = state.images.setdefault(spec.label, spec)
    if make(known).manifest.digest != make(spec).manifest.digest:
        raise row.wrong("image", f"{spec.label!r} is another image elsewhere")


def _generated(row: Row, mode: str, path: str) -> Iterator[Tag]:
    """Many tags: prefix and a number with leading zeros, the first one oldest."""
    count = row.get("count", int)
    prefix = row.get("prefix", str, "v")
    first = row.time("first_created") or EPOCH
    step = timedelta(seconds=row.get("step_seconds", (int, float), 3600))
    row.done()
    width = len(str(max(count - 1, 0)))
    for number in range(count):
        at = first + step * number
        name = f"{prefix}{number:0{width}}"
        yield Tag(name, path, IMAGE, True, at, at, None, at if mode == "M1" else None, 1000 + number % 1000)


CONTENT = frozenset(
    {
        *("media_type", "config", "config_created", "size", "digest", "image", "children", "shared_layers"),
        *("labels", "annotations"),
    }
)
TAG_FIELDS = CONTENT | {"name", "created_at", "updated_at", "published_at"}


def describe_tag(tag: Tag) -> dict[str, Any]:
    """A tag as a scenario would have it, every key given."""
    times = ("config_created", "created_at", "updated_at", "published_at")
    row = {name: iso(getattr(tag, name)) if name in times else getattr(tag, name) for name in sorted(TAG_FIELDS)}
    children = [_describe_child(tag, child, number) for number, child in enumerate(tag.children)]
    notes = {"labels": dict(tag.labels), "annotations": dict(tag.annotations)}
    return {**row, **notes, "children": children, "shared_layers": dict(tag.shared_layers)}


def _describe_child(tag: Tag, child: ImageSpec, number: int) -> dict[str, Any]:
    return {
        "platform": child.platform,
        "config_created": iso(child.created),
        "size": child.size,
        "image": None if child.label == child_label(tag.spec, number) else child.label,
        "attestation": child.attests,
        "shared_layers": dict(child.shared_layers),
        "labels": dict(child.labels),
        "annotations": dict(child.annotations),
    }
