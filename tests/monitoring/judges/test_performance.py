"""The performance monitor: a real drop is drift, a model that holds is not, and too little is said to be too little."""

from typing import Any

import pytest

from driftgate.evaluation.costs import COST
from driftgate.monitoring import Evidence, join_ground_truth, measure
from driftgate.monitoring.evidence import read_evidence
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.use_cases import UseCase

DAYS = keys_between("2013-04-02", "2013-04-04")
TONIGHT = DAYS[-1]


def play(use_case: UseCase, nights: Any, *, skill: float, days: list[str] = DAYS, **answer: Any) -> Evidence:
    """Play the real flights of ``days``, answered with so much skill, and measure the last night."""
    for key in days:
        nights.happen(key)
        nights.answer(key, nights.rows(key), nights.scores(key, skill=skill), **answer)
        join_ground_truth(use_case, key)
    return measure(use_case, days[-1], "performance")


def known(days: list[str]) -> int:
    """How many flights of ``days`` arrived."""
    delays = [sample.table_of("flights", key).column("arr_delay_minutes") for key in days]
    return sum(len(column) - column.null_count for column in delays)


def test_a_model_as_good_as_in_its_evaluation_holds(use_case: UseCase, nights: Any) -> None:
    nights.model("1", auc=0.7)
    found = play(use_case, nights, skill=0.25)
    assert (found.verdict, found.champion, found.statistic) == ("ok", "1", "auc")
    assert found.threshold == pytest.approx(0.7 - use_case.monitor.performance.max_auc_drop)
    assert found.value is not None and found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]
    assert "AUC of model 1 over 3 nights is " in found.sentence and "reaches the limit 0.680" in found.sentence


def test_a_real_drop_is_drift(use_case: UseCase, nights: Any) -> None:
    nights.model("1", auc=0.7)
    found = play(use_case, nights, skill=0)
    assert (found.verdict, found.features) == ("drift", ())
    assert found.value == pytest.approx(0.5, abs=0.05)
    assert "lies below the limit 0.680" in found.sentence
    assert read_evidence("flight_delays", TONIGHT, "performance") == found


def test_a_drop_within_the_noise_of_its_nights_is_none(use_case: UseCase, nights: Any) -> None:
    """The value lies below the limit, and the interval reaches it."""
    nights.model("1")
    measured = play(use_case, nights, skill=0.15)
    assert measured.value is not None and measured.interval is not None
    limit = (measured.value + measured.interval[1]) / 2
    nights.model("1", auc=limit + use_case.monitor.performance.max_auc_drop)
    found = measure(use_case, TONIGHT, "performance")
    assert found.threshold is not None and measured.value < found.threshold
    assert found.verdict == "ok"


def test_every_known_outcome_of_the_window_counts(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    found = play(use_case, nights, skill=0.25)
    assert found.sample_size == known(DAYS)


def test_log_loss_calibration_and_cost_are_told_beside_it(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    auc, log_loss, calibration, cost = play(use_case, nights, skill=0.25).statistics
    assert (auc.name, log_loss.name, calibration.name) == ("auc", "log_loss", "calibration_error")
    assert (log_loss.threshold, log_loss.reference, calibration.reference) == (None, 0.5, None)
    assert cost.name == "expected_cost_usd_per_1000" and cost.value > 1000
    for item in (log_loss, calibration, cost):
        assert item.interval is not None and item.interval[0] <= item.value <= item.interval[1]


def test_a_bad_night_outside_the_window_does_not_count(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    play(use_case, nights, skill=0, days=keys_between("2013-03-30", "2013-04-01"))
    assert play(use_case, nights, skill=0.25).verdict == "ok"


def test_only_answers_of_tonights_champion_count(use_case: UseCase, nights: Any) -> None:
    """The model before was bad; the new champion is not to blame, and has too few answers yet."""
    nights.model("1")
    nights.model("2")
    play(use_case, nights, skill=0, days=DAYS[:2])
    found = play(use_case, nights, skill=0.25, days=DAYS[2:], version="2", revision=2)
    assert (found.verdict, found.champion) == ("insufficient", "2")
    assert found.sentence.startswith("Model 2 has 978 answers with known outcome in the last 3 nights, fewer than")


@pytest.mark.parametrize("role", ["shadow", "fallback"])
def test_answers_of_a_shadow_or_of_the_rule_do_not_count(use_case: UseCase, nights: Any, role: str) -> None:
    nights.model("1")
    for key in DAYS:
        nights.answer(key, nights.rows(key), nights.scores(key, skill=0), role=role, version="1")
    found = play(use_case, nights, skill=0.25)
    assert found.verdict == "ok"
    assert found.sample_size < 3000


def test_a_thin_window_proves_nothing(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    found = play(use_case, nights, skill=0.25, days=DAYS[:1])
    assert (found.verdict, found.champion, found.sample_size) == ("insufficient", "1", 980)
    assert found.sentence == (
        "Model 1 has 980 answers with known outcome in the last 3 nights, fewer than the 1000 that performance needs."
    )


def test_one_night_with_many_rows_is_no_window(use_case: UseCase, nights: Any) -> None:
    performance = use_case.monitor.performance.model_copy(update={"min_rows": 100})
    few = use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"performance": performance})})
    nights.model("1")
    found = play(few, nights, skill=0.25, days=DAYS[:1])
    assert found.verdict == "insufficient"
    assert "Model 1 has known outcomes on only 1 of 3 nights; more than half are needed" in found.sentence


