# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible.errors import AnsibleFilterError

# https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def kubernetes_images(objects: t.Any) -> list[str]:
    """The image references in Kubernetes objects, wherever a pod's spec or status stands, each once."""
    if isinstance(objects, str) or not isinstance(objects, (Mapping, Sequence)):
        raise AnsibleFilterError("kubernetes_images takes an object, or a list of them.")
    return list(dict.fromkeys(_images(objects)))


def _images(node: t.Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _of(key, value)
            yield from _images(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            yield from _images(item)


def _of(key: t.Any, value: t.Any) -> Iterator[str]:
    """The references right under a key of an object."""
    if key in CONTAINERS + STATUSES:
        for row in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
            found = (row.get("image"), row.get("imageID")) if isinstance(row, Mapping) else ()
            yield from (str(image) for image in found if isinstance(image, str) and image.strip())
    # A volume may be an image.
    elif key == "image" and isinstance(value, Mapping) and isinstance(value.get("reference"), str):
        yield str(value["reference"])


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[[t.Any], list[str]]]:
        return {"kubernetes_images": kubernetes_images}
