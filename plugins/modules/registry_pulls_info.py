#!/usr/bin/python
# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_pulls_info
short_description: Find the images that were pulled lately, by the logs of a registry
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads the logs of one replica of a registry, or of a proxy before it, on the host where they are. It returns the
    images that were pulled lately, as references that
    O(containerops.gitlab.registry_cleanup#module:in_use_sources) takes.
  - A pull is a V(GET) or V(HEAD) of a manifest that was answered with a status from 200 to 399. It keeps the tag or the
    digest that it named.
  - The task fails if the logs may leave out a pull, since what was not pulled may be deleted. That is so if they do not
    reach back for O(pulled_within), tell of no request for longer than O(max_gap), have no request for the registry
    (C(/v2/)) at all, or have lines that can't be read.
  - It needs Python alone, asks no server, and has no more than one line in memory. A million lines take about seven
    seconds of one core.
  - The role P(containerops.gitlab.registry_in_use#role) runs it for each replica.
extends_documentation_fragment:
  - containerops.gitlab._attributes
  - containerops.gitlab._attributes.info_module
options:
  paths:
    description:
      - All files of the log, or globs of them. What is compressed by gzip, bzip2 or xz is read, whatever its name.
      - A file that is named without a glob has to be there. A glob may match nothing if another entry matches a file.
      - 'Each line is one of these: JSON of GitLab''s registry, of Docker''s registry, of nginx with the names of its
        variables, of Caddy or of Traefik; the combined format of nginx and Apache; a registry''s text format;
        notifications of a registry, as JSON in one line. Lines that are about no request are passed over.'
      - What stands before the JSON of a line, as svlogd, syslog or Kubernetes write it, is passed over. JSON lines of
        Docker's logging driver are unwrapped.
      - A time without a zone, or before 2000, can't be read. The order of lines and files does not matter.
    type: list
    elements: path
    required: true
  pulled_within:
    description:
      - Return what was pulled within this time, such as V(30d). It is counted back from the host's clock.
    type: str
    required: true
  max_gap:
    description:
      - The longest time without any request to the registry in which it may have been idle. If there is no request for
        longer, before or after others, part of the log is missing, and the task fails.
    type: str
    default: 1d
  max_unreadable:
    description:
      - Number of lines that may be unreadable. Each of them may be a pull that is left out.
      - Half a line at the end of the file that is being written does not count.
    type: int
    default: 0
  ignored_agents:
    description:
      - Pulls do not count if the client's C(User-Agent) begins with one of these. The default is GitLab itself, which
        reads manifests to show tags, and this collection. Add what reads all tags, such as a scanner or a mirror.
      - A log without the header counts every pull.
    type: list
    elements: str
    default: [GitLab/, containerops.gitlab]
  clock:
    description:
      - The latest time that may count as now, such as V(2026-01-31T12:00:00Z). If the host's clock is ahead of it,
        O(pulled_within) is counted back from here, so that more is kept.
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
  description: V(ok), or V(partial) when the logs may leave out a pull. V(failed) when they can't be read.
  returned: always
  type: str
  sample: ok
images:
  description: The images that were pulled, each once. It is never cut.
  returned: when the logs could be read
  type: list
  elements: str
  sample: ["team/app:1.4.0", "team/app@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"]
since:
  description: Pulls since this time count.
  returned: when the logs could be read
  type: str
  sample: "2026-05-02T12:00:00Z"
oldest:
  description: Time of the first request, null if there is none.
  returned: when the logs could be read
  type: str
  sample: "2026-04-28T00:00:03Z"
newest:
  description: Time of the last request, null if there is none.
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
  description: Number of requests that they tell of.
  returned: when the logs could be read
  type: int
  sample: 524288
pulls:
  description: Number of pulls that count.
  returned: when the logs could be read
  type: int
  sample: 9000
ignored:
  description: Number of pulls that do not count because of O(ignored_agents).
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
