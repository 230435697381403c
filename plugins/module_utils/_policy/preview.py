# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the tags of a repository to what GitLab's own cleanup would make of them. Pure."""

from __future__ import annotations

import math
import typing as t
from collections import Counter
from datetime import datetime

from .._core.models import ServerPolicy, Tag, TagListing, format_time, parse_time
from .._core.server import ServerCapabilities, TagRules
from .._rules.dates import date_source
from .._rules.decision import Decision, to_delete, to_keep
from .._rules.options import RULES, rules_of
from .._rules.reasons import reason_counts
from .._rules.retention import decide
from .lint import lint_warnings, to_cleanup_options
from .prediction import Parameters, Prediction, TagPrediction, Verdict, nanoseconds, predict, server_tag


def parameters_of(policy: ServerPolicy) -> Parameters:
    """What a project's policy gives to the cleanup of each of its repositories."""
    return Parameters(
        name_regex=policy.name_regex,
        name_regex_keep=policy.name_regex_keep,
        keep_n=policy.keep_n,
        older_than=policy.older_than,
    )


def predicted(
    capabilities: ServerCapabilities, listing: TagListing, wanted: Parameters, clock: datetime | None, *, binding: bool
) -> Prediction:
    """What GitLab deletes of one repository.

    Args:
        capabilities: of the server.
        listing: all tags of the repository.
        wanted: what the cleanup is given.
        clock: when it runs; None if no server has told a time.
        binding: whether every tag protection rule binds it, and not only some of its callers.
    """
    rules = capabilities.tag_rules is not TagRules.NONE
    known = listing.tags if capabilities.proves_created else [tag._replace(created=None) for tag in listing.tags]
    tags = [server_tag(tag, capabilities.mode, rules=rules, binding=binding) for tag in known]
    return predict(tags, wanted, capabilities.mode, nanoseconds(clock) if clock else math.inf)


def decisions_of(prediction: Prediction, listing: TagListing) -> tuple[Decision, ...]:
    """The prediction as decisions on the tags. What may be deleted counts as deleted."""
    found = {tag.name: tag for tag in prediction.tags}
    return tuple(_decision(tag, found[tag.name]) for tag in listing.tags)


def _decision(tag: Tag, prediction: TagPrediction) -> Decision:
    decision = to_keep if prediction.verdict is Verdict.KEPT else to_delete
    return decision(tag, prediction.reason, date=tag.published or tag.created)


class PolicyPreview(t.NamedTuple):
    """What a project's policy does to one repository.

    Args:
        policy: of the project.
        at: when it runs; None if the server's time is not known.
        prediction: what it does.
        lint_warnings: what of it is probably not meant, one sentence each.
        options: the options of registry_cleanup that come closest; None if there are none.
        decisions: on all tags by these options; empty if there are none.
    """

    policy: ServerPolicy
    at: datetime | None
    prediction: Prediction
    lint_warnings: tuple[str, ...]
    options: dict[str, t.Any] | None
    decisions: tuple[Decision, ...]

    def as_result(self) -> dict[str, t.Any]:
        """The preview as a module returns it: every key is always there, and no list is shortened."""
        found = self.prediction
        deletions = [
            {"name": tag.name, "reason": tag.reason.value, "certain": tag.verdict is Verdict.DELETED}
            for tag in found.tags
            if tag.verdict is not Verdict.KEPT
        ]
        differences = self._differences()
        return {
            "enabled": self.policy.enabled,
            "at": format_time(self.at),
            "certainty": found.certainty.value,
            "doubts": list(found.uncertainties),
            "message": found.message or None,
            "delete_least": found.least,
            "delete_most": found.most,
            "delete": deletions,
            "reasons": reason_counts(Counter(tag.reason for tag in found.tags)),
            "lint": list(self.lint_warnings),
            "options": self.options,
            "differences": differences,
            "differences_count": len(differences),
            "truncated": False,
        }

    def _differences(self) -> list[dict[str, t.Any]]:
        """The tags that the policy and the options treat in different ways."""
        predicted_tags = {tag.name: tag for tag in self.prediction.tags}
        rows = []
        for decision in self.decisions:
            tag = predicted_tags[decision.tag.name]
            by_options = Verdict.DELETED if decision.delete else Verdict.KEPT
            if tag.verdict is not by_options:
                row = {"name": tag.name, "policy": tag.verdict.value, "policy_reason": tag.reason.value}
                rows.append({**row, "options": by_options.value, "options_reason": decision.reason.value})
        return rows


def truncate(preview: dict[str, t.Any], limit: int) -> dict[str, t.Any]:
    """A preview's result with at most so many entries in every list."""
    lists = {name: preview[name] for name in ("delete", "differences")}
    truncated = any(len(rows) > limit for rows in lists.values())
    return {**preview, **{name: rows[:limit] for name, rows in lists.items()}, "truncated": truncated}


def preview_policy(
    capabilities: ServerCapabilities, listing: TagListing, policy: ServerPolicy, clock: datetime | None
) -> PolicyPreview:
    """The next run of a policy on one repository, judged by the tags of today; of one that is off, a run right now."""
    following = parse_time(policy.next_run_at) if policy.enabled else None
    at = max(following, clock) if following and clock else clock
    wanted = parameters_of(policy)
    options = to_cleanup_options(wanted)
    return PolicyPreview(
        policy=policy,
        at=at,
        prediction=predicted(capabilities, listing, wanted, at, binding=True),
        lint_warnings=tuple(lint_warnings(wanted, listing.names)),
        options=options,
        decisions=_decisions(capabilities, listing, options, at) if options else (),
    )


def _decisions(
    capabilities: ServerCapabilities, listing: TagListing, options: t.Mapping[str, t.Any], at: datetime | None
) -> tuple[Decision, ...]:
    defaults = {name: option.get("default") for name, option in RULES.items()}
    # A preview does not read digests where names decide.
    rules = rules_of({**defaults, **options, "require_digest": False})
    return tuple(decide(listing.tags, rules, date_source(capabilities, rules), at))
