# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Texts in YAML, of which JSON is a part, with the line of each value. Every key stands once. Pure."""

from __future__ import annotations

import contextlib
import re
import typing as t

from .documents import DuplicateKeyError

# Where it is missing, new_module ends every module that needs it.
with contextlib.suppress(ImportError):
    import yaml

# The keys and numbers that lead to a value.
ValuePath = tuple[t.Union[str, int], ...]

_DEEPEST = 200
_MOST_VALUES = 200_000
_STANDARD = "tag:yaml.org,2002:"
_TEXT = f"{_STANDARD}str"
_KINDS = {f"{_STANDARD}timestamp": "time", f"{_STANDARD}int": "number", f"{_STANDARD}float": "number"}
# A number that YAML 1.1, YAML 1.2 and people read alike, as they do not read 010, 1_0 and 1:30.
_PLAIN_NUMBER = re.compile(
    r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
    re.ASCII | re.IGNORECASE,
)


class YamlError(ValueError):
    """A text that is no YAML, or says something twice. Its text continues a sentence that begins with the document."""


class LocatedValue(t.NamedTuple):
    """What a document says, and where.

    Args:
        value: what it says; None for an empty document.
        lines: the line of each value in it, by the keys that lead there.
        odd_numbers: the numbers that are written so that others read another one, as they are written.
    """

    value: t.Any
    lines: t.Mapping[ValuePath, int]
    odd_numbers: t.Mapping[ValuePath, str] = {}


def parse_yaml(text: str) -> list[LocatedValue]:
    """The documents of a text.

    Raises:
        YamlError: it is no YAML, has a key twice, is nested too deeply, or stands for too many values.
    """
    # Texts of Ansible have classes of their own, which the loader in C does not take.
    text = str(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise YamlError("contains an incomplete character") from None
    loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = loader_class(text)
    try:
        _check_depth(text, loader_class)
        found = []
        while loader.check_node():
            node = loader.get_node()
            _check_extent(node, {})
            _check_nodes(node, loader)
            value = loader.construct_document(node)
            found.append(_located(value, node))
        return found
    except YamlError:
        raise
    except DuplicateKeyError as error:
        raise YamlError(str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        # What ends too early is missed behind the last line.
        line = min(mark.line + 1, len(text.splitlines())) if mark else 0
        raise YamlError(f"is not valid YAML{f' in line {line}' if line else ''}") from None
    finally:
        loader.dispose()


def _check_depth(text: str, loader_class: t.Any) -> None:
    """See that what follows, which goes into each level, comes to an end.

    Raises:
        YamlError: it is nested too deeply.
    """
    depth = 0
    for event in yaml.parse(text, Loader=loader_class):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise _too_deep(event.start_mark)


def _too_deep(mark: t.Any) -> YamlError:
    return YamlError(f"is nested more than {_DEEPEST} levels deep in line {mark.line + 1}")


def _check_extent(node: t.Any, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """See that aliases, which are a few letters each, stand for no more than can be meant.

    What an alias stands for was seen before, so that this goes no deeper than what was written.

    Args:
        node: where to begin.
        known: the answers by node; None for those that this is inside of.

    Returns:
        How many levels the value has, and how many values.

    Raises:
        YamlError: there are too many, or it holds itself.
    """
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise YamlError(f"has an alias that contains itself, in line {node.start_mark.line + 1}")
        return found
    known[id(node)] = None
    levels, values = 1, 1
    for child in _children(node):
        child_levels, child_values = _check_extent(child, known)
        levels, values = max(levels, child_levels + 1), values + child_values
    if levels > _DEEPEST:
        raise _too_deep(node.start_mark)
    if values > _MOST_VALUES:
        raise YamlError(f"stands for more than {_MOST_VALUES:,} values in line {node.start_mark.line + 1}")
    known[id(node)] = levels, values
    return levels, values


def _children(node: t.Any) -> t.Iterable[t.Any]:
    if isinstance(node, yaml.MappingNode):
        return (each for pair in node.value for each in pair)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _check_nodes(document: t.Any, loader: t.Any) -> None:
    """See that each mapping has each key once, and that each value is what it is taken for.

    Raises:
        DuplicateKeyError: a key stands twice.
        YamlError: a value is not what it is taken for.
    """
    waiting, seen = [document], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += _children(node)
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, loader)
        elif isinstance(node, yaml.MappingNode):
            keys = set()
            for key in (key for key, _value in node.value if isinstance(key, yaml.ScalarNode)):
                if (key.tag, key.value) in keys:
                    raise DuplicateKeyError(key.value, f"the mapping of line {node.start_mark.line + 1}")
                keys.add((key.tag, key.value))


def _check_scalar(node: t.Any, loader: t.Any) -> None:
    """See that a value is what it is taken for: 2027-02-30 looks like a day.

    Raises:
        YamlError: it is not.
    """
    shown = f"{node.value!r:.60}"
    if node.tag not in (_TEXT, loader.resolve(yaml.ScalarNode, node.value, (True, False))):
        tag = node.tag.replace(_STANDARD, "!!")
        raise YamlError(
            f"has the tag {tag} in line {node.start_mark.line + 1}, which does not fit {shown}: leave it out"
        )
    if node.tag in _KINDS:
        try:
            loader.construct_object(node)
        except (ValueError, OverflowError):
            raise YamlError(
                f"has {shown} in line {node.start_mark.line + 1}, which looks like a {_KINDS[node.tag]} and is none: "
                "correct it, or put it in quotes if it is a text"
            ) from None


def _located(value: t.Any, document: t.Any) -> LocatedValue:
    """A value with the lines on which the values in it begin, those of a mapping on which their keys stand.

    Construction has already put the keys of a merge into their mapping, before its own, which stand above them.
    """
    lines: dict[ValuePath, int] = {}
    odd: dict[ValuePath, str] = {}
    waiting: list[tuple[ValuePath, t.Any, int]] = [((), document, document.start_mark.line)]
    while waiting:
        path, node, line = waiting.pop()
        lines[path] = line + 1
        if isinstance(node, yaml.SequenceNode):
            waiting += [((*path, number), each, each.start_mark.line) for number, each in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            last = {key.value: (each, key.start_mark.line) for key, each in node.value if isinstance(key.value, str)}
            waiting += [((*path, key), each, place) for key, (each, place) in last.items()]
        elif _KINDS.get(node.tag) == "number" and not _PLAIN_NUMBER.fullmatch(node.value):
            odd[path] = node.value
    return LocatedValue(value, lines=lines, odd_numbers=odd)
