# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the documents of users say, or the sentence that refuses them. Pure."""

from __future__ import annotations

import json
import typing as t

import yaml

from ..module_utils._core.documents import DuplicateKeyError, parse_json

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 200
_MERGE = "tag:yaml.org,2002:merge"
_WRITTEN_BY = "it has to be what the role registry_in_use writes"
_PARTS_OF_A_SOURCE = frozenset({"name", "images", "failed", "read_at"})


class ValueRefused(ValueError):
    """A value that can't be meant. Its text continues a sentence that begins with the variable."""


def yaml_documents(text: str) -> list[t.Any]:
    """The documents of a text in YAML, of which JSON is a part. Empty ones are None.

    Raises:
        ValueRefused: it is no YAML, or has a key twice.
    """
    # Texts of Ansible have classes of their own, which the loader in C does not take.
    text = str(text)
    loader = _Loader(text)
    try:
        _check_depth(text)
        found = []
        while loader.check_node():
            node = loader.get_node()
            _check_keys(node)
            found.append(loader.construct_document(node))
        return found
    except DuplicateKeyError as error:
        raise ValueRefused(str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        # What ends too early is missed behind the last line.
        line = min(mark.line + 1, len(text.splitlines())) if mark else 0
        raise ValueRefused(f"is no valid YAML{f' in line {line}' if line else ''}") from None
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """See that what follows, which goes into each level, comes to an end.

    Raises:
        ValueError: it is nested too deeply.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")


def _check_keys(document: t.Any) -> None:
    """See that each mapping has each key once.

    Raises:
        DuplicateKeyError: one does not.
    """
    waiting, seen = [document], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                named = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE else None
                if named in keys:
                    raise DuplicateKeyError(key.value, f"the mapping of line {node.start_mark.line + 1}")
                keys.update([named] if named else [])
                waiting += (key, value)


def sources_in(text: str) -> list[dict[str, t.Any]]:
    """The sources of what is in use, as the role registry_in_use writes them to a file.

    Raises:
        ValueRefused: it says something else, or of no source.
    """
    try:
        found = parse_json(text)
    except DuplicateKeyError as error:
        raise ValueRefused(str(error)) from None
    except ValueError:
        raise ValueRefused(f"holds no JSON: {_WRITTEN_BY}") from None
    if not isinstance(found, dict) or "sources" not in found:
        raise ValueRefused(f"holds no sources: {_WRITTEN_BY}")
    return sources_of(found["sources"])


def sources_of(value: t.Any) -> list[dict[str, t.Any]]:
    """The sources of what is in use. None at all would mean that nothing is known, and is refused.

    Raises:
        ValueRefused: it is no list of sources, or has no entry.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueRefused(f"holds {shown(value)} where a list of sources belongs")
    if not value:
        raise ValueRefused(
            "holds no source, so that it is not known what is in use: whatever was to find them may have failed"
        )
    return [_source(row, f"source {number}") for number, row in enumerate(value, 1)]


def _source(row: t.Any, which: str) -> dict[str, t.Any]:
    if not isinstance(row, dict):
        raise ValueRefused(f"holds {shown(row)} as {which}: it has to be a dictionary with name and images")
    name, images, failed = row.get("name"), row.get("images", []), row.get("failed", "")
    if not isinstance(name, str) or not name.strip():
        raise ValueRefused(f"holds no text as the name of {which}")
    others = [str(key) for key in row if key not in _PARTS_OF_A_SOURCE]
    if others:
        raise ValueRefused(
            f"holds {others[0]!r:.60} in {which} ({name:.60}), which has name, images, failed and read_at alone"
        )
    listed = images if isinstance(images, (list, tuple)) else [images]
    if not all(isinstance(image, str) and image.strip() for image in listed):
        raise ValueRefused(f"holds images of {which} ({name:.60}) that are no list of texts")
    if not isinstance(failed, str):
        raise ValueRefused(f"holds {shown(failed)} as failed of {which} ({name:.60}): it has to be a text")
    if not isinstance(row.get("read_at", ""), str):
        raise ValueRefused(f"holds {shown(row['read_at'])} as read_at of {which} ({name:.60}): it has to be a text")
    return dict(row)


def shown(value: t.Any) -> str:
    """A value in a sentence, without the classes that Ansible has for texts."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."
