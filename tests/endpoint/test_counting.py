"""Counts of all threads add up, and Prometheus reads them."""

import threading

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from driftgate.endpoint.counting import Counts, Durations


def samples(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    text = generate_latest(registry).decode()
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_what_eight_threads_count_is_all_there():
    registry = CollectorRegistry()
    counts = Counts("rows", "Rows", ("role",), registry=registry)

    def count():
        for _ in range(2000):
            counts.add(("canary",), 2)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    counts.add(("champion",), 1)
    for thread in threads:
        thread.join()
    assert samples(registry) == {("rows_total", "canary"): 32_000, ("rows_total", "champion"): 1}


def test_a_histogram_has_cumulative_buckets_with_their_upper_ends():
    registry = CollectorRegistry()
    durations = Durations("took", "Seconds", (0.5, 1), registry=registry)
    for seconds in (0.25, 0.5, 0.75, 3):
        durations.observe(seconds)
    assert samples(registry) == {
        ("took_bucket", "0.5"): 2,
        ("took_bucket", "1.0"): 3,
        ("took_bucket", "+Inf"): 4,
        ("took_count",): 4,
        ("took_sum",): 4.5,
    }


def test_nothing_counted_yet_is_readable_too():
    registry = CollectorRegistry()
    Counts("rows", "Rows", ("role",), registry=registry)
    Durations("took", "Seconds", (1,), registry=registry)
    assert samples(registry) == {
        ("took_bucket", "1.0"): 0,
        ("took_bucket", "+Inf"): 0,
        ("took_count",): 0,
        ("took_sum",): 0,
    }
