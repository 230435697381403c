# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a registry stores for images, and how few requests that takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import (
    OCI_INDEX,
    digest_of,
    image_in,
    row_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import Registry
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.image_cache import ImageCache
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.images import read_image
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.stored_images import (
    ImagePlace,
    StoredImage,
    read_stored_images,
)
from tests.unit.registry_serving import GITLAB, RegistryServer, image, manifest
from tests.unit.serving import client

LAYER = (digest_of(b"layer"), 5)
ATTESTATION = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}


def index(*bodies: bytes, attested: bytes | None = None) -> bytes:
    rows: list[dict[str, Any]] = [{"digest": digest_of(body), "size": len(body)} for body in bodies]
    if attested:
        rows.append({"digest": digest_of(attested), "size": len(attested), **ATTESTATION})
    return json.dumps({"mediaType": OCI_INDEX, "manifests": rows}).encode()


def own(*found: tuple[bytes, bytes]) -> dict[str, int]:
    """What is stored for images, each given by its manifest and its config."""
    blobs = {digest_of(part): len(part) for pair in found for part in pair}
    return {**blobs, LAYER[0]: LAYER[1]}


def serve(server: RegistryServer, path: str, *bodies: bytes, **tags: bytes) -> None:
    indexes = {body for body in (*bodies, *tags.values()) if b'"manifests"' in body}

    def answer(body: bytes) -> Any:
        return manifest(body, OCI_INDEX) if body in indexes else manifest(body)

    for name, body in {**{digest_of(body): body for body in bodies}, **tags}.items():
        server.fake.answers[f"/{path}/manifests/{name}"] = answer(body)


def blobs_of(found: StoredImage | RequestError) -> Mapping[str, int]:
    assert isinstance(found, StoredImage), found
    return found.blobs


def test_an_index_holds_its_images_and_attestations(server: RegistryServer) -> None:
    first, second, note = image("2026-01-01T00:00:00Z"), image("2026-01-02T00:00:00Z"), image(None)
    both = index(first[0], second[0], attested=note[0])
    serve(server, "a/b", first[0], second[0], note[0], both)
    registry = server.registry()
    place = ImagePlace("a/b", digest_of(both))
    stored = read_stored_images(registry, [place])[place]
    assert blobs_of(stored) == {**own(first, second, note), digest_of(both): len(both)}
    assert isinstance(stored, StoredImage)
    # The image's size leaves attestations out, as elsewhere.
    assert stored.image.size == len(both) + sum(len(part) for pair in (first, second) for part in pair) + 2 * LAYER[1]
    assert len(server.requests_to("/v2/a/b/manifests")) == 4
    assert not server.requests_to("/v2/a/b/blobs")


def test_each_manifest_is_read_once(server: RegistryServer) -> None:
    shared, other = image("2026-01-01T00:00:00Z"), image("2026-01-02T00:00:00Z")
    one, two = index(shared[0]), index(shared[0], other[0])
    serve(server, "a/b", shared[0], other[0], one, two)
    places = [ImagePlace("a/b", digest_of(body)) for body in (one, two, shared[0], one)]
    registry = server.registry()
    found = read_stored_images(registry, places)
    assert blobs_of(found[places[1]]) == {**own(shared, other), digest_of(two): len(two)}
    assert blobs_of(found[places[2]]) == own(shared)
    assert len(server.requests_to("/v2/a/b/manifests")) == 4
    # What is known of a digest is asked for no more, nor what it holds.
    assert read_stored_images(registry, places) == found
    assert len(server.requests_to("/v2/a/b/manifests")) == 4


def test_a_tag_is_read_by_its_name(server: RegistryServer) -> None:
    body = image()
    serve(server, "a/b", v1=body[0])
    place = ImagePlace("a/b", "v1")
    stored = read_stored_images(server.registry(), [place])[place]
    assert blobs_of(stored) == own(body)
    assert isinstance(stored, StoredImage)
    assert stored.image.digest == digest_of(body[0])


@pytest.mark.parametrize("missing", ["image", "attestation", "index"])
def test_without_one_manifest_nothing_is_known_of_the_image(server: RegistryServer, missing: str) -> None:
    first, note = image(), image(None)
    both = index(first[0], attested=note[0])
    bodies = {"image": first[0], "attestation": note[0], "index": both}
    serve(server, "a/b", *(body for name, body in bodies.items() if name != missing))
    place, alone = ImagePlace("a/b", digest_of(both)), ImagePlace("a/b", digest_of(first[0]))
    found = read_stored_images(server.registry(), [place, alone])
    error = found[place]
    assert isinstance(error, RequestError)
    assert digest_of(bodies[missing]) in str(error)
    assert isinstance(found[alone], RequestError) == (missing == "image")


def test_indexes_in_indexes_have_an_end(server: RegistryServer) -> None:
    chain = [image()[0]]
    for _depth in range(4):
        chain.append(index(chain[-1]))
    serve(server, "a/b", *chain)
    places = [ImagePlace("a/b", digest_of(body)) for body in (chain[2], chain[4])]
    found = read_stored_images(server.registry(), places[:1]), read_stored_images(server.registry(), places[1:])
    assert len(blobs_of(found[0][places[0]])) == 5
    assert "without end" in str(found[1][places[1]])


def test_layers_leave_dates_to_be_read_and_keep_those_that_are_known(server: RegistryServer) -> None:
    body, config = image()
    serve(server, "a/b", body)
    server.fake.answers[f"/a/b/blobs/{digest_of(config)}"] = (200, {}, config)
    registry, place = server.registry(), ImagePlace("a/b", digest_of(body))
    [first] = read_stored_images(registry, [place]).values()
    dated = read_image(registry, *place)
    assert dated
    assert dated.created
    assert blobs_of(first) == dict(dated.blobs or ())
    assert read_stored_images(registry, [place])[place] == StoredImage(dated, blobs_of(first))


def test_a_row_of_an_older_file_gets_its_layers_and_keeps_its_date(server: RegistryServer) -> None:
    body, config = image()
    serve(server, "a/b", body)
    server.fake.answers[f"/a/b/blobs/{digest_of(config)}"] = (200, {}, config)
    place = ImagePlace("a/b", digest_of(body))
    dated = read_image(server.registry(), *place)
    assert dated
    row = row_of(dated)
    del row["blobs"], row["dated"]
    older = image_in(row)
    assert older
    images = ImageCache()
    images.add(older)
    server.http.requests.clear()
    registry = Registry(client(server.http.url, server.time), server.http.url, login=GITLAB, images=images)
    assert read_stored_images(registry, [place])[place] == StoredImage(dated, own((body, config)))
    assert server.requests_to("/v2/") == [f"GET /v2/a/b/manifests/{digest_of(body)}"]
    assert images.get(dated.digest) == dated
