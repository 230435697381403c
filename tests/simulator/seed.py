# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.simulator.seed: pushes small images into a registry through its HTTP API.

The specification is JSON: {"<repository path>": [{"name": "v1", "created": "2026-01-01T00:00:00Z", "platforms":
["linux/amd64"], "same_as": "v0", "format": "oci"|"docker", "signs": "v1"}]}. One platform makes an image, several an
index or manifest list. created null leaves the date out. same_as gives another name to an image pushed before it.
signs makes a signature tag, sha256-<digest>.sig, for an image pushed before it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import requests

FORMATS = {
    "oci": {
        "image": "application/vnd.oci.image.manifest.v1+json",
        "index": "application/vnd.oci.image.index.v1+json",
        "config": "application/vnd.oci.image.config.v1+json",
        "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
    },
    "docker": {
        "image": "application/vnd.docker.distribution.manifest.v2+json",
        "index": "application/vnd.docker.distribution.manifest.list.v2+json",
        "config": "application/vnd.docker.container.image.v1+json",
        "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    },
}


class Seeder:
    """Pushes into one registry, and remembers what it pushed."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        self.pushed: dict[tuple[str, str], tuple[bytes, str, str]] = {}

    def blob(self, path: str, content: bytes) -> dict[str, Any]:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        base = f"{self.url}/v2/{path}"
        if self.session.head(f"{base}/blobs/{digest}", timeout=30).status_code != 200:
            location = self.session.post(f"{base}/blobs/uploads/", timeout=30).headers["Location"]
            self.session.put(location, params={"digest": digest}, data=content, timeout=30).raise_for_status()
        return {"digest": digest, "size": len(content)}

    def manifest(self, path: str, reference: str, manifest: dict[str, Any]) -> str:
        content = json.dumps(manifest).encode()
        return self.put(path, reference, content, manifest["mediaType"])

    def put(self, path: str, reference: str, content: bytes, media_type: str) -> str:
        answer = self.session.put(
            f"{self.url}/v2/{path}/manifests/{reference}",
            data=content,
            headers={"Content-Type": media_type},
            timeout=30,
        )
        answer.raise_for_status()
        digest = answer.headers["Docker-Content-Digest"]
        self.pushed[path, reference] = (content, media_type, digest)
        return digest

    def image(self, path: str, row: dict[str, Any], platform: str, reference: str | None) -> dict[str, Any]:
        types = FORMATS[row.get("format", "oci")]
        system, _slash, architecture = platform.partition("/")
        layer = self.blob(path, f"layer of {path}:{row['name']} for {platform}".encode())
        config: dict[str, Any] = {
            "architecture": architecture,
            "os": system,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        if row.get("created"):
            config["created"] = row["created"]
        manifest = {
            "schemaVersion": 2,
            "mediaType": types["image"],
            "config": {"mediaType": types["config"], **self.blob(path, json.dumps(config).encode())},
            "layers": [{"mediaType": types["layer"], **layer}],
        }
        content = json.dumps(manifest).encode()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.put(path, reference or digest, content, types["image"])
        return {
            "mediaType": types["image"],
            "digest": digest,
            "size": len(content),
            "platform": {"os": system, "architecture": architecture},
        }

    def tag(self, path: str, row: dict[str, Any]) -> None:
        if "same_as" in row:
            content, media_type, _digest = self.pushed[path, row["same_as"]]
            self.put(path, row["name"], content, media_type)
        elif "signs" in row:
            digest = self.pushed[path, row["signs"]][2]
            name = digest.replace(":", "-") + ".sig"
            self.image(path, {**row, "name": name}, "linux/amd64", name)
        elif len(row.get("platforms", [])) > 1:
            types = FORMATS[row.get("format", "oci")]
            children = [self.image(path, row, platform, None) for platform in row["platforms"]]
            self.manifest(path, row["name"], {"schemaVersion": 2, "mediaType": types["index"], "manifests": children})
        else:
            self.image(path, row, (row.get("platforms") or ["linux/amd64"])[0], row["name"])


def seed(url: str, specification: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, str]]:
    """Push everything; the digests by repository path and tag name."""
    seeder = Seeder(url)
    for path, rows in specification.items():
        for row in rows:
            seeder.tag(path, row)
    digests: dict[str, dict[str, str]] = {}
    for (path, reference), (_content, _type, digest) in seeder.pushed.items():
        if not reference.startswith("sha256:"):
            digests.setdefault(path, {})[reference] = digest
    return digests


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator.seed",
        description="Push small images into a registry.",
        epilog=(__doc__ or "").partition("\n\n")[2],
    )
    parser.add_argument("registry", help="URL of the registry")
    parser.add_argument("specification", type=Path, help="JSON file, see below")
    wish = parser.parse_args()
    json.dump(seed(wish.registry, json.loads(wish.specification.read_text())), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
