# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every change of a tag since the scenario was loaded, and who made it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

# A user's request, a bulk deletion or the deletion of a repository that a user asked for, GitLab's own cleanup policy,
# and the test itself.
Cause = Literal["request", "job", "policy", "edit"]

_numbers = itertools.count(1)
_cause: ContextVar[Cause] = ContextVar("cause", default="request")


@dataclass(frozen=True)
class Change:
    """number: its place among all. before, after: the digests that the name led to, None without such a tag."""

    number: int
    name: str
    before: str | None
    after: str | None
    cause: Cause


@contextlib.contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Whatever changes in here has this cause."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def change(name: str, before: str | None, after: str | None) -> Change:
    """A change, with the cause of this moment."""
    return Change(next(_numbers), name, before, after, _cause.get())
