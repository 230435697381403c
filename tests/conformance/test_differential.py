# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two readings of GitLab's rules, written apart: what the plugins predict, and what the simulator's job then does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._policy.prediction import (
    Parameters,
    ServerTag,
    Verdict,
    exact_span,
    nanoseconds,
    predict,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.reasons import Certainty
from tests.conformance.by_plugins import accepts
from tests.conformance.by_simulator import bulk
from tests.tools.depth import examples

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MODES = {"M1": Mode.DATABASE, "M2": Mode.NO_DATABASE, "M3": Mode.NO_DATABASE}

names = st.lists(
    st.one_of(st.just("latest"), st.from_regex(r"[abv12_][abv12.-]{0,4}", fullmatch=True)), unique=True, max_size=15
)
ages = st.one_of(st.none(), st.sampled_from([-86400.0, -0.001, 0.0, 0.001, 60.0, 86400.0, 86400.001, 1e6, 1e9]))
texts = st.text("abv12.*|()[]^$-+?\\", max_size=7)
wishes = st.fixed_dictionaries(
    {
        "name_regex": st.one_of(st.none(), texts),
        "name_regex_delete": st.one_of(st.none(), st.just(".*"), texts),
        "name_regex_keep": st.one_of(st.none(), texts),
        "keep_n": st.one_of(st.none(), st.integers(-12, 16)),
        "older_than": st.sampled_from([None, None, "1d", "1min", "86400s", "1d 1h", "1 day", "1mon", "0"]),
    }
)


def server_tag(name: str, age: float | None, mode: str) -> dict[str, Any]:
    date = None if age is None else (NOW - timedelta(seconds=age)).isoformat()
    return {"name": name, "created_at": date} if mode == "M1" else {"name": name, "config_created": date}


@examples(1500)
@given(names, st.data(), wishes, st.sampled_from(sorted(MODES)), st.integers(1, 7), st.integers(0, 12))
def test_the_simulator_does_what_the_plugins_predict(
    listed: list[str], data: st.DataObject, wanted: dict[str, Any], mode: str, page_size: int, most: int
) -> None:
    dated = {name: data.draw(ages, label=name) for name in listed}
    tags = [server_tag(name, age, mode) for name, age in dated.items()]
    seen = [
        ServerTag(name, None if age is None else exact_span(nanoseconds(NOW - timedelta(seconds=age))))
        for name, age in dated.items()
    ]
    clock = nanoseconds(NOW)
    found = predict(seen, Parameters(**wanted), MODES[mode], clock, page_size=page_size, max_list_size=most)
    knobs = {"page_size": page_size, "max_list_size": most}
    status, _message, job = bulk(tags, wanted, mode, NOW.isoformat(), **knobs)
    if status == 400:
        assert (found.status.value, found.message, found.deletes) == ("error", "invalid regex", [])
        return
    assert status == 202
    assert job
    result = job["result"]
    gone = set(result["deleted"])
    if accepts(wanted["older_than"]):
        assert (found.status.value, found.message) == (result["status"], result.get("message", ""))
    assert {tag.name for tag in found.tags if tag.verdict is Verdict.DELETED} <= gone <= set(found.deletes)
    assert found.least <= len(gone) <= found.most
    if found.certainty is Certainty.EXACT:
        assert gone == set(found.deletes)
