# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No text shows a secret, however a server writes it, whatever stands around it, and wherever the text ends."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core import secrets
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import ErrorKind, RequestError
from tests.tools.depth import examples
from tests.unit.rest_serving import answer

SECRETS = (
    "glpat-AbCdEf0123456789_-xY",
    "eyJhbGciOiJSUzI1NiJ9.eyJhY2Nlc3MiOltdfQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    'pass/wörd+"with\\odd&signs',
    "two words",
)

Encoding = Callable[[str], str]
ENCODINGS: dict[str, Encoding] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "lower case url": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json": lambda text: json.dumps(text)[1:-1],
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json all over": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "json in json": lambda text: json.dumps(json.dumps(text))[3:-3],
    "json with a code": lambda text: "".join(f"\\x{byte:02X}" for byte in text.encode()),
    "url with a code": lambda text: "".join(f"%u{ord(letter):04x}" for letter in text),
    "html": html.escape,
    "html by numbers": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
}


def as_base64(before: bytes, text: str, after: bytes, *, in_url: bool) -> str:
    encode = base64.urlsafe_b64encode if in_url else base64.b64encode
    return encode(before + text.encode() + after).decode()


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", set())
    monkeypatch.setattr(secrets, "_spellings", {})
    secrets.remember(*SECRETS)


HEX: dict[str, Encoding] = {
    "hex": lambda text: text.encode().hex(),
    "upper case hex": lambda text: text.encode().hex().upper(),
    "hex in pairs": lambda text: text.encode().hex(" "),
    "hex as addresses are": lambda text: text.encode().hex(":").upper(),
    "hex in groups": lambda text: text.encode().hex(" ", 2),
}
GAPS = (
    *(" ", "\t", "\n", "\r\n", "\0", "\x1b", "\x7f", "\u00a0", "\u00ad", "\u034f", "\u180e", "\u2003", "\u2028"),
    *("\u200b", "\u200c\u200d", "\u200e", "\u202e", "\u2060", "\u2066", "\u2800", "\u3000", "\ufe0f", "\ufeff"),
    *("\ufffd", "\U000e0041", "  \u200b\n"),
)
GAP_ENCODINGS: list[Encoding] = [
    str,
    lambda gap: quote(gap, safe=""),
    lambda gap: json.dumps(gap)[1:-1],
    lambda gap: "".join(f"&#{ord(letter)};" for letter in gap),
    lambda gap: "&nbsp;&#x200b;&zwnj;&shy;&Tab;" if gap == " " else gap,
]
UNSEEN = re.compile("[^ -~\u00f6]|\\s")


def pieces(text: str) -> set[str]:
    """What must not be seen of a secret: eight characters, whatever is between them."""
    whole = UNSEEN.sub("", text)
    return {whole[start : start + 8] for start in range(max(1, len(whole) - 7))}


AROUND = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(secret=st.sampled_from(SECRETS), before=AROUND, after=AROUND)
@examples(100)
def test_no_encoding_of_a_secret_is_shown(encoding: str, secret: str, before: str, after: str) -> None:
    written = ENCODINGS[encoding](secret)
    found = secrets.scrubbed(f"{before} {written} {after}")
    assert written not in found
    assert found == f"{before} {secrets.MASK} {after}" or any(each in before + after for each in "%&\\")


@pytest.mark.parametrize("gap", GAPS)
@given(data=st.data(), secret=st.sampled_from(SECRETS))
@examples(40)
def test_no_secret_is_shown_that_has_gaps(gap: str, data: st.DataObject, secret: str) -> None:
    in_base64 = data.draw(st.booleans())
    encodings: list[Encoding] = [str, *HEX.values()]
    letters = as_base64(b"", secret, b"", in_url=False) if in_base64 else data.draw(st.sampled_from(encodings))(secret)
    # An escape behind a backslash is none.
    written_gap = gap if "\\" in letters else data.draw(st.sampled_from(GAP_ENCODINGS))(gap)
    places = data.draw(st.sets(st.integers(1, len(letters) - 1), min_size=1))
    written = "".join(written_gap + letter if place in places else letter for place, letter in enumerate(letters))
    found = secrets.scrubbed(f"it got {written} and no more")
    # The last characters of base64 may hold nothing of it, and stay with the gaps between them.
    rest = f"(?:{re.escape(written_gap)}|[\\w=]){{0,6}}" if in_base64 else ""
    assert re.fullmatch(rf"it got \*{{8}}{rest} and no more", found)


@pytest.mark.parametrize("encoding", HEX)
@given(secret=st.sampled_from(SECRETS), length=st.integers(1, 300))
def test_no_hex_of_a_secret_is_shown_wherever_the_text_ends(encoding: str, secret: str, length: int) -> None:
    written = HEX[encoding](secret)
    text = answer(f"the server got {written}, which it does not know".encode(), 500).text(length)
    assert not [piece for piece in pieces(written) if len(piece) == 8 and piece in UNSEEN.sub("", text)]
    assert secrets.scrubbed(f"it got {written} and no more") == f"it got {secrets.MASK} and no more"


def test_what_is_around_a_secret_with_gaps_stays() -> None:
    broken = "\u200b".join(SECRETS[0])
    assert secrets.scrubbed(f"a b\n {broken} \tc\u200bd") == f"a b\n {secrets.MASK} \tc\u200bd"
    assert secrets.scrubbed(f"{broken}{broken} x") == f"{secrets.MASK}{secrets.MASK} x"


@given(secret=st.sampled_from(SECRETS), before=st.binary(max_size=9), after=st.binary(max_size=9), in_url=st.booleans())
def test_no_base64_of_a_secret_is_shown(secret: str, before: bytes, after: bytes, *, in_url: bool) -> None:
    written = as_base64(before, secret, after, in_url=in_url)
    for text in (written, quote(written, safe=""), json.dumps({"header": f"Basic {written}"})):
        found = secrets.scrubbed(f"it got {text} and no more")
        assert secrets.MASK in found
        inside = written[-(-len(before) * 8 // 6) : (len(before) + len(secret.encode())) * 8 // 6]
        assert not [start for start in range(len(inside) - 7) if inside[start : start + 8] in found]


@given(
    secret=st.sampled_from(SECRETS),
    encoding=st.sampled_from([*ENCODINGS.values(), lambda text: as_base64(b"x:", text, b"", in_url=False)]),
    length=st.integers(1, 500),
)
def test_a_message_that_is_cut_shows_no_part_of_a_secret(secret: str, encoding: Encoding, length: int) -> None:
    written = encoding(secret)
    body = f"the server got {written}, which it does not know".encode()
    text = answer(body, 500).text(length)
    assert not [each for each in range(len(written) - 11) if written[each : each + 12] in text]


@given(secret=st.sampled_from(SECRETS), length=st.integers(8, 60))
def test_a_secret_that_the_server_itself_cut_is_hidden(secret: str, length: int) -> None:
    assert secret[:8] not in secrets.scrubbed(f"unknown token {secret[:length]}")


def test_every_text_of_a_failed_request_is_scrubbed() -> None:
    secret = SECRETS[0]
    error = RequestError(
        ErrorKind.HTTP, f"no {secret}", operation=f"ask for {secret}", path=f"/x?{secret}", request_id=secret
    )
    for shown in (str(error), repr(error), repr(error.args), str(error.as_result()), str(error.replace(status=5))):
        assert secret not in shown


def test_what_is_no_secret_is_left_alone() -> None:
    secrets.remember("", None, "abc", "back")
    text = "abc %41 \\u0041 &amp; 100% a\\b"
    assert secrets.scrubbed(text) == text
