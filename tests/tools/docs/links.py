# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links between the files of the repository, as links of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

CODE_BLOCKS = ("fence", "code_block")
# Code spans come first, so that nothing in them is taken for a link.
LINK = re.compile(
    r"""(?P<code>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=code)(?!`)
    |\]\((?P<inline>[^)\s]+)
    |^\[[^\]\n]+\]:[ ]+(?P<definition>\S+)
    |\b(?:href|src|srcset)="(?P<attribute>[^"\s]+)\"""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
KINDS = ("inline", "definition", "attribute")
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TITLED = re.compile(r".+ <(.+)>")


@dataclass(frozen=True)
class Site:
    """What links can lead to.

    root: the folder of the repository
    files: the files that the site shows, by their path in the repository; the path of each in the site
    repository: address of the repository
    documentation: address of the site
    """

    root: Path
    files: Mapping[str, str]
    repository: str
    documentation: str

    def link(self, link: str, source: str) -> str | None:
        """The link of a file of the repository, as a link of its page; None if it leads nowhere."""
        place, hash_, anchor = link.partition("#")
        path = self.path(place, posixpath.dirname(source))
        if path is None:
            return link
        if path in self.files:
            page = posixpath.dirname(self.files.get(source, ""))
            return posixpath.relpath(self.files[path], page or ".") + hash_ + anchor
        if path.startswith("../") or not (self.root / path).exists():
            return None
        kind = "tree" if (self.root / path).is_dir() else "blob"
        return f"{self.repository}/-/{kind}/main/{path}{hash_}{anchor}"

    def path(self, place: str, folder: str) -> str | None:
        """The path in the repository that a link without its anchor leads to; None if it leads somewhere else."""
        if own := re.fullmatch(rf"{re.escape(self.repository)}/-/(?:blob|raw|tree)/[^/]+/(.+)", place):
            return posixpath.normpath(own[1])
        if own := re.fullmatch(rf"{re.escape(self.documentation)}/(.+)\.html", place):
            return {page: path for path, page in self.files.items()}.get(f"{own[1]}.md", place)
        if not place or re.match(r"[a-z][a-z0-9+.-]*:", place):
            return None
        return posixpath.normpath(posixpath.join(folder, place))


def converted(text: str, link: Callable[[str], str]) -> str:
    """A text in Markdown with other links; what is in code is no link."""

    def changed(match: re.Match[str]) -> str:
        for kind in KINDS:
            if match[kind]:
                start, end = match.start(kind) - match.start(), match.end(kind) - match.start()
                return match[0][:start] + link(match[kind]) + match[0][end:]
        return match[0]

    parts = split(text)
    return "".join(part if is_code else LINK.sub(changed, part) for part, is_code in parts)


def split(text: str) -> Iterable[tuple[str, bool]]:
    """The parts of a text in Markdown, each with whether it is a block of code."""
    lines = text.splitlines(keepends=True)
    blocks = [token.map for token in MarkdownIt().parse(text) if token.type in CODE_BLOCKS and token.map]
    done = 0
    for start, end in blocks:
        yield "".join(lines[done:start]), False
        yield "".join(lines[start:end]), True
        done = end
    yield "".join(lines[done:]), False


def page(text: str, source: str, site: Site) -> tuple[str, list[str]]:
    """A page of the site, and the links of its source that lead nowhere."""
    dead: list[str] = []

    def link(found: str) -> str:
        target = site.link(found, source)
        if target is None:
            dead.append(found)
            return found
        return target

    return converted(text, link), dead


def entries(text: str) -> list[str]:
    """The pages that the toctrees of a page list."""
    found = [line for block in TOCTREE.findall(text) for line in block.splitlines() if line and line[0] != ":"]
    return [titled[1] if (titled := TITLED.fullmatch(line)) else line for line in found]
