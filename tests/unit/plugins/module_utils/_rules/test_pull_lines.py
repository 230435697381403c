# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines as registries and proxies write them, and what they say of pulls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pull_lines import (
    Entry,
    entries_of,
    is_reference,
)
from tests.unit.models import digest

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
DOCKER = "docker/24.0.5 go/go1.20.3 git-commit/a61e2b4 kernel/5.15.0 os/linux arch/amd64"
# As labkit of GitLab's registry writes a request.
GITLAB: dict[str, Any] = {
    "content_type": "application/vnd.docker.distribution.manifest.v2+json",
    "correlation_id": "01JKY0ZMDMP25HMMVS01X5ANNH",
    "duration_ms": 3,
    "host": "registry.example.com",
    "level": "info",
    "method": "GET",
    "msg": "access",
    "proto": "HTTP/1.1",
    "referrer": "",
    "remote_addr": "172.24.0.1:35512",
    "remote_ip": "192.0.2.7",
    "status": 200,
    "system": "http",
    "time": "2026-06-01T12:00:00.740Z",
    "ttfb_ms": 3,
    "uri": "/v2/team/app/manifests/v1",
    "user_agent": DOCKER,
    "written_bytes": 528,
}
# As Docker's registry writes it with formatter json.
DISTRIBUTION: dict[str, Any] = {
    "go.version": "go1.20.8",
    "http.request.host": "registry.example.com",
    "http.request.id": "f42d96f2-ccf0-4617-b6f6-0095b6cef91e",
    "http.request.method": "HEAD",
    "http.request.remoteaddr": "192.0.2.7:42144",
    "http.request.uri": "/v2/team/app/manifests/v1",
    "http.request.useragent": DOCKER,
    "http.response.contenttype": "application/vnd.oci.image.manifest.v1+json",
    "http.response.duration": "3.671299ms",
    "http.response.status": 200,
    "http.response.written": 528,
    "level": "info",
    "msg": "response completed",
    "time": "2026-06-01T12:00:00.218648466Z",
}
TARGET: dict[str, Any] = {
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "size": 528,
    "digest": digest("a"),
    "length": 528,
    "repository": "team/app",
    "url": f"https://registry.example.com/v2/team/app/manifests/{digest('a')}",
    "tag": "v1",
}
EVENT: dict[str, Any] = {
    "id": "d5586c1f-369d-4755-9344-9ca3c68547f9",
    "timestamp": "2026-06-01T12:00:00.259211917Z",
    "action": "pull",
    "target": TARGET,
    "request": {
        "id": "0e5ab677",
        "addr": "192.0.2.7",
        "host": "registry.example.com",
        "method": "GET",
        "useragent": DOCKER,
    },
    "actor": {"name": "deployer"},
    "source": {"addr": "registry-588877cbd4-kwh6h:5000", "instanceID": "118c3da3"},
}
TRAEFIK: dict[str, Any] = {
    "ClientHost": "192.0.2.7",
    "DownstreamStatus": 200,
    "RequestHost": "registry.example.com",
    "RequestMethod": "GET",
    "RequestPath": "/v2/team/app/manifests/v1",
    "StartUTC": "2026-06-01T11:59:59.9Z",
    "request_User-Agent": DOCKER,
    "time": "2026-06-01T12:00:00Z",
}
CADDY: dict[str, Any] = {
    "level": "info",
    "ts": 1780315200.5241024,
    "logger": "http.log.access.log0",
    "msg": "handled request",
    "request": {
        "remote_ip": "192.0.2.7",
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "registry.example.com",
        "uri": "/v2/team/app/manifests/v1",
        "headers": {"User-Agent": [DOCKER], "Accept-Encoding": ["gzip"]},
    },
    "size": 528,
    "status": 200,
}
NGINX: dict[str, Any] = {
    "time_iso8601": "2026-06-01T14:00:00+02:00",
    "remote_addr": "192.0.2.7",
    "request_method": "GET",
    "request_uri": "/v2/team/app/manifests/v1",
    "status": "200",
    "http_user_agent": DOCKER,
}
COMBINED = f'192.0.2.7 - - [01/Jun/2026:14:00:00 +0200] "GET /v2/team/app/manifests/v1 HTTP/1.1" 200 528 "-" "{DOCKER}"'
TEXT = (
    'time="2026-06-01T12:00:00.221Z" level=info msg="response completed" go.version=go1.16.13 http.request.method=GET '
    f'http.request.uri="/v2/team/app/manifests/v1" http.request.useragent="{DOCKER}" http.response.status=200'
)
GITLAB_TEXT = (
    'time="2026-06-01T12:00:00Z" level=info msg=access correlation_id=01JKY0 host="localhost:5000" method=GET '
    f'proto=HTTP/1.1 referrer= status=200 system=http ttfb_ms=3 uri=/v2/team/app/manifests/v1 user_agent="{DOCKER}"'
)
PULLED = (Entry(NOON, image="team/app:v1", agent=DOCKER),)
SEEN = (Entry(NOON),)


