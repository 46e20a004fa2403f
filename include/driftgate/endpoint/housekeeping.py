"""What the endpoint does beside answering, a few times a second: consumers, slow bodies, usage."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from driftgate.consumers.usage import rows_of_day
from driftgate.endpoint.access import Access
from driftgate.endpoint.accounting import Accounting, Unwritten
from driftgate.endpoint.admission import Admission
from driftgate.endpoint.batches import Batches
from driftgate.endpoint.limits import DayQuota
from driftgate.settings import environment

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
FLUSH_SECONDS = 60.0


class Housekeeping:
    """A task of the event loop."""

    def __init__(self, admission: Admission, batches: Batches, access: Access | None, accounting: Accounting) -> None:
        self._admission, self._batches = admission, batches
        self._access, self._accounting = access, accounting
        self._unwritten = Unwritten()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Count the day's quota from what was answered before, and begin."""
        if self._access:
            self._admission.quota = await asyncio.to_thread(_quota_so_far)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, with all usage written that the lake takes."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def flush(self) -> None:
        """Write the usage so far."""
        await asyncio.to_thread(self._unwritten.write, self._accounting.take())

    async def _run(self) -> None:
        flushed = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self._admission.give_up(self._batches.tasks)
                if self._access:
                    await asyncio.to_thread(self._access.consumers.follow)
                if (now := asyncio.get_running_loop().time()) - flushed >= FLUSH_SECONDS:
                    flushed = now
                    await self.flush()
            except Exception:  # the task must outlive whatever it meets
                log.exception("Housekeeping failed; it goes on.")


def _quota_so_far() -> DayQuota:
    now = time.time()
    try:
        return DayQuota(rows_of_day(f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}", environment()), now)
    except Exception as error:  # the lake is away, and to answer comes first
        log.error("The day's quotas begin anew, for what was used is not known: %s", error)
        return DayQuota({}, now)
