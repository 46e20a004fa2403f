"""Threads for large requests, with a bounded line before them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from driftgate.endpoint.refusals import Refused

T = TypeVar("T")


class Batches:
    """Two threads; at most ``bound`` requests in them and before them. For the event loop's thread."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.tasks: set[asyncio.Task[Any] | None] = set()
        """The requests in the threads and before them."""
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="batch")

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Return what ``work`` returns in a thread.

        :raises Refused: 429, the line is full
        """
        if len(self.tasks) >= self._bound:
            raise Refused(
                429, f"{self._bound} large requests wait here; ask again when Retry-After has passed.", retry_after=1
            )
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self.tasks.discard(task)
