# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - Python 3.9 or later on the host where the module runs
  - requests (Python library)
notes:
  - GitLab 15.0 or later.
  - Values are read before Ansible converts them. A text as the value of a list is one entry, or one entry for each
    line. It is not split at commas.
  - A number, a boolean or a list as the value of a text is refused. So write names, versions and patterns in quotes.
  - An empty value is refused, unless the option neither keeps nor limits anything. The page C(docs/inputs.md) of the
    collection explains what each form means.
  - >-
    Set one of O(api_token), O(api_oauth_token), O(api_job_token) and O(api_token_file). If none is set, the token is
    read from E(GITLAB_TOKEN), else from the file in E(GITLAB_TOKEN_FILE), else from E(CI_JOB_TOKEN). Without any token,
    the requests are anonymous.
  - >-
    An empty environment variable counts as not set. A module has the environment of the host that it runs on. So use
    C(connection: local) or C(delegate_to: localhost) to use variables of the control node.
  - A token is only sent to O(api_url), in a header. It is never part of a URL, and is never sent to another host after
    a redirect.
  - Proxies are taken from the usual environment variables, such as E(HTTPS_PROXY) and E(NO_PROXY).
options:
  api_url:
    description:
      - Address of the GitLab server, such as V(https://gitlab.example.com). It may end with C(/api/v4), and anything
        after C(/api/v4) is ignored.
      - If it is not set, E(GITLAB_API_URL) is used, else E(CI_API_V4_URL).
    type: str
  api_token:
    description:
      - A personal, project or group access token.
      - Reading needs the scope C(read_api) and the role Reporter. Deleting tags needs the scope C(api) and the role
        Developer.
    type: str
  api_oauth_token:
    description:
      - An OAuth access token.
    type: str
  api_job_token:
    description:
      - A CI/CD job token. GitLab accepts it only for the job's own project. Set this project as the scope of the task.
    type: str
  api_token_file:
    description:
      - Path of a file that contains the token.
      - If GitLab answers 401, the file is read again. If it now contains another token, the request is sent again with
        that token. So a task may run longer than a token is valid.
    type: path
  ca_path:
    description:
      - Path of a file or folder with the certificates of trusted authorities. They replace those of the system.
      - If it is not set, E(GITLAB_CA_PATH) is used.
    type: path
  validate_certs:
    description:
      - Whether to verify the server's TLS certificate.
    type: bool
    default: true
  client_cert:
    description:
      - Path of a file with a client certificate. It also contains the key, unless O(client_key) is set.
    type: path
  client_key:
    description:
      - Path of a file with the key of O(client_cert).
    type: path
  timeout:
    description:
      - Maximum time in seconds to wait for an answer, and then for each part of it. GitLab itself may wait long for its
        registry.
      - A whole answer may take five times this time. It may take longer only if at least 64 KB arrive per second.
    type: float
    default: 60.0
  retries:
    description:
      - How often a request is sent again after a lost connection, or after one of the statuses 429, 502, 503 and 504.
        It is sent again only if this is safe.
      - The time in C(Retry-After) is always waited in full. GitLab has separate limits for its API, for GraphQL, and
        for other requests. All requests under the same limit wait.
      - The first three waits are short. After them, each further wait is one minute, the usual period of a rate limit.
        This applies to a 429, or a proxy's 503, without C(Retry-After). With the default, it is two minutes in all.
      - After ten minutes without a useful answer, no request is sent again.
    type: int
    default: 5
  concurrency:
    description:
      - Maximum number of requests that are sent at the same time.
    type: int
    default: 4
  max_requests_per_minute:
    description:
      - Maximum number of requests per minute, of all kinds together. There is no limit by default.
      - If GitLab reports its own limit in the header C(RateLimit-Limit), at most half of it is used. The other half is
        left for other clients with the same token.
    type: int
  max_requests:
    description:
      - Maximum number of requests of the task. There is no limit by default.
      - M(containerops.gitlab.registry_info) refuses before it reads tags if the remaining requests are not enough.
        M(containerops.gitlab.registry_cleanup) refuses before it deletes tags if they are not enough.
      - In all other cases, no request is sent after the limit is reached. Everything that was not read or done is
        reported.
      - Uploads of a journal (O(containerops.gitlab.registry_cleanup#module:journal_package)) are not counted.
    type: int
"""
