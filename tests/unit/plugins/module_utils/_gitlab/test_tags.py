# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings of tags, their details and their deletion, from answers as GitLab gives them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import tags
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Response
from tests.unit.rest_serving import REPOSITORY, ScriptedClient, answer, names


def keyset(last: str) -> str:
    return f'<https://x.example/y?pagination=keyset&per_page=1000&last={last}&sort=asc>; rel="next"'


def test_keyset_listings_go_on_behind_the_last_name() -> None:
    client = ScriptedClient([answer(names("a", "bb"), Link=keyset("bb")), answer(names("c"))])
    assert tags.tag_names_keyset(client, REPOSITORY) == ["a", "bb", "c"]
    assert client.asked[1][2] == {"pagination": "keyset", "per_page": 1000, "last": "bb"}


def test_a_full_keyset_page_without_a_link_is_looked_behind() -> None:
    full = names(*(f"v{number:04}" for number in range(1000)))
    lost = ScriptedClient([answer(full), answer(names("w"))])
    assert len(tags.tag_names_keyset(lost, REPOSITORY)) == 1001
    assert lost.asked[1][2]["last"] == "v0999"
    last = ScriptedClient([answer(full), answer([])])
    assert len(tags.tag_names_keyset(last, REPOSITORY)) == 1000


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (answer(names("a"), Link=keyset("a")), answer([])),
        (answer(names("a"), Link=keyset("a")), answer(names("a"))),
        (answer(names("a"), Link='<https://x.example/y?page=2>; rel="next"'), answer(names("b"))),
    ],
)
def test_a_keyset_page_that_can_not_be_true_fails_the_listing(first: Response, second: Response) -> None:
    with pytest.raises(RequestError) as caught:
        tags.tag_names_keyset(ScriptedClient([first, second]), REPOSITORY)
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a b", "{{ x }}", "a/b", "x" * 129, None, 5])
def test_a_name_that_no_tag_has_fails_the_listing(name: Any) -> None:
    with pytest.raises(RequestError) as caught:
        tags.tag_names_offset(ScriptedClient([answer([{"name": name}], X_Total="1")]), REPOSITORY)
    assert caught.value.kind == ErrorKind.INCOMPLETE


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (answer([]), True),
        (answer([], X_Page="1"), None),
        (answer({"message": "405 Method Not Allowed"}, 405), False),
    ],
)
def test_what_the_keyset_listing_tells(found: Response, expected: bool | None) -> None:
    assert tags.keyset_supported(ScriptedClient([found]), REPOSITORY) is expected


def test_a_web_page_tells_nothing_about_keyset_listings() -> None:
    with pytest.raises(RequestError):
        tags.keyset_supported(ScriptedClient([answer(b"<html>", Content_Type="text/html")]), REPOSITORY)


def test_details_of_another_tag_are_not_taken() -> None:
    with pytest.raises(RequestError) as caught:
        tags.tag_detail(ScriptedClient([answer({"name": "v10"})]), REPOSITORY, "v1")
    assert caught.value.kind == ErrorKind.INCOMPLETE


def test_details_that_are_null_are_unknown() -> None:
    body = {"name": "v1", "digest": None, "created_at": None, "total_size": None}
    tag = tags.tag_detail(ScriptedClient([answer(body)]), REPOSITORY, "v1")
    assert tag is not None
    assert (tag.digest, tag.created, tag.size) == (None, None, None)


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_bare_number_is_a_deletions_answer(status: int) -> None:
    assert tags.delete_tag(ScriptedClient([answer(status, status)]), REPOSITORY, "v1").status == status


@pytest.mark.parametrize(
    ("message", "kind", "advice"),
    [
        (
            "This request has already been made. You can run this at most once an hour",
            ErrorKind.LEASE,
            "try again in an hour",
        ),
        ("name_regex_delete is missing", ErrorKind.BAD_REQUEST, ""),
    ],
)
def test_a_second_bulk_deletion_within_an_hour_is_told_from_a_bad_one(
    message: str, kind: ErrorKind, advice: str
) -> None:
    with pytest.raises(RequestError) as caught:
        tags.bulk_delete_tags(ScriptedClient([answer({"message": message}, 400)]), REPOSITORY, {})
    assert (caught.value.kind, caught.value.status, caught.value.message) == (kind, 400, message)
    assert advice in caught.value.advice
