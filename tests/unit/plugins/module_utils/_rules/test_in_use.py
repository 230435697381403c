# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References in all the ways in which hosts write them, and the tags that stay because of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_INDEX
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import (
    Source,
    UntaggedImage,
    in_use_of,
    kept_by_use,
    missing_sources,
    stale_sources,
    tags_in_use,
    untagged,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.references import Reference, parse_reference
from tests.unit.models import digest

PATH = "team/app"


letters_of_digests = st.sampled_from("012345678")


TEAM_APP = ("team/app", "app", "library/app")
SHA512 = "sha512:" + "d" * 128


@pytest.mark.parametrize(
    ("text", "paths", "tag", "pinned", "identifier"),
    [
        ("team/app:v1", TEAM_APP, "v1", None, None),
        ("registry.example.com/team/app:v1", ("registry.example.com/team/app", *TEAM_APP), "v1", None, None),
        ("registry.example.com:5050/Team/App:v1", TEAM_APP, "v1", None, None),
        ("Registry.Example.com./team/app:v1", TEAM_APP, "v1", None, None),
        ("[2001:db8::1]:5000/team/app:v1", TEAM_APP, "v1", None, None),
        ("[fe80::1%eth0]/team/app", TEAM_APP, "latest", None, None),
        ("a_host/team/app", ("a_host/team/app", *TEAM_APP), "latest", None, None),
        ("my__host_/team/app", TEAM_APP, "latest", None, None),
        ("harbor/a/team/app:v1", ("harbor/a/team/app", "a/team/app", *TEAM_APP), "v1", None, None),
        ("acme.io/shop:blue", ("acme.io/shop", "shop", "library/shop"), "blue", None, None),
        (f"team/app@{digest('a')}", TEAM_APP, None, digest("a"), None),
        (f"team/app@{digest('a').upper()}", TEAM_APP, None, digest("a"), None),
        (f"team/app@{SHA512}", TEAM_APP, None, SHA512, None),
        (f"reg:5000/team/app:v1@{digest('a')}", TEAM_APP, "v1", digest("a"), None),
        (f"docker-pullable://team/app@{digest('a')}", TEAM_APP, None, digest("a"), None),
        ("OCI://team/app:1", TEAM_APP, "1", None, None),
        ("https://team/app:1", TEAM_APP, "1", None, None),
        ("nginx:5000", ("nginx", "library/nginx"), "5000", None, None),
        (" nginx ", ("nginx", "library/nginx"), "latest", None, None),
        (digest("b"), (), None, None, "b" * 64),
        ("b" * 12, (), None, None, "b" * 12),
        ("B" * 12, (), None, None, "b" * 12),
        ("docker://" + digest("b"), (), None, None, "b" * 64),
    ],
)
def test_the_forms_of_a_reference(
    text: str, paths: tuple[str, ...], tag: str | None, pinned: str | None, identifier: str | None
) -> None:
    found = parse_reference(text)
    assert found == Reference(text, paths, ends=found.ends, tag=tag, digest=pinned, identifier=identifier)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("app:v1", ("app",)),
        ("App", ("app",)),
        ("sub/app:v1", ("sub/app",)),
        ("registry.example.com/app:v1", ("registry.example.com/app", "app")),
        ("registry.example.com/sub/app:v1", ("registry.example.com/sub/app", "sub/app")),
        ("localhost/app", ("localhost/app", "app")),
        ("localhost/sub/app", ("localhost/sub/app", "sub/app")),
        ("reg:5000/app:v1", ("app",)),
        ("[::1]:5000/sub/app", ("sub/app",)),
        ("my__host_/app", ("app",)),
        ("harbor/sub/app", ("harbor/sub/app",)),
        ("a.b", ("a.b",)),
        (f"docker://app@{digest('a')}", ("app",)),
        ("b" * 12, ()),
    ],
)
def test_what_a_path_may_end_with(text: str, ends: tuple[str, ...]) -> None:
    assert parse_reference(text).ends == ends


