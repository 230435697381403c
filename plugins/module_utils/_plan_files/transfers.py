# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans and journals on their way between files and packages of GitLab: what is there, and what would change."""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace

from .._core.errors import UsageError
from .._core.files import check_writable, plan_lines, read_lines, write_lines
from .._core.journal_parts import JOURNAL, JOURNAL_PACKAGE, parts_of
from .._core.plan_package import PLAN_FILE, PLAN_PACKAGE
from .._core.scope import project_path
from .._core.words import counted
from .._gitlab.packages import (
    LARGEST,
    PackageFile,
    StoredFile,
    check_name,
    download,
    package_file,
    package_versions,
    stored_files,
    upload,
)
from .._http.client import Client
from .._module.intent import Applied
from .packages import check_folder, fetched_plan, fetched_plans, joined_journal, needs_upload, plan_names, plan_text

_TARGETS = ("plan_path", "plan_folder", "journal_path")
# What a package and a file in it are called if nobody says it.
_PLAN = {"package": PLAN_PACKAGE, "file_name": PLAN_FILE}
_JOURNAL = {"package": JOURNAL_PACKAGE, "file_name": JOURNAL}


class Transfer(t.NamedTuple):
    """What is to be done, and what is told of it.

    Args:
        changed: whether anything is to be done.
        result: what the module returns.
        apply: does it.
    """

    changed: bool
    result: dict[str, t.Any]
    apply: t.Callable[[], Applied]


def transfer(client: Client, params: t.Mapping[str, t.Any], server: str) -> Transfer:
    """What the options of registry_plan_package ask for.

    Args:
        client: of GitLab.
        params: these options.
        server: URL of GitLab.

    Raises:
        UsageError: it can't be done as it is written, or what is there is not what it should be.
        RequestError: a request failed.
    """
    action, given = params["action"], [option for option in _TARGETS if params[option]]
    if action == "list":
        if given:
            raise UsageError(f"{given[0]} has no effect with action list: leave it out.")
        return _list(client, params, server)
    if action == "store" and given != ["plan_path"]:
        raise UsageError("action store accepts only plan_path.")
    if len(given) != 1:
        raise UsageError(f"action fetch needs one of {', '.join(_TARGETS)}.")
    if params["file_name"] and given == ["plan_folder"]:
        raise UsageError("file_name has no effect with plan_folder, which fetches all plans: leave it out.")
    place = package_file(_named(params, _JOURNAL if given == ["journal_path"] else _PLAN), server)
    if action == "store":
        return _store(client, params, place)
    fetch = {"plan_path": _fetch, "plan_folder": _fetch_all, "journal_path": _fetch_journal}[given[0]]
    return fetch(client, params, place)


def _list(client: Client, params: t.Mapping[str, t.Any], server: str) -> Transfer:
    params = _named(params, _PLAN)
    rows: list[dict[str, t.Any]]
    if params["version"] is None:
        check_name(params["package"], "package")
        found = package_versions(client, project_path(params["project"], "project", server), params["package"])
        rows = [{"version": each.version, "created_at": each.created_at} for each in reversed(found)]
        return Transfer(False, result=_listed("versions", rows, params["return_limit"]), apply=_nothing)
    rows = [_row(file) for file in _files_of(client, package_file(params, server))]
    return Transfer(False, result=_listed("files", rows, params["return_limit"]), apply=_nothing)


def _store(client: Client, params: t.Mapping[str, t.Any], place: PackageFile) -> Transfer:
    plan = plan_text("".join(plan_lines(params["plan_path"], "plan_path")), f"plan_path {params['plan_path']}")
    changed = needs_upload(plan, download(client, place), place, overwrite=params["overwrite"])

    def apply() -> Applied:
        upload(client, place, plan.text.encode())
        return Applied("stored")

    return Transfer(changed, result=plan.as_result(), apply=apply)


def _fetch(client: Client, params: t.Mapping[str, t.Any], place: PackageFile) -> Transfer:
    path = params["plan_path"]
    check_writable(path, "plan_path")
    present = _present(path, "plan_path")
    plan = fetched_plan(download(client, place), place)
    return Transfer(
        plan.text != present, result=plan.as_result(), apply=lambda: _written({path: plan.text}, "plan_path")
    )


