# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client whose GraphQL server is a function of the query and its variables, and the parts of its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_pages import ALL_FIELDS
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.graphql_schema import Schema
from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from ansible_collections.containerops.gitlab.plugins.module_utils._http.pool import Pool
from ansible_collections.containerops.gitlab.plugins.module_utils._http.retry import RetryPolicy
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from ansible_collections.containerops.gitlab.plugins.module_utils._http.timing import Timing

Body = dict[str, Any]


class FakeGraphQLClient(Client):
    """Answers every query by a function of its text and variables, and lists names by one of the path and the last.

    listings: the paths of which names were listed.
    """

    def __init__(
        self, reply: Callable[[str, Body], Any], names_behind: Callable[[str, str], Sequence[str]] | None = None
    ) -> None:
        self.reply = reply
        self.names_behind = names_behind
        self.listings: list[str] = []
        self.settings = Settings("https://gitlab.example.com")
        self.timing = Timing(sleep=lambda _seconds: None)
        self.why_stop = str
        self.queries: list[tuple[str, Body, RetryPolicy]] = []

    def request(self, method: str, path: str, **options: Any) -> Response:
        if method == "GET" and self.names_behind:
            return self._listing(path, options)
        assert (method, path) == ("POST", "/api/graphql")
        body = options["body"]
        self.queries.append((body["query"], body["variables"], options["retry"]))
        found = self.reply(body["query"], body["variables"])
        if isinstance(found, RequestError):
            raise found
        status, content = found if isinstance(found, tuple) else (200, found)
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        request = Request(method=method, path=path, operation=options["operation"], service="GitLab")
        return Response(request=request, status=status, headers=CaseInsensitiveDict(), body=text)

    def _listing(self, path: str, options: Body) -> Response:
        assert self.names_behind
        self.listings.append(path)
        query = options["query"]
        names = self.names_behind(path, query.get("last", ""))
        rows = [{"name": name} for name in names[: query["per_page"]]]
        headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        if len(rows) < len(names):
            headers["Link"] = f'<https://gitlab.example.com{path}?last={rows[-1]["name"]}>; rel="next"'
        request = Request(method="GET", path=path, operation=options["operation"], service="GitLab")
        return Response(request=request, status=200, headers=headers, body=json.dumps(rows).encode())

    def try_all(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return Pool(1).try_all(work, items)

    def parallel(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [work(item) for item in items]


def schema(limit: int = 250, fields: Sequence[str] = ALL_FIELDS) -> Schema:
    return Schema(tag_fields=frozenset({"name", *fields}), can_delete=True, complexity_limit=limit)


def node(name: str, **fields: Any) -> Body:
    """A tag of a registry with metadata database."""
    pushed = {"createdAt": "2026-01-01T00:00:00+00:00", "publishedAt": "2026-01-01T00:00:00+00:00"}
    return {"name": name, "digest": f"sha256:{name}", **pushed, **fields}


def tags(*nodes: Body, more: bool = False) -> Body:
    info = {"hasNextPage": more, "endCursor": nodes[-1]["name"] if more else None}
    return {"tags": {"nodes": list(nodes), "pageInfo": info}}


def aliases(query: str) -> int:
    return len(re.findall(r"r\d+:", query))