def line(record: dict[str, Any], **changes: Any) -> str:
    found = {**record, **{key.replace("__", "."): value for key, value in changes.items()}}
    return json.dumps({key: value for key, value in found.items() if value is not None}, separators=(",", ":"))


def event(**changes: Any) -> str:
    return line(EVENT, target={**TARGET, **changes})


@pytest.mark.parametrize(
    "text",
    [
        line(GITLAB),
        line(GITLAB, method="HEAD"),
        line(GITLAB, status=304),
        line(GITLAB, status=206),
        line(DISTRIBUTION),
        line(TRAEFIK),
        line(CADDY),
        line(NGINX),
        line(NGINX, time_iso8601=None, time_local="01/Jun/2026:14:00:00 +0200"),
        line(NGINX, time_iso8601=None, msec="1780315200.218"),
        line(NGINX, time_iso8601=None, msec=1780315200218),
        line(NGINX, request_method=None, request_uri=None, request="GET /v2/team/app/manifests/v1 HTTP/2.0"),
        line(NGINX, request_method=None, request_uri=None, request="GET  /v2/team/app/manifests/v1  HTTP/1.1"),
        # $uri is what a rule of nginx made of $request_uri, or the other way round.
        line(NGINX, uri="/registry/internal"),
        line(NGINX, request_uri="/app:v1", uri="/v2/team/app/manifests/v1"),
        line(NGINX, request_uri="/app:v1", request="GET /v2/team/app/manifests/v1 HTTP/2.0"),
        line(NGINX, request="GET /app:v1 HTTP/2.0"),
        line(CADDY, request={"method": "GET", "headers": {"User-Agent": [DOCKER]}}, uri="/v2/team/app/manifests/v1"),
        COMBINED,
        TEXT,
        GITLAB_TEXT,
        # What other programs put before a line, or around it.
        f"2026-06-01T12:00:00.221Z stdout F {line(GITLAB)}",
        f"Jun  1 12:00:00 host registry[812]: {line(GITLAB)}",
        f"2026-06-01_12:00:00.22145 {TEXT}",
        f"time= level= {line(GITLAB)}",
        f"gitlab-nginx-1 | {COMBINED}",
        f"caddy-1 | {line(CADDY)}",
        json.dumps({"log": line(GITLAB) + "\n", "stream": "stdout", "time": "2026-06-01T12:00:01Z"}),
        json.dumps({"log": COMBINED + "\n", "stream": "stderr", "time": "2026-06-01T12:00:01Z"}),
        f"  {line(GITLAB)}\r\n",
    ],
)
def test_a_pull_is_found_in_every_format(text: str) -> None:
    assert tuple(entries_of(text) or ()) == PULLED


def test_notifications_tell_tag_and_digest() -> None:
    image = f"team/app:v1@{digest('a')}"
    assert entries_of(line(EVENT)) == [Entry(NOON, image=image, agent=DOCKER)]
    assert entries_of(json.dumps({"events": [EVENT, {**EVENT, "action": "push"}]})) == [
        Entry(NOON, image=image, agent=DOCKER),
        Entry(NOON),
    ]
    assert entries_of(event(tag="")) == [Entry(NOON, image=f"team/app@{digest('a')}", agent=DOCKER)]
    assert entries_of(event(digest=None)) == [Entry(NOON, image="team/app:v1", agent=DOCKER)]
    assert entries_of(line(EVENT, request=None)) == [Entry(NOON, image=image)]
    assert entries_of(line(EVENT, request={})) == [Entry(NOON, image=image)]
    # A part of a path may be called as what tells layers.
    blobs = "https://registry.example.com/v2/team/blobs/app/manifests/v1"
    assert entries_of(event(repository="team/blobs/app", url=blobs)) == [
        Entry(NOON, image=image.replace("team/", "team/blobs/"), agent=DOCKER)
    ]
    # Of layers there are no tags.
    assert entries_of(event(mediaType="application/octet-stream", tag=None, url=None)) == [Entry(NOON)]
    assert entries_of(event(url="https://registry.example.com/v2/team/app/blobs/sha256:1")) == [Entry(NOON)]
    assert entries_of('{"events":[]}') == []


