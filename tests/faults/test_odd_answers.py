# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every value of every answer as something else: it is understood, or a failed request, and never another exception."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError, UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import RefKind, RuleKind, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import ProjectScope, Scope
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab import (
    git_refs,
    graphql_deletion,
    graphql_schema,
    project_scope,
    projects,
    repositories,
    repository_lookup,
    repository_scope,
    settings,
    tag_rules,
    tags,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._http.settings import Settings
from ansible_collections.containerops.gitlab.plugins.module_utils._http.timing import Timing
from ansible_collections.containerops.gitlab.plugins.module_utils._registry import api, auth, images
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.auth import (
    Login,
    Registry,
    RegistrySettings,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.capabilities import Sources, detect
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.query import TagQuery
from ansible_collections.containerops.gitlab.plugins.module_utils._tags.reader import open_reader
from tests.faults.odd_answers import OddClient, Oddity, OddServer, is_of, oddities
from tests.simulator.inprocess import ORIGIN, InProcessServer
from tests.unit.serving import FakeTime
from tests.unit.simulated import REGISTRY, TOKEN, repositories_of, repository_of, scenario_of

SAMPLE = 120
DATE = "2026-04-01T12:00:00Z"
TAGS = [{"name": f"v{number}", "created_at": DATE, "config_created": DATE} for number in range(3)]
PROJECT = {
    "id": 1,
    "path": "team/app",
    "branches": ["main", "dev"],
    "git_tags": ["v1"],
    "merge_requests": [{"source_branch": "dev"}],
    "environments": ["prod"],
    "deployments": [{"environment": "prod", "ref": "main", "sha": "0" * 40}],
    "policy": {"enabled": True},
    "topics": ["web"],
    "tag_rules": [{"pattern": "x.*", "delete": "maintainer", "push": "maintainer"}],
    "repository_rules": [{"pattern": "team/app*", "delete": "maintainer", "push": "maintainer"}],
}
ONE = repository_of()
SCOPE = Scope(projects=("team/app",))
DETAILS = TagQuery(details=True, all_details=True, dates=True, configs=True)


def registry_of(client: OddClient) -> Registry:
    return Registry(client, ORIGIN, login=REGISTRY.login)


def stranger(client: OddClient) -> list[str] | None:
    """The tags, with a login of the registry's own, so that the registry has to say how it wants to be asked."""
    own = RegistrySettings(url="http://other.example.com", login=Login("ops", TOKEN))
    auth.registry_of(client, own, "gitlab.example.com/team/app")
    return api.tag_names(Registry(client, ORIGIN, login=own.login), ONE.path)


def read(mode: str, sources: Sources) -> Callable[[OddClient], Any]:
    def work(client: OddClient) -> list[TagListing]:
        reader = open_reader(detect(client, repositories_of(2), sources, details=True))
        found = list(reader.read(repositories_of(2), DETAILS))
        reader.read_again(ONE, ["v1"], ["v0", "v1", "v2"])
        return found

    work.__name__ = f"read {mode} {sources.use_graphql} {sources.registry is not None}"
    return work


def called(function: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[OddClient], Any]:
    """Call it with the client, or with the registry of it if that is what it wants."""
    hints = get_type_hints(function)

    def work(client: OddClient) -> Any:
        found = function(registry_of(client) if "registry" in hints else client, *arguments, **options)
        found = list(found) if isinstance(found, Iterator) else found
        assert hints["return"] is None or isinstance(found, list) or is_of(found, hints["return"]), found
        return found

    work.__name__ = " ".join(
        [function.__name__, *(str(each.value) for each in arguments if isinstance(each, enum.Enum))]
    )
    return work


def first_rules(client: OddClient, kind: RuleKind) -> object:
    return settings.first_rules(client, projects.get_project(client, 1), kind)


def registry_size(client: OddClient) -> object:
    return projects.get_registry_size(client, projects.get_project(client, 1))


WORK: list[tuple[str, Callable[[OddClient], Any]]] = [
    ("M1", called(projects.get_project, "team/app")),
    ("M1", called(projects.group_projects, "team")),
    ("M1", called(projects.all_projects)),
    ("M1", called(projects.get_group_path, 10)),
    ("M1", called(projects.any_image_prefix)),
    ("M1", called(projects.caller_is_administrator)),
    ("M1", called(registry_size)),
    ("M1", called(repositories.project_repositories, 1, tags_count=True)),
    ("M1", called(repositories.group_repositories, "team")),
    ("M1", called(repositories.get_repository, 100, tags_count=True, size=True)),
    *(("M1", called(git_refs.active_refs, 1, kind)) for kind in RefKind),
    ("M1", called(git_refs.deployed_refs, 1, 2)),
    *(("M1", called(first_rules, kind)) for kind in RuleKind),
    ("M1", called(tags.keyset_supported, ONE)),
    ("M1", called(tags.tag_names_keyset, ONE)),
    ("M2", called(tags.tag_names_offset, ONE)),
    ("M1", called(tags.tag_detail, ONE, "v1")),
    ("M1", called(tags.delete_tag, ONE, "v1")),
    ("M1", called(tags.bulk_delete_tags, ONE, {"name_regex_delete": "x", "keep_n": 1})),
    ("M1", called(graphql_schema.read_schema)),
    ("M1", called(graphql_deletion.destroy_tags, 100, ["v1"])),
    ("M1", called(tag_rules.read_tag_rules, [100, 101])),
    ("M1", called(project_scope.select_projects, ProjectScope(projects=("team/app",), groups=("team",)))),
    ("M1", called(repository_scope.select, SCOPE, job_token=False)),
    ("M1", called(repository_lookup.look_up_repository, "team/app/r0", job_token=False)),
    ("M1", called(repository_lookup.look_up_repositories, ["team/app/r0", "team/app/r1"], job_token=False)),
    *((mode, called(api.tag_names, ONE.path)) for mode in ("M1", "M2")),
    ("M1", stranger),
    ("M1", called(api.check_version, (f"repository:{ONE.path}:pull",))),
    *(("M1", called(api.current_digest, ONE.path, "v1", absent=absent)) for absent in (True, False)),
    ("M1", called(api.read_manifest, ONE.path, "v1")),
    ("M2", called(images.read_image, ONE.path, "v1")),
    ("M2", called(api.delete_tag, ONE.path, "v1")),
    *((mode, read(mode, Sources(use_graphql=graph))) for mode in ("M1", "M2") for graph in (True, False)),
    ("M2", read("M2", Sources(use_graphql=True, registry=REGISTRY))),
]


def client_of(mode: str, odd: OddServer) -> OddClient:
    time = FakeTime()
    scenario = scenario_of(TAGS, TAGS, mode=mode, projects=[PROJECT], registry={"host": "gitlab.example.com"})
    return OddClient(
        InProcessServer(scenario),
        Settings(ORIGIN, header=("Authorization", f"Bearer {TOKEN}"), concurrency=1, retries=0),
        requests=[],
        timing=Timing(sleep=time.sleep, monotonic=lambda: time.now, jitter=lambda: 1.0),
        odd=odd,
    )


@pytest.mark.sweep(3)
@pytest.mark.parametrize(("mode", "work"), WORK, ids=[f"{mode} {work.__name__}" for mode, work in WORK])
def test_an_odd_answer_is_understood_or_a_failed_request(mode: str, work: Callable[[OddClient], Any]) -> None:
    clean = OddServer()
    work(client_of(mode, clean))
    found = list(oddities(clean.answers))
    for oddity in random.Random(1).sample(found, min(SAMPLE, len(found))):
        try:
            values = work(client_of(mode, OddServer(oddity)))
        except (RequestError, UsageError):
            continue
        except Exception as error:
            raise AssertionError(f"{shown(oddity)}: {error!r}") from error
        for value in values if isinstance(values, list) else [values]:
            assert is_of(value, type(value)), (shown(oddity), value)


def shown(oddity: Oddity) -> str:
    return str(oddity._replace(value=oddity.value[:60]))
