# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is decided on a tag.

Apart from what decides: every module that deletes tags has decisions, and only a few have rules.
"""

from __future__ import annotations

import enum
import typing as t
from datetime import datetime

from .._core.models import Tag
from .reasons import Reason


class DateSource(enum.Enum):
    """Where the judged dates come from: the last push, the build, what GitLab calls created, or nowhere."""

    NONE = "none"
    PUBLISHED = "published"
    BUILT = "built"
    CREATED = "created"
    UNKNOWN = "unknown"


class Decision(t.NamedTuple):
    """What happens to a tag and why.

    Args:
        tag: which one.
        delete: whether it is deleted.
        reason: why it is deleted or kept.
        date: the date that was judged; None if none was needed or known.
        rule: name of the rule that decided; empty if none did.
        depth: 0, or after how many other tags that it belongs to it is deleted.
    """

    tag: Tag
    delete: bool
    reason: Reason
    date: datetime | None = None
    rule: str = ""
    depth: int = 0

    def kept(self, reason: Reason) -> Decision:
        """The decision, with the tag kept for another reason."""
        return self._replace(delete=False, reason=reason, depth=0)


def to_keep(tag: Tag, reason: Reason, *, date: datetime | None = None, rule: str = "") -> Decision:
    """The decision to keep a tag."""
    return Decision(tag, delete=False, reason=reason, date=date, rule=rule)


def to_delete(tag: Tag, reason: Reason, *, date: datetime | None = None, rule: str = "") -> Decision:
    """The decision to delete a tag."""
    return Decision(tag, delete=True, reason=reason, date=date, rule=rule)
