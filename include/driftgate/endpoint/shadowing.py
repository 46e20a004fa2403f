"""Shadows: they see a copy of every answered request, in a thread of their own, and answer nobody.

The queue is bounded: when a shadow cannot keep up, copies are dropped and counted. A caller never waits for it.
"""

import threading
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue

from driftgate.captures import JournalFull, Recorder
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.joining import Joining
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.outcomes import Asked, score_together
from driftgate.endpoint.served import Served, ServedVariant

MAX_WAITING_ROWS = 10_000
ROWS_AT_ONCE = 64  # to capture more would keep the interpreter from requests for longer than half a millisecond


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows of one request for one shadow."""

    served: Served
    shadow: ServedVariant
    asked: list[Asked]
    caller: Caller


class Shadowing:
    """The queue and the thread that empties it."""

    def __init__(
        self, joining: Joining, recorder: Recorder, metrics: Metrics, *, max_waiting_rows: int = MAX_WAITING_ROWS
    ) -> None:
        self._joining, self._recorder, self._metrics = joining, recorder, metrics
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

    def offer(self, served: Served, asked: list[Asked], caller: Caller) -> None:
        """Give a copy of answered rows to every shadow that has room for it; returns at once."""
        for shadow in served.shadows:
            if self._reserve(len(asked)):
                self._queue.put(Copy(served, shadow, asked, caller))
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
                copies = [self._queue.get(timeout=0.2)]
            except Empty:
                if self._stop.is_set():
                    return
                continue
            rows = self._take_more(copies)
            for _, group in groupby(copies, key=lambda copy: (id(copy.served), id(copy.shadow))):
                self._score(list(group))
            with self._lock:
                self._waiting_rows -= rows

    def _take_more(self, copies: list[Copy]) -> int:
        """Add what waits, so that it is scored together, up to ``ROWS_AT_ONCE``; return how many rows there are."""
        rows = len(copies[0].asked)
        while rows < ROWS_AT_ONCE:
            try:
                copies.append(self._queue.get_nowait())
            except Empty:
                break
            rows += len(copies[-1].asked)
        return rows

    def _score(self, copies: list[Copy]) -> None:
        """Score the copies of one shadow together, and capture them in one write."""
        served, shadow = copies[0].served, copies[0].shadow
        outcomes = score_together(shadow, [self._joining.rows_for(served, shadow, copy.asked) for copy in copies])
        captures = [
            capture
            for copy, outcome in zip(copies, outcomes, strict=True)
            for capture in outcome.captures(served, copy.caller)
        ]
        try:
            self._recorder.record(captures)
        except JournalFull:
            self._drop(served, shadow, sum(len(copy.asked) for copy in copies))
        else:
            for outcome in outcomes:
                self._metrics.count(served, outcome)

    def _drop(self, served: Served, shadow: ServedVariant, rows: int) -> None:
        self._metrics.shadow_dropped.labels(served.use_case.name, shadow.role, shadow.version).inc(rows)
