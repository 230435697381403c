# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The variables of a role, read by its argument specification. Pure, apart from paths.

Command lines, surveys and automation controllers give texts for everything. A value is read where it can mean one thing
only, and refused in all other cases: nothing that was given is ever passed over.
"""

from __future__ import annotations

import datetime
import difflib
import json
import os
import typing as t

from ..module_utils._core.files import GivenPath, shared_file
from ..module_utils._core.numbers import whole
from ..module_utils._module.inputs import MAY_BE_EMPTY_LISTS
from ..module_utils._report.request import SHOWN_ONLY_WITH, without_effect
from .connection import connection_of
from .documents import ValueRefused, shown, sources_of, yaml_documents
from .package_defaults import PACKAGES, Job, completed
from .variable_names import Likeness, resemblance

# As Ansible reads them.
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "f", "0"})
# What roles leave as facts, besides their statistics.
_FACTS = frozenset({"registry_cleanup_approval_text", "registry_garbage_collect_report", "registry_in_use_sources"})
# What says itself what to take.
_PLANS = ("approved_plan_path", "approved_plan", "approved_plan_package")
# GitLab's ids are numbers, and they are written where names are.
_NUMBERED = frozenset({"project", "group"})
# The statistics of the roles that have some, as the next node of a workflow gets them.
_OF_ALL_HOSTS = frozenset({"result", "check_mode", "hosts", "hosts_unfinished"})
STATISTICS = {
    "registry_audit": _OF_ALL_HOSTS
    | {"projects", "repositories", "repositories_unread", "tags", "size", "would_delete"},
    "registry_cleanup": _OF_ALL_HOSTS
    | {
        *("fingerprint", "repositories", "repositories_unread", "tags", "planned", "deleted", "already_gone"),
        *("changed_since", "recreated", "unverified", "not_deleted", "not_tried", "left_for_next_run"),
        *("approved", "deleted_before"),
        *(
            "approved_vanished",
            "approved_moved",
            "approved_kept",
            "approved_unread",
            "not_approved",
            "approved_renamed",
            "approved_rule_set",
        ),
    },
    "registry_restore": _OF_ALL_HOSTS | {"tags", "planned", "present", "replaced", "not_restorable", "restored"},
    "registry_settings": _OF_ALL_HOSTS | {"projects", "differing", "unknown", "archived"},
}
# The variables of playbooks that are no variables of a role, and what these leave as statistics.
PLAYBOOKS: dict[str, dict[str, dict[str, t.Any]]] = {
    "merge_plans": {
        "plans_package": {"type": "dict"},
        "plans_paths": {"type": "list", "elements": "path"},
        "plans_merged_path": {"type": "path"},
        "plans_expected": {"type": "int"},
    },
}
_OF_PLANS = "registry_plans_"
_STATISTICS_OF_PLANS = frozenset({"registry_plans_fingerprint", "registry_plans_delete"})
# How close a name has to be to one that the role has, after the prefix, and to one of a playbook.
_SIMILAR, _SAME_BUT_FOR_A_WORD = 0.6, 0.9


_NO_JOB = Job()


class Reading(t.NamedTuple):
    """What the variables of a role say.

    Args:
        options: the values by option, the variables without the role's name; those alone that somebody set.
        refusals: what can't be meant, one sentence each without its full stop.
        playbook: the values of the playbook's own variables, without registry_; those alone that somebody set.
    """

    options: dict[str, t.Any]
    refusals: tuple[str, ...]
    playbook: t.Mapping[str, t.Any] = {}


class Playbook(t.NamedTuple):
    """What a playbook of this collection says by variables of its own, whose names begin with registry.

    Args:
        scope: what to take, by option; empty if the playbook has no such variables.
        connection: the settings of the connection; None if the playbook does not take any.
        name: one of PLAYBOOKS; empty if it has no other variables.
        values: what these hold, by name without registry_.
    """

    scope: t.Mapping[str, t.Any] = {}
    connection: t.Any = None
    name: str = ""
    values: t.Mapping[str, t.Any] = {}

    @property
    def variables(self) -> list[str]:
        """The names of its variables."""
        names = [*self.scope, *([] if self.connection is None else ["connection"]), *PLAYBOOKS.get(self.name, ())]
        return [f"registry_{name}" for name in names]


# A play of the user's own.
NO_PLAYBOOK = Playbook()


def read_variables(
    role: str,
    specs: t.Mapping[str, t.Mapping[str, t.Any]],
    values: t.Mapping[str, t.Any],
    playbook: Playbook = NO_PLAYBOOK,
    others: t.Mapping[str, t.Callable[[], t.Any]] | None = None,
    job: Job = _NO_JOB,
) -> Reading:
    """Read the variables of a role.

    Args:
        role: its name, which all of its variables begin with.
        specs: the options of its argument specification.
        values: its variables of this host, without those that are omitted.
        playbook: what the playbook of this collection says, if it is one.
        others: all other variables of this host that are none of another role of this collection, with what gives
            their values.
        job: which runs the role.
    """
    options, refusals = {}, []
    own: dict[str, t.Any] = {}
    for option, value in playbook.values.items():
        try:
            own.update(_own(playbook.name, option, value, job))
        except ValueRefused as refused:
            refusals.append(f"registry_{option} {refused}")
    for name, value in sorted(values.items()):
        option = name[len(role) + 1 :]
        try:
            found = _read(specs[name], option, value)
            options[option] = completed(option, found, job) if option in PACKAGES else found
        except ValueRefused as refused:
            refusals.append(f"{name} {refused}")
    for name, value_of in sorted((others or {}).items()):
        try:
            if name not in options.get("ignored_variables", ()):
                _check_name(role, specs, name, value_of, values)
                _check_playbook_name(playbook, name)
        except ValueRefused as refused:
            refusals.append(f"{name} {refused}")
    refusals += filter(None, [shared_file(_given_paths(role, specs, options))])
    for option, refusal in without_effect(options, SHOWN_ONLY_WITH, f"{role}_").items():
        del options[option]
        refusals.append(refusal)
    try:
        options.update(_scope(role, specs, options, playbook.scope) if playbook.scope else {})
    except ValueRefused as refused:
        refusals.append(str(refused))
    try:
        connection_of(playbook.connection)
    except ValueRefused as refused:
        refusals.append(f"registry_connection {refused}")
    return Reading(options=options, refusals=tuple(refusals), playbook=own)


def _own(playbook: str, option: str, value: t.Any, job: Job) -> dict[str, t.Any]:
    """A variable of a playbook by its option; nothing where it is empty.

    Raises:
        ValueRefused: it can't be meant.
    """
    if _is_empty(value) or value in ([], {}):
        return {}
    found = _read(PLAYBOOKS[playbook][option], option, value)
    return {option: completed(option, found, job) if option in PACKAGES else found}


def _given_paths(role: str, specs: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> list[GivenPath]:
    return [
        GivenPath(option, label=f"{role}_{option}", path=value)
        for option, value in options.items()
        if value and specs[f"{role}_{option}"]["type"] == "path"
    ]


def _scope(
    role: str,
    specs: t.Mapping[str, t.Mapping[str, t.Any]],
    options: t.Mapping[str, t.Any],
    scope: t.Mapping[str, t.Any],
) -> dict[str, t.Any]:
    """What the playbook's own variables add to the options.

    Raises:
        ValueRefused: neither these nor the role's say what to take, or both do and differ.
    """
    named = {}
    for option, value in scope.items():
        try:
            if not _is_empty(value) and value != []:
                named[option] = _read(specs[f"{role}_{option}"], option, value)
        except ValueRefused as refused:
            raise ValueRefused(f"registry_{option} {refused}") from None
    named = {option: value for option, value in named.items() if value}
    own = {option: options[option] for option in scope if options.get(option)}
    if named and own and named != own:
        both = f"registry_{next(iter(named))} and {role}_{next(iter(own))}"
        raise ValueRefused(f"{both} give different scopes: set one of them")
    if not named and not own and not any(options.get(plan) for plan in _PLANS):
        raise ValueRefused(f"no scope is set: set one of {', '.join(f'registry_{each}' for each in scope)}")
    return named


def _check_name(
    role: str,
    specs: t.Mapping[str, t.Mapping[str, t.Any]],
    name: str,
    value_of: t.Callable[[], t.Any],
    given: t.Collection[str],
) -> None:
    """See that a variable is none of the role's under another name.

    Args:
        role: the role.
        specs: the options of its argument specification.
        name: of a variable that it does not have.
        value_of: gives the value.
        given: the names of its variables that are given.

    Raises:
        ValueRefused: it is.
    """
    prefix = f"{role}_"
    if name in _FACTS:
        return
    options = [each[len(prefix) :] for each in specs]
    if name.lower().startswith(prefix):
        _check_rest(role, options, name)
        return
    found = resemblance(role, options, name)
    if found is None:
        return
    meant = prefix + found.option
    if found.likeness is Likeness.SLIP:
        raise ValueRefused(f"is not a variable of the role {role}: write {meant}")
    # What the user's own variable is for is said by the role's beside it.
    if meant not in given and _could_be(specs[meant], _value_or_error(value_of)):
        raise ValueRefused(
            f"is not a variable of the role {role}: write {meant}, or, if it belongs to something else, add it to "
            f"{prefix}ignored_variables"
        )


def _value_or_error(value_of: t.Callable[[], t.Any]) -> t.Any:
    """The value of a variable, or why there is none: as a text, which most variables could hold."""
    try:
        return value_of()
    except Exception as error:
        return str(error) or "an error"


def _check_rest(role: str, options: t.Sequence[str], name: str) -> None:
    """See that what begins as a variable of the role does is a statistic.

    Raises:
        ValueRefused: it is none.
    """
    prefix = f"{role}_"
    rest = name[len(prefix) :]
    if name in {f"{prefix}summary", *(f"{prefix}summary_{key}" for key in STATISTICS.get(role, ()))}:
        return
    near = difflib.get_close_matches(rest.lower(), options, 1, _SIMILAR)
    near = near or [option for option in options if option.startswith(rest) or rest.startswith(option)]
    near = near or [option for option in options if rest.lower().endswith(f"_{option}")]
    hint = (
        f"perhaps {prefix}{near[0]} is meant" if near else f"ansible-doc -t role containerops.gitlab.{role} lists them"
    )
    raise ValueRefused(f"is not a variable of the role {role}: {hint}")


def _check_playbook_name(playbook: Playbook, name: str) -> None:
    """See that a variable is none of the playbook's that was misspelt: another one may be wider.

    Raises:
        ValueRefused: it is.
    """
    known = playbook.variables
    if name in known or name.startswith("__") or name in _STATISTICS_OF_PLANS:
        return
    near = difflib.get_close_matches(name.lower(), known, 1, _SAME_BUT_FOR_A_WORD)
    if near:
        raise ValueRefused(f"is not a variable of this playbook: write {near[0]}")
    if playbook.name and name.lower().startswith(_OF_PLANS):
        raise ValueRefused(f"is not a variable of this playbook, which has {', '.join(known)}")


def _could_be(spec: t.Mapping[str, t.Any], value: t.Any) -> bool:
    """Whether somebody may have meant a value for an option, be it written as it should be or not."""
    kind, choices = spec["type"], spec.get("choices")
    if _is_empty(value) or value in ([], {}):
        return False
    if isinstance(value, bool):
        return bool(kind == "bool")
    if isinstance(value, dict):
        return kind in ("dict", "raw")
    if isinstance(value, (list, tuple)):
        return kind == "raw" or (
            kind in ("list", "str") and not choices and not any(isinstance(row, dict) for row in value)
        )
    if kind == "bool":
        return str(value).strip().lower() in _TRUE | _FALSE
    return choices is None or str(value).strip().lower() in choices


def _is_empty(value: t.Any) -> bool:
    return value is None or isinstance(value, str) and not value.strip()


def _read(spec: t.Mapping[str, t.Any], option: str, value: t.Any) -> t.Any:
    """A value as its type is.

    Raises:
        ValueRefused: it is not.
    """
    kind = spec["type"]
    if _is_empty(value):
        if spec.get("default") == "":
            return ""
        none = "write [] for none, " if kind == "list" and _may_hold_nothing(spec, option) else ""
        raise ValueRefused(f"is empty: give a value, {none}or leave it out")
    if kind == "raw":
        found = _document(value)
        return sources_of(found) if option == "in_use_sources" else found
    found = _list(spec, option, value) if kind == "list" else _READERS[kind](option, value)
    if found in ([], {}) and not _may_hold_nothing(spec, option):
        raise ValueRefused("is empty: give a value, or leave it out")
    return found


def _may_hold_nothing(spec: t.Mapping[str, t.Any], option: str) -> bool:
    """Whether a list without entries says something: as the module says, or as the role does by itself."""
    return option in MAY_BE_EMPTY_LISTS or spec.get("default") == []


def _list(spec: t.Mapping[str, t.Any], option: str, value: t.Any) -> list[t.Any]:
    """A list. A text is one entry a line, or a list as JSON writes it."""
    if isinstance(value, str):
        entries = _json_list(value)
        if entries is None:
            entries = [line.strip() for line in value.splitlines() if line.strip()]
    else:
        entries = list(value) if isinstance(value, (list, tuple)) else [value]
    if any(map(_is_empty, entries)):
        raise ValueRefused("contains an empty entry: leave it out")
    elements = spec.get("elements", "str")
    if elements == "dict":
        if not all(isinstance(entry, dict) for entry in entries):
            raise ValueRefused("holds an entry that is not a dictionary")
        empty = [key for entry in entries for key, value in entry.items() if _is_empty(value)]
        if empty:
            raise ValueRefused(f"contains an entry in which {empty[0]} is empty: give a value, or leave it out")
        return entries
    return [_READERS[elements](option, entry) for entry in entries]


def _json_list(text: str) -> list[t.Any] | None:
    """The entries of a list of texts in JSON, which no pattern looks like; None for any other text."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(entry, str) for entry in found) else None


