# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surprises clients of GitLab's registry API, one test for each trap; the rest of them are in other files here."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from tests.simulator.images import EVERYTHING, RegistryClient
from tests.simulator.real_registry import RealRegistry
from tests.simulator.seed import seed

from .helpers import CLOCK, INDEX, SMALL, Client, default_scenario, names, one_repository

TAGS = "/projects/1/registry/repositories/100/tags"
REPOSITORY = "/projects/1/registry/repositories/100"
CATALOG = "registry:catalog:*"
LEASE = "This request has already been made"


def aged(**days: float) -> list[dict[str, Any]]:
    """Tags by name, so many days before the clock."""
    return [
        {
            "name": name.replace("_", "-"),
            "created_at": _days_ago(age),
            "config_created": _days_ago(age),
        }
        for name, age in days.items()
    ]


def _days_ago(days: float) -> str:
    return (datetime.fromisoformat(CLOCK) - timedelta(days=days)).isoformat()


def bulk(gitlab: Client, *, token: str = "maintainer", path: str = TAGS, **parameters: Any) -> requests.Response:
    return gitlab.rest(path, token, "DELETE", json=parameters)


def left(gitlab: Client, path: str = "team/app") -> list[str]:
    return gitlab.simulator.state()[path]


@pytest.fixture(params=["M1", "M2", "M3"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_trap_01_a_bulk_deletion_answers_before_anything_happens_and_never_reports(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(SMALL, jobs={"delay": 60}))
    answer = bulk(gitlab, name_regex_delete="a")
    assert (answer.status_code, answer.json()) == (202, 202)
    assert left(gitlab) == ["a", "b", "c"]
    gitlab.simulator.clock(advance=61)
    assert left(gitlab) == ["b", "c"]
    # What matches nothing looks the same.
    gitlab.simulator.clear_leases()
    assert bulk(gitlab, name_regex_delete="nothing").json() == 202


def test_trap_02_one_an_hour_for_a_repository_whatever_became_of_it(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(SMALL))
    assert bulk(gitlab, name_regex_delete=".*", older_than="1mon").status_code == 202
    assert gitlab.simulator.jobs()[0]["result"]["status"] == "exception"
    for parameters in ({"name_regex_delete": "a"}, {"name_regex_delete": "b", "keep_n": 1}):
        answer = bulk(gitlab, token="owner", **parameters)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(LEASE)
    assert "Retry-After" not in answer.headers
    # Refused requests took no lease and none is taken for another repository.
    assert bulk(gitlab, token="developer", name_regex_delete="a").status_code == 403
    gitlab.simulator.clock(advance=3601)
    assert bulk(gitlab, name_regex_delete="(").status_code == 400
    assert bulk(gitlab, name_regex_delete="a").status_code == 202


@pytest.mark.parametrize("older_than", ["", "0", "1mon", "P30D", "30 jours", "-1d"])
def test_trap_03_a_bad_older_than_is_accepted_burns_the_hour_and_deletes_nothing(
    gitlab: Client, older_than: str
) -> None:
    gitlab.simulator.load(one_repository(aged(old=900)))
    assert bulk(gitlab, name_regex_delete=".*", older_than=older_than).status_code == 202
    for _attempt in range(6):
        gitlab.simulator.clock(advance=600)
        [job] = gitlab.simulator.jobs()
    assert (job["result"]["status"], job["state"], job["attempts"]) == ("exception", "failed", 4)
    assert left(gitlab) == ["old"]


@pytest.mark.parametrize(
    ("older_than", "gone"),
    [("1m", {"hours", "days"}), ("1M", {"hours", "days"}), ("30", {"minute", "hours", "days"}), ("1month", set())],
)
def test_trap_04_a_small_m_is_a_minute_and_a_bare_number_seconds(
    gitlab: Client, older_than: str, gone: set[str]
) -> None:
    gitlab.simulator.load(one_repository(aged(now=0, minute=50 / 86400, hours=0.2, days=3)))
    bulk(gitlab, name_regex_delete=".*", older_than=older_than)
    assert {"now", "minute", "hours", "days"} - set(left(gitlab)) == gone


def test_trap_05_alternatives_without_a_group_are_anchored_at_their_outer_ends_alone(gitlab: Client, mode: str) -> None:
    tags = [{"name": name} for name in ("v1", "v1-foo", "foo-v2", "foo-v1", "v2-foo")]
    gitlab.simulator.load(one_repository(tags, mode=mode))
    bulk(gitlab, name_regex_delete="v1|v2")
    assert left(gitlab) == ["foo-v1", "v2-foo"]
    gitlab.simulator.load(one_repository(tags, mode=mode))
    bulk(gitlab, name_regex_delete="(?:v1|v2)")
    assert left(gitlab) == ["foo-v1", "foo-v2", "v1-foo", "v2-foo"]


def test_trap_06_patterns_are_re2(gitlab: Client) -> None:
    answer = bulk(gitlab, name_regex_delete="(?!latest).*")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "name_regex_delete is an invalid regexp: invalid perl operator: (?!"},
    )
    gitlab.simulator.load(one_repository([{"name": "V1"}, {"name": "v1"}]))
    bulk(gitlab, name_regex_delete="(?i)V.")
    assert left(gitlab) == []


