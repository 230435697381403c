# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recorded requests to GitLab's registry against the simulator: each on a server of its own, in a state of its own.

Earlier requests, of which not all are there, had made the state of the recorded servers, and what was pushed is not
recorded. So both are made of what the request is called and of what was answered; what is compared is what the server
makes of it: status, headers, lists, codes, the words and the shape of errors.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.verdicts import Disagrees, NotApplicable, Row, Verdict, first_difference
from tests.simulator.contents import (
    CONFIG,
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_LIST,
    IMAGE,
    INDEX,
    INDEXES,
    Document,
    blob_of,
    digest_of,
)
from tests.simulator.distribution_types import CACHE_CONFIG, FOREIGN_LAYER
from tests.simulator.inprocess import InProcessServer
from tests.simulator.jwt_auth import token_with
from tests.simulator.state import Project, Repository, State, Tag, Tags

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
RESTRICTED = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
UNREACHED = "the simulator has nothing of this"
HEADERS = ("docker-distribution-api-version", "allow", "link")
_TARGET = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|tags)/(?P<reference>.*)")
_DIGEST = re.compile(r"sha(256|512):[0-9a-f]+")


def registry_recording(row: Row) -> Verdict:
    asked, what = row["request"], row["what"]
    if not asked["method"]:
        return NotApplicable("it is what a command prints, see garbage_collections.jsonl")
    if asked["path"].startswith("/gitlab/"):
        return NotApplicable("GitLab alone asks below /gitlab/v1, where the simulator stands for both")
    if row["status"] == 429 or "while leased" in what and asked["method"] != "GET":
        return NotApplicable(f"{UNREACHED}: limits and renaming of the registry itself")
    server = _server(row)
    parts = urlsplit(asked["path"])
    body = _pushed(server.gitlab.state, row) if asked["method"] == "PUT" else b""
    headers = {"Accept": _accepted(what), "Content-Type": asked.get("content_type") or "", **_authorization(row)}
    answer = server.request(asked["method"], parts.path, parts.query, headers, body)
    return _compared(row, answer)


# The state before


def _server(row: Row) -> InProcessServer:
    what = row["what"]
    registry = {
        "auth": "token" if what.startswith("[token]") else "none",
        "version": row["registry"],
        "read_only": "[read-only]" in what,
        "deletes_enabled": "[delete disabled]" not in what,
        "checks_urls": "[validation disabled]" not in what,
    }
    users = [{"username": "root", "admin": True}]
    server = InProcessServer({"mode": row["mode"].upper(), "registry": registry, "users": users})
    state = server.gitlab.state
    for path in _repositories(row):
        project = _project(len(state.projects) + 1, path)
        state.projects[project.id] = project
        state.repositories[project.id] = Repository(
            id=project.id,
            project=project,
            name="",
            status=None,
            created_at=NOW,
            cleanup_policy_started_at=None,
            registry_state="ok",
            tags=Tags([]),
        )
    _fill(state, row)
    return server


def _project(number: int, path: str) -> Project:
    return Project(
        id=number,
        path=path,
        visibility="private",
        access_level="enabled",
        archived=False,
        members={},
        former_paths=[],
        shared_with=[],
        policy=None,
        tag_rules=[],
        repository_rules=[],
        created_at=NOW,
    )


def _repositories(row: Row) -> list[str]:
    """Those that there have to be."""
    what, shown = row["what"], _json(row["body"])
    listed = shown.get("repositories") if isinstance(shown, dict) else None
    if listed is not None:
        return _catalog(row, listed)
    target = _TARGET.match(urlsplit(row["request"]["path"]).path)
    if target is None or "NAME_UNKNOWN" in _codes(row) or "unknown repository" in what:
        return []
    if row["request"]["method"] == "POST" or row["status"] == 404 and "page not found" in row["body"]:
        return list({target["name"].lower(), dict(_query(row)).get("from", target["name"].lower())})
    return [target["name"]]


