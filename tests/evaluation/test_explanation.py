"""A model is explained exactly, or by sampling that adds up; one that goes by chance is rejected however good it is."""

from collections.abc import Callable, Sequence
from itertools import permutations
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
from driftgate.evaluation.attribution import attribution_baseline, attributions, top_reasons
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.explanation_report import AttributionBaseline, Explanation
from driftgate.evaluation.explanation_scores import consistency, fidelity, local_stability, stability
from driftgate.explanation_policy import Explain
from driftgate.models import Contributions, Feature
from driftgate.registry import ModelVersion
from driftgate.use_cases import UseCase

from .conftest import Formula

VERSION = "flight_delays/2013-03-30-3f9c2a1"
Artefacts = Callable[..., dict[str, bytes]]
EVENTS = [f"event_{number}" for number in range(12)]


def formula_of(features: int, formula: Callable[[Any], Any]) -> Formula:
    """A network stands in for this: it scores numbers, and tells nothing else."""
    return Formula([Feature(name=f"f{place}", kind="numeric") for place in range(features)], formula)


def asking(use_case: UseCase, **section: Any) -> UseCase:
    return use_case.model_copy(update={"explain": Explain(**{"level": "local", **section})})


def verdicts(report: EvaluationReport) -> dict[str, str]:
    return {gate.gate: gate.verdict for gate in report.gates}


def made(report: EvaluationReport) -> Explanation:
    assert report.explanation is not None
    return report.explanation


def test_the_report_says_what_the_model_goes_by(use_case: UseCase, folder: Path, job: JobResult) -> None:
    report = evaluate(asking(use_case, min_stability=0.0), VERSION, folder, job, None)
    found = made(report)
    assert (found.method, found.level, found.rows) == ("tree_shap", "local", 200)
    assert found.sum_error < 1e-9
    assert {one.feature for one in found.features[:3]} == {"carrier", "departure_hour", "visibility_miles"}
    assert sum(one.share for one in found.features) + found.others == pytest.approx(1, abs=1e-5)
    by_name = {one.feature: one for one in found.features}
    assert by_name["departure_hour"].direction == pytest.approx(1, abs=0.1)
    assert by_name["visibility_miles"].direction < 0
    assert by_name["carrier"].direction is None
    assert verdicts(report) == {
        "uplift": "pass",
        "champion": "pass",
        "explanation_sum": "pass",
        "explanation_stability": "pass",
    }


def test_an_example_adds_up_and_holds_no_value_of_its_row(use_case: UseCase, folder: Path, job: JobResult) -> None:
    found = made(evaluate(asking(use_case, top_k=2), VERSION, folder, job, None))
    assert len(found.examples) == 5
    for one in found.examples:
        assert len(one.reasons) == 2
        added = found.base + sum(reason.contribution for reason in one.reasons) + one.others
        assert added == pytest.approx(one.raw, abs=1e-5)
    assert found.examples[0].raw < found.examples[-1].raw
    assert not any(word in found.canonical().decode() for word in ('"EWR"', '"ATL"', '"B6"'))


def test_neighbours_of_a_row_are_explained_alike_or_the_candidate_is_rejected(
    use_case: UseCase, folder: Path, job: JobResult
) -> None:
    report = evaluate(asking(use_case, min_local_stability=0.3), VERSION, folder, job, None)
    score = made(report).local_stability
    assert score is not None and score.interval is not None
    assert 0.3 < score.interval[0] < score.value < score.interval[1] < 1
    strict = evaluate(asking(use_case, min_local_stability=score.value), VERSION, folder, job, None)
    assert verdicts(strict)["explanation_local_stability"] == "fail"
    assert made(evaluate(asking(use_case, level="global"), VERSION, folder, job, None)).local_stability is None


def test_the_level_says_what_is_measured(use_case: UseCase, folder: Path, job: JobResult) -> None:
    assert made(evaluate(asking(use_case, level="global"), VERSION, folder, job, None)).examples == ()
    none = evaluate(asking(use_case, level="none", min_stability=1.0), VERSION, folder, job, None)
    assert none.explanation is None
    assert "explanation_stability" not in verdicts(none)


def test_another_baseline_is_another_record(use_case: UseCase, folder: Path, job: JobResult, rows: pa.Table) -> None:
    asked = ["training_mean", "positive_class", "negative_class"]
    found = [made(evaluate(asking(use_case, baseline=kind), VERSION, folder, job, None)) for kind in asked]
    assert len({one.baseline_sha256 for one in found}) == 3
    assert found[2].base < found[0].base < found[1].base, "who is late has higher scores"
    assert all(one.sum_error < 1e-9 for one in found)
    train = rows.filter(pc.equal(rows.column("split"), "train"))
    late = attribution_baseline(asking(use_case, baseline="positive_class"), candidate_scorer(job), train)
    hours = train.filter(train.column("label")).column("departure_hour")
    assert late.values[4] == pytest.approx(pc.mean(hours).as_py(), abs=1e-6)


