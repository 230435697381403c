# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages on messages, security and terms: what they quote and name is there."""

from __future__ import annotations

import functools
import inspect
import re
from pathlib import Path

import pytest
from ansible.module_utils import basic

from tests.tools.collection import ROOT
from tests.tools.pages import anchors_of, tables
from tests.tools.prose import Text, code_texts, sentences
from tests.unit.repository.test_situations import functions_of

DOCS = ROOT / "docs"
PAGES = ["reading-the-output", "troubleshooting", "security", "glossary"]
# What is shown for something that differs each time.
GAP = "…"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


@functools.cache
def shown_texts() -> str:
    """Everything that may be a part of a message, of f-strings the fixed parts, with single blanks."""
    plugins = [text.text for source in (ROOT / "plugins").rglob("*.py") for text in code_texts(source)]
    places = ("roles/*/tasks", "roles/*/vars", "playbooks")
    tasks = [source.read_text() for place in places for source in ROOT.glob(f"{place}/*.yml")]
    return "\n".join(" ".join(text.split()) for text in [*plugins, *tasks, inspect.getsource(basic)])


def messages() -> list[str]:
    """What the page on messages quotes, without the code's marks."""
    rows = [row for parts in tables(page("troubleshooting")).values() for rows in parts for row in rows]
    return [row[0].strip("`") for row in rows]


@pytest.mark.parametrize("message", messages())
def test_a_message_is_one_of_the_code(message: str) -> None:
    parts = [part.strip() for part in message.split(GAP) if part.strip(" ().,:")]
    assert max(len(part.split()) for part in parts) > 1 or len(parts) > 1
    assert [part for part in parts if part not in shown_texts()] == []


SCREENS = ["Other lines on the screen", "Several hosts", "Settings", "What is in use", "An undo", "While a task runs"]


@pytest.mark.parametrize("heading", SCREENS)
def test_a_line_of_a_screen_is_one_of_the_code(heading: str) -> None:
    [rows] = tables(page("reading-the-output"))[heading]
    lines = [line for row in rows for line in re.findall("`(.+?)`", row[0])]
    parts = [part.strip(" ,:") for line in lines for part in line.split(GAP)]
    # A single word may be anything.
    assert [part for part in parts if " " in part and part not in shown_texts()] == []


def test_a_message_is_explained_once() -> None:
    assert len(messages()) == len(set(messages())) > 40


def guards() -> list[list[str]]:
    found = tables(page("security"))
    return [row for heading, parts in found.items() if heading != "Against whom" for rows in parts for row in rows]


@pytest.mark.parametrize("row", guards(), ids=lambda row: row[0])
def test_every_test_of_a_guard_exists(row: list[str]) -> None:
    tests = re.findall("`(tests/.+?)`", row[-1])
    assert tests
    for test in tests:
        file, _separator, name = test.partition("::")
        assert name in functions_of(file), test


def terms() -> list[list[str]]:
    [rows] = tables(page("glossary")).values()
    return rows[0]


def test_terms_are_in_the_order_of_the_alphabet() -> None:
    names = [row[0].lower() for row in terms()]
    assert names == sorted(set(names))


def test_a_term_has_one_sentence_and_a_link() -> None:
    for _term, meaning, more in terms():
        assert len(list(sentences(Text("glossary", meaning)))) == 1, meaning
        assert meaning.endswith("."), meaning
        assert re.fullmatch(r"\[.+?\]\(.+?\)", more), more


def links() -> list[tuple[str, str]]:
    return [(name, link) for name in PAGES for link in re.findall(r"\]\(([^)\s]+)\)", page(name))]


@pytest.mark.parametrize(("name", "link"), links())
def test_a_link_leads_to_a_heading_that_exists(name: str, link: str) -> None:
    path, _separator, anchor = link.partition("#")
    target: Path = DOCS / path if path else DOCS / f"{name}.md"
    assert target.exists(), link
    assert not anchor or anchor in anchors_of(target.read_text()), link


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.stem
)
def test_a_task_that_a_page_names_is_one_of_a_role_or_playbook(page: Path) -> None:
    files = [*(ROOT / "roles").glob("*/tasks/*.yml"), *(ROOT / "playbooks").glob("*.yml")]
    names = {name for file in files for name in re.findall(r"^ *- name: (.*)$", file.read_text(), re.MULTILINE)}
    assert set(re.findall(r"\btasks? (?:such as )?\*([^*]+)\*", page.read_text())) <= names
