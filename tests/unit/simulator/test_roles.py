# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables: who may do what where, and which of several mistakes is told."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import Client, default_scenario

# Whom each character of a row below is about.
CALLERS = (None, "outsider", "guest", "reporter", "developer", "maintainer", "owner", "admin", "admin-mode")
CODES = {"o": 200, "n": 404, "f": 403, "u": 401}
REPOSITORY = "/projects/1/registry/repositories/100"
ENDPOINTS: dict[str, tuple[str, str, Any]] = {
    "project": ("GET", "/projects/1", None),
    "list": ("GET", "/projects/1/registry/repositories", None),
    "tags": ("GET", f"{REPOSITORY}/tags", None),
    "detail": ("GET", f"{REPOSITORY}/tags/a", None),
    "single": ("GET", "/registry/repositories/100", None),
    "delete": ("DELETE", f"{REPOSITORY}/tags/a", None),
    "settings": ("PUT", "/projects/1", {"description": "same"}),
    "repository rules": ("GET", "/projects/1/registry/protection/repository/rules", None),
    "tag rules": ("GET", "/projects/1/registry/protection/tag/rules", None),
}
# Nobody, outsider, guest, reporter, developer, maintainer, owner, administrator without and with admin mode.
PRIVATE = {
    "project": "nn ooooo no",
    "list": "nn foooo no",
    "tags": "nn foooo no",
    "detail": "nn foooo no",
    "single": "uf foooo fo",
    "delete": "nn ffooo no",
    "settings": "un fffoo no",
    "repository rules": "un fffoo no",
    "tag rules": "un fffoo no",
}
INTERNAL = {
    "project": "no ooooo oo",
    "list": "no ooooo oo",
    "tags": "no ooooo oo",
    "detail": "no ooooo oo",
    "single": "uo ooooo oo",
    "delete": "nf ffooo fo",
    "settings": "uf fffoo fo",
    "repository rules": "uf fffoo fo",
    "tag rules": "uf fffoo fo",
}
PUBLIC = {**INTERNAL, "project": "oo ooooo oo", **dict.fromkeys(("list", "tags", "detail"), "oo ooooo oo")}
PUBLIC["delete"] = "ff ffooo fo"
# Members alone, from Reporter up.
INTERNAL_PRIVATE = {
    **INTERNAL,
    **dict.fromkeys(("list", "tags", "detail"), "nf foooo fo"),
    "single": "uf foooo fo",
}
PUBLIC_PRIVATE = {**PUBLIC, **dict.fromkeys(("list", "tags", "detail"), "ff foooo fo"), "single": "uf foooo fo"}
# Nobody at all, but the settings stay.
NOTHING = {
    "list": "nn fffff nf",
    "tags": "nn fffff nf",
    "detail": "nn fffff nf",
    "single": "uf fffff ff",
    "delete": "nn fffff nf",
    "repository rules": "un fffff nf",
    "tag rules": "un fffff nf",
}
PRIVATE_DISABLED = {**PRIVATE, **NOTHING}
PUBLIC_DISABLED = {
    **PUBLIC,
    **dict.fromkeys(("list", "tags", "detail", "delete"), "ff fffff ff"),
    **dict.fromkeys(("single", "repository rules", "tag rules"), "uf fffff ff"),
}
TABLES = [
    ("private", "enabled", PRIVATE),
    ("private", "private", PRIVATE),
    ("private", "disabled", PRIVATE_DISABLED),
    ("internal", "enabled", INTERNAL),
    ("internal", "private", INTERNAL_PRIVATE),
    ("public", "enabled", PUBLIC),
    ("public", "private", PUBLIC_PRIVATE),
    ("public", "disabled", PUBLIC_DISABLED),
]