def eventful(rows: pa.Table) -> pa.Table:
    """The same flights, and every day one of twelve events that makes nearly all of them late, or nearly none."""
    event, random = np.repeat(np.arange(30), 150) % 12, np.random.default_rng(5)
    late = random.uniform(size=rows.num_rows) < np.where(event % 2, 0.9, 0.1)
    for number, name in enumerate(EVENTS):
        rows = rows.append_column(name, pa.array((event == number).astype(float)))
    return rows.set_column(rows.column_names.index("label"), "label", pa.array(late))


def test_a_better_candidate_that_goes_by_something_else_every_day_is_rejected(
    use_case: UseCase, tmp_path: Path, rows: pa.Table, train_on: Any, finish: Any, champion: Any
) -> None:
    table = eventful(rows)
    pq.write_table(table, tmp_path / "rows.parquet")
    candidate = finish(train_on(table, ["carrier", "departure_hour", *EVENTS]))
    before = champion(train_on(table, ["carrier", "departure_hour"]))
    alone = use_case.model_copy(update={"train": use_case.train.model_copy(update={"baselines": ()})})
    report = evaluate(asking(alone, min_stability=0.8), VERSION, tmp_path, candidate, before)
    assert report.metrics["auc"] > report.metrics["champion_auc"] + 0.2
    assert (verdicts(report)["uplift"], verdicts(report)["champion"]) == ("pass", "pass")
    assert (report.passed, report.status) == (False, "rejected_explanation_stability")
    assert "is less than the 0.8 that is asked for" in report.reason


def test_a_candidate_that_goes_by_other_things_than_the_champion_is_rejected(
    use_case: UseCase, folder: Path, artefacts: Artefacts, job: JobResult, champion: Callable[..., ModelVersion]
) -> None:
    strict = asking(use_case, min_consistency=0.9)
    alike = evaluate(strict, VERSION, folder, job, champion(artefacts(rounds=50)))
    assert made(alike).consistency.value > 0.9  # type: ignore[union-attr]
    assert made(alike).features[0].champion_share == pytest.approx(made(alike).features[0].share, abs=0.05)
    other = champion(artefacts(["origin", "dest", "distance_miles", "visibility_miles"]), "2")
    report = evaluate(strict, VERSION, folder, job, other)
    assert verdicts(report)["explanation_consistency"] == "fail"


def test_a_champion_that_cannot_score_or_is_not_there_is_not_compared_with(
    use_case: UseCase, tmp_path: Path, rows: pa.Table, artefacts: Artefacts, finish: Any, champion: Any
) -> None:
    pq.write_table(rows.drop_columns("dest"), tmp_path / "rows.parquet")
    candidate, strict = finish(artefacts(["carrier", "departure_hour"])), asking(use_case, min_consistency=0.9)
    first = evaluate(strict, VERSION, tmp_path, candidate, None)
    assert list(verdicts(first)) == ["uplift", "champion", "explanation_sum"]
    report = evaluate(strict, VERSION, tmp_path, candidate, champion(artefacts()))
    assert verdicts(report)["explanation_consistency"] == "insufficient_data"


def test_too_few_features_shown_are_no_explanation(use_case: UseCase, folder: Path, job: JobResult) -> None:
    one = evaluate(asking(use_case, top_k=1, min_fidelity=0.9), VERSION, folder, job, None)
    all_ = evaluate(asking(use_case, top_k=6, min_fidelity=0.9), VERSION, folder, job, None)
    assert (verdicts(one)["explanation_fidelity"], verdicts(all_)["explanation_fidelity"]) == ("fail", "pass")
    assert made(all_).fidelity.value == pytest.approx(1)


def test_too_few_days_are_insufficient_data(use_case: UseCase, tmp_path: Path, rows: pa.Table, job: JobResult) -> None:
    early = pc.less(rows.column("scheduled_departure").cast(pa.date32(), safe=False), pa.scalar(15786, pa.date32()))
    pq.write_table(rows.filter(early), tmp_path / "rows.parquet")
    report = evaluate(asking(use_case, min_stability=0.5, min_fidelity=0.5), VERSION, tmp_path, job, None)
    assert verdicts(report)["explanation_stability"] == verdicts(report)["explanation_fidelity"] == "insufficient_data"


