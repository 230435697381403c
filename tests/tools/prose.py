# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read: the sentences of pages, of documentation in plugins and roles, and the texts in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt

from tests.tools.collection import ROOT
from tests.tools.documents import texts_of

LICENCE = re.compile(r"\A<!--.*?-->", re.DOTALL)
# The text in the brackets of Ansible's markup: O(name=value), L(text,address).
MARKUP = re.compile(r"\b[A-Z]\(((?:[^()\\]|\\.)*)\)")
END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<=[.!?])\s+")
# Not ordinary in texts: keeps the words of a piece of code together, so that it counts as one.
GLUE = "\u00a0"
TEXTS = ("description", "short_description", "notes")
NAMES = ("name", "msg", "fail_msg", "success_msg", "description", "question_name", "question_description")


class AnyTag(yaml.SafeLoader):
    """Reads a value with a tag of Ansible as what it is without it."""


AnyTag.add_multi_constructor("!", lambda loader, tag, node: str(node.value))


class Text(NamedTuple):
    """A paragraph, an item of a list, a cell of a table or an entry of a description, as one line."""

    place: str
    text: str


class Sentence(NamedTuple):
    """One sentence and the number of its words; a piece of code is one word."""

    place: str
    text: str
    words: int


def sentences(text: Text) -> Iterator[Sentence]:
    """The sentences of a text."""
    for part in END.split(text.text):
        words = [word for word in re.split(r"[^\S\u00a0]+", part) if re.search(r"\w", word)]
        yield Sentence(text.place, part.replace(GLUE, " "), len(words))


def glued(code: str) -> str:
    """Code that counts as one word."""
    return re.sub(r"\s+", GLUE, code.strip())


def page_texts(page: Path) -> Iterator[Text]:
    """The texts of a page in Markdown, without blocks of code."""
    parser = MarkdownIt("commonmark").enable("table")
    for token in parser.parse(LICENCE.sub("", page.read_text())):
        if token.type == "inline":
            parts = [
                glued(each.content) if each.type == "code_inline" else each.content for each in token.children or ()
            ]
            yield Text(str(page.relative_to(ROOT)), re.sub(r" +", " ", "".join(part or " " for part in parts)).strip())


def documented_texts(source: Path) -> Iterator[Text]:
    """The descriptions in the documentation of a plugin, a role, or a list of fragments."""
    place = str(source.relative_to(ROOT))
    if source.suffix == ".py":
        shared = "doc_fragments" in source.parts
        documents = [text for name, text in texts_of(source).items() if shared or name in ("DOCUMENTATION", "RETURN")]
    else:
        documents = [source.read_text()]
    for document in documents:
        found = yaml.safe_load(document)
        for path, text in descriptions(found, place):
            yield Text(path, MARKUP.sub(lambda match: glued(match[1].partition(",")[0]), " ".join(text.split())))


def descriptions(document: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every entry of every description at any depth, with the way to it."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in TEXTS and not isinstance(value, dict):
                yield from ((path, str(entry)) for entry in ([value] if isinstance(value, str) else value))
            else:
                yield from descriptions(value, f"{path}: {key}")
    elif isinstance(document, list):
        for value in document:
            yield from descriptions(value, path)


def fragment_texts(fragment: Path) -> Iterator[Text]:
    """The entries of a changelog fragment."""
    for entries in yaml.safe_load(fragment.read_text()).values():
        for entry in [entries] if isinstance(entries, str) else entries:
            yield Text(
                str(fragment.relative_to(ROOT)),
                re.sub(r"``(.*?)``", lambda match: glued(match[1]), " ".join(str(entry).split())),
            )


def code_texts(source: Path) -> Iterator[Text]:
    """The texts of more than one word in a file of Python, without docstrings and documentation."""
    tree = ast.parse(source.read_text())
    documentation = set(texts_of(source).values()) if "plugins/module_utils" not in str(source) else set()
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if " " in node.value and node.value not in documentation:
            yield Text(f"{source.relative_to(ROOT)}:{node.lineno}", " ".join(node.value.split()))


def named_texts(source: Path) -> Iterator[Text]:
    """The names of plays and tasks, and the messages in them."""
    for path, text in named(yaml.load(source.read_text(), AnyTag), str(source.relative_to(ROOT))):
        yield Text(path, " ".join(text.split()))


def named(document: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each value at any depth that people read."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in NAMES and isinstance(value, str):
                yield path, value
            else:
                yield from named(value, path)
    elif isinstance(document, list):
        for value in document:
            yield from named(value, path)
