# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of an image: its manifest, its config, and the images of an index."""

from __future__ import annotations

import json

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_IMAGE, OCI_INDEX, digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    read_manifest,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import (
    Registry,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import ImageCache
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.images import read_image
from tests.unit.registry_serving import GITLAB, RegistryServer, image, manifest
from tests.unit.serving import client, serving


def test_an_image_costs_its_manifest_and_its_config_once(server: RegistryServer) -> None:
    body, config = image()
    server.fake.answers = {
        "/a/b/manifests/v1": manifest(body),
        "/a/b/manifests/v2": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, config),
    }
    registry = server.registry()
    first, second = read_image(registry, "a/b", "v1"), read_image(registry, "a/b", "v2")
    assert first == second
    assert first
    assert first.created
    assert first.created.isoformat() == "2026-01-01T00:00:00+00:00"
    assert len(server.requests_to("/v2/a/b/blobs")) == 1
    assert len(server.requests_to("/v2/a/b/manifests")) == 2
    assert read_image(registry, "a/b", "gone") is None


def test_what_is_known_costs_its_manifest_and_nothing_else(server: RegistryServer) -> None:
    body, config = image()
    server.fake.answers = {"/a/b/manifests/v1": manifest(body), f"/a/b/blobs/{digest_of(config)}": (200, {}, config)}
    known = read_image(server.registry(), "a/b", "v1")
    assert known
    images = ImageCache()
    images.add(known)
    registry = Registry(client(server.http.url, server.time), server.http.url, login=GITLAB, images=images)
    server.http.requests.clear()
    assert read_image(registry, "a/b", "v1") == known
    assert server.requests_to("/v2/") == ["GET /v2/a/b/manifests/v1"]
    assert read_image(registry, "a/b", known.digest) == known
    assert len(server.requests_to("/v2/")) == 1


def test_a_cache_that_knows_little_costs_no_more_than_none(server: RegistryServer) -> None:
    found = [image(f"2026-01-{day:02}T00:00:00Z") for day in range(1, 21)]
    for number, (body, config) in enumerate(found):
        server.fake.answers[f"/a/b/manifests/v{number}"] = manifest(body)
        server.fake.answers[f"/a/b/blobs/{digest_of(config)}"] = (200, {}, config)
    known = read_image(server.registry(), "a/b", "v7")
    assert known
    images = ImageCache()
    images.add(known)
    registry = Registry(client(server.http.url, server.time), server.http.url, login=GITLAB, images=images)
    server.http.requests.clear()
    for number in range(len(found)):
        assert read_image(registry, "a/b", f"v{number}")
    assert len(server.requests_to("/v2/")) == 2 * len(found) - 1


def test_an_index_is_read_with_all_its_images(server: RegistryServer) -> None:
    old, old_config = image("2025-01-01T00:00:00Z")
    new, new_config = image("2026-02-02T00:00:00Z")
    note = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    rows = [{"digest": digest_of(body), "size": len(body)} for body in (old, new)]
    rows.append({"digest": digest_of(b"attestation"), "size": 3, **note})
    index = json.dumps({"mediaType": OCI_INDEX, "manifests": rows}).encode()
    server.fake.answers = {
        "/a/b/manifests/multi": manifest(index, OCI_INDEX),
        f"/a/b/manifests/{digest_of(old)}": manifest(old),
        f"/a/b/manifests/{digest_of(new)}": manifest(new),
        f"/a/b/blobs/{digest_of(old_config)}": (200, {}, old_config),
        f"/a/b/blobs/{digest_of(new_config)}": (200, {}, new_config),
    }
    found = read_image(server.registry(), "a/b", "multi")
    assert found
    assert found.created
    assert found.created.year == 2026
    inner = sum(len(part) for part in (old, new, old_config, new_config)) + 2 * len(b"layer")
    assert found.size == len(index) + inner
    assert found.children == tuple(str(row["digest"]) for row in rows)
    del server.fake.answers[f"/a/b/manifests/{digest_of(old)}"]
    with pytest.raises(RequestError, match="an image of the index does not exist"):
        read_image(server.registry(), "a/b", "multi")


def test_indexes_in_indexes_come_to_an_end(server: RegistryServer) -> None:
    body, _config = image()
    for _level in range(5):
        server.fake.answers[f"/a/b/manifests/{digest_of(body)}"] = manifest(body, OCI_INDEX if _level else OCI_IMAGE)
        body = json.dumps({"manifests": [{"digest": digest_of(body), "size": 1}]}).encode()
    server.fake.answers["/a/b/manifests/deep"] = manifest(body, OCI_INDEX)
    with pytest.raises(RequestError, match="without end"):
        read_image(server.registry(), "a/b", "deep")


def test_blobs_may_be_elsewhere_and_no_credential_goes_along(server: RegistryServer) -> None:
    body, config = image()
    with serving(lambda _number, _request: (200, {}, config)) as storage:
        server.fake.answers = {
            "/a/b/manifests/v1": manifest(body),
            f"/a/b/blobs/{digest_of(config)}": (307, {"Location": f"{storage.url}/bucket?signature=1"}, b""),
        }
        found = read_image(server.registry(), "a/b", "v1")
        assert found
        assert found.created
        [(_method, _path, headers)] = storage.requests
        assert "Authorization" not in headers


