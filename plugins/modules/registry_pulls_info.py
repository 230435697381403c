#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_pulls_info
short_description: Find recently pulled images in the logs of a registry
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads the logs of one replica of a registry, or of the proxy in front of it, on the host where the logs are. It
    returns the recently pulled images as references for O(containerops.gitlab.registry_cleanup#module:in_use_sources).
  - A pull is a V(GET) or V(HEAD) of a manifest that was answered with a status from 200 to 399. It keeps the tag or the
    digest of the request.
  - An image that was not pulled may be deleted later. So the task fails if a pull may be missing in the logs.
  - A pull may be missing if the logs do not cover the whole time of O(pulled_within), or have no request for longer
    than O(max_gap). It may also be missing if they contain no request to the registry (C(/v2/)), or unreadable lines.
  - The module needs only Python, sends no request to a server, and keeps only one line in memory. A million lines take
    about seven seconds on one core.
  - The role P(containerops.gitlab.registry_in_use#role) runs it for each replica.
extends_documentation_fragment:
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.info_module
options:
  paths:
    description:
      - All files of the log, as paths or globs. Files that are compressed with gzip, bzip2 or xz are read, too. Their
        names do not matter.
      - A path without a glob has to exist. A glob may match no file if another entry matches a file.
      - These JSON formats are read. GitLab's registry, Docker's registry, nginx with the names of its variables, Caddy
        and Traefik. Notifications of a registry are read as JSON in one line.
      - These text formats are read. The combined format of nginx and Apache, and the text format of a registry.
      - Lines that are not about a request are ignored. Text in front of the JSON of a line, as svlogd, syslog or
        Kubernetes write it, is ignored, too. JSON lines of Docker's logging driver are unwrapped.
      - A line whose time has no zone, or is before the year 2000, is unreadable. The order of lines and files does not
        matter.
    type: list
    elements: path
    required: true
  pulled_within:
    description:
      - Return images that were pulled within this time before now, such as V(30d), by the host's clock.
    type: str
    required: true
  max_gap:
    description:
      - Maximum time without any request to the registry, such as V(1d). If a gap in the log is longer, a part of the
        log is probably missing, and the task fails.
    type: str
    default: 1d
  max_unreadable:
    description:
      - Maximum number of unreadable lines. Each of them may be a missing pull.
      - An incomplete last line of the file that is being written is not counted.
    type: int
    default: 0
  ignored_agents:
    description:
      - Ignore pulls of clients whose C(User-Agent) begins with one of these texts. The default is GitLab itself, which
        reads manifests to show tags, and this collection.
      - Add clients that read all tags, such as a scanner or a mirror. In a log without this header, every pull is
        counted.
    type: list
    elements: str
    default: [GitLab/, containerops.gitlab]
  clock:
    description:
      - Latest time that is used as the current time, such as V(2026-01-31T12:00:00Z). If the host's clock is later,
        O(pulled_within) ends at this time, so that more is kept.
    type: str
seealso:
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
- name: Find what was pulled in the last 30 days
  containerops.gitlab.registry_pulls_info:
    paths:
      - /var/log/gitlab/registry/current
      - /var/log/gitlab/registry/@*.[su]
    pulled_within: 30d
  delegate_to: gitlab.example.com
  become: true
  register: pulls

- name: Keep it
  containerops.gitlab.registry_cleanup:
    group: team
    name_regex_delete: ".*"
    older_than: 90d
    in_use_sources:
      - name: pulls
        images: "{{ pulls.images }}"
    in_use_sources_expected: [pulls]
"""

RETURN = r"""
result:
  description: V(ok), V(partial) if a pull may be missing in the logs, or V(failed) if the logs can't be read.
  returned: always
  type: str
  sample: ok
images:
  description: The images that were pulled, each once. The list is never cut.
  returned: when the logs could be read
  type: list
  elements: str
  sample: ["team/app:1.4.0", "team/app@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"]
since:
  description: Pulls since this time are counted.
  returned: when the logs could be read
  type: str
  sample: "2026-05-02T12:00:00Z"
oldest:
  description: Time of the first request. Null if there is none.
  returned: when the logs could be read
  type: str
  sample: "2026-04-28T00:00:03Z"
newest:
  description: Time of the last request. Null if there is none.
  returned: when the logs could be read
  type: str
  sample: "2026-06-01T11:59:58Z"
files:
  description: Number of files that were read.
  returned: when the logs could be read
  type: int
  sample: 31
lines:
  description: Number of lines, without empty ones.
  returned: when the logs could be read
  type: int
  sample: 1048576
requests:
  description: Number of requests in the logs.
  returned: when the logs could be read
  type: int
  sample: 524288
pulls:
  description: Number of counted pulls.
  returned: when the logs could be read
  type: int
  sample: 9000
ignored:
  description: Number of pulls that are ignored because of O(ignored_agents).
  returned: when the logs could be read
  type: int
  sample: 120
unreadable:
  description: Number of lines that can't be read.
  returned: when the logs could be read
  type: int
  sample: 0
"""

from ..module_utils._info.pull_files import doubts, observe, request_of, result_of
from ..module_utils._module.options import ArgumentSpec
from ..module_utils._module.run import exit_on_error, finish_reading, new_module

ARGUMENTS = ArgumentSpec(
    {
        "paths": {"type": "list", "elements": "path", "required": True},
        "pulled_within": {"type": "str", "required": True},
        "max_gap": {"type": "str", "default": "1d"},
        "max_unreadable": {"type": "int", "default": 0},
        "ignored_agents": {"type": "list", "elements": "str", "default": ["GitLab/", "containerops.gitlab"]},
        "clock": {"type": "str"},
    }
)


def main() -> None:
    module = new_module(ARGUMENTS)
    with exit_on_error(module):
        request = request_of(module.params)
        state = observe(request)
        finish_reading(module, None, result_of(state), doubts(state, request), tolerate=False)


if __name__ == "__main__":
    main()
