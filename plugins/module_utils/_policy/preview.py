# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the tags of a repository to what GitLab's own cleanup would make of them. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone

from .._core.models import ServerPolicy, TagListing, format_time, parse_time
from .._core.server import ServerCapabilities
from .._rules.durations import seconds
from .._rules.patterns import compile_pattern
from .._rules.retention import Decision, Rule, Rules, date_source, decide
from .lint import converted, lint
from .prediction import DELETED, KEPT, Parameters, Prediction, nanoseconds, predict, seen

# A clock that no server has told: only tags without a date are compared with it.
_LATE = datetime(9999, 1, 1, tzinfo=timezone.utc)


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
    """The prediction for one repository. clock: when the cleanup runs. binding: whether every tag rule binds it."""
    rules = capabilities.may_protect_tags
    tags = [seen(tag, capabilities.mode, rules=rules, binding=binding) for tag in listing.tags]
    return predict(tags, wanted, capabilities.mode, nanoseconds(clock or _LATE))


def decisions_of(prediction: Prediction, listing: TagListing) -> tuple[Decision, ...]:
    """The prediction as decisions on the tags, with everything chosen that goes or may go."""
    verdicts = {verdict.name: verdict for verdict in prediction.verdicts}
    return tuple(
        Decision(tag, verdicts[tag.name].fate != KEPT, verdicts[tag.name].reason, tag.published or tag.created)
        for tag in listing.tags
    )


@dataclass(frozen=True)
class PolicyPreview:
    """What a project's policy does to one repository when it runs at that time.

    options: the same in the options of registry_cleanup, None where there are none. decisions: what these do.
    """

    policy: ServerPolicy
    at: datetime | None
    prediction: Prediction
    lint: tuple[str, ...]
    options: dict[str, t.Any] | None
    decisions: tuple[Decision, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Flat, every key always there, lists whole."""
        found = self.prediction
        deletions = [
            {"name": verdict.name, "reason": verdict.reason, "certain": verdict.fate == DELETED}
            for verdict in found.verdicts
            if verdict.fate != KEPT
        ]
        differences = self._differences()
        return {
            "enabled": self.policy.enabled,
            "at": format_time(self.at),
            "certainty": found.certainty,
            "doubts": list(found.uncertainties),
            "message": found.message or None,
            "delete_least": found.least,
            "delete_most": found.most,
            "delete": deletions,
            "reasons": dict(sorted(Counter(verdict.reason for verdict in found.verdicts).items())),
            "lint": list(self.lint),
            "options": self.options,
            "differences": differences,
            "differences_count": len(differences),
            "truncated": False,
        }

    def _differences(self) -> list[dict[str, t.Any]]:
        """The tags that the policy and the options treat in different ways."""
        verdicts = {verdict.name: verdict for verdict in self.prediction.verdicts}
        return [
            {
                "name": decision.tag.name,
                "policy": verdicts[decision.tag.name].fate,
                "policy_reason": verdicts[decision.tag.name].reason,
                "options": DELETED if decision.delete else KEPT,
                "options_reason": decision.reason,
            }
            for decision in self.decisions
            if verdicts[decision.tag.name].fate != (DELETED if decision.delete else KEPT)
        ]


def truncate(preview: dict[str, t.Any], limit: int) -> dict[str, t.Any]:
    """A preview's result with every list cut to limit."""
    lists = {name: preview[name] for name in ("delete", "differences")}
    truncated = any(len(rows) > limit for rows in lists.values())
    return {**preview, **{name: rows[:limit] for name, rows in lists.items()}, "truncated": truncated}


def preview_policy(
    capabilities: ServerCapabilities, listing: TagListing, policy: ServerPolicy, clock: datetime | None
) -> PolicyPreview:
    """The next run on one repository, judged by the tags of today; for a policy that is off a run right now."""
    following = parse_time(policy.next_run_at) if policy.enabled else None
    at = max(following, clock) if following and clock else clock
    wanted = parameters_of(policy)
    options = converted(wanted)
    return PolicyPreview(
        policy,
        at,
        predicted(capabilities, listing, wanted, at, binding=True),
        tuple(lint(wanted, listing.names)),
        options,
        _decisions(capabilities, listing, options, at) if options else (),
    )


def _decisions(
    capabilities: ServerCapabilities, listing: TagListing, options: t.Mapping[str, t.Any], at: datetime | None
) -> tuple[Decision, ...]:
    keep, age = options.get("name_regex_keep"), options.get("older_than")
    rule = Rule(
        compile_pattern(options["name_regex_delete"], "name_regex_delete"),
        keep=compile_pattern(keep, "name_regex_keep") if keep else None,
        keep_n=options.get("keep_n", 0),
        older_than=seconds(age) if age else None,
    )
    # A preview does not read digests where names decide.
    rules = Rules((rule,), require_digest=False)
    return tuple(decide(listing.tags, rules, date_source(capabilities.mode, rules), at))
