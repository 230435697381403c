# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Why a tag is deleted or kept, and how sure that is. Pure."""

from __future__ import annotations

import enum
import typing as t


class Certainty(enum.Enum):
    """How sure it is what is deleted: exactly that, at most that, or there is no telling."""

    EXACT = "exact"
    UPPER_BOUND = "upper_bound"
    UNKNOWN = "unknown"


class Reason(enum.Enum):
    """Why a tag is deleted or kept, as results and plan files name it."""

    # Deleted.
    MATCHED = "matched"
    EXPIRED = "expired"
    LABEL_EXPIRED = "label_expired"
    WITH_SUBJECT = "with_subject"
    ORPHANED = "orphaned"
    NAMED = "named"
    # Kept by its name.
    PROTECTED = "protected"
    LATEST = "latest"
    NO_MATCH = "no_match"
    NOT_NAMED = "not_named"
    AMBIGUOUS_PATTERN = "ambiguous_pattern"
    KEEP_PATTERN = "keep_pattern"
    KEEP_RULE = "keep_rule"
    # Kept by its age or its rank, or by what its image says.
    KEEP_N = "keep_n"
    KEEP_N_PER = "keep_n_per"
    TOO_YOUNG = "too_young"
    MIN_AGE = "min_age"
    LABEL_NOT_EXPIRED = "label_not_expired"
    NO_EXPIRY_LABEL = "no_expiry_label"
    # Kept for another tag or image.
    SIGNATURE = "signature"
    ORPHAN = "orphan"
    REFERRER = "referrer"
    SHARED_DIGEST = "shared_digest"
    # Kept by something outside of the rules.
    GITLAB_PROTECTED = "gitlab_protected"
    IN_USE = "in_use"
    ACTIVE_REF = "active_ref"
    DEPLOYED = "deployed"
    ARCHIVED = "archived"
    # Kept by a retention document.
    NO_RULE_SET = "no_rule_set"
    RULE_SET_NOT_SELECTED = "rule_set_not_selected"
    EXCEPTION = "exception"
    # Kept since something is not known.
    UNKNOWN_DATE = "unknown_date"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_DIGEST = "unknown_digest"
    UNKNOWN_EXPIRY = "unknown_expiry"
    UNKNOWN_SUBJECT = "unknown_subject"
    UNKNOWN_IN_USE = "unknown_in_use"
    REPOSITORY_UNREAD = "repository_unread"
    # Kept by the limits of a plan, or since it is not as in the approved one.
    LIMIT = "limit"
    CHANGED = "changed"
    NOT_APPROVED = "not_approved"
    RULE_SET_CHANGED = "rule_set_changed"
    # What GitLab's own cleanup does with it is a matter of chance, or of something that is not shown.
    SAMPLED = "sampled"
    TIED = "tied"
    NEAR_CUTOFF = "near_cutoff"
    UNSEEN_DATE = "unseen_date"
    UNSEEN_REGISTRY = "unseen_registry"
    UNSEEN_AGE = "unseen_age"
    UNSEEN_PROTECTION = "unseen_protection"
    CLEANUP_FAILS = "cleanup_fails"

    @property
    def deletes(self) -> bool:
        """Whether a tag with this reason is deleted; with every other one it is kept."""
        return self in _DELETING

    @property
    def is_unknown(self) -> bool:
        """Whether it is not known if the tag may be deleted, which max_unknown_percent counts."""
        return self in _UNKNOWN


_DELETING = frozenset(
    {
        Reason.MATCHED,
        Reason.EXPIRED,
        Reason.LABEL_EXPIRED,
        Reason.WITH_SUBJECT,
        Reason.ORPHANED,
        Reason.NAMED,
        # What GitLab's own cleanup may delete counts as deleted.
        Reason.SAMPLED,
        Reason.TIED,
        Reason.NEAR_CUTOFF,
        Reason.UNSEEN_DATE,
        Reason.UNSEEN_REGISTRY,
        Reason.UNSEEN_AGE,
        Reason.UNSEEN_PROTECTION,
    }
)
_UNKNOWN = frozenset(
    {
        Reason.UNKNOWN_DATE,
        Reason.UNKNOWN_VERSION,
        Reason.UNKNOWN_DIGEST,
        Reason.UNKNOWN_EXPIRY,
        Reason.UNKNOWN_SUBJECT,
        Reason.UNKNOWN_IN_USE,
    }
)


def reason_counts(reasons: t.Mapping[Reason, int]) -> dict[str, int]:
    """Numbers of tags by reason, as modules return them."""
    return dict(sorted((reason.value, count) for reason, count in reasons.items()))
