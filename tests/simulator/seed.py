# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.simulator.seed: pushes small images into a registry through its HTTP API.

The specification is JSON: {"<repository path>": [{"name": "v1", "created": "2026-01-01T00:00:00Z", "platforms":
["linux/amd64"], "same_as": "v0", "format": "oci"|"docker", "signs": "v1"}]}. One platform makes an image, several an
index or manifest list. created null leaves the date out. same_as gives another name to an image pushed before it.
signs makes a signature tag, sha256-<digest>.sig, for an image pushed before it. labels and annotations have names and
values; artifact is the type of what oras pushes: an empty config, and no date but the annotation's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .images import Authorize, RegistryClient

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


@dataclass(frozen=True)
class Pushed:
    content: bytes
    media_type: str
    digest: str


class Seeder:
    """Pushes into one registry, and remembers what it pushed by path and tag."""

    def __init__(self, url: str, authorize: Authorize | None = None) -> None:
        self._client = RegistryClient(url, authorize)
        self.pushed: dict[tuple[str, str], Pushed] = {}

    def put(self, path: str, reference: str, content: bytes, media_type: str) -> None:
        digest = self._client.put_manifest(path, reference, media_type, content)
        self.pushed[path, reference] = Pushed(content, media_type, digest)

    def image(self, path: str, row: dict[str, Any], platform: str, reference: str | None) -> dict[str, Any]:
        types = FORMATS[row.get("format", "oci")]
        system, _slash, architecture = platform.partition("/")
        layer = self._client.put_blob(path, f"layer of {path}:{row['name']} for {platform}".encode())
        config: dict[str, Any] = {
            "architecture": architecture,
            "os": system,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        if row.get("created"):
            config["created"] = row["created"]
        if row.get("labels"):
            config["config"] = {"Labels": row["labels"]}
        kind = types["config"]
        if row.get("artifact"):
            # https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage
            kind, config = "application/vnd.oci.empty.v1+json", {}
        manifest = {
            "schemaVersion": 2,
            "mediaType": types["image"],
            **({"artifactType": row["artifact"]} if row.get("artifact") else {}),
            "config": {"mediaType": kind, **self._client.put_blob(path, json.dumps(config).encode())},
            "layers": [{"mediaType": types["layer"], **layer}],
            **({"annotations": row["annotations"]} if row.get("annotations") else {}),
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
            image = self._known(path, row["same_as"])
            self.put(path, row["name"], image.content, image.media_type)
        elif "signs" in row:
            name = self._known(path, row["signs"]).digest.replace(":", "-") + ".sig"
            self.image(path, {**row, "name": name}, "linux/amd64", name)
        elif len(row.get("platforms", [])) > 1:
            types = FORMATS[row.get("format", "oci")]
            children = [self.image(path, row, platform, None) for platform in row["platforms"]]
            index = {"schemaVersion": 2, "mediaType": types["index"], "manifests": children}
            self.put(path, row["name"], json.dumps(index).encode(), types["index"])
        else:
            self.image(path, row, (row.get("platforms") or ["linux/amd64"])[0], row["name"])

    def _known(self, path: str, name: str) -> Pushed:
        if (path, name) not in self.pushed:
            raise SystemExit(f"{path}: {name!r} has to be pushed before another tag can refer to it")
        return self.pushed[path, name]


def seed(
    url: str, specification: dict[str, list[dict[str, Any]]], authorize: Authorize | None = None
) -> dict[str, dict[str, str]]:
    """Push everything; the digests by repository path and tag name. authorize: see RegistryClient."""
    seeder = Seeder(url, authorize)
    for path, rows in specification.items():
        for row in rows:
            seeder.tag(path, row)
    digests: dict[str, dict[str, str]] = {}
    for (path, reference), image in seeder.pushed.items():
        if not reference.startswith("sha256:"):
            digests.setdefault(path, {})[reference] = image.digest
    return digests


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator.seed",
        description="Push small images into a registry.",
        epilog=(__doc__ or "").partition("\n\n")[2],
    )
    parser.add_argument("registry", help="URL of the registry")
    parser.add_argument("specification", type=Path, help="JSON file, see below")
    arguments = parser.parse_args()
    json.dump(seed(arguments.registry, json.loads(arguments.specification.read_text())), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