@pytest.mark.parametrize(
    "text",
    [
        line(EVENT, timestamp="yesterday"),
        line(EVENT, target="team/app"),
        event(repository=None),
        event(tag=None, digest=None),
        json.dumps({"events": [EVENT, 5]}),
        json.dumps({"events": [EVENT, {**EVENT, "timestamp": None}]}),
    ],
)
def test_a_notification_that_can_not_be_read(text: str) -> None:
    assert entries_of(text) is None


@pytest.mark.parametrize(
    ("uri", "image"),
    [
        ("/v2/team/app/manifests/v1?ns=registry.example.com", "team/app:v1"),
        ("/v2/team/app/manifests/v1/", "team/app:v1"),
        ("/v2/team/app/manifests/vX", "team/app:vX"),
        # What servers take for the same address.
        ("/v2//team/app//manifests/v1", "team/app:v1"),
        ("//v2/team/./app/manifests/v1", "team/app:v1"),
        ("/v2/team/web/../app/manifests/v1", "team/app:v1"),
        ("/v2/team/app/%6danifests/v1", "team/app:v1"),
        ("/%76%32/team/app/manifest%73/v%31", "team/app:v1"),
        (f"/v2/team/app/manifests/{digest('a')}", f"team/app@{digest('a')}"),
        (f"/v2/team/app/manifests/{digest('a').replace(':', '%3A')}", f"team/app@{digest('a')}"),
        (f"/v2/team/app/manifests/{digest('a').replace(':', '%3a')}", f"team/app@{digest('a')}"),
        ("/v2/team%2Fapp/manifests/v1", "team/app:v1"),
        ("/v2/team/manifests/app/manifests/v1", "team/manifests/app:v1"),
        ("/v2/team/v2/app/manifests/v1", "team/v2/app:v1"),
        ("/nested/registry/v2/team/app/manifests/v1", "team/app:v1"),
        ("https://registry.example.com/v2/team/app/manifests/v1", "team/app:v1"),
        ("/v2/", ""),
        ("/v2/_catalog", ""),
        ("/v2/team/app/tags/list?n=100", ""),
        (f"/v2/team/app/blobs/{digest('a')}", ""),
        ("/v2/team/app/tags/list?from=/v2/team/app/manifests/v1", ""),
        ("/v2/team/app/manifests/v1?from=/v2/a/manifests/b", "team/app:v1"),
        ("/v2/team/app/manifests/v1#\n/v2/a/manifests/b", "team/app:v1"),
        ("/v2//manifests/v1", ""),
        ("/v1/team/app/manifests/v1", ""),
    ],
)
def test_what_an_address_names(uri: str, image: str) -> None:
    [entry] = entries_of(line(GITLAB, uri=uri)) or ()
    assert entry.image == image


@pytest.mark.parametrize(
    "text", ["team/app:-v1", "team/app:v 1", "team/../app:v1", "Team App:v1", "team/app:" + "a" * 129]
)
def test_no_tag_and_no_repository_is_called_that(text: str) -> None:
    assert not is_reference(text)
    assert is_reference("team/app:v1")


@pytest.mark.parametrize(
    "text",
    [
        line(GITLAB, status=401),
        line(GITLAB, status=404),
        line(GITLAB, status=199),
        line(GITLAB, status=400),
        line(GITLAB, method="PUT", status=201),
        line(GITLAB, method="DELETE", status=202),
        line(GITLAB, uri="/v2/"),
        line(NGINX, status="499"),
        COMBINED.replace(" 200 ", " 404 "),
        COMBINED.replace("GET /v2/team/app/manifests/v1 HTTP/1.1", r"\x16\x03\x01"),
        line(NGINX, request_method=None, request_uri=None, request=""),
    ],
)
def test_a_request_that_is_no_pull(text: str) -> None:
    assert entries_of(text) == SEEN


@pytest.mark.parametrize("status", ["-", "ok", "2000", 20])
def test_a_status_that_is_none_may_be_of_a_pull(status: Any) -> None:
    assert entries_of(line(GITLAB, status=status)) == PULLED


