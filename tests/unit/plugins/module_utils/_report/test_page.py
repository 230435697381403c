# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import (
    Report,
    ReportHead,
    RepositoryReport,
    TagReport,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page
from ansible_collections.containerops.gitlab.plugins.module_utils._report.sentences import REASON_SENTENCES
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Reason
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import Figures
from tests.demo.fleet import fleet

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def report_of(*tags: TagReport, **head: Any) -> Report:
    repository = RepositoryReport(1, "team/app", project="team/app", project_id=1, figures=Figures(), tags=tuple(tags))
    return Report(
        ReportHead(**{"server": "https://gitlab.example.com", "scope": "project team/app", "clock": None, **head}),
        Figures(),
        projects=(),
        repositories=lambda: iter([repository]),
        repositories_count=1,
    )


def page_of(report: Report) -> str:
    return "".join(html_page(report))


def data_of(page: str) -> dict[str, Any]:
    """The data as a browser finds it: the block ends with the first end of a script."""
    text = page.partition('<script type="application/json" id="data">')[2].partition("</script")[0]
    found: dict[str, Any] = json.loads(text)
    return found


def columns_of(*tags: TagReport) -> list[Any]:
    """The columns of the tags, each as a list."""
    [repository] = data_of(page_of(report_of(*tags)))["repositories"]
    names, *others = repository[-1]
    return [names, *(each if isinstance(each, list) else [each] * len(names) for each in others)]


def test_every_reason_has_a_sentence() -> None:
    assert set(REASON_SENTENCES) == set(Reason)
    assert len({*REASON_SENTENCES.values()}) == len(Reason)
    assert all(re.fullmatch(r"[A-Z][^\n.]*\.", each) for each in REASON_SENTENCES.values())


def test_the_policy_has_the_hashes_of_the_one_style_and_the_one_script() -> None:
    page = page_of(fleet())
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    blocks = re.findall(r"<style>(.*?)</style>|<script type=\"module\">(.*?)</script>", page, re.DOTALL)
    hashes = [
        base64.b64encode(hashlib.sha256((style or script).encode()).digest()).decode() for style, script in blocks
    ]
    assert len(hashes) == 2
    assert policy == [
        f"default-src 'none'; script-src 'sha256-{hashes[1]}'; style-src 'sha256-{hashes[0]}'; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert not re.search(
        r"https?://|\bon[a-z]+=|style=|eval\(|innerHTML|insertAdjacentHTML|document\.write",
        "".join(style + script for style, script in blocks),
    )


def test_the_page_is_the_same_every_time() -> None:
    report = fleet()
    assert page_of(report) == page_of(report)


@given(st.text())
def test_no_text_leaves_its_place(text: str) -> None:
    found = page_of(report_of(TagReport(text, digest=text, reason=text), scope=text, warnings=(text,)))
    assert found.isascii()
    assert found.count("<script") == found.count("</script") == 2
    assert "<!--" not in found.partition("<body>")[2]
    data = data_of(found)
    shown = data["head"]["scope"]
    assert shown.isprintable()
    assert data["head"]["warnings"] == data["repositories"][0][-1][0] == [shown]
    if text.isprintable():
        assert shown == text


def test_what_acts_on_text_is_shown_as_its_escape() -> None:
    assert columns_of(TagReport("a\u202eb\x1b[0m\n\u200b"))[0] == ["a\\u202eb\\x1b[0m\\n\\u200b"]


def test_a_digest_is_there_once_and_whole() -> None:
    names, _decisions, digests, *_others = columns_of(
        *(TagReport(name, digest=digest) for name, digest in zip("abcd", (DIGEST, None, DIGEST, "md5:1"), strict=True))
    )
    assert names == ["a", "b", "c", "d"]
    assert digests[1:] == [None, 0, "=md5:1"]
    assert base64.b64decode(f"{digests[0]}=").hex() == DIGEST.removeprefix("sha256:")


def test_dates_are_seconds_and_the_judged_one_names_another() -> None:
    times = ("2026-01-01T00:00:00Z", "2025-12-31T23:00:00.5Z", "2026-01-01T01:00:00+01:00")
    tags = (
        TagReport("a", pushed_at=times[0], built_at=times[1], date=times[2]),
        TagReport("b", pushed_at=times[0], built_at=times[1], date=times[1]),
        TagReport("c", pushed_at=times[0], date="2024-01-01T00:00:00Z"),
        TagReport("d"),
    )
    pushed, built, judged = columns_of(*tags)[-4:-1]
    assert pushed == [1767225600, 1767225600, 1767225600, None]
    assert built == [1767222000, 1767222000, None, None]
    assert judged == ["p", "b", 1704067200, None]


def test_decisions_are_counted() -> None:
    tags = [TagReport(name, action="delete", reason="expired", rule="builds") for name in "abc"]
    data = data_of(page_of(report_of(*tags, TagReport("d", action="keep", reason="latest"))))
    assert data["decisions"] == [["delete", "expired", "builds", 3], ["keep", "latest", None, 1]]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/plans/team.jsonl", "/plans/team.jsonl"),
        ("/plans/it's $HOME {a: b}.jsonl", "/plans/it's $HOME {a: b}.jsonl"),
        ("/plans/\u00e4 \\n\n.jsonl", "/plans/\u00e4 \\n\n.jsonl"),
        ("https://gitlab.example.com/api/v4/projects/1/packages/generic/plan/1/plan.jsonl", "plan.jsonl"),
    ],
)
def test_the_command_names_plan_and_fingerprint_for_a_shell(place: str, expected: str) -> None:
    data = data_of(page_of(report_of(fingerprint=DIGEST, plan_place=place)))
    words = shlex.split(data["head"]["command"])
    assert words[:3] == ["ansible-playbook", "containerops.gitlab.apply", "-e"]
    path = words[3].removeprefix("registry_cleanup_approved_plan_path=")
    found = json.loads(path)["registry_cleanup_approved_plan_path"] if path.startswith("{") else path
    assert found == expected
    assert words[4:] == ["-e", f"registry_cleanup_approved_fingerprint={DIGEST}"]


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"fingerprint": DIGEST},
        {"plan_place": "/plans/team.jsonl"},
        {"fingerprint": DIGEST, "plan_place": "/plans/team.jsonl", "deleted": 0},
    ],
    ids=["audit", "not kept", "altered", "carried out"],
)
def test_without_a_plan_that_can_be_approved_there_is_no_command(head: dict[str, Any]) -> None:
    assert data_of(page_of(report_of(**head)))["head"]["command"] is None


def test_the_command_fetches_a_plan_from_its_package() -> None:
    package = {"project": "team/it's plans", "version": "2026.06"}
    data = data_of(page_of(report_of(fingerprint=DIGEST, plan_place="package of team/plans", plan_package=package)))
    words = shlex.split(data["head"]["command"])
    assert json.loads(words[3]) == {"registry_cleanup_approved_plan_package": package}
    assert words[4:] == ["-e", f"registry_cleanup_approved_fingerprint={DIGEST}"]


def test_a_tag_takes_little_room() -> None:
    report = fleet(20, tags=1000)
    tags = sum(len(each.tags or ()) for each in report.repositories())
    frame = len(page_of(fleet(0)))
    assert (len(page_of(report)) - frame) / tags < 130
