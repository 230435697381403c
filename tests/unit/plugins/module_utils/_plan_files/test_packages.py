# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans in packages of GitLab: what is refused, and what has to be stored."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._gitlab.packages import PackageFile
from ansible_collections.containerops.gitlab.plugins.module_utils._plan_files.packages import (
    fetched_plan,
    needs_upload,
    package_file,
    plan_text,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_plan_package import ARGUMENTS
from tests.unit.options import filled
from tests.unit.plugins.module_utils._plan.test_merge import plan

TEXT, OTHER = "".join(plan("a")), "".join(plan("b"))
PLAN = plan_text(TEXT)
FILE = PackageFile("team/app", package="plans", version="1", name="plan.jsonl")


def file(**options: Any) -> PackageFile:
    given = {"action": "store", "project": "team/app", "plan_path": "/plan", "version": "1", **options}
    return package_file(filled(given, ARGUMENTS.options), "https://gitlab.example.com")


def test_where_a_plan_lies() -> None:
    assert file(project="/team/app/", package="plans") == FILE


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"package": "a b"}, "package 'a b' is none that GitLab takes"),
        ({"package": ""}, "package '' is none"),
        ({"version": "1/2"}, "version '1/2' is none"),
        ({"version": ".."}, "version '..' is none"),
        ({"file_name": "a/b"}, "file_name 'a/b' is none"),
    ],
)
def test_names_that_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        file(**options)
    assert words in str(caught.value)


def test_a_plan_as_it_is_returned() -> None:
    assert PLAN.as_result() == {"fingerprint": PLAN.fingerprint, "size": len(TEXT.encode())}
    with pytest.raises(UsageError, match="was altered"):
        plan_text(TEXT.replace("a-0", "a-9"))


def test_a_plan_is_stored_once() -> None:
    assert needs_upload(PLAN, None, FILE, overwrite=False)
    assert not needs_upload(PLAN, TEXT.encode(), FILE, overwrite=False)
    assert needs_upload(PLAN, OTHER.encode(), FILE, overwrite=True)


@pytest.mark.parametrize(
    ("stored", "words"), [(OTHER.encode(), "is there and is another plan"), (b"\xff", "is no plan")]
)
def test_what_is_not_overwritten(stored: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        needs_upload(PLAN, stored, FILE, overwrite=False)
    assert words in str(caught.value)


def test_a_plan_that_is_fetched() -> None:
    assert fetched_plan(TEXT.encode(), FILE) == PLAN


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (None, "GitLab answered 404. There is no such plan"),
        (b"\xff", "is no plan"),
        (TEXT.replace("a-0", "a-9").encode(), "was altered"),
    ],
)
def test_what_is_not_fetched(stored: bytes | None, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fetched_plan(stored, FILE)
    assert words in str(caught.value)
