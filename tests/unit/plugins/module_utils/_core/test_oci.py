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
    CREATED,
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
    assert image_of(found, b'{"created": "2026-01-01T00:00:00Z"}') == Image(
        digest("it"),
        media_type=OCI_IMAGE,
        created=built,
        # As GitLab's registry counts: manifest, config and layers.
        size=len(found.body) + 10 + 1 + 2,
        config_digest=digest("config"),
        blobs=((digest("it"), len(found.body)), (digest("config"), 10), (digest("a"), 1), (digest("b"), 2)),
    )
    assert image_of(found._replace(config=None)).config_digest is None


def test_what_says_something_of_an_image_names_it() -> None:
    subject = {"subject": descriptor("subject")}
    row = {"config": descriptor(), "layers": [], **subject}
    found = parse(row)
    assert found.body == json.dumps(row).encode()
    assert found == Manifest(
        digest("it"), media_type=OCI_IMAGE, body=found.body, config=found.config, subject=digest("subject")
    )
    assert image_of(found) == Image(
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
    stored = image_of(found).blobs
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
    ([], OCI_IMAGE, "^the manifest is not an object$"),
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
    with pytest.raises(ManifestError, match="^the manifest is not JSON$"):
        parse_manifest(b"<html>", media_type or OCI_IMAGE, digest("it"))


@given(st.binary(max_size=300), st.sampled_from([*IMAGES, *INDEXES]))
def test_any_bytes_are_a_manifest_or_none(body: bytes, media_type: str) -> None:
    with contextlib.suppress(ManifestError):
        assert parse_manifest(body, media_type, digest_of(body)).body == body


SAID = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = SAID + timedelta(days=1)
PLAIN = '{"created": "2026-01-02T03:04:05Z"}'


def labelled(value: Any) -> bytes:
    return json.dumps({"config": {"Labels": {CREATED: value}}}).encode()


@pytest.mark.parametrize(
    ("config", "annotation", "date"),
    [
        (b'{"created": "2026-01-02T03:04:05.123456789Z"}', None, SAID.replace(microsecond=123456)),
        (b'{"created": null}', None, None),
        (b'{"created": 1}', None, None),
        (b"{}", None, None),
        (b"[]", None, None),
        (b"\xff", None, None),
        (b"[" * 200_000, None, None),
        # What the config says is the date, whatever it is.
        (PLAIN.encode(), "2026-01-01T00:00:00Z", SAID),
        (b'{"created": "1970-01-01T00:00:00Z"}', "2026-01-02T03:04:05Z", datetime(1970, 1, 1, tzinfo=UTC)),
        (b'{"created": "yesterday"}', "2026-01-02T03:04:05Z", None),
        (b'{"created": ""}', "2026-01-02T03:04:05Z", None),
        (b'{"created": 0}', "2026-01-02T03:04:05Z", None),
        # What can't be read may hold one.
        (None, "2026-01-02T03:04:05Z", None),
        (b"[]", "2026-01-02T03:04:05Z", None),
        (b"\xff", "2026-01-02T03:04:05Z", None),
        # Where it has none the image is as old as it says otherwise, by the later of two.
        (b"{}", "2026-01-02T03:04:05Z", SAID),
        (b'{"created": null}', "2026-01-02T04:04:05+01:00", SAID),
        (labelled("2026-01-02T03:04:05Z"), None, SAID),
        (labelled("2026-01-02T03:04:05Z"), "2026-01-03T03:04:05Z", LATER),
        (labelled("2026-01-03T03:04:05Z"), "2026-01-02T03:04:05Z", LATER),
        (labelled("soon"), "2026-01-02T03:04:05Z", None),
        (labelled(None), "2026-01-02T03:04:05Z", None),
        (labelled("2026-01-02T03:04:05Z"), "1999-12-31T23:59:59Z", None),
        (b'{"config": {"Labels": []}}', "2026-01-02T03:04:05Z", SAID),
        (b'{"config": null}', "2026-01-02T03:04:05Z", SAID),
    ],
)
def test_the_date_of_a_config(config: bytes | None, annotation: str | None, date: datetime | None) -> None:
    notes = {"annotations": {CREATED: annotation}} if annotation else {}
    manifest = parse({"config": descriptor(mediaType=OCI_CONFIG), "layers": [], **notes})
    assert build_date(manifest, config) == date
    assert image_of(manifest, config).created == date


UNBELIEVED: list[Any] = [
    *("1999-12-31T23:59:59Z", "1980-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    *("0000-00-00T00:00:00Z", "2026-01-02", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z", "1767322800", "", " "),
    *(None, 1767322800, {}, ["a"], True, "2026-01-02T03:04:05.000000000000000000000000000000000000000000000000000Z"),
]


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2026-01-02T03:04:05Z", SAID),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        # A clock is needed to see that this can't be, and whoever judges it has one.
        ("2999-01-01T00:00:00Z", datetime(2999, 1, 1, tzinfo=UTC)),
        *((said, None) for said in UNBELIEVED),
    ],
)
def test_an_artifact_is_as_old_as_it_says(said: Any, date: datetime | None) -> None:
    row = {"config": descriptor(mediaType="application/vnd.cncf.helm.config.v1+json"), "layers": []}
    manifest = parse({**row, "annotations": {CREATED: said, "other": "2026-01-01T00:00:00Z"}})
    found = image_of(manifest)
    assert (found.created, found.dated) == (date, True)
    # A cache of BuildKit is an index of blobs.
    blobs = [descriptor("layer", mediaType="application/vnd.oci.image.layer.v1.tar")]
    assert index_of(parse({"manifests": blobs, "annotations": {CREATED: said}}, OCI_INDEX), []).created == date
    odd: list[Any] = [None, [], "x", {}]
    for notes in odd:
        assert image_of(parse({**row, "annotations": notes})).created is None


