"""What stands before every request: is there room, who asks, may they; what it came to is noted after it."""

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from driftgate.access_settings import AccessSettings
from driftgate.endpoint.access import Access
from driftgate.endpoint.accounting import Accounting
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.calls import is_call, request_id_of
from driftgate.endpoint.limits import DayQuota, Waiting
from driftgate.endpoint.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PING = "/ping"
SMALL_BYTES = 65_536  # of a body that is not read: the connection is kept for less, and closed for more

_DEADLINE = re.compile(rb"[1-9][0-9]{0,6}")


class Admission:
    """An ASGI application before two others, one for calls and one for pages. The scope tells them the ``caller``.

    :param access: the keys; None: nobody is asked for one
    """

    def __init__(
        self,
        calls: "ASGIApp",
        pages: "ASGIApp",
        *,
        limits: AccessSettings,
        access: Access | None,
        accounting: Accounting,
    ) -> None:
        self._calls, self._pages = calls, pages
        self._access, self._accounting = access, accounting
        self._deadline_seconds = limits.deadline_ms / 1000
        self.quota: DayQuota | None = None
        self.waiting = Waiting(limits.max_waiting)
        self.draining = False

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        headers, path, started = dict(scope["headers"]), scope["path"], time.perf_counter()
        deadline = started + self._deadline_seconds
        caller = scope["caller"] = Caller(
            request_id_of(headers),
            headers,
            datetime.now(UTC),
            started,
            deadline,
            _scope_of(path),
        )
        try:
            self._admit(caller, path)
            if caller.scope == "metrics":
                await self._page(scope, receive, send, caller)
            else:
                await self._calls(scope, receive, send)
        except Refused as problem:
            await _refuse(send, problem, caller)
        except asyncio.CancelledError:
            if caller.status or not self.waiting.gave_up_on(asyncio.current_task()):
                raise
            await _refuse(send, Refused(408, "The request did not come within its deadline; send it again."), caller)
        self.waiting.ended()
        if caller.status and path != PING:  # whoever hung up has none
            self._accounting.count(caller, time.perf_counter() - started)

    def give_up(self, busy: "Collection[asyncio.Task[None] | None]") -> None:
        """End the requests that did not come within the deadline and are not ``busy``."""
        self.waiting.give_up(time.perf_counter(), self._deadline_seconds, busy)

    async def _page(self, scope: "Scope", receive: "Receive", send: "Send", caller: Caller) -> None:
        async def answer(message: "Message") -> None:
            if message["type"] == "http.response.start":
                caller.status = message["status"]
            await send(message)

        await self._pages(scope, receive, answer)

    def _admit(self, caller: Caller, path: str) -> None:
        """Let the caller in.

        :raises Refused: 400, 401, 403, 429 or 503
        """
        if self.draining:
            raise Refused(503, "The endpoint is stopping; ask again, another one answers.", retry_after=1)
        if path == PING:
            return
        self.waiting.require_room()
        if self._access:
            self._access.require(caller, path)
            caller.quota = self.quota
        if asked := caller.headers.get(b"x-deadline-ms"):
            if not _DEADLINE.fullmatch(asked):
                raise Refused(400, "'X-Deadline-Ms' must be a whole number of milliseconds, 1 to 9999999.")
            caller.deadline = min(caller.deadline, caller.started + int(asked) / 1000)


def _scope_of(path: str) -> str:
    if not is_call(path):
        return "metrics"
    return "explain" if path.endswith("/explain") else "predict"


async def _refuse(send: "Send", problem: Refused, caller: Caller) -> None:
    """Answer with a status and a sentence; a small body that is not read keeps its connection."""
    caller.status = problem.status
    body = json.dumps({"detail": str(problem)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", caller.request_id.encode()),
    ]
    if problem.retry_after:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if problem.status in (408, 503) or _unread(caller.headers) > SMALL_BYTES:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _unread(headers: dict[bytes, bytes]) -> int:
    """Return how many bytes of a body may still come."""
    if b"transfer-encoding" in headers:
        return SMALL_BYTES + 1
    return int(headers.get(b"content-length", 0))
