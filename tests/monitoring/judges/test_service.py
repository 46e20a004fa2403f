"""Errors and latency of a night's answers: the limits are of shares, and few answers prove nothing."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from driftgate.captures import write_captures
from driftgate.monitoring import Evidence, measure
from driftgate.monitoring.evidence import Statistic, write_evidence
from driftgate.monitoring.judges.own_history import share_interval
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase

DAY = "2013-04-01"
Captured = Callable[..., None]


@pytest.fixture
def captured(nights: Any) -> Captured:
    """Write the captures of so many answers, some of which failed or were slow; the rule stands in for some."""

    def write(answers: int, *, failed: int = 0, stood_in: int = 0, slow: int = 0, latency: float = 1.0) -> None:
        rows = nights.rows(DAY)[:answers]
        found = []
        for number, row in enumerate(rows):
            score = None if number < failed else 0.5
            capture = nights.capture(DAY, number, row, score, "champion", "1", 1, 0)
            taken = 500.0 if number >= answers - slow else latency
            found.append(msgspec.structs.replace(capture, latency_ms=taken))
            if number < stood_in:
                found.append(nights.capture(DAY, number, row, 0.3, "fallback", "1", 1, 0))
        write_captures(found)

    return write


def numbers(evidence: Evidence) -> dict[str, float]:
    return {one.name: one.value for one in evidence.statistics}


def test_a_good_night(captured: Captured, use_case: UseCase) -> None:
    captured(400, failed=1, stood_in=1)
    found = measure(use_case, DAY, "service")
    assert (found.verdict, found.severity, found.sample_size, found.champion) == ("ok", None, 400, "1")
    assert (found.statistic, found.value, found.threshold) == ("error_rate", 1 / 400, 0.01)
    assert numbers(found) == pytest.approx(
        {"error_rate": 1 / 400, "slow_share": 0, "fallback_share": 1 / 400, "unanswered_share": 0,
         "latency_p50_ms": 1, "latency_p95_ms": 1, "latency_p99_ms": 1}
    )  # fmt: skip
    assert "1 of 400 answers on 2013-04-01 failed, and 1.00% are allowed; the rule stood in for 1" in found.sentence


@pytest.mark.parametrize(
    ("failed", "severity"),
    [(8, None), (30, "major"), (300, "critical"), (400, "critical")],  # 2 % of 400 may be 0.8 % by chance
)
def test_failures_are_an_alarm_when_they_prove_it(
    captured: Captured, use_case: UseCase, failed: int, severity: str | None
) -> None:
    captured(400, failed=failed, stood_in=failed)
    found = measure(use_case, DAY, "service")
    assert (found.verdict, found.severity) == ("drift" if severity else "ok", severity)
    assert numbers(found)["fallback_share"] == failed / 400
    assert numbers(found)["unanswered_share"] == 0


def test_requests_without_any_answer_are_counted(captured: Captured, use_case: UseCase) -> None:
    captured(400, failed=30, stood_in=10)
    found = measure(use_case, DAY, "service")
    assert numbers(found)["unanswered_share"] == 20 / 400
    assert "20 requests got no answer" in found.sentence


@pytest.mark.parametrize(("slow", "drifts"), [(10, False), (25, False), (60, True)])
def test_slow_answers(captured: Captured, use_case: UseCase, slow: int, drifts: bool) -> None:
    captured(400, slow=slow)
    found = measure(use_case, DAY, "service")
    assert (found.verdict == "drift", found.severity == "major") == (drifts, drifts)
    assert found.statistic == ("slow_share" if drifts else "error_rate")


def nights_before(use_case: UseCase, p95: float, champion: str = "1") -> None:
    for number, key in enumerate(keys_before(DAY, 15)[:-1]):
        before = measure(use_case, key, "service")
        latency = Statistic(name="latency_p95_ms", value=p95 + 0.01 * (number % 2))
        changed = {"champion": champion, "verdict": "ok", "statistics": (latency,)}
        write_evidence(before.model_copy(update=changed))


@pytest.mark.parametrize(
    ("before", "tonight", "champion", "severity"),
    [
        (1.0, 120.0, "1", "minor"),  # 200 ms are allowed
        (1.0, 5.0, "1", None),  # slower than ever, and far from the limit
        (119.99, 120.0, "1", None),  # as always
        (1.0, 120.0, "2", None),  # another champion's nights
    ],
)
def test_latency_on_its_way_to_the_limit(
    captured: Captured, use_case: UseCase, before: float, tonight: float, champion: str, severity: str | None
) -> None:
    nights_before(use_case, before, champion)
    captured(400, latency=tonight)
    found = measure(use_case, DAY, "service")
    assert found.severity == severity
    assert ("On the nights before" in found.sentence) == (severity == "minor")


def test_the_use_cases_own_limits_come_first(captured: Captured, use_case: UseCase) -> None:
    service = use_case.monitor.service.model_copy(update={"max_error_rate": 0.2, "max_latency_p95_ms": 0.5})
    own = use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"service": service})})
    captured(400, failed=30)
    found = measure(own, DAY, "service")
    assert (found.statistic, found.value, found.verdict) == ("slow_share", 1.0, "drift")


def test_few_answers_prove_nothing(captured: Captured, use_case: UseCase) -> None:
    captured(20, failed=20)
    found = measure(use_case, DAY, "service")
    assert (found.verdict, found.sentence) == (
        "insufficient",
        "20 answers on 2013-04-01 are fewer than the 100 that service needs.",
    )


def test_a_rule_that_answers_alone_is_an_outage(nights: Any, use_case: UseCase) -> None:
    nights.answer(DAY, nights.rows(DAY)[:200], role="fallback")
    found = measure(use_case, DAY, "service")
    assert (found.verdict, found.severity, found.champion) == ("drift", "critical", None)


def test_the_interval_of_a_share_by_hand() -> None:
    """Of 10 rows with 3 at z = 1.645: (0.3 + 0.1353 ± 0.2742) / 1.2706 (Wilson 1927)."""
    low, high = share_interval(3, 10, 0.95)
    assert (low, high) == pytest.approx((0.1268, 0.5583), abs=1e-3)
    assert share_interval(0, 10)[0] == 0.0
    assert share_interval(10, 10)[1] == 1.0
