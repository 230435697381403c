# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on command, the clock, the rate limit, latency."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.simulator.harness import ControlError

from .helpers import CLOCK, Client, default_scenario

APP = "/projects/1/registry/repositories"
TAGS = f"{APP}/100/tags"


def test_a_fault_hits_the_first_requests_that_match(gitlab: Client) -> None:
    gitlab.simulator.faults([{"method": "GET", "path": "/tags$", "first": 2, "action": "status", "status": 502}])
    statuses = [gitlab.rest(path).status_code for path in (TAGS, APP, TAGS, TAGS)]
    assert statuses == [502, 200, 502, 200]


def test_a_fault_can_wait_for_its_turn(gitlab: Client) -> None:
    gitlab.simulator.faults([{"path": "/tags", "nth": 2, "count": 1, "action": "status", "status": 500}])
    assert [gitlab.rest(TAGS).status_code for _time in range(3)] == [200, 500, 200]


@pytest.mark.parametrize(
    ("fault", "status", "kind", "body"),
    [
        (
            {"action": "status", "status": 418, "json": {"a": 1}, "headers": {"X-A": "b"}},
            418,
            "application/json",
            '{"a":1}',
        ),
        ({"action": "status", "status": 429, "body_text": "Retry later\n"}, 429, "text/plain", "Retry later\n"),
        ({"action": "json", "json": [None]}, 200, "application/json", "[null]"),
    ],
)
def test_an_answer_can_be_replaced(gitlab: Client, fault: dict[str, Any], status: int, kind: str, body: str) -> None:
    gitlab.simulator.faults([fault])
    answer = gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (status, kind, body)
    assert answer.headers.get("X-A") == fault.get("headers", {}).get("X-A")
    assert gitlab.simulator.state()["team/app"] == ["a", "b", "c"]


def test_a_proxys_page(gitlab: Client) -> None:
    gitlab.simulator.faults([{"action": "html"}])
    answer = gitlab.rest(TAGS)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("action", "left"), [("reset_before", ["a", "b", "c"]), ("reset_after", ["b", "c"])])
def test_a_connection_is_reset_before_or_after_the_effect(gitlab: Client, action: str, left: list[str]) -> None:
    gitlab.simulator.faults([{"method": "DELETE", "first": 1, "action": action}])
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        gitlab.rest(f"{TAGS}/a", method="DELETE")
    assert gitlab.simulator.state()["team/app"] == left
    [entry] = gitlab.simulator.requests()
    assert (entry["status"], entry["fault"], entry["write"]) == (None, action, True)
    assert gitlab.rest(TAGS).status_code == 200


def test_a_body_can_be_cut_short(gitlab: Client) -> None:
    gitlab.simulator.faults([{"action": "truncate", "keep": 10}])
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="10 bytes read"):
        gitlab.rest(TAGS)


def test_a_fault_can_pick_graphql_by_its_body(gitlab: Client) -> None:
    gitlab.simulator.faults([{"kind": "graphql", "body": "currentUser", "action": "status", "status": 503}])
    assert gitlab.graphql("{ currentUser { id } }").status_code == 503
    assert gitlab.graphql("{ metadata { version } }").status_code == 200
    assert gitlab.rest("/user").status_code == 200


@pytest.mark.parametrize(("when", "seen"), [("before", "b"), ("after", "a")])
def test_the_state_can_change_in_between(gitlab: Client, when: str, seen: str) -> None:
    before = {tag["name"]: tag["digest"] for tag in gitlab.simulator.tags("team/app")}
    push = {"repository": "team/app", "name": "a", "digest": "sha256:" + "b" * 64, "updated_at": CLOCK}
    gitlab.simulator.faults([{"path": "/tags/a$", "first": 1, "action": "mutate", "when": when, "set_tag": push}])
    digests = [gitlab.rest(f"{TAGS}/a").json()["digest"] for _time in range(2)]
    assert digests == [before["a"] if seen == "a" else push["digest"], push["digest"]]
    [tag] = [tag for tag in gitlab.simulator.tags("team/app") if tag["name"] == "a"]
    assert tag["published_at"] == tag["updated_at"] == CLOCK


def test_more_than_tags_can_change(gitlab: Client) -> None:
    gitlab.simulator.faults(
        [
            {
                "first": 1,
                "action": "mutate",
                "add_tag": {"repository": "team/app", "name": "new"},
                "remove_tag": [{"repository": "team/app", "name": "a"}, {"repository": "team/app", "name": "b"}],
                "set_repository": {"repository": "team/app/web", "registry_state": "unreachable"},
                "set_project": {"path": "team/sub/tool", "access_level": "disabled"},
                "advance": 60,
            }
        ]
    )
    assert [tag["name"] for tag in gitlab.rest(TAGS).json()] == ["c", "new"]
    assert gitlab.rest(f"{APP}/101/tags").status_code == 503
    assert gitlab.rest("/projects/2/registry/repositories").status_code == 403
    assert gitlab.rest("/user").headers["Date"] == "Mon, 01 Jun 2026 12:01:00 GMT"


