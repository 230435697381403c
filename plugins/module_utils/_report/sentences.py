# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Why a tag is deleted or kept, in plain sentences. Pure."""

from __future__ import annotations

from .._rules.reasons import Reason

REASON_SENTENCES = {
    Reason.MATCHED: "Its name matches, and nothing keeps it.",
    Reason.EXPIRED: "Its name matches, it is older than older_than, and nothing keeps it.",
    Reason.LABEL_EXPIRED: "Its image has expired by its own label, and nothing keeps it.",
    Reason.WITH_SUBJECT: "It is a signature, attestation or SBOM, and the last tag of its image is deleted.",
    Reason.ORPHANED: "It is a signature, attestation or SBOM, and the registry no longer has its image.",
    Reason.NAMED: "The task names it.",
    Reason.PROTECTED: "An entry of protect matches its name.",
    Reason.LATEST: "It is called latest.",
    Reason.NO_MATCH: "No rule matches its name.",
    Reason.NOT_NAMED: "The task does not name it.",
    Reason.AMBIGUOUS_PATTERN: "GitLab would interpret one of the patterns differently for its name.",
    Reason.KEEP_PATTERN: "The pattern name_regex_keep matches its name.",
    Reason.KEEP_RULE: "The first rule that matches its name says keep.",
    Reason.KEEP_N: "It is one of the newest tags that keep_n keeps.",
    Reason.KEEP_N_PER: "It is one of the newest tags of its group that keep_n_per keeps.",
    Reason.TOO_YOUNG: "It is not older than older_than.",
    Reason.MIN_AGE: "It is not older than min_age.",
    Reason.LABEL_NOT_EXPIRED: "Its image has not expired yet by its own label.",
    Reason.NO_EXPIRY_LABEL: "Its image lacks the label that expires_label names.",
    Reason.SIGNATURE: "It is a signature, attestation or SBOM, and its image is kept.",
    Reason.ORPHAN: "It is a signature, attestation or SBOM, and no tag points to its image.",
    Reason.REFERRER: "Its manifest names an image that is kept.",
    Reason.SHARED_DIGEST: "Another tag of the same image is kept.",
    Reason.GITLAB_PROTECTED: "A tag protection rule of GitLab covers it.",
    Reason.IN_USE: "Its image is in use.",
    Reason.ACTIVE_REF: "It is named after an existing branch, merge request or git tag.",
    Reason.DEPLOYED: "It belongs to one of the last deployments.",
    Reason.ARCHIVED: "Its project is archived, so GitLab lets nobody delete it.",
    Reason.NO_RULE_SET: "No rule set is assigned to its repository.",
    Reason.RULE_SET_NOT_SELECTED: "Its repository has a rule set that only_rule_sets does not name.",
    Reason.EXCEPTION: "An exception in the retention document keeps it until a day.",
    Reason.UNKNOWN_DATE: "A date is needed, and it has no plausible date.",
    Reason.UNKNOWN_VERSION: "A version is needed, and its name contains none.",
    Reason.UNKNOWN_DIGEST: "Its digest could not be read.",
    Reason.UNKNOWN_EXPIRY: "The label that expires_label names could not be read, or its value is not valid.",
    Reason.UNKNOWN_SUBJECT: (
        "It is a signature, attestation or SBOM, and another tag may point to or contain its image."
    ),
    Reason.UNKNOWN_IN_USE: "Its image may be in use.",
    Reason.REPOSITORY_UNREAD: "Its repository could not be read.",
    Reason.LIMIT: "A limit keeps all tags of its repository.",
    Reason.CHANGED: "It points to another image than in the approved plan.",
    Reason.NOT_APPROVED: "The approved plan does not delete it.",
    Reason.RULE_SET_CHANGED: "Its repository has another rule set than in the approved plan.",
    Reason.SAMPLED: "GitLab deletes a random sample of the tags that match, and it may be one of them.",
    Reason.TIED: "Its date is too close to other dates to know which tags keep_n keeps.",
    Reason.NEAR_CUTOFF: "It is as old as older_than to the second.",
    Reason.UNSEEN_DATE: "GitLab decides by a date that it does not show.",
    Reason.UNSEEN_REGISTRY: "It is unknown which of GitLab's two algorithms decides about it.",
    Reason.UNSEEN_AGE: "It is unknown whether it is older than older_than for GitLab.",
    Reason.UNSEEN_PROTECTION: (
        "It may be protected by a rule that can't be read, or that does not apply to this token's user."
    ),
    Reason.CLEANUP_FAILS: "GitLab's own cleanup fails here, and deletes nothing.",
}