def _catalog(row: Row, listed: list[str]) -> list[str]:
    """What is listed, what the request names, and what has to follow or to be passed over."""
    if row["what"].startswith("[catalog M2]"):
        return ["team/app", "team/app/1", "team/lib", "team/tool"]
    last = dict(_query(row)).get("last")
    following = ["zzz/more"] if "Link" in row["headers"] else []
    return [*listed, *([last] if last else []), *following]


def _fill(state: State, row: Row) -> None:
    """The tags and images that the answer shows."""
    asked, shown = row["request"], _json(row["body"])
    target = _TARGET.match(urlsplit(asked["path"]).path)
    repository = state.repository_at(target["name"]) if target else None
    if target is None or repository is None or repository.tags is None:
        return
    tags = repository.tags
    if target["kind"] == "tags" and isinstance(shown, dict) and "tags" in shown:
        last = dict(_query(row)).get("last")
        for name in [*(shown["tags"] or ()), *([last] if last else [])]:
            _put(tags, target["name"], name)
        if row["mode"] == "m2":
            return
    elif target["kind"] == "blobs":
        digest = (
            target["reference"] if target["reference"].startswith("sha256:") else dict(_query(row)).get("mount", "")
        )
        source = state.repository_at(dict(_query(row)).get("from", target["name"]))
        if row["status"] < 300 and digest and source and source.tags is not None:
            source.tags.store.blobs[digest] = replace(blob_of(b"bytes"), digest=digest)
    elif asked["method"] in ("GET", "HEAD", "DELETE") and (row["status"] in (200, 202) or _is_there(row)):
        _show(tags, row, target["name"], target["reference"].removeprefix("reference/"))


def _is_there(row: Row) -> bool:
    """Whether what was not given or not deleted is there all the same."""
    refused = {"PROTECTED_TAG", "IMMUTABLE_TAG", "MANIFEST_REFERENCED", "PROTECTED_MANIFEST"} & set(_codes(row))
    return bool(refused) or "accept header" in row["body"] or row["status"] == 405


def _put(tags: Tags, path: str, name: str, digest: str | None = None, kind: str = IMAGE) -> None:
    tags.put(
        Tag(
            name=name,
            repository_path=path,
            media_type=kind,
            config=True,
            config_created=None,
            created_at=NOW,
            updated_at=None,
            published_at=None,
            size=1,
            own_digest=digest,
        )
    )


def _keep(tags: Tags, kind: str, content: bytes, digest: str | None = None) -> None:
    """A manifest without a tag. digest: None is that of its bytes."""
    tags.store.put_manifest(Document(digest=digest or digest_of(content), media_type=kind, content=content))


def _show(tags: Tags, row: Row, path: str, reference: str) -> None:
    """An image as it was answered, whole or not, by its tag or its digest."""
    headers, content = row["headers"], row["body"].encode()
    kind = headers.get("Content-Type", IMAGE)
    if "accept header" in row["body"]:
        kind = INDEX if "OCI index" in row["body"] else IMAGE
    elif row["what"].startswith("GET Docker list") and "images accepted" in row["what"]:
        _put_list(tags, headers["Docker-Content-Digest"], content, path, reference)
        return
    elif row["status"] != 200:
        kind, content = IMAGE, b"{}"
    digest = headers.get("Docker-Content-Digest") or (reference if ":" in reference else digest_of(content))
    _keep(tags, kind, content or b"{}", digest)
    if ":" not in reference:
        _put(tags, path, reference, digest, kind)
    if "MANIFEST_REFERENCED" in _codes(row):
        index = json.dumps({"manifests": [{"digest": reference, "mediaType": IMAGE, "size": 2}]}).encode()
        _keep(tags, INDEX, index)


