"""The bias metrics against numbers worked out by hand, with the formulas of SageMaker Clarify."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.evaluation.bias_metrics import (
    BIAS_METRICS,
    conditional_demographic_disparity,
    row_values,
)
from driftgate.fairness_policy import AFTER_TRAINING, BEFORE_TRAINING, BiasMetricName

# The reference has 6 rows, 3 of them true; the group 4 rows, 1 of them true.
REFERENCE = np.array([True] * 6 + [False] * 4)
LABELS = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], dtype=bool)
DECISIONS = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0, 0], dtype=bool)
MINUTES = np.array([10.0, 20, 30, 40, 50, 60, 10, 20, 30, 40])
ANSWERS = np.array([11.0, 19, 33, 40, 52, 61, 9, 16, 30, 41])


def difference(metric, problem, labels, answers, reference=REFERENCE):
    """The metric of the group, which is all rows but those of the reference."""
    values = row_values(problem, labels, answers)
    a, d = ({name: of[rows].sum(keepdims=True) for name, of in values.items()} for rows in (reference, ~reference))
    return float(BIAS_METRICS[metric](a, d))


@pytest.mark.parametrize(
    ("metric", "by_hand"),
    [
        ("class_imbalance", (6 - 4) / 10),
        ("difference_in_proportions_of_labels", 3 / 6 - 1 / 4),
        # One stratum: 3 of the 6 false labels are the group's, and 1 of the 4 true ones.
        ("conditional_demographic_disparity", 3 / 6 - 1 / 4),
        ("disparate_impact", (1 / 4) / (3 / 6)),
        ("difference_in_positive_proportions", 3 / 6 - 1 / 4),
        ("accuracy_difference", 4 / 6 - 2 / 4),
        ("equal_opportunity_difference", 2 / 3 - 0 / 1),
    ],
)
def test_the_metrics_of_a_binary_problem_by_hand(metric: BiasMetricName, by_hand: float) -> None:
    found = difference(metric, "binary", LABELS, DECISIONS)
    assert found == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("metric", "by_hand"),
    [
        ("class_imbalance", 0.2),
        ("difference_in_mean_labels", 35 - 25),
        ("mean_error_difference", (1 - 1 + 3 + 0 + 2 + 1) / 6 - (-1 - 4 + 0 + 1) / 4),
        ("absolute_error_difference", 8 / 6 - 6 / 4),
        ("over_prediction_difference", 4 / 6 - 1 / 4),
    ],
)
def test_the_metrics_of_a_regression_by_hand(metric: BiasMetricName, by_hand: float) -> None:
    found = difference(metric, "regression", MINUTES, ANSWERS)
    assert found == pytest.approx(by_hand)


def test_the_disparity_within_strata_is_the_mean_by_their_rows() -> None:
    # Stratum 1: 20 rows, 10 true; the group has 4 of the 10 false and 2 of the 10 true: 0.4 - 0.2.
    # Stratum 2: 30 rows, 10 true; the group has 5 of the 20 false and 5 of the 10 true: 0.25 - 0.5.
    # Stratum 3: nothing but false labels, so no disparity.
    a = {"rows": np.array([14.0, 20, 5]), "labels": np.array([8.0, 5, 0])}
    d = {"rows": np.array([6.0, 10, 5]), "labels": np.array([2.0, 5, 0])}
    assert float(conditional_demographic_disparity(a, d)) == pytest.approx((20 * 0.2 - 30 * 0.25) / 50)


def test_a_group_without_true_labels_has_no_recall_and_a_reference_without_alarms_no_impact() -> None:
    none = np.zeros(10, dtype=bool)
    for metric, labels in (("equal_opportunity_difference", LABELS & REFERENCE), ("disparate_impact", LABELS)):
        assert math.isnan(difference(metric, "binary", labels, none))


def test_every_metric_of_the_policy_is_one_that_can_be_measured() -> None:
    named = {name for of in (BEFORE_TRAINING, AFTER_TRAINING) for names in of.values() for name in names}
    assert named == set(BIAS_METRICS)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_two_groups_of_the_same_rows_are_treated_alike(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, decisions = random.uniform(size=(2, 30)) < 0.5
    twice = np.arange(60) < 30
    for metric in (*BEFORE_TRAINING["binary"], *AFTER_TRAINING["binary"]):
        found = difference(metric, "binary", np.tile(labels, 2), np.tile(decisions, 2), twice)
        assert math.isnan(found) or found == pytest.approx(1.0 if metric == "disparate_impact" else 0.0)
