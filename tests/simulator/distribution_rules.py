# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for tags, which the registry takes from the token of a request.

registry/auth/token/accesscontroller.go and registry/handlers/manifests.go of GitLab's registry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .distribution_call import Problem, RegistryCall, TagRules
from .patterns import compiled, mistake

MOST_PATTERNS = 5
LONGEST_PATTERN = 100


def rules_in(call: RegistryCall, granted: Iterable[dict[str, Any]]) -> TagRules:
    """What a token says of the repository, as far as the release knows it; of several rows the last one counts."""
    rows = [row.get("meta") or {} for row in granted if row["name"] == call.name] if call.is_since(4, 14) else []
    denied = [row["tag_deny_access_patterns"] for row in rows if row.get("tag_deny_access_patterns")]
    immutable = [row["tag_immutable_patterns"] for row in rows if row.get("tag_immutable_patterns")]
    last = denied[-1] if denied else {}
    return TagRules(
        push=tuple(last.get("push") or ()),
        delete=tuple(last.get("delete") or ()),
        immutable=tuple(immutable[-1] if immutable and call.is_since(4, 16) else ()),
    )


def check_delete(call: RegistryCall) -> None:
    """Problem where the token's rules forbid it, whether there is such a tag or not."""
    rules = call.rules
    if ":" in call.reference:
        if rules.delete or rules.immutable:
            raise Problem("PROTECTED_MANIFEST")
        return
    _check_count(rules.delete, rules.immutable)
    _check_denied(call.reference, rules.delete)
    _check_immutable(call.reference, rules.immutable)


def check_push(call: RegistryCall) -> None:
    """The same for a push by a tag."""
    if ":" not in call.reference:
        _check_count(call.rules.push, call.rules.immutable)
        _check_denied(call.reference, call.rules.push)


def check_overwrite(call: RegistryCall) -> None:
    """Only a registry with a database looks whether a tag that is there is immutable, for the same image too."""
    if call.state.mode == "M1":
        _check_immutable(call.reference, call.rules.immutable)


def _check_count(denied: tuple[str, ...], immutable: tuple[str, ...]) -> None:
    if len(denied) + len(immutable) > MOST_PATTERNS:
        raise Problem("TAG_PATTERN_COUNT_LIMIT_EXCEEDED", {})


def _check_denied(name: str, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if _is_unreadable(pattern):
            raise Problem("TAG_PROTECTION_PATTERN_INVALID", {})
        if compiled(pattern).search(name):
            raise Problem("PROTECTED_TAG", f'tag "{name}" is protected')


def _check_immutable(name: str, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if _is_unreadable(pattern):
            raise Problem("TAG_IMMUTABILITY_PATTERN_INVALID", {})
        if compiled(pattern).search(name):
            raise Problem("IMMUTABLE_TAG", f'tag "{name}" is immutable')


def _is_unreadable(pattern: str) -> bool:
    return len(pattern) > LONGEST_PATTERN or mistake(pattern) is not None
