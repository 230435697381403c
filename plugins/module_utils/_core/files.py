# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Local files: plans and reports, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import typing as t

from .errors import UsageError

# What modules and roles write. Any other path is read.
WRITTEN = frozenset(
    {
        *("plan_path", "merged_plan_path", "output_path", "journal_path", "cache_path", "json_path", "csv_path"),
        *("csv_folder", "prometheus_path", "markdown_path", "html_path"),
    }
)


class GivenPath(t.NamedTuple):
    """A path with where it was given.

    Args:
        option: its name without that of a role.
        label: the option, or what else holds it, in messages.
        path: the path.
    """

    option: str
    label: str
    path: str


def shared_file(given: t.Sequence[GivenPath]) -> str:
    """Why paths can't be meant as they are: two lead to one file that is written, or that counts twice.

    Links are followed, and names of one file are one.

    Returns:
        A sentence without its full stop; empty if all is well.
    """
    for number, one in enumerate(given):
        for other in given[:number]:
            twice = one.option == other.option and one.path != other.path
            written = one.option != other.option and not WRITTEN.isdisjoint((one.option, other.option))
            if (twice or written) and _is_same_file(one.path, other.path):
                return (
                    f"{other.label} {other.path} and {one.label} {one.path} are the same file: "
                    "give each a file of its own"
                )
    return ""


def _is_same_file(one: str, other: str) -> bool:
    try:
        return os.path.realpath(one) == os.path.realpath(other) or os.path.samefile(one, other)
    except (OSError, ValueError):
        # One is not there yet, or is no path, as who uses it says.
        return False


def check_writable(path: str, option: str) -> None:
    """See that a file can be written, so that nothing is sent before that is known.

    Args:
        path: of the file.
        option: the option that holds the path, for the message.

    Raises:
        UsageError: it can't be written.
    """
    check_regular(path, option)
    folder = os.path.dirname(os.path.realpath(path))
    try:
        handle, probe = tempfile.mkstemp(prefix=".containerops-", dir=folder)
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        raise UsageError(f"{option} {path} can't be written: {_way_out(error, folder)}.") from None


def _way_out(error: OSError, folder: str) -> str:
    """Why a file can't be written to a folder, and what to do, a sentence without its end."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"there is no folder {folder}; create it, or give another path"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{(error.strerror or '').lower()} in the folder {folder}; give a path that is writable"
    return error.strerror or str(error)


def check_regular(path: str, option: str) -> None:
    """See that a path leads to a regular file, or to none yet: a device or a pipe would be replaced, or never end.

    Raises:
        UsageError: it leads to something else.
    """
    if os.path.isdir(path):
        raise UsageError(f"{option} {path} is a folder: give the name of a file.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise UsageError(f"{option} {path} is not a regular file, but a device, a pipe or a socket: give another name.")


def check_there(path: str, option: str) -> None:
    """See that a file that is read is there.

    Raises:
        UsageError: it is not, or is no regular file.
    """
    check_regular(path, option)
    if not os.path.exists(path):
        raise UsageError(f"{option} {path} does not exist, or this user may not see it: check the path.")


def check_files(params: t.Mapping[str, t.Any], *options: str) -> None:
    """See that the files that options name can be written, before anything is sent.

    Raises:
        UsageError: one can't be written.
    """
    for option in options:
        if params[option]:
            check_writable(params[option], option)


def plan_lines(path: str, option: str) -> t.Iterator[str]:
    """The lines of a plan that another task has written.

    Raises:
        UsageError: it is not there, or can't be read.
    """
    if not os.path.isfile(path):
        raise UsageError(f"The plan {path} does not exist: the task that writes it may have failed.")
    yield from read_lines(path, option)


def write_lines(path: str, lines: t.Iterable[str], option: str, mode: int | None = None) -> None:
    """Write the file in one step: a reader sees the old file or the new one, and the new one is on disk.

    As AnsibleModule.atomic_move: the owner and the mode of the old file stay, and a link is followed.

    Args:
        path: of the file.
        lines: parts of its text, which need not be lines.
        option: the option that holds the path, for the message.
        mode: of the file; None is that of the old file, or of any new one.

    Raises:
        UsageError: it can't be written.
    """
    check_regular(path, option)
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    try:
        handle, temporary = tempfile.mkstemp(prefix=".containerops-", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.writelines(lines)
                stream.flush()
                os.fsync(handle)
            _take_over(target, temporary)
            if mode is not None:
                os.chmod(temporary, mode)
            os.replace(temporary, target)
            _sync_folder(folder)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError(f"{option} {path} can't be written: {error.strerror}.") from None


def _take_over(target: str, temporary: str) -> None:
    """Give a new file the owner and the mode of the one that it replaces, or those of any new file."""
    try:
        before = os.stat(target)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        return
    # Who may not give a file away keeps it.
    with contextlib.suppress(PermissionError):
        os.chown(temporary, before.st_uid, before.st_gid)
    os.chmod(temporary, stat.S_IMODE(before.st_mode))


def _sync_folder(folder: str) -> None:
    """Have the name of a new file on disk, as far as the file system knows that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def holds(path: str, parts: t.Iterable[str], option: str) -> bool:
    """Whether a file is there and has exactly this text, without keeping it in memory.

    Args:
        path: of the file.
        parts: of the text.
        option: the option that holds the path, for the message.

    Raises:
        UsageError: it can't be read.
    """
    try:
        with open(path, "rb") as stream:
            encoded = (part.encode() for part in parts)
            return all(stream.read(len(part)) == part for part in encoded) and not stream.read(1)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"{option} {path} can't be read: {error.strerror}.") from None


def read_lines(path: str, option: str, longest: int = -1) -> t.Iterator[str]:
    """The lines of a file; none where there is no file.

    Args:
        path: of the file.
        option: the option that holds the path, for the message.
        longest: how many characters are read of a line at once; what is longer comes in pieces. -1 reads any line.

    Raises:
        UsageError: it can't be read.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            yield from iter(lambda: stream.readline(longest), "")
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{option} {path} can't be read: {error.strerror}.") from None


def read_text(path: str, option: str, most: int) -> str:
    """The beginning of a file; empty where there is no file.

    Args:
        path: of the file.
        option: that names it.
        most: so many characters at most.

    Raises:
        UsageError: it can't be read.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(most)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{option} {path} can't be read: {error.strerror}.") from None


def write_files(params: t.Mapping[str, t.Any], lines: t.Mapping[str, t.Iterable[str]]) -> dict[str, str]:
    """Write the files that options name.

    Args:
        params: The options of a module.
        lines: Of each file, by the option that may name it.

    Returns:
        The paths of what was written, by option.

    Raises:
        UsageError: One can't be written.
    """
    written = {option: params[option] for option in lines if params[option]}
    for option, path in written.items():
        write_lines(path, lines[option], option)
    return written


def given_lines(params: t.Mapping[str, t.Any], inline: str, path: str) -> t.Iterable[str] | None:
    """The lines of a text that one option holds, or another names the file of; None where there is neither.

    Raises:
        UsageError: The file is not there, or can't be read.
    """
    if params[inline] is not None:
        text = str(params[inline])
        return text.removesuffix("\n").split("\n") if text else []
    if params[path] is None:
        return None
    check_there(params[path], path)
    return read_lines(params[path], path)
