"""Noise, gaps and an adversary do what they must to a model that is known, and a gate holds the bound."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.compute import JobResult
from driftgate.evaluation import EvaluationReport, evaluate
from driftgate.evaluation.disturbance import Spread, boundary, harmful_signs, spread_of, with_noise, without
from driftgate.evaluation.robustness_report import Robustness
from driftgate.models import Feature
from driftgate.robustness_policy import RobustnessGate
from driftgate.use_cases import UseCase

from .conftest import Formula

VERSION = "flight_delays/2013-03-30-3f9c2a1"
FEATURES = (
    Feature(name="x", kind="numeric", null_value=2.0),
    Feature(name="y", kind="numeric"),
    Feature(name="word", kind="categorical", categories=("a", "b", "c")),
)


@pytest.fixture
def matrix() -> Any:
    random = np.random.default_rng(2)
    words = random.integers(0, 3, 400).astype(float)
    made = np.column_stack([random.integers(0, 10, 400).astype(float), random.normal(size=400), words])
    made[::40, 1] = np.nan
    return made


def flips(before: Any, after: Any) -> Any:
    return (before > 0.5) != (after > 0.5)


def bearing(use_case: UseCase, **section: Any) -> UseCase:
    gate = RobustnessGate(**{"at_noise": 0.1, "max_flip_rate": 0.5, **section})
    return use_case.model_copy(update={"gates": use_case.gates.model_copy(update={"robustness": gate})})


def verdicts(report: EvaluationReport) -> dict[str, str]:
    return {gate.gate: gate.verdict for gate in report.gates if gate.gate.startswith("robustness")}


def made(report: EvaluationReport) -> Robustness:
    assert report.robustness is not None
    return report.robustness


def test_noise_keeps_what_is_missing_and_what_an_instrument_shows(matrix: Any) -> None:
    scorer = Formula(FEATURES, lambda x: x[:, 0])
    spread = spread_of(scorer, matrix)
    assert spread.gap[0] == 1
    assert (spread.deviation[0], spread.deviation[2]) == (pytest.approx(np.std(matrix[:, 0])), 0)
    little, much = (with_noise(scorer, matrix, spread, level) for level in (0.01, 1.0))
    np.testing.assert_array_equal(little[:, 0], matrix[:, 0])
    assert np.isnan(much[::40, 1]).all()
    assert set(np.unique(much[:, 0] % 1)) == {0.0}
    assert 0.8 < (much[:, 0] != matrix[:, 0]).mean() < 1
    assert set(np.unique(much[:, 2])) == {0, 1, 2}
    assert (little[:, 2] != matrix[:, 2]).mean() < 0.03 < (much[:, 2] != matrix[:, 2]).mean()
    np.testing.assert_array_equal(much, with_noise(scorer, matrix, spread, 1.0))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(0.001, 1))
def test_noise_is_finite_whatever_the_training_rows_were(column: list[float], level: float) -> None:
    scorer = Formula(FEATURES, lambda x: x[:, 0])
    rows = np.column_stack([column, np.zeros(len(column)), np.zeros(len(column))])
    assert np.isfinite(with_noise(scorer, rows, spread_of(scorer, rows), level)).all()


def test_a_missing_feature_is_encoded_as_a_request_without_it(matrix: Any) -> None:
    scorer = Formula(FEATURES, lambda x: x[:, 0])
    gone = without(scorer, matrix, ("x", "word"))
    assert (gone[:, 0] == 2.0).all() and np.isnan(gone[:, 2]).all()
    np.testing.assert_array_equal(gone[:, 1], matrix[:, 1])
    [null] = scorer.preprocessing.encode_rows([{"x": None, "y": 1.0, "word": None}])
    np.testing.assert_array_equal(without(scorer, np.array([[0.0, 1.0, 0.0]]), ("x", "word"))[0], null)


def test_the_boundary_is_found_where_it_is(matrix: Any) -> None:
    scorer = Formula(FEATURES, lambda x: np.where(np.nan_to_num(x[:, 1]) > 0.2, 0.9, 0.1))
    rows = np.tile([5.0, 0.0, 1.0], (10, 1))
    spread = Spread(np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.001, 1.0]))
    first, second = boundary(scorer, rows, spread, flips)
    assert (first.feature, first.smallest_step, first.flip_share) == ("y", 0.3, 1.0)
    assert (second.feature, second.smallest_step, second.flip_share) == ("x", None, 0.0)


def test_an_adversary_does_more_harm_than_noise(matrix: Any) -> None:
    def formula(x: Any) -> Any:
        return 1 / (1 + np.exp(-(0.5 * (x[:, 0] - 4.5) - 2 * np.nan_to_num(x[:, 1]))))

    scorer = Formula(FEATURES, formula)
    labels = formula(matrix) > 0.5
    spread = spread_of(scorer, matrix)
    signs = harmful_signs(scorer, matrix, spread, labels)
    known = ~np.isnan(matrix[:, 1])
    np.testing.assert_array_equal(signs[known, 0], np.where(labels[known], -1, 1))
    np.testing.assert_array_equal(signs[known, 1], np.where(labels[known], 1, -1))
    attacked = matrix + 0.3 * spread.deviation * signs
    answers = scorer.score_matrix(matrix)
    noise = flips(answers, scorer.score_matrix(with_noise(scorer, matrix, spread, 0.3))).mean()
    assert flips(answers, scorer.score_matrix(attacked)).mean() > 2 * noise


def test_the_report_says_what_noise_and_gaps_do(use_case: UseCase, folder: Path, job: JobResult) -> None:
    report = evaluate(bearing(use_case, at_noise=0.2, max_metric_drop_missing=0.5), VERSION, folder, job, None)
    found = made(report)
    assert [one.level for one in found.noise] == [0.01, 0.03, 0.1, 0.2, 0.3, 1.0]
    rates = [one.flip_rate for one in found.noise]
    assert rates == sorted(rates)
    assert rates[-1] > 0.1
    assert found.noise[-1].metric_drop > 0.03
    assert found.missing[0].features in [("carrier",), ("departure_hour",)]
    assert [one.metric_drop for one in found.missing] == sorted(one.metric_drop for one in found.missing)[::-1]
    assert (found.gradient, found.online, found.flip_tolerance) == ((), None, None)
    assert "departure_hour" in [one.feature for one in found.boundary[:2]]
    assert verdicts(report) == {"robustness_noise": "pass", "robustness_missing": "pass"}
    assert (
        report.hash
        == evaluate(bearing(use_case, at_noise=0.2, max_metric_drop_missing=0.5), VERSION, folder, job, None).hash
    )


def test_what_cannot_bear_it_is_rejected_by_the_bound(use_case: UseCase, folder: Path, job: JobResult) -> None:
    found = made(evaluate(bearing(use_case), VERSION, folder, job, None))
    noise = next(one for one in found.noise if one.level == 0.1)
    strict = bearing(use_case, max_flip_rate=noise.flip_rate, max_metric_drop_missing=found.missing[0].metric_drop)
    report = evaluate(strict, VERSION, folder, job, None)
    assert verdicts(report) == {"robustness_noise": "fail", "robustness_missing": "fail"}, "the point is no bound"
    assert report.status == "rejected_robustness_noise"
    assert "of 1,000 answers flip; the upper bound" in report.reason


def test_without_the_section_nothing_is_measured(use_case: UseCase, folder: Path, job: JobResult) -> None:
    report = evaluate(use_case, VERSION, folder, job, None)
    assert (report.robustness, verdicts(report)) == (None, {})
    assert list(verdicts(evaluate(bearing(use_case), VERSION, folder, job, None))) == ["robustness_noise"]


def test_two_days_are_insufficient_data(use_case: UseCase, tmp_path: Path, rows: pa.Table, job: JobResult) -> None:
    early = pc.less(rows.column("scheduled_departure").cast(pa.date32(), safe=False), pa.scalar(15786, pa.date32()))
    pq.write_table(rows.filter(early), tmp_path / "rows.parquet")
    report = evaluate(bearing(use_case, max_metric_drop_missing=0.0), VERSION, tmp_path, job, None)
    assert verdicts(report) == {"robustness_noise": "insufficient_data", "robustness_missing": "insufficient_data"}
