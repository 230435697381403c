# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.demo: audit and clean a sample group, in front of real images where a registry can be had."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.demo import team
from tests.simulator.harness import Simulator, running, running_with_registry
from tests.simulator.real_registry import RegistryUnavailable
from tests.simulator.seed import seed
from tests.tools.collection import ROOT, link

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BUILD = ROOT / "build"
DOCUMENT = Path(__file__).with_name("retention.yml")
PLAN = BUILD / "demo" / "plan.jsonl"
RULES = {
    "name_regex_delete": "(main|feature)-.*",
    "keep_n": "5",
    "older_than": "30d",
    "plan_path": str(PLAN),
}
YOUR_OWN = """
On your own GitLab:

  pip install ansible-core requests google-re2
  ansible-galaxy collection install .
  export GITLAB_API_URL=https://gitlab.example.com GITLAB_TOKEN=glpat-example
  ansible-playbook containerops.gitlab.audit -e registry_group=team
"""


@contextlib.contextmanager
def server() -> Iterator[Simulator]:
    """The sample group in front of real images, or in memory where no registry can be had."""
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            gitlab, registry = stack.enter_context(running_with_registry(team.server(NOW), BUILD, folder))
        except RegistryUnavailable as error:
            say(f"No real registry here ({error}): the sample group lives in memory.")
            yield stack.enter_context(running(team.in_memory(NOW)))
            return
        pushed = seed(registry.url, team.images(NOW), gitlab.registry_token)
        say(f"Pushed {sum(len(tags) for tags in pushed.values())} tags of real images into a real registry.")
        yield gitlab


def say(text: str) -> None:
    print(f"\n# {text}", flush=True)


def play(name: str, url: str, *options: str) -> None:
    """Run a playbook of the collection as a user would; ends the demo when it fails."""
    command = ["ansible-playbook", f"containerops.gitlab.{name}", *options]
    say(" ".join(f"'{word}'" if set(word) & set("()*| ") else word for word in command))
    environment = {
        **os.environ,
        "GITLAB_API_URL": url,
        "GITLAB_TOKEN": team.TOKEN,
        "NO_PROXY": "127.0.0.1",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"The playbook {name} failed with exit code {done.returncode}.")


def options(*more: str, **changes: str) -> list[str]:
    """The demo's rules as extra variables, which the audit and the cleanup share. more: further ones."""
    rules = [f"registry_cleanup_{key}={value}" for key, value in {**RULES, **changes}.items()]
    return [word for variable in [f"registry_group={team.GROUP}", *rules, *more] for word in ("-e", variable)]


def by_document() -> list[str]:
    """The same group by a retention document, as extra variables."""
    variables = {"registry_group": team.GROUP, "registry_cleanup_retention_path": str(DOCUMENT)}
    return [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]


def main() -> None:
    link()
    PLAN.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with server() as gitlab:
        before = sum(len(names) for names in gitlab.state().values())
        play("audit", gitlab.url, "--check", *options("registry_audit_return_limit=10"))
        play("cleanup", gitlab.url, "--check", "--diff", *options(return_limit="20"))
        play("cleanup", gitlab.url, *options())
        # The plan of the run that deleted; the last run would write an empty one.
        play("cleanup", gitlab.url, *options(plan_path=""))
        play("cleanup", gitlab.url, "--check", *by_document())
        after = sum(len(names) for names in gitlab.state().values())
    say(f"{before} tags before, {after} after; {time.monotonic() - started:.0f} seconds.")
    say(f"The plan, with a reason for every tag: {PLAN.relative_to(ROOT)}")
    print(YOUR_OWN, flush=True)


if __name__ == "__main__":
    main()
