# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans and journals that lie in packages of GitLab: whether they are what they should be. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.journal_parts import is_part, parts_of
from .._plan.merge import fingerprint_in, is_merged


class PlanText(t.NamedTuple):
    """A plan that was not altered, as it lies in a file."""

    text: str
    fingerprint: str

    def as_result(self) -> dict[str, t.Any]:
        """The plan as registry_plan_package returns it."""
        return {"fingerprint": self.fingerprint, "size": len(self.text.encode())}


def plan_text(text: str, place: object) -> PlanText:
    """The plan of a file.

    Args:
        text: what the file holds.
        place: where it lies, for messages.

    Raises:
        UsageError: it is none, or was altered.
    """
    try:
        return PlanText(text, fingerprint_in(text.removesuffix("\n").split("\n") if text else []))
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def needs_upload(plan: PlanText, stored: bytes | None, place: object, *, overwrite: bool) -> bool:
    """Whether a plan has to be stored.

    Args:
        plan: the plan.
        stored: what the package holds, None if there is no such file.
        place: where in GitLab it lies, for messages.
        overwrite: it may take the place of another plan.

    Raises:
        UsageError: there is another plan, or something else.
    """
    present = None if stored is None else _decoded(stored, place)
    if present not in (None, plan.text) and not overwrite:
        raise UsageError(f"{place} exists and is another plan: give another version, or set overwrite.")
    return present != plan.text


def fetched_plan(stored: bytes | None, place: object) -> PlanText:
    """The plan that a package holds.

    Args:
        stored: what the package holds, None if there is no such file.
        place: where in GitLab it lies, for messages.

    Raises:
        UsageError: there is no plan, or it was altered.
    """
    if stored is None:
        raise UsageError(
            f"Could not fetch {place}: GitLab answered 404. There is no such plan, or the token may not see it."
        )
    return plan_text(_decoded(stored, place), place)


def plan_names(names: t.Iterable[str]) -> list[str]:
    """The files of a version that have to be plans: all but the parts of journals."""
    return [name for name in names if not is_part(name)]


def fetched_plans(contents: t.Mapping[str, bytes], place: str) -> dict[str, PlanText]:
    """The plans that a package holds, by the names of their files. Those that were made of others are left out.

    Args:
        contents: what lies in these files.
        place: the version that they are of, for messages.

    Raises:
        UsageError: one is no plan, or was altered.
    """
    plans = {}
    for name, content in contents.items():
        plan = plan_text(_decoded(content, f"{name} of {place}"), f"{name} of {place}")
        if not is_merged(plan.text.split("\n")):
            plans[name] = plan
    return plans


def check_folder(present: t.Iterable[str], expected: t.Collection[str], folder: str) -> None:
    """See that a folder holds nothing but what is fetched into it: all of its plans are merged.

    Raises:
        UsageError: it holds something else.
    """
    others = sorted({*present} - {*expected})
    if others:
        raise UsageError(f"plan_folder {folder} holds {others[0]}, which is not of this version: give an empty folder.")


def joined_journal(contents: t.Mapping[str, bytes], journal: str, present: str) -> str:
    """The journal that the parts of a package are.

    Args:
        contents: what lies in the files, by name, in the order in which they were stored.
        journal: what the user calls the journal.
        present: what the file holds into which it is written; empty if there is no file.

    Raises:
        UsageError: it is no journal, a part is missing, or the file holds other lines.
    """
    names = parts_of(contents, journal)
    text = "".join(_decoded(contents[name], name, "part of a journal") for name in names)
    if present and not text.startswith(present):
        raise UsageError("journal_path exists and contains other lines than the package: give another path.")
    return text


def _decoded(stored: bytes, place: object, kind: str = "plan") -> str:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{place} is not a {kind}.") from None