def test_faults_add_up_and_can_be_cleared(gitlab: Client) -> None:
    gitlab.simulator.faults([{"action": "delay", "seconds": 0.05}])
    gitlab.simulator.faults([{"action": "status", "status": 500}])
    started = time.monotonic()
    assert gitlab.rest("/user").status_code == 500
    assert time.monotonic() - started >= 0.05
    gitlab.simulator.clear_faults()
    assert gitlab.rest("/user").status_code == 200


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"action": "explode"}, "faults[0].action: must be one of status, json"),
        ({"action": "status"}, "faults[0].status: is missing"),
        ({"action": "status", "status": 500, "path": "["}, "is no regular expression"),
        ({"action": "html", "pth": "x"}, "unknown keys: pth"),
        ({"action": "mutate"}, "mutate needs one of"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(gitlab: Client, fault: dict[str, Any], text: str) -> None:
    with pytest.raises(ControlError, match=".") as refusal:
        gitlab.simulator.faults([fault])
    assert text in str(refusal.value)


def test_latency_counts_the_requests_to_the_registry(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(mode="M2"))
    gitlab.simulator.latency(request=0.02, registry=0.03)
    started = time.monotonic()
    gitlab.rest(f"{TAGS}/a")
    assert time.monotonic() - started >= 0.02 + 3 * 0.03


def test_the_clock_stands_until_it_is_moved(gitlab: Client) -> None:
    assert (
        gitlab.rest("/user").headers["Date"] == gitlab.rest("/user").headers["Date"] == "Mon, 01 Jun 2026 12:00:00 GMT"
    )
    assert gitlab.simulator.clock(advance=90) == "2026-06-01T12:01:30Z"
    assert gitlab.simulator.clock("2030-01-01T00:00:00+01:00") == "2029-12-31T23:00:00Z"
    assert gitlab.rest("/nope").headers["Date"] == "Mon, 31 Dec 2029 23:00:00 GMT"


def test_an_answer_has_one_date_or_none(gitlab: Client) -> None:
    def dates() -> list[str]:
        with requests.get(f"{gitlab.simulator.api_url}/user", stream=True, timeout=20) as answer:
            return list(answer.raw.headers.getlist("date"))

    assert dates() == ["Mon, 01 Jun 2026 12:00:00 GMT"]
    gitlab.simulator.load(default_scenario(omit_date=True))
    assert dates() == []


def test_every_answer_has_a_request_id_of_its_own(gitlab: Client) -> None:
    found = [gitlab.rest(path).headers["X-Request-Id"] for path in ("/user", "/nope", TAGS)]
    assert len(set(found)) == 3


def test_the_rate_limit_answers_in_text_and_passes(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(rate_limit={"requests": 3, "retry_after": 600}))
    answers = [gitlab.rest(f"{TAGS}/a", method="DELETE") for _time in range(3)] + [gitlab.rest("/user")]
    assert [answer.status_code for answer in answers] == [200, 403, 403, 429]
    limited = answers[-1]
    assert (limited.headers["Content-Type"], limited.text) == ("text/plain", "Retry later\n")
    assert 500 < int(limited.headers["Retry-After"]) <= 600
    assert limited.headers["RateLimit-Limit"] == "1"
    assert limited.headers["RateLimit-Remaining"] == "0"
    assert gitlab.rest("/user", "owner").status_code == 200
    gitlab.simulator.clock(advance=601)
    assert gitlab.rest("/user").status_code == 200


def test_rest_and_graphql_may_have_limits_of_their_own(gitlab: Client) -> None:
    limits = {"api": {"requests": 2, "retry_after": 600}, "web": {"requests": 1, "retry_after": 60}}
    gitlab.simulator.load(default_scenario(rate_limit=limits))
    query = "{ currentUser { id } }"
    assert [gitlab.graphql(query).status_code for _time in range(2)] == [200, 429]
    assert [gitlab.rest("/user").status_code for _time in range(3)] == [200, 200, 429]
    assert gitlab.graphql(query).headers["RateLimit-Name"] == "throttle_authenticated_web"
    assert gitlab.rest("/user").headers["RateLimit-Name"] == "throttle_authenticated_api"
    assert gitlab.rest("/version", None).status_code == 401
    assert gitlab.send("GET", f"{gitlab.simulator.url}/jwt/auth", "maintainer").status_code == 429
    gitlab.simulator.clock(advance=61)
    assert gitlab.graphql(query).status_code == 200
    assert gitlab.rest("/user").status_code == 429


def test_one_limit_may_be_for_one_kind_of_traffic(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(rate_limit={"web": {"requests": 1, "retry_after": 60}}))
    assert [gitlab.graphql("{ currentUser { id } }").status_code for _time in range(2)] == [200, 429]
    assert {gitlab.rest("/user").status_code for _time in range(5)} == {200}


def test_a_limit_for_everything_counts_everything(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(rate_limit={"requests": 2, "retry_after": 60}))
    assert gitlab.graphql("{ currentUser { id } }").status_code == gitlab.rest("/user").status_code == 200
    assert gitlab.graphql("{ currentUser { id } }").status_code == gitlab.rest("/user").status_code == 429
