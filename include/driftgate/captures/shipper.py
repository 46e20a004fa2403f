"""The shipper: a thread that moves the journal's segments into the lake, and keeps there what the endpoint counted."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from driftgate.captures.journal import MAX_AGE_SECONDS, Journal
from driftgate.captures.segments import publish_segment
from driftgate.captures.tally import Tally
from driftgate.errors import Tampered
from driftgate.lake import Store

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0
TALLY_SECONDS = 10.0


class Shipper:
    """Ships closed segments, oldest first; while the lake is away they stay and are tried again, for ever.

    :param tallies: what was counted so far; it is written before the captures that it counts, so that those which get
        lost on the way are missed
    """

    def __init__(self, journal: Journal, store: Store, tallies: Callable[[], Iterable[Tally]] = tuple) -> None:
        self.journal, self.store, self._tallies = journal, store, tallies
        self._written: dict[str, Tally] = {}
        self._tally_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="captures-shipper", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier process left in the journal is shipped first."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 10) -> None:
        """Ship what there is and end; what the lake does not take in time stays for the next start."""
        self._stop.set()
        self._thread.join(timeout_seconds)

    def ship(self) -> None:
        """Ship every closed segment once."""
        for segment in self.journal.segments():
            try:
                publish_segment(self.store, segment.stem, segment.read_bytes())
            except Tampered as problem:
                log.error("%s It is kept as %s.", problem, self.journal.set_aside(segment))
                continue
            self.journal.remove(segment)

    def write_tallies(self) -> None:
        """Write every tally that has changed."""
        for tally in self._tallies():
            if self._written.get(tally.path) != tally:
                self.store.write(tally.path, tally.canonical())
                self._written[tally.path] = tally

    @property
    def lag_seconds(self) -> float:
        """How old the oldest segment is that the lake does not have; zero when it has all."""
        waiting = self.journal.segments()
        return max(0.0, time.time() - int(waiting[0].stem.split("-")[0]) / 1e9) if waiting else 0.0

    def _run(self) -> None:
        pause = ROUND_SECONDS
        while not self._stop.wait(pause):
            pause = self._round(pause, MAX_AGE_SECONDS)
        self._round(pause, 0)

    def _round(self, pause: float, older_than_seconds: float) -> float:
        """Ship what is old enough, and return how long to wait before the next round."""
        try:
            if older_than_seconds == 0 or time.monotonic() >= self._tally_at:
                self.write_tallies()
                self._tally_at = time.monotonic() + TALLY_SECONDS
            self.journal.close_segment(older_than_seconds=older_than_seconds)
            self.ship()
        except Exception as error:  # whatever a lake can throw: the captures are safe in the journal meanwhile
            pause = min(pause * 2, MAX_PAUSE_SECONDS)
            log.warning("The lake does not take captures (%s); they wait in %s.", error, self.journal.folder)
            return pause
        return ROUND_SECONDS
