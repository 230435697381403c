# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Sphinx extension: names in guides lead to their pages, and references to Ansible's documentation to its site."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

COLLECTION = "containerops.gitlab."
GENERATED = "collections/"
PAGE = re.compile(rf"{GENERATED}containerops/gitlab/(\w+)_(module|role|inventory|lookup|filter)")
# A short name of another kind may as well be an option or a result.
FOUND_BY_SHORT_NAME = ("module", "role", "inventory")
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
SETTINGS = f"{ANSIBLE}reference_appendices/config.html"
LABELS = {
    "action_plugins": f"{ANSIBLE}plugins/action.html",
    "ansible_configuration_settings": SETTINGS,
    "common_return_values": f"{ANSIBLE}reference_appendices/common_return_values.html",
}


def page_of(name: str, pages: Iterable[str], *, before: str = "", after: str = "") -> str | None:
    """The page of the module, role or plugin that a text names.

    pages: all pages, by their path without suffix
    before, after: the text around the name, which tells a role from a module of the same name
    """
    found = [page for page in map(PAGE.fullmatch, pages) if page and page[1] == name.removeprefix(COLLECTION)]
    kinds = {page[2]: page[0] for page in found if page[2] in FOUND_BY_SHORT_NAME or name.startswith(COLLECTION)}
    wanted = "role" if re.search(r"\broles?\s+$", before) or re.match(r"\s+role\b", after) else "module"
    return kinds.get(wanted) or next(iter(kinds.values()), None)


def link_names(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Make links of the names in a guide, but for those in headings and in other links."""
    if docname.startswith(GENERATED):
        return
    for literal in list(document.findall(nodes.literal)):
        sentence = literal.parent
        if isinstance(sentence, (nodes.title, nodes.reference)):
            continue
        place = sentence.index(literal)
        before, after = (
            "".join(child.astext() for child in part)
            for part in (sentence.children[:place], sentence.children[place + 1 :])
        )
        page = page_of(literal.astext(), app.env.found_docs, before=before, after=after)
        if page:
            link = nodes.reference("", "", internal=True, refuri=app.builder.get_relative_uri(docname, page))
            sentence.replace(literal, link)
            link += literal


def link_ansible(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """The link for a reference to Ansible's own documentation; None for any other."""
    kind, target = node["reftype"], node["reftarget"]
    if kind == "ref" and target in LABELS:
        address = LABELS[target]
    elif kind == "envvar" and target.startswith("ANSIBLE_"):
        address = f"{SETTINGS}#envvar-{target}"
    else:
        return None
    return nodes.reference("", "", content, internal=False, refuri=address)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_names)
    app.connect("missing-reference", link_ansible)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
