# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that gives prepared answers, and GitLab's answers as it writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from requests.structures import CaseInsensitiveDict

from ansible_collections.containerops.gitlab.plugins.module_utils._http.client import Client
from ansible_collections.containerops.gitlab.plugins.module_utils._http.messages import Request, Response
from ansible_collections.containerops.gitlab.plugins.module_utils._http.pool import Pool
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from tests.unit.models import repository

REPOSITORY = repository()

REQUEST = Request(method="GET", path="/x", operation="do it", service="GitLab")


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return Response(request=REQUEST, status=status, headers=CaseInsensitiveDict(found), body=content)


class ScriptedClient(Client):
    """Gives prepared answers in their order, and remembers what was asked."""

    def __init__(self, answers: Sequence[Response]) -> None:
        self.settings = Settings(url="https://gitlab.example.com", concurrency=1)
        self._pool = Pool(self.settings.concurrency)
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, path: str, **options: Any) -> Response:
        self.asked.append((method, path, dict(options.get("query") or {})))
        return self.answers.pop(0)._replace(
            request=Request(method=method, path=path, operation=options["operation"], service="GitLab"),
        )


def names(*found: str) -> list[dict[str, str]]:
    return [{"name": name} for name in found]
