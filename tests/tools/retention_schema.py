# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema of retention documents and the tables of their keys: `python -m tests.tools.retention_schema` writes them.

Both are made of the specification by which documents are checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.containerops.gitlab.plugins.module_utils._retention.document import (
    ASSIGNMENT,
    DOCUMENT,
    EXCEPTION,
    RULE_SET,
)
from tests.tools.collection import ROOT
from tests.tools.documents import options_of
from tests.tools.pages import filled, table

PAGE = ROOT / "docs" / "retention-document.md"
SCHEMA = ROOT / "docs" / "retention-document.schema.json"
TABLES = {"document": DOCUMENT, "rule_set": RULE_SET, "assignment": ASSIGNMENT, "exception": EXCEPTION}
_SCALARS: dict[str, dict[str, Any]] = {
    "str": {"type": "string", "minLength": 1},
    "day": {"type": "string", "minLength": 1},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
}


def schema() -> dict[str, Any]:
    """The schema as JSON has it."""
    rule = options_of(ROOT / "plugins" / "modules" / "registry_cleanup.py")["rules"]["suboptions"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Retention document of containerops.gitlab",
        **_mapping(DOCUMENT, rule),
    }


def _mapping(spec: Mapping[str, Any], documented: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: _property(option, documented.get(key, {}), documented)
            for key, option in spec.items()
            for name in (key, *option.get("aliases", ()))
        },
    }
    required = [name for name, option in spec.items() if option.get("required") and not option.get("aliases")]
    either = [
        {"oneOf": [{"required": [name]} for name in (key, *option["aliases"])]}
        for key, option in spec.items()
        if option.get("required") and option.get("aliases")
    ]
    return {**found, **({"required": required} if required else {}), **({"allOf": either} if either else {})}


def _property(option: Mapping[str, Any], described: Mapping[str, Any], documented: Mapping[str, Any]) -> dict[str, Any]:
    text = option.get("description") or _first_sentence(described)
    found = _value(option, described.get("suboptions") or documented)
    return {"description": text, **found} if text else found


def _value(option: Mapping[str, Any], documented: Mapping[str, Any]) -> dict[str, Any]:
    if option["type"] == "list":
        element = {"type": option["elements"], "options": option.get("options")}
        least = {} if option.get("default") == [] else {"minItems": 1}
        return {"type": "array", "items": _value(element, documented), **least}
    if option["type"] == "dict":
        return _mapping(option["options"], documented)
    choices = {"enum": list(option["choices"])} if option.get("choices") else {}
    return {**_SCALARS[option["type"]], **choices}


def _first_sentence(described: Mapping[str, Any]) -> str:
    """What the documentation of an option says first, without its markup."""
    text = " ".join(described.get("description") or [""][:1])
    plain = re.sub(r"\b[A-Z]+\(([^)]*)\)", r"\1", text)
    return re.split(r"(?<=\.) ", plain)[0]


def tables() -> dict[str, str]:
    """The keys of each part of a document."""
    return {
        name: table(
            ("key", "what it is"),
            (
                (f"`{key}`{' (required)' if option.get('required') else ''}", option["description"])
                for key, option in spec.items()
            ),
        )
        for name, spec in TABLES.items()
    }


def written() -> str:
    """The schema as the file has it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(written())
    PAGE.write_text(filled(PAGE.read_text(), "keys", tables()))
