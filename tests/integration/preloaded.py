# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that has libraries in memory already, and forks for each program: loading takes longer than most of them.

It also has in memory what Ansible works out of the same text each time: the code of this collection and of Ansible's
modules, which is compiled wherever it is found, and where Ansible's own modules are.

Two things stand in front of it. One is a small program that takes the place of the interpreter: it hands over its
arguments, its environment and its files, waits, and ends as the script did. ansible-playbook is run by one, and what it
packs and sends by another, which have different libraries in memory. The other thing is `in_process.py`, which asks for
a module of the checkout by its name.
"""

from __future__ import annotations

import array
import atexit
import gc
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
import zipimport
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import ansible
from ansible.utils.collection_loader import _collection_finder

# As all that runs here finds it.
COLLECTION = Path(__file__).parents[2] / "build/collections/ansible_collections/containerops/gitlab/plugins"

# What modules import. The collection's own files are taken from what was sent.
FOR_MODULES = (
    "ansible.module_utils.basic",
    "ansible.module_utils.urls",
    "ansible.module_utils.facts.utils",
    "requests",
)
# What ansible-playbook imports, without ansible.constants: that looks at the environment when it is imported.
FOR_PLAYBOOKS = (
    *("ansible._internal._ansiballz", "ansible._internal._datatag._utils", "ansible._internal._errors._captured"),
    *("ansible._internal._ssh._ssh_agent", "ansible._internal._templating._jinja_patches", "ansible.config.manager"),
    *("ansible.context", "ansible.module_utils.common.process", "ansible.module_utils.common.sys_info"),
    *("ansible.parsing.utils.addresses", "ansible.utils.collection_loader", "ansible.vars.hostvars"),
    *("cryptography.hazmat.backends.openssl.backend", "cryptography.hazmat.primitives.asymmetric.ec"),
    *("cryptography.hazmat.primitives.ciphers", "cryptography.hazmat.primitives.kdf.pbkdf2"),
    *("importlib.metadata", "importlib.resources", "jinja2.nativetypes", "multiprocessing.managers"),
    *("multiprocessing.popen_fork", "packaging.specifiers", "packaging.tags", "requests", "yaml"),
)

# A script, also one on standard input, is handed over; whatever else goes to the Python that there is, and so does one
# that would find other libraries than those in memory.
STAND_IN = """#!{python} -IS
import array, json, os, socket, sys

arguments = sys.argv[1:]
is_script = not arguments or os.path.isfile(arguments[0])
if not is_script or os.environ.get("PYTHONPATH") != {libraries!r}:
    os.execv({python!r}, [{python!r}, *arguments])
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
wanted = {{"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}}
message = json.dumps(wanted).encode()
files = array.array("i", [0, 1, 2])
server.sendmsg([len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
server.sendall(message)
status = server.recv(1)
sys.exit(status[0] if status else 1)
"""


@contextmanager
def preloaded_python(folder: Path, libraries: Sequence[str]) -> Iterator[str]:
    """The path of the interpreter, which works as long as this lasts."""
    stand_in = folder / "python"
    with preloaded(folder, libraries) as address:
        known = {"python": sys.executable, "address": address, "libraries": os.environ.get("PYTHONPATH")}
        stand_in.write_text(STAND_IN.format(**known))
        stand_in.chmod(0o755)
        yield str(stand_in)


@contextmanager
def preloaded(folder: Path, libraries: Sequence[str], places: Sequence[str] = ()) -> Iterator[str]:
    """The address of a process with these libraries. places: where to look for them, before where Python does."""
    address = folder / "socket"
    environment = {**os.environ, **({"PYTHONPATH": os.pathsep.join(places)} if places else {})}
    command = [sys.executable, __file__, str(address), *libraries]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as server:
        while not address.exists():
            assert server.poll() is None, "the process with the libraries did not start"
            time.sleep(0.01)
        try:
            yield str(address)
        finally:
            server.kill()


def run_there(address: str, wanted: Mapping[str, Any], files: Sequence[int], patience: float) -> int:
    """Have a fork run what is wanted with these files as its standard ones, and give its status."""
    message = json.dumps(wanted).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(patience)
        server.connect(address)
        handed = array.array("i", files)
        server.sendmsg([len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)])
        server.sendall(message)
        status = server.recv(1)
    return status[0] if status else 1


def _serve(address: str, libraries: Sequence[str]) -> None:
    """Fork for each program."""
    for name in libraries:
        importlib.import_module(name)
    _remember_code()
    _remember_places()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What is there now is never looked at again, so that the forks share its memory.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        while True:
            client, _nobody = listener.accept()
            if os.fork() == 0:
                break
            client.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    program = os.getpid()
    status = _become(client)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    # What the program left running may hold this connection open for long: the client is told not to wait for its end.
    if os.getpid() == program:
        client.send(bytes([status]))
    os._exit(status)


def _remember_code() -> None:
    """Have at hand the code that each process would compile: of what was packed, and of what lies in a collection."""
    files = [*COLLECTION.rglob("*.py"), *Path(ansible.__path__[0], "modules").glob("*.py")]
    known = {file.read_bytes(): SourceFileLoader("", str(file)).get_code("") for file in files}

    def compiled(source: Any, filename: str, *others: Any, **options: Any) -> Any:
        return known.get(source) or compile(source, filename, *others, **options)

    # Their own names.
    vars(zipimport)["_compile_source"] = lambda path, source: compiled(source, path, "exec", dont_inherit=True)
    vars(_collection_finder)["compile"] = compiled


def _remember_places() -> None:
    """Have at hand which collection each of Ansible's former modules is in, which is a long file."""
    file = Path(ansible.__path__[0], "config", "ansible_builtin_runtime.yml")
    read = vars(_collection_finder)["_meta_yml_to_dict"]
    text = file.read_bytes()
    known = {text: read(text, "")}
    vars(_collection_finder)["_meta_yml_to_dict"] = lambda text, name: known.pop(text, None) or read(text, name)


def _become(client: socket.socket) -> int:
    """Be what the client would have been, or the module that it wants, and end with its status."""
    size, control, *_rest = client.recvmsg(4, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i", control[0][2])
    wanted = json.loads(_received(client, int.from_bytes(size, "big")))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # Those that there are were made for other files, in which one could seek.
    sys.stdin = os.fdopen(0, errors=sys.stdin.errors, closefd=False)
    sys.stdout = os.fdopen(1, "w", errors=sys.stdout.errors, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors=sys.stderr.errors, closefd=False)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    time.tzset()
    tempfile.tempdir = None
    if "module" in wanted:
        sys.argv = [wanted["module"]]
        return _status(lambda: _run_module(wanted["module"], wanted["parameters"]))
    sys.argv = wanted["arguments"] or [""]
    return _status(lambda: _run_script(wanted["arguments"]))


def _received(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += client.recv(size - len(found))
    return found


def _run_module(name: str, parameters: str) -> None:
    """As the wrapper of a packed module does, with the module where it lies."""
    from ansible.module_utils._internal._ansiballz import _loader

    _loader.run_module(
        json_params=parameters.encode(), profile="legacy", module_fqn=name, modlib_path="", extensions={}
    )


def _run_script(arguments: Sequence[str]) -> None:
    if arguments:
        runpy.run_path(arguments[0], run_name="__main__")
        return
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    exec(compile(sys.stdin.read(), "<stdin>", "exec"), main.__dict__)


def _status(run: Callable[[], None]) -> int:
    try:
        run()
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
    _serve(sys.argv[1], sys.argv[2:])
