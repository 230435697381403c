# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: in_use_file
short_description: Read a file with images in use
version_added: 1.0.0
author:
  - containerops.gitlab contributors (@containerops)
description:
  - Reads a file with sources that the role P(containerops.gitlab.registry_in_use#role) wrote, or Kubernetes manifests.
  - If a file is not valid, it returns one message. A key that occurs twice is not valid. The roles of this collection
    use it.
options:
  _terms:
    description:
      - Paths of the files.
    type: list
    elements: path
    required: true
  kind:
    description:
      - What the files contain.
    type: str
    choices:
      - sources
      - manifests
    default: sources
"""

EXAMPLES = """
- name: Show the images of a manifest
  ansible.builtin.debug:
    msg: "{{ file.entries | containerops.gitlab.kubernetes_images }}"
  vars:
    file: "{{ lookup('containerops.gitlab.in_use_file', '/etc/app.yaml', kind='manifests') }}"
"""

RETURN = """
_raw:
  description: One entry for each file.
  type: list
  elements: dict
  contains:
    entries:
      description: The sources, or the objects of the manifests.
      type: list
      elements: dict
    refusal:
      description: Why the file is not valid. Empty if it is valid.
      type: str
"""

import os
import typing as t

from ansible.plugins.lookup import LookupBase

from ..plugin_utils.documents import ValueRefused, sources_in, yaml_documents


class LookupModule(LookupBase):
    """What Ansible looks for."""

    def run(
        self, terms: t.Sequence[str], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any
    ) -> list[dict[str, t.Any]]:
        """What each file says.

        Args:
            terms: the paths of the files.
            variables: all variables of the host.
            kwargs: kind.
        """
        plugin = t.cast("t.Any", self)
        plugin.set_options(var_options=variables, direct=kwargs)
        read = sources_in if plugin.get_option("kind") == "sources" else _objects_in
        return [_entries(str(path), read) for path in terms]


def _entries(path: str, read: t.Callable[[str], list[t.Any]]) -> dict[str, t.Any]:
    try:
        return {"entries": read(_text_of(path)), "refusal": ""}
    except ValueRefused as refused:
        return {"entries": [], "refusal": f"{path} {refused}"}


def _objects_in(text: str) -> list[t.Any]:
    """The objects of manifests, without documents that are empty.

    Raises:
        ValueRefused: it holds something else.
    """
    found = [document for document in yaml_documents(text) if document is not None]
    if not all(isinstance(document, (dict, list)) for document in found):
        raise ValueRefused("contains a document that is not a Kubernetes object")
    return found


def _text_of(path: str) -> str:
    """The text of a file.

    Raises:
        ValueRefused: there is none.
    """
    if os.path.isdir(path):
        raise ValueRefused("is a folder: give the name of a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueRefused("is not a regular file, but a device, a pipe or a socket: give another name")
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        raise ValueRefused("does not exist: the job that writes it may have failed") from None
    except OSError as error:
        raise ValueRefused(f"can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueRefused("is not a text in UTF-8") from None
