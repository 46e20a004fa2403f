"""Small requests that come in the same turn of the event loop are answered together. None waits for another to come."""

import asyncio

from driftgate.endpoint.calling import Calling
from driftgate.endpoint.calls import Call
from driftgate.endpoint.steps import Steps

MOST = 16  # more would keep the first of them waiting


class Turns:
    """For the event loop's thread only."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._waiting: list[tuple[Steps[bytes], asyncio.Future[bytes]]] = []

    def answer(self, call: Call, body: bytes) -> "asyncio.Future[bytes]":
        """Return what will have the answer; it raises what :meth:`Calling.answer` raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._turn)
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((self._calling.steps(call, body), future))
        return future

    def _turn(self) -> None:
        """Answer those that wait, in the order in which they came."""
        turn, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        answers = self._calling.together([steps for steps, _ in turn])
        for (_, future), answer in zip(turn, answers, strict=True):
            if future.done():  # its caller has gone
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
