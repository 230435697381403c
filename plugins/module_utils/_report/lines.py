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
from .._core.words import are, some
from .._plan.plan_file import FILE_FORMAT, FILE_VERSION, REPOSITORY_FORMAT
from .rows import Row, number, row_of, text

_REPOSITORY, _TAG, _PROJECT, _TOTAL = "repository", "tag", "project", "total"


class FileKind(t.NamedTuple):
    """A kind of file.

    Args:
        option: the option that names such a file.
        what: it is, in messages.
        formats: that its first line may tell.
        version: of its format.
        written_by: the option that such a file comes from.
    """

    option: str
    what: str
    formats: tuple[str, ...]
    version: int
    written_by: str


AUDIT = FileKind(
    option="audit_path", what="audit", formats=("containerops.gitlab/audit",), version=1, written_by="output_path"
)
EARLIER_AUDIT = AUDIT._replace(option="compare_with")
PLAN = FileKind(
    option="plan_path",
    what="plan",
    formats=(FILE_FORMAT, REPOSITORY_FORMAT),
    version=FILE_VERSION,
    written_by="plan_path",
)


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

    @property
    def is_whole(self) -> bool:
        """Whether it is a plan of whole repositories."""
        return bool(self.heads) and self.heads[0].get("format") == REPOSITORY_FORMAT

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
        raise UsageError(f"{kind.option} {path} does not exist: the task that writes it may have failed.")
    try:
        with open(path, "rb") as stream:
            return _index(path, stream, kind)
    except OSError as error:
        raise UsageError(f"{kind.option} {path} can't be read: {error.strerror}.") from None


def _index(path: str, stream: t.Iterable[bytes], kind: FileKind) -> LineIndex:
    found, where = LineIndex(path), f"{kind.option} {path}"
    seen: dict[tuple[str, t.Any], str] = {}
    broken: list[int] = []
    current: str | None = None
    place, end, line = 0, 0, b""
    for place, line in enumerate(stream, 1):
        start, end = end, end + len(line)
        row = row_of(line)
        if place == 1:
            _check_first(row, kind, where)
        if row is None:
            broken.append(place)
        elif row["type"] == _TAG:
            if current is not None:
                found.blocks[current] = found.blocks[current]._replace(end=end)
        elif row["type"] in (_REPOSITORY, _PROJECT):
            current, flaw = _path_of(row, seen)
            if flaw:
                found.flaws.append(f"Line {place} of {where} {flaw}, and is left out.")
            elif current is None:
                found.projects.append(row)
            else:
                found.blocks[current] = _Block(start, end)
        elif row["type"] == _TOTAL:
            found.total = row
        else:
            found.heads.append(row)
    if not place:
        raise UsageError(f"{where} is empty: the task that was to write it may have failed.")
    found.flaws += _flaws_of(where, broken, place if not line.endswith(b"\n") else None)
    if kind.formats == AUDIT.formats and found.total is None:
        found.flaws.append(f"{where} has no end: it contains what was read before the task was interrupted.")
    return found


def _flaws_of(where: str, broken: t.Sequence[int], cut: int | None) -> t.Iterator[str]:
    """What is told of lines that can't be read.

    Args:
        where: they are.
        broken: their numbers.
        cut: number of the last line, if it has no end.
    """
    if cut is not None and cut in broken:
        yield f"The last line of {where} is cut off: the task that wrote it was interrupted."
    inside = [line for line in broken if line != cut]
    if inside:
        lines = some([str(line) for line in inside], 1)
        yield f"Line {lines} of {where} can't be read, and {are(len(inside))} left out."


def _check_first(row: Row | None, kind: FileKind, where: str) -> None:
    """See that a file begins as one of its kind.

    Raises:
        UsageError: it does not.
    """
    if row is None or row.get("format") not in kind.formats:
        a_kind = f"an {kind.what}" if kind.what == AUDIT.what else f"a {kind.what}"
        raise UsageError(f"{where} is not {a_kind}: give a file that {kind.written_by} wrote.")
    if row.get("version") != kind.version:
        raise UsageError(
            f"{where} has version {row.get('version')!r:.20} of its format, and this collection knows {kind.version}: "
            "make a new one."
        )


def _path_of(row: Row, seen: dict[tuple[str, t.Any], str]) -> tuple[str | None, str]:
    """The path of a repository, None for a project, and what is wrong with their line; empty if nothing is.

    Args:
        row: the line.
        seen: the paths of those before it by what they are and their id or path; its own join them.
    """
    what, path, identity = row["type"], text(row, "path"), number(row, "id")
    if path is None or identity is None:
        return None, f"is of a {what} without path or id"
    for key in ((what, identity), (what, path)):
        if key in seen:
            return None, f"is a second one of {what} {printable(seen[key])}"
    seen[what, identity] = seen[what, path] = path
    return (path if what == _REPOSITORY else None), ""
