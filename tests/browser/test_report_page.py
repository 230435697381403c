# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report in a browser: what it shows, and how it is used."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from ansible_collections.containerops.gitlab.plugins.module_utils._report.changes import recounted
from ansible_collections.containerops.gitlab.plugins.module_utils._report.groups import groups
from ansible_collections.containerops.gitlab.plugins.module_utils._report.labels import headline, older_than_90_days
from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import (
    ProjectReport,
    Report,
    ReportHead,
    RepositoryReport,
    TagReport,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._report.words import (
    bytes_between,
    bytes_in_words,
    cost,
    money_between,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._usage.figures import BytesMethod, Figures, FreedBytes
from tests.demo.fleet import fleet
from tests.tools.browser import Browser

if TYPE_CHECKING:
    from tests.browser.pytest_plugin import Open

HOSTILE = (
    "</script><script>globalThis.hacked = 1</script>",
    "<!--<script>",
    "<img src=x onerror='globalThis.hacked = 1'>",
    "\"'><svg onload=globalThis.hacked=1>",
    "javascript:globalThis.hacked=1",
    "team/\u202egpj.exe\u2066\x00\x1b[31m\x85\u200b",
    "{{ 7 * 7 }} ${globalThis.hacked = 1}",
    "__proto__",
    "constructor",
    "\ud800 \N{GRINNING FACE} \u00e4",
    "x" * 10_000,
    "a b " * 2_500,
)
CELLS = """
    return [...document.querySelectorAll(arguments[0])].map((row) => [...row.cells].map((cell) => cell.textContent));
"""
ROWS = "#repositories > .screen > .scroll > table > tbody > tr"


def tile(browser: Browser, label: str) -> list[str]:
    """The texts of a tile: its figure first."""
    [found] = [each for each in browser.all(".tiles > div") if each.text.startswith(label)]
    return found.text.split("\n")[1:]


def column(browser: Browser, number: int) -> list[str]:
    return browser.texts(f"{ROWS} > :nth-child({number})")


def status(browser: Browser, part: str = "repositories") -> str:
    return browser.texts(f"#{part} .status")[0]


def search(browser: Browser, text: str, part: str = "repositories") -> None:
    field = browser.one(f"#{part} input")
    field.clear()
    field.send_keys(text)


def test_figures_are_those_of_the_report(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    total, projects = report.total, report.projects
    freed = total.freed
    assert tile(browser, "Tags")[:2] == [f"{total.tags:,}", f"in {report.repositories_count} repositories"]
    assert tile(browser, "Space")[0] == bytes_in_words(total.bytes)
    assert tile(browser, "Would be deleted")[0] == f"{total.delete:,}"
    assert f"{total.keep:,} would be kept" in tile(browser, "Would be deleted")
    assert " ".join(tile(browser, "Would be freed")).startswith(bytes_between(*freed))
    costs = [cost(each, report.head.price_per_gib_month) for each in freed]
    assert f"{money_between(*costs)} a month" in tile(browser, "Would be freed")
    public = sum(each.exposed_to == "anyone" for each in projects)
    assert tile(browser, "Public registries")[:2] == [str(public), f"of {len(projects)} projects with repositories"]
    without = sum(each.policy_state == "none" for each in projects)
    assert tile(browser, "Without a cleanup policy")[0] == str(without)
    text = browser.one("main").text
    assert all(
        each in text
        for each in (report.head.server, report.head.scope, str(report.head.fingerprint), "2026-06-01 06:00 UTC")
    )
    assert "by garbage collection" in text
    assert "the sum of their sizes can be larger than the total" in text
    assert "Manifests add some KiB for each image" in text
    assert browser.texts(".top .badge") == [headline(report)]
    tags, size = older_than_90_days(total)
    assert f"Older than 90 days: {tags:,} tags, {bytes_in_words(size)}" in text
    assert [each in text for each in (*report.head.warnings, *map(": ".join, report.head.unread))] == [True, True]
    assert "approved_plan_path=/plans/acme.jsonl" in browser.one("#approve").text


def test_bars_and_sums_are_those_of_the_report(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    bars = browser.texts("#space .card:first-child li > .label")
    assert bars == [
        f"{each.label}{bytes_in_words(each.bytes)}{f', and {each.unknown} of unknown size' if each.unknown else ''}"
        for each in groups(report.projects)
    ]
    assert report.total.tags_by_age
    ages = [int(text.split()[0].replace(",", "")) for text in browser.texts("#ages .value")]
    assert ages == list(report.total.tags_by_age)
    tags = [tag for each in report.repositories() for tag in each.tags or ()]
    reasons = Counter(tag.reason for tag in tags if tag.action == "delete")
    card = browser.one("#reasons .card").text
    assert all(f"{reason}\n{number:,}" in card for reason, number in reasons.items())
    assert ["prod-.*", "protect", "", "nothing"] in browser.run(CELLS, "#entries tbody tr")


def test_tables_are_sorted(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    sizes = {each.path: each.figures.bytes for each in report.repositories()}
    known = sorted((size for size in sizes.values() if size is not None), reverse=True)
    assert column(browser, 3) == [*map(bytes_in_words, known), "unknown"]
    [head] = [each for each in browser.all("#repositories thead th") if each.get_attribute("aria-sort")]
    assert (head.text, head.get_attribute("aria-sort")) == ("Space", "descending")
    buttons = browser.all("#repositories thead th button")
    buttons[2].click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(browser, 3) == [*map(bytes_in_words, reversed(known)), "unknown"]
    buttons[0].click()
    assert [path.removesuffix(" (not read)") for path in column(browser, 1)] == sorted(sizes)


def test_repositories_are_found_by_path_and_by_tag(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    search(browser, "SHOP/search")
    paths = [each.path for each in report.repositories() if "shop/search" in each.path]
    assert sorted(column(browser, 1)) == paths
    assert status(browser) == f"{len(paths)} of {report.repositories_count} repositories"
    repository = next(report.repositories())
    assert repository.tags
    name = next(tag.name for tag in repository.tags if tag.name.startswith("main-"))
    search(browser, name)
    assert column(browser, 1) == [repository.path]
    browser.one(f"{ROWS} button.open").click()
    [tag] = browser.texts("tr.detail tbody th")
    assert tag.startswith(name)
    search(browser, "nothing is called so")
    assert status(browser) == f"0 of {report.repositories_count} repositories"


def test_a_repository_opens_to_every_tag(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    repository = next(each for each in report.repositories() if each.tags)
    search(browser, repository.path)
    opener = browser.one(f"{ROWS} button.open")
    opener.click()
    assert opener.get_attribute("aria-expanded") == "true"
    rows = browser.run(CELLS, "tr.detail tbody tr")
    expected = []
    for tag in repository.tags or ():
        dates = [(moment or "")[:16].replace("T", " ") for moment in (tag.pushed_at, tag.built_at)]
        expected.append([f"{tag.name}{tag.digest}", bytes_in_words(tag.bytes), *dates])
    assert [[name, size, *dates] for name, _decision, size, _age, *dates in rows] == expected
    for tag, (_name, decision, *_others) in zip(repository.tags or (), rows, strict=True):
        assert decision.startswith(f"{tag.action}. ".capitalize())
        assert decision.endswith(f"{tag.reason}{f', rule {tag.rule}' if tag.rule else ''}")
    opener.click()
    assert not browser.all("tr.detail")


def test_tables_show_a_page_of_rows_at_a_time(shown: Open) -> None:
    browser = shown(fleet(450, tags=1))
    browser.all("#repositories thead th button")[0].click()
    first = column(browser, 1)
    assert len(first) == 200
    assert status(browser) == "450 repositories, 1 to 200 shown"
    before, after = browser.all("#repositories .pages button")
    assert (before.get_attribute("aria-disabled"), after.get_attribute("aria-disabled")) == ("true", "false")
    after.click()
    after.click()
    after.click()
    last = column(browser, 1)
    assert (len(last), first[-1] < last[0]) == (50, True)
    assert browser.one("#repositories .pages span").text == "Page 3 of 3"
    assert after.get_attribute("aria-disabled") == "true"


def test_tiles_lead_to_what_they_count(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    repositories, *lists = browser.all(".tiles button")
    repositories.click()
    deleting = [each.path for each in report.repositories() if each.figures.delete]
    assert sorted(column(browser, 1)) == sorted(deleting)
    for button, field, value in zip(lists, ("exposed_to", "policy_state"), ("anyone", "none"), strict=True):
        button.click()
        wanted = sorted(each.path for each in report.projects if getattr(each, field) == value)
        assert sorted(browser.texts("#projects tbody th")) == wanted
        assert browser.run("return document.activeElement.id") == "projects-title"
    Select(browser.all("#projects select")[1]).select_by_visible_text("All")
    assert status(browser, "projects") == f"{len(report.projects)} projects"
    search(browser, "payments/ledger", "projects")
    browser.one("#projects button.open").click()
    browser.one("#projects tr.detail button").click()
    assert all("payments/ledger" in path for path in column(browser, 1))


def test_the_page_is_used_by_keyboard_alone(shown: Open) -> None:
    browser = shown(fleet())

    def press(*keys: str) -> None:
        ActionChains(browser.chrome).send_keys(*keys).perform()

    press(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    press(Keys.ENTER)
    found = []
    for _step in range(16):
        press(Keys.TAB)
        found.append(
            browser.run(
                "const e = document.activeElement; const s = getComputedStyle(e);"
                "return [e.tagName, e.textContent, s.outlineStyle, s.outlineWidth]"
            )
        )
        if found[-1][1] == "Delete":
            press(Keys.ENTER)
        if found[-1][0] == "BUTTON" and "/" in found[-1][1]:
            press(Keys.SPACE)
            break
    assert [name for name, *_others in found[:3]] == ["INPUT", "SELECT", "DIV"]
    assert {(style, width) for _name, _text, style, width in found} == {("solid", "3px")}
    assert [text for name, text, *_others in found if name == "BUTTON"][:4] == ["Repository", "Tags", "Space", "Delete"]
    assert browser.one("#repositories th[aria-sort]").text == "Delete"
    assert browser.one("tr.detail .status").text.endswith(" tags")


def test_fingerprint_and_command_are_copied(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    for button, what in zip(
        browser.all(".copy button"), ("the fingerprint", "the fingerprint to approve", "the command"), strict=True
    ):
        button.click()
        WebDriverWait(button, 10).until(lambda pressed: pressed.text in ("Copied", "Selected"))
        said = browser.texts("p.aside[role=status]")[0]
        assert said.startswith(f"{button.text} {what}.")
    if said.startswith("Selected"):
        assert browser.run("return String(getSelection())").endswith(str(report.head.fingerprint))


def hostile_report() -> Report:
    """A report in which everything that comes from elsewhere is hostile."""
    figures = Figures(tags=1, bytes=1, bytes_method=BytesMethod.GITLAB, delete=1, keep=0, freed=FreedBytes(0, 1))

    def tag(name: str) -> TagReport:
        return TagReport(name, digest=name, media_type=name, action="delete", reason=name, rule=name)

    def repository(number: int, name: str) -> RepositoryReport:
        return RepositoryReport(
            number,
            name,
            project=name,
            project_id=number,
            figures=figures,
            date_source=name,
            listing=name,
            limit=name,
            error=name,
            tags=(tag(name),),
        )

    def project(number: int, name: str) -> ProjectReport:
        return ProjectReport(
            number,
            name,
            namespace=name,
            figures=figures,
            topics=(name,),
            visibility=name,
            exposed_to=name,
            policy_state=name,
            policy_lint=(name,),
            error=name,
        )

    together = " ".join(HOSTILE[:10])
    head = ReportHead(
        server=together,
        scope=together,
        clock=together,
        date_sources=HOSTILE,
        result=together,
        message=together,
        fingerprint=together,
        plan_place=together,
        rules=dict.fromkeys(HOSTILE, HOSTILE),
        refusals=(),
        warnings=HOSTILE,
        matches=tuple({"option": each, "entry": each, "rule": each, "matched": 0} for each in HOSTILE),
        unread=tuple((each, each) for each in HOSTILE),
        run_by=dict.fromkeys(HOSTILE, together),
    )
    made = [repository(number, name) for number, name in enumerate(HOSTILE)]
    projects = tuple(project(number, name) for number, name in enumerate(HOSTILE))
    return Report(head, figures, projects=projects, repositories=lambda: iter(made), repositories_count=len(made))


def test_hostile_names_are_text_and_nothing_else(shown: Open) -> None:
    browser = shown(hostile_report())
    for part in ("projects", "repositories"):
        openers = browser.all(f"#{part} button.open")
        assert len(openers) == len(HOSTILE)
        for opener in openers:
            browser.run("arguments[0].click()", opener)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("return globalThis.hacked") is None
    assert browser.all("main img, main svg, main script, main iframe, main style") == []
    text = browser.texts("main")[0]
    assert "team/\\u202egpj.exe\\u2066\\x00\\x1b[31m\\x85\\u200b" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert HOSTILE[0] in text
    assert "[... 10,000 characters ...]" in text
    assert browser.violations() == []
    for width in (1280, 390):
        browser.look(width=width)
        assert browser.run("return document.documentElement.scrollWidth") <= width


def test_nothing_but_the_script_of_the_page_is_run(shown: Open) -> None:
    browser = shown(fleet())
    refused = browser.run(
        """
        const script = document.createElement("script");
        script.textContent = "globalThis.hacked = 1";
        const data = document.createElement("script");
        data.type = "application/json";
        data.textContent = "globalThis.hacked = 1";
        const image = document.createElement("img");
        image.setAttribute("onerror", "globalThis.hacked = 1");
        image.src = "https://gitlab.example.com/x.png";
        document.body.append(data, script, image);
        return fetch("https://gitlab.example.com").then(() => "", (error) => error.name);
        """
    )
    assert refused == "TypeError"
    assert browser.run("return globalThis.hacked") is None
    complaints = " ".join(browser.complaints())
    assert all(each in complaints for each in ("script-src", "connect-src", "img-src"))


NOTHING = Figures()
UNREAD = RepositoryReport(1, "team/app", project="team", project_id=1, figures=NOTHING, listing="unread", error="403")
EMPTY = RepositoryReport(1, "team/app", project="team", project_id=1, figures=Figures(tags=0, bytes=0), tags=())
TEAM = ProjectReport(1, "team", namespace="", figures=NOTHING)


def small_report(*repositories: RepositoryReport, **head: object) -> Report:
    fields = {"server": "https://gitlab.example.com", "scope": "project team", "clock": None, **head}
    return Report(
        ReportHead(**fields),  # type: ignore[arg-type]
        repositories[0].figures if repositories else NOTHING,
        projects=(TEAM,) if repositories else (),
        repositories=lambda: iter(repositories),
        repositories_count=len(repositories),
    )


def test_what_a_run_did_is_told_with_what_it_failed_at_first(shown: Open) -> None:
    became = {"a": ("deleted", None), "b": ("left_for_next_run", None), "c": ("not_deleted", "<b>403</b>")}
    tags = tuple(
        TagReport(name, digest=None, action="delete", reason="expired", outcome=outcome, message=message)
        for name, (outcome, message) in became.items()
    )
    counts = Counter(outcome for outcome, _message in became.values())
    figures = Figures(tags=3, bytes=3, delete=3, keep=0, freed=FreedBytes(0, 3))
    ran = RepositoryReport(
        1, "team/app", project="team", project_id=1, figures=figures, tags=tags, listing="read", outcomes=counts
    )
    report = small_report(ran, planned=True, deleted=1, fingerprint="sha256:00", plan_place="/plan", result="partial")
    browser = shown(report._replace(outcomes=counts))
    assert browser.one("h1").text == "Cleanup: project team"
    assert tile(browser, "Deleted")[:4] == ["1", "of 3 planned", "1 failed", "1 left for the next run"]
    assert "team/app:c: failed: <b>403</b>" in browser.one(".alert.warn").text
    assert not browser.all("#approve")
    browser.one(f"{ROWS} button.open").click()
    told = [row[1] for row in browser.run(CELLS, "tr.detail tbody tr")]
    outcomes = ["deleted. ", "left for the next run. ", "failed: <b>403</b>. "]
    assert all(f"Outcome: {outcome}" in text for text, outcome in zip(told, outcomes, strict=True))
    assert browser.violations() == []


@pytest.mark.sweep(3)
@pytest.mark.parametrize(
    ("report", "says"),
    [
        (small_report(), "There is no repository in this scope."),
        (small_report(UNREAD, result="partial"), "The audit is not complete: see the warnings."),
        (small_report(EMPTY), "The audit is complete."),
        (small_report(result="failed", message="GitLab answered 401."), "The run failed."),
        (small_report(EMPTY, fingerprint="sha256:00", refusals=("Too much.",)), "This plan is refused"),
        (small_report(EMPTY, fingerprint="sha256:00", plan_place="https://gitlab/plan"), "https://gitlab/plan"),
        (small_report(EMPTY, fingerprint="sha256:00"), "This plan was not stored, so it can't be approved."),
        (small_report(EMPTY, notes=("How it was read.",)), "How it was read."),
        (small_report(EMPTY, planned=True, deleted=3), "3 tags were deleted."),
    ],
    ids=["nothing", "unread", "empty", "failed", "refused", "package", "not kept", "notes", "run"],
)
def test_a_small_report_is_whole(shown: Open, report: Report, says: str) -> None:
    browser = shown(report)
    text = browser.one("main").text
    assert says in text
    assert "undefined" not in text
    assert "NaN" not in text
    assert "null" not in text
    if not report.head.fingerprint and not report.head.planned:
        assert tile(browser, "Would be deleted") == ["no plan"]
        assert not browser.all("#approve, #reasons")
    for opener in browser.all("button.open"):
        opener.click()
    if report.total.tags is None:
        assert tile(browser, "Tags")[0] == "unknown"
        assert tile(browser, "Space")[0] == "unknown"
        assert "0 B" not in browser.one("main").text
    assert browser.violations() == []


def test_paper_has_head_tiles_repositories_and_the_first_deletions(shown: Open) -> None:
    report = fleet()
    browser = shown(report)
    browser.look(scheme="dark", media="print", width=680)
    browser.run("return new Promise(requestAnimationFrame)")
    visible = [
        each.get_attribute("id") or each.tag_name
        for each in browser.all("main > *, main > div > *")
        if each.is_displayed()
    ]
    assert visible == ["header", "div", "dl", "p", "paper", "h2", "table", "h2", "table", "p"]
    assert not [each for each in browser.all("button, input, select, nav") if each.is_displayed()]
    repositories, deletions = browser.all("#paper table")
    rows = "return arguments[0].tBodies[0].rows.length"
    assert browser.run(rows, repositories) == report.repositories_count
    assert browser.run(rows, deletions) == 500
    assert f"{(report.total.delete or 0) - 500} more are in the plan: /plans/acme.jsonl." in browser.one("#paper").text
    background = browser.run("return getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    assert browser.run("return document.documentElement.scrollWidth") <= 680
    browser.look()
    assert len(re.findall(rb"/Type /Page\b", browser.paper())) > 5


@pytest.mark.sweep(3)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_read_and_use_it(shown: Open, scheme: str, width: int) -> None:
    browser = shown(fleet(tags=6))
    browser.look(scheme=scheme, width=width)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    browser.run(
        "document.querySelectorAll('details').forEach((each) => { each.open = true; });"
        "for (const part of ['projects', 'repositories'])"
        " document.querySelectorAll(`#${part} button.open`)[1].click();"
    )
    assert browser.violations() == []


def test_what_changed_since_an_earlier_report(shown: Open) -> None:
    report = fleet()
    first, *others = report.projects
    earlier = first.figures._replace(tags=(first.figures.tags or 0) + 7, bytes=(first.figures.bytes or 0) + 3 * 2**30)
    unknown = others[0]._replace(before=Figures())
    same = others[1]._replace(before=others[1].figures)
    browser = shown(
        report._replace(
            head=report.head._replace(compared_with="2026-05-01T06:00:00Z"),
            before=report.total._replace(tags=1, delete=None),
            projects=(first._replace(before=earlier), unknown, same, *others[2:]),
        )
    )
    assert browser.texts("#since h2") == ["Since 2026-05-01 06:00"]
    rows = browser.run(CELLS, "#since tbody tr")
    assert [row[0] for row in rows] == ["All projects", first.path]
    assert rows[0][1:3] == ["1", f"+{(report.total.tags or 0) - 1:,}"]
    assert rows[0][-1] == "no plan"
    assert (rows[1][2], rows[1][4]) == ("-7", "-3.0 GiB")


def test_sizes_that_were_counted_in_another_way_are_not_compared(shown: Open) -> None:
    report = fleet()
    first, *others = report.projects
    earlier = first.figures._replace(tags=1, bytes=1, bytes_method=BytesMethod.ESTIMATED)
    projects = (first._replace(before=earlier), *others)
    compared = report._replace(before=report.total, projects=projects)
    browser = shown(compared)
    assert recounted(compared) in browser.one("#since").text
    [_all, row] = browser.run(CELLS, "#since tbody tr")
    assert (row[0], row[4]) == (first.path, "not compared")


@pytest.mark.parametrize("freed", [(None, 79565), (1100 * 2**30, None), (0, 2**53), (1023 * 2**30, 1500 * 2**30)])
def test_no_number_is_wider_than_its_card(shown: Open, freed: tuple[int | None, int | None]) -> None:
    report = fleet()
    browser = shown(report._replace(total=report.total._replace(freed=FreedBytes(*freed))))
    for width in (1280, 1200, 1024, 800, 600, 360):
        browser.look(width=width)
        wide = browser.run(
            "return [...document.querySelectorAll('.card')].filter((card) => card.scrollWidth > card.clientWidth)"
            ".map((card) => card.textContent)"
        )
        assert wide == []


def test_the_page_and_python_have_the_same_words_for_bytes(shown: Open) -> None:
    sizes = [0, 1, 1023, 1024, 1075, 1076, 1280, 1331, 1332, 2**20 - 1, 2**20, 2**30 - 2**10, 2**30, 10**15, 2**53 - 1]
    chance = random.Random(3)
    sizes += [int(2 ** chance.uniform(0, 53)) for _each in range(60)]
    pairs = list(zip(sizes, [*sizes[1:], None], strict=True))
    bounds = [FreedBytes(*(pair if None in pair else sorted(pair))) for pair in pairs]  # type: ignore[type-var]
    made = [
        RepositoryReport(
            number,
            f"team/{number:03}",
            project="team",
            project_id=1,
            figures=Figures(tags=1, bytes=size, delete=1, keep=0, freed=freed),
        )
        for number, (size, freed) in enumerate(zip(sizes, bounds, strict=True))
    ]
    browser = shown(small_report(*made))
    browser.all("#repositories thead th button")[0].click()
    rows = browser.run(CELLS, ROWS)
    assert [(row[2], row[4]) for row in rows] == [
        (bytes_in_words(size), bytes_between(*freed)) for size, freed in zip(sizes, bounds, strict=True)
    ]


def test_numbers_of_a_repository_stand_in_its_row(shown: Open) -> None:
    report = fleet(seed=random.Random(5).randrange(100))
    browser = shown(report)
    made = {each.path: each.figures for each in report.repositories() if not each.error}
    rows = browser.run(CELLS, ROWS)

    def day(moment: datetime | None) -> str:
        return f"{moment:%Y-%m-%d}" if moment else "unknown"

    for path, tags, size, deletions, freed, oldest, newest in rows:
        if path not in made:
            assert path.endswith(" (not read)")
            assert {tags, size, oldest, newest} == {"unknown"}
            continue
        figures = made.pop(path)
        assert (tags, size, deletions) == (str(figures.tags), bytes_in_words(figures.bytes), str(figures.delete))
        assert freed == bytes_between(*figures.freed)
        assert (oldest, newest) == (day(figures.oldest_tag_at), day(figures.newest_tag_at))
    assert not made
