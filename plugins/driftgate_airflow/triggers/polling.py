"""The loop that every trigger shares: ask, sleep, ask again, and give up at a deadline."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class PollingTrigger(BaseTrigger):
    """
    Asks :meth:`answer` until it returns an event payload, or the deadline passes.

    The question is asked in a thread: it reads files or a database, and must not stop the triggerer's loop.

    :param deadline: unix time in seconds after which :meth:`too_late` is the answer
    """

    # A question costs some milliseconds of one core; a night waits for a handful of them.
    poll_seconds = 0.5

    def __init__(self, *, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers are not typed
        self.deadline = deadline

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while True:
            payload = await asyncio.to_thread(self.answer)
            if payload is None and time.time() > self.deadline:
                payload = self.too_late()
            if payload is not None:
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]  # as above
                return
            await asyncio.sleep(self.poll_seconds)

    def answer(self) -> dict[str, Any] | None:
        """Return the event's payload, or None to be asked again."""
        raise NotImplementedError

    def too_late(self) -> dict[str, Any]:
        """Return the payload that says the deadline passed; never one that reads like a success."""
        raise NotImplementedError
