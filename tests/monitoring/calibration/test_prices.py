"""What all monitors may cost: every monitor is named once, with the price that its limit really follows from."""

import pytest

from driftgate.monitoring.calibration.prices import agreed_prices, told, total
from driftgate.monitoring.judges.concept import nights_per_false_alarm
from driftgate.monitoring.judges.data_drift import alarm_rule
from driftgate.monitoring_policy import DAYS_A_YEAR
from driftgate.use_cases import UseCase, load_use_case


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case("flight_delays")


def changed(use_case: UseCase, **retrain: object) -> UseCase:
    payoff = use_case.monitor.payoff.model_copy(update={"false_alarms_per_year": 6.0})
    monitor = use_case.monitor.model_copy(update={"expected_false_alarms_per_year": 2.0, "payoff": payoff})
    policy = use_case.retrain.model_copy(update=retrain)
    return use_case.model_copy(update={"monitor": monitor, "retrain": policy})


def test_every_monitor_that_runs_has_a_line_and_the_limits_follow_from_its_price(use_case: UseCase) -> None:
    other = changed(use_case)
    prices = {one.monitor: one.per_year for one in agreed_prices(other)}
    assert sorted(prices) == sorted(use_case.monitors)
    assert {name: price for name, price in prices.items() if price} == {
        "payoff": 6.0, "data": 2.0, "concept": 0.5, "prediction": 0.5,
    }  # fmt: skip
    assert prices["data"] == alarm_rule(other).per_year
    assert prices["concept"] == DAYS_A_YEAR / nights_per_false_alarm(other)
    assert total(agreed_prices(other)) == 9.0


def test_it_says_what_may_train_and_what_has_no_price(use_case: UseCase) -> None:
    said = told(agreed_prices(changed(use_case, on=("payoff", "performance"))))
    assert "together 9. Of them 6 may start a training (payoff and performance)." in said
    assert "No price was agreed for performance, estimate, skew, trend, quality, service, bias, attribution" in said
    assert "None starts a training." in told(agreed_prices(changed(use_case, on=())))
