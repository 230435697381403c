# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The lines of an audit or of a plan: all that is not of a repository, and where the repositories stand.

A file may be larger than what is to be kept in memory, so that repositories are read again, one after the other.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass, field

from .._core.diffs import printable
from .._core.errors import UsageError
from .._core.files import check_regular
from .._plan.plan_file import FILE_FORMAT, FILE_VERSION
from .rows import Row, number, row_of, text

_REPOSITORY, _TAG, _PROJECT, _TOTAL = "repository", "tag", "project", "total"


class FileKind(t.NamedTuple):
    """A kind of file.

    Args:
        option: the option that names such a file.
        what: it is, in messages.
        format: of its first line.
        version: of its format.
        written_by: the option that such a file comes from.
    """

    option: str
    what: str
    format: str
    version: int
    written_by: str


AUDIT = FileKind(
    option="audit_path", what="audit", format="containerops.gitlab/audit", version=1, written_by="output_path"
)
EARLIER_AUDIT = AUDIT._replace(option="compare_with")
PLAN = FileKind(option="plan_path", what="plan", format=FILE_FORMAT, version=FILE_VERSION, written_by="plan_path")


class _Block(t.NamedTuple):
    """The lines of a repository: from which byte on, and up to which."""

    start: int
    end: int


@dataclass
class LineIndex:
    """What a file holds.

    Args:
        path: of the file.
        heads: its first line, and of a merged plan those of its parts.
        projects: the lines of projects.
        total: the line with the numbers of all; None if it has none.
        flaws: what is wrong with the file, one sentence each.
        blocks: of each repository, by path.
    """

    path: str
    heads: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)
    total: Row | None = None
    flaws: list[str] = field(default_factory=list)
    blocks: dict[str, _Block] = field(default_factory=dict)

    @contextlib.contextmanager
    def opened(self) -> t.Iterator[t.Callable[[str], list[Row]]]:
        """Gives what reads the lines of a repository, by its path; none where the file does not have it."""
        with open(self.path, "rb") as stream:

            def read(path: str) -> list[Row]:
                block = self.blocks.get(path, _Block(0, 0))
                stream.seek(block.start)
                lines = stream.read(block.end - block.start).split(b"\n")
                return [row for row in map(row_of, lines) if row is not None]

            yield read


def index_of(path: str, kind: FileKind) -> LineIndex:
    """Find out what a file holds. What of it can't be read is left out, and told as a flaw.

    Raises:
        UsageError: it is not there, or is no file of this kind.
    """
    check_regular(path, kind.option)
    if not os.path.exists(path):
        raise UsageError(f"{kind.option} {path} is not there: the task that was to write it may have failed.")
    try:
        with open(path, "rb") as stream:
            return _index(path, stream, kind)
    except OSError as error:
        raise UsageError(f"{kind.option} {path} can't be read: {error.strerror}.") from None


def _index(path: str, stream: t.Iterable[bytes], kind: FileKind) -> LineIndex:
    found, where = LineIndex(path), f"{kind.option} {path}"
    ids: dict[tuple[str, t.Any], str] = {}
    current: str | None = None
    broken: list[int] = []
    place, whole, lines = 0, True, 0
    for lines, line in enumerate(stream, 1):
        start, place = place, place + len(line)
        row, whole = row_of(line), line.endswith(b"\n")
        if lines == 1:
            _check_first(row, kind, where)
        what = row["type"] if row else ""
        if row is None:
            broken.append(lines)
        elif what == _TAG:
            if current is not None:
                found.blocks[current] = found.blocks[current]._replace(end=place)
        elif what in (_REPOSITORY, _PROJECT):
            current = None
            named, flaw = _path_of(row, what, ids)
            if flaw:
                found.flaws.append(f"Line {lines} of {where} {flaw}, and is left out.")
            elif what == _PROJECT:
                found.projects.append(row)
            else:
                current = named
                found.blocks[named] = _Block(start, place)
        elif what == _TOTAL:
            found.total = row
        else:
            found.heads.append(row)
    if not lines:
        raise UsageError(f"{where} is empty: the task that was to write it may have failed.")
    if broken and broken[-1] == lines and not whole:
        broken.pop()
        found.flaws.append(f"The last line of {where} is cut off: whatever wrote it was interrupted.")
    if broken:
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        found.flaws.append(f"Line {broken[0]}{more} of {where} can't be read, and is left out.")
    if kind.format == AUDIT.format and found.total is None:
        found.flaws.append(f"{where} has no end: it holds what was read before the task was interrupted.")
    return found


def _check_first(row: Row | None, kind: FileKind, where: str) -> None:
    """See that a file begins as one of its kind.

    Raises:
        UsageError: it does not.
    """
    if row is None or row.get("format") != kind.format:
        raise UsageError(f"{where} is no {kind.what}: give a file that {kind.written_by} wrote.")
    if row.get("version") != kind.version:
        raise UsageError(
            f"{where} has version {row.get('version')!r:.20} of its format, and this collection knows {kind.version}: "
            "make a new one."
        )


def _path_of(row: Row, what: str, ids: dict[tuple[str, t.Any], str]) -> tuple[str, str]:
    """The path of a repository or project, and what is wrong with its line; empty if nothing is.

    Args:
        row: the line.
        what: it is of.
        ids: the paths of those before it by what they are and their id or path; its own join them.
    """
    path, identity = text(row, "path"), number(row, "id")
    if path is None or identity is None:
        return "", f"is of a {what} without path or id"
    for key in ((what, identity), (what, path)):
        if key in ids:
            return path, f"is a second one of {what} {printable(ids[key])}"
    ids[what, identity] = ids[what, path] = path
    return path, ""
