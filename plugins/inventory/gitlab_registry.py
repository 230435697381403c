# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: gitlab_registry
short_description: Projects, groups or container repositories of GitLab as hosts
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Makes a host for each project, for each group with projects, or for each container repository. So plays and AWX job
    slices can be distributed over them, and C(--limit) can select them.
  - The name of the inventory file has to be C(gitlab_registry.yml) or C(gitlab_registry.yaml), or end with one of
    these.
  - The name of a host is its path in GitLab. C(ansible_connection) is V(local), and C(ansible_python_interpreter) is
    the interpreter of the playbook.
  - All hosts are in the group C(gitlab_registry). It has a child group for each namespace, such as
    C(gitlab_namespace_team_sub).
  - Further groups show the state of projects. The names of these groups begin with C(gitlab_visibility_),
    C(gitlab_access_level_) or C(gitlab_cleanup_policy_). There is also C(gitlab_archived).
  - After C(gitlab_visibility_) comes V(private), V(internal) or V(public). After C(gitlab_access_level_) comes
    V(enabled), V(private) or V(disabled). After C(gitlab_cleanup_policy_) comes V(enabled), V(disabled) or V(none).
  - If GitLab does not show the state, the name ends with V(unknown). For a cleanup policy it ends with V(none).
  - If anything can't be read, there are no hosts. Ansible then continues with an empty inventory, unless
    E(ANSIBLE_INVENTORY_UNPARSED_FAILED) or E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is set.
  - Values from GitLab are never evaluated as templates.
