"""The recorder: numbers the captures of one run of an endpoint, and appends them to the journal."""

import threading
from collections.abc import Iterable
from uuid import uuid4

from driftgate.captures.capture import Capture
from driftgate.captures.journal import Journal
from driftgate.captures.segments import place_of

Place = tuple[str, str]  # a use case and a day


class Recorder:
    """Numbers the captures of each use case and day 1, 2, 3, … within this run; safe to use from several threads.

    A number is used up only when its line is in the journal, so that one which never reaches the lake is a loss.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.run = uuid4().hex[:12]
        self._begin = f'{{"run":"{self.run}","sequence":'.encode()
        self._lock = threading.Lock()
        self._last: dict[Place, int] = {}

    def record(self, captures: Iterable[Capture]) -> None:
        """Write captures into the journal, all or none; when this returns, the death of the process cannot lose them.

        :raises JournalFull: nothing was written
        """
        lines = [((capture.use_case, capture.day), capture.line()) for capture in captures]
        if not lines:
            return
        begin = self._begin
        with self._lock:
            last, parts = dict[Place, int](), list[bytes]()
            for place, line in lines:
                number = last[place] = (last.get(place) or self._last.get(place, 0)) + 1
                parts += (begin, b"%d," % number, line[1:], b"\n")
            (only,) = last if len(last) == 1 else (None,)
            self._journal.append(b"".join(parts), place_of(only[0], (only[1],)) if only else "")
            self._last.update(last)

    def last_numbers(self) -> dict[Place, int]:
        """Return how many captures there are of each use case and day."""
        with self._lock:
            return dict(self._last)
