# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The docs site: it shows every guide once, and no dead link gets through."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.tools.collection import ROOT
from tests.tools.docs.__main__ import for_theme, site
from tests.tools.docs.links import Site, entries, page
from tests.tools.docs.names import page_of
from tests.tools.docs.pages import Built
from tests.unit.repository.tree import read_yaml

REPOSITORY = "https://git.test/group/project"
GENERATED = {"collections/containerops/gitlab/index", "collections/environment_variables"}
REFERENCE = "collections/containerops/gitlab/"
PAGES = [
    f"{REFERENCE}{name}"
    for name in ("a_tag_module", "b_module", "b_role", "c_inventory", "d_filter", "d_lookup", "e_role")
]


@pytest.fixture
def shown(tmp_path: Path) -> Site:
    files = {
        "README.md": "start.md",
        "docs/a.md": "a.md",
        "docs/b.md": "b.md",
        "docs/images/c.png": "images/c.png",
        "docs/docsite/index.md": "index.md",
    }
    for path in [*files, "Makefile", "examples/awx/play.yml"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return Site(tmp_path, files, REPOSITORY, "https://docs.test/site")


def test_every_guide_is_in_one_list_of_the_start_page() -> None:
    listed = entries((ROOT / "docs" / "docsite" / "index.md").read_text())
    shown = {target.removesuffix(".md") for target in site().files.values() if target.endswith(".md")}
    assert Counter(listed) == Counter((shown | GENERATED) - {"index"})


@pytest.mark.parametrize("guide", sorted((ROOT / "docs").glob("*.md")), ids=lambda guide: guide.name)
def test_guides_are_plain_markdown(guide: Path) -> None:
    """GitLab's file view shows directives and roles of MyST as they are written."""
    assert not re.findall(r"^\s*(?:```|~~~|:::)\{.*|\{[a-z:]+\}`.*", guide.read_text(), re.MULTILINE)


def test_entries_of_a_list() -> None:
    text = "a\n\n```{toctree}\n:caption: A\n\na\nThe page b <b>\n```\n\n```yaml\nc\n```\n\n```{toctree}\nd/e\n```\n"
    assert entries(text) == ["a", "b", "d/e"]


@pytest.mark.parametrize(
    ("source", "link", "expected"),
    [
        ("docs/a.md", "b.md", "b.md"),
        ("docs/a.md", "b.md#part", "b.md#part"),
        ("docs/a.md", "#part", "#part"),
        ("docs/a.md", "images/c.png", "images/c.png"),
        ("docs/a.md", "../README.md#install", "start.md#install"),
        ("docs/a.md", "../Makefile", f"{REPOSITORY}/-/blob/main/Makefile"),
        ("docs/a.md", "../examples/awx/play.yml#L3", f"{REPOSITORY}/-/blob/main/examples/awx/play.yml#L3"),
        ("docs/a.md", "../examples/awx/", f"{REPOSITORY}/-/tree/main/examples/awx"),
        ("docs/a.md", "../examples/awx", f"{REPOSITORY}/-/tree/main/examples/awx"),
        ("docs/docsite/index.md", "../b.md", "b.md"),
        ("README.md", "docs/images/c.png", "images/c.png"),
        ("README.md", f"{REPOSITORY}/-/blob/main/docs/a.md#part", "a.md#part"),
        ("README.md", f"{REPOSITORY}/-/raw/1.0.0/docs/images/c.png", "images/c.png"),
        ("README.md", f"{REPOSITORY}/-/blob/main/Makefile", f"{REPOSITORY}/-/blob/main/Makefile"),
        ("README.md", f"{REPOSITORY}/-/issues", f"{REPOSITORY}/-/issues"),
        ("README.md", "https://docs.test/site/a.html#part", "a.md#part"),
        ("README.md", "https://docs.test/site/", "https://docs.test/site/"),
        ("docs/a.md", "https://elsewhere.test/b.md", "https://elsewhere.test/b.md"),
        ("docs/a.md", "mailto:somebody@elsewhere.test", "mailto:somebody@elsewhere.test"),
    ],
)
def test_link(shown: Site, source: str, link: str, expected: str) -> None:
    assert shown.link(link, source) == expected


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("docs/a.md", "gone.md"),
        ("docs/a.md", "gone.md#part"),
        ("docs/a.md", "Makefile"),
        ("docs/a.md", "../examples/gone/"),
        ("docs/a.md", "../../beyond.md"),
        ("README.md", "b.md"),
        ("README.md", f"{REPOSITORY}/-/blob/main/docs/gone.md"),
        ("README.md", "https://docs.test/site/gone.html"),
    ],
)
def test_a_link_that_leads_nowhere(shown: Site, source: str, link: str) -> None:
    assert shown.link(link, source) is None
    assert page(f"a [b]({link})", source, shown) == (f"a [b]({link})", [link])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[a](docs/a.md), [b\nc](docs/b.md#d) and ![e](docs/images/c.png)",
            "[a](a.md), [b\nc](b.md#d) and ![e](images/c.png)",
        ),
        ('[a](docs/a.md "A page")', '[a](a.md "A page")'),
        ("[`a`](docs/a.md)", "[`a`](a.md)"),
        ("| a |\n| --- |\n| [b](docs/b.md) |\n", "| a |\n| --- |\n| [b](b.md) |\n"),
        ("[a][1]\n\n[1]: docs/a.md\n", "[a][1]\n\n[1]: a.md\n"),
        ('<img alt="" src="docs/images/c.png">', '<img alt="" src="images/c.png">'),
        ("`[a](docs/a.md)` and ``b ` [a](docs/a.md)``", "`[a](docs/a.md)` and ``b ` [a](docs/a.md)``"),
        ("```text\n[a](gone.md)\n```\n[a](docs/a.md)\n", "```text\n[a](gone.md)\n```\n[a](a.md)\n"),
        ("1. a\n\n   ```text\n   [a](gone.md)\n   ```\n", "1. a\n\n   ```text\n   [a](gone.md)\n   ```\n"),
    ],
)
def test_page(shown: Site, text: str, expected: str) -> None:
    assert page(text, "README.md", shown) == (expected, [])


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("a_tag", "", "", "a_tag_module"),
        ("containerops.gitlab.a_tag", "", "", "a_tag_module"),
        ("b", "the module ", "", "b_module"),
        ("b", "", " and the role c", "b_module"),
        ("b", "the role ", "", "b_role"),
        ("b", "the ", " role", "b_role"),
        ("a_tag", "the role ", "", "a_tag_module"),
        ("c", "", "", "c_inventory"),
        ("e", "", "", "e_role"),
        ("containerops.gitlab.e", "", "", "e_role"),
        ("containerops.gitlab.d", "", "", "d_filter"),
        ("d", "", "", None),
        ("a", "", "", None),
        ("tag", "", "", None),
        ("a_tag: x", "", "", None),
    ],
)
def test_page_of_a_name(name: str, before: str, after: str, expected: str | None) -> None:
    found = page_of(name, PAGES, before=before, after=after)
    assert found == (expected and f"{REFERENCE}{expected}")


