# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab does in the background: bulk deletions, deletions of repositories, runs of cleanup policies.

Nothing runs by itself: whatever is due is done before the next request is served, on a clock of waiting that tests
move. A job's own duration counts for its time limit only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from . import access
from .access import Caller
from .cleanup import Candidate, Parameters, Result, Stopped, cleanup
from .registry import Registry, Unreachable, tags_of
from .state import LEVELS, Project, Repository, State

LEASE_SECONDS = 3600.0
MOST_ATTEMPTS = 10
CADENCES = {"1d": 1, "7d": 7, "14d": 14, "1month": 30, "3month": 90}
EVERYTHING = Parameters(name_regex=None, name_regex_delete=".*", name_regex_keep=None, keep_n=None, older_than=None)


class NothingDeletedError(Exception):
    """GitLab sums up what each page deleted, and stumbles over a page of which nothing went."""


@dataclass
class Job:
    """kind: bulk, repository or policy. caller: whose rights count, None for nobody's. due: when it runs."""

    kind: str
    repository_id: int
    path: str
    caller: Caller | None
    parameters: Parameters
    due: float
    state: str = "queued"
    attempts: int = 0
    result: dict[str, Any] | None = None

    def row(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "repository": self.path,
            "parameters": vars(self.parameters),
            "state": self.state,
            "attempts": self.attempts,
            "result": self.result,
        }


@dataclass
class Background:
    """jobs: in the order they came. leases: until when each repository takes no further bulk deletion."""

    jobs: list[Job] = field(default_factory=list)
    leases: dict[int, float] = field(default_factory=dict)
    looked_at: datetime | None = None

    def take_lease(self, state: State, repository: Repository) -> bool:
        """Whether it was free. Nothing but time gives it back."""
        now = state.clock.elapsed()
        if self.leases.get(repository.id, 0.0) > now:
            return False
        self.leases[repository.id] = now + LEASE_SECONDS
        return True

    def queue(
        self, state: State, kind: str, repository: Repository, caller: Caller | None, parameters: Parameters
    ) -> Job:
        due = state.clock.elapsed() + state.job_settings.delay
        job = Job(kind, repository.id, repository.path, caller, parameters, due)
        self.jobs.append(job)
        return job

    def run_due(self, state: State, registry: Callable[[State], Registry], *, at_once: bool = False) -> None:
        """Everything that is due, or with at_once everything that waits."""
        self._queue_policies(state)
        now = state.clock.elapsed()
        for job in [job for job in self.jobs if job.state == "queued" and (at_once or job.due <= now)]:
            _run(state, registry(state), job)

    def _queue_policies(self, state: State) -> None:
        """Policies whose time has come since the last look; one that was late from the start waits for a command."""
        before, now = self.looked_at, state.clock.now()
        self.looked_at = now
        if before is None or now <= before:
            return
        for project in state.projects.values():
            following = _next_run(project)
            if following is not None and before < following <= now:
                self.run_policy(state, project)

    def run_policy(self, state: State, project: Project) -> None:
        """Queue the cleanup of every repository by the project's policy."""
        policy = project.policy
        if policy is None or not policy["enabled"]:
            return
        now = state.clock.now()
        policy["next_run_at"] = _rails_time(now + timedelta(days=CADENCES[policy["cadence"]]))
        parameters = Parameters(
            policy["name_regex"], None, policy["name_regex_keep"], policy["keep_n"], policy["older_than"]
        )
        for repository in state.repositories_of([project]):
            if repository.status is None:
                repository.cleanup_policy_started_at = now
                self.queue(state, "policy", repository, None, parameters)


def _next_run(project: Project) -> datetime | None:
    policy = project.policy
    if policy is None or not policy["enabled"] or not policy["next_run_at"]:
        return None
    return datetime.fromisoformat(policy["next_run_at"])


