# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Reading the retention document that a task names."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .._core.errors import UsageError
from .._core.files import check_there, read_text
from .._module.run import require
from .._retention.document import LARGEST, RetentionDocument, read_document


def given_document(module: AnsibleModule, option: str = "retention") -> RetentionDocument | None:
    """The document of the options; None if they have none.

    Args:
        module: with the options.
        option: that holds the document; the one with _path after it names its file.

    Raises:
        UsageError: it can't be read.
    """
    by_path = f"{option}_path"
    value, path = module.params[option], module.params[by_path]
    if path is None and value is None:
        return None
    if path is not None or isinstance(value, str):
        require(module, "PyYAML")
    if path is None:
        return read_document(value, option)
    check_there(path, by_path)
    text = read_text(path, by_path, LARGEST + 1)
    if not text.strip():
        raise UsageError(f"{by_path} {path} is empty: write the document into it.")
    return read_document(text, f"{by_path} {path}")
