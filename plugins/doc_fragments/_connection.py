# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - Python 3.9 or later where it runs
  - requests (Python library)
notes:
  - GitLab 15.0 or later.
  - Values are read before Ansible converts them. A text for a list is one entry, or one entry a line, and is not cut at
    commas. A number, a boolean or a list where a text belongs is refused, so write names, versions and patterns in
    quotes. An empty value is refused, unless nothing is kept or limited by the option. C(docs/inputs.md) of the
    collection says what each form means.
  - >-
    When none of O(api_token), O(api_oauth_token), O(api_job_token) and O(api_token_file) is given, the token is taken
    from E(GITLAB_TOKEN), else from the file that E(GITLAB_TOKEN_FILE) names, else from E(CI_JOB_TOKEN); without any of
    these the requests are anonymous. An empty environment variable counts as unset.
    The environment of a module is the one of the host that it runs on, so use C(connection: local) or C(delegate_to:
    localhost).
  - A token is sent to O(api_url) alone, in a header, never in a URL, and never follows a redirect to another host.
  - Proxies are taken from the usual environment variables, such as E(HTTPS_PROXY) and E(NO_PROXY).
options:
  api_url:
    description:
      - Address of the GitLab server, with or without C(/api/v4). What follows C(/api/v4) is left out.
      - If not set, E(GITLAB_API_URL), else E(CI_API_V4_URL) is used.
    type: str
  api_token:
    description:
      - A personal, project or group access token.
      - Reading needs the scope C(read_api) and the role Reporter, deleting tags needs C(api) and Developer.
    type: str
  api_oauth_token:
    description:
      - An OAuth access token.
    type: str
  api_job_token:
    description:
      - A CI/CD job token. GitLab accepts it for the job's own project alone, which has to be named.
    type: str
  api_token_file:
    description:
      - Read the token from this file. If GitLab answers 401, it is read again, and if it holds another token by then,
        the request is sent once more with that one. So a task may run for longer than a token is good for.
    type: path
  ca_path:
    description:
      - Read the certificates of the authorities to trust from this file or folder, instead of the system's.
      - If not set, E(GITLAB_CA_PATH) is used.
    type: path
  validate_certs:
    description:
      - Whether to verify the server's TLS certificate.
    type: bool
    default: true
  client_cert:
    description:
      - Read a client certificate from this file, and its key unless O(client_key) has it.
    type: path
  client_key:
    description:
      - Read the key of O(client_cert) from this file.
    type: path
  timeout:
    description:
      - Seconds to wait for an answer, and for each further part of it. GitLab itself may wait long for its registry.
      - A whole answer may take five times as long, and longer only if it brings at least 64 KB a second.
    type: float
    default: 60.0
  retries:
    description:
      - How often a request is sent again after a lost connection or one of the statuses 429, 502, 503 and 504, where
        that is safe.
      - A server's C(Retry-After) is always waited for in full, by all requests of the kind that was refused. GitLab
        limits its API, GraphQL and everything else apart.
      - The first three waits are short. If a 429, or a proxy's 503, still comes without C(Retry-After) after them, each
        further wait is a minute, the usual window of a limiter. With the default that is two minutes in all.
      - After ten minutes without any useful answer no request is sent again.
    type: int
    default: 5
  concurrency:
    description:
      - How many requests may be under way at the same time.
    type: int
    default: 4
  max_requests_per_minute:
    description:
      - Send at most this many requests a minute, of all kinds together. Not limited by default.
      - Where GitLab tells a limit of its own by the header C(RateLimit-Limit), half of it is used in any case, and the
        other half left to everybody else with the same token.
    type: int
  max_requests:
    description:
      - Send at most this many requests. Not limited by default.
      - M(containerops.gitlab.registry_info) refuses before it reads tags, and M(containerops.gitlab.registry_cleanup)
        before it deletes any, where what is left of them can't be enough. In all other cases nothing more is sent once
        they are used up, and what was not read or done by then is reported.
      - The parts of a journal (O(containerops.gitlab.registry_cleanup#module:journal_package)) do not count.
    type: int
"""
