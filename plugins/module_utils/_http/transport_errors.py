# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What goes wrong before there is an answer, in words."""

from __future__ import annotations

import contextlib
import http.client
import re
from urllib.parse import urlsplit

from .._core.errors import ErrorKind, RequestError
from .._core.words import counted
from .messages import Request
from .settings import Settings

# Where it is missing, new_module ends every module.
with contextlib.suppress(ImportError):
    import requests
    import urllib3

# What OpenSSL says where no TLS is spoken; it depends on the release.
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG")
_NO_TLS_ADVICE = "The server may speak http on this port: check the scheme and the port of its address."


def error_of(error: Exception, request: Request, settings: Settings) -> RequestError:
    """What an exception of the libraries means.

    Args:
        error: which one.
        request: that was sent.
        settings: of the server.
    """
    host = urlsplit(settings.url).netloc
    advice: str | None = None
    if isinstance(error, (ValueError, http.client.HTTPException)):
        # What it quotes may be half of a password.
        kind, text = ErrorKind.CONNECTION, f"the address of {host}, or of the proxy for it, is malformed"
    elif isinstance(error, requests.exceptions.SSLError):
        advice = _NO_TLS_ADVICE if _NO_TLS.search(str(error)) else None
        kind, text = ErrorKind.TLS, f"the TLS connection to {host} failed ({_cause(error)})"
    elif isinstance(error, requests.exceptions.ProxyError):
        kind, text = ErrorKind.CONNECTION, f"the proxy for {host} can't be used ({_cause(error)})"
    elif isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
        kind, text = ErrorKind.TIMEOUT, f"{host} did not answer within {counted(settings.timeout, 'second')}"
    elif isinstance(error, OSError) and "CA certificate bundle" in str(error):
        kind, text = ErrorKind.TLS, f"the CA file or folder {settings.ca_path} can't be read"
    elif isinstance(error, OSError) and "certificate file" in str(error):
        kind, text = ErrorKind.TLS, "client_cert or client_key can't be read"
    else:
        kind, text = ErrorKind.CONNECTION, f"no answer from {host} ({_cause(error)})"
    return request.error(kind, text, advice=advice)


def _cause(error: BaseException) -> str:
    """The innermost reason, without the addresses of objects and the URL that requests puts around it."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or next(
            (arg for arg in seen.args if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException) or inner is seen:
            break
        seen = inner
    strerror = getattr(seen, "strerror", None)
    text = str(strerror or seen)
    return text.rpartition("): ")[2].rpartition(">: ")[2].split("(_ssl.c")[0].strip() or type(seen).__name__
