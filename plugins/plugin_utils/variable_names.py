# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which variables of a play are none of a role, and look as if they were meant for it. Pure.

A guard under a misspelt name guards nothing. What other roles and collections have is no concern of this one, so that a
name has to have both: a beginning that is nearly the role's, and an end that is nearly a variable of it.
"""

from __future__ import annotations

import difflib
import enum
import re
import typing as t

# What each name has that is nearly one of a role's.
_NEARLY_ANY = re.compile("reg|gist|istr|stry|cle|lean|nup", re.IGNORECASE)
# How close a whole name has to be to a variable of the role, or its end to a guard.
_SAME_BUT_FOR_A_SLIP, _SIMILAR = 0.92, 0.87
# What any cleanup may have.
_ORDINARY = frozenset({"repositories"})
# Endings that are shorter are parts of many words.
_LONG_ENOUGH = 6

# How people call each role, in letters alone.
_WORDS = {
    "registry_audit": "audit(?:s|ing)?",
    "registry_cleanup": "clean(?:ups?|s|er|ing|ed)?",
    "registry_garbage_collect": "garbagecollect(?:ion|or)?|garbage|gc",
    "registry_in_use": "inuse",
    "registry_restore": "restor(?:es?|ing)|undo",
    "registry_settings": "settings?",
}
_PRODUCT = "(?:gitlab|containerops)*"
_REGISTRY = f"{_PRODUCT}(?:containers?)?(?:registry|registries)"
# Names of registries and roles, for those with a slip.
_REGISTRIES = ("registry", "gitlabregistry", "containerregistry", "gitlabcontainerregistry")

# Variables of registry_cleanup without which it deletes no more.
_NO_GUARDS_OF_A_CLEANUP = frozenset(
    {
        *("project", "group", "repository_id", "name_regex_delete", "rules", "allow_latest", "allow_unread_protection"),
        *("delete_via", "pin_untagged_in_use", "wait", "wait_timeout", "return_limit", "on_error", "gather"),
        *("plan_path", "output_path", "journal_path", "plan_package", "journal_package", "ignored_variables", "run_by"),
        *("csv_folder", "prometheus_path", "prometheus_repositories", "markdown_path", "html_path"),
        *("compare_with", "price_per_gib_month"),
    }
)
# And those of the other roles without which they do more.
_GUARDS = {
    "registry_garbage_collect": frozenset({"digests_in_use"}),
    "registry_in_use": frozenset({"hosts_expected"}),
    "registry_settings": frozenset({"max_changed_projects"}),
}


class Likeness(enum.Enum):
    """How sure it is that a variable is meant for the role.

    SLIP: A letter is wrong, or a few in a long name. Nobody has such a name on purpose.
    AFFIX: The name has a word more or less, or is written in another way. It may be one of the user's own.
    """

    SLIP = "slip"
    AFFIX = "affix"


class Resemblance(t.NamedTuple):
    """What a variable looks like.

    Args:
        option: the variable of the role, without the role's name.
        likeness: how sure it is.
    """

    option: str
    likeness: Likeness


class _Beginning(t.NamedTuple):
    """What a name begins with.

    Args:
        is_whole: whether it is all that names the role, and not a part of it or another role of this collection.
        likeness: how sure it is.
    """

    is_whole: bool
    likeness: Likeness


def may_be_meant(name: str) -> bool:
    """Whether a name of a variable is worth a look: it shares letters with the name of a role."""
    return _NEARLY_ANY.search(name) is not None


def is_guard(role: str, option: str) -> bool:
    """Whether a role may do more harm if a variable of it is missing."""
    if role == "registry_cleanup":
        return option not in _NO_GUARDS_OF_A_CLEANUP
    return option in _GUARDS.get(role, ())


def resemblance(role: str, options: t.Collection[str], name: str) -> Resemblance | None:
    """The variable of a role that a name looks like; None if it looks like none.

    Args:
        role: the role.
        options: its variables, without its name.
        name: of a variable that is none of the role's, nor of another one of this collection.
    """
    found = _by_its_end(role, options, name)
    if found or name.startswith("__"):
        return found
    variables = {f"{role}_{option}": option for option in options}
    for near in difflib.get_close_matches(name.lower(), variables, 1, _SAME_BUT_FOR_A_SLIP):
        # A word more is no slip.
        if not _letters(name).endswith(_letters(near)):
            return Resemblance(variables[near], likeness=Likeness.SLIP)
    return _by_an_end_that_is_near(role, options, name)


def _by_its_end(role: str, options: t.Collection[str], name: str) -> Resemblance | None:
    """The option that a name ends with."""
    letters = _letters(name)
    for option in sorted(options, key=len, reverse=True):
        end = _letters(option)
        beginning = _beginning(role, letters[: -len(end)]) if letters.endswith(end) else None
        if beginning is None:
            continue
        told_by = (beginning.is_whole, _is_guarding(role, option, letters))
        # Names inside of the roles begin so, and some end as an option does.
        if all(told_by) if name.startswith("__") else any(told_by):
            return Resemblance(option, likeness=beginning.likeness)
    return None


def _is_guarding(role: str, option: str, letters: str) -> bool:
    """Whether an option guards something and is not what any other role may have."""
    return is_guard(role, option) and (option not in _ORDINARY or "registr" in letters)


def _by_an_end_that_is_near(role: str, options: t.Collection[str], name: str) -> Resemblance | None:
    """The guard that a name nearly ends with. What is an option itself, as project, is no other one."""
    letters = _letters(name)
    ends = {_letters(option): option for option in options}
    for place in range(_LONG_ENOUGH, len(letters) - _LONG_ENOUGH + 1):
        beginning, rest = _beginning(role, letters[:place]), letters[place:]
        if beginning and rest in ends:
            return None
        if beginning and beginning.likeness is Likeness.AFFIX:
            near = difflib.get_close_matches(rest, ends, 1, _SIMILAR) or [end for end in ends if is_slip(rest, end)]
            option = ends[near[0]] if near else ""
            if near and len(near[0]) >= _LONG_ENOUGH and _is_guarding(role, option, letters):
                return Resemblance(option, likeness=Likeness.AFFIX)
    return None


def _beginning(role: str, letters: str) -> _Beginning | None:
    """What the letters before a variable's own say of the role; None if nothing."""
    own, any_role = f"(?:{_WORDS[role]})", f"(?:{'|'.join(_WORDS.values())})"
    if re.fullmatch(f"{_REGISTRY}{own}", letters):
        return _Beginning(is_whole=True, likeness=Likeness.AFFIX)
    if re.fullmatch(f"{_REGISTRY}{any_role}?|{_PRODUCT}{own}", letters):
        return _Beginning(is_whole=False, likeness=Likeness.AFFIX)
    word = _letters(role.partition("_")[2])
    if any(is_slip(letters, f"{registry}{word}") for registry in _REGISTRIES):
        return _Beginning(is_whole=True, likeness=Likeness.SLIP)
    if any(is_slip(letters, each) for each in (*_REGISTRIES, word) if len(each) >= _LONG_ENOUGH):
        return _Beginning(is_whole=False, likeness=Likeness.AFFIX)
    return None


def is_slip(one: str, other: str) -> bool:
    """Whether two texts differ in one letter: too many, too few, another one, or two that changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    return (
        one[1:] == other[1:] or one[1:] == other or one == other[1:] or one[:2] == other[1::-1] and one[2:] == other[2:]
    )


def _letters(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub("[^a-z0-9]", "", name.lower())
