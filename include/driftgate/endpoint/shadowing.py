"""Shadows: they see a copy of every answered request, in a thread of their own, and answer nobody.

The queue is bounded: when a shadow cannot keep up, copies are dropped and counted. A caller never waits for it.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue

from driftgate.captures import Journal, JournalFull
from driftgate.captures.segments import place_of, segment_lines
from driftgate.endpoint.joining import Joining
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.outcomes import Asked, score
from driftgate.endpoint.served import Served, ServedVariant

MAX_WAITING_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows of one request for one shadow."""

    served: Served
    shadow: ServedVariant
    asked: list[Asked]
    received_at: datetime


class Shadowing:
    """The queue and the thread that empties it."""

    def __init__(
        self, joining: Joining, journal: Journal, metrics: Metrics, *, max_waiting_rows: int = MAX_WAITING_ROWS
    ) -> None:
        self._joining, self._journal, self._metrics = joining, journal, metrics
        self._max_waiting_rows = max_waiting_rows
        self._queue: SimpleQueue[Copy] = SimpleQueue()
        self._waiting_rows = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        """Begin to score copies."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 2) -> None:
        """Score what waits, as far as it goes in time."""
        self._stop.set()
        self._thread.join(timeout_seconds)

    def offer(self, served: Served, asked: list[Asked], received_at: datetime) -> None:
        """Give a copy of answered rows to every shadow that has room for it; returns at once."""
        for shadow in served.shadows:
            if self._reserve(len(asked)):
                self._queue.put(Copy(served, shadow, asked, received_at))
            else:
                self._drop(served, shadow, len(asked))

    def _reserve(self, rows: int) -> bool:
        with self._lock:
            if self._waiting_rows + rows > self._max_waiting_rows:
                return False
            self._waiting_rows += rows
            return True

    def _run(self) -> None:
        while True:
            try:
                copy = self._queue.get(timeout=0.2)
            except Empty:
                if self._stop.is_set():
                    return
                continue
            self._score(copy)
            with self._lock:
                self._waiting_rows -= len(copy.asked)

    def _score(self, copy: Copy) -> None:
        outcome = score(copy.shadow, self._joining.rows_for(copy.served, copy.shadow, copy.asked))
        try:
            place = place_of(copy.served.use_case.name, [one.day for one in copy.asked])
            self._journal.append(segment_lines(outcome.captures(copy.served, copy.received_at)), place)
        except JournalFull:
            self._drop(copy.served, copy.shadow, len(copy.asked))
        else:
            self._metrics.count(copy.served, outcome)

    def _drop(self, served: Served, shadow: ServedVariant, rows: int) -> None:
        self._metrics.shadow_dropped.labels(served.use_case.name, shadow.role, shadow.version).inc(rows)
