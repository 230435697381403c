# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""That the page on endpoints names every endpoint that the client of GitLab and of the registry knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.collection import ROOT
from tests.unit.repository.tree import MODULE_UTILS

PAGE = (ROOT / "docs" / "endpoints.md").read_text()
CLIENTS = sorted(path for package in ("_gitlab", "_registry") for path in (MODULE_UTILS / package).glob("*.py"))
KINDS = ("project", "group", "registry", "personal", "user", "jwt", "v2", "api/graphql")


def paths_in(source: Path) -> Iterator[str]:
    """The paths of requests in a file, a * for each part that is filled in."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if text.startswith(tuple(f"/{kind}" for kind in KINDS)) and " " not in text:
            yield text


def described() -> set[str]:
    return {re.sub(r":\w+", "*", path) for path in re.findall(r"`[^`]*?(/[^` ]+)[^`]*`", PAGE)}


@pytest.mark.parametrize("source", CLIENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_endpoint_is_on_the_page(source: Path) -> None:
    pages = described()
    for path in paths_in(source):
        # A path may be completed elsewhere: with the name of a tag, of a rule, of a kind of refs.
        beginning = path.rstrip("*/")
        assert any(known == path or known.startswith(beginning) for known in pages), path


def test_the_paths_are_found() -> None:
    found = {path for source in CLIENTS for path in paths_in(source)}
    assert {"/projects", "/groups/*/projects", "/personal_access_tokens/self", "/v2/_catalog"} <= found
