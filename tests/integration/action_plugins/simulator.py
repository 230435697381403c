# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets the scene between two tasks of a play, in the controller's own process: a whole play costs ten times as much."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

PATIENCE = 30.0


class ActionModule(ActionBase):
    """One request after the other; gives the answers. url: of the simulator. calls: method, path and body of each."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        arguments = self._task.args
        headers = {"Content-Type": "application/json", "PRIVATE-TOKEN": arguments["token"]}
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        answers = []
        for method, path, body in arguments["calls"]:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(arguments["url"] + path, data, headers, method=method)
            try:
                with opener.open(request, timeout=PATIENCE) as answer:
                    text = answer.read()
            except urllib.error.HTTPError as error:
                raise AnsibleError(f"{method} {path}: {error}: {error.read().decode()}") from None
            answers.append(json.loads(text) if text else None)
        return {**super().run(tmp, task_vars), "answers": answers}