def _document(value: t.Any) -> t.Any:
    """What a text says in YAML, of which JSON is a part. A text that is neither is one entry a line.

    Raises:
        ValueRefused: it is no YAML, or has a key twice.
    """
    if not isinstance(value, str):
        return value
    found = yaml_documents(value)
    if len(found) > 1:
        raise ValueRefused("contains several YAML documents: give one")
    if found and (isinstance(found[0], (dict, list)) or whole(found[0]) is not None):
        return found[0]
    return [line.strip() for line in value.splitlines() if line.strip()]


def _text(option: str, value: t.Any) -> str:
    """A text without the blanks and line ends around it, which no name, pattern or path has."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if whole(value) is not None and option in _NUMBERED:
        return str(value)
    raise ValueRefused(f"holds {shown(value)}, which is not a text: write it in quotes")


def _path(option: str, value: t.Any) -> str:
    """An absolute path. A relative one is of the folder where ansible-playbook was started."""
    return os.path.abspath(os.path.expanduser(os.path.expandvars(_text(option, value))))


def _bool(_option: str, value: t.Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueRefused(f"is {shown(value)}: write true or false")


def _int(_option: str, value: t.Any) -> int:
    try:
        if isinstance(value, str) or whole(value) is not None:
            return int(value)
    except ValueError:
        pass
    raise ValueRefused(f"is {shown(value)}, which is not a whole number")


def _float(_option: str, value: t.Any) -> float:
    try:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise ValueRefused(f"is {shown(value)}, which is not a number")


def _dict(_option: str, value: t.Any) -> dict[str, t.Any]:
    found = _document(value)
    if not isinstance(found, dict):
        raise ValueRefused("is not a dictionary")
    return found


_READERS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "str": _text,
    "path": _path,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "dict": _dict,
}