@pytest.mark.parametrize("endpoint", list(ENDPOINTS))
@pytest.mark.parametrize(("visibility", "level", "table"), TABLES, ids=[f"{a}-{b}" for a, b, _c in TABLES])
def test_who_may_do_what(gitlab: Client, visibility: str, level: str, table: dict[str, str], endpoint: str) -> None:
    scenario = default_scenario()
    scenario["projects"][0].update(visibility=visibility, access_level=level)
    method, path, body = ENDPOINTS[endpoint]
    found = []
    for token in CALLERS:
        gitlab.simulator.load(scenario)
        found.append(gitlab.rest(path, token, method, **({"json": body} if body else {})).status_code)
    expected = [CODES[letter] for letter in table[endpoint].replace(" ", "")]
    assert dict(zip(CALLERS, found, strict=True)) == dict(zip(CALLERS, expected, strict=True))


@pytest.mark.parametrize(
    ("visibility", "row"),
    [("private", "nn foooo no"), ("internal", "nf foooo fo"), ("public", "ff foooo fo")],
)
def test_the_group_listing_is_a_reporters_of_the_group(gitlab: Client, visibility: str, row: str) -> None:
    scenario = default_scenario()
    scenario["groups"][0]["visibility"] = visibility
    gitlab.simulator.load(scenario)
    found = [gitlab.rest("/groups/team/registry/repositories", token).status_code for token in CALLERS]
    assert found == [CODES[letter] for letter in row.replace(" ", "")]


# Each request is wrong in all the ways that its row still holds; the first check that fails is told.
STEPS: list[tuple[str, str, dict[str, str], int]] = [
    ("999", "999", {"PRIVATE-TOKEN": "unknown"}, 401),
    ("999", "999", {"PRIVATE-TOKEN": "expired"}, 401),
    ("999", "999", {"PRIVATE-TOKEN": "registry"}, 403),
    ("999", "999", {"JOB-TOKEN": "job"}, 403),
    ("999", "999", {"PRIVATE-TOKEN": "guest"}, 404),
    ("1", "999", {"PRIVATE-TOKEN": "outsider"}, 404),
    ("1", "999", {}, 404),
    ("1", "x", {"PRIVATE-TOKEN": "guest"}, 403),
    ("6", "x", {"PRIVATE-TOKEN": "admin-mode"}, 403),
    ("1", "x", {"PRIVATE-TOKEN": "reporter"}, 400),
    ("1", "999", {"PRIVATE-TOKEN": "reporter"}, 404),
    ("1", "106", {"PRIVATE-TOKEN": "reporter"}, 404),
]


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("GET", "", 200), ("GET", "/a", 200), ("GET", "/nope", 404), ("DELETE", "/a", 403)]
)
def test_the_checks_of_a_repositorys_endpoints_come_in_order(
    gitlab: Client, method: str, path: str, allowed: int
) -> None:
    base = "/projects/{}/registry/repositories/{}/tags" + path
    for project, repository, headers, status in STEPS:
        answer = gitlab.rest(base.format(project, repository), None, method, headers=headers)
        assert (project, repository, headers, answer.status_code) == (project, repository, headers, status)
    assert gitlab.rest(base.format("1", "100"), "reporter", method).status_code == allowed


def test_a_parameter_comes_before_the_repository_and_after_the_right_to_read(gitlab: Client) -> None:
    tags = "/projects/1/registry/repositories/999/tags?per_page=0"
    assert [gitlab.rest(tags, token).status_code for token in ("outsider", "guest", "reporter")] == [404, 403, 400]
    found = [gitlab.rest("/projects/1/registry/repositories?tags=x", token).status_code for token in ("guest", "owner")]
    assert found == [403, 400]


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/registry/repositories/999?size=x", None, 401),
        ("/registry/repositories/999?size=x", "outsider", 400),
        ("/registry/repositories/999", "outsider", 404),
        ("/registry/repositories/100", "outsider", 403),
        ("/groups/nope/registry/repositories?per_page=0", "guest", 404),
        ("/groups/team/registry/repositories?per_page=0", "guest", 403),
        ("/groups/team/registry/repositories?per_page=0", "reporter", 400),
    ],
)
def test_the_checks_of_the_other_endpoints_come_in_order(
    gitlab: Client, path: str, token: str | None, status: int
) -> None:
    assert gitlab.rest(path, token).status_code == status
