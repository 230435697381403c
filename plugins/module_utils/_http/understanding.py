# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is odd about an answer, in a way that nobody thought of, is a failed request and not the end of the task."""

from __future__ import annotations

import contextlib
import typing as t

from .._core.errors import ErrorKind, RequestError

# What Python raises when a value is not what it was taken for.
_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@contextlib.contextmanager
def understanding(operation: str, service: str = "GitLab") -> t.Iterator[None]:
    """While an answer is understood; also a decorator of functions that do so.

    Args:
        operation: what it is for, as in "read tags by GraphQL".
        service: what the server is called in errors.

    Raises:
        RequestError: the answer is not understood (incomplete).
    """
    try:
        yield
    except _ODD as error:
        message = f"the answer is not understood ({type(error).__name__})"
        raise RequestError(ErrorKind.INCOMPLETE, message, operation=operation, service=service) from error
