# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""That what people read is read once: short sentences, and no phrase that a reader stumbled over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.collection import ROOT
from tests.tools.prose import (
    Sentence,
    Text,
    code_texts,
    documented_texts,
    fragment_texts,
    named_texts,
    page_texts,
    sentences,
)
from tests.unit.repository.tree import read_yaml

MOST_WORDS = 25
RULES = read_yaml("tests/unit/repository/plain_english.yml")


def those(*patterns: str) -> list[Path]:
    """The files that patterns match, in order."""
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})


PAGES = those("*.md", "docs/**/*.md", "roles/*/README.md", "examples/**/*.md")
DOCUMENTED = those("plugins/[!m]*/*.py", "plugins/modules/*.py", "plugins/*/*.yml", "roles/*/meta/argument_specs.yml")
FRAGMENTS = those("changelogs/fragments/*.yml")
CODE = those("plugins/**/*.py")
NAMED = those("roles/*/tasks/*.yml", "roles/*/meta/*.yml", "playbooks/*.yml", "examples/**/*.yml")


def texts_of(source: Path) -> Iterator[Text]:
    """What people read of a file."""
    if source in PAGES:
        yield from page_texts(source)
    if source in DOCUMENTED:
        yield from documented_texts(source)
    if source in FRAGMENTS:
        yield from fragment_texts(source)
    if source in CODE:
        yield from code_texts(source)
    if source in NAMED:
        yield from named_texts(source)


def name_of(source: Path) -> str:
    return str(source.relative_to(ROOT))


def is_excepted(sentence: Sentence) -> bool:
    return any(sentence.text.startswith(each["begins"]) for each in RULES["long_sentences"])


@pytest.mark.parametrize("source", sorted({*PAGES, *DOCUMENTED, *FRAGMENTS}), ids=name_of)
def test_a_sentence_is_short(source: Path) -> None:
    found = [sentence for text in texts_of(source) for sentence in sentences(text)]
    too_long = [each for each in found if each.words > MOST_WORDS and not is_excepted(each)]
    assert not too_long, "\n".join(f"{place} ({words} words): {text}" for place, text, words in too_long)


@pytest.mark.parametrize("source", sorted({*PAGES, *DOCUMENTED, *FRAGMENTS, *CODE, *NAMED}), ids=name_of)
def test_nobody_stumbles_over_a_phrase(source: Path) -> None:
    found = [
        f'{place}: "{match[0]}", write: {rule["instead"]}: {text}'
        for place, text in texts_of(source)
        for rule in RULES["phrases"]
        for match in [re.search(rule["phrase"], text, re.IGNORECASE)]
        if match
    ]
    assert not found, "\n".join(found)


def test_every_exception_is_needed_and_has_its_reason() -> None:
    all_of_them = [
        each for source in [*PAGES, *DOCUMENTED, *FRAGMENTS] for text in texts_of(source) for each in sentences(text)
    ]
    for exception in RULES["long_sentences"]:
        assert exception["because"]
        assert any(each.text.startswith(exception["begins"]) and each.words > MOST_WORDS for each in all_of_them), (
            exception
        )
