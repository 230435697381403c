# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import (
    DOCKER_LIST,
    IMAGES,
    INDEXES,
    LARGEST_CONFIG,
    OCI_IMAGE,
    OCI_INDEX,
    Descriptor,
    Image,
    Manifest,
    ManifestError,
    build_date,
    digest_of,
    image_in,
    image_of,
    index_of,
    is_content_of,
    parse_manifest,
    row_of,
)

OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


def digest(text: str) -> str:
    return digest_of(text.encode())


def descriptor(text: str = "x", size: int = 10, **fields: Any) -> dict[str, Any]:
    return {"digest": digest(text), "size": size, **fields}


def parse(row: Any, media_type: str = OCI_IMAGE) -> Manifest:
    return parse_manifest(json.dumps(row).encode(), media_type, digest("it"))


def test_an_image() -> None:
    config = descriptor("config", mediaType=OCI_CONFIG)
    found = parse({"mediaType": OCI_IMAGE, "config": config, "layers": [descriptor("a", 1), descriptor("b", 2)]})
    assert not found.is_index
    assert found.dated_config
    assert found.dated_config.digest == digest("config")
    assert [layer.size for layer in found.layers] == [1, 2]
    built = datetime(2026, 1, 1, tzinfo=UTC)
    assert image_of(found, built) == Image(
        digest("it"),
        media_type=OCI_IMAGE,
        created=built,
        # As GitLab's registry counts: manifest, config and layers.
        size=len(found.body) + 10 + 1 + 2,
        config_digest=digest("config"),
        blobs=((digest("it"), len(found.body)), (digest("config"), 10), (digest("a"), 1), (digest("b"), 2)),
    )
    assert image_of(found._replace(config=None), None).config_digest is None


def test_what_says_something_of_an_image_names_it() -> None:
    subject = {"subject": descriptor("subject")}
    row = {"config": descriptor(), "layers": [], **subject}
    found = parse(row)
    assert found.body == json.dumps(row).encode()
    assert found == Manifest(
        digest("it"), media_type=OCI_IMAGE, body=found.body, config=found.config, subject=digest("subject")
    )
    assert image_of(found, None) == Image(
        digest("it"),
        OCI_IMAGE,
        size=len(found.body) + 10,
        config_digest=digest("x"),
        subject=digest("subject"),
        blobs=((digest("it"), len(found.body)), (digest("x"), 10)),
    )
    listing = {"manifests": [descriptor("a")], **subject}
    found = parse(listing, OCI_INDEX)
    assert found.body == json.dumps(listing).encode()
    assert found == Manifest(
        digest("it"), media_type=OCI_INDEX, body=found.body, children=found.children, subject=digest("subject")
    )
    assert index_of(found, [Image(digest("a"), OCI_IMAGE, size=7)]) == Image(
        digest("it"),
        OCI_INDEX,
        size=len(found.body) + 7,
        children=(digest("a"),),
        subject=digest("subject"),
        blobs=((digest("it"), len(found.body)),),
    )
    assert index_of(found, []).size is None


