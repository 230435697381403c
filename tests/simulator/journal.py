# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked of the server, one entry a request, and counts of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Journal:
    log: list[dict[str, Any]] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    registry: int = 0

    def add(self, entry: dict[str, Any], route: str) -> dict[str, Any]:
        """Number and keep an entry; it may be completed later."""
        row = {"n": len(self.log) + 1, **entry}
        self.log.append(row)
        self.routes[route] += 1
        return row

    def counters(self) -> dict[str, Any]:
        """reads and writes add up to total; so do rest, graphql and the rest of it."""
        kinds = Counter(row["kind"] for row in self.log)
        writes = sum(row["write"] for row in self.log)
        return {
            "total": len(self.log),
            "reads": len(self.log) - writes,
            "writes": writes,
            "rest": kinds["rest"],
            "graphql": kinds["graphql"],
            "mutations": sum(row["kind"] == "graphql" and row["write"] for row in self.log),
            "by_route": dict(sorted(self.routes.items())),
            "registry": self.registry,
        }
