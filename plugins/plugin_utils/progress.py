# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Showing how far a module is while it runs."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import shutil
import tempfile
import threading
import typing as t

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ..module_utils._core.diffs import printable
from ..module_utils._core.threads import start_thread
from ..module_utils._module.progress import PROGRESS_PATH, read_progress
from .progress_lines import progress_line

# The variable with the seconds from one line to the next; 0 shows none.
VARIABLE = "registry_progress_interval"
_EVERY = 30.0
# The most seconds before the first line.
_FIRST = 20.0
_MOST_LINES = 200
# After so many lines each pause is longer than the one before it, so that the lines last for more than a day.
_STEADY_LINES, _SLOWER = 90, 1.05
# The most letters of a loop's label.
_LABEL = 60
# Seconds until somebody looks whether the module has begun.
_LOOK = 0.1
# Seconds that a line may still take at the end.
_PATIENCE = 5.0


class ActionModule(NormalAction):
    """Runs a module as Ansible runs every module, and shows meanwhile how far it is, if that can be done."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module.

        Args:
            tmp: has no meaning any more.
            task_vars: all variables of the host.
        """
        action = t.cast("t.Any", super())
        with contextlib.ExitStack() as stack:
            # Whatever goes wrong with it, it is no reason to fail.
            with contextlib.suppress(Exception):
                self._begin_to_show(stack, task_vars or {})
            return t.cast("dict[str, t.Any]", action.run(tmp, task_vars))

    def _begin_to_show(self, stack: contextlib.ExitStack, variables: t.Mapping[str, t.Any]) -> None:
        """Show lines until the stack is left, if that can be done."""
        tell, every = _teller(), self._seconds(variables)
        if tell and every and self._is_followed():
            path = stack.enter_context(shown_progress(tell, self._title(variables), every))
            if path:
                stack.enter_context(self._variable_set(path))

    def _is_followed(self) -> bool:
        """Whether the module runs here, as this user, now, and all that is said of it may be shown."""
        plugin = t.cast("t.Any", self)
        task, connection = plugin._task, plugin._connection
        becomes = [getattr(each, "become", None) for each in (connection, plugin._play_context)]
        return getattr(connection, "transport", "") == "local" and not any([task.async_val, task.no_log, *becomes])

    def _seconds(self, variables: t.Mapping[str, t.Any]) -> float:
        """The seconds from one line to the next; 0 if there are to be none."""
        try:
            found = float(t.cast("t.Any", self)._templar.template(variables.get(VARIABLE, _EVERY)))
        except Exception:
            # Whatever the variable holds, it is no reason to fail.
            return _EVERY
        return found if math.isfinite(found) and found > 0 else 0.0

    def _title(self, variables: t.Mapping[str, t.Any]) -> str:
        """The host, and the item of a loop as far as that is a plain value."""
        plugin = t.cast("t.Any", self)
        host, item = variables.get("inventory_hostname", ""), variables.get(variables.get("ansible_loop_var", ""))
        control = plugin._task.loop_control
        if control and control.label is not None:
            with contextlib.suppress(Exception):
                item = plugin._templar.template(control.label)
        label = printable(str(item)) if isinstance(item, (str, int, float)) else ""
        shortened = label if len(label) <= _LABEL else f"{label[:_LABEL]}..."
        return f"{printable(str(host))}{f' ({shortened})' if shortened else ''}"

    @contextlib.contextmanager
    def _variable_set(self, path: str) -> t.Iterator[None]:
        """Name the file in the environment of the module."""
        task = t.cast("t.Any", self)._task
        given = task.environment
        task.environment = [*(given if isinstance(given, list) else [given]), {PROGRESS_PATH: path}]
        try:
            yield
        finally:
            task.environment = given


def _teller() -> t.Callable[[str], None] | None:
    """Shows a line as a worker of Ansible does, from any thread; None if that can't be done.

    A worker sends to its parent what is to be shown. Display.display does the same, but not from a thread: it warns, or
    waits for ever for a lock.
    """
    send = getattr(getattr(Display(), "_final_q", None), "send_display", None)
    if send is None:
        return None
    # On stderr, since a program may read the rest.
    return lambda line: send("display", line, stderr=True)


@contextlib.contextmanager
def shown_progress(tell: t.Callable[[str], None], title: str, every: float) -> t.Iterator[str | None]:
    """Show lines from a file while something writes it; gives the path of the file, None if there can't be one.

    The file is there for this user alone. It is removed at the end, and its name as soon as it is written, so that
    nothing is left behind by a process that is killed.

    Args:
        tell: shows a line.
        title: what stands before each.
        every: seconds from one line to the next.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = tempfile.mkdtemp(prefix="progress-", dir=t.cast("t.Any", constants).DEFAULT_LOCAL_TMP)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            path = os.path.join(folder, "progress.json")
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            stack.callback(os.close, file)
            ended = threading.Event()
            thread = start_thread(_show, file, folder, tell, title, every, ended)
        except (OSError, RuntimeError):
            yield None
            return
        stack.callback(thread.join, _PATIENCE)
        stack.callback(ended.set)
        yield path


def _show(
    file: int, folder: str, tell: t.Callable[[str], None], title: str, every: float, ended: threading.Event
) -> None:
    with contextlib.suppress(Exception):
        while not read_progress(file):
            if ended.wait(_LOOK):
                return
        shutil.rmtree(folder, ignore_errors=True)
        for pause in pauses(every):
            if ended.wait(pause):
                return
            report = read_progress(file)
            if report:
                tell(f"{title} | {progress_line(report)}")


def pauses(every: float) -> t.Iterator[float]:
    """The seconds before each line."""
    yield min(_FIRST, every)
    for line in itertools.islice(itertools.count(), _MOST_LINES - 1):
        yield every * _SLOWER ** max(0, line - _STEADY_LINES)
