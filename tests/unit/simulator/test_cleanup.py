# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags a bulk deletion takes, with and without a database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.inprocess import InProcessServer

from .helpers import CLOCK, INDEX, one_repository

TAGS = "/api/v4/projects/1/registry/repositories/100/tags"
BOTH = ["M1", "M2"]


def day(number: int, time: str = "12:00:00") -> str:
    return f"2026-05-{number:02}T{time}Z"


def tag(name: str, created: str | None = None, **more: Any) -> dict[str, Any]:
    """Pushed when it was built."""
    return {"name": name, "created_at": created or day(1), "config_created": created or day(1), **more}


def cleaned(mode: str, tags: list[dict[str, Any]], changes: dict[str, Any] | None = None, **parameters: Any) -> Any:
    """The server after a bulk deletion, and the result of its job."""
    server = InProcessServer(one_repository(tags, mode=mode, jobs={"retries": 0}, **(changes or {})))
    headers = {"PRIVATE-TOKEN": "maintainer", "Content-Type": "application/json"}
    status, _headers, body = server.request("DELETE", TAGS, "", headers, json.dumps(parameters).encode())
    assert (status, body) == (202, b"202")
    server.request("GET", "/api/v4/projects/1", "", headers)
    return server, server.gitlab.state.queue.jobs[0].result


def gone(mode: str, tags: list[dict[str, Any]], changes: dict[str, Any] | None = None, **parameters: Any) -> list[str]:
    server, result = cleaned(mode, tags, changes, **parameters)
    assert set(server.gitlab.state.repositories[100].tags.names) == {row["name"] for row in tags} - set(
        result["deleted"]
    )
    return sorted(result["deleted"])


