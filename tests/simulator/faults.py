# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trouble on command: requests that match get something else than their answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .answers import Answer, as_json, as_text
from .edits import EDITS, apply
from .scenario import Row, ScenarioError
from .state import State

ACTIONS = ("status", "json", "html", "reset_before", "reset_after", "truncate", "delay", "mutate", "unlist")
PROXY_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Proxy sign-in required</h1></body></html>\n"
)


@dataclass
class Fault:
    """Takes effect on the matches number nth to nth + count - 1; count None is for ever. hits: matches so far."""

    action: str
    method: str | None = None
    kind: str | None = None
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    query: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    body: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    nth: int = 1
    count: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def matches(self, method: str, kind: str, path: str, query: str, body: str) -> bool:
        """Whether it takes effect on this request."""
        if self.method not in (None, method) or self.kind not in (None, kind):
            return False
        if not (self.path.search(path) and self.query.search(query) and self.body.search(body)):
            return False
        self.hits += 1
        return self.hits >= self.nth and (self.count is None or self.hits < self.nth + self.count)

    def answer(self) -> Answer:
        """What comes instead; for the actions status, json and html."""
        headers = self.options.get("headers", {})
        if self.action == "html":
            page = self.options.get("body_text", PROXY_PAGE)
            return as_text(self.options.get("status", 200), page, "text/html", headers)
        status = self.options.get("status", 200)
        if "body_text" in self.options:
            return as_text(status, self.options["body_text"], "text/plain", headers)
        return as_json(status, self.options.get("json", {"message": f"{status} on command"}), headers)

    def mutate(self, state: State) -> None:
        apply(state, self.options)


OPTIONS: dict[str, tuple[str, ...]] = {
    "status": ("status", "headers", "json", "body_text"),
    "json": ("status", "headers", "json"),
    "html": ("status", "headers", "body_text"),
    "reset_before": (),
    "reset_after": (),
    "truncate": ("keep",),
    "delay": ("seconds",),
    "mutate": (*EDITS, "when"),
    "unlist": ("names",),
}


def read(values: Any) -> list[Fault]:
    """Faults as tests write them; ScenarioError names what is wrong."""
    if not isinstance(values, list):
        raise ScenarioError("faults: must be a list")
    return [_fault(Row(value, f"faults[{number}]")) for number, value in enumerate(values)]


def _pattern(row: Row, key: str) -> re.Pattern[str]:
    text = row.get(key, str, "")
    try:
        return re.compile(text)
    except re.error as error:
        raise row.wrong(key, f"{text!r} is no regular expression: {error}") from None


def _fault(row: Row) -> Fault:
    action = row.choice("action", ACTIONS, "status")
    first = row.get("first", int, None)
    fault = Fault(
        action=action,
        method=row.get("method", str, None),
        kind=row.choice("kind", ("rest", "graphql", "token", "registry", "other"), None),
        path=_pattern(row, "path"),
        query=_pattern(row, "query"),
        body=_pattern(row, "body"),
        nth=row.get("nth", int, 1),
        count=row.get("count", int, first),
    )
    for key in OPTIONS[action]:
        if key in row:
            fault.options[key] = row.get(key, object)
    if action == "status" and "status" not in fault.options:
        raise row.wrong("status", "is missing")
    if action == "delay" and "seconds" not in fault.options:
        raise row.wrong("seconds", "is missing")
    if action == "unlist" and not isinstance(fault.options.get("names"), list):
        raise row.wrong("names", "must be a list")
    if action == "mutate" and not set(fault.options) & set(EDITS):
        raise row.wrong("action", f"mutate needs one of {', '.join(EDITS)}")
    row.done()
    return fault
