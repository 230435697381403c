# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much is held, how old it is, what a plan frees, and who can pull."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import ImageBlobs, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import INDEXES, OCI_IMAGE
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.ages import AGES, AgeBucket, age_bucket, by_age
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.exposure import ExposedTo, exposed_to
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import (
    BytesMethod,
    CountedTag,
    Figures,
    FreedBytes,
    RepositoryBlobs,
    combined_figures,
    repository_blobs,
    repository_figures,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.listings import (
    RepositoryUsage,
    repository_usage,
    total_usage,
    unknown_notes,
)
from tests.unit.models import repository

CLOCK = datetime(2026, 6, 1, tzinfo=UTC)


def ago(**parts: int) -> datetime:
    return CLOCK - timedelta(**parts)


@pytest.mark.parametrize(
    ("date", "age"),
    [
        (CLOCK + timedelta(hours=1), AgeBucket.WEEK),
        (ago(days=7), AgeBucket.WEEK),
        (ago(days=7, seconds=1), AgeBucket.MONTH),
        (ago(days=30), AgeBucket.MONTH),
        (ago(days=30, seconds=1), AgeBucket.QUARTER),
        (ago(days=90), AgeBucket.QUARTER),
        (ago(days=91), AgeBucket.YEAR),
        (ago(days=365), AgeBucket.YEAR),
        (ago(days=366), AgeBucket.OLDER),
        (None, AgeBucket.UNKNOWN),
    ],
)
def test_an_age(date: datetime | None, age: AgeBucket) -> None:
    assert age_bucket(date, CLOCK) is age


def test_without_a_clock_no_age_is_known() -> None:
    assert age_bucket(CLOCK, None) is AgeBucket.UNKNOWN


def test_values_by_age_have_all_names() -> None:
    assert by_age(range(6)) == {"7d": 0, "30d": 1, "90d": 2, "365d": 3, "older": 4, "unknown": 5}
    assert set(by_age(None).values()) == {None}


@pytest.mark.parametrize(
    ("visibility", "access", "found"),
    [
        ("public", "enabled", "anyone"),
        ("internal", "enabled", "signed_in"),
        ("private", "enabled", "members"),
        ("public", "private", "members"),
        ("internal", "private", "members"),
        (None, "private", "members"),
        ("public", "disabled", "nobody"),
        (None, "disabled", "nobody"),
        (None, "enabled", "unknown"),
        ("public", None, "unknown"),
        ("private", None, "unknown"),
        ("secret", "enabled", "unknown"),
        ("public", "odd", "unknown"),
    ],
)
def test_who_can_pull(visibility: str | None, access: str | None, found: str) -> None:
    assert exposed_to(visibility, access) is ExposedTo(found)


def test_the_numbers_of_a_repository() -> None:
    found = repository_figures(
        [
            CountedTag("sha256:a", 100, date=ago(days=1)),
            CountedTag("sha256:a", None, date=ago(days=400), delete=True),
            CountedTag("sha256:b", 50, date=ago(days=20), delete=True),
            CountedTag(None, 70, date=None),
        ],
        clock=CLOCK,
        size=120,
        planned=True,
    )

    assert found == Figures(
        tags=4,
        bytes=120,
        bytes_method=BytesMethod.GITLAB,
        oldest_tag_at=ago(days=400),
        newest_tag_at=ago(days=1),
        tags_by_age=(1, 1, 0, 0, 1, 1),
        bytes_by_age=(100, 50, 0, 0, 0, None),
        delete=2,
        keep=2,
        freed=FreedBytes(least=None, most=20),
    )


def test_without_gitlabs_number_the_images_are_added() -> None:
    tags = [CountedTag("sha256:a", 100), CountedTag("sha256:a", 100), CountedTag("sha256:b", 7)]

    assert repository_figures(tags, clock=CLOCK, size=None)[1:3] == (107, BytesMethod.ESTIMATED)
    assert repository_figures([*tags, CountedTag("sha256:c")], clock=CLOCK, size=None)[1:3] == (
        None,
        BytesMethod.UNKNOWN,
    )


@pytest.mark.parametrize(
    ("tags", "size", "freed"),
    [
        ([CountedTag("sha256:a", 9)], 9, (0, 0)),
        ([CountedTag("sha256:a")], None, (0, 0)),
        ([CountedTag("sha256:a", 9, delete=True)], 9, (9, 9)),
        ([CountedTag("sha256:a", 9, delete=True)], None, (None, 9)),
        ([CountedTag("sha256:a", delete=True)], None, (None, None)),
        ([CountedTag("sha256:a", 9, delete=True), CountedTag("sha256:b", 8)], 10, (2, 2)),
        ([CountedTag("sha256:a", 9, delete=True), CountedTag("sha256:b")], 10, (None, 9)),
        ([CountedTag("sha256:a", 9, delete=True), CountedTag("sha256:a", 9)], 9, (0, 0)),
        ([CountedTag("sha256:a", 20, delete=True), CountedTag("sha256:b")], 10, (None, 10)),
        ([CountedTag("sha256:a", delete=True), CountedTag("sha256:a", 9, delete=True)], None, (None, 9)),
        # Both kept images share layers.
        ([CountedTag("sha256:a", 5, delete=True), *(CountedTag(kept, 6) for kept in "bc")], 10, (0, 4)),
        # One tag of an index says that it is one.
        ([CountedTag("a", 9, delete=True), CountedTag("b", 8, is_index=True), CountedTag("b", 8)], 10, (2, 9)),
        # The size is older than the tags.
        ([CountedTag("sha256:a", 3, delete=True), CountedTag("sha256:b", 8)], 100, (3, 3)),
        ([CountedTag("sha256:a", 3, delete=True), CountedTag("sha256:b", 8)], 5, (0, 0)),
    ],
)
def test_what_a_plan_frees(tags: list[CountedTag], size: int | None, freed: tuple[int | None, int | None]) -> None:
    assert repository_figures(tags, clock=CLOCK, size=size, planned=True).freed == freed


@pytest.mark.parametrize("seed", range(300))
def test_what_is_freed_is_within_the_bounds(seed: int) -> None:
    """Images made of layers that they share, in one repository: what remains is counted layer by layer."""
    chance = random.Random(seed)
    layers = {f"sha256:{number}": chance.randrange(1, 1000) for number in range(chance.randrange(1, 9))}
    images = {
        f"sha256:image-{number}": {each: layers[each] for each in chance.sample(sorted(layers), chance.randrange(1, 5))}
        if len(layers) >= 5
        else dict(layers)
        for number in range(chance.randrange(1, 8))
    }
    tags = [
        CountedTag(
            digest,
            sum(images[digest].values()) if chance.random() < 0.9 else None,
            delete=chance.random() < 0.5,
        )
        for digest in chance.choices(sorted(images), k=chance.randrange(1, 12))
    ]
    held = {layer: size for tag in tags for layer, size in images[tag.digest or ""].items()}
    remaining = {layer: size for tag in tags if not tag.delete for layer, size in images[tag.digest or ""].items()}
    size = sum(held.values())
    truth = size - sum(remaining.values())

    bounds = repository_figures(tags, clock=CLOCK, size=size if chance.random() < 0.8 else None, planned=True).freed
    blobs = repository_blobs(tags, images)
    exact = repository_figures(tags, clock=CLOCK, size=None, blobs=blobs, planned=True)

    assert bounds.least is None or bounds.least <= truth
    assert bounds.most is None or truth <= bounds.most
    assert exact.freed == (truth, truth)
    assert (exact.bytes, exact.bytes_method) == (size, BytesMethod.LAYERS)


def test_the_size_of_an_index_takes_nothing_from_what_may_be_freed() -> None:
    """It counts a layer for each platform, so that the repository may hold less of it."""
    tags = [CountedTag("sha256:index", size=2002, is_index=True), CountedTag("sha256:old", size=500, delete=True)]

    assert repository_figures(tags, clock=CLOCK, size=1502, planned=True).freed == (0, 500)


@pytest.mark.parametrize("size", [0, None])
def test_a_size_of_zero_is_not_known(size: int | None) -> None:
    deleted = CountedTag("sha256:a", size=size, delete=True)

    assert repository_figures([deleted], clock=CLOCK, size=size, planned=True) == Figures(
        tags=1,
        tags_by_age=(0, 0, 0, 0, 0, 1),
        bytes_by_age=(0, 0, 0, 0, 0, None),
        delete=1,
        keep=0,
        freed=FreedBytes(least=None, most=None),
    )
    assert repository_figures([], clock=CLOCK, size=0).bytes == 0


@pytest.mark.parametrize("seed", range(100))
def test_what_repositories_share_is_freed_once(seed: int) -> None:
    """The layers of some are known, and those of others are not: what is told together is never more exact."""
    chance = random.Random(seed)
    layers = {f"layer-{number}": chance.randrange(1, 1000) for number in range(6)}
    images = {
        f"image-{number}": {each: layers[each] for each in chance.sample(sorted(layers), 3)} for number in range(8)
    }
    repositories = [
        [
            CountedTag(digest, size=sum(images[digest].values()), delete=chance.random() < 0.5)
            for digest in chance.sample(sorted(images), chance.randrange(1, 6))
        ]
        for _number in range(3)
    ]
    blobs = [repository_blobs(tags, images) for tags in repositories]
    held = {layer: size for tags in repositories for tag in tags for layer, size in images[tag.digest or ""].items()}
    kept = {layer for tags in repositories for tag in tags if not tag.delete for layer in images[tag.digest or ""]}
    truth = sum(size for layer, size in held.items() if layer not in kept)

    def together(known: list[RepositoryBlobs | None]) -> Figures:
        parts = [
            repository_figures(tags, clock=CLOCK, size=None, blobs=each, planned=True)
            for tags, each in zip(repositories, known, strict=True)
        ]
        return combined_figures(parts, known)

    exact = together(list(blobs))
    assert (exact.bytes, exact.freed) == (sum(held.values()), (truth, truth))
    partly = together([blobs[0], None, blobs[2]])
    assert partly.bytes is not None
    assert exact.bytes is not None
    assert partly.bytes >= exact.bytes
    assert partly.freed.most is None or partly.freed.most >= truth


def test_shared_layers_count_once_in_a_project() -> None:
    images = {"sha256:a": {"base": 100, "a": 1}, "sha256:b": {"base": 100, "b": 2}}
    first, second = [CountedTag("sha256:a", 101, delete=True)], [CountedTag("sha256:b", 102)]
    blobs = [repository_blobs(tags, images) for tags in (first, second)]
    parts = [
        repository_figures(tags, clock=CLOCK, size=None, blobs=each, planned=True)
        for tags, each in zip((first, second), blobs, strict=True)
    ]

    assert [part.freed for part in parts] == [(101, 101), (0, 0)]
    together = combined_figures(parts, blobs)
    assert (together.bytes, together.bytes_method, together.freed) == (103, BytesMethod.LAYERS, (1, 1))
    # Where the layers of one repository are unknown, the repositories are added.
    assert combined_figures(parts, [blobs[0], None])[1:3] == (203, BytesMethod.LAYERS)


def test_one_unknown_number_makes_the_sum_unknown() -> None:
    known = repository_figures([CountedTag("sha256:a", 5, date=CLOCK)], clock=CLOCK, size=5)

    both = combined_figures([known, Figures()])

    assert both == Figures(oldest_tag_at=CLOCK, newest_tag_at=CLOCK)
    assert combined_figures([known, known])[:3] == (2, 10, BytesMethod.GITLAB)


def test_without_repositories_there_is_nothing() -> None:
    nothing = combined_figures([])

    assert nothing == Figures(
        tags=0,
        bytes=0,
        bytes_method=BytesMethod.ESTIMATED,
        tags_by_age=(0,) * 6,
        bytes_by_age=(0,) * 6,
        delete=0,
        keep=0,
        freed=FreedBytes(0, 0),
    )
    assert len(AGES) == 6


EXACTNESS = [BytesMethod.UNKNOWN, BytesMethod.ESTIMATED, BytesMethod.GITLAB, BytesMethod.LAYERS]


@pytest.mark.parametrize("methods", list(itertools.product(EXACTNESS, repeat=2)))
def test_a_sum_is_as_exact_as_its_least_exact_part(methods: tuple[BytesMethod, BytesMethod]) -> None:
    found = combined_figures([Figures(bytes_method=each) for each in methods])
    assert found.bytes_method is min(methods, key=EXACTNESS.index)


COUNTED_TAGS = st.lists(
    st.builds(
        CountedTag,
        st.sampled_from(["sha256:a", "sha256:b", "sha256:c", None]),
        st.none() | st.integers(0, 99),
        st.none() | st.integers(-1, 400).map(lambda days: ago(days=days)),
        st.booleans(),
    ),
    max_size=6,
)


@given(st.lists(COUNTED_TAGS, min_size=1, max_size=4), st.booleans())
def test_repositories_without_a_common_image_add_up_to_one_of_all_their_tags(
    repositories: list[list[CountedTag]], planned: bool
) -> None:
    apart = [
        [tag._replace(digest=tag.digest and f"{tag.digest}-{number}") for tag in tags]
        for number, tags in enumerate(repositories)
    ]
    parts = [repository_figures(tags, clock=CLOCK, size=None, planned=planned) for tags in apart]
    together = combined_figures(parts)
    whole = repository_figures(list(itertools.chain(*apart)), clock=CLOCK, size=None, planned=planned)
    # Of several repositories less is known of what they free.
    assert together == whole._replace(freed=together.freed)


@pytest.mark.parametrize("planned", [True, False])
def test_without_a_plan_nothing_is_freed_whatever_is_known_of_layers(planned: bool) -> None:
    tags = [CountedTag("sha256:a", delete=planned)]
    blobs = repository_blobs(tags, {"sha256:a": {"x": 1}})
    part = repository_figures(tags, clock=CLOCK, size=None, blobs=blobs, planned=planned)
    assert combined_figures([part], [blobs]).freed == part.freed == ((1, 1) if planned else (None, None))


def test_numbers_as_they_are_returned() -> None:
    found = Figures(
        bytes=9,
        bytes_method=BytesMethod.LAYERS,
        oldest_tag_at=ago(days=2),
        newest_tag_at=ago(days=1),
        tags_by_age=(1, 2, 3, 4, 5, 6),
        bytes_by_age=(7, 8, 9, None, 11, 12),
        delete=3,
        keep=4,
        freed=FreedBytes(least=5, most=6),
    )
    assert found.as_result() == {
        "bytes": 9,
        "bytes_method": "layers",
        "oldest_tag_at": "2026-05-30T00:00:00Z",
        "newest_tag_at": "2026-05-31T00:00:00Z",
        "tags_by_age": {"7d": 1, "30d": 2, "90d": 3, "365d": 4, "older": 5, "unknown": 6},
        "bytes_by_age": {"7d": 7, "30d": 8, "90d": 9, "365d": None, "older": 11, "unknown": 12},
        "delete": 3,
        "keep": 4,
        "freed_least": 5,
        "freed_most": 6,
    }


def usage(
    *tags: Tag, deleted: set[str] | None = None, source: DateSource = DateSource.PUBLISHED, **facts: Any
) -> RepositoryUsage:
    """The numbers of a repository of 10 bytes. facts: of its listing."""
    place = repository(size=10)
    return repository_usage(place, TagListing(place, tags, **facts), source=source, clock=CLOCK, deleted=deleted)


def test_of_a_tag_its_own_date_size_and_fate_are_counted() -> None:
    kept = Tag("v1", "sha256:a", size=8, published=ago(days=1), created=ago(days=50), media_type=OCI_IMAGE)
    gone = Tag("v2", "sha256:b", size=9, published=ago(days=10), created=ago(days=60), media_type=OCI_IMAGE)
    found = usage(kept, gone, deleted={"v2"})
    assert found == RepositoryUsage(
        Figures(
            tags=2,
            bytes=10,
            bytes_method=BytesMethod.GITLAB,
            oldest_tag_at=ago(days=10),
            newest_tag_at=ago(days=1),
            tags_by_age=(1, 1, 0, 0, 0, 0),
            bytes_by_age=(8, 9, 0, 0, 0, 0),
            delete=1,
            keep=1,
            freed=FreedBytes(2, 2),
        )
    )
    assert usage(kept, gone, deleted=set()).figures.delete == 0
    unplanned = usage(kept, gone).figures
    assert (unplanned.delete, unplanned.keep, unplanned.freed) == (None, None, (None, None))
    built = usage(kept, source=DateSource.BUILT).figures
    assert (built.oldest_tag_at, built.tags_by_age) == (ago(days=50), (0, 0, 1, 0, 0, 0))


def test_without_a_source_of_dates_there_are_no_ages() -> None:
    found = usage(Tag("v1", "sha256:a", published=ago(days=1)), source=DateSource.NONE).figures
    assert (found.tags, found.oldest_tag_at, found.tags_by_age, found.bytes_by_age) == (1, None, None, None)


@pytest.mark.parametrize(
    ("facts", "freed"),
    [
        ({}, (2, 2)),
        ({"media_type": OCI_IMAGE}, (2, 2)),
        ({"children": ("sha256:c",)}, (2, 9)),
        *(({"media_type": kind}, (2, 9)) for kind in INDEXES),
    ],
)
def test_an_index_is_known_by_what_it_holds_or_by_its_type(facts: dict[str, Any], freed: tuple[int, int]) -> None:
    index, gone = Tag("v1", "sha256:a", size=8, **facts), Tag("v2", "sha256:b", size=9)
    assert usage(index, gone, deleted={"v2"}).figures.freed == freed


def test_layers_are_counted_as_far_as_all_are_known() -> None:
    tags = Tag("v1", "sha256:a", size=8), Tag("v2", "sha256:b", size=9)
    images = {"sha256:a": {"base": 5, "a": 1}, "sha256:b": {"base": 5, "b": 2}}
    found = usage(*tags, deleted={"v2"}, blobs=ImageBlobs(images))
    assert found.blobs == RepositoryBlobs(kept=images["sha256:a"], deleted=images["sha256:b"])
    assert (found.figures.bytes, found.figures.freed) == (8, (2, 2))
    partly = usage(*tags, deleted={"v2"}, blobs=ImageBlobs({**images, "sha256:a": None}))
    assert (partly.blobs, partly.figures.bytes) == (None, 10)
    both = [found, usage(tags[0], deleted=set(), blobs=ImageBlobs(images))]
    assert (total_usage(both).bytes, total_usage(both).freed) == (8, (2, 2))


@pytest.mark.parametrize(
    ("size", "method"), [(None, BytesMethod.UNKNOWN), (0, BytesMethod.GITLAB), (5, BytesMethod.GITLAB)]
)
@pytest.mark.parametrize("deleted", [None, {"v1"}])
def test_of_a_repository_that_was_not_read_a_plan_deletes_nothing(
    size: int | None, method: BytesMethod, deleted: set[str] | None
) -> None:
    place = repository(size=size, tags_count=7)
    error = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
    freed = FreedBytes(0, 0) if deleted else FreedBytes(None, None)
    expected = Figures(
        tags=7, bytes=size, bytes_method=method, delete=None if deleted is None else 0, keep=None, freed=freed
    )
    for listing in (None, TagListing(place, (Tag("v1"),), error=error)):
        found = repository_usage(place, listing, source=DateSource.NONE, clock=CLOCK, deleted=deleted)
        assert found == RepositoryUsage(expected)


def test_of_repositories_without_layers_or_sizes_one_is_named() -> None:
    unknown = [("team/a", "the registry answered 503."), ("team/b", "status X")]
    assert unknown_notes("layers", []) == []
    assert unknown_notes("layers", unknown[:1]) == [
        "The layers of team/a are unknown, and bytes are calculated without them: the registry answered 503."
    ]
    assert unknown_notes("sizes", unknown[::-1]) == [
        "The sizes of 2 repositories, first of team/b, are unknown, and bytes are calculated without them: status X."
    ]


def test_the_layers_of_a_repository_are_known_if_those_of_each_image_are() -> None:
    images = {"sha256:a": {"x": 1}, "sha256:b": None}

    assert repository_blobs([CountedTag("sha256:a")], images) == ({"x": 1}, {})
    assert repository_blobs([CountedTag("sha256:a", delete=True)], images) == ({}, {"x": 1})
    for digest in ("sha256:b", "sha256:c", None):
        assert repository_blobs([CountedTag("sha256:a"), CountedTag(digest)], images) is None
