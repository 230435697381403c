# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""RE2 patterns on tag names, read the way GitLab reads them and the way people mean them."""

from __future__ import annotations

import contextlib
import enum
import functools
import re
import string
import typing as t

from .._core.errors import UsageError
from .pattern_syntax import impossible_alternative

# Where it is missing, new_module ends every module that needs it.
with contextlib.suppress(ImportError):
    import re2


# Quoted text, an escaped character, a class or one character. A ] that comes first in a class belongs to it.
_PIECE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|.", re.DOTALL)

# What the names of tags are made of, see TAG_NAME.
_CHARACTERS_OF_NAMES = f"{string.ascii_letters}{string.digits}_.-".encode()
_IN_WORDS = {
    " ": "a blank",
    "\n": "a line break",
    ",": "a comma",
    "/": "a slash",
    "'": "a quote",
    '"': "a quote",
    "{": "a brace",
}
_HINTS = {
    ",": ": several patterns are several entries, or alternatives with | between them",
    "/": ": patterns are held against the name of the tag alone",
    "{": ": RE2 takes {,3} for text, so write {0,3}",
}


class PatternError(Exception):
    """GitLab has the pattern, and it can't be compiled as it is then used."""


class Match(enum.Enum):
    """How a name matches a pattern: by both readings, by one alone, or not at all."""

    SURE = enum.auto()
    AMBIGUOUS = enum.auto()
    NONE = enum.auto()


class Pattern(t.NamedTuple):
    r"""A pattern in both readings.

    GitLab puts \A and \z around the text without grouping it, so in a|b only the ends are anchored:
    app/services/projects/container_repository/cleanup_tags_base_service.rb. People mean \A(?:a|b)\z.
    """

    text: str
    ungrouped: t.Any
    grouped: t.Any

    def match(self, name: str) -> Match:
        """Whether the pattern matches the whole name."""
        # RE2 takes bytes in a third of the time, and this is most of what a plan costs.
        text = name.encode()
        grouped = self.grouped.search(text) is not None
        if self.ungrouped is not self.grouped and grouped != (self.ungrouped.search(text) is not None):
            return Match.AMBIGUOUS
        return Match.SURE if grouped else Match.NONE

    def part(self, name: str, group: str) -> str | None:
        """What a capture group, by its name or number, holds of a name; None where it took no part."""
        match = self.grouped.search(name)
        found = match.group(int(group) if group.isdigit() else group) if match else None
        return None if found is None else str(found)

    def has_group(self, group: str) -> bool:
        """Whether the pattern has a capture group of this name or number."""
        if group.isdigit():
            return 1 <= int(group) <= int(self.grouped.groups)
        return group in self.grouped.groupindex


def compile_pattern(text: str, option: str) -> Pattern:
    """The pattern of an option.

    Args:
        text: the pattern.
        option: what it is called in messages.

    Raises:
        UsageError: for what RE2 refuses, with its own reason, and for what GitLab accepts and never matches.
    """
    check_pattern(text, option)
    ungrouped, grouped = _compile(rf"\A{text}\z", option, text), _compile(rf"\A(?:{text})\z", option, text)
    # Only an alternation is read in two ways, and each reading costs time on every name.
    return Pattern(text, ungrouped=ungrouped if "|" in text else grouped, grouped=grouped)


def check_pattern(text: str, option: str) -> None:
    """See that GitLab takes the pattern, and that each of its alternatives may match a tag.

    Args:
        text: the pattern.
        option: what it is called in messages.

    Raises:
        UsageError: for what RE2 refuses, with its own reason, and for what GitLab accepts and never matches.
    """
    if not text:
        raise UsageError(f"{option} is empty, and an empty pattern matches nothing: write a pattern such as dev-.*")
    if has_open_quote(text):
        raise UsageError(f"{option} '{text}' has \\Q without \\E, which GitLab accepts and then matches nothing with.")
    _compile(text, option, text)
    reason = why_impossible(text)
    if reason:
        raise UsageError(f"{option} '{text}' {reason}.")