def test_trap_07_a_plus_in_a_query_is_a_space(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(aged(dev_1=9, dev_2=9)))
    assert gitlab.rest(f"{TAGS}?name_regex_delete=dev-.+", method="DELETE").status_code == 202
    assert left(gitlab) == ["dev-1", "dev-2"]
    gitlab.simulator.clear_leases()
    assert gitlab.rest(f"{TAGS}?name_regex_delete=dev-.%2B", method="DELETE").status_code == 202
    assert left(gitlab) == []


def test_trap_08_query_form_and_body_all_carry_parameters(gitlab: Client) -> None:
    for carrier in ("params", "data", "json"):
        gitlab.simulator.clear_leases()
        options: dict[str, Any] = {carrier: {"name_regex_delete": "x"}}
        assert gitlab.rest(TAGS, method="DELETE", **options).status_code == 202
    answer = gitlab.rest(TAGS, method="DELETE")
    assert answer.json()["error"].startswith("name_regex, name_regex_delete are missing")


def test_trap_09_an_empty_name_regex_delete_wins_and_deletes_nothing(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(SMALL))
    assert bulk(gitlab, name_regex_delete="", name_regex=".*").status_code == 202
    assert left(gitlab) == ["a", "b", "c"]


@pytest.mark.parametrize("keep_n", [0, -3])
def test_trap_10_a_keep_n_of_zero_or_less_keeps_nothing(gitlab: Client, mode: str, keep_n: int) -> None:
    gitlab.simulator.load(one_repository(SMALL, mode=mode))
    assert bulk(gitlab, name_regex_delete=".*", keep_n=keep_n).status_code == 202
    assert left(gitlab) == []


def test_trap_11_keep_n_counts_candidates_page_by_page_and_never_loses_the_newest(gitlab: Client, mode: str) -> None:
    tags = aged(latest=0, keep=0.5, a1=1, a2=2, a3=3, a4=4, a5=5, a6=6)
    gitlab.simulator.load(one_repository(tags, mode=mode, cleanup={"page_size": 3}))
    bulk(gitlab, name_regex_delete=".*", name_regex_keep="keep", keep_n=1)
    expected = ["a1", "a4", "keep", "latest"] if mode == "M1" else ["a1", "keep", "latest"]
    assert left(gitlab) == expected


def test_trap_12_deletions_are_partial(gitlab: Client, mode: str) -> None:
    many = [{"name": f"t{number:03}"} for number in range(250)]
    gitlab.simulator.load(one_repository(many, mode=mode))
    bulk(gitlab, name_regex_delete=".*")
    assert len(left(gitlab)) == (0 if mode == "M1" else 50)
    gitlab.simulator.load(one_repository(many[:100], mode=mode, cleanup={"seconds_per_delete": 10}))
    bulk(gitlab, name_regex_delete=".*")
    assert len(left(gitlab)) == 100 - 26
    [job] = gitlab.simulator.jobs()
    assert job["result"]["status"] == "error"


