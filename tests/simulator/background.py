# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's background work on registries: bulk deletions, policies, repositories that are to go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from . import access, cleanup, durations, patterns
from .access import Caller
from .cleanup import CleanupParameters
from .jobs import Job, Steps
from .registry import Registry, Unreachable
from .scenario import AGES, CADENCES, COUNTS
from .state import Project, Repository, State

LEASE = 3600.0
# A repository that is being deleted for longer is taken up again.
STALE = 1800.0
MOST_ATTEMPTS = 10
MOST_AT_ONCE = 2
# When a deletion that found no place looks for one again.
ROUND = 60.0
UNDERWAY = ("delete_scheduled", "delete_ongoing")


def take_lease(state: State, repository: Repository) -> bool:
    """Whether it was free. It belongs to the repository's id alone, and only time gives it back."""
    now = state.clock.elapsed()
    if state.leases.get(repository.id, 0) > now:
        return False
    state.leases[repository.id] = now + LEASE
    return True


def delete_tags(
    state: State, registry: Registry, repository: Repository, parameters: CleanupParameters, caller: Caller
) -> None:
    """Queue a bulk deletion in the caller's name."""
    queued = {name: value for name, value in asdict(parameters).items() if name != "keep_latest"}

    def attempt() -> dict[str, Any] | None:
        if state.repositories.get(repository.id) is not repository:
            return None
        if not access.can_destroy_images(state, caller, repository.project):
            return {"status": "error", "deleted": [], "message": "access denied"}
        return cleanup.run(state, registry, repository, parameters, caller)

    job = Job("delete_tags", repository.path, repository.id, queued, state.clock.elapsed() + state.job_settings.delay)
    state.queue.add(job, lambda job: _retried(state, job, attempt))


def _retried(state: State, job: Job, attempt: Callable[[], dict[str, Any] | None]) -> Steps:
    """A job that raises is run again a few times; one that merely fails is not."""
    settings = state.job_settings
    while True:
        job.attempts += 1
        job.result = _own_failure() if job.attempts <= settings.failures else attempt()
        if job.result is None or job.result["status"] != "exception":
            return
        if job.attempts > settings.retries:
            job.state = "failed"
            return
        yield settings.retry_wait


def _own_failure() -> dict[str, Any]:
    return {"status": "exception", "deleted": [], "exception": "RuntimeError", "message": "the job failed on command"}


def plan(state: State, registry: Registry) -> None:
    """Queue what begins by itself: policies that are due, and deletions that nobody works on."""
    for project in state.projects.values():
        policy = project.policy
        if policy and policy["enabled"] and _is_due(policy["next_run_at"], state.clock.now()):
            run_policy(state, registry, project)
    working = _in_deletion(state)
    for repository in state.repositories.values():
        if repository.status in UNDERWAY and repository.id not in working:
            _queue_deletion(state, registry, repository, STALE)


def _is_due(time: str | None, now: datetime) -> bool:
    return time is not None and datetime.fromisoformat(time) <= now


def _in_deletion(state: State) -> set[int]:
    """The ids of the repositories that a waiting job deletes."""
    return {job.repository_id for job in state.queue.waiting if job.kind == "delete_repository"}


def run_policy(state: State, registry: Registry, project: Project) -> None:
    """Queue the cleanup of every repository of a project, or switch a policy off that is not valid."""
    policy = project.policy
    if policy is None or not policy["enabled"]:
        return
    if not _is_valid(policy):
        policy["enabled"] = False
        return
    step = timedelta(seconds=durations.seconds(policy["cadence"]) or 0)
    policy["next_run_at"] = (state.clock.now() + step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    names = ("name_regex", "name_regex_keep", "keep_n", "older_than")
    parameters = CleanupParameters(**{name: policy[name] for name in names})
    queued = {name: policy[name] for name in names}
    for repository in state.repositories_of([project]):
        job = Job("policy", repository.path, repository.id, queued, state.clock.elapsed())
        state.queue.add(job, _policy_steps(state, registry, repository, parameters))


def _policy_steps(
    state: State, registry: Registry, repository: Repository, parameters: CleanupParameters
) -> Callable[[Job], Steps]:
    def attempt() -> dict[str, Any] | None:
        if state.repositories.get(repository.id) is not repository:
            return None
        repository.cleanup_policy_started_at = state.clock.now()
        return cleanup.run(state, registry, repository, parameters)

    return lambda job: _retried(state, job, attempt)


def _is_valid(policy: dict[str, Any]) -> bool:
    listed = policy["cadence"] in CADENCES and policy["keep_n"] in COUNTS and policy["older_than"] in AGES
    chosen = [policy["name_regex"], policy["name_regex_keep"]]
    legal = not any(patterns.mistake(pattern) for pattern in chosen if pattern)
    return listed and legal and bool((policy["name_regex"] or "").strip())


def delete_repository(state: State, registry: Registry, repository: Repository) -> None:
    """Schedule it, also anew."""
    repository.status = "delete_scheduled"
    if repository.id not in _in_deletion(state):
        _queue_deletion(state, registry, repository, state.job_settings.delay)


def _queue_deletion(state: State, registry: Registry, repository: Repository, delay: float) -> None:
    job = Job("delete_repository", repository.path, repository.id, {}, state.clock.elapsed() + delay)
    state.queue.add(job, lambda job: _deletion(state, registry, repository, job))


def _deletion(state: State, registry: Registry, repository: Repository, job: Job) -> Steps:
    """Attempt after attempt with longer and longer pauses, until its tags are gone or patience is."""
    while state.repositories.get(repository.id) is repository and repository.status in UNDERWAY:
        others = [item for item in state.repositories.values() if item is not repository]
        if sum(item.status == "delete_ongoing" for item in others) >= MOST_AT_ONCE:
            yield ROUND
            continue
        job.attempts += 1
        repository.status = "delete_ongoing"
        if job.attempts <= state.job_settings.failures:
            job.result, is_gone = _own_failure(), False
        else:
            job.result, is_gone = _delete_all(state, registry, repository)
        duration = len(job.result["deleted"]) * state.cleanup.seconds_per_delete
        if duration:
            yield duration
        if is_gone:
            state.removed.append(state.repositories.pop(repository.id))
            return
        if repository.failed_attempts >= MOST_ATTEMPTS:
            repository.status = "delete_failed"
            job.state = "failed"
            return
        pause = 60.0 * 2**repository.failed_attempts
        repository.failed_attempts += 1
        repository.status = "delete_scheduled"
        yield pause


def _delete_all(state: State, registry: Registry, repository: Repository) -> tuple[dict[str, Any], bool]:
    """What the cleanup did, and whether the repository may go.

    Without a database the tags are counted before they go and never again, so that it goes in the next attempt.
    """
    parameters = CleanupParameters(name_regex_delete=".*", keep_latest=False)
    try:
        before = registry.count(repository)
        result = cleanup.run(state, registry, repository, parameters)
        left = registry.count(repository) if registry.database else before
    except Unreachable:
        return cleanup.unreachable(), False
    return result, result["status"] == "success" and left == 0
