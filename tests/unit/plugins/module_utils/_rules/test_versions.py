# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions as people write them, and their order."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._rules.versions import (
    Version,
    natural_key,
    parse_calver,
    parse_semver,
)

# A name, and what it is by https://semver.org and by https://calver.org: its numbers, and its prerelease behind a dash.
NAMES = [
    ("1.2.3", "1.2.3", None),
    ("v1.2.3", "1.2.3", None),
    ("V1.2.3", "1.2.3", None),
    ("10.0.0", "10.0.0", "2010.0"),
    ("9.0.0", "9.0.0", None),
    ("0.0.0", "0.0.0", None),
    ("1.0.0-rc.1", "1.0.0-rc.1", None),
    ("1.0.0-rc1", "1.0.0-rc1", None),
    ("1.0.0-0", "1.0.0-0", None),
    ("1.0.0-01", None, None),
    ("1.0.0-01a", "1.0.0-01a", None),
    ("1.0.0-", None, None),
    ("1.0.0-a..b", None, None),
    ("1.0.0--", "1.0.0--", None),
    ("1.2.3-alpine", "1.2.3-alpine", None),
    ("1.2.3_build.5", "1.2.3", None),
    ("1.2.3_4", "1.2.3", None),
    ("1.2.3_04", "1.2.3", None),
    ("1.2.3-rc.1_build.5", "1.2.3-rc.1", None),
    ("1.2.3_", None, None),
    ("1.2.3_.", None, None),
    ("1.2.3_a_b", None, None),
    ("1.2.3_a-b", "1.2.3", None),
    ("1.2.3-a_b-c.d", "1.2.3-a", None),
    ("1.2.3+4", None, None),
    ("1.2.3.4", None, None),
    ("1.2", None, None),
    ("1", None, None),
    ("v1", None, None),
    ("01.2.3", None, None),
    ("1.02.3", None, None),
    ("1.2.03", None, None),
    ("latest", None, None),
    ("", None, None),
    ("v", None, None),
    ("x1.2.3", None, None),
    ("1.2.3 ", None, None),
    ("1.2.3\n", None, None),
    ("app-v1.2.3-alpine", None, None),
    ("1.2.\u0663", None, None),
    ("2024.05.1", None, "2024.5.1"),
    ("2024.5.1", "2024.5.1", "2024.5.1"),
    ("v2024.05.1", None, "2024.5.1"),
    ("V2024.05.1", None, "2024.5.1"),
    ("2024.5", None, "2024.5"),
    ("2024.5.0", "2024.5.0", "2024.5"),
    ("2024.5.0.0", None, "2024.5"),
    ("2024.0", None, "2024.0"),
    ("2024.0.0", "2024.0.0", "2024.0"),
    ("2024.5.0.1", None, "2024.5.0.1"),
    ("2024.5.1.2.3", None, "2024.5.1.2.3"),
    ("2024.5.1.2.3.4", None, None),
    ("2024.13", None, "2024.13"),
    ("2024.53.1", "2024.53.1", "2024.53.1"),
    ("2024.100.1", "2024.100.1", "2024.100.1"),
    ("2024", None, None),
    ("24", None, None),
    ("24.4", None, "2024.4"),
    ("24.04", None, "2024.4"),
    ("24.04.1", None, "2024.4.1"),
    ("24.04.999", None, "2024.4.999"),
    ("24.04.1000", None, None),
    ("24.04.1.2.3", None, "2024.4.1.2.3"),
    ("24.04.1.2.3.4", None, None),
    ("31.05.2024", None, None),
    ("05.2024", None, None),
    ("09.1", None, None),
    ("10.1", None, "2010.1"),
    ("99.1", None, "2099.1"),
    ("4.10", None, None),
    ("124.4", None, None),
    ("1899.4", None, None),
    ("1900.4", None, "1900.4"),
    ("2099.4", None, "2099.4"),
    ("2100.4", None, None),
    ("20240.4", None, None),
    ("2024-05-31", None, "2024.5.31"),
    ("v2024-05-31", None, "2024.5.31"),
    ("2024-02-29", None, "2024.2.29"),
    ("2023-02-29", None, None),
    ("2024-05-32", None, None),
    ("2024-13-01", None, None),
    ("2024-00-01", None, None),
    ("2024-05-00", None, None),
    ("2024-5-31", None, None),
    ("2024-05-1", None, None),
    ("2024-05", None, "2024.5"),
    ("2024-13", None, None),
    ("2024-00", None, None),
    ("2024-05-31.2", None, "2024.5.31.2"),
    ("2024-05-31-2", None, "2024.5.31.2"),
    ("2024-05-31.0", None, "2024.5.31"),
    ("2024-05-31.123456789012345678", None, "2024.5.31.123456789012345678"),
    ("2024-05-31.1234567890123456789", None, None),
    ("24-05-31", None, None),
    ("20240531", None, "2024.5.31"),
    ("20240531.1", None, "2024.5.31.1"),
    ("20240531-1", None, "2024.5.31.1"),
    ("20241331", None, None),
    ("20240532", None, None),
    ("202405", None, None),
    ("2024053", None, None),
    ("202405311", None, None),
    ("2024-0531", None, None),
    ("202405-31", None, None),
    ("2024.05-31", None, None),
    ("2024-05.31", None, None),
    ("2024.05.123456789012345678", None, "2024.5.123456789012345678"),
    ("2024.05.1234567890123456789", None, None),
    ("2024.05.1-3", None, None),
    ("2024.5.1-3", "2024.5.1-3", None),
    ("2024.05-alpine", None, None),
    ("2024.05-hotfix1", None, None),
    ("2024.5.post1", None, None),
    ("2024.05a", None, None),
    ("2024.05rc", None, "2024.5-3.0"),
    ("2024.05-rc", None, "2024.5-3.0"),
    ("2024.05.1-rc1", None, "2024.5.1-3.1"),
    ("2024.05.1-RC1", None, "2024.5.1-3.1"),
    ("2024.05.1-rc.1", None, "2024.5.1-3.1"),
    ("2024.05.1.rc-1", None, "2024.5.1-3.1"),
    ("2024.05.1-pre1", None, "2024.5.1-3.1"),
    ("2024.05.1-preview1", None, "2024.5.1-3.1"),
    ("2024.05.1c1", None, "2024.5.1-3.1"),
    ("2024.5.0b3", None, "2024.5-2.3"),
    ("2024.5.0-beta.3", "2024.5.0-beta.3", "2024.5-2.3"),
    ("2024.5.0a.3", None, "2024.5-1.3"),
    ("2024.5.0alpha3", None, "2024.5-1.3"),
    ("2024.5.0.dev202404290218", None, "2024.5-0.202404290218"),
    ("2024.5.0-SNAPSHOT", "2024.5.0-SNAPSHOT", "2024.5-0.0"),
    ("2024-05-31-rc2", None, "2024.5.31-3.2"),
    ("2024-05-rc2", None, "2024.5-3.2"),
    ("20240531rc2", None, "2024.5.31-3.2"),
    ("20240531.1-rc2", None, "2024.5.31.1-3.2"),
    ("2024.05.1-rc1234567890123456789", None, None),
    ("2024.05.1-rc123456789012345678", None, "2024.5.1-3.123456789012345678"),
    ("2024.05.1_build.5", None, None),
    ("1.0.0-" + "1" * 122, "1.0.0-" + "1" * 122, None),
    ("1.0.0-" + "1" * 123, None, None),
    ("2024." + "0" * 124, None, None),
    ("1.0." + "9" * 10_000, None, None),
    ("2024-05-31." + "9" * 10_000, None, None),
]