def test_generated_page_has_no_second_table_of_contents_and_short_names() -> None:
    text = "Title\n=====\n\n.. contents::\n   :local:\n   :depth: 1\n\n.. toctree::\n\n    a_tag_module\n    b_role\n"
    assert for_theme(text) == "Title\n=====\n\n\n.. toctree::\n\n    a_tag module <a_tag_module>\n    b role <b_role>\n"


def built(folder: Path, **files: str) -> Built:
    for name, text in {"index_html": '<p id="top">', **files}.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return Built(folder)


@pytest.mark.parametrize(
    "link",
    ["", "#", "#a", "index.html", "./index.html#top", "sub/c.html", "sub/c.html#c%20d", "https://elsewhere.test/x"],
)
def test_a_link_in_a_built_page_that_leads_somewhere(tmp_path: Path, link: str) -> None:
    page_text = f'<p id="a"><a href="{link}">'
    assert built(tmp_path, b_html=page_text, sub__c_html='<p id="c d"><a href="../b.html#a">').dead_links() == []


@pytest.mark.parametrize("link", ["#b", "index.html#a", "gone.html", "/index.html", "sub", "../index.html"])
def test_a_link_in_a_built_page_that_leads_nowhere(tmp_path: Path, link: str) -> None:
    assert built(tmp_path, b_html=f'<p id="a"><a href="{link}">').dead_links() == [f"b.html: {link}"]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="{0}"></script>',
        '<link rel="stylesheet" href="{0}">',
        '<img src="{0}">',
        '<source srcset="index.html 1x, {0} 2x">',
        '<iframe src="{0}"></iframe>',
        '<p style="background: url({0})">',
        '<style>@import "{0}";</style>',
    ],
)
@pytest.mark.parametrize("address", ["https://elsewhere.test/x.js", "//elsewhere.test/x.js", "gone.js"])
def test_what_a_page_loads_from_elsewhere(tmp_path: Path, text: str, address: str) -> None:
    assert built(tmp_path, b_html=text.format(address)).wrong_resources() == [f"b.html: {address}"]
    assert built(tmp_path, b_html=text.format("index.html")).wrong_resources() == []


def test_what_a_style_sheet_loads_from_elsewhere(tmp_path: Path) -> None:
    style = '@font-face {src: url("https://elsewhere.test/x.woff")} p {background: url(data:image/png;base64,eA==)}'
    assert built(tmp_path, b_css=style).wrong_resources() == ["b.css: https://elsewhere.test/x.woff"]


def test_pages_of_modules_link_to_the_site() -> None:
    assert [link["url"] for link in read_yaml("docs/docsite/links.yml")["extra_links"]] == [site().documentation]
