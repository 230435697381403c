# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generic packages: which names GitLab takes, which versions are meant, and which file of a name counts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import RequestError, UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.packages import (
    PackageFile,
    download,
    package_file,
    package_versions,
    stored_files,
    upload,
)
from tests.unit.simulated import connected, scenario_of, set_faults

SERVER = "https://gitlab.example.com"
PROJECT = "team/app"


def place(name: str = "plan.jsonl", version: str = "1", package: str = "plans") -> PackageFile:
    return PackageFile(PROJECT, package=package, version=version, name=name)


def file(**changes: str) -> PackageFile:
    names = {"project": PROJECT, "package": "plans", "version": "1", "file_name": "plan.jsonl", **changes}
    return package_file(names, SERVER, "journal_package.")


def test_where_a_file_lies() -> None:
    assert file(project="/team/app/") == file(project=f"{SERVER}/team/app") == place()


@pytest.mark.parametrize(
    ("option", "name"),
    [
        *(("package", name) for name in ("", "a b", "a/b", "@a/b", "~a", ".", "..", "x" * 256, "é")),
        *(("version", name) for name in ("", "1/2", "1..2", "..", ".", "1~2", "@1", "١")),
        *(("file_name", name) for name in ("", "a/b", "..", "~a", "a~", "@a", "a b", "a\n")),
    ],
)
def test_names_that_gitlab_does_not_take(option: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        file(**{option: name})
    assert str(caught.value) == f"journal_package.{option} {name!r} is not accepted by GitLab."


@pytest.mark.parametrize("version", ["1", "2026.06.01", "v1.2.3-rc.1+build_7", "..a"[1:]])
def test_versions_that_gitlab_takes(version: str) -> None:
    client = connected(scenario_of([]))
    upload(client, place(version=version), b"x")
    assert [each.version for each in package_versions(client, PROJECT, "plans")] == [version]


def test_a_package_is_found_by_its_whole_name_only() -> None:
    client = connected(scenario_of([]))
    for name in ("plans", "Plans", "my-plans", "plans-2", "plan"):
        upload(client, place(package=name), b"x")
    upload(client, place(version="2"), b"x")
    for package in ("plans", "Plans", "plan"):
        found = package_versions(client, PROJECT, package)
        assert [each.version for each in found] == (["1", "2"] if package == "plans" else ["1"])


@pytest.mark.parametrize("generation", ["G15", "G18"])
def test_a_version_is_found_by_its_whole_name_on_every_release(generation: str) -> None:
    client = connected(scenario_of([], generation=generation))
    for version in ("1", "11", "1.1"):
        upload(client, place(version=version), b"x")
    client.requests.clear()
    assert [each.version for each in package_versions(client, PROJECT, "plans", "1")] == ["1"]
    assert package_versions(client, PROJECT, "plans", "2") == []
    assert len(client.requests) == 2


def test_of_several_files_of_one_name_the_newest_counts() -> None:
    client = connected(scenario_of([]))
    for name, content in (("a", b"1"), ("b", b"22"), ("a", b"333")):
        upload(client, place(name), content)
    [package] = package_versions(client, PROJECT, "plans")
    found = stored_files(client, PROJECT, package)
    assert [(each.name, each.size) for each in found] == [("a", 3), ("b", 2)]
    assert download(client, place("a")) == b"333"


def test_more_files_than_a_page_has() -> None:
    client = connected(scenario_of([]))
    names = [f"part-{number:03}" for number in range(250)]
    for name in names:
        upload(client, place(name), b"x")
    [package] = package_versions(client, PROJECT, "plans")
    client.requests.clear()
    assert [each.name for each in stored_files(client, PROJECT, package)] == names
    # Three pages, and all but the last once more.
    assert len(client.requests) == 5


def test_more_versions_than_a_page_has() -> None:
    client = connected(scenario_of([]))
    for number in range(130):
        upload(client, place(version=str(number)), b"x")
    assert [each.version for each in package_versions(client, PROJECT, "plans")] == [str(each) for each in range(130)]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 403}, "needs the role Developer in the project, and the token the scope api"),
        ({"status": 404}, "has no package registry"),
    ],
)
def test_what_is_told_of_a_file_that_is_not_taken(fault: dict[str, Any], words: str) -> None:
    client = connected(scenario_of([]))
    set_faults(client, {"method": "PUT", "action": "status", **fault})
    with pytest.raises(RequestError) as caught:
        upload(client, place(), b"x")
    assert words in str(caught.value)
    assert "plan.jsonl of package plans 1 in project team/app" in str(caught.value)


def test_a_second_file_of_a_name_may_be_forbidden() -> None:
    client = connected(scenario_of([], generic_duplicates=False))
    upload(client, place(), b"x")
    upload(client, place("other"), b"x")
    with pytest.raises(RequestError, match="Duplicate package is not allowed"):
        upload(client, place(), b"y")


@pytest.mark.parametrize("answer", [{"id": 1}, [{"id": 1, "name": "plans", "package_type": "generic"}], [7]])
def test_an_odd_answer_is_no_list_of_versions(answer: Any) -> None:
    client = connected(scenario_of([]))
    set_faults(client, {"method": "GET", "action": "json", "json": answer})
    with pytest.raises(RequestError):
        package_versions(client, PROJECT, "plans")