@pytest.mark.parametrize(
    ("dates", "said", "date"),
    [
        ([SAID, LATER], None, LATER),
        ([SAID, LATER], "2026-05-05T00:00:00Z", LATER),
        ([SAID, None], "2026-05-05T00:00:00Z", None),
        ([None, None], "2026-01-02T03:04:05Z", SAID),
        ([None, None], "1970-01-01T00:00:00Z", None),
        ([None, None], None, None),
    ],
)
def test_an_index_is_as_old_as_it_says_if_none_of_its_images_has_a_date(
    dates: list[datetime | None], said: str | None, date: datetime | None
) -> None:
    rows = [descriptor(str(number)) for number in range(len(dates))]
    manifest = parse({"manifests": rows, "annotations": {CREATED: said} if said else {}}, OCI_INDEX)
    images = [Image(row["digest"], OCI_IMAGE, created=each) for row, each in zip(rows, dates, strict=True)]
    assert index_of(manifest, images).created == date
    # Of images that were not asked nothing is known, and of some of them too little.
    undated = index_of(manifest, [image._replace(created=None, dated=False) for image in images])
    assert (undated.created, undated.dated) == (None, False)
    assert index_of(manifest, images).dated
    assert index_of(manifest, images[1:]).created is None


NAME = "quay.expires-after"


def test_labels_are_those_of_the_config_and_of_the_manifest() -> None:
    row = {"config": descriptor(mediaType=OCI_CONFIG), "layers": []}
    config = json.dumps({"config": {"Labels": {NAME: "2w", "x": 7, "y": "z" * 65, "w": "z" * 64}}}).encode()
    names = [NAME, "x", "y", "w", "none"]
    found = dict(image_of(parse(row), config, names).labels)
    assert found == {NAME: ("2w",), "x": ("",), "y": ("",), "w": ("z" * 64,), "none": ()}
    both = parse({**row, "annotations": {NAME: "1d"}})
    assert dict(image_of(both, config, names).labels)[NAME] == ("1d", "2w")
    assert image_of(both, config).labels == ()
    stored = image_of(parse(row), config, names)
    assert image_in(row_of(stored)) == stored
    # What was not read is not known, and what can't be read may hold anything.
    assert image_of(both, None, names).labels == ()
    assert dict(image_of(both, b"[]", names).labels)[NAME] == ("1d", "")
    huge = parse({"config": descriptor(size=LARGEST_CONFIG + 1, mediaType=OCI_CONFIG), "layers": []})
    assert dict(image_of(huge, None, [NAME]).labels) == {NAME: ("",)}
    artifact = parse({"config": descriptor(), "layers": [], "annotations": {NAME: "1d"}})
    assert dict(image_of(artifact, None, [NAME]).labels) == {NAME: ("1d",)}


@pytest.mark.parametrize(
    ("own", "inner", "values"),
    [
        (None, [("2w",), ("1d",)], ("2w", "1d")),
        (None, [("2w",), ("2w",)], ("2w",)),
        (None, [("2w",), ()], ()),
        (None, [(), ()], ()),
        (None, [], ()),
        ("3d", [], ("3d",)),
        ("3d", [(), ()], ("3d",)),
        ("3d", [("2w",), ()], ("3d", "2w")),
        ("3d", [("2w",), None], None),
        (None, [(), None], None),
    ],
)
def test_an_index_has_a_label_if_all_its_images_have_it(
    own: str | None, inner: list[tuple[str, ...] | None], values: tuple[str, ...] | None
) -> None:
    rows = [descriptor(str(number)) for number in range(len(inner))]
    manifest = parse({"manifests": rows, "annotations": {NAME: own} if own else {}}, OCI_INDEX)
    images = [
        Image(row["digest"], OCI_IMAGE, labels=() if each is None else ((NAME, each),))
        for row, each in zip(rows, inner, strict=True)
    ]
    assert dict(index_of(manifest, images, [NAME]).labels).get(NAME) == values
    if images:
        assert index_of(manifest, images[1:], [NAME]).labels == ()


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
    labels=st.dictionaries(st.text(max_size=9), st.lists(st.text(max_size=64), max_size=2).map(tuple)).map(
        lambda found: tuple(found.items())
    ),
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
        more = manifest._replace(children=(*children, Descriptor(digest("y"), size=1, media_type=OCI_IMAGE)))
        assert index_of(more, [*images, younger]).created == younger.created
    assert found.size == (
        None if None in [image.size for image in images] else sum(image.size or 0 for image in images)
    )


@given(FOUND)
def test_what_is_written_is_read_again(image: Image) -> None:
    written = json.loads(json.dumps(row_of(image)))
    assert image_in(written) == image
    # Some rows have none of these.
    del written["blobs"], written["dated"], written["labels"]
    assert image_in(written) == image._replace(blobs=None, dated=True, labels=())


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
    spoilt = [None, [], "x", 1, {"a": "x"}, {"a": [1]}, {"a": ["x" * 65]}, {"a": None}]
    for labels in spoilt:
        assert image_in({**row_of(image), "labels": labels}) is None
    without = row_of(image)
    del without["children"]
    assert image_in(without) is None
    assert image_in([]) is None


def test_contents_and_digests() -> None:
    assert is_content_of(b"x", digest_of(b"x"))
    assert is_content_of(b"x", digest_of(b"x", "sha512"))
    assert not is_content_of(b"y", digest_of(b"x"))
    assert not is_content_of(b"x", "md5:" + "0" * 32)
