# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What an approved plan already knows of a repository, so that not every tag has to be read again. Pure.

The approved tags, and those that took a place of keep_n or keep_n_per from them, are looked at again. While these are
the same images, and every tag that was to stay is still there, no approved tag can have become one that today's rules
keep: whatever else was pushed or moved takes places, and gives none. Only where groups are as new as their tags a push
gives places to older tags of its group, so that all has to be read.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._core.models import SIGNATURE, Tag
from .._rules.retention import Decision, Rules, name_reason
from .approval import Approved, Row

# Options that decide by dates, ranks and the company of tags. What holds single tags by their names is judged anew.
JUDGING = (
    "name_regex_delete",
    "name_regex_keep",
    "keep_n",
    "keep_n_per",
    "older_than",
    "sort_by",
    "prereleases",
    "rules",
    "min_age",
    "dates_valid_from",
    "timestamp",
    "protect",
    "allow_latest",
    "signatures",
    "shared_digest",
    "require_digest",
)
_PLACES = ("keep_n", "keep_n_per")


def same_rules(approved: Approved, rules: t.Mapping[str, t.Any]) -> bool:
    """Whether the plan was made by today's rules. rules: options by their names."""
    return all(option in approved.rules and approved.rules[option] == rules.get(option) for option in JUDGING)


def to_look_at(approved: Approved, path: str) -> frozenset[str] | None:
    """The names of a repository's tags that have to be looked at again; None where it has to be read in full."""
    rows = approved.rows.get(path, {})
    if any(SIGNATURE.fullmatch(name) for name in rows):
        return None
    return frozenset(name for name, row in rows.items() if row.delete or row.reason in _PLACES)


def recalled(
    tags: t.Sequence[Tag],
    approved: Approved,
    path: str,
    rules: Rules,
    retained: t.Mapping[str, str],
    dated: t.Callable[[Tag], datetime | None],
) -> list[Decision] | None:
    """The decisions on a repository's tags as they were approved; None where it has to be read in full.

    tags: by name, with what was looked at again. held: what stays today, with the reason. dated: the date that is
    judged, None where only the digest was read.
    """
    rows = approved.rows.get(path, {})
    listed = {tag.name for tag in tags}
    if any(rule.rank_groups for rule in rules.rules):
        return None
    if any(name not in listed for name, row in rows.items() if not row.delete):
        return None
    decisions = []
    for tag in tags:
        row = rows.get(tag.name)
        if row is None:
            reason = retained.get(tag.name) or name_reason(tag.name, rules) or "not_approved"
            decisions.append(Decision(tag, False, reason))
        elif row.delete and tag.name in retained:
            decisions.append(Decision(tag, False, retained[tag.name], rule=row.rule))
        elif (row.delete or row.reason in _PLACES) and (tag.name in retained or _differs(tag, row, dated(tag))):
            return None
        else:
            known = tag._replace(digest=row.digest, size=row.size)
            decisions.append(Decision(known, row.delete, row.reason, row.date, row.rule))
    return decisions


def _differs(tag: Tag, row: Row, date: datetime | None) -> bool:
    """Whether a tag is another image, was pushed again or has become protected."""
    moved = date is not None and row.date is not None and date != row.date
    return tag.digest is None or tag.digest != row.digest or moved or bool(tag.protected)
