# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""One server, asked by all threads of a task. Knows neither GitLab nor Ansible."""

from __future__ import annotations

import contextlib
import threading
import typing as t
from datetime import datetime, timedelta

from .._core.errors import ErrorKind, RequestError
from .._core.words import counted
from .messages import Header, Request, Response
from .pool import Item, Pool, Result
from .rate_limit import RateLimiter
from .retry import (
    RETRY_BUDGET,
    ResponseOrError,
    RetryBudget,
    RetryPolicy,
    delay_before,
    is_rate_limited,
    is_retried,
    poll_intervals,
)
from .settings import RefreshCredentials, Settings
from .timing import Timing
from .transport import Transport

_MOST_AHEAD = timedelta(days=1)
# Seconds after which what was looked at may be something else.
_MOST_PAUSE = 3.0


class Client:
    """One server, for all threads of a task: its requests are paced, sent again, and stopped together.

    Args:
        settings: how to reach it.
        timing: clock, pause and chance; tests give their own.
        limiter: shared with clients of other servers; None makes one from the settings.
        pool: the threads, shared likewise.
        why_stop: asked before each request why it may not go out; empty if it may.
        limited: its requests count for the settings' limits, and wait for them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        timing: Timing | None = None,
        limiter: RateLimiter | None = None,
        pool: Pool | None = None,
        why_stop: t.Callable[[], str] = str,
        limited: bool = True,
    ) -> None:
        self.settings = settings
        self.timing = timing or Timing()
        self.why_stop = why_stop
        self._limited = limited
        self._limiter = limiter or RateLimiter(settings.max_requests_per_minute, self.timing, settings.max_requests)
        self._transport = Transport(settings, self._limiter, self.timing)
        self._retry_budget = RetryBudget(self.timing)
        self._pool = pool or Pool(settings.concurrency)
        self._lock = threading.Lock()
        self._stopped_by: str | None = None

    def at(
        self,
        url: str,
        *,
        service: str,
        header: Header | None = None,
        refresh_credentials: RefreshCredentials | None = None,
    ) -> Client:
        """A client of another server, or with another credential; see Settings. It shares rate limit and threads."""
        settings = self.settings._replace(
            url=url, service=service, header=header, refresh_credentials=refresh_credentials
        )
        return Client(settings, timing=self.timing, limiter=self._limiter, pool=self._pool, why_stop=self.why_stop)

    def unlimited(self) -> Client:
        """A client of the same server whose requests the settings' limits do not hold up. It shares the threads, and
        obeys the server's own limits with this one."""
        return self._unlimited(self.settings, self.why_stop)

    def unstopped(self, *, timeout: float) -> Client:
        """The same, and it still sends when this one is stopped, each request once.

        Args:
            timeout: the most seconds without an answer.
        """
        return self._unlimited(self.settings._replace(timeout=min(timeout, self.settings.timeout), retries=0), str)

    def _unlimited(self, settings: Settings, why_stop: t.Callable[[], str]) -> Client:
        return Client(
            settings, timing=self.timing, limiter=self._limiter, pool=self._pool, why_stop=why_stop, limited=False
        )

    @property
    def requests_sent(self) -> int:
        """By this client and all that share its rate limit."""
        return self._limiter.sent

    @property
    def changes_sent(self) -> int:
        """Requests that may have changed something, by this client and all that share its rate limit."""
        return self._limiter.changes

    @property
    def clock(self) -> datetime | None:
        """The server's time by which ages are judged: the earliest that its answers say, for by a later one too much
        would be old. None when they say none, or one that is ahead of this machine's."""
        clock = self._transport.earliest
        return None if clock and clock - self.timing.now() > _MOST_AHEAD else clock

    @property
    def latest_clock(self) -> datetime | None:
        """The latest time that the server's answers say, by which a plan may be too old; None when they say none."""
        return self._transport.latest

    def stop(self, reason: str) -> None:
        """Let no further request out; the requests that are under way end by themselves."""
        with self._lock:
            self._stopped_by = self._stopped_by or reason

    def request(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        query: t.Any = None,
        body: t.Any = None,
        data: t.Any = None,
        headers: t.Mapping[str, str] | None = None,
        retry: RetryPolicy = RetryPolicy.IDEMPOTENT,
        stop_at_401: bool = True,
        allow_cross_origin_redirect: bool = False,
        limit: int | None = None,
        reads: bool | None = None,
    ) -> Response:
        """Send a request and return the answer of any status once it is not worth sending again.

        Args:
            method: of HTTP, in capitals.
            path: begins with a slash, percent-encoded, relative to the server's URL.
            operation: what it is for, as in "read the tags of a/b".
            query: a mapping or pairs; None is none.
            body: sent as JSON; None is none.
            data: sent as it is, bytes or Chunks; None is none.
            headers: besides those that every request has.
            retry: after what it is sent again.
            stop_at_401: a 401 ends all requests, unless there is another credential by then.
            allow_cross_origin_redirect: a redirect to another host is followed, without credentials.
            limit: the most bytes of a body that is believed; None is what GitLab's own answers never have.
            reads: it changes nothing on the server; None is what the method says.

        Raises:
            RequestError: there is no answer (connection, timeout, tls, redirect, incomplete, stopped).
        """
        request = Request(
            method=method,
            path=path,
            operation=operation,
            service=self.settings.service,
            query=query,
            body=body,
            data=data,
            headers=headers or {},
            allow_cross_origin_redirect=allow_cross_origin_redirect,
            limit=limit,
            reads=method in ("GET", "HEAD") if reads is None else reads,
        )
        result = self._final_result(request, retry, stop_at_401)
        if isinstance(result, RequestError):
            raise result
        return result

    @contextlib.contextmanager
    def download(
        self, path: str, headers: t.Mapping[str, str], *, operation: str
    ) -> t.Iterator[tuple[Response, t.Iterator[bytes]]]:
        """An answer of any status without its body, and the body in pieces.

        A redirect to another host is followed, without credentials. The request is sent once.

        Args:
            path: begins with a slash, percent-encoded, relative to the server's URL.
            headers: besides those that every request has.
            operation: what it is for, as in "copy a blob of a/b".

        Raises:
            RequestError: there is no answer, or no whole one; also while the pieces are read.
        """
        request = Request(
            method="GET",
            path=path,
            operation=operation,
            service=self.settings.service,
            headers=headers,
            allow_cross_origin_redirect=True,
        )
        self._wait_for_turn(request)
        with self._transport.stream(request) as found:
            yield found

    def parallel(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result]:
        """As Pool.parallel, by as many threads as the settings allow."""
        return self._pool.parallel(work, items)

    def try_all(self, work: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result | RequestError]:
        """As Pool.try_all, by as many threads as the settings allow."""
        return self._pool.try_all(work, items)

    def poll_intervals(self, seconds: float, first: float = 1.0, longest: float = 15.0) -> t.Iterator[None]:
        """Pauses, each longer than the one before it, until so many seconds have gone by since the first."""
        for pause in poll_intervals(self.timing, seconds, first, longest):
            if self.why_stop():
                return
            yield pause

    def retry_loop(self) -> t.Iterator[int]:
        """How often something may still be tried after this time, with a pause before each time but the first."""
        yield self.settings.retries
        for left, _pause in zip(range(self.settings.retries - 1, -1, -1), self.poll_intervals(RETRY_BUDGET, first=0.5)):
            yield left

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _final_result(self, request: Request, retry: RetryPolicy, stop_at_401: bool) -> ResponseOrError:
        """What the request came to once it is not sent again."""
        attempt = 0
        refreshed = False
        while True:
            self._wait_for_turn(request, most_pause=_MOST_PAUSE if retry is RetryPolicy.AFTER_A_LOOK else None)
            used = self._transport.credential
            result = self._try(request)
            unauthorized = isinstance(result, Response) and result.status == 401
            if unauthorized and not refreshed and self._transport.refresh_credentials(used):
                refreshed = True
                continue
            if unauthorized and stop_at_401:
                self.stop("an earlier request was answered 401")
            wait = delay_before(attempt, result, self.timing, self.clock)
            within_budget = self._retry_budget.allows(wait)
            if within_budget and is_rate_limited(result):
                self._limiter.pause(request.path, wait)
            if not (within_budget and attempt < self.settings.retries and is_retried(result, retry)):
                return result
            attempt += 1
            if not is_rate_limited(result):
                self.timing.sleep(wait)

    def _try(self, request: Request) -> ResponseOrError:
        result: ResponseOrError
        try:
            result = self._transport.send(request)
        except RequestError as error:
            result = error
        self._retry_budget.note(result)
        return result

    def _wait_for_turn(self, request: Request, most_pause: float | None = None) -> None:
        """Hold the thread back until the request may go out.

        Args:
            request: what is to be sent.
            most_pause: the most seconds that it may be held back since the server refused others; None is no limit.

        Raises:
            RequestError: it may not go out any more (stopped), or would be held back for longer (rate_limited).
        """

        def check(paused: float) -> None:
            if most_pause is not None and paused > most_pause:
                pause = counted(round(paused), "second")
                message = f"GitLab's rate limit refuses requests for another {pause}, so it was not sent"
                raise request.error(ErrorKind.RATE_LIMITED, message)
            if self._stopped_by:
                raise request.error(ErrorKind.STOPPED, self._stopped_by)
            interruption = self.why_stop()
            if interruption:
                raise request.error(ErrorKind.STOPPED, interruption, advice="")

        if not self._limiter.wait(request.path, check, limited=self._limited):
            message = f"max_requests {self._limiter.most} is reached"
            raise request.error(ErrorKind.STOPPED, message, advice="Raise max_requests, or use a smaller scope.")
        self._limiter.changes += not request.reads