def written(version: Version | None) -> str | None:
    if version is None:
        return None
    numbers = ".".join(map(str, version.numbers))
    return f"{numbers}-{'.'.join(version.prerelease)}" if version.prerelease else numbers


@pytest.mark.parametrize(("name", "semantic", "calendar"), NAMES, ids=[repr(row[0][:40]) for row in NAMES])
def test_names_as_people_write_them(name: str, semantic: str | None, calendar: str | None) -> None:
    assert written(parse_semver(name)) == semantic
    assert written(parse_calver(name)) == calendar


# Each is older than the next one; those in one row are equally new.
SEMANTIC = [
    ["0.9.9"],
    ["1.0.0-alpha"],
    ["1.0.0-alpha.1"],
    ["1.0.0-alpha.beta"],
    ["1.0.0-beta"],
    ["1.0.0-beta.2"],
    ["1.0.0-beta.11"],
    ["1.0.0-rc.1", "v1.0.0-rc.1", "1.0.0-rc.1_build.7"],
    ["1.0.0-rc10"],
    ["1.0.0-rc9"],
    ["1.0.0", "v1.0.0", "1.0.0_4", "1.0.0_5", "1.0.0_build.10"],
    ["1.0.1"],
    ["1.9.0"],
    ["1.10.0"],
    ["9.0.0"],
    ["10.0.0"],
    ["99999999999999999999.0.0"],
    ["100000000000000000000.0.0"],
]
NATURAL_PRERELEASES = [
    ["1.0.0--"],
    ["1.0.0-2"],
    ["1.0.0-10"],
    ["1.0.0-alpha"],
    ["1.0.0-alpha.1", "1.0.0-alpha1", "1.0.0-alpha-1", "1.0.0-alpha01"],
    ["1.0.0-alpha.1.x"],
    ["1.0.0-alpha.beta"],
    ["1.0.0-beta2"],
    ["1.0.0-beta11"],
    ["1.0.0-rc9", "1.0.0-rc.9", "1.0.0-rc9_build.7"],
    ["1.0.0-rc10"],
    ["1.0.0-rc99999999999999999999"],
    ["1.0.0-rc100000000000000000000"],
    ["1.0.0"],
    ["1.0.1-rc1"],
]
CALENDAR = [
    ["1999.12"],
    ["16.04"],
    ["2023.12.31", "2023-12-31", "20231231", "23.12.31"],
    ["2023-12-31.1"],
    ["2024.1.0.dev1", "24.01-dev.1"],
    ["2024.1.0a1", "2024.01-alpha1"],
    ["2024.1.0b1", "2024.01-beta1"],
    ["2024.1.0b2"],
    ["2024.1.0b10"],
    ["2024.1.0rc1", "2024.1.0-pre1", "2024.1-preview1", "2024.1c1"],
    ["2024.1", "24.1", "24.01.0", "2024-01", "2024.01.0.0"],
    ["2024.1.1-rc1"],
    ["2024.1.1"],
    ["2024.1.9"],
    ["2024.1.10"],
    ["2024.2"],
    ["2024.10"],
    ["2024.53"],
    ["2025.1"],
]
NATURAL = [
    [""],
    ["000", "0"],
    ["1", "01"],
    ["1-"],
    ["2"],
    ["10"],
    ["9" * 5000],
    ["1" + "0" * 5000],
    ["Build-1"],
    ["build"],
    ["build8"],
    ["build-"],
    ["build-0", "build-00"],
    ["build-8", "build-08", "build-008"],
    ["build-8-1"],
    ["build-8.1"],
    ["build-10"],
    ["build-100"],
    ["build-x"],
    ["v1.2"],
    ["v1.2.3"],
    ["v1.10"],
]


