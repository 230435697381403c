# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promoting what is no plain image: signatures with a subject, caches, artifacts, layers that are kept elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import Shelf, asked, outcomes, refused, repeated, writes
from tests.integration.scenarios import repository, server, tag
from tests.simulator.contents import IMAGE, INDEX, digest_of
from tests.simulator.harness import Simulator

TAG = "registry_tag"
APP, TOOL = "team/app", "team/sub/tool"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"
RESTRICTED = "application/vnd.oci.image.layer.nondistributable.v1.tar"


def shelves(mode: str = "M1", **changes: Any) -> dict[str, Any]:
    tags = [tag("v1", 30, image="one"), tag("multi", 20, media_type=INDEX)]
    return server([repository(100, APP, "", tags), repository(102, TOOL, "", [tag("main", 10)])], mode=mode, **changes)


def promotion(source: str, *names: str, **changes: Any) -> dict[str, Any]:
    return {"repository": TOOL, "name": list(names or ("prod",)), "source_repository": APP, "source": source, **changes}


def blob(shelf: Shelf, content: bytes, media_type: str, **fields: Any) -> dict[str, Any]:
    """The descriptor of a blob, which is pushed unless it is kept elsewhere."""
    digest = digest_of(content) if fields.get("urls") else shelf.upload(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content), **fields}


