# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What values mean: every option of every module in every form that people and tools give.

Each form gives what the clean one gives, or is refused. What Ansible makes of the rest is part of it.
"""

from __future__ import annotations

import copy
import importlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._inventory import request as inventory
from ansible_collections.containerops.gitlab.plugins.module_utils._module.inputs import read_inputs
from tests.tools.collection import ROOT
from tests.unit.repository.tree import MODULES

Spec = dict[str, Any]
MODULE = "ansible_collections.containerops.gitlab.plugins.modules"
SPECS: dict[str, Spec] = {
    path.stem: importlib.import_module(f"{MODULE}.{path.stem}").ARGUMENTS.options for path in MODULES
}
SPECS["inventory"] = inventory.OPTIONS

IDS = {"project", "group"}
DURATIONS = {"older_than", "min_age", "plan_max_age", "in_use_max_age", "cadence", "not_pushed_for"}
DURATIONS |= {"pulled_within", "max_gap"}
# Texts of several lines, in a list too: sentences that came from elsewhere.
OF_LINES = {"approved_plan", "failed", "failure", "warnings", "notes"}


class Option(NamedTuple):
    """An option, wherever it is.

    Args:
        module: The module.
        path: The names of the options that it is inside of, and its own.
        spec: What it takes.
        top: The options of the module.
    """

    module: str
    path: tuple[str, ...]
    spec: Spec
    top: Spec

    @property
    def name(self) -> str:
        return self.path[-1]

    def given(self, value: Any, path: tuple[str, ...] | None = None, options: Spec | None = None) -> dict[str, Any]:
        """Options with this value, inside of as many dictionaries as it takes, with what these require."""
        names, specs = path or self.path, options or self.top
        spec = specs[names[0]]
        if len(names) == 1:
            return {names[0]: value}
        inner = {name: clean(each) for name, each in spec.get("options", {}).items() if each.get("required")}
        inner.update(self.given(value, names[1:], spec["options"]))
        return {names[0]: [inner] if spec["type"] == "list" else inner}

    def read(self, value: Any) -> Any:
        """What the value is read as, and what Ansible makes of that; the words of who refuses it."""
        given = self.given(value)
        before = copy.deepcopy(given)
        try:
            read = read_inputs(given, self.top)
        except UsageError as error:
            return Refused(str(error))
        assert given == before
        # What is required besides is not given here.
        spec = {name: {**each, "required": False} for name, each in self.top.items()}
        result = ModuleArgumentSpecValidator(spec).validate(read)
        if result.error_messages:
            return Refused("; ".join(result.error_messages))
        return found(result.validated_parameters, self.path)


class Refused(NamedTuple):
    words: str


def found(options: dict[str, Any], path: tuple[str, ...]) -> Any:
    value = options.get(path[0])
    if len(path) == 1 or value is None:
        return value
    return found(value[0] if isinstance(value, list) else value, path[1:])


def options_of(module: str, options: Spec, path: tuple[str, ...] = ()) -> Iterator[Option]:
    for name, spec in options.items():
        yield Option(module, (*path, name), spec, SPECS[module])
        yield from options_of(module, spec.get("options", {}), (*path, name))


OPTIONS = [option for module, spec in SPECS.items() for option in options_of(module, spec)]


def of(*types: str, elements: str | None = None, secret: bool = False) -> pytest.MarkDecorator:
    """The options of these types."""
    chosen = [
        option
        for option in OPTIONS
        if option.spec["type"] in types
        and (elements is None or option.spec.get("elements") == elements)
        and bool(option.spec.get("no_log")) is secret
    ]
    assert chosen
    return pytest.mark.parametrize("option", chosen, ids=lambda option: f"{option.module}.{'.'.join(option.path)}")


def clean(spec: Spec) -> Any:
    """A value as a careful user writes it."""
    kind: str = spec.get("elements") or spec["type"]
    one: Any = {"str": "a1", "path": "/a1", "int": 7, "float": 2.5, "bool": True, "raw": "a1", "dict": {}}[kind]
    if kind == "dict":
        one = {name: clean(each) for name, each in spec.get("options", {}).items() if each.get("required")}
    one = spec.get("choices", [one])[-1]
    return [one] if spec["type"] == "list" else one


def reads(option: Option, wanted: Any, *values: Any) -> None:
    for value in values:
        assert option.read(value) == wanted, value


def refuses(option: Option, *values: Any) -> None:
    for value in values:
        assert isinstance(option.read(value), Refused), value


BLANKS = ["{}\n", "{}\r\n", "\n{}", " {}", "{}\t", "{}\u00a0\n\n"]


@of("str", "path")
def test_blanks_around_a_text_are_cut(option: Option) -> None:
    wanted = clean(option.spec)
    assert option.read(wanted) == wanted
    if option.name in OF_LINES:
        assert option.read("a\nb\n") == "a\nb\n"
        return
    for form in BLANKS:
        assert option.read(form.format(wanted)) == wanted, form


@of("str", "path")
def test_a_text_is_one_line(option: Option) -> None:
    if option.name not in OF_LINES:
        for between in ("\n", "\r\n", "\n\n", "\u2028", "\x0b"):
            assert "contains a line break: write one line" in option.read(f"a{between}b").words


@of("str", "path")
def test_nothing_else_is_made_a_text(option: Option) -> None:
    refuses(option, 1.10, 10.0, True, False, ["a"], ["a", "b"], {"a": "b"}, [["a"]])
    if option.name in IDS | {"by", "version_group"}:
        assert option.read(10) == "10"
    elif option.name not in DURATIONS:
        assert "is the number 10 to YAML, and has to be a text: write it in quotes" in option.read(10).words
    if option.name not in OF_LINES:
        refuses(option, "['a', 'b']", '["a"]', "[a, b]", "[]")


@of("str", "path")
def test_a_text_holds_only_what_can_be_seen(option: Option) -> None:
    if option.name not in OF_LINES:
        for between in ("\u200b", "\ufeff", "\u00a0", "\t", "\x00", "\x1b"):
            assert "contains an invisible character" in option.read(f"a{between}b").words


@of("str", secret=True)
def test_a_secret_is_not_changed_and_not_told(option: Option) -> None:
    assert option.read(" a1\n") == " a1\n"
    given: list[Any] = [123456, 12.5, True, ["123456"], {"a": "123456"}]
    for value in given:
        assert "is not a text: write it in quotes" in option.read(value).words
        assert "123456" not in option.read(value).words


@of("list", elements="str")
def test_a_text_for_a_list_is_cut_at_its_lines_alone(option: Option) -> None:
    if option.name in OF_LINES:
        return
    [one] = wanted = clean(option.spec)
    assert option.read(wanted) == wanted
    assert option.read(one) == wanted
    for form in BLANKS:
        assert option.read(form.format(one)) == wanted, form
        assert option.read([form.format(one)]) == wanted, form
    assert option.read(f"{one}\n\n  {one}\r\n") == [one, one]
    with_comma = option.read("a,b, c")
    assert isinstance(with_comma, Refused) if "choices" in option.spec else with_comma == ["a,b, c"]


@of("list", elements="path")
def test_a_text_for_a_list_of_files_is_cut_at_its_lines_alone(option: Option) -> None:
    assert option.read("/a,b\n /c\n") == ["/a,b", "/c"]
    assert isinstance(option.read(["/a\n/b"]), Refused)
    assert isinstance(option.read([1]), Refused)


@of("list", elements="str")
def test_nothing_else_is_made_an_entry(option: Option) -> None:
    refuses(option, [1.10], [True], [None], [""], [" \n"], [["a"]], [{"a": "b"}], {"a": "b"}, True, 2.10)
    if option.name in OF_LINES:
        return
    refuses(option, ["a\nb"])
    refuses(option, "['a', 'b']", '["a", "b"]', "[a, b]", "[]", " [ ]\n", ["[a, b]"], [["a", "b"], "c"])
    if option.name in IDS:
        assert option.read([7, "a/b"]) == ["7", "a/b"]
        assert option.read(7) == ["7"]
    else:
        assert isinstance(option.read([10]), Refused)
        assert isinstance(option.read(10), Refused)


@of("list", elements="int")
def test_a_text_for_a_list_of_numbers(option: Option) -> None:
    assert option.read([7, "8", " 9\n"]) == [7, 8, 9]
    assert option.read("7\n 8\n") == [7, 8]
    assert option.read(7) == [7]
    refuses(option, "7,8", "7 8", [True], [1.5], ["1.5"], [[7]], [{}], True, ["seven"], [None], [""])


@of("int", "float")
def test_numbers(option: Option) -> None:
    reads(option, 7, 7, "7", " 7\n", 7.0)
    refuses(option, True, False, [7], {"a": 7}, "seven", "7,5", "1_0", "0x7", "7\n8")
    refuses(option, float("nan"), float("inf"), "nan", "9" * 30)
    if option.spec["type"] == "int":
        assert isinstance(option.read(1.5), Refused)
        assert isinstance(option.read("1.5"), Refused)
    else:
        assert option.read("1.5") == option.read(1.5) == 1.5


@of("bool")
def test_booleans(option: Option) -> None:
    reads(option, True, True, "true", " yes\n", 1)
    reads(option, False, False, "false", "no\n")
    refuses(option, [True], {"a": True}, "perhaps", 2, 0.5)


@of("list", elements="dict")
def test_lists_of_dictionaries_may_be_json(option: Option) -> None:
    wanted = option.read(clean(option.spec))
    assert not isinstance(wanted, Refused)
    assert option.read(json.dumps(clean(option.spec))) == wanted
    refuses(option, "- a: b", "a, b", json.dumps({"a": "b"}), {"a": "b"}, [["a"]], ["a"], [1], 7, True, "null")


@of("dict")
def test_dictionaries_may_be_json(option: Option) -> None:
    given = clean(option.spec)
    wanted = option.read(given)
    assert not isinstance(wanted, Refused)
    assert option.read(json.dumps(given)) == wanted
    refuses(option, "a=b", "a: b", "[1]", [given], 7, True)


def twice(text: str) -> tuple[str, str]:
    """The JSON of a dictionary, or of a list of them, with the first key once more, and that key."""
    start = text.index('"') + 1
    key = text[start : text.index('"', start)]
    return text.replace("{", f'{{"{key}": null, ', 1), key


@of("list", "dict")
def test_a_key_that_stands_twice_in_json_is_refused_by_its_name(option: Option) -> None:
    if '"' not in json.dumps(clean(option.spec)) or option.spec.get("elements", "dict") != "dict":
        return
    text, key = twice(json.dumps(clean(option.spec)))
    refused = option.read(text)
    assert isinstance(refused, Refused)
    assert refused.words.endswith(f"{option.name} has the key {key!r} twice in one object: write it once.")


@of("raw")
def test_what_may_be_a_number_or_names(option: Option) -> None:
    is_document = option.path[-1] in ("retention", "previous_retention")
    assert option.read(" 3\n") == (" 3\n" if is_document else "3")
    assert option.read(3) == 3
    assert option.read([" a\n", "b"]) == ([" a\n", "b"] if is_document else ["a", "b"])


@pytest.mark.parametrize("option", [each for each in OPTIONS if each.spec.get("aliases")], ids=lambda each: each.name)
def test_an_option_and_its_alias_are_not_both_given(option: Option) -> None:
    for alias in option.spec["aliases"]:
        other = option._replace(path=(*option.path[:-1], alias))
        given = option.given(clean(option.spec))
        target = given
        for name in option.path[:-1]:
            target = target[name][0] if isinstance(target[name], list) else target[name]
        target[alias] = clean(option.spec)
        with pytest.raises(UsageError, match=f"{option.name} and {alias} are the same option"):
            read_inputs(given, option.top)
        del target[option.name]
        target[alias] = " a1\n" if "choices" not in option.spec else f" {clean(option.spec)}\n"
        assert found(read_inputs(given, option.top), other.path) == target[alias].strip()


def test_what_is_no_option_is_left_to_ansible() -> None:
    assert read_inputs({"other": [1.10], "_ansible_check_mode": True}, {"name": {"type": "str"}}) == {
        "other": [1.10],
        "_ansible_check_mode": True,
    }


# What an empty value means, as docs/inputs.md says it. Options that are not there refuse every empty value.
ROW = re.compile(r"^\| (`.*`) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
EMPTIES: dict[str, list[Any]] = {"text": ["", " ", "\n", None], "list": [[]], "dict": [{}]}
ALL_REFUSED = dict.fromkeys(EMPTIES, "refused")


def told() -> dict[str, dict[str, str]]:
    """What the page says of each option: by kind of empty value."""
    page = (ROOT / "docs" / "inputs.md").read_text()
    rows: dict[str, dict[str, str]] = {}
    for names, *meanings in ROW.findall(page):
        for name in re.findall(r"`([a-z_.]+)`", names):
            assert name not in rows, name
            rows[name] = dict(zip(EMPTIES, meanings, strict=True))
    return rows


def test_the_page_on_empty_values_has_only_options_that_take_one() -> None:
    assert set(told()) < {option.name for option in OPTIONS}
    assert ALL_REFUSED not in told().values()


def not_refused(read: Any) -> bool:
    """What a dictionary requires is missing in an empty one."""
    return not isinstance(read, Refused) or "missing required arguments" in read.words


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: f"{option.module}.{'.'.join(option.path)}")
def test_an_empty_value_means_what_the_page_says(option: Option) -> None:
    row = told().get(option.name, ALL_REFUSED)
    default = option.spec.get("default")
    for kind, values in EMPTIES.items():
        for value in values:
            read = option.read(value)
            where = (option.path, value)
            # The groups of keep_n_per are a number.
            other_kind = kind != "text" and kind != option.spec["type"]
            if row[kind] == "refused" or other_kind or (value is None and "`null`" in row[kind]):
                assert isinstance(read, Refused), where
            elif row[kind] == "left out":
                assert read == default, where
            else:
                assert read == (value or "").strip() if kind == "text" else not_refused(read), where
