"""Predictions as a plain ASGI application: the path of every request, so nothing of a framework is in it."""

import json
import logging
import time
from typing import TYPE_CHECKING

from driftgate.captures import JournalFull
from driftgate.endpoint.batches import Batches
from driftgate.endpoint.body import CallerGone, read_body
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.calling import Calling
from driftgate.endpoint.calls import call_of
from driftgate.endpoint.formats import JSON
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.turns import Turns
from driftgate.errors import RequestRefused

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

# About 100 rows, a few milliseconds. A smaller request is answered where it is, because a hop to a thread costs more
# than a single row; a larger one goes to a thread, because it would keep all others waiting.
INLINE_BYTES = 32_768


class Invocations:
    """Reads the body, has it answered, and turns every refusal into a status and a sentence."""

    def __init__(self, calling: Calling, metrics: Metrics, *, max_body_bytes: int, max_batches: int) -> None:
        self._calling, self._metrics, self._max_body_bytes = calling, metrics, max_body_bytes
        self._turns = Turns(calling)
        self.batches = Batches(max_batches)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        caller: Caller = scope["caller"]
        try:
            status, answer, form = await self._answer(scope, receive, caller)
        except CallerGone:
            return
        caller.status = status
        told = _headers(status, answer, form, caller)
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": answer})
        self._metrics.latency.observe(time.perf_counter() - caller.started)

    async def _answer(self, scope: "Scope", receive: "Receive", caller: Caller) -> tuple[int, bytes, str]:
        try:
            call = call_of(scope, caller)
            body = await read_body(scope, receive, self._max_body_bytes)
            if len(body) <= INLINE_BYTES:
                return 200, await self._turns.answer(call, body), call.accept
            return 200, await self.batches.run(self._calling.answer, call, body), call.accept
        except Refused as problem:
            caller.retry_after = problem.retry_after
            return self._refuse(problem.status, str(problem))
        except RequestRefused as problem:
            return self._refuse(422, str(problem))
        except JournalFull as problem:
            self._metrics.journal_full.inc()
            return self._refuse(503, str(problem))
        except Exception:
            log.exception("A request failed.")
            return self._refuse(500, "The endpoint failed on this request; its log says why.")

    def _refuse(self, status: int, sentence: str) -> tuple[int, bytes, str]:
        self._metrics.refused.labels(str(status)).inc()
        return status, json.dumps({"detail": sentence}).encode(), JSON


def _headers(status: int, answer: bytes, form: str, caller: Caller) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", form.encode()),
        (b"content-length", str(len(answer)).encode()),
        (b"x-request-id", caller.request_id.encode()),
    ]
    if caller.retry_after:
        headers.append((b"retry-after", str(caller.retry_after).encode()))
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status in (404, 405, 406, 413, 415):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return headers
