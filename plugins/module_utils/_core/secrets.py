# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The secrets of this process, and texts without them, whatever a server echoes."""

from __future__ import annotations

import base64
import itertools
import re
import threading
import typing as t

MASK = "********"
# What is shorter is no secret, and hiding it would hide half of every text.
_SHORTEST = 6
# The beginning of a secret that the end of a text cuts off is hidden from so many characters on.
_TELLING = 8
# How often a text may be escaped over and over.
_LAYERS = 4
# Those that this collection reads, and those of a job of GitLab.
_VARIABLES = (
    *("GITLAB_TOKEN", "GITLAB_PRIVATE_TOKEN", "GITLAB_ACCESS_TOKEN", "CI_JOB_TOKEN", "CI_JOB_JWT", "CI_JOB_JWT_V2"),
    *("CI_REGISTRY_PASSWORD", "CI_DEPLOY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD"),
)

_NAMED = {
    **{"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "sol": "/", "plus": "+", "equals": "="},
    **{"period": ".", "lowbar": "_", "nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ", "shy": " "},
    **{"zwnj": " ", "zwj": " ", "Tab": " ", "NewLine": " "},
}
_ESCAPE = re.compile(
    r"""(?:%|\\x)([0-9a-fA-F]{2})|(?:\\|%)u([0-9a-fA-F]{4})|\\(["\\/'])|\\([abefnrtv0])"""
    rf"""|&(?:#x([0-9a-fA-F]{{1,5}})|#([0-9]{{1,6}})|({"|".join(_NAMED)}));"""
)
# What may stand between two characters of a secret and leaves it readable: white space, control characters, what has no
# width, and each byte of these. Nearly all secrets are made of the others.
_GAPS = re.compile("[^!-~]+")

_lock = threading.Lock()
_known: set[str] = set()
# All spellings of the secrets, by their beginning: tokens of one kind mostly begin alike.
_spellings: dict[str, tuple[str, ...]] = {}


def remember(*secrets: str | None) -> None:
    """Let texts hide these from now on."""
    global _spellings
    with _lock:
        new = {secret for secret in secrets if secret and len(secret) >= _SHORTEST} - _known
        if not new:
            return
        _known.update(new)
        found = dict(_spellings)
        for spelling in {spelling for secret in new for spelling in _spellings_of(secret)}:
            beginning = spelling[:_TELLING]
            found[beginning] = (*found.get(beginning, ()), spelling)
        _spellings = found


def remember_environment(environ: t.Mapping[str, str]) -> None:
    """Let texts hide the secrets that the environment holds, whether they are used or not."""
    remember(*(environ.get(variable) for variable in _VARIABLES))


def scrubbed(text: str) -> str:
    """The text without any secret, plain, in hex, in base64 with what is around it, or in escapes of URLs, JSON, HTML.

    It is found with white space between its characters, too, or with what has no width.

    Whoever cuts a text has to do it afterwards, since half a secret is found at the end of a text only.
    """
    places: list[tuple[int, int]] = []
    decoded, starts = text, t.cast("t.Sequence[int]", range(len(text) + 1))
    for _layer in range(_LAYERS if _spellings else 0):
        places += [(starts[first], starts[last]) for first, last in (*_places(decoded), *_broken_places(decoded))]
        inner, starts = _decoded(decoded, starts)
        if inner == decoded:
            break
        decoded = inner
    return _masked(text, places)


def _spellings_of(secret: str) -> t.Iterator[str]:
    """The secret, in hex, and in base64 at each of the three offsets, without what it shares with neighbours."""
    data = secret.encode("utf-8", "surrogateescape")
    yield from (secret, secret.replace(" ", "+"), data.decode("latin-1"))
    closed_up = _GAPS.sub("", secret)
    if len(closed_up) >= _SHORTEST:
        yield closed_up
    for in_hex in (data.hex(), data.hex(":")):
        yield from (in_hex, in_hex.upper())
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        # A character holds six bits; these are the ones that hold nothing but the secret.
        core = encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6]
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _places(text: str) -> t.Iterator[tuple[int, int]]:
    """Where the text has a spelling of a secret, from its first character to the one behind it."""
    for beginning, spellings in _spellings.items():
        start = text.find(beginning)
        while start >= 0:
            for spelling in spellings:
                rest = text[start : start + len(spelling)]
                if spelling.startswith(rest):
                    yield start, start + len(rest)
            start = text.find(beginning, start + 1)


def _broken_places(text: str) -> t.Iterator[tuple[int, int]]:
    """The same for spellings with gaps between their characters."""
    closed_up = _GAPS.sub("", text)
    places = list(_places(closed_up)) if len(closed_up) < len(text) else []
    if places:
        gaps = [match.span() for match in _GAPS.finditer(text)]
        edges = [0, *itertools.chain.from_iterable(gaps), len(text)]
        kept = [*itertools.chain.from_iterable(map(range, edges[::2], edges[1::2]))]
        yield from ((kept[first], kept[last - 1] + 1) for first, last in places)


def _decoded(text: str, starts: t.Sequence[int]) -> tuple[str, t.Sequence[int]]:
    """The text without one layer of escapes, and where each of its characters stood. starts: the same of the text."""
    parts: list[str] = []
    found: list[int] = []
    position = 0
    for match in _ESCAPE.finditer(text):
        parts += [text[position : match.start()], _character(match)]
        found += [*starts[position : match.start()], starts[match.start()]]
        position = match.end()
    if not position:
        return text, starts
    return "".join([*parts, text[position:]]), [*found, *starts[position:]]


def _character(match: re.Match[str]) -> str:
    in_url, in_json, escaped, blank, in_hex, in_decimal, named = match.groups()
    if blank:
        return " "
    if escaped or named:
        return escaped or _NAMED[named]
    code = int(in_decimal) if in_decimal else int(in_url or in_json or in_hex, 16)
    return chr(code)


def _masked(text: str, places: t.Iterable[tuple[int, int]]) -> str:
    parts = []
    position = 0
    for first, last in sorted(places):
        if first >= position:
            parts += [text[position:first], MASK]
        position = max(position, last)
    return "".join([*parts, text[position:]])
