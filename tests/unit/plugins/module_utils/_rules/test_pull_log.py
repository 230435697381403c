# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a log says of pulls, and when it may leave one out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.pull_log import (
    PullLog,
    Window,
    merged,
    read_log,
    shortcomings,
    told,
)

HOUR, DAY = 3600, 86400
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
WINDOW = Window(since=NOW - 30 * DAY, until=NOW, max_gap=DAY)
SINCE = "2026-05-02T12:00:00Z"


def request(age: float, uri: str = "/v2/", agent: str = "docker/24") -> str:
    at = datetime.fromtimestamp(NOW - age, UTC).isoformat()
    return json.dumps({"method": "GET", "status": 200, "time": at, "uri": uri, "user_agent": agent}) + "\n"


def pull(age: float, tag: str = "v1", agent: str = "docker/24") -> str:
    return request(age, f"/v2/team/app/manifests/{tag}", agent)


def steady(begin: float = 31 * DAY, end: float = 0, step: float = HOUR) -> list[str]:
    return [request(begin - number * step) for number in range(int((begin - end) // step) + 1)]


def read(*lines: str, ignored: tuple[str, ...] = ()) -> PullLog:
    return read_log(lines, "a.log", WINDOW, ignored)


def why(*lines: str, max_unreadable: int = 0) -> list[str]:
    return shortcomings(read(*lines), WINDOW, max_unreadable)


def test_what_is_counted() -> None:
    lines = [
        "\n",
        pull(31 * DAY, "old"),
        pull(DAY, "v1"),
        pull(HOUR, "v1"),
        pull(2 * DAY, "v2"),
        "oops\n",
        pull(DAY, "seen", "GitLab/17.0"),
        pull(31 * DAY, "older", "GitLab/17.0"),
        "oops again\n",
        "{}\n",
        "  \n",
    ]
    found = read(*lines, ignored=("GitLab/", "containerops.gitlab"))
    assert found == PullLog(
        images=frozenset({"team/app:v1", "team/app:v2"}),
        lines=9,
        requests=6,
        pulls=3,
        ignored=1,
        unreadable=2,
        first_unreadable="line 6 of a.log",
        oldest=NOW - 31 * DAY,
        newest=NOW - HOUR,
        minutes=frozenset(int(NOW - age) // 60 for age in (31 * DAY, DAY, HOUR, 2 * DAY)),
        names_registry=True,
    )
    assert read(*lines).images == {"team/app:v1", "team/app:v2", "team/app:seen"}
    assert read() == PullLog()


def test_every_notification_of_an_envelope_counts() -> None:
    def event(age: float, tag: str, agent: str = "docker/24") -> dict[str, object]:
        at = datetime.fromtimestamp(NOW - age, UTC).isoformat()
        target = {"repository": "team/app", "tag": tag}
        return {"timestamp": at, "action": "pull", "target": target, "request": {"useragent": agent}}

    events = [event(31 * DAY, "old"), event(1, "seen", "GitLab/17"), event(1, "no tag"), event(1, "v1")]
    found = read(json.dumps({"events": events}), ignored=("GitLab/",))
    assert found.images == {"team/app:v1"}
    assert (found.requests, found.ignored) == (4, 1)


def test_the_edges_of_the_window() -> None:
    assert read(pull(30 * DAY, "in"), pull(30 * DAY + 1, "out"), pull(-2 * HOUR, "ahead")).images == {
        "team/app:in",
        "team/app:ahead",
    }
    # A time is cut to its second, which is before the window by a fraction.
    log = read_log([pull(30 * DAY)], "a.log", WINDOW._replace(since=WINDOW.since + 0.5))
    assert log.images == {"team/app:v1"}


def test_only_minutes_that_matter_are_remembered() -> None:
    ages = [32 * DAY, 31 * DAY + 61, 31 * DAY + 60, 31 * DAY]
    assert read(*map(request, ages)).minutes == {int(NOW - age) // 60 for age in ages[2:]}


def test_no_file_says_nothing() -> None:
    assert merged([]) == PullLog()


def test_a_log_that_tells_of_everything() -> None:
    assert why(*steady()) == []
    assert why(*reversed(steady())) == []
    # A gap may be as long as is allowed, at either end too.
    assert why(*steady(31 * DAY, DAY, DAY)) == []
    assert why(*steady(30 * DAY, 0, DAY)) == []


def test_lines_that_can_not_be_read() -> None:
    lines = [*steady(), "oops\n", "oops\n"]
    count = len(lines)
    assert why(*lines, max_unreadable=1) == [
        f"2 of {count} lines can't be read, first line {count - 1} of a.log, and max_unreadable is 1: each may be "
        "a pull"
    ]
    assert why(*lines, max_unreadable=2) == []


def of_another_site() -> list[str]:
    return [line.replace("/v2/", "/users/sign_in") for line in steady()]


def test_a_log_of_another_site_says_nothing_of_pulls() -> None:
    """Of two logs with nearly the same names, the one of GitLab's pages is given: it is whole, and no pull is in it."""
    lines = of_another_site()
    assert why(*lines) == [
        f"none of {len(lines)} requests is for the registry (/v2/): name the access log of the registry, not the log "
        "of another site"
    ]
    assert not merged([read(*lines), read(*lines)]).names_registry


@pytest.mark.parametrize(
    "line",
    [
        request(DAY),
        request(DAY, "/v2"),
        request(DAY, "/registry/v2/team/app/blobs/x"),
        request(DAY, "%2Fv2%2Fteam%2Fapp%2Ftags%2Flist"),
        request(DAY).replace("/v2/", r"\/v2\/"),
        '1.2.3.4 - - [31/May/2026:12:00:00 +0000] "GET /v2/ HTTP/1.1" 401 0 "-" "docker/24"\n',
        json.dumps(
            {"timestamp": "2026-05-31T12:00:00Z", "action": "push", "target": {"repository": "a/b", "tag": "c"}}
        ),
    ],
)
def test_one_request_for_the_registry_tells_its_log(line: str) -> None:
    assert why(*of_another_site(), line) == []
    # What is logged by the application is no request.
    assert why(*of_another_site(), '{"msg": "listening on :5000", "path": "/v2/"}\n') != []


def test_a_log_without_requests() -> None:
    assert why("{}\n", "{}\n") == [
        "none of 2 lines is about a request: name the access log, and check that the registry writes one"
    ]
    [first, second] = why("oops\n")
    assert first.startswith("1 of 1 line can't be read")
    assert second.startswith("none of 1 line")


def test_a_log_that_does_not_reach_back() -> None:
    words = f"they begin only at 2026-05-02T12:00:01Z, and pulls since {SINCE} are required: keep logs for longer, "
    assert why(*steady(30 * DAY - 1)) == [f"{words}or lower pulled_within"]
    [first, second] = why("oops\n", *steady(30 * DAY - 1))
    assert "lines can't be read" in first
    assert "they begin only at" in second
    assert why(*steady(30 * DAY)) == []


@pytest.mark.parametrize(
    ("lines", "begin", "end"),
    [
        ([*steady(31 * DAY, 20 * DAY), *steady(18 * DAY, 0)], 20 * DAY, 18 * DAY),
        ([*steady(31 * DAY, 5 * DAY)], 5 * DAY, 0),
        ([*steady(40 * DAY, 30.5 * DAY), *steady(29 * DAY, 0)], 30.5 * DAY, 29 * DAY),
        # One old line, such as one from a time when the clock was wrong, does not make a log reach back.
        ([request(9_000 * DAY), *steady(29.5 * DAY)], 31 * DAY + 60, 29.5 * DAY),
        # Nor does one by a clock that was ahead fill its end.
        ([*steady(31 * DAY, 5 * DAY), request(-HOUR)], 5 * DAY, 0),
    ],
)
def test_a_part_of_the_log_is_missing(lines: list[str], begin: float, end: float) -> None:
    assert why(*lines) == [
        f"they contain no request between {told(NOW - begin)} and {told(NOW - end)}, which is longer than max_gap: "
        "name all files of the log, or raise max_gap if the registry was idle"
    ]


def test_a_gap_is_measured_to_the_minute() -> None:
    assert why(*steady(31 * DAY, 10 * DAY), *steady(9 * DAY, 0)) == []
    assert why(*steady(31 * DAY, 10 * DAY), *steady(9 * DAY - 59, 0)) == []
    assert len(why(*steady(31 * DAY, 10 * DAY), *steady(9 * DAY - 60, 0))) == 1


_LINES = st.lists(
    st.one_of(
        st.builds(
            pull,
            st.integers(-DAY, 40 * DAY),
            st.sampled_from(["v1", "v2", "v3"]),
            st.sampled_from(["docker/24", "GitLab/17"]),
        ),
        st.builds(request, st.integers(-DAY, 40 * DAY)),
        st.sampled_from(["oops\n", "\n", "{}\n"]),
    ),
    max_size=30,
)


@given(_LINES, st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_and_files_do_not_matter(lines: list[str], dice: object, cut: int) -> None:
    whole = read(*lines, ignored=("GitLab/",))
    shuffled = list(lines)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    parts = [read(*part, ignored=("GitLab/",)) for part in (shuffled[:cut], shuffled[cut:])]
    assert merged(parts)._replace(first_unreadable="") == whole._replace(first_unreadable="")
    assert bool(merged(parts).first_unreadable) == bool(whole.first_unreadable)


@given(_LINES, _LINES)
def test_more_lines_never_keep_less(lines: list[str], more: list[str]) -> None:
    assert read(*lines).images <= read(*lines, *more).images


@given(_LINES, st.integers(1, 40))
def test_a_longer_time_never_keeps_less(lines: list[str], days: int) -> None:
    longer = read_log(lines, "a.log", Window(since=WINDOW.since - days * DAY, until=NOW, max_gap=DAY))
    assert read(*lines).images <= longer.images


@given(_LINES, st.integers(0, 40))
def test_what_is_trusted_leaves_out_no_pull_that_a_missing_file_had(lines: list[str], hole: int) -> None:
    """A log in which all lines of more than a day are missing is never trusted."""
    begin, end = (hole + 2) * DAY, hole * DAY

    def outside(text: str) -> bool:
        at = datetime.fromisoformat(json.loads(text)["time"]).timestamp()
        return not NOW - begin <= at <= NOW - end

    kept = [text for text in [*steady(45 * DAY), *lines] if "time" not in text or outside(text)]
    problems = why(*kept, max_unreadable=99)
    assert bool(problems) == (hole <= 30)
