"""The estimate: an interval that holds the truth as often as it says, abstaining where it cannot know, bad input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from played_nights import EVALUATED, PlayedNight, Records, baseline, day, evaluated, last_key, play

from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.metrics import auc
from driftgate.monitoring import Evidence
from driftgate.monitoring.judges.estimate import corrected
from driftgate.monitoring.judges.support import outside_share
from driftgate.monitoring.monitors import judge
from driftgate.partition_keys import keys_before
from driftgate.profiles import CategoricalColumn, numeric_column
from driftgate.use_cases import UseCase

TONIGHT = last_key(1)


@pytest.fixture
def lagging(use_case: UseCase) -> UseCase:
    """Outcomes are known two days later, so that tonight's are not there."""
    return use_case.model_copy(update={"label": use_case.label.model_copy(update={"known_after_days": 2})})


@pytest.fixture
def evaluation(use_case: UseCase) -> Any:
    return evaluated(use_case, [day(seed) for seed in range(100, 100 + EVALUATED)])


def judged(use_case: UseCase, evaluation: Any, days: dict[str, ScoredDay], past: Any = None) -> Evidence:
    """The estimate of tonight."""
    night = PlayedNight(use_case, TONIGHT, past or Records(), days, baseline(use_case, evaluation))
    return judge(night, "estimate")


def test_a_night_without_outcomes_is_estimated_with_an_interval(lagging: UseCase, evaluation: Any) -> None:
    found = judged(lagging, evaluation, {TONIGHT: day(1)})
    assert (found.verdict, found.statistic, found.sample_size) == ("ok", "auc", 600)
    assert found.value is not None and found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]
    assert [item.name for item in found.statistics] == ["auc", "log_loss", "expected_cost_usd_per_1000"]
    assert "By its scores alone, AUC of model 1 on 2013-04-01 is about 0." in found.sentence


def test_scores_that_say_less_are_a_drift(lagging: UseCase, evaluation: Any) -> None:
    """The scores are calibrated, and nearly the same for all rows: by themselves they expect to tell little apart."""
    found = judged(lagging, evaluation, {TONIGHT: day(1, spread=0.2)})
    assert (found.verdict, found.severity) == ("drift", "major")


SHIFTS: dict[str, Callable[[int], ScoredDay]] = {
    "none": lambda seed: day(seed),
    "fewer rows": lambda seed: day(seed, rows=350),
    "more rows": lambda seed: day(seed, rows=1500),
    "more certain": lambda seed: day(seed, spread=1.5),
    "less certain": lambda seed: day(seed, spread=0.6),
    "higher scores": lambda seed: tilted(seed, 1),
    "lower scores": lambda seed: tilted(seed, -1),
    "two kinds of rows": lambda seed: joined(day(seed, rows=300, spread=0.4), day(seed, rows=300, spread=1.4)),
}


def tilted(seed: int, way: int) -> ScoredDay:
    """A day from whose rows those with scores to one side are more likely to come."""
    whole = day(seed, rows=1500)
    kept = np.random.default_rng(seed).random(1500) < np.clip(0.5 + way * (whole.scores - 0.3), 0.05, 1)
    return ScoredDay(whole.labels[kept], whole.scores[kept])


def joined(*days: ScoredDay) -> ScoredDay:
    return ScoredDay(np.concatenate([one.labels for one in days]), np.concatenate([one.scores for one in days]))


def test_the_interval_holds_the_truth_as_often_as_it_says_under_eight_shifts(use_case: UseCase) -> None:
    """Both ends hold with 90 % each. The scores stay calibrated up to each day's weather, as the estimate assumes."""
    from driftgate.monitoring.day_measures import estimates

    evaluation = evaluated(use_case, [day(seed) for seed in range(400, 440)])
    known = [one.values for one in evaluation.days]
    for name, make in SHIFTS.items():
        inside = 0
        for seed in range(80):
            tonight = make(seed)
            expected = estimates("binary", use_case.metric.costs_usd, tonight.scores, None)["auc"]
            low, high = corrected("auc", expected, known, 0.9).interval
            inside += low <= auc(tonight.labels, tonight.scores) <= high
        assert inside / 80 >= 0.8 - 2 * np.sqrt(0.8 * 0.2 / 80), name


def test_few_days_give_no_interval() -> None:
    known = [{"auc": 0.7, "estimated_auc": 0.69}] * 8
    with pytest.raises(CannotJudge, match="estimates of 8 days are known to be right or wrong, too few"):
        corrected("auc", 0.7, known, 0.9)
    assert corrected("auc", 0.7, [*known, known[0]], 0.9).value == pytest.approx(0.71)


def test_its_error_is_told_when_the_outcomes_come(use_case: UseCase, lagging: UseCase, evaluation: Any) -> None:
    days = [day(1), day(2), day(3)]
    found = play(lagging, "estimate", days, evaluation)
    said, truth = found[1].value, auc(days[1].labels, days[1].scores)
    told = {item.name: item.value for item in found[2].statistics}["estimate_error"]
    assert said is not None and told == pytest.approx(truth - said, abs=1e-5)
    assert "The newest estimate that met its outcomes was" in found[2].sentence
    same_night = play(use_case, "estimate", days[:1], evaluation)[0]  # where outcomes are there in the same night
    assert "estimate_error" in {item.name for item in same_night.statistics}