def image(config: dict[str, Any], *layers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": list(layers), **fields}


def referrer(shelf: Shelf, subject: str, content: bytes) -> dict[str, Any]:
    """What names another image as its subject."""
    rows = {"mediaType": IMAGE, "digest": subject, "size": 1}
    return image(blob(shelf, b"{}", EMPTY), blob(shelf, content, LAYER), subject=rows)


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("source", ["v1", "multi"])
def test_signatures_with_a_subject_come_after_their_image(
    ansible: Ansible, simulator: Simulator, mode: str, source: str
) -> None:
    simulator.load(shelves(mode))
    app = Shelf(simulator, APP)
    digest = str(app.digest(source))
    signed = app.put(f"{digest.replace(':', '-')}.sig", referrer(app, digest, b"signature"))
    sbom = app.put(f"{digest.replace(':', '-')}.sbom", referrer(app, digest, b"sbom"))
    of_sbom = app.put(f"{sbom.replace(':', '-')}.sig", referrer(app, sbom, b"signature of the sbom"))
    found = repeated(ansible, simulator, TAG, promotion(source, "prod", "v1.0", copy_referrers=True), "tags")
    tool = Shelf(simulator, TOOL)
    assert {tool.digest(name) for name in simulator.state()[TOOL]} >= {digest, signed, sbom, of_sbom}
    assert tool.everything("prod") == app.everything(source)
    assert set(outcomes(found.run).values()) == {"written"}
    pushed = [path.rpartition("/")[2] for path in asked(found.log, "PUT", f"/v2/{TOOL}/manifests/")]
    # The image without a name, then what belongs to it, and its names at the end.
    assert pushed.index(digest) < min(pushed.index(name) for name in pushed if name.endswith((".sig", ".sbom")))
    assert pushed.index(f"{digest.replace(':', '-')}.sbom") < pushed.index(f"{sbom.replace(':', '-')}.sig")
    assert pushed[-2:] == ["prod", "v1.0"]


def test_a_failing_signature_leaves_the_image_without_a_name(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    app = Shelf(simulator, APP)
    digest = str(app.digest("v1"))
    app.put(f"{digest.replace(':', '-')}.sig", referrer(app, digest, b"signature"))
    simulator.faults([{"method": "PUT", "path": r"sig$", "action": "status", "status": 500}])
    task = ansible.module(TAG, promotion("v1", copy_referrers=True))
    assert list(outcomes(task).values()) == ["not_written", "not_tried"]
    assert simulator.state()[TOOL] == ["main"]


def cache(shelf: Shelf) -> dict[str, Any]:
    """As BuildKit keeps a cache: an index whose entries are blobs."""
    rows = [
        blob(shelf, b"one cached layer", LAYER),
        blob(shelf, b'{"layers": []}', "application/vnd.buildkit.cacheconfig.v0"),
    ]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": rows}


def chart(shelf: Shelf) -> dict[str, Any]:
    layer = blob(shelf, b"a chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    return image(blob(shelf, b'{"name": "chart"}', "application/vnd.cncf.helm.config.v1+json"), layer)


def artifact(shelf: Shelf) -> dict[str, Any]:
    return image(blob(shelf, b"{}", EMPTY), blob(shelf, b"{}", EMPTY), artifactType="application/vnd.cyclonedx+json")


def restricted(shelf: Shelf) -> dict[str, Any]:
    return image(blob(shelf, b"{ }", CONFIG), blob(shelf, b"not to be distributed", RESTRICTED))


def nested(shelf: Shelf) -> dict[str, Any]:
    digest = shelf.put("inner", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [_child(shelf, "v1")]})
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": INDEX, "digest": digest, "size": 9}]}


def _child(shelf: Shelf, name: str) -> dict[str, Any]:
    return {"mediaType": IMAGE, "digest": shelf.digest(name), "size": 9}


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("made", [cache, chart, artifact, restricted, nested])
@pytest.mark.parametrize("mount", ["ok", "refused"])
def test_whatever_the_registry_keeps_is_promoted_whole(
    ansible: Ansible, simulator: Simulator, mode: str, made: Any, mount: str
) -> None:
    simulator.load(shelves(mode, registry={"mount": mount}))
    app = Shelf(simulator, APP)
    digest = app.put("odd", made(app))
    found = repeated(ansible, simulator, TAG, promotion("odd"), "tags")
    assert outcomes(found.run) == {"prod": "written"}
    tool = Shelf(simulator, TOOL)
    assert tool.digest("prod") == digest
    assert tool.everything("prod") == app.everything("odd")


@pytest.mark.parametrize("allowed", [True, False])
def test_layers_that_are_kept_elsewhere_stay_there(ansible: Ansible, simulator: Simulator, allowed: bool) -> None:
    simulator.load(shelves(registry={"checks_urls": False}))
    app = Shelf(simulator, APP)
    urls = ["https://layers.example.com/1"]
    app.put("far", image(blob(app, b"{  }", CONFIG), blob(app, b"far away", RESTRICTED, urls=urls)))
    simulator.faults([{"count": 1, "action": "mutate", "set_registry": {"checks_urls": not allowed}}])
    task = ansible.module(TAG, promotion("far"))
    assert (task.status == "ok") is allowed, task.message
    if not allowed:
        assert "validation of manifests allows these addresses" in task.message
        assert outcomes(task) == {"prod": "not_written"}
    assert ("prod" in simulator.state()[TOOL]) is allowed


def test_what_can_not_be_promoted_is_told_in_check_mode(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(shelves())
    app = Shelf(simulator, APP)
    digest = str(app.digest("v1"))
    app.put("signature", referrer(app, digest, b"signature"))
    [task] = refused(ansible, simulator, TAG, promotion("signature"))
    assert f"{TOOL}:prod belongs to {digest}, which has to be in {TOOL} first" in task.message
    # With its image there, it can be.
    assert ansible.module(TAG, promotion("v1", "image")).status == "ok"
    found = repeated(ansible, simulator, TAG, promotion("signature"), "tags")
    assert outcomes(found.run) == {"prod": "written"}


@pytest.mark.parametrize("part", ["child", "layer"])
def test_an_image_that_is_not_whole_fails_in_check_mode(ansible: Ansible, simulator: Simulator, part: str) -> None:
    simulator.load(shelves("M2"))
    app = Shelf(simulator, APP)
    if part == "child":
        source = "multi"
        app.delete("manifests", app.manifest(source)["manifests"][0]["digest"])
    else:
        source = "restricted"
        app.put(source, restricted(app))
        app.delete("blobs", app.manifest(source)["layers"][0]["digest"])
    simulator.clear_log()
    for check in (True, False):
        task = ansible.module(TAG, promotion(source), check=check)
        assert task.failed
        assert "does not exist" in task.message
    assert writes(simulator.requests()) == []