def test_trap_13_dates_are_in_details_alone_and_of_three_kinds(gitlab: Client) -> None:
    tag = {"name": "v1", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-05-31T00:00:00Z"}
    gitlab.simulator.load(one_repository([{**tag, "config_created": "1970-01-01T00:00:00Z"}]))
    assert set(gitlab.rest(TAGS).json()[0]) == {"name", "path", "location"}
    assert gitlab.rest(f"{TAGS}/v1").json()["created_at"].startswith("2026-01-01")
    # The cleanup goes by the last push all the same.
    bulk(gitlab, name_regex_delete=".*", older_than="30d")
    assert left(gitlab) == ["v1"]
    gitlab.simulator.load(one_repository([{**tag, "config_created": "1970-01-01T00:00:00Z"}], mode="M2"))
    assert gitlab.rest(f"{TAGS}/v1").json()["created_at"].startswith("1970-01-01")
    gitlab.simulator.load(one_repository([{**tag, "config_created": None}], mode="M2"))
    assert gitlab.rest(f"{TAGS}/v1").json()["created_at"] is None


def test_trap_14_every_page_of_numbers_reads_all_tags_again(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": f"t{number:03}"} for number in range(450)]))
    gitlab.rest(f"{TAGS}?per_page=100")
    assert gitlab.simulator.counters()["registry"] == 5
    gitlab.rest(f"{TAGS}?per_page=100&page=5")
    assert gitlab.simulator.counters()["registry"] == 10
    gitlab.rest(f"{TAGS}?pagination=keyset&per_page=1000")
    assert gitlab.simulator.counters()["registry"] == 12


def test_trap_15_deleting_while_paging_shifts_the_pages(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": f"t{number}"} for number in range(6)]))
    seen = []
    for page in (1, 2, 3):
        for name in names(gitlab.rest(f"{TAGS}?per_page=2&page={page}").json()):
            seen.append(name)
            gitlab.rest(f"{TAGS}/{name}", method="DELETE")
    assert seen == ["t0", "t1", "t4", "t5"]


def test_trap_16_totals_vanish_and_keyset_pages_have_a_link_alone(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository([{"name": f"t{number:05}"} for number in range(10_000)]))
    answer = gitlab.rest(f"{TAGS}?per_page=100")
    assert "X-Total" not in answer.headers
    assert 'rel="last"' not in answer.headers["Link"]
    assert answer.headers["x-next-page"] == "2"
    answer = gitlab.rest(f"{TAGS}?pagination=keyset&per_page=100")
    assert not [name for name in answer.headers if name.lower().startswith("x-") and "page" in name.lower()]
    assert 'rel="next"' in answer.headers["Link"]


def test_trap_17_links_name_the_configured_host_and_echo_a_token(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(external_url="https://gitlab.example.com"))
    answer = gitlab.rest("/projects/1/registry/repositories?per_page=1&private_token=maintainer", None)
    link = answer.headers["Link"]
    assert urlsplit(link.strip("<")).hostname == "gitlab.example.com"
    assert "private_token=maintainer" in link


def test_trap_18_the_same_status_says_many_things(gitlab: Client) -> None:
    assert gitlab.rest(TAGS, "outsider").status_code == 404
    assert gitlab.rest(TAGS, None).status_code == 404
    assert gitlab.rest(TAGS, "guest").status_code == 403
    assert gitlab.rest("/projects/5/registry/repositories", None).status_code == 403
    assert gitlab.rest("/projects/6/registry/repositories", "admin-mode").status_code == 403
    job = {"JOB-TOKEN": "job"}
    assert gitlab.rest("/projects/3/registry/repositories", None, headers=job).status_code == 403
    assert gitlab.rest(f"{TAGS}/missing", method="DELETE").status_code == 403
    assert gitlab.rest(TAGS, "unknown").status_code == 401


@pytest.mark.parametrize(
    ("generation", "mode", "status"),
    [
        ("G18", "M1", 403),
        ("G18", "M2", 200),
        ("G18", "M3", 200),
        ("G17", "M1", 200),
        ("G17", "M2", 200),
        ("G17", "M3", 200),
        ("G15", "M1", 200),
        ("G15", "M2", 200),
    ],
)
def test_trap_19_what_deleting_a_missing_tag_answers(gitlab: Client, generation: str, mode: str, status: int) -> None:
    gitlab.simulator.load(one_repository(SMALL, mode=mode, generation=generation))
    assert gitlab.rest(f"{TAGS}/missing", method="DELETE").status_code == status
    assert gitlab.rest(f"{TAGS}/a", method="DELETE").status_code == 200
    assert left(gitlab) == ["b", "c"]


def test_trap_20_a_listed_tag_may_have_no_details(gitlab: Client) -> None:
    # The first hundred names that contain it hide a short name.
    gitlab.simulator.load(one_repository([*({"name": f"0{number:03}v"} for number in range(101)), {"name": "v"}]))
    assert gitlab.rest(f"{TAGS}/v").status_code == 404
    gitlab.simulator.load(one_repository([{"name": "multi", "media_type": INDEX, "config": False}], mode="M2"))
    assert names(gitlab.rest(TAGS).json()) == ["multi"]
    assert gitlab.rest(f"{TAGS}/multi").status_code == 404


@pytest.mark.parametrize("state", ["error", "unknown"])
def test_trap_21_a_broken_registry_looks_empty(gitlab: Client, mode: str, state: str) -> None:
    scenario = one_repository(SMALL, mode=mode)
    scenario["repositories"][0]["registry_state"] = state
    gitlab.simulator.load(scenario)
    answer = gitlab.rest(TAGS)
    assert (answer.status_code, answer.json()) == (200, [])
    assert gitlab.rest(f"{REPOSITORY.rpartition('/')[0]}?tags_count=true").json()[0]["tags_count"] == 0


def test_trap_22_a_keyset_listing_is_refused_without_a_database_and_by_a_registry_that_is_down(gitlab: Client) -> None:
    scenario = one_repository(SMALL)
    scenario["repositories"][0]["registry_state"] = "unreachable"
    gitlab.simulator.load(scenario)
    assert gitlab.rest(f"{TAGS}?pagination=keyset").status_code == 405
    assert gitlab.rest(TAGS).status_code == 503
    gitlab.simulator.load(one_repository(SMALL, mode="M2"))
    assert gitlab.rest(f"{TAGS}?pagination=keyset").status_code == 405
    assert gitlab.rest(TAGS).status_code == 200


def test_trap_23_single_repositories_go_by_number_and_the_root_has_no_name(gitlab: Client) -> None:
    row = gitlab.rest("/registry/repositories/100").json()
    assert (row["name"], row["path"]) == ("", "team/app")
    assert gitlab.rest("/registry/repositories/101").json()["path"] == "team/app/web"
    assert gitlab.rest("/registry/repositories/team%2Fapp").json() == {"error": "404 Not Found"}


def test_trap_24_paths_are_encoded_and_old_ones_lead_on_for_reading_alone(gitlab: Client) -> None:
    assert gitlab.rest("/projects/app").status_code == 404
    assert gitlab.rest("/projects/team/app").json() == {"error": "404 Not Found"}
    answer = gitlab.rest("/projects/old%2Fapp")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/projects/1")
    answer = gitlab.rest("/projects/old%2Fapp/registry/repositories/100/tags/a", method="DELETE")
    assert answer.status_code == 405


def test_trap_25_a_repository_goes_in_the_background_and_may_fail_for_good(gitlab: Client) -> None:
    single = "/registry/repositories/100"
    gitlab.simulator.load(one_repository(SMALL, jobs={"delay": 60}))
    assert gitlab.rest(REPOSITORY, method="DELETE").json() == 202
    assert gitlab.rest(single).json()["status"] == "delete_scheduled"
    gitlab.simulator.clock(advance=61)
    assert gitlab.rest(single).status_code == 404
    # Without a database the second attempt finds the tags gone.
    gitlab.simulator.load(one_repository(SMALL, mode="M2"))
    gitlab.rest(REPOSITORY, method="DELETE")
    assert gitlab.rest(single).json()["status"] == "delete_scheduled"
    assert gitlab.rest(TAGS).json() == []
    gitlab.simulator.clock(advance=61)
    assert gitlab.rest(single).status_code == 404


def test_trap_25_more_tags_than_the_attempts_can_take(gitlab: Client) -> None:
    tags = [{"name": f"t{number:04}"} for number in range(2300)]
    gitlab.simulator.load(one_repository(tags, mode="M2"))
    gitlab.rest(REPOSITORY, method="DELETE")
    minutes = 0
    while gitlab.rest("/registry/repositories/100").json()["status"] != "delete_failed":
        gitlab.simulator.clock(advance=600)
        minutes += 10
        assert minutes < 1100
    assert minutes > 1000
    assert len(left(gitlab)) == 2300 - 11 * 200


def test_trap_26_bodies_of_success_are_numbers_and_of_too_many_requests_text(gitlab: Client) -> None:
    assert gitlab.rest(f"{TAGS}/a", method="DELETE").json() == 200
    assert bulk(gitlab, name_regex_delete="x").json() == 202
    gitlab.simulator.load(default_scenario(rate_limit={"requests": 0, "retry_after": 9}))
    answer = gitlab.rest(TAGS)
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (429, "Retry later\n", "text/plain")


def test_trap_27_four_shapes_of_errors(gitlab: Client) -> None:
    assert isinstance(gitlab.rest("/projects/99").json()["message"], str)
    policy = {"container_expiration_policy_attributes": {"keep_n": 3}}
    assert isinstance(gitlab.rest("/projects/1", method="PUT", json=policy).json()["message"], dict)
    assert gitlab.rest(f"{TAGS}?per_page=x").json() == {"error": "per_page is invalid"}
    assert set(gitlab.rest(TAGS, "registry").json()) == {"error", "error_description", "scope"}


def test_trap_28_too_many_requests_say_when_to_come_back(gitlab: Client) -> None:
    gitlab.simulator.load(default_scenario(rate_limit={"requests": 1, "retry_after": 30}))
    gitlab.rest(TAGS)
    answer = gitlab.rest(TAGS)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    gitlab.simulator.clock(advance=31)
    assert gitlab.rest(TAGS).status_code == 200


def test_trap_28_a_bulk_deletion_whose_answer_was_lost_has_taken_the_lease(gitlab: Client) -> None:
    gitlab.simulator.load(one_repository(SMALL))
    gitlab.simulator.faults([{"method": "DELETE", "first": 1, "action": "reset_after"}])
    with pytest.raises(requests.ConnectionError):
        bulk(gitlab, name_regex_delete="a")
    assert bulk(gitlab, name_regex_delete="a").json()["message"].startswith(LEASE)
    assert left(gitlab) == ["b", "c"]


def test_trap_29_trouble_with_the_registry_takes_its_time(gitlab: Client) -> None:
    scenario = one_repository(SMALL)
    scenario["repositories"][0]["registry_state"] = "unreachable"
    gitlab.simulator.load(scenario)
    gitlab.simulator.latency(registry=0.3)
    started = time.monotonic()
    assert gitlab.rest(TAGS).status_code == 503
    assert time.monotonic() - started >= 0.3


def auth(gitlab: Client, token: str | None, *scopes: str, name: str = "anyone") -> requests.Response:
    query: list[tuple[str, str]] = [("service", "container_registry"), *(("scope", scope) for scope in scopes)]
    url = f"{gitlab.simulator.url}/jwt/auth"
    return gitlab.send("GET", url, params=query, auth=(name, token) if token else None)


def granted(answer: requests.Response) -> dict[str, list[str]]:
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 300
    return {row["name"]: row["actions"] for row in claims["access"]}


def test_trap_35_a_registry_token_may_grant_nothing_and_asking_for_push_makes_a_repository(gitlab: Client) -> None:
    scope = "repository:team/app:pull,push,delete"
    assert granted(auth(gitlab, "guest", scope)) == {}
    assert granted(auth(gitlab, "reporter", scope)) == {"team/app": ["pull"]}
    assert granted(auth(gitlab, "developer", scope)) == {"team/app": ["pull", "push"]}
    assert granted(auth(gitlab, "maintainer", scope, CATALOG)) == {"team/app": ["pull", "push", "delete"]}
    assert granted(auth(gitlab, "admin-mode", CATALOG)) == {"catalog": ["*"]}
    assert granted(auth(gitlab, "job", scope, name="gitlab-ci-token"))["team/app"] == ["pull", "push", "delete"]
    assert granted(auth(gitlab, "deploy", scope)) == {"team/app": ["pull"]}
    assert granted(auth(gitlab, "registry", "repository:team/app:pull", "repository:Team/Sub/tool:pull")) == {
        "team/app": ["pull"],
        "team/sub/tool": ["pull"],
    }
    assert "team/app/new" not in gitlab.simulator.state()
    auth(gitlab, "developer", "repository:team/app/new:pull")
    assert "team/app/new" not in gitlab.simulator.state()
    writes = gitlab.simulator.counters()["writes"]
    auth(gitlab, "developer", "repository:team/app/new:push")
    assert gitlab.simulator.state()["team/app/new"] == []
    assert gitlab.simulator.counters()["writes"] == writes + 1


def test_trap_35_registry_tokens_are_refused_in_the_registrys_own_shape(gitlab: Client) -> None:
    scope = "repository:team/app:pull"
    answer = auth(gitlab, "unknown", scope)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    answer = auth(gitlab, None, scope)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "DENIED")
    assert granted(auth(gitlab, None, "repository:open/site:pull,push")) == {"open/site": ["pull"]}
    scenario = default_scenario()
    scenario["projects"][0]["repository_rules"] = [{"pattern": "team/app/pro*", "push": "owner"}]
    gitlab.simulator.load(scenario)
    answer = auth(gitlab, "maintainer", "repository:team/app/prod:push")
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        403,
        "Pushing to protected repository path forbidden",
    )
    gitlab.simulator.load(default_scenario(registry={"enabled": False}))
    answer = auth(gitlab, "maintainer", scope)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "UNAVAILABLE")