def test_tonights_outcomes_are_no_part_of_tonights_estimate(use_case: UseCase, evaluation: Any) -> None:
    first = judged(use_case, evaluation, {TONIGHT: day(1)})
    turned = ScoredDay(~day(1).labels, day(1).scores)
    second = judged(use_case, evaluation, {TONIGHT: turned})
    assert (first.value, first.interval) == (second.value, second.interval)


def test_it_abstains_when_labelled_nights_came_out_on_another_level(lagging: UseCase, evaluation: Any) -> None:
    found = play(lagging, "estimate", [day(seed, level=2.5) for seed in range(6)], evaluation)[-1]
    assert found.verdict == "insufficient"
    assert "labelled days of model 1 came out" in found.sentence and "scores are not calibrated" in found.sentence


@pytest.mark.parametrize("waited", [False, True])
def test_it_abstains_when_the_meaning_has_changed(lagging: UseCase, evaluation: Any, waited: bool) -> None:
    """Also where the night before brought no outcomes, and the concept monitor could say nothing new."""
    past = Records()
    drift = play(lagging, "concept", [day(seed, skill=0) for seed in range(20)], evaluation)[-1]
    past.found[keys_before(TONIGHT, 2 + waited)[0], "concept"] = drift
    if waited:
        waiting = drift.model_copy(update={"verdict": "insufficient", "value": None, "severity": None})
        past.found[keys_before(TONIGHT, 2)[0], "concept"] = waiting
    found = judged(lagging, evaluation, {TONIGHT: day(1)}, past)
    assert found.verdict == "insufficient"
    assert found.sentence.startswith("The meaning of the requests has changed, which no estimate can see: The days")


def test_it_abstains_when_a_feature_left_what_training_supports(lagging: UseCase, evaluation: Any) -> None:
    base = baseline(lagging, evaluation)
    low = base.profile.columns["x"].model_copy(update={"minimum": 0.2, "maximum": 0.7})
    narrow = base.model_copy(update={"profile": base.profile.model_copy(update={"columns": {"x": low}})})
    found = judge(PlayedNight(lagging, TONIGHT, Records(), {TONIGHT: day(1)}, narrow), "estimate")
    assert found.sentence.startswith("50% of the requests of 2013-04-01 have a x that model 1 never saw in training")


def test_what_lies_outside_is_counted_by_hand() -> None:
    known = numeric_column(np.array([1.0, 2, 3]), rows=3)
    assert outside_share(known, numeric_column(np.array([0.5, 1, 3, 4]), rows=4)) == 0.5
    assert outside_share(known, numeric_column(np.array([1.0, 2]), rows=4)) == 0.5  # two are missing, none ever was
    assert outside_share(numeric_column(np.array([1.0]), rows=2), numeric_column(np.array([]), rows=4)) == 0
    words = CategoricalColumn(count=10, nulls=0, categories={"a": 10}, others=0)
    night = CategoricalColumn(count=10, nulls=0, categories={"a": 6, "b": 4}, others=0)
    assert outside_share(words, night) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("tonight", "said"),
    [
        (None, "No request of 2013-04-01 was answered by a champion."),
        (day(1, rows=20), "20 answers of model 1 on 2013-04-01 are fewer than the 300"),
        (ScoredDay(day(1).labels, np.full(600, 0.25)), "All 600 scores of model 1 on 2013-04-01 are 0.25: they tell"),
    ],
)
def test_a_night_that_tells_nothing_says_so(lagging: UseCase, evaluation: Any, tonight: Any, said: str) -> None:
    found = judged(lagging, evaluation, {} if tonight is None else {TONIGHT: tonight})
    assert found.verdict == "insufficient" and said in found.sentence


def test_a_package_without_evaluation_days_says_so(lagging: UseCase) -> None:
    found = judged(lagging, None, {TONIGHT: day(1)})
    assert found.sentence == "The baseline of model 1 tells none of its evaluation days; train and register again."


def test_a_regression_is_estimated_from_its_errors_by_score(lagging: UseCase, as_regression: Any) -> None:
    def minutes(seed: int, *, longest: float = 300) -> ScoredDay:
        random = np.random.default_rng(seed)
        scores = random.uniform(30, longest, 400)
        return ScoredDay(scores + random.normal(size=400) * scores / 20 + random.normal(), scores)

    whole = as_regression(lagging)
    evaluation = evaluated(whole, [minutes(seed) for seed in range(100, 100 + EVALUATED)])
    short = judged(whole, evaluation, {TONIGHT: minutes(1, longest=100)})
    usual = judged(whole, evaluation, {TONIGHT: minutes(2)})
    assert short.statistic == "rmse" and short.value is not None and usual.value is not None
    assert short.value < usual.value / 2
    assert [item.name for item in usual.statistics] == ["rmse", "mae", "expected_cost_usd_per_1000"]