def _rails_time(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run(state: State, registry: Registry, job: Job) -> None:
    repository = state.repositories.get(job.repository_id)
    if repository is None:
        job.state = "done"
    elif job.kind == "repository":
        _delete_repository(state, registry, job, repository)
    else:
        _clean(state, registry, job, repository)


def _clean(state: State, registry: Registry, job: Job, repository: Repository) -> None:
    """A run of a bulk deletion or a policy; an exception brings it back for a few more."""
    settings = state.job_settings
    job.attempts += 1
    if job.attempts <= settings.failures:
        result = Result("exception", "it failed on command")
    else:
        result = clean(state, registry, repository, job.parameters, job.caller)
    job.result = _told(result)
    if job.kind == "policy" and result.message == "invalid regex" and repository.project.policy:
        repository.project.policy["enabled"] = False
    if result.status != "exception":
        job.state = "done"
    elif job.attempts > settings.retries:
        job.state = "dead"
    else:
        job.due = state.clock.elapsed() + settings.retry_wait


def _told(result: Result) -> dict[str, Any]:
    return {"status": result.status, "message": result.message, "deleted": sorted(result.deleted), **result.sizes}


def clean(
    state: State,
    registry: Registry,
    repository: Repository,
    parameters: Parameters,
    caller: Caller | None,
    *,
    keep_latest: bool = True,
) -> Result:
    """The cleanup of one repository. caller: whose rights count; None is GitLab itself, whom every rule binds."""
    if caller is not None and access.project_level(state, caller, repository.project) < LEVELS["developer"]:
        return Result("error", "access denied")

    def protected(name: str) -> bool:
        if caller is None:
            return bool(access.rules_for(repository.project, name))
        return access.is_protected(state, caller, repository, name)

    try:
        return cleanup(
            _candidates(registry, repository),
            parameters,
            database=registry.database,
            now=_seconds(state.clock.now()),
            keep_latest=keep_latest,
            page_size=state.cleanup.page_size,
            max_list_size=state.cleanup.max_list_size,
            chance=random.Random(state.cleanup.sample_seed),
            protected=protected,
            delete=_Deleter(state, registry, repository),
        )
    except Unreachable:
        return Result("exception", "the registry can't be reached")
    except NothingDeletedError:
        return Result("exception", "undefined method `size' for nil")


class _Deleter:
    """Deletes names one by one until the time is up."""

    def __init__(self, state: State, registry: Registry, repository: Repository) -> None:
        self._state = state
        self._registry = registry
        self._repository = repository
        self._spent = 0.0

    def __call__(self, names: list[str]) -> list[str]:
        settings = self._state.cleanup
        deleted: list[str] = []
        for name in names:
            if settings.delete_timeout and self._spent > settings.delete_timeout:
                raise Stopped(deleted)
            try:
                outcome = self._registry.delete(self._repository, name)
            except Unreachable:
                raise Stopped(deleted) from None
            self._spent += settings.seconds_per_delete
            if outcome != "refused":
                deleted.append(name)
        if names and not deleted and self._registry.database:
            raise NothingDeletedError
        return deleted


def _candidates(registry: Registry, repository: Repository) -> list[Candidate]:
    """All tags with the date that the cleanup goes by, which without a database is only read when it is asked for."""
    names = registry.names(repository)
    if not registry.database:
        return [Candidate(view.name, _exact(view.created_at)) for view in registry.views(repository, names)]
    tags = tags_of(repository)
    found = (tags.get(name) for name in names)
    return [Candidate(tag.name, _exact(tag.updated_at or tag.created_at)) for tag in found if tag]


def _exact(value: datetime | None) -> Fraction | None:
    return None if value is None else _seconds(value)


def _seconds(value: datetime) -> Fraction:
    whole = value.replace(microsecond=0)
    return Fraction(int(whole.timestamp())) + Fraction(value.microsecond, 10**6)


def _delete_repository(state: State, registry: Registry, job: Job, repository: Repository) -> None:
    """One attempt: all tags, then the repository. Without a database GitLab remembers the count from before."""
    if repository.status not in ("delete_scheduled", "delete_ongoing"):
        job.state = "done"
        return
    repository.status = "delete_ongoing"
    job.attempts += 1
    before = len(registry.names(repository)) if registry.is_reachable(repository) else 1
    result = clean(state, registry, repository, EVERYTHING, None, keep_latest=False)
    job.result = _told(result)
    left = before if not registry.database else len(registry.names(repository)) if before else 0
    if result.status == "success" and not left:
        del state.repositories[repository.id]
        job.state = "done"
        return
    if repository.failed_attempts >= MOST_ATTEMPTS:
        repository.status = "delete_failed"
        job.state = "done"
        return
    job.due = state.clock.elapsed() + 60.0 * 2**repository.failed_attempts
    repository.failed_attempts += 1
    repository.status = "delete_scheduled"


def schedule_deletion(background: Background, state: State, repository: Repository) -> None:
    """Asking again while it is scheduled, under way or failed starts over."""
    again = repository.status in ("delete_scheduled", "delete_ongoing")
    repository.status = "delete_scheduled"
    waiting = (job for job in background.jobs if job.kind == "repository" and job.repository_id == repository.id)
    if again and any(job.state == "queued" for job in waiting):
        return
    repository.failed_attempts = 0
    background.queue(state, "repository", repository, None, EVERYTHING)
