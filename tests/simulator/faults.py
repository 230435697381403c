# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on command: which requests go wrong, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

ACTIONS = ("status", "reset_before", "reset_after", "truncate", "delay", "html", "json", "mutate", "remove_tag")


@dataclass
class Fault:
    """first: how many matching requests it hits, None is all; skip: how many it lets pass before."""

    action: str
    method: str | None = None
    path: str | None = None
    body: str | None = None
    first: int | None = None
    skip: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0

    def hits(self, method: str, path: str, body: str) -> bool:
        if self.method and self.method != method:
            return False
        if self.path and not re.search(self.path, path):
            return False
        if self.body and not re.search(self.body, body):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.first is None or self.seen <= self.skip + self.first)


def load(rows: list[dict[str, Any]]) -> list[Fault]:
    """Faults from their description; raises ValueError."""
    faults = []
    for row in rows:
        if row.get("action") not in ACTIONS:
            raise ValueError(f"action {row.get('action')!r} is none of {', '.join(ACTIONS)}")
        known = {key: row[key] for key in ("action", "method", "path", "body", "first", "skip") if key in row}
        options = {key: value for key, value in row.items() if key not in known}
        faults.append(Fault(**known, options=options))
    return faults
