# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python for modules that has Ansible's libraries in memory already: to load them takes longer than most modules.

It is a process that forks for each module, and a small program that takes the place of the interpreter: that hands over
its arguments, its environment and its files, waits, and ends as the module did. What Ansible packs and sends is run as
by any other Python, the collection's own files from the package too.
"""

from __future__ import annotations

import array
import atexit
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIBRARIES = ("ansible.module_utils.basic", "ansible.module_utils.urls", "ansible.module_utils.facts.utils", "requests")

# A script alone, or one on standard input, is handed over; whatever else goes to the Python that there is, and so does
# one that would find other libraries than those in memory.
STAND_IN = """#!{python} -IS
import array, json, os, socket, sys

arguments = sys.argv[1:]
alone = not arguments or len(arguments) == 1 and os.path.isfile(arguments[0])
if not alone or os.environ.get("PYTHONPATH") != {libraries!r}:
    os.execv({python!r}, [{python!r}, *arguments])
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
message = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
files = array.array("i", [0, 1, 2])
server.sendmsg([len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
server.sendall(message)
status = server.recv(1)
sys.exit(status[0] if status else 1)
"""


@contextmanager
def preloaded_python(folder: Path) -> Iterator[str]:
    """The path of the interpreter, which works as long as this lasts."""
    address, stand_in = folder / "socket", folder / "python"
    known = {"python": sys.executable, "address": str(address), "libraries": os.environ.get("PYTHONPATH")}
    stand_in.write_text(STAND_IN.format(**known))
    stand_in.chmod(0o755)
    with subprocess.Popen([sys.executable, __file__, str(address)], stdin=subprocess.PIPE) as server:
        while not address.exists():
            assert server.poll() is None, "the Python for modules did not start"
            time.sleep(0.01)
        yield str(stand_in)
        server.kill()


def _serve(address: str) -> None:
    """Fork for each module."""
    for name in LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        while True:
            client, _nobody = listener.accept()
            if os.fork() == 0:
                break
            client.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    module = os.getpid()
    status = _become(client)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    # What the module left running may hold this connection open for long: the client is told not to wait for its end.
    if os.getpid() == module:
        client.send(bytes([status]))
    os._exit(status)


def _become(client: socket.socket) -> int:
    """Be what the client would have been, and end with its status."""
    size, control, *_rest = client.recvmsg(4, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i", control[0][2])
    arguments, folder, environment = json.loads(_received(client, int.from_bytes(size, "big")))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = arguments or [""]
    return _status(arguments)


def _received(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += client.recv(size - len(found))
    return found


def _status(arguments: list[str]) -> int:
    try:
        if arguments:
            runpy.run_path(arguments[0], run_name="__main__")
        else:
            main = types.ModuleType("__main__")
            sys.modules["__main__"] = main
            exec(compile(sys.stdin.read(), "<stdin>", "exec"), main.__dict__)
    except SystemExit as end:
        return _code(end.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _code(code: Any) -> int:
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _serve(sys.argv[1])
