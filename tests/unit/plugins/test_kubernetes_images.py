# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in Kubernetes objects: wherever a pod's spec or status stands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.filter.kubernetes_images import (
    CONTAINERS,
    STATUSES,
    FilterModule,
    kubernetes_images,
)
from tests.tools.collection import ROOT

PULLED = "docker-pullable://reg.io/team/app@sha256:" + "2" * 64
POD: dict[str, Any] = {
    "kind": "Pod",
    "spec": {
        "containers": [{"name": "app", "image": "team/app:v1"}],
        "initContainers": [{"name": "wait", "image": "busybox"}],
        "ephemeralContainers": [{"name": "debug", "image": "team/debug:1"}],
        "volumes": [{"name": "model", "image": {"reference": "team/model@sha256:" + "1" * 64}}, {"name": "plain"}],
    },
    "status": {
        "containerStatuses": [
            {"name": "app", "image": "reg.io/team/app:v1", "imageID": PULLED},
            {"name": "waiting", "image": "", "imageID": ""},
        ]
    },
}
OF_POD = [
    "team/app:v1",
    "busybox",
    "team/debug:1",
    "team/model@sha256:" + "1" * 64,
    "reg.io/team/app:v1",
    PULLED,
]


def template(image: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"image": image}]}}


@pytest.mark.parametrize(
    ("objects", "images"),
    [
        ([POD], OF_POD),
        (POD, OF_POD),
        ({"kind": "List", "items": [POD, POD]}, OF_POD),
        ([{"kind": "Deployment", "spec": {"replicas": 0, "template": template("a:1")}}], ["a:1"]),
        ([{"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template("b:1")}}}}], ["b:1"]),
        ([{"kind": "Rollout", "spec": {"strategy": [{"canary": {"template": template("c:1")}}]}}], ["c:1"]),
        ([{"kind": "ConfigMap", "data": {"containers": "none", "image": "text"}}, None], []),
        ([{"spec": {"containers": [{"name": "no image"}, "text", {"image": 7}]}}], []),
        ([], []),
    ],
)
def test_images_of_objects(objects: Any, images: list[str]) -> None:
    assert FilterModule().filters()["kubernetes_images"](objects) == images


@pytest.mark.parametrize("objects", ["text", None, 7])
def test_what_is_no_object(objects: Any) -> None:
    with pytest.raises(AnsibleFilterError):
        kubernetes_images(objects)


PAGE = (ROOT / "docs" / "in-use.md").read_text()
KINDS = re.findall(r"^\| `(\w+)` \| `([\w/]+)` \| `([\w.]+)`", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("kind", "version", "path"), KINDS)
def test_an_image_of_each_kind_of_the_page_is_found(kind: str, version: str, path: str) -> None:
    node: Any = POD["spec"]
    for key in reversed(path.split(".")):
        node = {key: node}
    assert kubernetes_images({"apiVersion": version, "kind": kind, **node}) == OF_POD[:4]


def test_the_example_of_the_page_reads_these_kinds() -> None:
    assert re.findall(r"\{api_version: (\S+), kind: (\w+)\}", PAGE) == [
        (version, kind) for kind, version, _rest in KINDS
    ]


def test_the_page_names_the_fields_that_are_read() -> None:
    named = [re.findall(r"`(\w+)`", row) for row in re.findall(r"^\| (`\w+`, .*?) \|", PAGE, re.MULTILINE)]
    assert {tuple(names) for names in named} >= {CONTAINERS, STATUSES}


def test_what_the_page_says_is_not_found() -> None:
    task = {"kind": "Task", "spec": {"steps": [{"image": "a:1"}]}}
    workflow = {"kind": "Workflow", "spec": {"templates": [{"container": {"image": "a:1"}}]}}
    operated = {"kind": "Prometheus", "spec": {"image": "a:1"}}
    assert kubernetes_images([task, workflow, operated]) == []


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
TREES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(TREES, st.sampled_from(CONTAINERS + STATUSES), st.lists(st.sampled_from(["spec", "items", "x", 0]), max_size=6))
def test_an_image_is_found_wherever_it_stands(beside: Any, key: str, path: list[Any]) -> None:
    node: Any = {key: [{"image": "wanted:1"}], "beside": beside}
    for step in path:
        node = [beside, node] if step == 0 else {step: node, "beside": beside}
    assert "wanted:1" in kubernetes_images(node)