def _put_list(tags: Tags, digest: str, content: bytes, path: str, reference: str) -> None:
    """A Docker list, of which an image was answered."""
    _keep(tags, DOCKER_IMAGE, content, digest)
    platform = {"os": "linux", "architecture": "amd64"}
    rows = [{"digest": digest, "mediaType": DOCKER_IMAGE, "size": 1, "platform": platform}]
    listing = json.dumps({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": rows}).encode()
    _keep(tags, DOCKER_LIST, listing)
    _put(tags, path, reference, digest_of(listing), DOCKER_LIST)


# What is sent


def _accepted(what: str) -> str:
    if "no Accept for OCI" in what:
        return DOCKER_IMAGE
    images = (IMAGE, DOCKER_IMAGE)
    return ", ".join(images if "images accepted only" in what else (*images, *INDEXES))


def _authorization(row: Row) -> dict[str, str]:
    what, target = row["what"], _TARGET.match(urlsplit(row["request"]["path"]).path)
    if not what.startswith("[token]") or "without a token" in what:
        return {}
    if "garbage" in what:
        return {"Authorization": "Bearer garbage"}
    if "catalog" in what:
        return {"Authorization": f"Bearer {token_with({'type': 'registry', 'name': 'catalog', 'actions': ['*']})}"}
    actions = ["pull", "push", "delete"]
    if "only" in what:
        actions = ["pull"]
    elif "with *" in what:
        actions = ["*"]
    names = [target["name"], dict(_query(row)).get("from")] if target else []
    granted = [
        {"type": "repository", "name": name, "actions": actions, "meta": _meta(row, target["reference"])}
        for name in names
        if target and name
    ]
    return {"Authorization": f"Bearer {token_with(*granted, lifetime=-600 if 'expired' in what else 300)}"}


def _meta(row: Row, reference: str) -> dict[str, Any]:
    """The rules by which the request was answered so."""
    what, codes = row["what"], _codes(row)
    denied, immutable = [], []
    if "six patterns" in what or "COUNT_LIMIT" in str(codes):
        denied = [f"p{number}" for number in range(6)]
    elif "broken" in what or "PROTECTION_PATTERN_INVALID" in str(codes):
        denied = ["("]
    elif "IMMUTABILITY_PATTERN_INVALID" in str(codes):
        immutable = ["("]
    elif "IMMUTABLE_TAG" in codes:
        immutable = [f"^{reference}$"]
    elif "a protected tag" in what or "PROTECTED_TAG" in codes:
        denied = [f"^{reference}$"]
    elif "patterns are there" in what or "PROTECTED_MANIFEST" in codes:
        denied, immutable = ["^prot-"], ["^imm-"]
    meta: dict[str, Any] = {"tag_deny_access_patterns": {"push": denied, "delete": denied}}
    return {**meta, "tag_immutable_patterns": immutable} if immutable else meta


def _pushed(state: State, row: Row) -> bytes:
    """A manifest of the kind that the request is called, with all that it needs but for what was found missing."""
    what, kind = row["what"], row["request"].get("content_type") or IMAGE
    target = _TARGET.match(urlsplit(row["request"]["path"]).path)
    repository = state.repository_at(target["name"]) if target else None
    tags = repository.tags if repository and repository.tags is not None else Tags([])
    missing = [error["detail"] for error in _errors(row) if error.get("code") == "MANIFEST_BLOB_UNKNOWN"]

    def blob(content: str, media_type: str, **more: Any) -> dict[str, Any]:
        made = blob_of(content.encode())
        tags.store.put_blob(made)
        return {"mediaType": media_type, "digest": made.digest, "size": made.size, **more}

    def image(name: str, media_type: str = IMAGE) -> dict[str, Any]:
        content = json.dumps({"schemaVersion": 2, "mediaType": media_type, "name": name}).encode()
        _keep(tags, media_type, content)
        return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}

    if "garbage" in what:
        return b"no manifest"
    manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": kind}
    docker = kind in (DOCKER_IMAGE, DOCKER_LIST)
    if kind in INDEXES:
        child = image("child", DOCKER_IMAGE if docker else IMAGE)
        if "index of an index" in what:
            child = image("inner", INDEX)
        manifest["manifests"] = [] if "without children" in what else [child]
        if "BuildKit" in what or "cache" in what:
            manifest["manifests"] = [blob("layer", LAYER), blob("{}", CACHE_CONFIG)]
    else:
        config = DOCKER_CONFIG if docker else CONFIG
        if "unknown config media type" in what:
            config = "application/vnd.example.odd.config.v1+json"
        if "sigstore" in what:
            config, manifest["artifactType"] = EMPTY, "application/vnd.dev.sigstore.bundle.v0.3+json"
        manifest |= {"config": blob("{ }", config), "layers": [blob("layer", LAYER)]}
        if "non-distributable" in what or "foreign" in what:
            urls = {"urls": ["https://layers.example.com/1"]} if "with URL" in what else {}
            manifest["layers"].append(blob("far away", FOREIGN_LAYER if docker else RESTRICTED, **urls))
            if missing and "that was pushed" not in what:
                tags.store.gone.add(manifest["layers"][-1]["digest"])
    if "unknown child" in what and missing:
        manifest["manifests"][0]["digest"] = missing[0]
    if "subject" in what:
        lost = {"mediaType": IMAGE, "digest": missing[0] if missing else "sha256:" + "0" * 64, "size": 3}
        manifest["subject"] = lost if missing or "unknown subject" in what else image("subject")
    if "without mediaType" in what or "as application/json" in what:
        del manifest["mediaType"]
    if "mediaType is not its Content-Type" in what:
        manifest["mediaType"] = DOCKER_IMAGE
    content = json.dumps(manifest).encode()
    if target and ":" in target["reference"] and row["status"] == 201:
        row["request"]["path"] = f"/v2/{target['name']}/manifests/{digest_of(content)}"
    return content


# What is compared


def _compared(row: Row, answer: tuple[int, dict[str, str], bytes]) -> Verdict:
    status, sent, content = answer
    wanted = {name.lower(): value for name, value in row["headers"].items()}
    headers = {name.lower(): value for name, value in sent.items()}
    own = sorted(name for name in {*wanted, *headers} if name.startswith("gitlab-"))
    shown = ("docker-content-digest", "location")
    found = first_difference(
        ("status", row["status"], status),
        ("headers", {name: wanted.get(name) for name in own}, {name: headers.get(name) for name in own}),
        *((name, wanted.get(name), headers.get(name)) for name in HEADERS),
        *((name, name in wanted, name in headers) for name in shown),
        ("challenge", _challenge(wanted), _challenge(headers)),
    )
    if isinstance(found, Disagrees) or row["request"]["method"] == "HEAD":
        return found
    kinds = (wanted.get("content-type", "").split(";")[0], headers.get("content-type", "").split(";")[0])
    empty = not row["body"]
    return first_difference(
        ("content type", "" if empty else kinds[0], "" if empty else kinds[1]),
        ("body", _shape(row["body"]), _shape(content.decode())),
    )


def _challenge(headers: dict[str, str]) -> dict[str, str] | None:
    """All that a challenge says but for where tokens are to be had."""
    text = headers.get("www-authenticate")
    return {key: value for key, value in re.findall(r'(\w+)="([^"]*)"', text) if key != "realm"} if text else None


def _shape(text: str) -> Any:
    """Lists and errors as they are, without digests; of an image nothing."""
    found = _json(text)
    if not isinstance(found, dict):
        return text
    if "errors" in found:
        return [_error(row) for row in found["errors"]]
    return found if {"repositories", "tags"} & found.keys() or not found else "an image"


def _error(row: dict[str, Any]) -> list[Any]:
    detail = row.get("detail")
    text = json.dumps(detail, sort_keys=True) if detail else ""
    if row["code"] == "MANIFEST_INVALID" and "unknown media type" not in text:
        # What reads the JSON there has words of its own.
        text = ""
    return [row["code"], row["message"], _DIGEST.sub("sha256:", text)]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _errors(row: Row) -> list[dict[str, Any]]:
    found = _json(row["body"])
    rows = found.get("errors") if isinstance(found, dict) else None
    return rows if isinstance(rows, list) else []


def _codes(row: Row) -> list[str]:
    return [str(error.get("code")) for error in _errors(row)]


def _query(row: Row) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(row["request"]["path"]).query)
