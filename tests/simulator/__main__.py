# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.simulator: run a simulated GitLab."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any

from . import control
from .gitlab import GitLab
from .graphql_schema import UnknownField, schema_without
from .scenario import ScenarioError
from .server import Server, server


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description="Runs a simulated GitLab on the loopback until SIGTERM or SIGINT. Prints one line of JSON with its "
        "url, api_url and mode when it is ready. README.md beside it describes scenarios and the control path /_sim.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 (the default) takes a free one")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="JSON file with the scenario to start from")
    parser.add_argument("--mode", choices=["M1", "M2", "M3"], help="which registry, over the scenario's")
    parser.add_argument("--registry", metavar="URL", help="a real registry that holds the tags (M2)")
    parser.add_argument("--https", action="store_true", help="speak TLS; needs --certfile and --keyfile")
    parser.add_argument("--certfile", type=Path, metavar="FILE", help="PEM file of the certificate")
    parser.add_argument("--keyfile", type=Path, metavar="FILE", help="PEM file of its private key")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end as well when stdin reaches its end")
    arguments = parser.parse_args()
    if arguments.https and not (arguments.certfile and arguments.keyfile):
        parser.error("--https needs --certfile and --keyfile")
    if arguments.registry and arguments.mode in ("M1", "M3"):
        parser.error(
            f"a real registry has no metadata database: --mode {arguments.mode} and --registry exclude each other"
        )
    return arguments


def _watch_stdin(running: Server) -> None:
    """The end of stdin is the end of whoever started this, however it ended."""
    sys.stdin.buffer.read()
    running.should_exit = True


def main() -> int:
    arguments = _arguments()
    gitlab = GitLab()
    if arguments.registry:
        control.attach(gitlab, arguments.registry)
    build = control.builder(gitlab, arguments.mode)
    try:
        scenario: Any = json.loads(arguments.scenario.read_text()) if arguments.scenario else {}
        gitlab.state = build(scenario)
        schema_without(gitlab.state.graphql_missing_fields)
    except (OSError, ValueError, ScenarioError, UnknownField) as error:
        print(f"{arguments.scenario}: {error}", file=sys.stderr)
        return 2

    def ready(port: int) -> None:
        url = f"{'https' if arguments.https else 'http'}://127.0.0.1:{port}"
        print(json.dumps({"url": url, "api_url": f"{url}/api/v4", "mode": gitlab.state.mode}), flush=True)

    certificate = (str(arguments.certfile), str(arguments.keyfile)) if arguments.https else None
    running = server(gitlab, build, ready, port=arguments.port, certificate=certificate)
    if arguments.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(running,), daemon=True).start()
    asyncio.run(running.serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