def test_layers_that_are_kept_at_other_addresses_are_not_stored() -> None:
    foreign = descriptor("foreign", 100, urls=["https://elsewhere.test/layer"])
    restricted = descriptor("restricted", 20, mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar")
    found = parse({"config": descriptor(), "layers": [foreign, restricted, descriptor("a", 1)]})
    stored = image_of(found, None).blobs
    assert stored
    assert dict(stored) == {
        digest("it"): len(found.body),
        digest("x"): 10,
        digest("restricted"): 20,
        digest("a"): 1,
    }


def test_an_index_of_blobs_has_them_and_no_manifests() -> None:
    """By which BuildKit keeps a cache."""
    rows = [descriptor("layer", 7, mediaType="application/vnd.oci.image.layer.v1.tar"), descriptor("child", 5)]
    found = index_of(parse({"manifests": rows}, OCI_INDEX), [])
    assert dict(found.blobs or ()).keys() == {digest("it"), digest("layer")}
    assert found.child_manifests == [digest("child")]


def test_what_an_entry_does_not_say() -> None:
    layer = parse({"config": descriptor(), "layers": [descriptor(size=0)]}).layers[0]
    assert layer == Descriptor(digest("x"), size=0, media_type="")


@pytest.mark.parametrize(
    "config",
    [
        descriptor(mediaType="application/vnd.cncf.helm.config.v1+json"),
        descriptor(mediaType="application/vnd.oci.empty.v1+json"),
        descriptor(mediaType=OCI_CONFIG, size=LARGEST_CONFIG + 1),
    ],
)
def test_what_is_no_config_of_an_image_has_no_date(config: dict[str, Any]) -> None:
    assert parse({"config": config, "layers": []}).dated_config is None


def test_attestations_are_no_images() -> None:
    note = {"vnd.docker.reference.type": "attestation-manifest"}
    rows = [descriptor("a"), descriptor("b", annotations=note), descriptor("c", annotations=None)]
    found = parse({"manifests": rows}, OCI_INDEX)
    assert [child.digest for child in found.images] == [digest("a"), digest("c")]
    assert len(found.children) == 3


def test_layers_that_are_kept_elsewhere() -> None:
    rows = [
        descriptor("a", urls=["https://example.com/layer"]),
        descriptor("b", mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        descriptor("c", mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar"),
        descriptor("d", mediaType="application/vnd.oci.image.layer.v1.tar"),
    ]
    found = parse({"config": descriptor(), "layers": rows})
    assert [layer.elsewhere for layer in found.layers] == [True, False, False, False]
    assert [layer.restricted for layer in found.layers] == [False, True, True, False]


def test_an_index_may_hold_blobs() -> None:
    rows = [
        descriptor("a", mediaType=OCI_IMAGE),
        descriptor("b", mediaType=OCI_INDEX),
        descriptor("c"),
        descriptor("d", mediaType="application/vnd.buildkit.cacheconfig.v0"),
        descriptor("e", mediaType="application/vnd.oci.image.layer.v1.tar"),
    ]
    found = parse({"manifests": [*rows, rows[-1]]}, OCI_INDEX)
    assert [child.digest for child in found.manifests] == [digest("a"), digest("b"), digest("c")]
    assert [blob.digest for blob in found.blobs] == [digest("d"), digest("e")]
    image = parse({"config": descriptor("f"), "layers": [descriptor("g"), descriptor("g")]})
    assert [blob.digest for blob in image.blobs] == [digest("f"), digest("g")]


BROKEN: list[tuple[Any, str, str]] = [
    ([], OCI_IMAGE, "^the manifest is no object$"),
    ({"config": descriptor(), "layers": None}, OCI_IMAGE, "no list of layers"),
    ({"layers": []}, OCI_IMAGE, "^the manifest refers to something without a digest$"),
    ({"config": {"digest": "sha256:short", "size": 1}, "layers": []}, OCI_IMAGE, "without a digest"),
    ({"config": descriptor(size=-1), "layers": []}, OCI_IMAGE, "^the manifest refers to something without a size$"),
    ({"config": descriptor(size=True), "layers": []}, OCI_IMAGE, "without a size"),
    ({"layers": []}, OCI_INDEX, "no list of manifests"),
    ({"manifests": ["x"]}, DOCKER_LIST, "without a digest"),
    ({"mediaType": OCI_INDEX, "config": descriptor(), "layers": []}, OCI_IMAGE, "calls itself"),
    ({"config": descriptor(), "layers": []}, "application/vnd.docker.distribution.manifest.v1+json", "not known"),
    ({"config": descriptor(), "layers": []}, "", "^manifests of type none are not known here$"),
    ({"config": descriptor(), "layers": []}, "x", "^manifests of type x are not known here$"),
]


@pytest.mark.parametrize(("row", "media_type", "words"), BROKEN)
def test_what_is_no_manifest(row: Any, media_type: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        parse(row, media_type)
    with pytest.raises(ManifestError, match="^the manifest is no JSON$"):
        parse_manifest(b"<html>", media_type or OCI_IMAGE, digest("it"))


@given(st.binary(max_size=300), st.sampled_from([*IMAGES, *INDEXES]))
def test_any_bytes_are_a_manifest_or_none(body: bytes, media_type: str) -> None:
    with contextlib.suppress(ManifestError):
        assert parse_manifest(body, media_type, digest_of(body)).body == body


@pytest.mark.parametrize(
    ("config", "date"),
    [
        (b'{"created": "2026-01-02T03:04:05.123456789Z"}', datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
        (b'{"created": null}', None),
        (b'{"created": 1}', None),
        (b"{}", None),
        (b"[]", None),
        (b"\xff", None),
        (b"[" * 200_000, None),
    ],
)
def test_the_date_of_a_config(config: bytes, date: datetime | None) -> None:
    assert build_date(config) == date


DATES = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
DIGESTS = st.binary(min_size=1, max_size=4).map(digest_of)
FOUND = st.builds(
    Image,
    digest=DIGESTS,
    media_type=st.sampled_from([*IMAGES, *INDEXES]),
    created=st.none() | DATES,
    size=st.none() | st.integers(0, 2**50),
    config_digest=st.none() | DIGESTS,
    children=st.lists(DIGESTS, max_size=3).map(tuple),
    subject=st.none() | DIGESTS,
    blobs=st.none() | st.lists(st.tuples(DIGESTS, st.integers(0, 2**50)), max_size=3).map(tuple),
    dated=st.booleans(),
)


@given(st.lists(FOUND, max_size=4))
def test_an_index_is_as_old_as_its_newest_image_if_all_have_a_date(images: list[Image]) -> None:
    children = tuple(Descriptor(digest(f"{number}"), size=1, media_type=OCI_IMAGE) for number in range(len(images)))
    manifest = Manifest(digest("index"), media_type=OCI_INDEX, body=b"", children=children)
    found = index_of(manifest, images)
    dates = [image.created for image in images]
    if not images or None in dates:
        assert found.created is None
    else:
        assert found.created == max(date for date in dates if date)
        # One more image can only make it younger, or of no known age.
        younger = Image(digest("y"), media_type=OCI_IMAGE, created=found.created + timedelta(days=1), size=1)
        assert index_of(manifest, [*images, younger]).created == younger.created
    assert found.size == (
        None if None in [image.size for image in images] else sum(image.size or 0 for image in images)
    )


@given(FOUND)
def test_what_is_written_is_read_again(image: Image) -> None:
    written = json.loads(json.dumps(row_of(image)))
    assert image_in(written) == image
    # Rows of older files have neither.
    del written["blobs"], written["dated"]
    assert image_in(written) == image._replace(blobs=None, dated=True)


@given(
    FOUND, st.sampled_from(["digest", "media_type", "created", "size", "config_digest", "children", "subject", "blobs"])
)
def test_a_spoilt_row_is_no_image(image: Image, field: str) -> None:
    spoilt: list[Any] = ["nonsense", -1, [1], {}, True]
    for value in spoilt:
        assert image_in({**row_of(image), field: value}) is None
    for value in spoilt[:-1]:
        assert image_in({**row_of(image), "dated": value}) is None
    for blob in (["x", 1], [image.digest, -1], [image.digest, True], [image.digest], [image.digest, "1"]):
        assert image_in({**row_of(image), "blobs": [blob]}) is None
    without = row_of(image)
    del without["children"]
    assert image_in(without) is None
    assert image_in([]) is None


def test_contents_and_digests() -> None:
    assert is_content_of(b"x", digest_of(b"x"))
    assert is_content_of(b"x", digest_of(b"x", "sha512"))
    assert not is_content_of(b"y", digest_of(b"x"))
    assert not is_content_of(b"x", "md5:" + "0" * 32)
