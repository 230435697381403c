# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated GitLab without HTTP: thousands of requests a second, for tables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from .answers import Answer
from .gitlab import Asked, GitLab
from .scenario import build

ORIGIN = "http://127.0.0.1"


class Direct:
    """A server of one scenario, in this process. gitlab: its inside, which tests may look at."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.gitlab = GitLab(build(dict(scenario)))

    def request(
        self, method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """path: encoded, without the query."""
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        outcome = asyncio.run(self.gitlab.answer(Asked(method, path, query, lowered, body, ORIGIN)))
        assert outcome.answer is not None
        return outcome.answer
