"""The notice that the machine is about to go: SIGTERM, from Batch and ECS two minutes before a Spot host is taken."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from driftgate.compute.jobs import Interrupted


class Interruption:
    """Whether the notice came. While a model is learnt it waits until the iteration ends, so that a save is whole."""

    def __init__(self) -> None:
        self.requested = False
        self._waits = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGTERM while the block runs, in the main thread."""
        before = signal.signal(signal.SIGTERM, self._heard)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Leave it to the block to look at ``requested``, and to raise :class:`Interrupted` when it has saved."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        if not self._waits:
            raise Interrupted("told to end (SIGTERM) outside of training: nothing to save")