@pytest.mark.parametrize(
    "text",
    [
        # Lines of the application.
        line(GITLAB, msg="router info", uri=None, status=None, path="/v2/team/app/manifests/v1"),
        line(DISTRIBUTION, msg="authorized request", http__response__status=None),
        line(DISTRIBUTION, http__request__uri=None),
        line(DISTRIBUTION, http__request__method=None),
        '{"level":"warning","msg":"instrumentation init","time":"2026-06-01T12:00:00Z"}',
        "{}",
        '{"action":"pull","level":"info"}',
        '{"target":"team/app","level":"info"}',
        '{"log":"oops"}',
        '{"stream":"stdout"}',
        'time="2026-06-01T12:00:00Z" level=info msg="redis not configured" go.version=go1.20.8',
        'time="2026-06-01T12:00:00Z" level=info msg="a \\"b" go.version=go1.20.8',
    ],
)
def test_a_line_that_is_about_no_request(text: str) -> None:
    assert entries_of(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "\tnet/http.(*conn).serve(0xc0001a2000, {0x55d0, 0xc0})",
        line(GITLAB)[:-20],
        line(GITLAB)[20:],
        line(GITLAB) + line(GITLAB),
        COMBINED[:60],
        TEXT[: TEXT.index("http.response.status") + 4],
        GITLAB_TEXT[: GITLAB_TEXT.index(" status=") + 4],
        TEXT[: TEXT.index("completed")],
        TEXT[: TEXT.index("msg=") + 2],
        TEXT[:10],
        "level=info msg=hello",
        '["GET", "/v2/team/app/manifests/v1"]',
        "\0\0\0\0" + line(GITLAB),
        line(GITLAB, time=None),
        line(GITLAB, time="2026-06-01T12:00:00"),
        line(GITLAB, time="2026-06-31T12:00:00Z"),
        line(GITLAB, time="01/Foo/2026:14:00:00 +0200"),
        line(GITLAB, time="2026-06-01T12:00:00+25:00"),
        line(GITLAB, time=True),
        line(GITLAB, time=5),
        # By the clock of a machine that does not know the time yet.
        line(GITLAB, time="1970-01-01T00:00:09Z"),
        line(GITLAB, time="1999-12-31T23:59:59Z"),
        line(GITLAB, time="0001-01-01T00:00:00+14:00"),
        line(GITLAB, time=315532800),
        COMBINED.replace("2026", "1980"),
        line(GITLAB, time=[]),
        "{" * 100_000,
    ],
)
def test_a_line_that_can_not_be_read(text: str) -> None:
    assert entries_of(text) is None


def test_the_client_is_told_as_far_as_the_line_tells_it() -> None:
    quoted = COMBINED.replace(DOCKER, r"a \"b\" c")
    for text, agent in (
        (line(GITLAB, user_agent=None), ""),
        (line(CADDY, request={**CADDY["request"], "headers": {"User-Agent": []}}), ""),
        (line(CADDY, request={**CADDY["request"], "headers": {}}), ""),
        (TEXT.replace(DOCKER, r"a \"b\" c"), 'a "b" c'),
        (quoted, r"a \"b\" c"),
        (COMBINED.partition(' "-"')[0], ""),
    ):
        [entry] = entries_of(text) or ()
        assert (entry.image, entry.agent) == ("team/app:v1", agent)


@given(
    st.text()
    | st.sampled_from([line(GITLAB), line(EVENT), COMBINED, TEXT]).flatmap(
        lambda text: st.integers(0, len(text)).map(lambda end: text[:end])
    )
)
def test_any_line_is_read_or_not(text: str) -> None:
    for entry in entries_of(text) or ():
        assert isinstance(entry.time, float)
        assert is_reference(entry.image) in (True, False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([GITLAB, DISTRIBUTION, EVENT, TRAEFIK, CADDY, NGINX]), st.data())
def test_any_value_in_any_place_is_read_or_not(record: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(record)))
    for entry in entries_of(json.dumps({**record, key: data.draw(_JSON)})) or ():
        assert isinstance(entry.time, float)
        assert is_reference(entry.image) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        line(GITLAB, uri="/v2/" * 250_000 + "manifests"),
        "time= " + "a" * 1_000_000,
        'time= a="' * 100_000,
        "[" * 1_000_000,
        "[01/Jun/2026:14:00:00 +0200] " * 30_000,
        '[01/Jun/2026:14:00:00 +0200] "' + "\\" * 1_000_000,
    ],
    ids=["address", "word", "quotes", "brackets", "times", "backslashes"],
)
def test_no_line_takes_long(text: str) -> None:
    """The work grows with the length of a line, and not with its square."""
    start = process_time()
    entries_of(text)
    assert process_time() - start < 5
