# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A second look at a cleanup policy of GitLab's: what is wrong with it, and the same in this collection's own options.

Pure.
"""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.words import counted, some
from .._rules.durations import seconds
from .._rules.pattern_syntax import Reading
from .._rules.patterns import alternatives, has_open_quote, pattern_error, server_search, why_impossible, why_refused
from .prediction import Parameters


def lint_warnings(wanted: Parameters, names: t.Collection[str], deletes: str = "name_regex") -> list[str]:
    """What is probably not meant.

    Args:
        wanted: what the cleanup is given.
        names: of the tags of a repository.
        deletes: what the pattern that deletes is called.

    Returns:
        Sentences.
    """
    pattern = wanted.delete_pattern
    found = _of_pattern(pattern, names, deletes) + _of_pattern(wanted.name_regex_keep, names, "name_regex_keep")
    if not pattern:
        found.append(f"{deletes} is empty, which matches no tag: nothing is ever deleted.")
    elif not pattern_error(pattern):
        found += _of_matches(pattern, [name for name in names if name != "latest"], deletes)
    if wanted.name_regex_keep == "":
        found.append("name_regex_keep is empty, which keeps no tag: leave it out.")
    if (wanted.keep_n or 0) <= 0 and wanted.older_than is None and not wanted.name_regex_keep and pattern:
        found.append(
            "There is neither keep_n nor older_than nor name_regex_keep: of what matches, only latest is kept."
        )
    return found + _of_age(wanted.older_than)


def _of_pattern(text: str | None, names: t.Collection[str], option: str) -> list[str]:
    if not text:
        return []
    error = pattern_error(text)
    if error:
        return [
            f"{option} '{text}' is not a valid RE2 pattern ({error}): GitLab deletes nothing and disables the policy."
        ]
    if has_open_quote(text):
        return [f"{option} '{text}' has \\Q without \\E, with which it matches no tag."]
    impossible = why_impossible(text, Reading.UNGROUPED)
    if impossible:
        return [f"{option} '{text}' {impossible}."]
    if len(alternatives(text)) < 2:
        return []
    written, meant = server_search(text), server_search(f"(?:{text})")
    changed = sorted(name for name in names if written(name) and not meant(name))
    effect = f", which here also matches {some(changed)}" if changed else ""
    return [
        f"{option} '{text}' has alternatives without parentheses around them: GitLab anchors the first only at its "
        f"beginning and the last only at its end{effect}. Write (?:{text})."
    ]


def _of_matches(pattern: str, names: list[str], option: str) -> list[str]:
    matching = sum(map(server_search(pattern), names))
    if matching == 0 < len(names):
        return [f"{option} '{pattern}' matches none of the {counted(len(names), 'tag')}."]
    if matching == len(names) > 0:
        return [f"{option} '{pattern}' matches all of the {counted(len(names), 'tag')}."]
    return []


def _of_age(older_than: str | None) -> list[str]:
    if older_than is None or _is_duration(older_than):
        return []
    return [f"older_than '{older_than}' is not a duration that is known here, so it is unknown what GitLab deletes."]


def _is_duration(text: str) -> bool:
    try:
        seconds(text, "older_than")
    except UsageError:
        return False
    return True


def to_cleanup_options(wanted: Parameters) -> dict[str, t.Any] | None:
    """The options of registry_cleanup that come closest and never delete more.

    What deletes gets brackets, as it was meant; what keeps is written out as GitLab reads it, since that keeps more.

    Returns:
        The options; None where GitLab never deletes anything, its older_than is not known here, or registry_cleanup
        refuses a pattern.
    """
    pattern = wanted.delete_pattern
    if not pattern or _is_invalid(pattern) or _is_invalid(wanted.name_regex_keep):
        return None
    options: dict[str, t.Any] = {"name_regex_delete": f"(?:{pattern})" if len(alternatives(pattern)) > 1 else pattern}
    if wanted.name_regex_keep:
        keep = alternatives(wanted.name_regex_keep)
        options["name_regex_keep"] = f"(?:{'.*|.*'.join(keep)})" if len(keep) > 1 else keep[0]
    if any(why_refused(text) for text in options.values()):
        return None
    if (wanted.keep_n or 0) > 0:
        options["keep_n"] = wanted.keep_n
    if wanted.older_than is not None:
        if not _is_duration(wanted.older_than):
            return None
        options["older_than"] = wanted.older_than
    return options


def _is_invalid(text: str | None) -> bool:
    """Whether GitLab refuses the pattern, or matches nothing with it."""
    return bool(text and (pattern_error(text) or has_open_quote(text)))
