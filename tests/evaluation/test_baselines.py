"""The baselines learn from the training rows only, and cope with what real rows have: nulls, new categories."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.errors import ConfigError
from driftgate.evaluation.baselines import baseline_scores, linear_scores, logistic_scores, rule_scores
from driftgate.evaluation.metrics import auc


@pytest.fixture
def train(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows.column("split"), "train")).drop_columns("split")


@pytest.fixture
def validation(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows.column("split"), "validation")).drop_columns("split")


def labels(table: pa.Table) -> np.ndarray:
    return table.column("label").to_numpy(zero_copy_only=False).astype(bool)


def hours(table: pa.Table) -> np.ndarray:
    return pc.hour(table.column("scheduled_departure")).to_numpy()


def test_the_rule_is_the_smoothed_share_of_the_hour(use_case, train, validation) -> None:
    scores = rule_scores(use_case, train, validation)
    at_seven = labels(train)[hours(train) == 7]
    expected = (at_seven.sum() + 100 * labels(train).mean()) / (len(at_seven) + 100)
    assert scores[hours(validation) == 7] == pytest.approx(expected)


def test_an_hour_that_training_never_saw_gets_the_overall_share(use_case, train, validation) -> None:
    scores = rule_scores(use_case, train.filter(pa.array(hours(train) != 7)), validation)
    overall = labels(train)[hours(train) != 7].mean()
    assert scores[hours(validation) == 7] == pytest.approx(overall)


def test_logistic_regression_ranks_better_than_chance_and_gives_probabilities(use_case, train, validation) -> None:
    scores = logistic_scores(use_case, train, validation)
    assert auc(labels(validation), scores) > 0.6
    assert scores.mean() == pytest.approx(labels(train).mean(), abs=0.05)


def test_logistic_regression_does_not_see_what_identifies_a_request(use_case, train, validation) -> None:
    leaking = train.set_column(1, "flight", pc.cast(train.column("label"), pa.int32()))
    assert np.array_equal(logistic_scores(use_case, leaking, validation), logistic_scores(use_case, train, validation))


def test_logistic_regression_takes_nulls_constants_and_new_categories(use_case, train, validation) -> None:
    empty = pa.nulls(train.num_rows, pa.float64())
    odd = train.append_column("never_known", empty).append_column("constant", pa.array(np.ones(train.num_rows)))
    strange = validation.set_column(0, "carrier", pa.array(["ZZ"] * validation.num_rows))
    strange = strange.append_column("never_known", pa.array(np.zeros(validation.num_rows)))
    strange = strange.append_column("constant", pa.array(np.ones(validation.num_rows)))
    assert np.isfinite(logistic_scores(use_case, odd, strange)).all()


def test_only_the_baselines_that_the_use_case_names_are_fitted(use_case, train, validation) -> None:
    named = use_case.model_copy(update={"train": use_case.train.model_copy(update={"baselines": ("rule",)})})
    assert list(baseline_scores(named, train, validation)) == ["rule"]


def test_training_labels_of_one_class_are_a_sentence(use_case, train, validation) -> None:
    with pytest.raises(ConfigError, match="training labels of flight_delays are of one class"):
        baseline_scores(use_case, train.filter(train.column("label")), validation)


@pytest.fixture
def minutes(use_case, as_regression):
    return as_regression(use_case)


@pytest.fixture
def miles(train: pa.Table, validation: pa.Table) -> list[pa.Table]:
    """The same rows with numbers for labels: a tenth of the distance, a carrier that is slower, some noise."""
    random = np.random.default_rng(8)
    found = []
    for table in (train, validation):
        slow = 20.0 * (table.column("carrier").to_numpy(zero_copy_only=False) == "DL")
        label = table.column("distance_miles").to_numpy() / 10 + slow + random.normal(size=table.num_rows)
        found.append(table.set_column(table.column_names.index("label"), "label", pa.array(label)))
    return found


def test_the_rule_of_a_regression_is_the_mean_of_the_group(minutes, miles) -> None:
    by = minutes.model_copy(update={"train": minutes.train.model_copy(update={"rule_by": ("carrier", "origin")})})
    scores = rule_scores(by, *miles)
    groups = [list(zip(part["carrier"].to_pylist(), part["origin"].to_pylist(), strict=True)) for part in miles]
    numbers = miles[0]["label"].to_numpy()
    own = numbers[[group == ("DL", "JFK") for group in groups[0]]]
    asked = [group == ("DL", "JFK") for group in groups[1]]
    assert scores[asked] == pytest.approx((own.sum() + numbers.mean()) / (len(own) + 1))


def test_a_group_that_training_never_saw_gets_the_overall_mean(minutes, miles) -> None:
    by = minutes.model_copy(update={"train": minutes.train.model_copy(update={"rule_by": ("carrier",)})})
    known = miles[0].filter(pc.not_equal(miles[0]["carrier"], "DL"))
    scores = rule_scores(by, known, miles[1])
    assert scores[miles[1]["carrier"].to_numpy(zero_copy_only=False) == "DL"] == pytest.approx(
        known["label"].to_numpy().mean()
    )


def test_a_rule_by_a_column_that_is_not_there_is_a_sentence(minutes, miles) -> None:
    by = minutes.model_copy(update={"train": minutes.train.model_copy(update={"rule_by": ("carier",)})})
    with pytest.raises(ConfigError, match=r"'train.rule_by' names 'carier', which .* did you mean 'carrier'"):
        rule_scores(by, *miles)


def test_the_linear_baseline_finds_a_linear_truth(minutes, miles) -> None:
    scores = linear_scores(minutes, *miles)
    assert np.abs(scores - miles[1]["label"].to_numpy()).mean() < 1.0
    assert list(baseline_scores(minutes, *miles)) == ["rule", "linear"]
    assert np.array_equal(scores, linear_scores(minutes, *miles)), "the same rows give the same numbers"
