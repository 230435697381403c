# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of a server in spreadsheets, diffs and tables: nothing is a formula, and nothing controls a terminal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible.plugins.filter.core import regex_replace
from ansible.plugins.test.core import regex
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.diffs import diff_part
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import projects
from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator
from tests.tools.collection import ROOT

TEMPLATES = sorted((ROOT / "roles").glob("*/templates/*.csv.j2"))
TRAPS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\t\t@x", '="x"\x1b[2J', "\x9b2J")
CONTROL = "\x1b\x9b\x08\x07\r\u202e"


def cell_of(template: Path) -> Any:
    """The macro by which a template writes its cells."""
    environment = jinja2.Environment(trim_blocks=True)
    environment.filters["regex_replace"] = regex_replace
    environment.tests["regex"] = regex
    [macro] = [line for line in template.read_text().splitlines() if line.startswith("{% macro cell(")]
    module: Any = environment.from_string(macro.replace("-%}", "%}")).module
    return module.cell


def test_there_are_spreadsheets() -> None:
    assert len(TEMPLATES) == 1


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parents[1].name)
@given(text=st.one_of(st.sampled_from(TRAPS), st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)))
def test_no_cell_is_a_formula(template: Path, text: str) -> None:
    [[shown]] = csv.reader(io.StringIO(str(cell_of(template)(text))))
    assert shown[:1] not in tuple("=+-@\t\r\n")
    assert shown.strip()[:1] not in tuple("=+-@")
    assert not set(shown) & set(map(chr, (*range(32), *range(127, 160))))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parents[1].name)
def test_numbers_and_texts_are_cells_as_they_are(template: Path) -> None:
    cell = cell_of(template)
    assert [str(cell(value)) for value in (-5, 0, None, "a-b", 'a "b"', "a,b")] == [
        *('"-5"', '"0"', '""', '"a-b"', '"a ""b"""', '"a,b"')
    ]


@given(text=st.text(max_size=40), lines=st.lists(st.text(max_size=20), max_size=3))
def test_a_diff_moves_no_cursor(text: str, lines: list[str]) -> None:
    part = diff_part(text, before="\n".join(lines), after=text)
    assert part["before_header"].isprintable()
    assert part["after_header"].isprintable()
    for side in ("before", "after"):
        assert part[side].replace("\n", "").isprintable()


@given(st.text(max_size=60))
def test_an_error_moves_no_cursor(text: str) -> None:
    error = RequestError(ErrorKind.HTTP, text, operation=text, request_id=text)
    assert str(error).isprintable()
    assert all(str(value).isprintable() for value in error.as_result().values())


def test_a_project_has_no_name_that_moves_a_cursor() -> None:
    with pytest.raises(RequestError, match="path_with_namespace in the answer is no name"):
        projects.project_of({"id": 1, "path_with_namespace": f"team/{CONTROL}"})


def test_nothing_that_a_server_says_controls_a_terminal(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    simulator.faults([{"path": "/tags", "action": "status", "status": 500, "json": {"message": f"no {CONTROL} way"}}])
    run = ansible.module("registry_info", {"project": ["team/app"], "gather": ["tags"], "retries": 0})
    assert run.failed
    texts = [run.message, *(row["message"] for row in run.result["errors"])]
    assert texts
    assert all(text.isprintable() for text in texts), json.dumps(texts)