def test_reasons_name_the_furthest_first() -> None:
    found = top_reasons(["a", "b", "c", "d"], np.array([0.1, -0.5, 0.3, 0.2]), 3)
    assert [(one.feature, one.contribution) for one in found] == [("b", -0.5), ("c", 0.3), ("d", 0.2)]


MEAN = AttributionBaseline(kind="training_mean", log_odds=False, values=(1.0, -1.0, 0.5))


def test_of_a_linear_model_each_feature_adds_its_weight_times_its_distance() -> None:
    scorer = formula_of(3, lambda x: 2 * x[:, 0] - 3 * x[:, 1] + 7)
    matrix = np.random.default_rng(0).normal(size=(20, 3))
    found = attributions(scorer, matrix, MEAN)
    np.testing.assert_allclose(found.values[:, 0], 2 * (matrix[:, 0] - 1), atol=1e-12)
    np.testing.assert_allclose(found.values[:, 1], -3 * (matrix[:, 1] + 1), atol=1e-12)
    np.testing.assert_allclose(found.values[:, 2], 0, atol=1e-12)
    assert found.base == 12


def exact(formula: Callable[[Any], Any], row: Any, start: Any) -> Sequence[float]:
    """Return the Shapley values over all orders of the features."""
    added = np.zeros(len(row))
    orders = list(permutations(range(len(row))))
    for order in orders:
        now = np.array(start, dtype=float)
        for place in order:
            before = formula(now[None])[0]
            now[place] = row[place]
            added[place] += formula(now[None])[0] - before
    return list(added / len(orders))


def test_sampling_comes_near_to_all_orders() -> None:
    def formula(x: Any) -> Any:
        return x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + x[:, 1] ** 2

    row = np.array([[2.0, 1.5, -0.7]])
    found = attributions(formula_of(3, formula), row, MEAN)
    np.testing.assert_allclose(found.values[0], exact(formula, row[0], MEAN.values), atol=0.4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.booleans())
def test_sampled_contributions_and_base_add_up(row: list[float], log_odds: bool) -> None:
    scorer = formula_of(3, lambda x: 1 / (1 + np.exp(-(x[:, 0] * x[:, 1] - x[:, 2]))))
    found = attributions(scorer, np.array([row]), MEAN.model_copy(update={"log_odds": log_odds}))
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, found.raw, atol=1e-6)


def test_a_missing_value_of_a_baseline_stays_missing() -> None:
    scorer = formula_of(3, lambda x: np.where(np.isnan(x[:, 0]), 10.0, x[:, 0]))
    found = attributions(scorer, np.ones((1, 3)), MEAN.model_copy(update={"values": (None, 0.0, 0.0)}))
    assert (found.base, found.values[0].tolist()) == (10.0, [-9.0, 0.0, 0.0])


def test_the_same_order_every_day_is_stable_and_a_turned_one_is_not() -> None:
    same = np.tile([4.0, 3.0, 2.0, 1.0, 0.0], (10, 1))
    assert stability(same, 0.9).model_dump() == {"value": 1.0, "interval": (1.0, 1.0)}
    turned = np.where(np.arange(10)[:, None] < 5, same, same[:, [3, 2, 1, 0, 4]])
    assert stability(turned, 0.9).value < 0.7
    assert stability(same[:, :1], 0.9).value == stability(np.zeros((10, 3)), 0.9).value == 1.0
    assert stability(same[:2], 0.9).interval is None
    assert consistency(same, same, 0.9).value == 1.0
    assert consistency(same, same[:, [3, 2, 1, 0, 4]], 0.9).value == -1.0


def test_fidelity_is_the_share_of_the_variance_that_is_told() -> None:
    random = np.random.default_rng(1)
    values, days = random.normal(size=(300, 2)) * [3.0, 1.0], np.arange(300) % 10
    found = Contributions(values, 0.5, values.sum(axis=1) + 0.5)
    assert fidelity(found, 2, days, 0.9).value == 1.0
    one = fidelity(found, 1, days, 0.9)
    assert 0.8 < one.interval[0] < one.value < one.interval[1] < 1  # type: ignore[index]
    constant = Contributions(np.zeros((300, 2)), 0.5, np.full(300, 0.5))
    assert fidelity(constant, 1, days, 0.9).value == 1.0


def test_a_neighbour_with_the_same_reasons_is_stable_and_with_the_opposite_ones_is_not() -> None:
    random, days = np.random.default_rng(1), np.arange(90) % 9
    values = random.normal(size=(90, 4))
    assert local_stability(values, 2 * values, days, 0.9).value == 1.0
    assert local_stability(values, -values, days, 0.9).value == -1.0
    assert local_stability(values[:, :1], -values[:, :1], days, 0.9).value == 1.0, "one feature is always the first"
