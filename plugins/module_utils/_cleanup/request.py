# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""From the options of a cleanup to what they ask for. Pure."""

from __future__ import annotations

import enum
import functools
import typing as t
from dataclasses import dataclass

from .._core.errors import UsageError
from .._core.models import RefKind, Repository
from .._core.run_by import run_by_of
from .._core.scope import Scope
from .._core.server import DeleteMethod, ReadMethod, requested_method
from .._deletion.earlier_runs import EarlierRuns
from .._module.options import Gather, check_not_negative
from .._plan.approval import Approval, check_plan
from .._plan.limits import Limits, OnLimit
from .._plan.run_budget import DURATION, MOST, RunBudget, budget_of, tightest
from .._policy.prediction import Parameters
from .._retention.document import RetentionDocument, retention_of
from .._retention.rule_sets import Retention, one_rule_set
from .._rules.durations import seconds
from .._rules.git_refs import RefMatch
from .._rules.in_use import InUse
from .._rules.matches import OnUnmatched
from .._rules.options import IN_USE, RULES, given_ranking, guards_of, referrer_policy_of, rules_of, used_of
from .._rules.referrers import ReferrerPolicy, Signatures
from .._rules.rules import Rules

LIMITS: dict[str, t.Any] = {
    "min_remaining": {"type": "int", "default": 1},
    "max_deletions": {"type": "int"},
    "max_deletions_percent": {"type": "float"},
    "max_deletions_total": {"type": "int"},
    "max_deletions_total_percent": {"type": "float"},
    "max_unknown_percent": {"type": "float"},
    "on_limit": {"type": "str", "choices": [each.value for each in OnLimit], "default": OnLimit.FAIL.value},
}
# How much one run does of a plan. The plan holds it too, apart from what it was made by.
BUDGET: dict[str, t.Any] = {MOST: {"type": "int"}, DURATION: {"type": "str"}}
# The options that a plan is made by, as its first line names them. Pinning gives tags and deletes none.
PLANNED_BY = (
    *RULES,
    *("retention", "only_rule_sets"),
    *(option for option in IN_USE if option != "pin_untagged_in_use"),
    *LIMITS,
    "delete_via",
    "read_via",
)

_COUNTS = (
    *("min_remaining", "max_deletions", "max_deletions_total"),
    *("keep_deployments", "return_limit", "wait_timeout"),
)
_PERCENTAGES = (
    *("max_deletions_percent", "max_deletions_total_percent"),
    *("max_unknown_percent", "max_drift_percent"),
)
# Options that GitLab's own decision ignores, with what they are when nobody gives them.
_IGNORED_BY_GITLAB: dict[str, t.Any] = {"protect": None, "timestamp": "auto", "require_digest": True}


class OnServerPolicy(enum.Enum):
    """What happens where a project's own cleanup policy is enabled."""

    WARN = "warn"
    FAIL = "fail"
    IGNORE = "ignore"


