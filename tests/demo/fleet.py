# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report of an invented company with a plan for its registry: the same for the same numbers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import (
    ProjectReport,
    Report,
    ReportHead,
    RepositoryReport,
    TagReport,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import (
    CountedTag,
    combined_figures,
    repository_figures,
)

NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)
GROUPS = {
    "acme/shop": ("storefront", "checkout", "search", "catalog", "recommendations", "media"),
    "acme/payments": ("gateway", "ledger", "fraud-detection", "invoices"),
    "acme/platform": ("ingress", "identity", "observability", "build-images", "ci-runners", "feature-flags"),
    "acme/data": ("warehouse", "events", "notebooks", "training"),
    "acme/labs": ("prototypes", "hackathon-2024"),
}
NAMES = ("", "worker", "migrations", "cache")
FINGERPRINT = "sha256:5b0c8e1f4a2d9376c1be05f8d3a4679012cd34ef56ab789087d6e5f4c3b2a190"
RULES = {
    "rules": [
        {"name": "releases", "match": r"v\d+\.\d+\.\d+", "keep": True},
        {"name": "branches", "match": "(feature|fix)-.*", "older_than": "14d"},
        {"name": "builds", "match": "main-.*", "keep_n": 10, "older_than": "60d"},
    ],
    "protect": ["stable", "prod-.*"],
    "signatures": "follow",
    "max_deletions_percent": 60,
}
MATCHES = (
    {"option": "protect", "entry": "stable", "rule": None, "matched": 31},
    {"option": "protect", "entry": "prod-.*", "rule": None, "matched": 0},
    {"option": "rules", "entry": r"v\d+\.\d+\.\d+", "rule": "releases", "matched": 412},
    {"option": "in_use", "entry": "kubernetes: production", "rule": None, "matched": 57},
)
Row = tuple[str, int, str, str, str | None]


def fleet(projects: int | None = None, tags: int = 40, seed: int = 7) -> Report:
    """A report.

    Args:
        projects: how many there are; None for those of GROUPS.
        tags: how many each of their repositories has, about.
        seed: another one gives other tags.
    """
    chance = random.Random(seed)
    paths = [f"{group}/{name}" for group, names in GROUPS.items() for name in names]
    if projects is not None:
        paths = [f"acme/team-{number % 97:02}/service-{number:04}" for number in range(projects)]
    several = projects is None
    made = [
        _repository(chance, number, path, name, tags)
        for number, path in enumerate(sorted(paths))
        for name in (NAMES[: chance.choice((1, 1, 2, 2, 3, 4))] if several else NAMES[:1])
    ]
    if several:
        unread = made[5]
        made[5] = unread._replace(
            listing="unread", tags=None, figures=combined_figures([])._replace(tags=None, bytes=None), error=UNREADABLE
        )
    by_project: dict[str, list[RepositoryReport]] = {}
    for each in made:
        by_project.setdefault(each.project, []).append(each)
    shown = tuple(_project(chance, parts) for parts in by_project.values())
    unread_paths = tuple((each.path, each.error) for each in made if each.error)
    head = ReportHead(
        server="https://gitlab.example.com",
        scope="group acme",
        clock="2026-06-01T06:00:00Z",
        date_sources=("published",),
        result="partial" if unread_paths else "ok",
        fingerprint=FINGERPRINT,
        plan_place="/plans/acme.jsonl",
        rules=RULES,
        warnings=("protect 'prod-.*' matches no tag.",),
        matches=MATCHES,
        unread=unread_paths,
        run_by={"user": "s.okafor", "job": "https://gitlab.example.com/acme/registry/-/jobs/48213"},
        price_per_gib_month=0.1,
    )
    return Report(
        head,
        total=combined_figures([each.figures for each in made if not each.error]),
        projects=shown,
        repositories=lambda: iter(made),
        repositories_count=len(made),
        repositories_unread=len(unread_paths),
    )


UNREADABLE = "GitLab answered 500 to the third page of its tags, after 5 attempts. Run the plan again to include it."


