# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of a built site link to and load."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLLOWED = {("a", "href"), ("area", "href"), ("form", "action")}
# A browser loads these by itself.
LOADED = {
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("source", "srcset"),
    ("use", "href"),
    ("video", "src"),
}
IN_STYLES = re.compile(r"""\burl\(\s*["']?([^"')\s]+)|@import\s+["']([^"']+)""")


class Page(HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.resources: list[str] = []
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value)
            elif name == "style":
                self.resources += loaded_by(value)
            elif (tag, name) in FOLLOWED:
                self.links.append(value)
            elif (tag, name) in LOADED:
                self.resources += sources(value) if name == "srcset" else [value]

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.resources += loaded_by(data)


def sources(value: str) -> list[str]:
    """The images that an attribute `srcset` offers."""
    return [words[0] for part in value.split(", ") if (words := part.split())]


def loaded_by(style: str) -> list[str]:
    """What a style sheet loads."""
    return [first or second for first, second in IN_STYLES.findall(style)]


class Built:
    """A built site: what is wrong, each with the file that it is in, and how much there is."""

    def __init__(self, root: Path) -> None:
        files = {str(file.relative_to(root)): file for file in sorted(root.rglob("*")) if file.is_file()}
        self.names = set(files)
        self.pages: Mapping[str, Page] = {
            name: Page(file.read_text()) for name, file in files.items() if file.suffix == ".html"
        }
        self._links = [
            (name, link) for name, page in self.pages.items() for link in page.links if not is_elsewhere(link)
        ]
        self._resources = [
            *((name, each) for name, page in self.pages.items() for each in page.resources),
            *(
                (name, each)
                for name, file in files.items()
                if file.suffix == ".css"
                for each in loaded_by(file.read_text())
            ),
        ]

    @property
    def links(self) -> int:
        """The number of links within the site."""
        return len(self._links)

    @property
    def resources(self) -> int:
        """The number of images, scripts, style sheets and the like that pages and style sheets name."""
        return len(self._resources)

    def dead_links(self) -> list[str]:
        """The links within the site that lead to no file, or to no anchor of it."""
        return [f"{name}: {link}" for name, link in self._links if not self._leads(link, name)]

    def _leads(self, link: str, name: str) -> bool:
        target, anchor = target_of(link, name), unquote(urlsplit(link).fragment)
        if not anchor or target not in self.pages:
            return target in self.names
        return anchor in self.pages[target].anchors

    def wrong_resources(self) -> list[str]:
        """What a browser would have to ask other sites for, or would not find."""
        return [
            f"{name}: {each}"
            for name, each in self._resources
            if not each.startswith(("data:", "#")) and (is_elsewhere(each) or target_of(each, name) not in self.names)
        ]


def is_elsewhere(link: str) -> bool:
    """Whether a link leads out of the site."""
    parts = urlsplit(link)
    return bool(parts.scheme or parts.netloc)


def target_of(link: str, name: str) -> str:
    """The file that a link of a file leads to, both by their path in the site."""
    path = unquote(urlsplit(link).path)
    if not path:
        return name
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return posixpath.join(target, "index.html") if path.endswith("/") else target
