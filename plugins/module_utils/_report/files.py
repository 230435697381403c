# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The files of a report: which there are, whether they can be written, and writing them."""

from __future__ import annotations

import os
import typing as t
from functools import partial

from .._core.errors import UsageError
from .._core.files import GivenPath, check_writable, holds, shared_file, write_lines
from .csv_files import projects_csv, repositories_csv, tags_csv
from .markdown import markdown
from .model import Report
from .page import html_page
from .prometheus import metrics
from .request import ReportRequest

_CSV = {"projects.csv": projects_csv, "repositories.csv": repositories_csv, "tags.csv": tags_csv}
# https://github.com/prometheus/node_exporter#textfile-collector
_METRICS = ".prom"
# The node exporter that reads it is another user.
_READABLE_BY_ALL = 0o644


class ReportFile(t.NamedTuple):
    """A file of a report.

    Args:
        option: the option that names it.
        path: of it.
        parts: gives its text.
        mode: of it; None is that of any new file.
    """

    option: str
    path: str
    parts: t.Callable[[Report], t.Iterable[str]]
    mode: int | None = None


def files_of(request: ReportRequest) -> list[ReportFile]:
    """The files that are asked for."""
    found = []
    if request.csv_folder:
        for name, parts in _CSV.items():
            found.append(ReportFile("csv_folder", path=os.path.join(request.csv_folder, name), parts=parts))
    if request.prometheus_path:
        lines = partial(metrics, with_repositories=request.prometheus_repositories)
        found.append(ReportFile("prometheus_path", path=request.prometheus_path, parts=lines, mode=_READABLE_BY_ALL))
    if request.html_path:
        found.append(ReportFile("html_path", path=request.html_path, parts=html_page))
    rest = [path for path in (request.html_path, request.csv_folder) if path]
    if request.markdown_path:
        text = partial(_markdown, rest=rest)
        found.append(ReportFile("markdown_path", path=request.markdown_path, parts=text))
    return found


def _markdown(report: Report, rest: t.Sequence[str]) -> list[str]:
    return [markdown(report, rest)]


def check_places(files: t.Sequence[ReportFile], request: ReportRequest) -> None:
    """See that all files can be written, each to a place of its own.

    Raises:
        UsageError: one can't be written, is a file of another option, or has a name that its reader passes over.
    """
    if request.csv_folder and not os.path.isdir(request.csv_folder):
        raise UsageError(f"csv_folder {request.csv_folder} is not an existing folder: create it, or give another one.")
    if request.prometheus_path and not request.prometheus_path.endswith(_METRICS):
        raise UsageError(
            f"prometheus_path {request.prometheus_path} does not end with {_METRICS}, and the textfile collector reads "
            "no other files: add it to the name."
        )
    read = {
        "audit_path": request.audit_path,
        "plan_path": request.plan_path,
        "journal_path": request.journal_path,
        "compare_with": request.compare_with,
    }
    given = [
        *(GivenPath(option=option, label=option, path=path) for option, path in read.items() if path),
        *(GivenPath(option=file.option, label=file.option, path=file.path) for file in files),
    ]
    shared = shared_file(given)
    if shared:
        raise UsageError(f"{shared}.")
    for file in files:
        check_writable(file.path, file.option)


def changed_files(files: t.Sequence[ReportFile], report: Report) -> list[ReportFile]:
    """The files that are not there, or say something else.

    Raises:
        UsageError: one can't be read.
    """
    return [file for file in files if not holds(file.path, file.parts(report), file.option)]


def write_reports(files: t.Sequence[ReportFile], report: Report) -> None:
    """Write files, each at once.

    Raises:
        UsageError: one can't be written.
    """
    for file in files:
        write_lines(file.path, file.parts(report), file.option, file.mode)