def _fetch_all(client: Client, params: t.Mapping[str, t.Any], place: PackageFile) -> Transfer:
    folder = params["plan_folder"]
    files = {file.name: file for file in _files_of(client, place)}
    names = plan_names(files)
    check_folder(_names_in(folder), names, folder)
    plans = fetched_plans(_contents_of(client, place, [files[name] for name in names]), _version(place))
    if not plans:
        raise UsageError(f"There is no plan in {_version(place)}.")
    paths = {name: os.path.join(folder, name) for name in plans}
    rows = [{**_row(files[name]), "path": paths[name], "fingerprint": plan.fingerprint} for name, plan in plans.items()]
    changed = any(plan.text != _present(paths[name], "plan_folder") for name, plan in plans.items())

    def apply() -> Applied:
        _make_folder(folder)
        return _written({paths[name]: plan.text for name, plan in plans.items()}, "plan_folder")

    return Transfer(changed, result=_listed("files", rows, params["return_limit"]), apply=apply)


def _fetch_journal(client: Client, params: t.Mapping[str, t.Any], place: PackageFile) -> Transfer:
    path = params["journal_path"]
    check_writable(path, "journal_path")
    present = _present(path, "journal_path")
    files = {file.name: file for file in _files_of(client, place)}
    parts = [files[name] for name in parts_of(sorted(files, key=lambda name: files[name].id), place.name)]
    if not parts:
        raise UsageError(f"There is no part of a journal {place.name} in {_version(place)}.")
    text = joined_journal(_contents_of(client, place, parts), place.name, present)
    result = {"size": len(text.encode()), **_listed("files", [_row(file) for file in parts], params["return_limit"])}
    return Transfer(text != present, result=result, apply=lambda: _written({path: text}, "journal_path"))


def _named(params: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The options, with these names where nobody gave others."""
    return {**params, **{option: params[option] or name for option, name in names.items()}}


def _version(place: PackageFile) -> str:
    return f"package {place.package} {place.version} in project {place.project}"


def _files_of(client: Client, place: PackageFile) -> list[StoredFile]:
    """The files of a version.

    Raises:
        UsageError: there is no such version.
    """
    found = package_versions(client, place.project, place.package, place.version)
    if not found:
        raise UsageError(f"There is no {_version(place)}, or the token may not see it.")
    return stored_files(client, place.project, found[-1])


def _contents_of(client: Client, place: PackageFile, files: t.Sequence[StoredFile]) -> dict[str, bytes]:
    """What lies in files, by name.

    Raises:
        UsageError: they are too large together, or change while they are read.
    """
    size = sum(file.size for file in files)
    if size > LARGEST:
        raise UsageError(
            f"The files of {_version(place)} have {counted(size, 'byte')}, and at most {LARGEST:,} can be fetched "
            "together."
        )
    found = client.parallel(lambda file: download(client, replace(place, name=file.name)), files)
    for file, content in zip(files, found):
        if content is None or len(content) != file.size:
            raise UsageError(f"{file.name} of {_version(place)} was changed while it was read: try again.")
    return {file.name: content for file, content in zip(files, found) if content is not None}


def _row(file: StoredFile) -> dict[str, t.Any]:
    return {"name": file.name, "size": file.size, "created_at": file.created_at, "path": None, "fingerprint": None}


def _listed(name: str, rows: list[dict[str, t.Any]], limit: int) -> dict[str, t.Any]:
    return {name: rows[:limit], "count": len(rows), "truncated": len(rows) > limit}


def _present(path: str, option: str) -> str:
    return "".join(read_lines(path, option))


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"plan_folder {folder} can't be read: {error.strerror}.") from None


def _make_folder(folder: str) -> None:
    """Make a folder that nobody else may look into, unless it is there."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"plan_folder {folder} can't be created: {error.strerror}.") from None


def _written(texts: t.Mapping[str, str], option: str) -> Applied:
    for path, text in texts.items():
        write_lines(path, [text], option)
    return Applied("fetched")


def _nothing() -> Applied:
    return Applied(None)
