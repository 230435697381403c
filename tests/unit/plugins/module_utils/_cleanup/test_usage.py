# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan frees, and that what was read besides decides nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.planning import plan_cleanup
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.request import (
    CleanupRequest,
    check_for_server,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.state import CleanupState
from ansible_collections.containerops.gitlab.plugins.module_utils._cleanup.usage import (
    freed_row,
    listed_dates,
    plan_usage,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import ImageBlobs, Tag, TagListing
from ansible_collections.containerops.gitlab.plugins.module_utils._core.server import DeleteMethod, Mode
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.plan_file import sealed
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.decision import DateSource
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures
from tests.unit.cleanups import NOW, REPOSITORY, observed, planned, requested, tag
from tests.unit.models import digest

ERROR = RequestError(ErrorKind.UNAVAILABLE, "no", operation="read it")
V1, DEV = (
    tag(name, letter=letter, size=size, protected=False) for name, letter, size in (("v1", "a", 70), ("dev", "b", 50))
)
DEV_ONLY: dict[str, Any] = {"name_regex_delete": "dev.*", "min_remaining": 0}
BLOBS = {digest("a"): {"base": 60, "one": 10}, digest("b"): {"base": 60, "two": 7}}


def figures(state: CleanupState, request: CleanupRequest | None = None, **listed: Any) -> Figures:
    """Those of the only repository, of which more is known than decides."""
    asked = request or requested(**DEV_ONLY)
    listings = [each._replace(**listed) for each in state.listings]
    usages = plan_usage(state, plan_cleanup(state, asked).plan, listings, listed_dates(state, asked))
    return usages[REPOSITORY.id].figures


def test_bounds_and_layers() -> None:
    state = observed(V1, DEV)
    sized = figures(state, repository=REPOSITORY._replace(size=100))
    assert (sized.bytes_method, sized.freed) == (BytesMethod.GITLAB, (30, 30))
    exact = figures(state, blobs=ImageBlobs(BLOBS))
    assert (exact.bytes, exact.bytes_method, exact.freed) == (77, BytesMethod.LAYERS, (7, 7))
    unknown = figures(state, blobs=ImageBlobs({**BLOBS, digest("b"): None}))
    assert (unknown.bytes_method, unknown.freed) == (BytesMethod.ESTIMATED, (None, 50))
    assert freed_row(exact) == {"bytes": 77, "bytes_method": "layers", "freed_least": 7, "freed_most": 7}


def test_an_unread_repository_keeps_all_and_has_no_numbers() -> None:
    found = figures(observed(listings=[TagListing(REPOSITORY, error=ERROR)]))
    assert (found.tags, found.bytes, found.keep) == (None, None, None)
    assert (found.delete, found.freed) == (0, (0, 0))


def test_where_gitlab_may_delete_less_the_least_is_not_known() -> None:
    state = observed(V1, DEV, delete_method=DeleteMethod.BULK_UNPINNED, capabilities={"mode_is_proven": True})
    certain = requested(delete_via="bulk_unpinned", name_regex_delete="dev.*", older_than="30d", signatures="keep")
    assert figures(state, certain, blobs=ImageBlobs(BLOBS)).freed == (7, 7)
    # It is not known whether a rule protects it.
    doubtful = observed(
        *(each._replace(protected=None) for each in (V1, DEV)), delete_method=DeleteMethod.BULK_UNPINNED
    )
    assert figures(doubtful, certain, blobs=ImageBlobs(BLOBS)).freed == (None, 7)


def test_dates_that_were_read_are_shown_where_none_decides() -> None:
    read, unread = tag("v1", 3), Tag("v2", digest("c"), details_read=True)
    [part] = planned(read, unread, request=requested(protect=["v.*"])).plan.repositories
    assert [decision.date for decision in part.decisions] == [NOW - timedelta(days=3), None]
    assert part.date_source is DateSource.PUBLISHED
    [part] = planned(unread, request=requested(**DEV_ONLY)).plan.repositories
    assert part.date_source is DateSource.NONE


@pytest.mark.parametrize(
    ("facts", "options", "source"),
    [
        ({}, {}, DateSource.NONE),
        ({"created": NOW}, {}, DateSource.PUBLISHED),
        ({"published": NOW}, {}, DateSource.PUBLISHED),
        ({}, {"gather": ["tag_details"], "output_path": "x"}, DateSource.PUBLISHED),
    ],
)
def test_listed_dates_are_told_if_any_was_read_or_asked_for(
    facts: dict[str, Any], options: dict[str, Any], source: DateSource
) -> None:
    state = observed(Tag("v1", digest("a")), Tag("v2", digest("b"), **facts))
    assert listed_dates(state, requested(**DEV_ONLY, **options)) is source
    if source is not DateSource.NONE:
        elsewhere = state._replace(capabilities=state.capabilities._replace(mode=Mode.NO_DATABASE))
        assert listed_dates(elsewhere, requested(**DEV_ONLY, **options)) is DateSource.BUILT


def test_numbers_go_by_the_dates_that_were_listed() -> None:
    both = [each._replace(published=NOW - timedelta(days=3)) for each in (V1, DEV)]
    found = figures(observed(*both))
    assert (found.newest_tag_at, found.tags_by_age) == (both[0].published, (2, 0, 0, 0, 0, 0))


TAGS = st.lists(
    st.builds(
        tag,
        st.sampled_from(["v1", "v2", "dev-1", "dev-2", "latest", "1.0.0"]),
        st.integers(-2, 400),
        st.sampled_from("abc"),
    ),
    unique_by=lambda each: each.name,
    max_size=5,
).map(lambda found: sorted(found, key=lambda each: each.name))


RANKS = st.sampled_from([{}, {"sort_by": "semver", "keep_n": 1}, {"sort_by": "name", "keep_n": 2}])


@given(TAGS, RANKS)
def test_a_date_that_no_rule_needs_decides_nothing(tags: list[Tag], rank: dict[str, Any]) -> None:
    request = requested(name_regex_delete=".*", **rank, min_remaining=0)
    plans = [
        planned(*found, request=request).plan.repositories[0]
        for found in (tags, [each._replace(created=None, published=None) for each in tags])
    ]
    with_dates, without = ([(each.tag.name, each.delete, each.reason) for each in part.decisions] for part in plans)
    assert with_dates == without


@given(TAGS, st.booleans())
def test_what_is_read_besides_changes_no_byte_of_a_plan(tags: list[Tag], layers: bool) -> None:
    state, request = observed(*tags), requested(**DEV_ONLY, gather=["size", "layers"] if layers else ["tags_count"])
    plan = plan_cleanup(state, request).plan
    listings = [
        each._replace(repository=REPOSITORY._replace(size=5), blobs=ImageBlobs(BLOBS)) for each in state.listings
    ]
    plan_usage(state, plan, listings, listed_dates(state, request))
    lines = list(sealed(plan, {}).lines())
    assert lines == list(sealed(plan_cleanup(state, requested(**DEV_ONLY)).plan, {}).lines())


def test_sizes_are_not_for_job_tokens() -> None:
    request = requested(**DEV_ONLY, gather=["size"])
    check_for_server(request, url="https://gitlab.test", job_token=False)
    with pytest.raises(UsageError, match="gather size is not available with a CI/CD job token"):
        check_for_server(request, url="https://gitlab.test", job_token=True)