def test_one_class_proves_nothing(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    for key in DAYS:
        late = [row for row in sample.table_of("flights", key).to_pylist() if (row["arr_delay_minutes"] or 0) > 15]
        keys = {(row["carrier"], row["flight"], row["origin"]) for row in late}
        rows = [row for row in nights.rows(key) if (row["carrier"], row["flight"], row["origin"]) in keys]
        nights.happen(key)
        nights.answer(key, rows)
        join_ground_truth(use_case, key)
    thin = use_case.monitor.performance.model_copy(update={"min_rows": 1})
    few = use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"performance": thin})})
    found = measure(few, TONIGHT, "performance")
    assert found.verdict == "insufficient"
    assert found.sentence.endswith("are of one class, so no AUC exists.")


def test_a_night_without_requests_proves_nothing(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    play(use_case, nights, skill=0)
    found = measure(use_case, "2013-04-05", "performance")
    assert (found.verdict, found.champion) == ("insufficient", None)
    assert found.sentence == "No request of 2013-04-05 was answered by a champion."


def test_a_model_without_a_baseline_proves_nothing_and_says_so(use_case: UseCase, nights: Any) -> None:
    found = play(use_case, nights, skill=0)
    assert (found.verdict, found.champion) == ("insufficient", "1")
    assert "has no baseline at" in found.sentence


def test_a_baseline_without_an_auc_proves_nothing_and_says_so(use_case: UseCase, nights: Any) -> None:
    nights.model("1", auc=None)
    found = play(use_case, nights, skill=0)
    assert found.verdict == "insufficient"
    assert found.sentence == "The baseline of model flight_delays/1 has no evaluation AUC to compare with."


def test_with_a_lag_of_two_days_the_window_ends_a_day_earlier(use_case: UseCase, nights: Any) -> None:
    late = use_case.model_copy(update={"label": use_case.label.model_copy(update={"known_after_days": 2})})
    window = ["2013-04-01", *DAYS[:2]]
    nights.model("1")
    for key in [*window, TONIGHT]:
        nights.happen(key)
        nights.answer(key, nights.rows(key), nights.scores(key, skill=0.25))
    for key in DAYS:
        join_ground_truth(late, key)
    found = measure(late, TONIGHT, "performance")
    assert found.sample_size == known(window)
    assert found.verdict == "ok"


def test_measuring_again_gives_the_same_evidence(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    assert play(use_case, nights, skill=0.25).hash == measure(use_case, TONIGHT, "performance").hash


class TestRegression:
    """The same nights, asked how many minutes late. The reference is known to half a minute."""

    @pytest.fixture
    def minutes(self, use_case: UseCase, as_regression: Any) -> UseCase:
        found: UseCase = as_regression(use_case, max_increase=1)
        return found

    def play(
        self, use_case: UseCase, nights: Any, *, off_by: float, reference: dict[str, float], **more: Any
    ) -> Evidence:
        nights.regression_model("1", reference, **more)
        for key in DAYS:
            nights.happen(key)
            delays = sample.table_of("flights", key).column("arr_delay_minutes").to_pylist()
            signs = [1 if place % 2 else -1 for place in range(len(delays))]
            answers = [(delay or 0) + off_by * sign for delay, sign in zip(delays, signs, strict=True)]
            nights.answer(key, nights.rows(key), answers)
            join_ground_truth(use_case, key)
        return measure(use_case, TONIGHT, "performance")

    def test_a_model_as_good_as_in_its_evaluation_holds(self, minutes: UseCase, nights: Any) -> None:
        found = self.play(minutes, nights, off_by=10, reference={"rmse": 10.0}, intervals={"rmse": (9.5, 10.5)})
        assert (found.verdict, found.statistic, found.threshold) == ("ok", "rmse", 11.5)
        assert found.value == pytest.approx(10)
        assert "RMSE of model 1 over 3 nights is 10.000 (10.000 to 10.000) minutes; it was 10.000" in found.sentence
        assert "the lower bound does not exceed the limit 11.500" in found.sentence
        assert [item.name for item in found.statistics] == ["rmse", "mae", "bias", COST, "pinball"]
        cost, pinball = found.statistics[-2:]
        assert (cost.value, pinball.value) == (pytest.approx(15_000, rel=0.01), pytest.approx(5, rel=0.01))
        assert {item.metric_impl_version for item in found.statistics} == {1}

    def test_an_error_beyond_the_evaluations_interval_and_the_tolerance_is_drift(
        self, minutes: UseCase, nights: Any
    ) -> None:
        found = self.play(minutes, nights, off_by=12, reference={"rmse": 10.0}, intervals={"rmse": (9.5, 10.5)})
        assert found.verdict == "drift"
        assert "the lower bound exceeds the limit 11.500" in found.sentence

    def test_answers_that_are_all_too_high_are_a_bias(self, minutes: UseCase, nights: Any) -> None:
        nights.regression_model("1", {"rmse": 30.0})
        for key in DAYS:
            nights.happen(key)
            delays = sample.table_of("flights", key).column("arr_delay_minutes").to_pylist()
            nights.answer(key, nights.rows(key), [float((delay or 0) + 5) for delay in delays])
            join_ground_truth(minutes, key)
        found = measure(minutes, TONIGHT, "performance")
        assert {item.name: round(item.value, 3) for item in found.statistics}["bias"] == 5

    def test_a_model_without_that_metric_cannot_be_judged(self, minutes: UseCase, nights: Any) -> None:
        found = self.play(minutes, nights, off_by=10, reference={"auc": 0.7})
        assert found.verdict == "insufficient"
        assert "has no evaluation RMSE to compare with" in found.sentence

    def test_a_reference_that_another_version_of_the_metric_measured_is_not_compared(
        self, minutes: UseCase, nights: Any
    ) -> None:
        found = self.play(minutes, nights, off_by=10, reference={"rmse": 10.0}, versions={"rmse": 2})
        assert found.verdict == "insufficient"
        assert (
            "was measured by version 2 of that metric, and tonight's would be by version 1; retrain" in found.sentence
        )