@dataclass(frozen=True)
class CleanupRequest:
    """What the options of a cleanup ask for, checked.

    Args:
        scope: which repositories.
        retention: by which rules tags are deleted or kept.
        limits: what the plan as a whole must not go beyond.
        referrer_policy: what happens to signatures, and to tags of the same image.
        used: the images that are in use.
        use_unknown: why it is not known what is in use, one sentence each without its full stop.
        parameters: what GitLab itself decides by; None if the rules decide.
        keep_refs: the kinds of git references whose tags are kept.
        keep_deployments: the tags of so many last successful deployments of each environment are kept.
        ref_match: how the name of a tag carries a git reference.
        read_via: how tags are read; None for the best way that there is.
        delete_via: how tags are deleted; None for the best way that there is.
        on_server_policy: warn, fail or ignore, if a project has a cleanup policy of its own.
        on_unmatched: auto, warn or fail, if an entry that keeps or excludes matches nothing.
        allow_unread_protection: whether tags are deleted although protection rules can't be read.
        pin_untagged: whether images that are in use without a tag get one.
        bulk_older_than: the age that GitLab checks once more of a pinned bulk deletion, such as 30d; None is no age.
        bulk_keep: the pattern of names that GitLab keeps in a pinned bulk deletion; None is none.
        options: the values that the first line of the plan names, by option.
        in_use_max_age: seconds since sources of what is in use were read.
        run_by: who and what runs this, by what it is called.
        approval: the approved plan and its terms; None if none was given.
        earlier: what earlier runs did, by their journal.
        all_details: whether the details of all tags are read, whatever decides.
        gather: what else is read of the repositories, which does not change the plan.
        previous_retention: the rules that the plan is compared with; None if it is compared with none.
        retention_digest: of the document that says the rules; None if the options say them.
        given_budget: how much of the plan one run does, as the options say; None if they don't.
    """

    scope: Scope
    retention: Retention
    limits: Limits
    referrer_policy: ReferrerPolicy
    used: InUse
    use_unknown: tuple[str, ...]
    parameters: Parameters | None
    keep_refs: tuple[RefKind, ...]
    keep_deployments: int
    ref_match: RefMatch
    read_via: ReadMethod | None
    delete_via: DeleteMethod | None
    on_server_policy: OnServerPolicy
    on_unmatched: OnUnmatched
    allow_unread_protection: bool
    pin_untagged: bool
    bulk_older_than: str | None
    bulk_keep: str | None
    options: t.Mapping[str, t.Any]
    in_use_max_age: int
    run_by: t.Mapping[str, str]
    approval: Approval | None = None
    earlier: EarlierRuns = EarlierRuns()
    all_details: bool = False
    gather: frozenset[Gather] = frozenset()
    previous_retention: Retention | None = None
    retention_digest: str | None = None
    given_budget: RunBudget | None = None

    @functools.cached_property
    def budget(self) -> RunBudget | None:
        """How much of the plan one run does, never more than the approved plan says; None if it does all of it."""
        return tightest([self.approval.plan.budget if self.approval else None, self.given_budget])

    @property
    def need_dates(self) -> bool:
        """Whether any tag is judged by its date."""
        return any(each.need_dates for each in self.retentions)

    @property
    def expiry_labels(self) -> frozenset[str]:
        """The labels by which any rules delete."""
        return frozenset().union(*(each.expiry_labels for each in self.retentions))

    def all_rules_of(self, repository: Repository) -> list[Rules]:
        """All rules by which the tags of a repository are judged: those of the plan, and those it is compared with."""
        found = (each.rules_of(repository) for each in self.retentions)
        return [rules for rules in found if rules is not None]

    @property
    def retentions(self) -> list[Retention]:
        """The rules of the plan, and those it is compared with."""
        return [each for each in (self.retention, self.previous_retention) if each]

    @functools.cached_property
    def pending_referrers(self) -> t.Mapping[str, t.Collection[tuple[str, str | None]]]:
        """What was to follow images that interrupted runs deleted, as the journal and the approved plan both say.

        Name and digest, by the repository's path.
        """
        approved = self.approval.plan.digests if self.approval else {}
        return _by_path(
            each for each in self.earlier.referrers if each[:2] in approved and approved[each[:2]] == each[2]
        )

    @functools.cached_property
    def noted_referrers(self) -> t.Mapping[str, t.Collection[tuple[str, str | None]]]:
        """The same as the journal alone says, in which anybody may have written."""
        return _by_path(self.earlier.referrers)


def _by_path(
    referrers: t.Iterable[tuple[str, str, str | None]],
) -> t.Mapping[str, t.Collection[tuple[str, str | None]]]:
    found: dict[str, set[tuple[str, str | None]]] = {}
    for path, name, digest in referrers:
        found.setdefault(path, set()).add((name, digest))
    return found


