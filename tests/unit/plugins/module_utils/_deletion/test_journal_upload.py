# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal in parts: what is stored when, what a failure stops, and that no line is lost or torn."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    JournalError,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.journal_parts import parts_of
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion import journal_upload as module
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal import open_journal
from ansible_collections.containerops.gitlab.plugins.module_utils._deletion.journal_upload import (
    JournalUpload,
    journal_place,
    journal_upload,
    stored_meanwhile,
    why_not_done,
    with_journal,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.packages import PackageFile
from ansible_collections.containerops.gitlab.plugins.module_utils._module.intent import Applied
from tests.unit.simulated import Simulated, connected, scenario_of, set_faults

PLACE = PackageFile("team/app", package="registry-cleanup-journal", version="7", name="journal")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIRST = "journal-20260601T120000Z-00ff00ff-00001.jsonl"


def new(client: Simulated, *, is_only: bool = True) -> JournalUpload:
    return JournalUpload(client, PLACE, started=NOON, token="00ff00ff", is_only=is_only)


def server(**changes: Any) -> Simulated:
    return connected(scenario_of([], **changes), retries=0)


def files(client: Simulated) -> dict[str, str]:
    """The newest file of each name in the package."""
    packages = client.server.gitlab.state.packages
    return {file.name: file.content.decode() for package in packages for file in package.files}


def stored(client: Simulated) -> str:
    """The journal as its parts make it."""
    found = files(client)
    return "".join(found[name] for name in parts_of(found, "journal"))


def lines(*numbers: int) -> list[str]:
    return [f"{number}\n" for number in numbers]


def never(ended: threading.Event, _seconds: float) -> bool:
    """The pause of a run that is over before its second part."""
    return ended.wait(60)


def test_only_what_is_new_is_stored_with_each_part() -> None:
    client = server()
    journal = new(client)
    journal.add(lines(1, 2))
    journal.store()
    journal.store()
    journal.add(lines(3))
    journal.store()
    assert files(client) == {FIRST: "1\n2\n", FIRST.replace("1.jsonl", "2.jsonl"): "3\n"}
    assert client.requests == [
        f"PUT /api/v4/projects/team%2Fapp/packages/generic/registry-cleanup-journal/7/{name}" for name in files(client)
    ]
    assert journal.as_result() == {
        **{"project": "team/app", "package": "registry-cleanup-journal", "version": "7", "file_name": "journal"},
        **{"parts": 2, "complete": True},
    }


def test_a_part_has_a_largest_size_and_ends_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_PART", 100)
    client = server()
    journal = new(client)
    wanted = ["x" * size + "\n" for size in (50, 49, 48, 1, 1, 300, 1, 98, 99, 2)]
    journal.add(wanted)
    journal.store()
    parts = list(files(client).values())
    assert all(len(part) <= 100 or part.count("\n") == 1 for part in parts)
    assert len(parts) < len(wanted)
    assert stored(client) == "".join(wanted)
    assert all(part.endswith("\n") for part in parts)


def test_what_is_noted_before_is_stored_before_anything_is_deleted() -> None:
    client = server()
    with open_journal(None, journal := new(client)) as write:
        write({"event": "start"})
        with stored_meanwhile(journal, never):
            assert '"start"' in stored(client)
            write({"event": "end"})
            assert '"end"' not in stored(client)
        assert '"end"' in stored(client)
    assert journal.parts == 2


@pytest.mark.parametrize(
    "fault",
    [{"action": "status", "status": 403}, {"action": "status", "status": 502}, {"action": "reset_before"}],
)
@pytest.mark.parametrize("is_only", [True, False])
def test_nothing_begins_without_its_first_part(fault: dict[str, Any], is_only: bool) -> None:
    client = server()
    set_faults(client, {"method": "PUT", **fault})
    journal = new(client, is_only=is_only)
    journal.add(lines(1))
    begun = []
    with pytest.raises(RequestError, match=r"journal-.*-00001\.jsonl of package"), stored_meanwhile(journal, never):
        begun.append(1)
    assert begun == []
    assert journal.as_result()["complete"] is False
    assert not with_journal(Applied({}), journal).warnings


def test_an_only_journal_that_fails_stops_what_is_noted_in_it() -> None:
    client = server()
    journal = new(client)
    with open_journal(None, journal) as write:
        write({"event": "start"})
        journal.store()
        set_faults(client, {"method": "PUT", "action": "status", "status": 403, "first": 1})
        write({"event": "delete_requested"})
        with pytest.raises(RequestError):
            journal.store()
        with pytest.raises(
            JournalError, match="Could not write to the journal: could not store journal-.*answered 403"
        ):
            write({"event": "delete_requested"})
        # What was noted is not lost, and once it is stored more can be noted.
        journal.store()
        write({"event": "end"})
    journal.store()
    assert [json.loads(line)["event"] for line in stored(client).splitlines()] == ["start", "delete_requested", "end"]


def test_a_second_copy_that_fails_stops_nothing_and_is_told(tmp_path: Path) -> None:
    client = server()
    journal = new(client, is_only=False)
    with open_journal(str(tmp_path / "journal"), journal) as write:
        write({"event": "start"})
        with stored_meanwhile(journal, never):
            set_faults(client, {"method": "PUT", "action": "status", "status": 403})
            for _number in range(3):
                write({"event": "delete_requested"})
                with pytest.raises(RequestError):
                    journal.store()
    assert (tmp_path / "journal").read_text().count("delete_requested") == 3
    told = with_journal(Applied({"counts": {}}), journal)
    assert told.outcome["journal"]["complete"] is False
    [warning] = told.warnings
    assert warning.startswith("The end of the journal is not in its package: Could not store journal-")
    assert "GitLab answered 403" in warning


def test_a_part_that_failed_is_stored_with_the_next_one() -> None:
    client = server()
    journal = new(client, is_only=False)
    journal.add(lines(1))
    set_faults(client, {"method": "PUT", "action": "status", "status": 502, "first": 1})
    with pytest.raises(RequestError):
        journal.store()
    journal.add(lines(2))
    journal.store()
    assert stored(client) == "1\n2\n"
    assert journal.failure == ""
    assert not with_journal(Applied({}), journal).warnings


@pytest.mark.parametrize("duplicates", [True, False])
def test_a_part_whose_answer_was_lost_is_stored_once(duplicates: bool) -> None:
    """A group may forbid a second file of one name."""
    client = server(generic_duplicates=duplicates)
    journal = new(client, is_only=False)
    journal.add(lines(1))
    set_faults(client, {"method": "PUT", "action": "reset_after", "first": 1})
    with pytest.raises(RequestError):
        journal.store()
    journal.add(lines(2))
    journal.store()
    assert stored(client) == "1\n2\n"
    assert journal.parts == 2


def test_another_400_is_no_success() -> None:
    client = server()
    set_faults(client, {"method": "PUT", "action": "status", "status": 400, "json": {"message": "400 Bad request"}})
    journal = new(client)
    journal.add(lines(1))
    with pytest.raises(RequestError):
        journal.store()


def test_whatever_is_lost_or_refused_no_line_is_missing_and_none_is_torn() -> None:
    for seed in range(60):
        dice = random.Random(seed)
        client = server(generic_duplicates=dice.random() < 0.5)
        journal = new(client, is_only=False)
        actions: list[dict[str, Any]] = [
            {"action": "status", "status": 502},
            {"action": "reset_before"},
            {"action": "reset_after"},
        ]
        wanted = [f"{number}\n" for number in range(dice.randrange(1, 40))]
        left = list(wanted)
        while left:
            count = dice.randrange(1, 6)
            journal.add(left[:count])
            del left[:count]
            set_faults(
                client, *([{"method": "PUT", **dice.choice(actions), "first": 1}] if dice.random() < 0.5 else [])
            )
            try:
                journal.store()
            except RequestError:
                assert "".join(wanted).startswith(stored(client))
        set_faults(client)
        journal.store()
        assert stored(client) == "".join(wanted), seed


def test_what_is_a_minute_old_is_stored_at_every_moment_of_a_run() -> None:
    """A kill leaves what is in the package: the run sleeps for odd times, and the thread for thirty seconds."""
    assert module._INTERVAL <= 30
    assert module._INTERVAL + module._TIMEOUT < module._OLDEST
    for seed in range(20):
        dice = random.Random(seed)
        client = server()
        journal, now, due = new(client), 0.0, 0.0
        noted: list[float] = []
        while now < 600:
            # The thread stores what there is by then, and needs up to twenty seconds for it.
            while due <= now:
                journal.add(f"{moment}\n" for moment in noted if moment <= due)
                noted = [moment for moment in noted if moment > due]
                journal.store()
                due += module._INTERVAL + dice.uniform(0, 20)
            assert all(now - moment < 60 for moment in noted), seed
            noted.append(now)
            now += dice.choice([0.01, 0.5, 3, 25])


HINDRANCES: list[dict[str, Any]] = [
    {"action": "status", "status": 502},
    {"action": "status", "status": 429, "headers": {"Retry-After": "300"}},
    {"action": "status", "status": 503, "headers": {"Retry-After": "300"}},
    {"action": "reset_before"},
    {"action": "reset_after"},
]


@pytest.mark.parametrize("hindrance", HINDRANCES, ids=lambda each: f"{each['action']}{each.get('status', '')}")
def test_whatever_hinders_a_part_nothing_is_done_on_older_lines_than_promised(hindrance: dict[str, Any]) -> None:
    """A part that fails, also after it hung, and one that is not asked for hold the run up alike."""
    for seed in range(30):
        dice = random.Random(seed)
        client = connected(scenario_of([]), retries=5)
        now = client.timing.monotonic
        journal, noted, refused = new(client), list[tuple[str, float]](), 0
        journal.add(lines(0))
        journal.store()
        for number in range(1, 200):
            client.timing.sleep(dice.uniform(0, 4))
            try:
                journal.add(lines(number))
            except JournalError:
                refused += 1
            else:
                oldest = min((moment for line, moment in noted if line not in stored(client)), default=now())
                assert now() - oldest <= 60, seed
                noted.append((f"{number}\n", now()))
            if dice.random() < 0.1:
                set_faults(client, *([{"method": "PUT", **hindrance, "first": 1}] if dice.random() < 0.8 else []))
                before = len(client.requests)
                # It hangs as long as it may.
                client.timing.sleep(dice.uniform(0, module._TIMEOUT))
                try:
                    journal.store()
                except RequestError:
                    assert len(client.requests) <= before + 1
        client.timing.sleep(300)
        set_faults(client)
        journal.store()
        assert stored(client) == "".join(["0\n", *(line for line, _moment in noted)])
        journal.add(lines(1000))


def test_a_part_hangs_for_a_short_time_only() -> None:
    journal = new(connected(scenario_of([]), timeout=60.0))
    assert [each.settings.timeout for each in (journal._others, journal._last)] == [15.0, 5.0]
    assert [each.settings.timeout for each in (new(connected(scenario_of([]), timeout=2.0))._others,)] == [2.0]


@pytest.mark.parametrize("is_only", [True, False])
def test_a_failure_that_may_pass_stops_nothing_at_once(is_only: bool) -> None:
    client = server()
    journal = new(client, is_only=is_only)
    journal.add(lines(1))
    journal.store()
    set_faults(client, {"method": "PUT", "action": "status", "status": 502})
    journal.add(lines(2))
    with pytest.raises(RequestError):
        journal.store()
    assert journal.seconds_to_next == module._AGAIN
    journal.add(lines(3))
    client.timing.sleep(61)
    if not is_only:
        journal.add(lines(4))
        return
    with pytest.raises(JournalError, match="could not store journal-.*answered 502"):
        journal.add(lines(4))
    # What was done is noted all the same, and what was not asked for needs no journal.
    journal.add(lines(5), precedes=False)
    client.why_stop = lambda: "it was interrupted by SIGTERM"
    journal.add(lines(6))
    set_faults(client)
    journal.store()
    assert stored(client) == "1\n2\n3\n5\n6\n"


def test_what_is_not_stored_at_the_end_of_the_only_journal_is_a_shortfall() -> None:
    client = server()
    journal = new(client)
    journal.add(lines(1))
    journal.store()
    journal.add(lines(2))
    assert with_journal(Applied({}), journal).shortfall == (
        "The end of the journal is not in its package: GitLab did not answer in time."
    )
    set_faults(client, {"method": "PUT", "action": "status", "status": 403})
    with pytest.raises(RequestError):
        journal.store()
    told = with_journal(Applied({}, "1 of 2 tags were deleted"), journal)
    assert told.shortfall.startswith(
        "1 of 2 tags were deleted. The end of the journal is not in its package: Could not"
    )
    assert not told.warnings


def test_parts_do_not_count_for_max_requests_and_wait_for_no_pace() -> None:
    client = connected(scenario_of([]), max_requests=1, max_requests_per_minute=1)
    client.request("GET", "/api/v4/version", operation="look")
    journal = new(client)
    start = client.timing.monotonic()
    for number in range(3):
        journal.add(lines(number))
        journal.store()
    assert (journal.parts, client.timing.monotonic()) == (3, start)
    with pytest.raises(RequestError, match="max_requests 1 is reached"):
        client.request("GET", "/api/v4/version", operation="look")


@pytest.mark.parametrize("first", [True, False])
def test_a_name_that_is_taken_is_no_success(first: bool) -> None:
    """Unless an earlier try of this part may have stored it, it has to be compared."""
    client = server(generic_duplicates=False)
    journal = new(client)
    if not first:
        journal.add(lines(0))
        journal.store()
    name = FIRST if first else FIRST.replace("1.jsonl", "2.jsonl")
    path = f"/api/v4/projects/team%2Fapp/packages/generic/registry-cleanup-journal/7/{name}"
    client.request("PUT", path, data=b"of somebody else", operation="store")
    journal.add(lines(1))
    with pytest.raises(RequestError, match="Duplicate package"):
        journal.store()
    assert journal.is_whole is False
    with pytest.raises(JournalError):
        journal.add(lines(2))


def test_a_name_that_is_taken_by_this_very_part_is_a_success() -> None:
    """The retries of the first part are not seen here."""
    client = connected(scenario_of([], generic_duplicates=False), retries=5)
    set_faults(client, {"method": "PUT", "action": "reset_after", "first": 1})
    journal = new(client)
    journal.add(lines(1))
    journal.store()
    assert stored(client) == "1\n"
    assert [each.split()[0] for each in client.requests] == ["PUT", "PUT", "GET"]


def test_the_name_of_a_part_has_the_time_of_the_server() -> None:
    class Late(Simulated):
        latest_clock = NOON

    client = server()
    client.__class__ = Late
    journal = journal_upload(client, PLACE, is_only=True)
    assert journal
    journal.add(lines(1))
    journal.store()
    assert next(iter(files(client))).startswith("journal-20260601T120000Z-")


def test_the_rest_is_tried_again_unless_the_run_was_told_to_end() -> None:
    for told_to_end in (False, True):
        client = connected(scenario_of([]), retries=5)
        journal = new(client)
        journal.add(lines(1))
        with stored_meanwhile(journal, never):
            journal.add(lines(2))
            set_faults(client, {"method": "PUT", "action": "status", "status": 502, "first": 3})
            if told_to_end:
                client.why_stop = lambda: "it was interrupted by SIGTERM"
        assert journal.is_whole is not told_to_end


def test_a_run_that_was_told_to_end_does_not_wait_for_an_upload_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LAST_WAIT", 0.2)
    client, answer, asked = server(), threading.Event(), threading.Event()
    journal = new(client)
    journal.add(lines(1))

    def hang(*_arguments: object) -> None:
        asked.set()
        answer.wait(30)

    start = time.monotonic()
    with stored_meanwhile(journal, lambda ended, _seconds: ended.wait(0.01)):
        monkeypatch.setattr(module, "upload", hang)
        journal.add(lines(2))
        assert asked.wait(10)
        # The signal comes while the end is waited for.
        threading.Timer(0.2, lambda: setattr(client, "why_stop", lambda: "it was interrupted by SIGTERM")).start()
    assert time.monotonic() - start < 10
    assert journal.is_whole is False
    assert "did not answer in time" in with_journal(Applied({}), journal).shortfall
    answer.set()


def test_the_thread_stores_meanwhile_and_ends_with_the_run() -> None:
    client = server()
    journal = new(client)
    turns, done = threading.Semaphore(0), threading.Semaphore(0)

    def pause(ended: threading.Event, _seconds: float) -> bool:
        done.release()
        turns.acquire()
        return ended.is_set()

    with open_journal(None, journal) as write:
        write({"event": "start"})
        with stored_meanwhile(journal, pause):
            done.acquire()
            for number in range(3):
                write({"event": "delete_requested", "number": number})
                turns.release()
                done.acquire()
                assert stored(client).count("delete_requested") == number + 1
            write({"event": "end"})
            turns.release()
    assert journal.parts == 5
    assert stored(client).count("\n") == 5


def test_what_ends_a_run_unexpectedly_is_stored() -> None:
    client = server()
    journal = new(client)

    def run() -> None:
        with open_journal(None, journal) as write:
            write({"event": "start"})
            with stored_meanwhile(journal, never):
                write({"event": "delete_requested"})
                raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        run()
    assert stored(client).count("\n") == 2


def test_a_run_that_was_told_to_end_stores_its_last_part_at_once() -> None:
    client = connected(scenario_of([]), retries=5)
    journal = new(client)
    with open_journal(None, journal) as write:
        write({"event": "start"})
        with stored_meanwhile(journal, never):
            write({"event": "delete_requested"})
            client.stop("an earlier request was answered 401")
            client.why_stop = lambda: "it was interrupted by SIGTERM"
            client.requests.clear()
            set_faults(client, {"method": "PUT", "action": "status", "status": 502, "first": 1})
        # Once, for who ended it waits.
        assert len(client.requests) == 1
        assert journal.is_whole is False
        journal.store()
    assert stored(client).count("\n") == 2


def test_a_thread_that_can_not_be_started_lets_nothing_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(JournalError, match="allows no further thread"), stored_meanwhile(new(server())):
        pytest.fail("it began")


def test_without_a_package_nothing_is_stored() -> None:
    with stored_meanwhile(None):
        pass
    assert journal_place(None, "https://gitlab.example.com") is None
    assert journal_upload(server(), None, is_only=True) is None
    assert with_journal(Applied({"counts": {}}), None).outcome == {"counts": {}, "journal": None}


def test_two_runs_in_one_second_have_other_names() -> None:
    client = server()
    for _run in range(2):
        journal = journal_upload(client, PLACE, is_only=True)
        assert journal
        journal.add(lines(1))
        journal.store()
    assert len(files(client)) == 2
    assert len(parts_of(files(client), "journal")) == 2


@pytest.mark.parametrize("option", ["package", "version", "file_name"])
def test_names_that_gitlab_does_not_take(option: str) -> None:
    names = {"project": "team/app", "package": "a", "version": "1", "file_name": "b", option: "a b"}
    with pytest.raises(UsageError, match=f"journal_package.{option} 'a b' is not accepted by GitLab"):
        journal_place(names, "https://gitlab.example.com")


def reporter(scenario: dict[str, Any]) -> None:
    scenario["groups"][0]["members"]["ops"] = "reporter"


def read_only(scenario: dict[str, Any]) -> None:
    scenario["tokens"][0]["scopes"] = ["read_api"]


@pytest.mark.parametrize(
    ("change", "project", "words", "count"),
    [
        (None, "team/app", "", 2),
        (reporter, "team/app", "needs at least the role Developer", 2),
        (read_only, "team/app", "the token has the scope read_api", 1),
        (None, "team/nothing", "Could not read project team/nothing: GitLab answered 404", 2),
    ],
)
def test_what_check_mode_foresees(
    change: Callable[[dict[str, Any]], None] | None, project: str, words: str, count: int
) -> None:
    scenario = scenario_of([])
    if change:
        change(scenario)
    client = connected(scenario)
    found = why_not_done(client, PackageFile(project, package="p", version="1", name="journal"))
    assert words in found
    assert bool(found) is bool(words)
    assert len(client.requests) == count
    assert why_not_done(connected(scenario_of([])), None) == ""
