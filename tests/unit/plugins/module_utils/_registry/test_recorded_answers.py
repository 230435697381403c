# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab's own registry answered, given to what understands answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError
from ansible_collections.containerops.gitlab.plugins.module_utils._core.oci import digest_of
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._registry.api import (
    VersionCheck,
    check_version,
    check_writable,
    current_digest,
    delete_tag,
    read_manifest,
    tag_names,
)
from tests.tools.collection import ROOT
from tests.unit.registry_serving import RegistryServer

TABLE = ROOT / "tests/conformance/tables/registry_recordings.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text().splitlines()]
MODES = {"m1": Mode.DATABASE, "m2": Mode.NO_DATABASE}
BY_RULE = {"PROTECTED_TAG", "IMMUTABLE_TAG", "PROTECTED_MANIFEST", "TAG_PATTERN_COUNT_LIMIT_EXCEEDED"}


def rows_of(method: str, part: str) -> list[Any]:
    found = [row for row in ROWS if row["request"]["method"] == method and part in row["request"]["path"]]
    found = [row for row in found if row["request"]["path"].startswith("/v2/") and row["status"] != 301]
    return [pytest.param(row, id=f"{row['registry'][:4]}-{row['mode']}-{row['what']}") for row in found]


def serve(server: RegistryServer, row: dict[str, Any], method: str, path: str) -> None:
    headers = {name: value for name, value in row["headers"].items() if name != "Content-Length"}
    server.fake.answers[f"{method} {path}"] = (row["status"], headers, row["body"].encode())


def codes(row: dict[str, Any]) -> set[str]:
    try:
        return {error["code"] for error in json.loads(row["body"]).get("errors", ())}
    except ValueError:
        return set()


@pytest.mark.parametrize("row", rows_of("GET", "/tags/list"))
def test_listings(server: RegistryServer, row: dict[str, Any]) -> None:
    path = urlsplit(row["request"]["path"]).path.removeprefix("/v2/").removesuffix("/tags/list")
    for query in ("n=1000", "n=1000&last=x"):
        serve(server, row, "GET", f"/{path}/tags/list?{query}")
    if row["status"] == 200 and "Link" not in row["headers"]:
        assert tag_names(server.registry(), path) == (json.loads(row["body"])["tags"] or [])
    elif codes(row) == {"NAME_UNKNOWN"}:
        assert tag_names(server.registry(), path) is None
    elif row["status"] != 200:
        with pytest.raises(RequestError):
            tag_names(server.registry(retries=0), path)


@pytest.mark.parametrize("row", rows_of("GET", "/v2/"))
def test_manifests(server: RegistryServer, row: dict[str, Any]) -> None:
    name, found, reference = urlsplit(row["request"]["path"]).path.removeprefix("/v2/").partition("/manifests/")
    if not found:
        return
    serve(server, row, "GET", f"/{name}/manifests/{reference}")
    if "MANIFEST_UNKNOWN" in codes(row):
        assert read_manifest(server.registry(), name, reference) is None
    elif row["status"] == 200 and len(row["body"]) < 4000 and row["body"].startswith("{"):
        digest = row["headers"]["Docker-Content-Digest"]
        if digest_of(row["body"].encode()) != digest:
            # The recording is not the whole body.
            with pytest.raises(RequestError, match="does not match its digest"):
                read_manifest(server.registry(), name, reference)
            return
        manifest = read_manifest(server.registry(), name, reference)
        assert manifest
        assert manifest.digest == digest
    else:
        with pytest.raises(RequestError):
            read_manifest(server.registry(retries=0), name, reference)


@pytest.mark.parametrize("row", rows_of("HEAD", "/manifests/"))
def test_digests(server: RegistryServer, row: dict[str, Any]) -> None:
    path, _part, reference = row["request"]["path"].removeprefix("/v2/").partition("/manifests/")
    serve(server, row, "HEAD", f"/{path}/manifests/{reference}")
    missing = {**row, "body": '{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'}
    serve(server, missing, "GET", f"/{path}/manifests/{reference}")
    digest = current_digest(server.registry(), path, reference)
    assert digest == (row["headers"].get("Docker-Content-Digest") if row["status"] == 200 else None)


@pytest.mark.parametrize("row", rows_of("DELETE", "/manifests/"))
def test_deletions(server: RegistryServer, row: dict[str, Any]) -> None:
    serve(server, row, "DELETE", "/a/b/manifests/v1")
    if row["status"] == 202 or codes(row) & {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}:
        assert delete_tag(server.registry(), "a/b", "v1").status == row["status"]
        return
    with pytest.raises(RequestError) as caught:
        delete_tag(server.registry(), "a/b", "v1")
    error = caught.value
    refused = bool(codes(row) & BY_RULE) or "PATTERN_INVALID" in row["body"]
    # Only a token that is not taken is a reason to ask again, and to stop.
    assert error.kind.stops_task is (row["status"] == 401 and not refused)
    assert len(server.requests_to("/v2/")) == (2 if row["status"] == 401 and not refused else 1)
    if "[read-only]" in row["what"]:
        assert "the registry is in read-only mode" in str(error)
    if "[delete disabled]" in row["what"]:
        assert "deletion is disabled" in str(error)


@pytest.mark.parametrize("row", rows_of("OPTIONS", "/manifests/"))
def test_read_only_mode(server: RegistryServer, row: dict[str, Any]) -> None:
    serve(server, row, "OPTIONS", "/a/b/manifests/latest")
    if "[read-only]" in row["what"]:
        with pytest.raises(RequestError, match="read-only mode"):
            check_writable(server.registry(), "a/b", "delete tags")
    else:
        check_writable(server.registry(), "a/b", "delete tags")


@pytest.mark.parametrize("row", [row for row in ROWS if row["what"] == "version check"])
def test_what_it_says_of_itself(server: RegistryServer, row: dict[str, Any]) -> None:
    serve(server, row, "GET", "/")
    found = check_version(server.registry(), ("repository:a/b:pull",))
    assert found == VersionCheck(MODES[row["mode"]], deletes_by_name=True)
