# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is wanted of the tags of a repository."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import UsageError
from .._core.models import TAG_NAME
from .._core.oci import DIGEST
from .._core.scope import repository_path
from .._core.server import DeleteMethod, requested_method


class DesiredState(enum.Enum):
    """Whether the tags are to be there."""

    PRESENT = "present"
    ABSENT = "absent"


class TagRequest(t.NamedTuple):
    """The checked options of registry_tag.

    Args:
        state: whether the tags are to be there.
        names: of the tags, each once.
        repository: path of their repository, None if repository_id says which it is.
        repository_id: the repository's id.
        source: tag or digest of the image that they are to be, None if they are to be absent.
        source_repository: path of the repository that holds the image, None if it is the same.
        copy_referrers: the image's signatures, attestations and SBOMs get tags too.
        force: tags that are another image now may be overwritten.
        digest: the image that the one tag has to be, to be deleted; None is any image.
        require_digest: a tag is deleted only if it is known which image it is.
        delete_via: how tags are deleted, None for the best way that there is.
    """

    state: DesiredState
    names: tuple[str, ...]
    repository: str | None = None
    repository_id: int | None = None
    source: str | None = None
    source_repository: str | None = None
    copy_referrers: bool = False
    force: bool = False
    digest: str | None = None
    require_digest: bool = True
    delete_via: DeleteMethod | None = None


def request_of(params: t.Mapping[str, t.Any]) -> TagRequest:
    """Check the options of registry_tag.

    Raises:
        UsageError: they can't be served as they are written.
    """
    if not params["name"]:
        raise UsageError("name is empty: give the names of the tags.")
    for name in params["name"]:
        if not TAG_NAME.fullmatch(name):
            raise UsageError(f"name holds {name!r}, which is not the name of a tag.")
    state = DesiredState(params["state"])
    absent = state is DesiredState.ABSENT
    for option in ("source", "source_repository", "copy_referrers", "force") if absent else ("digest",):
        if params[option]:
            raise UsageError(f"{option} has no meaning with state {state.value}: leave it out.")
    digest, source = params["digest"], params["source"]
    if digest is not None and (not DIGEST.fullmatch(digest) or len(params["name"]) > 1):
        raise UsageError("digest has to be one digest such as sha256:... and needs a single name.")
    if source is not None and not TAG_NAME.fullmatch(source) and not DIGEST.fullmatch(source):
        raise UsageError(f"source {source!r} is neither the name of a tag nor a digest such as sha256:...")
    return TagRequest(
        state=state,
        names=tuple(dict.fromkeys(params["name"])),
        repository=_path(params, "repository"),
        repository_id=params["repository_id"],
        source=source,
        source_repository=_path(params, "source_repository"),
        copy_referrers=params["copy_referrers"],
        force=params["force"],
        digest=digest,
        require_digest=params["require_digest"],
        delete_via=requested_method(DeleteMethod, params["delete_via"]),
    )


def _path(params: t.Mapping[str, t.Any], option: str) -> str | None:
    return None if params[option] is None else repository_path(params[option], option)
