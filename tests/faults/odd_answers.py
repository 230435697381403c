# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that gives one value of one answer as something else, and whether a value is what its type says."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from tests.unit.simulated import Simulated

DEEP = 10_000
MOST_REQUESTS = 300

# As JSON, since some can be written by no library.
VALUES = {
    "null": "null",
    "true": "true",
    "number": "5",
    "negative": "-1",
    "fraction": "1.5",
    "huge": "1" + "0" * 40,
    "endless": "1" + "0" * 5000,
    "infinite": "1e999",
    "not a number": "NaN",
    "text": '"odd text"',
    "no text": '""',
    "other digits": '"\\u00b2"',
    "half a character": '"\\ud800"',
    "last day": '"9999-12-31T23:59:59.999999-23:59"',
    "odd address": '"https://[odd:99999/"',
    "odd port": '"host:99999/a/b"',
    "list": '["x", null, 5, {}]',
    "empty list": "[]",
    "object": '{"x": {"y": []}}',
    "empty object": "{}",
    "deep": "[" * DEEP + "]" * DEEP,
}
BODIES = {**VALUES, "nothing": "", "half": '{"a": [', "web page": "<html>", "no UTF-8": "\xff\xfe"}
HEADERS = {
    "Link": ("<<<", '<?page=²>; rel="next"', '<http://[/?last=x>; rel="next"', "<?page_token=&last=>; rel=next"),
    "X-Next-Page": ("²", "2, 2", "-1", "9" * 5000),
    "X-Total": ("²", "1, 1", "-1", "9" * 5000),
    "X-Page": ("²",),
    "WWW-Authenticate": ("Bearer", 'Bearer realm="http://[odd:1/"', 'Bearer realm="https://h:99999/x",service="x"'),
    "Docker-Content-Digest": ("²", "sha256:", "sha512:" + "0" * 64),
    "Content-Type": ("²", ""),
}
_MARK = "this value is odd"

Path = tuple[Any, ...]


class Oddity(NamedTuple):
    """What is odd. number: of the answer. path: of the value in its body; None is a header or all of the body."""

    number: int
    path: Path | None
    header: str | None
    value: str


class OddServer:
    """What the clients of one server share: which value is odd, and how many answers there were."""

    def __init__(self, oddity: Oddity | None = None) -> None:
        self.oddity = oddity
        self.answers: list[Response] = []

    def spoil(self, answer: Response) -> Response:
        self.answers.append(answer)
        assert len(self.answers) < MOST_REQUESTS, "this does not end"
        oddity = self.oddity
        if oddity is None or len(self.answers) - 1 != oddity.number:
            return answer
        if oddity.header:
            return answer._replace(headers=CaseInsensitiveDict({**answer.headers, oddity.header: oddity.value}))
        if oddity.path is None:
            return answer._replace(body=oddity.value.encode("latin-1"))
        body = json.loads(answer.body)
        within = body
        for step in oddity.path[:-1]:
            within = within[step]
        within[oddity.path[-1]] = _MARK
        return answer._replace(body=json.dumps(body).replace(json.dumps(_MARK), oddity.value).encode())


class OddClient(Simulated):
    """A client of the simulator, some of whose answers are odd."""

    def __init__(self, *arguments: Any, odd: OddServer, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.odd = odd

    def at(self, url: str, *, service: str, header: Any = None, refresh_credentials: Any = None) -> Client:
        settings = Settings(url, header=header, service=service, concurrency=1)
        return OddClient(
            self.server, settings, requests=self.requests, timing=self.timing, limiter=self._limiter, odd=self.odd
        )

    def _try(self, request: Request) -> Response | RequestError:
        found = super()._try(request)
        return found if isinstance(found, RequestError) else self.odd.spoil(found)


def paths_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all values; of a list those of the first alone."""
    steps = list(value) if isinstance(value, dict) else range(min(1, len(value))) if isinstance(value, list) else []
    for step in steps:
        yield (*path, step)
        yield from paths_in(value[step], (*path, step))


def oddities(answers: list[Response]) -> Iterator[Oddity]:
    """Everything that can be odd about these answers."""
    for number, answer in enumerate(answers):
        yield from (Oddity(number, None, None, body) for body in BODIES.values())
        yield from (Oddity(number, None, name, value) for name, values in HEADERS.items() for value in values)
        try:
            body = json.loads(answer.body)
        except ValueError:
            continue
        yield from (Oddity(number, path, None, value) for path in paths_in(body) for value in VALUES.values())


def is_of(value: Any, hint: Any) -> bool:
    """Whether a value, and all that it holds, is what a type says."""
    if hint is Any or isinstance(hint, typing.TypeVar):
        return True
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(value, each) for each in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return isinstance(value, tuple) and all(is_of(each, arguments[0]) for each in value)
        return isinstance(value, tuple) and len(value) == len(arguments) and all(map(is_of, value, arguments))
    if origin in (collections.abc.Mapping, dict):
        return isinstance(value, collections.abc.Mapping) and all(
            is_of(key, arguments[0]) and is_of(each, arguments[1]) for key, each in value.items()
        )
    if origin is not None and isinstance(origin, type) and issubclass(origin, collections.abc.Iterable):
        return isinstance(value, origin) and all(is_of(each, arguments[0]) for each in value)
    if hint is None or hint is types.NoneType:
        return value is None
    if not isinstance(hint, type) or getattr(hint, "_is_protocol", False):
        return True
    if hint in (int, float):
        return isinstance(value, (int, hint))
    return isinstance(value, hint) and all(is_of(getattr(value, name), each) for name, each in _fields(hint).items())


def _fields(kind: type) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        return {name: hint for name, hint in get_type_hints(kind).items() if not name.startswith("_")}
    return {}