def why_impossible(text: str) -> str | None:
    """Why a valid pattern, or one of its alternatives, matches no tag whatever its name; None where one may match."""
    found = impossible_alternative(text, _is_in_names)
    if found is None:
        return None
    part = (
        "matches no tag" if found.alternative == text else f"has the part '{found.alternative}', which matches no tag"
    )
    what = _IN_WORDS.get(found.needs.lstrip("\\")) or f"what {found.needs} stands for"
    return f"{part}, since the name of a tag never holds {what}{_HINTS.get(found.needs, '')}"


@functools.lru_cache(maxsize=1024)
def _is_in_names(atom: str, ignores_case: bool) -> bool:
    """Whether a character, class or escape of RE2 matches anything in a name of a tag."""
    return _re2(f"(?i){atom}" if ignores_case else atom).search(_CHARACTERS_OF_NAMES) is not None


def pattern_error(text: str) -> str | None:
    """RE2's own reason why GitLab refuses the pattern; None for one that it takes."""
    try:
        _re2(text)
    except re2.error as error:
        return _reason(error)
    return None


def server_search(text: str | None) -> t.Callable[[str], bool]:
    r"""Whether GitLab's cleanup matches a name with the pattern: \A, the text, \z, without a group around it.

    Nothing and an empty text match no name. GitLab puts a pattern without groups into one before it scans with it, and
    where that makes no pattern (of v1|\Qa, say) it matches no name either: lib/gitlab/untrusted_regexp.rb

    Raises:
        PatternError: for a pattern that GitLab can't compile with its anchors.
    """
    anchored = rf"\A{text or ''}\z"
    try:
        compiled = _re2(anchored)
    except re2.error as error:
        raise PatternError(_reason(error)) from None
    if not compiled.groups and pattern_error(f"({anchored})"):
        return lambda name: False
    return lambda name: compiled.search(name.encode()) is not None


def rule_search(patterns: t.Iterable[str]) -> t.Callable[[str], bool]:
    """Whether one of the patterns of tag protection rules covers a name.

    Part of the name is enough: app/models/container_registry/protection/tag_rule.rb. A pattern that can't be understood
    covers every name.
    """
    try:
        compiled = [_re2(pattern) for pattern in patterns]
    except Exception:  # noqa: BLE001 - whatever it is, among them that google-re2 is missing
        return lambda name: True
    return lambda name: any(pattern.search(name.encode()) is not None for pattern in compiled)


def quoted(names: t.Iterable[str]) -> str:
    """A pattern that matches exactly these names, in both readings."""
    return "(?:" + "|".join(name.replace(".", r"\.") for name in names) + ")"


def _compile(expression: str, option: str, text: str) -> t.Any:
    try:
        return _re2(expression)
    except re2.error as error:
        reason = _reason(error)
        hint = " (RE2 has no look-around)" if "(?" in reason else ""
        raise UsageError(f"{option} '{text}' is not a valid RE2 pattern: {reason}{hint}.") from None


def _re2(expression: str) -> t.Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(expression, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unknown reason"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def alternatives(text: str) -> list[str]:
    """The alternatives of a valid pattern that stand in no group: of a|(b|c) two."""
    found = [""]
    depth = 0
    for piece in _PIECE.findall(text):
        if piece == "|" and depth == 0:
            found.append("")
            continue
        depth += (piece == "(") - (piece == ")")
        found[-1] += piece
    return found


def has_open_quote(text: str) -> bool:
    r"""Whether a \Q is left open, which swallows the anchor that GitLab puts behind the pattern."""
    position = 0
    while position < len(text) - 1:
        if text[position] != "\\":
            position += 1
        elif text[position + 1] != "Q":
            position += 2
        else:
            end = text.find("\\E", position + 2)
            if end < 0:
                return True
            position = end + 2
    return False