extends_documentation_fragment:
  - containerops.gitlab._connection
  - containerops.gitlab._scope.project
  - containerops.gitlab._scope.instance
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices:
      - containerops.gitlab.gitlab_registry
  group:
    description:
      - Groups with their subgroups, each by its full path, such as V(group/subgroup), or by its numeric id. Projects
        that other groups share with them are left out.
    type: list
    elements: str
  host_per:
    description:
      - For what a host is made.
      - With V(project), each project is a host. The variable C(registry_project) is for
        O(containerops.gitlab.registry_cleanup#module:project) and for the playbooks of this collection. It costs about
        two requests for 100 projects of a group, and 102 requests for the 10,000 projects of an instance.
      - With V(group), each group or user with projects directly in it is a host. C(registry_project) lists these
        projects, except those whose registry is disabled. So no project belongs to two hosts.
      - With V(group), a host is in a group of states only if all its projects are in this state. It costs as many
        requests as V(project).
      - With V(repository), each repository is a host. The variable C(registry_repository_id) is for
        O(containerops.gitlab.registry_cleanup#module:repository_id).
      - V(repository) costs about two more requests for 100 repositories of each group, or one for each named project.
        Repositories that GitLab is deleting are left out. So are repositories of a group's projects whose registry is
        disabled.
    type: str
    choices:
      - project
      - group
      - repository
    default: project
  gather:
    description:
      - What to read additionally for each host. Each value costs one request for each project. With
        O(host_per=repository), both values together cost one request for each repository.
      - With V(tags_count), hosts have the variable C(gitlab_tags_count). They are in a group C(gitlab_tags_) with
        V(none), V(from_1), V(from_100), V(from_1000), V(from_10000) or V(unknown) at the end.
      - For V(tags_count), GitLab sends a request to its registry for each repository. If the registry fails, the result
        is the same as without tags.
      - With V(size), hosts have the variable C(gitlab_size) in bytes. They are in a group C(gitlab_size_) with
        V(below_1_gib), V(from_1_gib), V(from_10_gib), V(from_100_gib) or V(unknown) at the end.
      - V(size) is known only if the registry has a metadata database.
    type: list
    elements: str
    choices:
      - tags_count
      - size
    default: []
notes:
  - Exactly one of O(project), O(group) and O(instance) is required.
  - A CI/CD job token is refused, since GitLab does not show projects and groups to it.
  - O(api_url), O(api_token), O(api_oauth_token) and O(api_job_token) may be templates, such as a lookup in a vault.
  - The cache does not depend on the token. Everybody who uses the cache with the same server and the same options gets
    the same hosts. So store the cache where only its owner can read it.
  - If two namespaces would have the same group name, such as C(team-a) and C(team/a), a part of their hash is added to
    the names.
seealso:
  - module: containerops.gitlab.registry_info
  - module: containerops.gitlab.registry_cleanup
"""

EXAMPLES = r"""
# fleet.gitlab_registry.yml: every project of a group and its subgroups
plugin: containerops.gitlab.gitlab_registry
group:
  - team

---
# The whole instance with a cache, a token from a vault, and groups of one's own
plugin: containerops.gitlab.gitlab_registry
api_url: https://gitlab.example.com
api_token: "{{ lookup('ansible.builtin.file', '/run/secrets/gitlab_token') }}"
instance: true
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/gitlab_registry
cache_timeout: 3600
groups:
  without_cleanup: gitlab_cleanup_policy is none or not gitlab_cleanup_policy.enabled
keyed_groups:
  - key: gitlab_topics
    prefix: topic
compose:
  team: gitlab_namespace.split('/')[0]

---
# Each repository, by the number of its tags
plugin: containerops.gitlab.gitlab_registry
group:
  - team
host_per: repository
gather:
  - tags_count
"""

import os
import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.validation import check_mutually_exclusive
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, to_safe_group_name
from ansible.release import __version__ as ansible_version
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._core.errors import RequestError, UsageError
from ..module_utils._http.client import Client
from ..module_utils._http.settings import Settings
from ..module_utils._http.transport import REQUESTS_IMPORT_ERROR
from ..module_utils._inventory.hosts import PREFIX, Host, hosts_of, namespace_groups
from ..module_utils._inventory.observation import observe
from ..module_utils._inventory.request import OPTIONS, SCOPE_OPTIONS, TEMPLATES, InventoryRequest, request_of
from ..module_utils._module.access import TokenKind, access_of, header_of, token_file_refresher
from ..module_utils._module.inputs import read_inputs
from ..module_utils._module.options import CONNECTION

_trusted: Callable[[str], str]
try:
    from ansible.template import trust_as_template as _trusted
except ImportError:
    # Before ansible-core 2.19 whatever is not marked as unsafe is a template.
    _trusted = str

_ENDINGS = ("gitlab_registry.yml", "gitlab_registry.yaml")
# The group of all hosts.
_ALL = "gitlab_registry"


def unsafe(value: t.Any) -> t.Any:
    """A value from GitLab that is no template, whatever it looks like.

    Only what could be one is marked, since ansible-inventory shows marks up to ansible-core 2.18.
    """
    if isinstance(value, dict):
        return {name: unsafe(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [unsafe(inner) for inner in value]
    return wrap_var(value) if isinstance(value, str) and "{" in value else value


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "containerops.gitlab.gitlab_registry"

    def verify_file(self, path: str) -> bool:
        base: t.Any = super()
        return path.endswith(_ENDINGS) and bool(base.verify_file(path))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleParserError(missing_required_lib("requests"))
        config = t.cast("t.Any", self)._read_config_data(path)
        try:
            read = read_inputs({name: value for name, value in config.items() if name in OPTIONS}, OPTIONS)
            settings = self._settings()
            params = {name: self._option(name) for name in SCOPE_OPTIONS}
            # Ansible has cut what is no list at its commas by now.
            params.update({name: value for name, value in read.items() if isinstance(value, list)})
            request = request_of(params, settings.url)
            hosts = self._hosts(settings, request, cache)
            namespaces = namespace_groups(hosts, to_safe_group_name)
        except (UsageError, RequestError) as error:
            raise AnsibleParserError(str(error)) from None
        self._populate(hosts, namespaces)

    def _option(self, name: str) -> t.Any:
        return t.cast("t.Any", self).get_option(name)

    def _settings(self) -> Settings:
        """How to reach GitLab. Raises UsageError."""
        params = {name: self._option(name) for name in CONNECTION.options}
        params.update({name: self._templated(name, params[name]) for name in TEMPLATES})
        try:
            given = {name: value for name, value in params.items() if value is not None}
            check_mutually_exclusive(CONNECTION.mutually_exclusive, given)
        except TypeError as error:
            raise UsageError(str(error)) from None
        found = access_of(params, os.environ, ansible_version)
        if found.kind == TokenKind.JOB:
            raise UsageError(
                "A CI/CD job token can't list projects: give a personal, project or group access token in api_token or "
                "GITLAB_TOKEN."
            )
        for warning in found.warnings:
            self.display.warning(warning)
        if found.token is None:
            self.display.warning(
                "No token is given in api_token or GITLAB_TOKEN: only public projects and groups are listed."
            )
        refresh = token_file_refresher(found, lambda token: header_of(found.kind, token))
        return found.settings._replace(refresh_credentials=refresh)

    def _templated(self, name: str, value: t.Any) -> t.Any:
        if not isinstance(value, str) or not self.templar.is_template(value):
            return value
        self.templar.available_variables = self._vars or {}
        try:
            return str(self.templar.template(value))
        except AnsibleError as error:
            raise UsageError(f"{name} is a template that does not work: {error}") from None

    def _hosts(self, settings: Settings, request: InventoryRequest, cache: bool) -> list[Host]:
        """The hosts from the cache, or from GitLab and into the cache."""
        caching, key = self._option("cache"), request.cache_key(settings.url)
        if caching and cache:
            try:
                return [Host(**row) for row in self._cache[key]]
            except KeyError:
                pass
        client = Client(settings)
        try:
            state = observe(client, request)
        finally:
            client.close()
        for warning in state.warnings:
            self.display.warning(warning)
        hosts = hosts_of(state, request)
        if caching:
            self._cache[key] = [host._asdict() for host in hosts]
        return hosts

    def _populate(self, hosts: list[Host], namespaces: dict[str, str]) -> None:
        """All hosts with their groups, or none where an expression of the user fails."""
        inventory = t.cast("t.Any", self.inventory)
        inventory.add_group(_ALL)
        for path, group in namespaces.items():
            parent = path.rpartition("/")[0]
            inventory.add_group(group)
            inventory.add_child(namespaces[parent] if parent else _ALL, group)
        for name in sorted({name for host in hosts for name in host.groups}):
            inventory.add_group(to_safe_group_name(PREFIX + name))
        added = [host.name for host in hosts if host.name not in inventory.hosts]
        try:
            for host in hosts:
                self._add(host, namespaces[host.namespace])
        except Exception:
            for name in added:
                if name in inventory.hosts:
                    inventory.remove_host(inventory.hosts[name])
            raise

    def _add(self, host: Host, namespace: str) -> None:
        inventory = t.cast("t.Any", self.inventory)
        inventory.add_host(host.name, namespace)
        for group in host.groups:
            inventory.add_host(host.name, to_safe_group_name(PREFIX + group))
        variables = {
            "ansible_connection": _trusted("local"),
            "ansible_python_interpreter": _trusted("{{ ansible_playbook_python }}"),
            **unsafe(dict(host.variables)),
        }
        for name, value in variables.items():
            inventory.set_variable(host.name, name, value)
        strict = self._option("strict")
        known = inventory.get_host(host.name).get_vars()
        constructed = t.cast("t.Any", self)
        constructed._set_composite_vars(self._option("compose"), known, host.name, strict=strict)
        constructed._add_host_to_composed_groups(self._option("groups"), known, host.name, strict=strict)
        constructed._add_host_to_keyed_groups(self._option("keyed_groups"), known, host.name, strict=strict)
