# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of which a test names only the fields that matter to it."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Project, Repository, ServerPolicy


def digest(letter: str) -> str:
    """A digest of the letter alone."""
    return "sha256:" + letter * 64


def repository(**fields: Any) -> Repository:
    """A repository as GitLab tells it, team/app unless the fields say otherwise."""
    usual = {
        "id": 7,
        "path": "team/app",
        "name": "",
        "project_id": 3,
        "location": "",
        "status": None,
        "created_at": None,
        "cleanup_policy_started_at": None,
    }
    return Repository(**{**usual, **fields})


def server_policy(**fields: Any) -> ServerPolicy:
    """A cleanup policy that deletes all old tags but ten, unless the fields say otherwise."""
    usual = {
        "enabled": True,
        "cadence": "1d",
        "keep_n": 10,
        "older_than": "90d",
        "name_regex": ".*",
        "name_regex_keep": None,
        "next_run_at": "2026-06-02T12:00:00.000Z",
    }
    return ServerPolicy(**{**usual, **fields})


def project(**fields: Any) -> Project:
    """A project as GitLab tells it, team/app unless the fields say otherwise."""
    usual = {
        "id": 1,
        "path": "team/app",
        "namespace": "team",
        "access_level": "enabled",
        "policy": server_policy(),
        "archived": False,
        "image_prefix": "registry.test/team/app",
    }
    return Project(**{**usual, **fields})