def _rows(chance: random.Random, tags: int) -> list[Row]:
    """Names, ages in days, and what is decided about them."""
    rows: list[Row] = []
    for number in range(tags):
        kind = chance.random()
        age = int(chance.expovariate(1 / 120))
        if kind < 0.5:
            old = number >= 10 and age > 60
            reason = "expired" if old else "keep_n" if number < 10 else "too_young"
            rows.append((f"main-{chance.getrandbits(32):08x}", age, "delete" if old else "keep", reason, "builds"))
        elif kind < 0.8:
            old = age > 14
            action, reason = ("delete", "expired") if old else ("keep", "too_young")
            rows.append((f"feature-{chance.choice(TOPICS)}-{number}", age, action, reason, "branches"))
        elif kind < 0.9:
            rows.append((f"v{number // 9}.{number % 9}.0", age, "keep", "keep_rule", "releases"))
        elif kind < 0.93:
            rows.append((f"main-{chance.getrandbits(32):08x}", age, "keep", "in_use", "builds"))
        else:
            rows.append((f"tmp-{number}", age, "keep", "no_match", None))
    rows += [("latest", 1, "keep", "latest", None), ("stable", 30, "keep", "protected", None)]
    return sorted({row[0]: row for row in rows}.values())


TOPICS = ("login", "cart", "dark-mode", "retry", "upgrade-deps", "rate-limit")


def _repository(chance: random.Random, project: int, path: str, name: str, tags: int) -> RepositoryReport:
    number = max(1, int(tags * chance.uniform(0.3, 1.7))) if tags < 1000 else tags
    base = int(chance.lognormvariate(19.3, 1))
    shown, counted = [], []
    for tag, age, action, reason, rule in _rows(chance, number):
        pushed = NOW - timedelta(days=age, seconds=chance.randrange(86400))
        built = pushed - timedelta(minutes=chance.randrange(2, 30))
        digest = f"sha256:{chance.getrandbits(256):064x}"
        size = int(base * chance.uniform(0.9, 1.2))
        shown.append(
            TagReport(
                tag,
                digest=digest,
                media_type="application/vnd.oci.image.manifest.v1+json",
                bytes=size,
                pushed_at=_text(pushed),
                built_at=_text(built),
                date=_text(pushed),
                action=action,
                reason=reason,
                rule=rule,
            )
        )
        counted.append(CountedTag(digest, size=size, date=pushed, delete=action == "delete"))
    held = int(sum(tag.size or 0 for tag in counted) * 0.45)
    reasons = [tag.reason or "" for tag in shown]
    return RepositoryReport(
        id=100 + project * 10 + NAMES.index(name),
        path=f"{path}/{name}" if name else path,
        project=path,
        project_id=project,
        figures=repository_figures(counted, clock=NOW, size=held, planned=True),
        date_source="published",
        listing="complete",
        certainty="exact",
        reasons={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        tags=tuple(shown),
    )


def _project(chance: random.Random, parts: list[RepositoryReport]) -> ProjectReport:
    first = parts[0]
    visibility = chance.choice(("private", "private", "private", "internal", "public"))
    policy = chance.choice(("enabled", "none", "none", "disabled"))
    return ProjectReport(
        id=first.project_id,
        path=first.project,
        namespace=first.project.rpartition("/")[0],
        figures=combined_figures([each.figures for each in parts]),
        repositories=len(parts),
        repositories_unread=sum(each.error is not None for each in parts),
        topics=("shop",) if "shop" in first.project else (),
        visibility=visibility,
        access_level="enabled",
        exposed_to={"private": "members", "internal": "signed_in", "public": "anyone"}[visibility],
        archived="2024" in first.project,
        policy_state=policy,
        policy_next_run_at="2026-06-04T02:00:00Z" if policy == "enabled" else None,
        policy_lint=("The policy keeps every tag: name_regex_keep is .*.",) if chance.random() < 0.1 else (),
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
