# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated GitLab without HTTP, for thousands of requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from .gitlab import GitLab, HttpRequest
from .scenario import build

ORIGIN = "http://gitlab.example.com"


class InProcessServer:
    """A server of one process; gitlab is its inside. It answers one request at a time, as one event loop does."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.gitlab = GitLab(build(dict(scenario)))
        self._answering = threading.Lock()

    def request(
        self, method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer. path and query are encoded; ConnectionResetError for a reset."""
        known = {name.lower(): value for name, value in (headers or {}).items()}
        with self._answering:
            outcome = asyncio.run(self.gitlab.answer(HttpRequest(method, path, query, known, body, ORIGIN)))
        if outcome.answer is None:
            raise ConnectionResetError
        answer = outcome.answer
        return answer.status, {"Content-Type": answer.content_type, **answer.headers}, answer.body

    def jobs(self) -> list[dict[str, Any]]:
        """The background jobs, once everything that is due is done; see README.md."""
        asyncio.run(self.gitlab.work())
        return [job.describe() for job in self.gitlab.state.queue.jobs]