@pytest.mark.parametrize(
    "text",
    ["", " ", "<none>", "<none>:<none>", "team/app:", "team/app@", "team/app@sha256:12", "a b", "team//app", ":v1"]
    + ["docker://docker://team/app", "team/docker://app", "reg:5000/", "[::1]:5000", "reg:x/team/app"]
    + [
        "team/reg:5000/app",
        "team/a.b./app",
        "team/app@md5:12",
        "team/app:v1:v2",
        f"team/app@{digest('a')}@",
        "/team/app",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_reference(text)
    form = "write it as group/project/name:tag, with @sha256:... or as an id."
    assert str(refused.value) == f"in_use holds {text!r}, which is not an image: {form}"


def kept(tags: list[Tag], *images: str) -> dict[str, str]:
    return {name: reason.value for name, reason in kept_by_use(tags, PATH, in_use_of(images)).items()}


V1 = Tag("v1", digest("1"), config_digest=digest("c"))
V2 = Tag("v2", digest("2"), config_digest=digest("d"))
INDEX = Tag("multi", digest("3"), media_type=OCI_INDEX, children=(digest("1"), digest("4")))


def test_by_tag_that_tag_alone_stays() -> None:
    assert kept([V1, V2], "reg.io/team/app:v1") == {"v1": "in_use"}
    assert kept([V1, V2], "reg.io/team/other:v1", "team:v1", "team/app/web:v1") == {}


@pytest.mark.parametrize("text", ["app", "reg.io/app", "reg:5000/app", "localhost/app", "docker://APP"])
def test_without_host_and_group_a_tag_stays_as_well(text: str) -> None:
    assert kept([V1, V2], f"{text}:v1") == {"v1": "in_use"}
    assert kept([V1, V2], f"{text}@{digest('1')}") == {"v1": "in_use"}
    assert kept([V1, V2, Tag("dark")], f"{text}@{digest('9')}") == {"dark": "unknown_in_use"}
    for other in ("pp", "a/app", "reg.io/a/app", "app/web", "team"):
        assert kept([V1, V2], f"{other}:v1") == {}


def test_an_image_without_its_groups_is_looked_for_in_every_repository_that_ends_so() -> None:
    places = {"team/app": [V2], "team/sub/app": [V2], "team/web": [V2], "app/web": [V2]}
    text = f"app@{digest('9')}"
    assert untagged(in_use_of([text]), places) == [
        UntaggedImage(text, path, digest=digest("9"), named=False) for path in ("team/app", "team/sub/app")
    ]
    assert untagged(in_use_of([text]), {**places, "team/app": [Tag("dark")]}) == []
    assert tags_in_use(in_use_of(["app:v2", "sub/app:v2", text]), places) == {
        "app:v2": {("team/app", "v2"), ("team/sub/app", "v2")},
        "sub/app:v2": {("team/sub/app", "v2")},
        text: set(),
    }


def test_by_digest_every_tag_of_it_stays() -> None:
    assert kept([V1, Tag("again", digest("1")), V2], f"team/app@{digest('1')}") == {"v1": "in_use", "again": "in_use"}


def test_a_tag_whose_digest_is_unknown_stays_when_something_is_in_use_by_digest() -> None:
    assert kept([V2, Tag("dark")], f"team/app@{digest('1')}") == {"dark": "unknown_in_use"}
    assert kept([V2, Tag("dark")], f"team/other@{digest('1')}") == {}


def test_an_index_keeps_its_images_and_an_image_its_index() -> None:
    everything = {"v1": "in_use", "multi": "in_use"}
    assert kept([V1, V2, INDEX], "team/app:multi") == everything
    assert kept([V1, V2, INDEX], f"team/app@{digest('3')}") == everything
    assert kept([V1, V2, INDEX], f"team/app@{digest('1')}") == everything
    assert kept([V2, INDEX], f"team/app@{digest('4')}") == {"multi": "in_use"}


def test_an_index_of_which_nothing_is_known_may_hold_what_is_in_use() -> None:
    dark = Tag("dark", digest("5"), media_type=OCI_INDEX)
    assert kept([V1, dark], f"team/app@{digest('1')}") == {"v1": "in_use", "dark": "unknown_in_use"}
    # What is an index itself is not inside another one.
    assert kept([INDEX, dark], f"team/app@{digest('3')}") == {"multi": "in_use"}


def test_by_id() -> None:
    assert kept([V1, V2], digest("c")) == {"v1": "in_use"}
    assert kept([V1, V2], "c" * 12) == {"v1": "in_use"}
    assert kept([V1, V2], digest("2")) == {"v2": "in_use"}
    assert kept([V1, Tag("dark", digest("6"))], "d" * 12) == {"dark": "unknown_in_use"}
    assert kept([INDEX], "e" * 12) == {"multi": "unknown_in_use"}
    # An id of any length that engines show.
    assert kept([V1, V2], "d" * 13, "c" * 40) == {"v1": "in_use", "v2": "in_use"}


def test_sources_that_are_missing_empty_or_failed() -> None:
    good, empty, bad = Source("a", ("x",)), Source("b", ()), Source("c", images=("x",), failed="unreachable")
    assert missing_sources([good], ["a"]) == missing_sources([good], 1) == missing_sources([good], None) == []
    [text] = missing_sources([good], ["a", "z"])
    assert "z of images in use is expected" in text
    assert len(missing_sources([good, empty, bad], None)) == 2
    assert missing_sources([good], 2) == ["2 sources of images in use are expected, and 1 is there"]


@pytest.mark.parametrize("images", [("x",), ("y",)])
def test_a_source_that_is_listed_twice_is_one_source(images: tuple[str, ...]) -> None:
    sources = [Source("a", ("x",)), Source("a", images)]
    assert missing_sources(sources, 2) == ["2 sources of images in use are expected, and 1 is there"]
    assert missing_sources([*sources, Source("b", ("x",))], 2) == []


def test_what_runs_without_a_tag_is_told() -> None:
    used = in_use_of([f"reg.io/team/app@{digest('9')}", f"team/app@{digest('1')}", f"team/other@{digest('9')}"])
    assert untagged(used, {PATH: [V1, V2]}) == [
        UntaggedImage(f"reg.io/team/app@{digest('9')}", path=PATH, digest=digest("9"))
    ]
    # With a digest that is not known nothing can be said.
    assert untagged(used, {PATH: [V1, Tag("dark")]}) == []
    assert untagged(in_use_of([f"team/app@{digest('4')}"]), {PATH: [INDEX]}) == []


def test_which_tags_a_reference_leads_to() -> None:
    tags = {PATH: [V1, V2, INDEX], "team/other": [Tag("v1", digest("7")), Tag("dark")]}
    images = [
        "mirror/team/app:v1",
        "team/app:v3",
        f"team/app:v2@{digest('1')}",
        f"team/other@{digest('1')}",
        "elsewhere/app:v1",
        "c" * 12,
        digest("1"),
    ]
    assert tags_in_use(in_use_of(images), tags) == {
        images[0]: {(PATH, "v1")},
        images[1]: set(),
        images[2]: {(PATH, "v2"), (PATH, "v1"), (PATH, "multi")},
        images[3]: set(),
        images[4]: set(),
        images[5]: {(PATH, "v1")},
        images[6]: {(PATH, "v1"), (PATH, "multi")},
    }
    assert tags_in_use(in_use_of([]), tags) == {}


def test_what_may_be_in_several_repositories_has_a_tag_if_one_of_them_has_it() -> None:
    text = f"mirror/{PATH}@{digest('1')}"
    places = {PATH: [V1], f"mirror/{PATH}": [V2]}
    assert untagged(in_use_of([text]), places) == []
    without = {**places, PATH: [V2]}
    found = [
        UntaggedImage(text, path=f"mirror/{PATH}", digest=digest("1")),
        UntaggedImage(text, path=PATH, digest=digest("1")),
    ]
    assert untagged(in_use_of([text]), without) == found


component = st.from_regex(r"[a-z0-9]{1,4}(?:(?:[._]|__|-{1,2})[a-z0-9]{1,4}){0,2}", fullmatch=True)
repository_paths = st.lists(component, min_size=2, max_size=4).map("/".join)
hosts = st.one_of(
    st.sampled_from(
        ["registry.example.com", "localhost", "REGISTRY.Example.com", "registry.example.com.", "reg_1", "r"]
    ),
    st.sampled_from(["10.0.0.7", "[2001:db8::1]", "[::1]", "xn--bcher-kva.example"]),
    component,
)
ports = st.sampled_from(["", ":5050", ":443"])
# A mirror's own path, such as a proxy cache project of Harbor's.
mirrors = st.lists(component, max_size=2).map(lambda parts: "".join(f"{part}/" for part in parts))
prefixes = st.one_of(
    st.just(""), mirrors, st.builds(lambda host, port, mirror: f"{host}{port}/{mirror}", hosts, ports, mirrors)
)
schemes = st.sampled_from(
    ["", "docker://", "docker-pullable://", "oci://", "https://", "http://", "Docker://", "cri-o://"]
)
tag_names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(schemes, prefixes, repository_paths, tag_names, st.booleans(), st.booleans())
def test_a_tag_is_kept_by_every_reference_that_may_mean_it(
    scheme: str, prefix: str, path: str, name: str, upper: bool, pinned: bool
) -> None:
    text = f"{scheme}{prefix}{path.upper() if upper else path}:{name}" + (f"@{digest('9')}" if pinned else "")
    found = kept_by_use([Tag(name, digest("1")), Tag("another", digest("2"))], path, in_use_of([text]))
    assert found[name] is Reason.IN_USE
    assert set(found) == {name}


@given(schemes, prefixes, repository_paths, letters_of_digests)
def test_an_image_is_kept_by_every_reference_that_may_mean_it(scheme: str, prefix: str, path: str, letter: str) -> None:
    text = f"{scheme}{prefix}{path}@{digest(letter)}"
    used = in_use_of([text])
    assert kept_by_use([Tag("by-digest", digest(letter)), Tag("another", digest("f"))], path, used) == {
        "by-digest": Reason.IN_USE
    }
    assert used.needs_details(path)


@given(component, tag_names)
def test_a_name_alone_means_what_engines_take_it_for(name: str, tag: str) -> None:
    text = f"{name}:{tag}"
    for path in (name, f"library/{name}"):
        assert kept_by_use([Tag(tag)], path, in_use_of([text])) == {tag: Reason.IN_USE}


@given(schemes, repository_paths, tag_names, st.data())
def test_every_end_of_a_path_may_be_what_is_in_use(scheme: str, path: str, name: str, data: st.DataObject) -> None:
    parts = path.split("/")
    end = "/".join(parts[data.draw(st.integers(0, len(parts) - 1)) :])
    host = data.draw(st.sampled_from(["", "registry.example.com/", "reg:5000/", "localhost/", "[::1]:443/"]))
    for text in (f"{scheme}{host}{end}:{name}", f"{scheme}{host}{end}@{digest('1')}"):
        used = in_use_of([text])
        found = [Tag(name, digest("1")), Tag("another", digest("2"))]
        assert kept_by_use(found, path, used) == {name: Reason.IN_USE}
        assert tags_in_use(used, {path: found}) == {text: {(path, name)}}


letters = st.sampled_from("123456")
tags = st.lists(
    st.builds(
        lambda name, own, config, children: Tag(
            name,
            own and digest(own),
            media_type=OCI_INDEX if children else None,
            config_digest=config and digest(config),
            children=tuple(map(digest, children)),
        ),
        st.sampled_from(["v1", "v2", "v3", "latest"]),
        st.one_of(st.none(), letters),
        st.one_of(st.none(), letters),
        st.lists(letters, max_size=2),
    ),
    unique_by=lambda tag: tag.name,
)
images = st.lists(
    st.one_of(
        st.sampled_from(["team/app:v1", "reg.io/team/app:v3", "team/other:v2", "team/app", "app:v2"]),
        letters.map(lambda letter: f"team/app@{digest(letter)}"),
        letters.map(digest),
    ),
    max_size=3,
)


@given(tags, images, images)
def test_another_reference_never_lets_a_tag_go(found: list[Tag], some: list[str], more: list[str]) -> None:
    before: dict[str, Any] = kept(found, *some)
    assert set(before) <= set(kept(found, *some, *more))


@given(tags, images, st.randoms(use_true_random=False))
def test_order_and_duplicates_do_not_matter(found: list[Tag], some: list[str], random: Any) -> None:
    shuffled = [*some, *some]
    random.shuffle(shuffled)
    mixed = list(found)
    random.shuffle(mixed)
    assert kept(found, *some) == kept(mixed, *shuffled)


@given(tags, images)
def test_a_reference_leads_to_tags_that_it_keeps(found: list[Tag], some: list[str]) -> None:
    """What is kept besides is an image of an index or an index of an image, or is kept in doubt."""
    used = in_use_of(some)
    led = {name for places in tags_in_use(used, {PATH: found}).values() for _path, name in places}
    assert led <= set(kept_by_use(found, PATH, used))
    plain = [tag for tag in found if tag.digest and not tag.children]
    sure = {name for name, reason in kept_by_use(plain, PATH, used).items() if reason is Reason.IN_USE}
    assert sure == {name for places in tags_in_use(used, {PATH: plain}).values() for _path, name in places}


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def read(name: str, *minutes: float) -> Source:
    """A source that was read so many minutes before noon; nobody says when, where there are none."""
    return Source(name, ("app:1",), read_at=NOON - timedelta(minutes=minutes[0]) if minutes else None)


@pytest.mark.parametrize(
    ("sources", "clock", "refusal"),
    [
        ((), NOON, None),
        ((), None, None),
        ((read("hand"),), NOON, None),
        ((read("hand"),), None, None),
        ((read("a", 0), read("b", 59), read("c", 60), read("d", -5)), NOON, None),
        (
            (read("a", 0), read("b", 60.1)),
            NOON,
            "the images in use were read longer ago than in_use_max_age (1 of 2 sources, first b at "
            "2026-06-01T10:59:54Z): find them again",
        ),
        (
            (read("hand"), read("b", 120), read("c", 180), read("d", -60)),
            NOON,
            "the images in use were read longer ago than in_use_max_age (2 of 4 sources, first c at "
            "2026-06-01T09:00:00Z): find them again",
        ),
        (
            (read("a", -6),),
            NOON,
            "the images in use were read at a time in the future (1 of 1 source, first a at 2026-06-01T12:06:00Z, "
            "GitLab's is "
            "2026-06-01T12:00:00Z): check both clocks",
        ),
        ((read("a", 0),), None, "GitLab's answers have no Date header, so the age of the images in use is unknown"),
    ],
)
def test_what_was_read_long_ago_is_not_known_any_more(
    sources: tuple[Source, ...], clock: datetime | None, refusal: str | None
) -> None:
    assert stale_sources(sources, 3600, clock) == ([refusal] if refusal else [])
