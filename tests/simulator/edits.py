# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of the state that a test makes by itself: somebody else pushes, deletes, reconfigures."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from .changes import caused_by
from .scenario import CONTENT, TAG_FIELDS, Row, ScenarioError, describe_tag, make_references, make_tag, parse_time
from .state import Repository, State, Tag

EDITS = (
    *("set_tag", "add_tag", "remove_tag", "set_repository", "set_project", "set_references", "set_registry"),
    *("set_clock", "advance"),
)


def apply(state: State, edits: dict[str, Any]) -> None:
    """Each edit is an object or a list of objects; ScenarioError names what is wrong."""
    with caused_by("edit"):
        for edit in EDITS:
            wanted = edits.get(edit, [])
            for value in wanted if isinstance(wanted, list) else [wanted]:
                _apply_one(state, edit, value)


def _apply_one(state: State, edit: str, value: Any) -> None:
    if edit == "set_clock":
        state.clock.frozen = parse_time(value, edit)
    elif edit == "advance":
        state.clock.advance(value)
    elif edit == "set_registry":
        _assign(state.registry, value, {field.name for field in fields(state.registry)} - {"host"}, edit)
    elif edit == "set_project":
        _set_project(state, edit, dict(value))
    elif edit == "set_references":
        _set_references(state, edit, dict(value))
    elif edit == "set_repository":
        keys = {"repository", "status", "registry_state"}
        _assign(repository_of(state, value, edit), value, keys, edit, skip="repository")
    else:
        _edit_tag(state, edit, value)


def _set_project(state: State, edit: str, value: dict[str, Any]) -> None:
    """new_path moves it; the old path then leads there."""
    project = state.project_at(str(value.get("path")))
    if project is None:
        raise ScenarioError(f"{edit}: there is no project {value.get('path')!r}")
    target = value.pop("new_path", None)
    if target is not None and (state.project_at(target) or not state.group_at(target.rpartition("/")[0])):
        raise ScenarioError(f"{edit}: there is no place for a project at {target!r}")
    _assign(project, value, {"path", "access_level", "visibility", "archived", "members"}, edit)
    if target is not None:
        state.move_project(project, target)


def _set_references(state: State, edit: str, value: dict[str, Any]) -> None:
    """What is named replaces what was there."""
    project = state.project_at(str(value.pop("path", None)))
    if project is None:
        raise ScenarioError(f"{edit}: there is no such project")
    row = Row({"environments": project.references.environments, **value}, edit)
    found = make_references(row)
    row.done()
    for name in value:
        setattr(project.references, name, getattr(found, name))


def _assign(target: Any, value: dict[str, Any], keys: set[str], edit: str, skip: str = "path") -> None:
    unknown = sorted(set(value) - keys)
    if unknown:
        raise ScenarioError(f"{edit}: unknown keys: {', '.join(unknown)}")
    for key, wanted in value.items():
        if key != skip:
            setattr(target, key, wanted)


def repository_of(state: State, value: dict[str, Any], edit: str) -> Repository:
    repository = state.repository_at(str(value.get("repository")))
    if repository is None:
        raise ScenarioError(f"{edit}: there is no repository {value.get('repository')!r}")
    return repository


def import_tags(state: State, at: datetime, spread: float) -> None:
    """Every tag is as new as the import to the metadata database, which took spread seconds; older dates are lost."""
    if state.mode != "M1":
        raise ScenarioError("import: this registry has no metadata database")
    tags = [tag for repository in state.repositories.values() for tag in repository.tags or ()]
    for number, tag in enumerate(tags):
        tag.created_at = tag.published_at = at + timedelta(seconds=spread * number / len(tags))
        tag.updated_at = None


def _edit_tag(state: State, edit: str, value: dict[str, Any]) -> None:
    repository = repository_of(state, value, edit)
    if repository.tags is None:
        raise ScenarioError(f"{edit}: the tags of {repository.path} are in a real registry")
    row = {key: item for key, item in value.items() if key != "repository"}
    if edit == "remove_tag":
        repository.tags.remove(str(row.get("name")))
        return
    present = repository.tags.get(str(row.get("name")))
    if present is None or edit == "add_tag":
        repository.tags.put(make_tag(Row(row, edit), state, repository.path))
        return
    unknown = sorted(set(row) - TAG_FIELDS)
    if unknown:
        raise ScenarioError(f"{edit}: unknown keys: {', '.join(unknown)}")
    known = _described(present, set(row))
    if {"updated_at", "created_at"} & set(row):
        # A push changes the date of publication, unless the edit knows better.
        known["published_at"] = None
    tag = make_tag(Row({**known, **row}, edit), state, repository.path)
    if tag.own_digest == present.own_digest:
        tag.own_revision = present.own_revision
    repository.tags.put(tag)


def _described(tag: Tag, changed: set[str]) -> dict[str, Any]:
    """What an edit leaves as it is. Another label, or a change of what a label stands for, is another image."""
    known = describe_tag(tag)
    if "image" in changed:
        return {key: value for key, value in known.items() if key not in CONTENT}
    if tag.own_digest is None:
        del known["digest"]
    if CONTENT & changed:
        del known["image"], known["children"]
    return known
