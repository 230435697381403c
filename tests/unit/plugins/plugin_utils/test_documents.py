# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What documents of users say: each key once, and one sentence for what can't be meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.documents import DuplicateKeyError, parse_json
from ansible_collections.containerops.gitlab.plugins.plugin_utils.documents import (
    ValueRefused,
    sources_in,
    yaml_documents,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=4)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
MERGED = "a: &a {x: 1}\nb: &b {<<: *a, y: 2, x: 3}\nc: {<<: *b, x: 4}\nd: [*a, *a]\n"


def with_a_key_twice(document: Any, key: str) -> str:
    """A document with an object somewhere inside that has a key twice, as JSON."""
    quoted = json.dumps(key, ensure_ascii=False)
    written = json.dumps([document, {"in": "TWICE"}], ensure_ascii=False)
    return written.replace('"TWICE"', f'{{"a": 1, {quoted}: 1, {quoted}: 2}}')


@given(DOCUMENTS)
def test_what_is_written_once_is_read_as_it_is(document: Any) -> None:
    assert parse_json(json.dumps(document)) == document
    assert yaml_documents(yaml.safe_dump(document)) == [document]


@given(DOCUMENTS, st.text('abc_-9 "\\\u00e9', min_size=1, max_size=5))
def test_a_key_that_stands_twice_is_refused_by_its_name(document: Any, key: str) -> None:
    text = with_a_key_twice(document, key)
    with pytest.raises(DuplicateKeyError) as refused:
        parse_json(text)
    assert str(refused.value) == f"has the key {key!r} twice in one object: write it once"
    with pytest.raises(ValueRefused, match="twice in the mapping of line 1: write it once"):
        yaml_documents(text)


def test_what_yaml_merges_is_no_key_that_stands_twice() -> None:
    assert yaml_documents(MERGED) == [yaml.safe_load(MERGED)]
    assert yaml_documents("---\n---\na: 1\n---\na: 2\n") == [None, {"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, '{"a":' * 100_000, "a: [", "\0", "a: 2026-13-45", "!!python/object:a.b {}"]
)
def test_what_is_no_document_is_no_error_that_nobody_thought_of(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(text)
    with pytest.raises(ValueRefused, match="is not valid YAML|is nested more than|looks like a time and is none"):
        yaml_documents(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("sources:\n- name: a", "is not JSON"),
        ("\ufeff{}", "is not JSON"),
        ('{"sources": [', "is not JSON"),
        ("[]", "contains no sources: it has to be a file of the role registry_in_use"),
        ("{}", "contains no sources"),
        ('{"Sources": []}', "contains no sources"),
        ("null", "contains no sources"),
        ("5", "contains no sources"),
        ('{"sources": null}', "holds null instead of a list of sources"),
        ('{"sources": "abc"}', 'holds "abc" instead of a list of sources'),
        ('{"sources": {}}', "holds {} instead of a list of sources"),
        ('{"sources": 5}', "holds 5 instead of a list of sources"),
        ('{"sources": []}', "contains no source, so the images in use are unknown"),
        ('{"sources": [null]}', "holds null as source 1"),
        ('{"sources": [{"name": "a", "images": []}, "team/app:1"]}', 'holds "team/app:1" as source 2'),
        ('{"sources": [[]]}', "holds [] as source 1"),
        ('{"sources": [{}]}', "contains no text as the name of source 1"),
        ('{"sources": [{"name": 5, "images": []}]}', "contains no text as the name of source 1"),
        ('{"sources": [{"name": " ", "images": []}]}', "contains no text as the name of source 1"),
        ('{"sources": [{"name": "a", "images": null}]}', "holds images of source 1 (a) that are not a list of texts"),
        ('{"sources": [{"name": "a", "images": [1]}]}', "holds images of source 1 (a) that are not a list of texts"),
        ('{"sources": [{"name": "a", "images": [""]}]}', "holds images of source 1 (a) that are not a list of texts"),
        (
            '{"sources": [{"name": "a", "images": {"b": 1}}]}',
            "holds images of source 1 (a) that are not a list of texts",
        ),
        (
            '{"sources": [{"name": "a", "image": ["b"]}]}',
            "holds 'image' in source 1 (a), which may only have name, images,",
        ),
        ('{"sources": [{"name": "a", "images": ["b"], "failed": true}]}', "holds true as failed of source 1 (a)"),
        ('{"sources": [{"name": "a", "images": ["b"], "images": []}]}', "has the key 'images' twice in one object"),
        ('{"sources": [{"name": "a"}], "sources": []}', "has the key 'sources' twice in one object"),
    ],
)
def test_what_are_no_sources(text: str, words: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        sources_in(text)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


def test_sources_are_read_as_they_are() -> None:
    rows = [
        {"name": "a", "images": ["b"], "failed": ""},
        {"name": "c", "failed": "unreachable"},
        {"name": "d", "images": "e"},
    ]
    assert sources_in(json.dumps({"sources": rows})) == rows
