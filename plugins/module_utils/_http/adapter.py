# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The HTTPAdapter of requests, with a deadline for a whole answer: the libraries know one for each piece of it.

It looks up the connections to a server once, and gives the answers of urllib3 as they are."""

from __future__ import annotations

import contextlib
import http.client
import io
import typing as t

# Where it is missing, new_module ends every module.
with contextlib.suppress(ImportError):
    import requests
    import requests.adapters
    import urllib3

# Bytes that are read at once.
_BUFFER = 64 * 1024


class TooSlow(Exception):
    """An answer takes too long. The libraries know no such error, and let it pass."""


class _Watched(io.RawIOBase):
    """What comes from a server by a connection, until it takes too long after so many bytes."""

    def __init__(self, raw: t.Any, takes_too_long: t.Callable[[int], bool]) -> None:
        self._raw = raw
        self._takes_too_long = takes_too_long
        self._received = 0

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def readinto(self, buffer: t.Any) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        self._received += count or 0
        if self._takes_too_long(self._received):
            raise TooSlow
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def patient_adapter(patience: t.Callable[[], t.Callable[[int], bool]], connections: int) -> t.Any:
    """What sends requests, and watches how long each whole answer takes. Its answers are those of urllib3.

    Args:
        patience: Called when an answer begins; gives a function that tells after so many bytes if it takes too long.
        connections: How many are kept open to a server.
    """

    class Answer(http.client.HTTPResponse):
        def __init__(self, *words: t.Any, **options: t.Any) -> None:
            super().__init__(*words, **options)
            self.fp = io.BufferedReader(_Watched(self.fp.detach(), patience()), _BUFFER)

    class Plain(urllib3.connection.HTTPConnection):
        response_class = Answer

    class Encrypted(urllib3.connection.HTTPSConnection):
        response_class = Answer

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Encrypted

    class Adapter(requests.adapters.HTTPAdapter):
        def __init__(self, **options: t.Any) -> None:
            self._pools: dict[str, t.Any] = {}
            super().__init__(**options)

        def init_poolmanager(self, *words: t.Any, **options: t.Any) -> None:
            super().init_poolmanager(*words, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

        def proxy_manager_for(self, *words: t.Any, **options: t.Any) -> t.Any:
            manager = super().proxy_manager_for(*words, **options)
            # One for SOCKS has pools of its own.
            if isinstance(manager, urllib3.ProxyManager):
                manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
            return manager

        def get_connection_with_tls_context(self, request: t.Any, *words: t.Any, **options: t.Any) -> t.Any:
            look_up = super().get_connection_with_tls_context
            return self._pool_for(request.url, lambda: look_up(request, *words, **options))

        def get_connection(self, url: t.Any, *words: t.Any, **options: t.Any) -> t.Any:
            """As older releases of requests call it."""
            look_up = super().get_connection
            return self._pool_for(url, lambda: look_up(url, *words, **options))

        def build_response(self, _request: t.Any, answer: t.Any) -> t.Any:
            return answer

        def close(self) -> None:
            self._pools.clear()
            super().close()

        def _pool_for(self, url: str, look_up: t.Callable[[], t.Any]) -> t.Any:
            """The connections to the server of a URL. They are looked up again once they are closed."""
            origin = url[: (url + "/").index("/", url.index("//") + 2)]
            pool = self._pools.get(origin)
            if pool is None or pool.pool is None:
                pool = self._pools[origin] = look_up()
            return pool

    return Adapter(pool_maxsize=connections, pool_block=True, max_retries=0)
