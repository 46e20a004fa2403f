"""What each consumer's calls came to: counted in the event loop, shown at /metrics, in the lake every minute."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from driftgate.consumers.usage import RefusedCall, Usage, Used, write_usage
from driftgate.endpoint.callers import Caller
from driftgate.settings import environment

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

log = logging.getLogger(__name__)

MAX_REFUSED_CALLS = 200  # told one by one, per minute

_Key = tuple[str | None, str | None, str, int]  # consumer, use case, scope, status


class Accounting(Collector):
    """Sums since the last flush and since the start."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        self._endpoint = uuid4().hex[:8]
        self._since = _now()
        self._sums: dict[_Key, list[float]] = {}
        self._flushed: dict[_Key, list[float]] = {}
        self._refused: list[RefusedCall] = []
        self._refused_left_out = 0
        registry.register(self)

    def count(self, caller: Caller, seconds: float) -> None:
        """Count one call that has a status."""
        key = (caller.consumer_id, caller.use_case, caller.scope, caller.status)
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = [0, 0, 0.0, 0.0]
        sums[0] += 1
        sums[1] += caller.rows
        sums[2] += seconds
        if seconds > sums[3]:
            sums[3] = seconds
        if caller.status != 200:
            self._note(caller)

    def take(self) -> Usage | None:
        """Return what was counted since the last time, if there was anything; in the thread that counts."""
        if not self._sums:
            self._since = _now()
            return None
        taken, until = self._sums, _now()
        usage = Usage(
            environment=environment(),
            endpoint=self._endpoint,
            since=self._since,
            until=until,
            used=tuple(_used(key, sums) for key, sums in sorted(taken.items(), key=lambda one: str(one[0]))),
            refused=tuple(self._refused),
            refused_left_out=self._refused_left_out,
        )
        for key, sums in taken.items():
            self._flushed[key] = _added(self._flushed.get(key), sums)
        self._sums, self._refused, self._refused_left_out, self._since = {}, [], 0, until
        return usage

    def collect(self) -> "Iterator[Metric]":
        """Return what was counted since the start, as prometheus_client asks for it."""
        labels = ("consumer", "use_case", "scope", "status")
        calls = CounterMetricFamily("driftgate_consumer_requests", "Calls of each consumer", labels=labels)
        rows = CounterMetricFamily("driftgate_consumer_rows", "Rows of these calls", labels=labels)
        seconds = CounterMetricFamily("driftgate_consumer_seconds", "Time that these calls took", labels=labels)
        total = dict(self._flushed)
        for key, sums in self._sums.copy().items():
            total[key] = _added(total.get(key), sums)
        for (consumer, use_case, scope, status), sums in sorted(total.items(), key=lambda one: str(one[0])):
            told = (consumer or "", use_case or "", scope, str(status))
            for family, number in zip((calls, rows, seconds), sums, strict=False):
                family.add_metric(told, number)
        yield from (calls, rows, seconds)

    def _note(self, caller: Caller) -> None:
        if len(self._refused) >= MAX_REFUSED_CALLS:
            self._refused_left_out += 1
            return
        self._refused.append(
            RefusedCall(
                at=caller.received_at.isoformat(),
                request_id=caller.request_id,
                consumer=caller.consumer_id,
                key_id=caller.key_id,
                scope=caller.scope,
                status=caller.status,
            )
        )


class Unwritten:
    """Usage that the lake does not have yet."""

    MOST = 60  # an hour without the lake; then the oldest minute is lost, and the log says so

    def __init__(self) -> None:
        self._waiting: list[Usage] = []

    def write(self, usage: Usage | None) -> None:
        """Write what waits and ``usage``; what the lake does not take waits for the next time."""
        if usage:
            self._waiting.append(usage)
        try:
            while self._waiting:
                write_usage(self._waiting[0])
                del self._waiting[0]
        except Exception as error:  # whatever the lake raises; the endpoint answers without it
            log.error("The usage of consumers cannot be written, %d minutes wait: %s", len(self._waiting), error)
            if len(self._waiting) > self.MOST:
                log.error("The usage up to %s is lost.", self._waiting.pop(0).until)


def _used(key: _Key, sums: list[float]) -> Used:
    consumer, use_case, scope, status = key
    calls, rows, seconds, slowest = sums
    return Used(
        consumer=consumer,
        use_case=use_case,
        scope=scope,
        status=status,
        calls=int(calls),
        rows=int(rows),
        seconds=round(seconds, 6),
        slowest=round(slowest, 6),
    )


def _added(one: list[float] | None, other: list[float]) -> list[float]:
    if one is None:
        return list(other)
    return [one[0] + other[0], one[1] + other[1], one[2] + other[2], max(one[3], other[3])]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
