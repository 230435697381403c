# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.simulator: a GitLab to test against."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from pathlib import Path

import uvicorn

from .app import Protocol, Simulator


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description="A simulated GitLab with container registries. Prints a line of JSON with its URL when ready.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--scenario", type=Path, help="a JSON file with the state to start from, see README.md")
    parser.add_argument("--mode", choices=["M1", "M2"], help="with (M1) or without (M2) metadata database")
    parser.add_argument("--registry", metavar="URL", help="a real Docker registry to stand in front of (M2)")
    parser.add_argument("--certfile", help="serve HTTPS with this certificate")
    parser.add_argument("--keyfile", help="the key of --certfile")
    return parser.parse_args()


def main() -> None:
    wish = arguments()
    scenario = json.loads(wish.scenario.read_text()) if wish.scenario else {}
    if wish.mode or wish.registry:
        scenario["mode"] = "M2" if wish.registry else wish.mode
    simulator = Simulator(scenario, wish.registry)
    listener = socket.create_server((wish.host, wish.port), backlog=128)
    scheme = "https" if wish.certfile else "http"
    url = f"{scheme}://{wish.host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        simulator,
        http=Protocol,
        loop="asyncio",
        log_level="critical",
        date_header=False,
        server_header=False,
        ssl_certfile=wish.certfile,
        ssl_keyfile=wish.keyfile,
        timeout_graceful_shutdown=1,
    )
    print(json.dumps({"url": url, "api_url": f"{url}/api/v4", "mode": simulator.state.mode}), flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    sys.exit(0)


if __name__ == "__main__":
    main()
