# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on retention documents and the schema for editors say what documents are checked by."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._plan.limits import Limits
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import (
    DOCUMENT,
    read_document,
    retention_of,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.rule_sets import Retention
from ansible_collections.containerops.gitlab.plugins.module_utils._retention.validation import Problem, checked
from ansible_collections.containerops.gitlab.plugins.module_utils._rules.rules import Rules
from tests.tools import retention_schema
from tests.tools.pages import filled
from tests.unit.models import repository

PAGE = retention_schema.PAGE.read_text()
EXAMPLE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
SCHEMA = json.loads(retention_schema.SCHEMA.read_text())
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


def read(text: str) -> Retention:
    document = read_document(text, "retention_path retention.yml")
    return retention_of(document, Rules(rules=()), Limits(), "https://gitlab.example.com")


def test_the_schema_and_the_tables_are_as_they_are_made() -> None:
    """`python -m tests.tools.retention_schema` writes them."""
    assert retention_schema.SCHEMA.read_text() == retention_schema.written()
    assert filled(PAGE, "keys", retention_schema.tables()) == PAGE


def test_the_example_gives_the_table_of_the_page() -> None:
    found = read(EXAMPLE)
    rows = re.findall(r"^\| `(team/[^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for path, rule_set in rows:
        parts = 3 if path.startswith(("team/sub/", "team/contracts/")) else 2
        project = "/".join(path.split("/")[:parts])
        assert found.assigned_to(repository(path=path, name=path[len(project) + 1 :])).name == rule_set, path


def test_the_message_of_the_page_is_what_is_said() -> None:
    [message] = re.findall(r"^retention_path retention.yml, line .*$", PAGE, re.MULTILINE)
    with pytest.raises(UsageError) as error:
        read(EXAMPLE.replace("keep_n: 10", "keep_n: ten"))
    assert str(error.value) == message


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_an_editor_accepts_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    EDITOR.validate(as_json(yaml.safe_load(EXAMPLE)))


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """All values of a document, each as what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    for key, each in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        found.append((value, key))
        if isinstance(each, (dict, list)):
            found += places_in(each)
    return found


@pytest.mark.parametrize("seed", range(200))
def test_an_editor_and_the_module_refuse_the_same_shapes(seed: int) -> None:
    dice = random.Random(seed)
    document = as_json(yaml.safe_load(EXAMPLE))
    odd: list[Any] = [True, 0, 5, 1.5, "x", [], ["x"], {}, [{}], {"name": "x"}, {"match": "x"}]
    holder, key = dice.choice(places_in(document))
    if dice.random() < 0.3 and isinstance(holder, dict):
        holder[dice.choice(["x", "name", "keep", "older_than", "sort_by", "tags", "default"])] = dice.choice(odd)
    elif dice.random() < 0.3 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = copy.deepcopy(dice.choice(odd))
    problems: list[Problem] = []
    checked(document, DOCUMENT, problems)
    assert EDITOR.is_valid(document) is not bool(problems), (document, problems)