def test_a_config_is_no_longer_than_it_is_told_to_be(server: RegistryServer) -> None:
    body, config = image()
    server.fake.answers = {
        "/a/b/manifests/v1": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, config + b" " * 1000),
    }
    with pytest.raises(RequestError, match="is longer than"):
        read_image(server.registry(), "a/b", "v1")


def test_bytes_that_are_not_their_digest_are_not_believed(server: RegistryServer) -> None:
    body, config = image()
    server.fake.answers = {
        "/a/b/manifests/v1": manifest(body, digest=digest_of(b"other")),
        f"/a/b/manifests/{digest_of(b'wanted')}": manifest(body),
        "/a/b/manifests/v2": manifest(body),
        f"/a/b/blobs/{digest_of(config)}": (200, {}, b'{"created": "1999-01-01T00:00:00Z"}'),
    }
    for reference in ("v1", digest_of(b"wanted")):
        with pytest.raises(RequestError, match="does not match its digest"):
            read_manifest(server.registry(), "a/b", reference)
    with pytest.raises(RequestError, match="do not match their digest"):
        read_image(server.registry(), "a/b", "v2")


LABEL = "quay.expires-after"


def labelled(value: str | None, created: str = "2026-01-01T00:00:00Z") -> tuple[bytes, bytes]:
    config = json.dumps({"created": created, "config": {"Labels": {LABEL: value} if value else None}}).encode()
    row = {"digest": digest_of(config), "size": len(config), "mediaType": "application/vnd.oci.image.config.v1+json"}
    return json.dumps({"mediaType": OCI_IMAGE, "config": row, "layers": []}).encode(), config


def asking(server: RegistryServer, *labels: str, images: ImageCache | None = None) -> Registry:
    cache = ImageCache(labels=labels)
    for known in images._images.values() if images else ():
        cache.add(known)
    return Registry(client(server.http.url, server.time), server.http.url, login=GITLAB, images=cache)


def test_labels_come_with_the_config_and_are_read_once(server: RegistryServer) -> None:
    body, config = labelled("2w")
    digest, blob = digest_of(body), digest_of(config)
    server.fake.answers = {
        "/a/b/manifests/v1": manifest(body),
        f"/a/b/manifests/{digest}": manifest(body),
        f"/a/b/blobs/{blob}": (200, {}, config),
    }
    registry = asking(server, LABEL, "other")
    # Whoever reads the date knows the labels.
    assert read_image(registry, "a/b", "v1")
    found = read_image(registry, "a/b", digest, labels=True)
    assert found
    assert dict(found.labels) == {LABEL: ("2w",), "other": ()}
    assert server.requests_to("/v2/") == ["GET /v2/a/b/manifests/v1", f"GET /v2/a/b/blobs/{blob}"]
    server.http.requests.clear()
    # A task that needs none does not ask for them; one that needs another one asks, and keeps those that are known.
    assert read_image(asking(server, images=registry.images), "a/b", digest) == found
    assert read_image(asking(server, "third", images=registry.images), "a/b", digest) == found
    assert server.requests_to("/v2/") == []
    third = asking(server, "third", images=registry.images)
    more = read_image(third, "a/b", digest, labels=True)
    assert more
    assert dict(third.images.get(digest).labels) == {LABEL: ("2w",), "other": (), "third": ()}  # type: ignore[union-attr]
    assert server.requests_to("/v2/") == [f"GET /v2/a/b/manifests/{digest}", f"GET /v2/a/b/blobs/{blob}"]


@pytest.mark.parametrize(
    ("inner", "values"), [(("2w", "1d"), ("2w", "1d")), (("2w", None), ()), ((None, None), ())], ids=str
)
def test_an_index_has_the_labels_of_all_its_images(
    server: RegistryServer, inner: tuple[str | None, ...], values: tuple[str, ...]
) -> None:
    images = [labelled(value, f"2026-01-0{day}T00:00:00Z") for day, value in enumerate(inner, 1)]
    index = json.dumps({"manifests": [{"digest": digest_of(body), "size": 1} for body, _config in images]}).encode()
    server.fake.answers = {f"/a/b/manifests/{digest_of(index)}": manifest(index, OCI_INDEX)}
    for body, config in images:
        server.fake.answers[f"/a/b/manifests/{digest_of(body)}"] = manifest(body)
        server.fake.answers[f"/a/b/blobs/{digest_of(config)}"] = (200, {}, config)
    # One of them is known from a task that needed no label.
    plain = asking(server)
    assert read_image(plain, "a/b", digest_of(images[0][0]))
    registry = asking(server, LABEL, images=plain.images)
    server.http.requests.clear()
    without = read_image(registry, "a/b", digest_of(index))
    assert without
    assert without.labels == ()
    assert len(server.requests_to("/v2/")) == 3
    found = read_image(registry, "a/b", digest_of(index), labels=True)
    assert found
    assert dict(found.labels) == {LABEL: values}
    # The index again, and the image whose labels are not known yet.
    assert len(server.requests_to("/v2/")) == 3 + 3
