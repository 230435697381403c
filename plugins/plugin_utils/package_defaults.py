# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the packages of a role are called if nobody says it: the same in all jobs of a workflow or pipeline. Pure."""

from __future__ import annotations

import re
import typing as t

from ..module_utils._core.numbers import whole
from .documents import ValueRefused, shown

# The keys of each package, and what its file is called on localhost and on another host.
_KEYS = ("project", "package", "version", "file_name")
PACKAGES: dict[str, tuple[tuple[str, ...], tuple[str, str]]] = {
    "plan_package": ((*_KEYS, "overwrite"), ("plan.jsonl", "{}.jsonl")),
    "approved_plan_package": (_KEYS, ("plan.jsonl", "{}.jsonl")),
    "journal_package": (_KEYS, ("journal", "{}-journal")),
    "plans_package": ((*_KEYS, "overwrite"), ("merged.jsonl", "merged.jsonl")),
}
# All nodes of a workflow see the same id, except for those in slices. Controllers before AWX wrote tower for awx.
_WORKFLOW = ("awx_workflow_job_id", "tower_workflow_job_id")
_PIPELINE = "CI_PIPELINE_ID"
# What GitLab takes in the name of a file, less what may not begin or end one.
_UNSAFE = re.compile("[^A-Za-z0-9._+-]", re.ASCII)
_LONGEST = 200


class Job(t.NamedTuple):
    """What is known of the job that a role runs in.

    Args:
        host: the name of the host in the inventory.
        run: the id of the workflow or pipeline that the job is of; empty if it is of none.
    """

    host: str = "localhost"
    run: str = ""


def job_of(variables: t.Mapping[str, t.Any], environment: t.Mapping[str, str]) -> Job:
    """The job that a role runs in.

    Args:
        variables: of the host.
        environment: of ansible-playbook.
    """
    ids = [*(variables.get(name) for name in _WORKFLOW), environment.get(_PIPELINE)]
    found = [str(each).strip() for each in ids if each is not None and str(each).strip()]
    return Job(host=str(variables.get("inventory_hostname", "localhost")), run=found[0] if found else "")


def completed(option: str, given: t.Any, job: Job) -> dict[str, t.Any]:
    """A package with all that nobody said about it.

    Args:
        option: one of PACKAGES.
        given: what was said.
        job: which runs the role.

    Raises:
        ValueRefused: it can't be meant, or has no version.
    """
    keys, (on_localhost, on_host) = PACKAGES[option]
    if not isinstance(given, dict):
        raise ValueRefused("is not a dictionary")
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise ValueRefused(f"has the key {shown(unknown[0])}: the keys are {', '.join(keys)}")
    # A template that is a number is one since ansible-core 2.19.
    package = {key: value if whole(value) is None else str(value) for key, value in given.items()}
    empty = [key for key, value in package.items() if value is None or isinstance(value, str) and not value.strip()]
    if empty:
        raise ValueRefused(f"has an empty {empty[0]}: give a value, or leave it out")
    if "project" not in package:
        raise ValueRefused("has no project: give the project that contains the package")
    if "version" not in package and not job.run:
        raise ValueRefused(
            "has no version, and this is not a job of a workflow (awx_workflow_job_id) or of a pipeline "
            "(CI_PIPELINE_ID), which would give a version: set one"
        )
    name = on_localhost if job.host == "localhost" else on_host.format(_safe(job.host))
    return {"version": job.run, "file_name": name, **package}


def _safe(host: str) -> str:
    """The name of a host as a part of a file's name. A plan is never stored over another one, so a clash is told."""
    return _UNSAFE.sub("-", host)[:_LONGEST]
