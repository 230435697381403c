# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Why nothing may be deleted, as far as several modules have to say it. Pure."""

from __future__ import annotations


def archived_refusal(project: str) -> str:
    """Why nothing may be changed in a project's registry. project: its path."""
    return f"project {project} is archived, and GitLab lets nobody change the images of an archived project"


def hidden_rules_refusal(option: str = "") -> str:
    """Why tags stay where protection rules may be hidden from an administrator. option: of the module, to go on."""
    advice = "use a token of a user who is not an administrator" + (f", or {option}" if option else "")
    what = "GitLab would let an administrator change protected tags, and its protection rules can't be read here"
    return f"{what} ({advice})"


def unknown_clock_refusal() -> str:
    """Why nothing is deleted by its age if the server does not tell its time."""
    return (
        "GitLab's time is unknown, so ages can't be calculated: its answers have no Date header, or one that is more "
        "than a day ahead of this machine's clock. Check both clocks"
    )