def cleanup_request(
    params: t.Mapping[str, t.Any],
    scope: Scope,
    approval: Approval | None,
    document: RetentionDocument | None = None,
    server: str = "",
    previous: RetentionDocument | None = None,
) -> CleanupRequest:
    """The options as one checked value.

    Args:
        params: the module's options.
        scope: what the scope options name.
        approval: the approved plan and its terms; None if none was given.
        document: the retention document; None if the options themselves say the rules.
        server: URL of the GitLab that is asked.
        previous: the document that the plan is compared with; None if it is compared with none.

    Raises:
        UsageError: for what can't be done as it is written.
    """
    _check_numbers(params)
    method = requested_method(DeleteMethod, params["delete_via"])
    _check_bulk(params, method, approval.plan.budget if approval else None)
    if approval and method is DeleteMethod.BULK_UNPINNED:
        raise UsageError(
            "An approved plan can't be used with delete_via bulk_unpinned, where GitLab decides what is deleted."
        )
    used, use_unknown = used_of(params)
    limits = Limits(**{**{option: params[option] for option in LIMITS}, "on_limit": OnLimit(params["on_limit"])})
    return CleanupRequest(
        scope=scope,
        retention=_retention(params, limits, document, server),
        retention_digest=document.digest if document else None,
        previous_retention=retention_of(previous, guards_of(params), limits, server) if previous else None,
        limits=limits,
        referrer_policy=_referrer_policy(params, method),
        used=used,
        use_unknown=use_unknown,
        parameters=_parameters(params) if method is DeleteMethod.BULK_UNPINNED else None,
        keep_refs=tuple(map(RefKind, params["keep_refs"] or ())),
        keep_deployments=params["keep_deployments"],
        ref_match=RefMatch(params["ref_match"]),
        read_via=requested_method(ReadMethod, params["read_via"]),
        delete_via=method,
        on_server_policy=OnServerPolicy(params["on_server_policy"]),
        on_unmatched=OnUnmatched(params["on_unmatched"]),
        allow_unread_protection=params["allow_unread_protection"],
        pin_untagged=params["pin_untagged_in_use"],
        bulk_older_than=params["older_than"],
        bulk_keep=params["name_regex_keep"] or None,
        options={
            **{option: _planned_by(option, params[option]) for option in PLANNED_BY},
            "retention": document.written if document else None,
        },
        in_use_max_age=seconds(params["in_use_max_age"], "in_use_max_age"),
        run_by=run_by_of(params["run_by"]),
        approval=approval,
        all_details=params["output_path"] is not None and Gather.TAG_DETAILS.value in params["gather"],
        gather=frozenset(map(Gather, params["gather"])),
        given_budget=budget_of(params[MOST], params[DURATION]),
    )


def _retention(
    params: t.Mapping[str, t.Any], limits: Limits, document: RetentionDocument | None, server: str
) -> Retention:
    """By which rules which tags are deleted. limits: of the task."""
    if document is None:
        if params["only_rule_sets"] is not None:
            raise UsageError("only_rule_sets names sets of a retention document: give retention or retention_path.")
        return one_rule_set(rules_of(params), limits)
    return retention_of(document, guards_of(params), limits, server, params["only_rule_sets"])


def _planned_by(option: str, value: t.Any) -> t.Any:
    """The value of an option as a plan names it: when sources were read is a matter of the run."""
    if option != "in_use_sources" or value is None:
        return value
    return [{key: each for key, each in row.items() if key != "read_at"} for row in value]


def check_for_server(request: CleanupRequest, *, url: str, job_token: bool) -> None:
    """See that this server and token can give what is asked for.

    Raises:
        UsageError: they can't.
    """
    if job_token:
        for option, wanted in (("keep_refs", request.keep_refs), ("keep_deployments", request.keep_deployments)):
            if wanted:
                raise UsageError(
                    f"{option} is not available with a CI/CD job token: give a project access token instead."
                )
        if Gather.SIZE in request.gather:
            raise UsageError(
                "gather size is not available with a CI/CD job token: give a project access token in api_token."
            )
    if request.approval:
        check_plan(request.approval.plan, url, request.scope.as_result())