PATTERNS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name_regex_delete": "v1"}, ["v1"]),
    ({"name_regex": "v1"}, ["v1"]),
    # Trap 5: an alternative holds one end alone.
    ({"name_regex_delete": "v1|rc"}, ["v1", "v1-rc", "v10"]),
    ({"name_regex_delete": "(?:v1|rc)"}, ["v1"]),
    ({"name_regex_delete": ".*"}, ["LATEST", "main", "v1", "v1-rc", "v10"]),
    ({"name_regex_delete": "latest"}, []),
    # Trap 9: an empty pattern goes before a filled one, null does not.
    ({"name_regex_delete": "", "name_regex": ".*"}, []),
    ({"name_regex_delete": None, "name_regex": "main"}, ["main"]),
    ({"name_regex_delete": ".*", "name_regex_keep": "v1.*|main"}, ["LATEST"]),
    ({"name_regex_delete": ".*", "name_regex_keep": ""}, ["LATEST", "main", "v1", "v1-rc", "v10"]),
    ({"name_regex_delete": "(?i)LATEST"}, ["LATEST"]),
    ({"name_regex_delete": r"\Qv1"}, []),
    ({"name_regex_delete": r"v1|\Qa"}, []),
]


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(("parameters", "expected"), PATTERNS)
def test_trap_05_and_09_patterns_are_anchored_without_a_group(
    mode: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    names = ("LATEST", "latest", "main", "v1", "v1-rc", "v10")
    assert gone(mode, [tag(name) for name in names], **parameters) == expected


DATED = [tag("a", day(10)), tag("b", day(12)), tag("c", day(11)), tag("latest", day(30)), tag("keep", day(31))]


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(
    ("keep_n", "expected"),
    [
        (0, ["a", "b", "c"]),
        (-1, ["a", "b", "c"]),
        (1, ["a", "c"]),
        (2, ["a"]),
        (3, []),
        (99, []),
        ("", ["a", "b", "c"]),
    ],
)
def test_trap_10_and_11_keep_n_counts_candidates_alone(mode: str, keep_n: Any, expected: list[str]) -> None:
    assert gone(mode, DATED, name_regex_delete=".*", name_regex_keep="keep", keep_n=keep_n) == expected


@pytest.mark.parametrize("mode", BOTH)
def test_what_is_kept_by_number_is_not_judged_by_age_and_the_other_way_round(mode: str) -> None:
    tags = [tag("old1", day(1)), tag("old2", day(2)), tag("new", day(31))]
    assert gone(mode, tags, name_regex_delete=".*", keep_n=2, older_than="7d") == ["old1"]
    assert gone(mode, tags, name_regex_delete=".*", keep_n=1, older_than="7d") == ["old1", "old2"]


@pytest.mark.parametrize("mode", BOTH)
def test_of_equal_dates_the_last_names_stay(mode: str) -> None:
    assert gone(mode, [tag(name) for name in "abcd"], name_regex_delete=".*", keep_n=2) == ["a", "b"]


@pytest.mark.parametrize("mode", BOTH)
def test_old_is_strictly_before_to_the_nanosecond(mode: str) -> None:
    tags = [
        tag("exact", day(31)),
        tag("older", day(31, "11:59:59.999999999")),
        tag("newer", day(31, "12:00:00.000000001")),
        tag("later", "2026-06-02T00:00:00Z"),
    ]
    assert gone(mode, tags, name_regex_delete=".*", older_than="1d") == ["older"]


@pytest.mark.parametrize("mode", BOTH)
def test_a_part_of_a_microsecond_tells(mode: str) -> None:
    # 1/512 of a second, which a float holds exactly.
    tags = [tag("exact", "2026-06-01T11:59:59.998046875Z"), tag("older", "2026-06-01T11:59:59.998046874Z")]
    assert gone(mode, tags, name_regex_delete=".*", older_than="0.001953125s") == ["older"]


def test_a_database_dates_by_the_last_push_and_images_by_their_build() -> None:
    moved = tag("moved", day(1), updated_at=day(31))
    built = {"name": "built", "created_at": day(31), "config_created": day(1)}
    assert gone("M1", [moved, built], name_regex_delete=".*", older_than="7d") == []
    assert gone("M2", [moved, built], name_regex_delete=".*", older_than="7d") == ["built", "moved"]


@pytest.mark.parametrize(
    "unknown", [{"config_created": None}, {"config": False}, {"media_type": INDEX}], ids=["undated", "bare", "index"]
)
def test_without_a_date_a_tag_is_the_newest_and_never_old(unknown: dict[str, Any]) -> None:
    tags = [{"name": "unknown", **unknown}, tag("dated", day(31))]
    assert gone("M2", tags, name_regex_delete=".*", keep_n=1) == ["dated"]
    assert gone("M2", tags, name_regex_delete=".*", older_than="1h") == ["dated"]
    assert gone("M2", tags, name_regex_delete=".*") == ["dated", "unknown"]


def test_a_database_may_lack_a_date_too() -> None:
    tags = [{"name": "unknown", "created_at": None}, tag("dated", day(31))]
    assert gone("M1", tags, name_regex_delete=".*", older_than="1h") == ["dated"]


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(
    ("older_than", "exception", "message"),
    [
        ("", "NoMethodError", "undefined method `seconds' for nil"),
        ("0d", "NoMethodError", "undefined method `seconds' for nil"),
        (
            "30 jours",
            "ChronicDuration::DurationParseError",
            'An invalid word "jours" was used in the string to be parsed.',
        ),
        (True, "ChronicDuration::DurationParseError", 'An invalid word "true" was used in the string to be parsed.'),
    ],
)
@pytest.mark.parametrize("tags", [[], [tag("old")]], ids=["empty", "filled"])
def test_trap_03_a_bad_older_than_is_promised_and_then_raises(
    mode: str, older_than: Any, exception: str, message: str, tags: list[dict[str, Any]]
) -> None:
    server, result = cleaned(mode, tags, name_regex_delete=".*", older_than=older_than)
    assert (result["status"], result["exception"], result["message"]) == ("exception", exception, message)
    assert result["deleted"] == []
    assert server.gitlab.state.queue.jobs[0].state == "failed"


def test_trap_11_keep_n_counts_in_every_page_of_a_database() -> None:
    tags = [tag(f"a{number}", day(20 - number)) for number in range(1, 7)]
    changes = {"cleanup": {"page_size": 3}}
    assert gone("M1", tags, changes, name_regex_delete=".*", keep_n=1) == ["a2", "a3", "a5", "a6"]
    assert gone("M2", tags, changes, name_regex_delete=".*", keep_n=1) == ["a2", "a3", "a4", "a5", "a6"]


def test_page_borders_are_drawn_before_the_patterns_look() -> None:
    tags = [tag(name) for name in ("a1", "b1", "b2", "c1")]
    _server, result = cleaned("M1", tags, {"cleanup": {"page_size": 2}}, name_regex_delete="[ac].", keep_n=1)
    assert result["deleted"] == []
    assert (result["pages"], result["original_size"], result["before_delete_size"]) == (2, 4, 0)


def test_without_a_database_chance_chooses_so_many_and_the_newest_stay() -> None:
    tags = [tag(f"t{number:02}", day(1 + number)) for number in range(20)]
    changes = {"cleanup": {"max_list_size": 5, "sample_seed": 7}}
    _server, first = cleaned("M2", tags, changes, name_regex_delete=".*", keep_n=2)
    _server, second = cleaned("M2", tags, changes, name_regex_delete=".*", keep_n=2)
    assert first == second
    sizes = [first[name] for name in ("original_size", "before_truncate_size", "after_truncate_size", "deleted_size")]
    assert (first["status"], sizes) == ("error", [20, 20, 7, 5])
    assert not {"t18", "t19"} & set(first["deleted"])
    other = {"cleanup": {"max_list_size": 5, "sample_seed": 8}}
    assert cleaned("M2", tags, other, name_regex_delete=".*", keep_n=2)[1]["deleted"] != first["deleted"]
    assert len(gone("M2", tags, {"cleanup": {"max_list_size": 0}}, name_regex_delete=".*")) == 20


@pytest.mark.parametrize(("keep_n", "status"), [(-4, "error"), (-5, "error"), (-6, "exception")])
def test_a_negative_keep_n_makes_the_choice_smaller(keep_n: int, status: str) -> None:
    tags = [tag(f"t{number}") for number in range(8)]
    _server, result = cleaned("M2", tags, {"cleanup": {"max_list_size": 5}}, name_regex_delete=".*", keep_n=keep_n)
    assert (result["status"], len(result["deleted"])) == (status, max(0, 5 + keep_n))
    assert result.get("message") == ("negative sample number" if status == "exception" else None)


@pytest.mark.parametrize("mode", BOTH)
def test_protected_tags_stay_and_take_their_places(mode: str) -> None:
    scenario = one_repository([tag("safe", day(31)), tag("one", day(2)), tag("two", day(1))])
    scenario["projects"][0]["tag_rules"] = [{"pattern": "safe", "delete": "owner"}]
    changes = {"projects": scenario["projects"]}
    tags = scenario["repositories"][0]["tags"]
    assert gone(mode, tags, changes, name_regex_delete=".*", keep_n=1) == ["one", "two"]
    assert gone(mode, tags, changes, name_regex_delete=".*") == ["one", "two"]


@pytest.mark.parametrize("mode", BOTH)
def test_trap_12_time_ends_a_deletion_half_way(mode: str) -> None:
    tags = [tag(f"t{number}") for number in range(8)]
    changes = {"cleanup": {"delete_timeout": 250, "seconds_per_delete": 60}}
    _server, result = cleaned(mode, tags, changes, name_regex_delete=".*")
    assert (result["status"], result["message"]) == ("error", "error while deleting tags")
    assert sorted(result["deleted"]) == ["t0", "t1", "t2", "t3", "t4"]
    assert (
        len(gone(mode, tags, {"cleanup": {"delete_timeout": 0, "seconds_per_delete": 60}}, name_regex_delete=".*")) == 8
    )


def test_between_two_pages_of_a_database_time_is_looked_at_again() -> None:
    tags = [tag(f"t{number}") for number in range(8)]
    changes = {"cleanup": {"page_size": 3, "delete_timeout": 250, "seconds_per_delete": 60}}
    _server, result = cleaned("M1", tags, changes, name_regex_delete=".*")
    assert (result["status"], result["pages"], len(result["deleted"])) == ("error", 2, 6)


def test_a_registry_that_refuses_everything_makes_the_sum_fail() -> None:
    changes = {"registry": {"deletes": "refused"}}
    _server, result = cleaned("M3", [tag("a")], changes, name_regex_delete=".*")
    assert (result["status"], result["message"]) == ("error", "could not generate manifest")
    assert result["deleted_size"] is None


@pytest.mark.parametrize(("mode", "sizes"), [("M1", {"pages": 1}), ("M2", {})])
def test_a_broken_registry_looks_clean_to_a_job_and_a_silent_one_raises(mode: str, sizes: dict[str, int]) -> None:
    _server, result = cleaned(mode, [tag("a")], {"registry": {"state": "error"}}, name_regex_delete=".*")
    assert (result["status"], result["original_size"], result["deleted"]) == ("success", 0, [])
    assert {name: result[name] for name in sizes} == sizes
    _server, result = cleaned(mode, [tag("a")], {"registry": {"state": "unreachable"}}, name_regex_delete=".*")
    assert (result["status"], result["exception"]) == ("exception", "Faraday::ConnectionFailed")


@pytest.mark.parametrize("mode", BOTH)
def test_a_hundred_thousand_tags(mode: str) -> None:
    scenario = one_repository([], mode=mode, clock=CLOCK)
    scenario["repositories"] = [
        {"id": 100, "project": "team/app", "generate": {"count": 100_000, "first_created": "2010-01-01T00:00:00Z"}}
    ]
    scenario["cleanup"] = {"max_list_size": 0}
    scenario["registry"] = {"cap": 10_000}
    server = InProcessServer(scenario)
    headers = {"PRIVATE-TOKEN": "maintainer"}
    status, _headers, _body = server.request("DELETE", TAGS, "name_regex_delete=.%2A&keep_n=1&older_than=1d", headers)
    assert status == 202
    status, _headers, body = server.request("GET", TAGS, "per_page=100&page=2", headers)
    assert (status, len(json.loads(body))) == (200, 0 if mode == "M1" else 100)
    left = server.gitlab.state.repositories[100].tags
    # One in every page; or one of the ten thousand that can be seen at all, beside the unseen.
    assert left is not None
    assert len(left) == (100 if mode == "M1" else 90_001)
