# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_report is asked for. Pure."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import UsageError
from .._core.run_by import run_by_of
from .words import scope_in_words, writable

# What has an effect only with one of other options.
ONLY_WITH = {
    "prometheus_repositories": ("prometheus_path",),
    "journal_path": ("plan_path",),
    "deleted": ("plan_path",),
    "plan_location": ("plan_path",),
    "plan_package": ("plan_path",),
}
# The module returns these too, and roles show them in reports alone. A price may stand in the variables of a group.
SHOWN_ONLY_WITH = {
    "compare_with": ("markdown_path", "html_path"),
    "prometheus_repositories": ("prometheus_path",),
}

_HIGHEST_PRICE = 10**9
_ADDRESS = re.compile(r"(https?://[^\s?#@]+?)(/api/v4)?/*", re.IGNORECASE)


class Told(t.NamedTuple):
    """What whoever wants a report tells of the run.

    Args:
        result: ok, partial, refused or failed.
        message: why it failed; empty if it did not.
        plan_place: where the plan is; empty if it is nowhere.
        plan_package: the package that the plan is in: project, version, package, file_name; empty if it is in none.
        deleted: number of tags that the run deleted; None if the plan was not carried out.
        warnings: what the reader should know, one sentence each.
        notes: how it was read and planned, one sentence each.
        server: URL of GitLab, for a run that read nothing; empty if it is not known.
        scope: what was asked for, in words, for a run that read nothing.
        run_by: who and what ran, by name.
        price_per_gib_month: what a GiB costs; None if it is not known.
    """

    result: str = "ok"
    message: str = ""
    plan_place: str = ""
    plan_package: t.Mapping[str, str] = {}
    deleted: int | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    server: str = ""
    scope: str = ""
    run_by: t.Mapping[str, str] = {}
    price_per_gib_month: float | None = None


class ReportRequest(t.NamedTuple):
    """The checked options of registry_report.

    Args:
        audit_path: file of the audit; None if there is none.
        plan_path: file of the plan; None if there is none.
        journal_path: file of the journal of the plan's run; None if it was not carried out.
        compare_with: file of an earlier audit; None if there is none.
        csv_folder: folder of the CSV files; None if they are not written. The same holds for the other files.
        prometheus_path: file of the metrics.
        prometheus_repositories: whether repositories have metrics too.
        markdown_path: file of the Markdown.
        html_path: file of the page.
        told: what is told of the run.
        validate_paths_only: only check that the files can be written.
    """

    audit_path: str | None
    plan_path: str | None
    journal_path: str | None
    compare_with: str | None
    csv_folder: str | None
    prometheus_path: str | None
    prometheus_repositories: bool
    markdown_path: str | None
    html_path: str | None
    told: Told
    validate_paths_only: bool


def request_of(params: t.Mapping[str, t.Any]) -> ReportRequest:
    """Check the options of registry_report.

    Raises:
        UsageError: they can't be served as they are written.
    """
    for refusal in without_effect(params, ONLY_WITH).values():
        raise UsageError(f"{refusal}.")
    price = params["price_per_gib_month"]
    if price is not None and not 0 <= price <= _HIGHEST_PRICE:
        raise UsageError(f"price_per_gib_month is {price:g}: it can't be negative, and at most {_HIGHEST_PRICE:,}.")
    if params["deleted"] is not None and params["deleted"] < 0:
        raise UsageError(f"deleted is {params['deleted']}: it can't be negative.")
    if not (params["audit_path"] or params["plan_path"]):
        raise UsageError("one of the following is required: audit_path, plan_path.")
    return ReportRequest(
        audit_path=params["audit_path"],
        plan_path=params["plan_path"],
        journal_path=params["journal_path"],
        compare_with=params["compare_with"],
        csv_folder=params["csv_folder"],
        prometheus_path=params["prometheus_path"],
        prometheus_repositories=params["prometheus_repositories"],
        markdown_path=params["markdown_path"],
        html_path=params["html_path"],
        told=Told(
            result=params["result"],
            message=writable(params["failure"] or ""),
            plan_place=params["plan_location"] or "",
            plan_package={name: value for name, value in (params["plan_package"] or {}).items() if value},
            deleted=params["deleted"],
            warnings=_sentences(params["warnings"]),
            notes=_sentences(params["notes"]),
            server=_server(params["api_url"] or ""),
            scope=scope_in_words(params["scope"]) if params["scope"] else "",
            run_by=run_by_of(params["run_by"]),
            price_per_gib_month=price,
        ),
        validate_paths_only=params["validate_paths_only"],
    )


def without_effect(
    given: t.Mapping[str, t.Any], table: t.Mapping[str, t.Sequence[str]], prefix: str = ""
) -> dict[str, str]:
    """Which of the given options have no effect, each with a sentence without its end.

    Args:
        given: the options with their values.
        table: for each option those of which one has to be given too.
        prefix: what stands before the name of each.
    """
    return {
        option: f"{prefix}{option} has no effect without {' or '.join(f'{prefix}{other}' for other in others)}: "
        f"give {'it' if len(others) == 1 else 'one of them'}, or leave {prefix}{option} out"
        for option, others in table.items()
        if _is_given(given.get(option)) and not any(_is_given(given.get(other)) for other in others)
    }


def _is_given(value: t.Any) -> bool:
    # Nothing deleted, and a price of zero, are said as well.
    return bool(value) or (value is not False and value == 0)


def _server(api_url: str) -> str:
    """The address as audits and plans have it; empty if it is none, or may hold a password."""
    found = _ADDRESS.fullmatch(api_url.strip())
    return found[1].rstrip("/") if found else ""


def _sentences(given: t.Sequence[str] | None) -> tuple[str, ...]:
    """Each sentence once, with or without its full stop."""
    return tuple({each.rstrip("."): each for each in map(writable, given or ())}.values())
