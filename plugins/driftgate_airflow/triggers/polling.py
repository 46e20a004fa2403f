"""The loop that every trigger shares: ask, sleep, ask again, and give up at a deadline."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from driftgate.errors import DriftgateError

LONGEST_PAUSE_SECONDS = 60.0  # between two questions to something that does not answer


class PollingTrigger(BaseTrigger):
    """
    Asks :meth:`answer` until it returns an event payload, or the deadline passes.

    The question is asked in a thread: it reads files or a database, and must not stop the triggerer's loop. A question
    that fails (throttled, unreachable, locked) is asked again, ever more rarely; one that can never be answered ends as
    :meth:`hopeless` says.

    :param deadline: unix time in seconds after which :meth:`too_late` is the answer
    """

    # A question costs some milliseconds of one core; a night waits for a handful of them.
    poll_seconds = 0.5

    def __init__(self, *, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers are not typed
        self.deadline = deadline

    async def run(self) -> AsyncIterator[TriggerEvent]:
        failures = 0
        while True:
            try:
                payload = await asyncio.to_thread(self._ask)
                failures = 0
            except Exception as error:
                failures += 1
                payload = None
                self.log.warning("asking failed %d times in a row, asking again: %s", failures, error)
            if payload is not None:
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]  # as above
                return
            await asyncio.sleep(self._pause(failures))

    def answer(self) -> dict[str, Any] | None:
        """Return the event's payload, or None to be asked again."""
        raise NotImplementedError

    def too_late(self) -> dict[str, Any]:
        """Return the payload that says the deadline passed; never one that reads like a success."""
        raise NotImplementedError

    def hopeless(self, error: DriftgateError) -> dict[str, Any]:
        """Return the payload for an error that asking again cannot heal; raising it asks again until the deadline."""
        raise error

    def _ask(self) -> dict[str, Any] | None:
        is_late = time.time() > self.deadline
        try:
            payload = self._answered()
        except Exception:
            if not is_late:
                raise
            payload = None
        return self.too_late() if payload is None and is_late else payload

    def _answered(self) -> dict[str, Any] | None:
        try:
            return self.answer()
        except DriftgateError as error:
            return self.hopeless(error)

    def _pause(self, failures: int) -> float:
        """Return how long to sleep; never the same for all triggers that began together."""
        longest = max(self.poll_seconds, LONGEST_PAUSE_SECONDS)
        pause: float = min(self.poll_seconds * 2 ** min(failures, 10), longest)
        return pause * random.uniform(0.8, 1.2)  # noqa: S311  jitter, no secret
