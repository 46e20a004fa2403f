"""What the endpoint counts, for Prometheus."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from driftgate.endpoint.accounting import Accounting
from driftgate.endpoint.counting import Counts, Durations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftgate.endpoint.outcomes import Outcome
    from driftgate.endpoint.served import Served

VARIANT = ("use_case", "role", "version")
# From what one row takes to what a full batch takes, in seconds.
LATENCY_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """Counters and gauges in a registry of their own, so that two endpoints in one process do not mix."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.accounting = Accounting(registry)
        self.predictions = Counts(
            "driftgate_predictions",
            "Rows scored, by outcome: answered, failed",
            (*VARIANT, "outcome"),
            registry=registry,
        )
        self.refused = Counter(
            "driftgate_refused_requests", "Requests without an answer", ("status",), registry=registry
        )
        self.latency = Durations(
            "driftgate_request_seconds",
            "From the first byte of a request to its answer",
            LATENCY_BUCKETS,
            registry=registry,
        )
        self.shadow_dropped = Counter(
            "driftgate_shadow_dropped", "Copies of rows that no shadow's capture came of", VARIANT, registry=registry
        )
        self.package_failures = Counter(
            "driftgate_package_failures", "Loads of a package that failed", ("use_case", "version"), registry=registry
        )
        self.no_room = Counter(
            "driftgate_packages_without_room",
            "Packages that did not fit under the memory cap",
            VARIANT,
            registry=registry,
        )
        self._captured(registry)
        self._online(registry)
        self._states(registry)

    def _captured(self, registry: CollectorRegistry) -> None:
        self.left_out = Counts(
            "driftgate_capture_left_out",
            "Rows answered and not captured, because 'serve.capture.share' leaves their keys out",
            ("use_case",),
            registry=registry,
        )
        self.journal_full = Counter(
            "driftgate_capture_refused_requests",
            "Requests refused because their captures could not be written: raise an alarm on any",
            registry=registry,
        )

    def _online(self, registry: CollectorRegistry) -> None:
        self.online_lookups = Counts(
            "driftgate_online_lookups",
            "Rows joined with an online view: exact (the day's own values), older, missing",
            ("view", "result"),
            registry=registry,
        )
        self.online_read = Histogram(
            "driftgate_online_read_seconds",
            "Reads of the online store, those that its cache answers left out",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )

    def _states(self, registry: CollectorRegistry) -> None:
        self._loaded = Gauge(
            "driftgate_loaded_variant", "Percentage of requests it answers", VARIANT, registry=registry
        )
        self._problem = Gauge(
            "driftgate_deployment_problem",
            "1: the deployment state is not served as it says",
            ("use_case",),
            registry=registry,
        )
        self._lag = Gauge(
            "driftgate_capture_lag_seconds", "Age of the oldest capture not in the lake", registry=registry
        )
        self._waiting = Gauge("driftgate_capture_waiting_bytes", "Captures not in the lake", registry=registry)

    def count(self, served: "Served", outcome: "Outcome") -> None:
        """Count the rows of one outcome."""
        variant = outcome.variant
        labels = (served.use_case.name, variant.role, variant.version, "failed" if outcome.error else "answered")
        self.predictions.add(labels, len(outcome.asked))

    def count_lookups(self, view: str, result: str, rows: int) -> None:
        """Count the rows that were joined with one view."""
        self.online_lookups.add((view, result), rows)

    def render(
        self, served: "Iterable[Served]", problems: "Iterable[str]", *, lag_seconds: float, waiting_bytes: int
    ) -> bytes:
        """Return everything in Prometheus' text format."""
        self._loaded.clear()
        for one in served:
            for variant in one.recorded:
                self._loaded.labels(one.use_case.name, variant.role, variant.version).set(variant.weight)
        self._problem.clear()
        for use_case in problems:
            self._problem.labels(use_case).set(1)
        self._lag.set(lag_seconds)
        self._waiting.set(waiting_bytes)
        return generate_latest(self._registry)
