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
from .dead_alternatives import LONGEST_NAME, Cause, Dead, dead_alternative
from .pattern_syntax import Kind, Reading, parse

# Where it is missing, new_module ends every module that needs it.
with contextlib.suppress(ImportError):
    import re2


# Quoted text, an escaped character, a class or one character. A ] that comes first in a class belongs to it.
_PIECE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|.", re.DOTALL)

_CLASS_ALONE = re.compile(r"\[\^?(\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*)\]", re.DOTALL)
_CLASS_OF_RANGES = re.compile(r"(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|\\.|\[:\^?\w+:\]|[_.-])+")

# A name without characters that mean something else in a pattern, or with these escaped.
_ONE_NAME = re.compile(r"(?:[A-Za-z0-9_-]|\\[.-])+", re.ASCII)
_GROUP_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
# What the names of tags are made of, see TAG_NAME.
_CHARACTERS = {Kind.WORD: f"{string.ascii_letters}{string.digits}_".encode(), Kind.OTHER: b".-"}
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
    "/": ": patterns are compared only with the name of the tag",
    "{": ": RE2 reads {,3} and {03} as text, so write {0,3} and {3}",
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
        found = match.group(int(group) if _GROUP_NUMBER.fullmatch(group) else group) if match else None
        return None if found is None else str(found)

    def has_group(self, group: str) -> bool:
        """Whether the pattern has a capture group of this name or number."""
        if _GROUP_NUMBER.fullmatch(group):
            return 1 <= int(group) <= int(self.grouped.groups)
        return group in self.grouped.groupindex


def only_name(text: str) -> str | None:
    """The only name that a pattern matches; None if it may match others, or none."""
    return text.replace("\\", "") if _ONE_NAME.fullmatch(text) else None


def compile_pattern(text: str, option: str) -> Pattern:
    """The pattern of an option.

    Args:
        text: the pattern.
        option: what it is called in messages.

    Raises:
        UsageError: for what RE2 refuses, with its own reason, and for what GitLab accepts and never matches.
    """
    check_pattern(text, option)
    grouped = _re2(rf"\A(?:{text})\z")
    # Only an alternation is read in two ways, and each reading costs time on every name.
    return Pattern(text, ungrouped=_re2(rf"\A{text}\z") if "|" in text else grouped, grouped=grouped)


def check_pattern(text: str, option: str, reading: Reading = Reading.WHOLE) -> None:
    """See that GitLab takes the pattern, and that each of its alternatives may match a tag.

    Args:
        text: the pattern.
        option: what it is called in messages.
        reading: how it is held against the names of tags.

    Raises:
        UsageError: for what RE2 refuses, with its own reason, and for what GitLab accepts and never matches.
    """
    if not text:
        raise UsageError(f"{option} is empty, and an empty pattern matches nothing: write a pattern such as dev-.*")
    reason = why_refused(text, reading)
    if reason:
        raise UsageError(f"{option} '{text}' {reason}.")


def why_refused(text: str, reading: Reading = Reading.WHOLE) -> str | None:
    """Why a pattern is not taken; None for one that is.

    Args:
        text: the pattern.
        reading: how it is held against the names of tags.
    """
    if has_open_quote(text):
        return "has \\Q without \\E, which GitLab accepts, but which then matches nothing"
    error = pattern_error(text)
    if error:
        hint = " (RE2 has no look-around)" if "(?" in error else ""
        return f"is not a valid RE2 pattern: {error}{hint}"
    return why_impossible(text, reading) or (None if reading is Reading.PART else _why_no_class(text))


def why_impossible(text: str, reading: Reading = Reading.WHOLE) -> str | None:
    """Why a valid pattern, or one of its alternatives, matches no tag whatever its name; None where each may match."""
    found = dead_alternative(parse(text, reading, _kinds_of))
    if found is None:
        return None
    part = "matches no tag" if found.text == text else f"has the part '{found.text}', which matches no tag"
    return f"{part}, since {_why_dead(found)}"


def _why_dead(found: Dead) -> str:
    if found.cause is Cause.CHARACTER:
        [needs] = found.needs
        what = _IN_WORDS.get(needs.lstrip("\\")) or f"what {needs} stands for"
        return f"the name of a tag never contains {what}{_HINTS.get(needs, '')}"
    if found.cause is Cause.LENGTH:
        return f"the name of a tag has at most {LONGEST_NAME} characters"
    if found.cause is Cause.EMPTY:
        return "it matches no character, and the name of a tag is never empty"
    if found.cause is Cause.BEGINNING:
        return (
            "the name of a tag begins with a letter, a digit or _, and a pattern has to match the whole name: "
            "write .* for the part before"
        )
    return f"{' and '.join(found.needs)} can't match at {'its place' if len(found.needs) == 1 else 'their places'}"


@functools.lru_cache(maxsize=1024)
def _kinds_of(atom: str, ignores_case: bool) -> frozenset[Kind]:
    """The kinds of characters of which a character, class or escape of RE2 matches any in a name of a tag."""
    search = _re2(f"(?i){atom}" if ignores_case else atom).search
    return frozenset(kind for kind, characters in _CHARACTERS.items() if search(characters) is not None)


def _why_no_class(text: str) -> str | None:
    """Why a class alone is probably no class: YAML's [main, prod] in quotes matches a single letter.

    A class of ranges, as [a-z0-9_], of escapes, or of letters in their order, as [abc], is meant as one.
    """
    alone = _CLASS_ALONE.fullmatch(text)
    if alone is None:
        return None
    inside = alone[1]
    in_order = inside in string.ascii_lowercase or inside in string.ascii_uppercase
    if len(inside) == 1 or in_order or _CLASS_OF_RANGES.fullmatch(inside):
        return None
    names = inside.replace("|", " ").split()
    form = names[0] if len(names) == 1 else f"({'|'.join(names)})"
    return (
        f"matches names of a single character alone. If it is a list, write it without quotes, or write {form}. If you "
        f"need such names, write {text}{{1}}"
    )


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


def patterns_can_be_judged() -> bool:
    """Whether google-re2 is there, and no other package of its name: without it nothing is known of a pattern."""
    return hasattr(globals().get("re2"), "Options")


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
