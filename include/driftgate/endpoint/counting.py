"""Counting without locks: every thread counts for itself, and who looks adds up.

For what happens in every request; the counters of prometheus_client take a lock each time.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

Labels = tuple[str, ...]


class _Counted(threading.local):
    """The numbers of one thread, by labels; ``all_threads`` has those of all."""

    def __init__(self, all_threads: list[dict[Labels, float]]) -> None:
        self.numbers: dict[Labels, float] = {}
        all_threads.append(self.numbers)


class Counts(Collector):
    """A counter with labels."""

    def __init__(self, name: str, explanation: str, labels: Labels, *, registry: "CollectorRegistry") -> None:
        self._name, self._explanation, self._labels = name, explanation, labels
        self._all_threads: list[dict[Labels, float]] = []
        self._mine = _Counted(self._all_threads)
        registry.register(self)

    def add(self, labels: Labels, number: float) -> None:
        """Count ``number`` more."""
        numbers = self._mine.numbers
        numbers[labels] = numbers.get(labels, 0) + number

    def total(self) -> Counter[Labels]:
        """Return what all threads counted so far."""
        total: Counter[Labels] = Counter()
        for numbers in list(self._all_threads):
            total.update(numbers.copy())
        return total

    def collect(self) -> "Iterator[Metric]":
        """Return what was counted, as prometheus_client asks for it."""
        family = CounterMetricFamily(self._name, self._explanation, labels=self._labels)
        for labels, number in sorted(self.total().items()):
            family.add_metric(labels, number)
        yield family


class Durations(Counts):
    """A histogram of seconds."""

    def __init__(
        self, name: str, explanation: str, buckets: tuple[float, ...], *, registry: "CollectorRegistry"
    ) -> None:
        self._buckets = (*buckets, float("inf"))
        self._keys = [(str(float(upper)),) for upper in buckets] + [("+Inf",)]
        super().__init__(name, explanation, ("le",), registry=registry)

    def observe(self, seconds: float) -> None:
        """Count one that took so long."""
        self.add(self._keys[bisect_left(self._buckets, seconds)], 1)
        self.add(_SUM, seconds)

    def collect(self) -> "Iterator[Metric]":
        """Return what was counted, as prometheus_client asks for it."""
        total, number, buckets = self.total(), 0, []
        for key in self._keys:
            number += total[key]
            buckets.append((*key, number))
        family = HistogramMetricFamily(self._name, self._explanation)
        family.add_metric([], buckets, total[_SUM])
        yield family


_SUM = ("sum",)  # of the seconds, beside the buckets
