# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Docker registry behind the simulated GitLab, read as GitLab reads one without metadata database."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import requests

from . import registry
from .state import INDEXES, Repository, State

IMAGES = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
EVERYTHING = ", ".join([IMAGES, *INDEXES])
CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"


class RealBackend(registry.Backend):
    """Tags live in the registry; only what a scenario says of failures is simulated."""

    def __init__(self, state: State, url: str | None) -> None:
        super().__init__(state)
        self.url = (url or "").rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def database(self) -> bool:
        return False

    def ordered(self, repository: Repository) -> list[str]:
        answer = self.session.get(f"{self.url}/v2/{repository.path}/tags/list", timeout=30)
        return sorted(answer.json().get("tags") or []) if answer.ok else []

    def names(self, repository: Repository) -> list[str]:
        self._call(repository)
        return self.ordered(repository)

    def manifest(self, repository: Repository, name: str, accept: str) -> requests.Response | None:
        answer = self.session.get(
            f"{self.url}/v2/{repository.path}/manifests/{name}", headers={"Accept": accept}, timeout=30
        )
        return answer if answer.ok else None

    def detail(self, repository: Repository, name: str) -> dict[str, Any] | None:
        self._call(repository, 3)
        answer = self.manifest(repository, name, EVERYTHING)
        if answer is None:
            return None
        manifest = answer.json()
        if manifest.get("mediaType", answer.headers.get("Content-Type")) in INDEXES:
            behaviour = self.state.registry["index_detail"]
            if behaviour == "missing":
                return None
            if behaviour == "error":
                raise registry.Broken
            return {"revision": None, "short_revision": None, "digest": None, "created_at": None, "total_size": None}
        config = manifest["config"]["digest"]
        blob = self.session.get(f"{self.url}/v2/{repository.path}/blobs/{config}", timeout=30).json()
        created = _rfc3339(blob.get("created"))
        revision = config.partition(":")[2]
        return {
            "revision": revision,
            "short_revision": revision[:9],
            "digest": answer.headers["Docker-Content-Digest"],
            "created_at": created.isoformat(timespec="milliseconds") if created else None,
            "total_size": sum(layer["size"] for layer in manifest["layers"]),
        }

    def media_type(self, repository: Repository, name: str) -> str | None:
        answer = self.manifest(repository, name, EVERYTHING)
        return answer.headers.get("Content-Type") if answer is not None else None

    def delete(self, repository: Repository, name: str) -> bool:
        """This registry can't delete a tag: the tag is pointed to an image of its own, which is then deleted."""
        self._call(repository, 3)
        if self.manifest(repository, name, EVERYTHING) is None:
            return True
        base = f"{self.url}/v2/{repository.path}"
        config = json.dumps({"architecture": "none", "os": "none", "tag": f"{repository.path}:{name}"}).encode()
        digest = "sha256:" + hashlib.sha256(config).hexdigest()
        upload = self.session.post(f"{base}/blobs/uploads/", timeout=30).headers["Location"]
        self.session.put(upload, params={"digest": digest}, data=config, timeout=30).raise_for_status()
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_IMAGE,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest},
            "layers": [],
        }
        put = self.session.put(
            f"{base}/manifests/{name}", data=json.dumps(manifest), headers={"Content-Type": DOCKER_IMAGE}, timeout=30
        )
        put.raise_for_status()
        gone = self.session.delete(f"{base}/manifests/{put.headers['Docker-Content-Digest']}", timeout=30)
        return gone.status_code == 202


def _rfc3339(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
