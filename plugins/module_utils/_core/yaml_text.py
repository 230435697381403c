# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Texts in YAML, of which JSON is a part, with the line of each value. Every key stands once. Pure."""

from __future__ import annotations

import contextlib
import typing as t

from .documents import DuplicateKeyError

# Where it is missing, new_module ends every module that needs it.
with contextlib.suppress(ImportError):
    import yaml

# The keys and numbers that lead to a value.
ValuePath = tuple[t.Union[str, int], ...]

_DEEPEST = 200
_MOST_VALUES = 200_000
_MERGE = "tag:yaml.org,2002:merge"


class YamlError(ValueError):
    """A text that is no YAML, or says something twice. Its text continues a sentence that begins with the document."""


class LocatedValue(t.NamedTuple):
    """What a document says, and where.

    Args:
        value: what it says; None for an empty document.
        lines: the line of each value in it, by the keys that lead there.
    """

    value: t.Any
    lines: t.Mapping[ValuePath, int]


def parse_yaml(text: str) -> list[LocatedValue]:
    """The documents of a text.

    Raises:
        YamlError: it is no YAML, has a key twice, or is nested too deeply.
    """
    # Texts of Ansible have classes of their own, which the loader in C does not take.
    text = str(text)
    loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = loader_class(text)
    try:
        _check_depth(text, loader_class)
        found = []
        while loader.check_node():
            node = loader.get_node()
            _check_keys(node)
            found.append(LocatedValue(loader.construct_document(node), lines=_lines_of(node)))
        return found
    except DuplicateKeyError as error:
        raise YamlError(str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        # What ends too early is missed behind the last line.
        line = min(mark.line + 1, len(text.splitlines())) if mark else 0
        raise YamlError(f"is no valid YAML{f' in line {line}' if line else ''}") from None
    finally:
        loader.dispose()


def _check_depth(text: str, loader_class: t.Any) -> None:
    """See that what follows, which goes into each level, comes to an end.

    Raises:
        ValueError: it is nested too deeply.
    """
    depth = 0
    for event in yaml.parse(text, Loader=loader_class):
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


def _lines_of(document: t.Any) -> dict[ValuePath, int]:
    """The lines on which the values of a document begin, those of a mapping on which their keys stand.

    Construction has already put the keys of a merge into their mapping.

    Raises:
        ValueError: a few lines stand for so many values that they can't be meant.
    """
    found: dict[ValuePath, int] = {}
    waiting: list[tuple[ValuePath, t.Any, int]] = [((), document, document.start_mark.line)]
    while waiting:
        path, node, line = waiting.pop()
        found[path] = line + 1
        if len(found) > _MOST_VALUES:
            raise ValueError("too many values")
        if isinstance(node, yaml.SequenceNode):
            waiting += [((*path, number), each, each.start_mark.line) for number, each in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            waiting += [((*path, key.value), value, key.start_mark.line) for key, value in node.value]
    return found