def flat(table: list[list[str]]) -> list[tuple[int, str]]:
    return [(place, name) for place, row in enumerate(table) for name in row]


def semantic_rank(name: str) -> object:
    found = parse_semver(name)
    return found and found.precedence()


def natural_rank(name: str) -> object:
    found = parse_semver(name)
    return found and found.precedence(natural=True)


def calendar_rank(name: str) -> object:
    found = parse_calver(name)
    return found and found.precedence()


@pytest.mark.parametrize(
    ("table", "rank"),
    [
        pytest.param(SEMANTIC, semantic_rank, id="semantic versions"),
        pytest.param(NATURAL_PRERELEASES, natural_rank, id="semantic versions with natural prereleases"),
        pytest.param(CALENDAR, calendar_rank, id="calendar versions"),
        pytest.param(NATURAL, natural_key, id="natural order"),
    ],
)
def test_the_order(table: list[list[str]], rank: object) -> None:
    assert callable(rank)
    ranks = {name: rank(name) for _place, name in flat(table)}
    assert None not in ranks.values()
    for (place, name), (other_place, other) in itertools.product(flat(table), repeat=2):
        assert (ranks[name] < ranks[other]) is (place < other_place), (name, other)
        assert (ranks[name] == ranks[other]) is (place == other_place), (name, other)


CHARACTERS = "0019aZ._-"


def test_natural_order_is_that_of_numbers_and_of_letters() -> None:
    """Against a plain way to say it: zeros before numbers left out, each number as wide as the widest."""
    dice = random.Random(23)

    def plain(name: str) -> list[str | int]:
        return [int(piece) if piece.isdigit() else piece for piece in re.findall("[0-9]+|[^0-9]+", name)]

    for _case in range(3000):
        one, other = ("".join(dice.choices(CHARACTERS, k=dice.randint(0, 8))) for _each in range(2))
        assert (natural_key(one) == natural_key(other)) is (plain(one) == plain(other)), (one, other)
        # What begins with a digit and what does not can't be compared the plain way.
        if plain(one)[:1] and plain(other)[:1] and type(plain(one)[0]) is type(plain(other)[0]):
            assert (natural_key(one) < natural_key(other)) is (plain(one) < plain(other)), (one, other)


def test_where_identifiers_end_with_letters_natural_prereleases_are_semantic_ones() -> None:
    dice = random.Random(24)
    parts = ["alpha", "beta", "rc", "1", "2", "9", "10", "11"]

    def made_up() -> str:
        return "1.0.0-" + ".".join(dice.choices(parts, k=dice.randint(1, 3)))

    for _case in range(1000):
        one, other = parse_semver(made_up()), parse_semver(made_up())
        assert one
        assert other
        assert (one.precedence() < other.precedence()) is (
            one.precedence(natural=True) < other.precedence(natural=True)
        ), (one, other)


@pytest.mark.parametrize("numbers", [2, 3, 4, 5])
def test_what_is_a_calendar_version_is_read_back(numbers: int) -> None:
    """Any year and numbers, with or without zeros before them, are read as these numbers."""
    dice = random.Random(numbers)
    for _case in range(300):
        year = dice.randint(1900, 2099)
        others = [dice.randint(0, 999) for _each in range(numbers - 1)]
        text = ".".join([str(year), *(str(each).zfill(dice.randint(0, 4)) for each in others)])
        found = parse_calver(text)
        assert found is not None, text
        assert [*found.numbers, *[0] * (numbers - len(found.numbers))] == [year, *others], text
        assert len(found.numbers) == 2 or found.numbers[-1], text


def test_no_text_is_too_odd() -> None:
    dice = random.Random(25)
    for _case in range(5000):
        text = "".join(dice.choices("0129vVabcrdev._-+ \n\u0662\xb2", k=dice.randint(0, 20)))
        for parse in (parse_semver, parse_calver):
            found = parse(text)
            assert found is None or len(found.numbers) >= 2
        natural_key(text)
