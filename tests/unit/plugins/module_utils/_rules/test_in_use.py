# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References in all the ways in which hosts write them, and the tags that stay because of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Tag
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import OCI_INDEX
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.in_use import (
    Reference,
    Source,
    in_use_of,
    kept_by_use,
    missing_sources,
    parse_reference,
    untagged,
)

PATH = "team/app"


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


@pytest.mark.parametrize(
    ("text", "path", "tag", "pinned", "identifier"),
    [
        ("team/app:v1", "team/app", "v1", None, None),
        ("registry.example.com/team/app:v1", "team/app", "v1", None, None),
        ("registry.example.com:5050/Team/App:v1", "team/app", "v1", None, None),
        ("localhost/team/app", "team/app", "latest", None, None),
        (f"team/app@{digest('a')}", "team/app", None, digest("a"), None),
        (f"reg:5000/team/app:v1@{digest('a')}", "team/app", "v1", digest("a"), None),
        (f"docker-pullable://reg.io/team/app@{digest('a')}", "team/app", None, digest("a"), None),
        (digest("b"), "", None, None, "b" * 64),
        ("b" * 12, "", None, None, "b" * 12),
        ("docker://" + digest("b"), "", None, None, "b" * 64),
        (" nginx ", "nginx", "latest", None, None),
    ],
)
def test_the_forms_of_a_reference(
    text: str, path: str, tag: str | None, pinned: str | None, identifier: str | None
) -> None:
    found = parse_reference(text)
    assert found == Reference(text, path=path, tag=tag, digest=pinned, identifier=identifier)


@pytest.mark.parametrize(
    "text",
    ["", " ", "<none>", "<none>:<none>", "team/app:", "team/app@", "team/app@sha256:12", "a b", "team//app", ":v1"]
    + ["docker://docker://team/app", "team/docker://app"],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_reference(text)
    form = "write it as group/project/name:tag, with @sha256:... or as an id."
    assert str(refused.value) == f"in_use holds {text!r}, which is no image: {form}"


def kept(tags: list[Tag], *images: str) -> dict[str, str]:
    return {name: reason.value for name, reason in kept_by_use(tags, PATH, in_use_of(images)).items()}


V1 = Tag("v1", digest("1"), config_digest=digest("c"))
V2 = Tag("v2", digest("2"), config_digest=digest("d"))
INDEX = Tag("multi", digest("3"), media_type=OCI_INDEX, children=(digest("1"), digest("4")))


def test_by_tag_that_tag_alone_stays() -> None:
    assert kept([V1, V2], "reg.io/team/app:v1") == {"v1": "in_use"}
    assert kept([V1, V2], "reg.io/team/other:v1", "team:v1") == {}


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


def test_sources_that_are_missing_empty_or_failed() -> None:
    good, empty, bad = Source("a", ("x",)), Source("b", ()), Source("c", images=("x",), failed="unreachable")
    assert missing_sources([good], ["a"]) == missing_sources([good], 1) == missing_sources([good], None) == []
    [text] = missing_sources([good], ["a", "z"])
    assert "z of what is in use is expected" in text
    assert len(missing_sources([good, empty, bad], None)) == 2
    assert missing_sources([good], 2) == ["2 sources of what is in use are expected, and 1 are there"]


def test_what_runs_without_a_tag_is_told() -> None:
    used = in_use_of([f"reg.io/team/app@{digest('9')}", f"team/app@{digest('1')}", f"team/other@{digest('9')}"])
    assert [each.text for each in untagged(used, {PATH: [V1, V2]})] == [f"reg.io/team/app@{digest('9')}"]
    # With a digest that is not known nothing can be said.
    assert untagged(used, {PATH: [V1, Tag("dark")]}) == []


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
        st.sampled_from(["team/app:v1", "reg.io/team/app:v3", "team/other:v2", "team/app"]),
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
