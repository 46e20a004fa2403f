"""``POST /invocations`` as a plain ASGI application: the path of every request, so nothing of a framework is in it."""

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from driftgate.captures import JournalFull
from driftgate.endpoint.answering import Answering
from driftgate.endpoint.body import CallerGone, read_body
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.refusals import Refused
from driftgate.errors import RequestRefused

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

# About 100 rows, a few milliseconds. A smaller request is answered where it is, because a hop to a thread costs more
# than a single row; a larger one goes to a thread, because it would keep all others waiting.
INLINE_BYTES = 32_768


class Invocations:
    """Reads the body, has it answered, and turns every refusal into a status and a sentence."""

    def __init__(self, answering: Answering, metrics: Metrics, *, max_body_bytes: int) -> None:
        self._answering, self._metrics, self._max_body_bytes = answering, metrics, max_body_bytes
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="batch")

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        started = time.perf_counter()
        try:
            status, answer = await self._answer(scope, receive)
        except CallerGone:
            return
        await send({"type": "http.response.start", "status": status, "headers": _headers(status, answer)})
        await send({"type": "http.response.body", "body": answer})
        self._metrics.latency.observe(time.perf_counter() - started)

    async def _answer(self, scope: "Scope", receive: "Receive") -> tuple[int, bytes]:
        try:
            if scope["method"] != "POST":
                raise Refused(405, "Predictions are asked for by POST; /docs shows an example.")
            received_at = datetime.now(UTC)
            body = await read_body(scope, receive, self._max_body_bytes)
            if len(body) <= INLINE_BYTES:
                return 200, self._answering.answer(body, received_at)
            loop = asyncio.get_running_loop()
            return 200, await loop.run_in_executor(self._threads, self._answering.answer, body, received_at)
        except Refused as problem:
            return self._refuse(problem.status, str(problem))
        except RequestRefused as problem:
            return self._refuse(422, str(problem))
        except JournalFull as problem:
            return self._refuse(503, str(problem))
        except Exception:
            log.exception("A request failed.")
            return self._refuse(500, "The endpoint failed on this request; its log says why.")

    def _refuse(self, status: int, sentence: str) -> tuple[int, bytes]:
        self._metrics.refused.labels(str(status)).inc()
        return status, json.dumps({"detail": sentence}).encode()


def _headers(status: int, answer: bytes) -> list[tuple[bytes, bytes]]:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status in (405, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return headers