@pytest.mark.real_registry
def test_trap_36_deleting_a_digest_takes_all_its_tags(real_registry: RealRegistry) -> None:
    digests = seed(real_registry.url, {"trap/digest": [{"name": "a"}, {"name": "b", "same_as": "a"}, {"name": "c"}]})
    client = RegistryClient(real_registry.url)
    assert client.delete_manifest("trap/digest", digests["trap/digest"]["a"]).ok
    assert [name for name in client.names("trap/digest") if client.manifest("trap/digest", name, EVERYTHING).ok] == [
        "c"
    ]


def test_trap_36_a_registry_that_deletes_by_digest_takes_siblings_along(gitlab: Client) -> None:
    shared = "sha256:" + "a" * 64
    tags = [{"name": "a", "digest": shared}, {"name": "b", "digest": shared}, {"name": "c"}]
    for deletes, expected in (("by_dummy", ["b", "c"]), ("by_digest", ["c"])):
        gitlab.simulator.load(one_repository(tags, mode="M3", registry={"deletes": deletes}))
        assert gitlab.rest(f"{TAGS}/a", method="DELETE").status_code == 200
        assert left(gitlab) == expected


@pytest.mark.real_registry
def test_trap_37_deleting_a_tag_frees_nothing(real_registry: RealRegistry) -> None:
    seed(real_registry.url, {"trap/bytes": [{"name": "a"}, {"name": "b"}]})
    client = RegistryClient(real_registry.url)
    manifest = client.manifest("trap/bytes", "a", EVERYTHING)
    assert client.delete_manifest("trap/bytes", manifest.digest).ok
    for layer in json.loads(manifest.body)["layers"]:
        assert client.blob("trap/bytes", layer["digest"]).ok


def test_trap_38_rights_that_a_token_seems_to_have(gitlab: Client) -> None:
    assert gitlab.rest("/projects/3", "admin").status_code == 404
    assert gitlab.rest("/projects/3", "admin-mode").status_code == 200
    # The job runs for a Developer: single tags may go, many at once may not.
    job = {"JOB-TOKEN": "job"}
    assert gitlab.rest(f"{TAGS}/a", None, "DELETE", headers=job).status_code == 200
    answer = gitlab.rest(TAGS, None, "DELETE", headers=job, json={"name_regex_delete": "b"})
    assert answer.status_code == 403