def _check_numbers(params: t.Mapping[str, t.Any]) -> None:
    check_not_negative(params, *_COUNTS)
    for option in _PERCENTAGES:
        if params[option] is not None and not 0 <= params[option] <= 100:
            raise UsageError(f"{option} is {params[option]:g}: it has to be between 0 and 100.")


def _referrer_policy(params: t.Mapping[str, t.Any], method: DeleteMethod | None) -> ReferrerPolicy:
    """What becomes of tags that belong together. GitLab's own bulk deletion can't delete one tag after another."""
    policy = referrer_policy_of(params)
    return policy._replace(signatures=Signatures.KEEP) if method and method.is_bulk else policy


def _parameters(params: t.Mapping[str, t.Any]) -> Parameters:
    return Parameters(
        name_regex_delete=params["name_regex_delete"],
        name_regex_keep=params["name_regex_keep"] or None,
        keep_n=params["keep_n"] or None,
        older_than=params["older_than"],
    )


def _check_bulk(params: t.Mapping[str, t.Any], method: DeleteMethod | None, approved: RunBudget | None = None) -> None:
    """See that a bulk deletion can do what is asked for.

    Args:
        params: the module's options.
        method: how tags are to be deleted.
        approved: the budget of the approved plan.

    Raises:
        UsageError: it can't.
    """
    if method is None or not method.is_bulk:
        return
    via = method.value
    if params["signatures"] == "collect":
        raise UsageError(f"signatures collect can't be used with delete_via {via}: GitLab deletes tags in any order.")
    if any(row["expires_label"] for row in (params, *(params["rules"] or ()))):
        raise UsageError(
            f"expires_label can't be used with delete_via {via}: GitLab's bulk deletion does not read labels of images."
        )
    if params["pin_untagged_in_use"]:
        raise UsageError(
            f"pin_untagged_in_use can't be used with delete_via {via}: nothing is written to the registry then."
        )
    of_plan = approved.as_row() if approved else {}
    for option in BUDGET:
        if params[option] is not None or of_plan.get(option) is not None:
            of = "" if params[option] is not None else " of the approved plan"
            raise UsageError(
                f"{option}{of} can't be used with delete_via {via}: GitLab gets all tags of a repository with one "
                "request and deletes them in the background."
            )
    kept = (
        *("in_use", "in_use_sources", "keep_refs", "keep_deployments", "dates_valid_from"),
        *("previous_retention", "previous_retention_path"),
    )
    decided_by_gitlab = kept if method is DeleteMethod.BULK_UNPINNED else ()
    for option in ("rules", "retention", "retention_path", "keep_n_per", "min_age", *decided_by_gitlab):
        if params[option]:
            raise UsageError(
                f"{option} can't be used with delete_via {via}: GitLab's bulk deletion supports only one rule."
            )
    for option in given_ranking(params):
        raise UsageError(
            f"{option} can't be used with delete_via {via}: GitLab's bulk deletion uses only tags and dates."
        )
    if method is DeleteMethod.BULK_UNPINNED and params["shared_digest"] == "keep_together":
        raise UsageError(
            f"shared_digest keep_together can't be used with delete_via {via}: GitLab decides about each tag by itself."
        )
    if params["read_via"] == "registry":
        raise UsageError(
            f"read_via registry can't be used with delete_via {via}: GitLab decides by its own data, which is less "
            "complete for multi-platform images."
        )
    if method is DeleteMethod.BULK and params["older_than"] is None:
        raise UsageError(
            "delete_via bulk needs older_than: its tags are not read again right before they are deleted, and only "
            "GitLab's own check of the age keeps a tag that was pushed meanwhile."
        )
    ignored: dict[str, t.Any] = {"allow_latest": False}
    if method is DeleteMethod.BULK_UNPINNED:
        ignored = {**ignored, **_IGNORED_BY_GITLAB}
    for option, default in ignored.items():
        if params[option] not in (default, []):
            raise UsageError(f"{option} has no effect with delete_via {via}, where GitLab decides: leave it out.")
