"""What the business wants is held against each night; a requirement that is certainly not met is an alarm."""

import pytest

from driftgate.alarms import alarms
from driftgate.monitor_register import register_of
from driftgate.monitoring import Evidence, Statistic, decide
from driftgate.monitoring.evidence import write_evidence
from driftgate.monitoring.verdicts.requirements import held
from driftgate.use_cases import load_use_case

USE_CASE = load_use_case("flight_delays")
COST = "expected_cost_usd_per_1000"


def night(key: str, value: float, *, spread: float = 100, finding: str = "ok") -> Evidence:
    cost = Statistic(name=COST, value=value, interval=(value - spread, value + spread), reference=11_000)
    return Evidence(
        use_case=USE_CASE.name, key=key, monitor="performance", champion="3", statistic="auc", value=0.7, interval=None,
        threshold=None, sample_size=4500, features=(), verdict=finding, sentence="As it was.", statistics=(cost,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "spread", "state"),
    [
        (11_000, 100, "met"),
        (13_050, 100, "met"),  # worse by more than 2,000, and not certainly
        (13_150, 100, "warn"),
        (15_000, 100, "critical"),
        (15_000, 1_500, "warn"),
        (5_000, 100, "met"),
    ],
)
def test_only_what_is_certain_counts(value, spread, state) -> None:
    register = register_of(USE_CASE)
    assert register is not None
    found = list(held(USE_CASE, register, (night("2013-04-10", value, spread=spread),)))
    assert [(one.registered.id, one.state) for one in found] == [("cost_of_wrong_decisions", state)]


def test_what_could_not_be_measured_says_nothing() -> None:
    register = register_of(USE_CASE)
    assert register is not None
    assert list(held(USE_CASE, register, (night("2013-04-10", 15_000, finding="insufficient"),))) == []
    assert list(held(USE_CASE, register, ())) == []


def test_an_alarm_begins_with_the_night_that_fails_and_ends_with_one_that_does_not() -> None:
    def told(key: str, value: float, *, backfill: bool = False) -> list[tuple[str, str]]:
        write_evidence(night(key, value))
        decide(USE_CASE, key, backfill=backfill)
        return [(one.severity, one.sentence) for one in alarms(prefix="requirement/") if one.state == "open"]

    assert told("2013-04-09", 16_000, backfill=True) == []
    assert told("2013-04-10", 11_500) == []
    ((severity, sentence),) = told("2013-04-11", 13_500)
    assert severity == "major"
    assert "cost_of_wrong_decisions warns when it is certainly worse by 2,000. Ask the operations centre" in sentence
    assert [severity for severity, _ in told("2013-04-12", 15_000)] == ["critical"]
    assert told("2013-04-13", 11_500) == []
