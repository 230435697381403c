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
from .._module.options import check_left_out


class DesiredState(enum.Enum):
    """Whether the tags are to be there."""

    PRESENT = "present"
    ABSENT = "absent"


class PromotionRequest(t.NamedTuple):
    """The checked options of registry_tag for tags that are to be an image.

    Args:
        names: of the tags, each once.
        repository: path or id of their repository.
        source: tag or digest of the image.
        source_repository: path of the repository that holds the image, None if it is the same.
        copy_referrers: the image's signatures, attestations and SBOMs get tags too.
        force: tags that are another image now may be overwritten.
    """

    names: tuple[str, ...]
    repository: str | int
    source: str
    source_repository: str | None = None
    copy_referrers: bool = False
    force: bool = False


class RemovalRequest(t.NamedTuple):
    """The checked options of registry_tag for tags that are to be absent.

    Args:
        names: of the tags, each once.
        repository: path or id of their repository.
        digest: the image that the one tag has to be, to be deleted; None is any image.
        require_digest: a tag is deleted only if it is known which image it is.
        force: a tag is deleted although the registry might delete others of the same image with it.
        delete_via: how tags are deleted, None for the best way that there is.
    """

    names: tuple[str, ...]
    repository: str | int
    digest: str | None = None
    require_digest: bool = True
    force: bool = False
    delete_via: DeleteMethod | None = None


def request_of(params: t.Mapping[str, t.Any]) -> PromotionRequest | RemovalRequest:
    """Check the options of registry_tag.

    Raises:
        UsageError: they can't be served as they are written.
    """
    for name in params["name"]:
        if not TAG_NAME.fullmatch(name):
            raise UsageError(f"name holds {name!r}, which is not the name of a tag.")
    state = DesiredState(params["state"])
    absent = state is DesiredState.ABSENT
    only_present = ("source", "source_repository", "copy_referrers")
    check_left_out(params, state.value, *(only_present if absent else ("digest",)))
    digest, source, source_repository = params["digest"], params["source"], params["source_repository"]
    if digest is not None and (not DIGEST.fullmatch(digest) or len(params["name"]) > 1):
        raise UsageError("digest has to be one digest such as sha256:... and needs a single name.")
    if source is not None and not TAG_NAME.fullmatch(source) and not DIGEST.fullmatch(source):
        raise UsageError(f"source {source!r} is neither the name of a tag nor a digest, such as sha256:...")
    names, repository = tuple(dict.fromkeys(params["name"])), _repository(params)
    if absent:
        return RemovalRequest(
            names=names,
            repository=repository,
            digest=digest,
            require_digest=params["require_digest"],
            force=params["force"],
            delete_via=requested_method(DeleteMethod, params["delete_via"]),
        )
    if source_repository is not None:
        source_repository = repository_path(source_repository, "source_repository")
    return PromotionRequest(
        names=names,
        repository=repository,
        source=source,
        source_repository=source_repository,
        copy_referrers=params["copy_referrers"],
        force=params["force"],
    )


def _repository(params: t.Mapping[str, t.Any]) -> str | int:
    path, number = params["repository"], params["repository_id"]
    return int(number) if path is None else repository_path(path)
