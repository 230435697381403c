# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes back to a client: answers, and refusals that cut a handler short."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

UNREACHABLE = (
    "We are having trouble connecting to the Container Registry. "
    "If this error persists, please review the troubleshooting documentation."
)
NO_PROJECT = "404 Project Not Found"


@dataclass
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer instead of the wanted one. body is JSON."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def refused(status: int, message: str) -> Refused:
    """GitLab's usual shape."""
    return Refused(status, {"message": message})


def as_json(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body, separators=(",", ":")).encode(), headers=headers or {})


def as_text(status: int, text: str, content_type: str = "text/plain", headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, text.encode(), content_type, headers or {})


NO_ROUTE = Refused(404, {"error": "404 Not Found"})
