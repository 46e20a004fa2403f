"""What came of each step of air_time's loop, which is played once (see ``conftest.py``)."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from driftgate.cli import app
from driftgate.datasets import version_files
from driftgate.datasets.comparison import compare
from driftgate.evaluation import evaluate
from driftgate.evaluation.costs import COST
from driftgate.monitoring import (
    decide,
    load_baseline,
    measure,
)
from driftgate.registry import find_model, verified_files
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate.world.summary import models
from driftgate.world.traffic import requests_of_day

from .conftest import ASKED, TRAINED_ON, Loop

pytestmark = pytest.mark.slow

if find_spec("torch") is None:
    pytest.skip("air_time's trainer needs torch; run `make torch`", allow_module_level=True)


def test_the_rows_have_minutes_for_labels_and_none_of_a_flight_that_was_never_up(loop: Loop) -> None:
    rows = pq.read_table(version_files(loop.version.name) / "rows.parquet")
    flown = [sample.table_of("flights", day)["air_time_minutes"] for day in TRAINED_ON]
    assert rows.num_rows == sum(len(column) - column.null_count for column in flown)
    assert str(rows.schema.field("label").type) == "double"
    assert pc.sum(rows["label"]).as_py() == sum(pc.sum(column).as_py() for column in flown)
    labels = loop.version.labels
    assert labels.mean == pytest.approx(pc.mean(rows["label"]).as_py())
    assert labels.standard_deviation == pytest.approx(pc.stddev(rows["label"]).as_py())
    assert (labels.minimum, labels.maximum) == tuple(pc.min_max(rows["label"]).as_py().values())
    assert labels.without_outcome > 0


def test_two_versions_are_compared_by_the_mean_of_their_labels(loop: Loop) -> None:
    found = compare(loop.version.name, loop.version.name).label_share
    assert found.first == found.second == loop.version.labels.mean


def test_tables_for_people_name_its_metric(loop: Loop) -> None:
    table = models(loop.use_case)
    assert [column.header for column in table.columns][3:] == ["RMSE", "Champion's RMSE on the same rows"]
    assert list(table.columns[3].cells) == [f"{loop.report.metrics['rmse']:.3f}"]


def test_the_candidate_is_held_against_a_rule_and_a_linear_model_in_minutes(loop: Loop) -> None:
    metrics = loop.report.metrics
    assert {"rmse", "mae", "bias", "rule_rmse", "linear_rmse", "rule_mae", "linear_mae"} <= set(metrics)
    assert 3 < metrics["mae"] < metrics["rmse"] < 40
    assert 3 < metrics["linear_rmse"] < metrics["rule_rmse"] + 10 < 40
    assert loop.report.intervals["rmse"][0] < metrics["rmse"] < loop.report.intervals["rmse"][1]
    assert loop.report.positives is None
    assert loop.report.metric_impl_versions == {"rmse": 1, "mae": 1, "bias": 1, "mape": 1}
    assert 0 < metrics["mape"] < 0.5
    assert {gate.gate: gate.metric for gate in loop.report.gates} == {
        **dict.fromkeys(("uplift", "champion", "segment_regression", "coverage", "edge_cases"), "rmse"),
        "cost": "expected_cost_usd_per_1000",
        "calibration": "bias",
        "slices": "mae",
        "explanation_sum": "sum_error",
        "robustness_noise": "flip_rate",
    }


def test_the_network_is_explained_by_sampling_and_attacked_along_its_slope(loop: Loop) -> None:
    explained, robustness = loop.report.explanation, loop.report.robustness
    assert explained is not None and robustness is not None
    assert (explained.method, explained.baseline.log_odds, explained.rows) == ("sampled_shapley", False, 100)
    assert explained.sum_error < 1e-3
    assert json.loads(verified_files(loop.model)["explain.json"]) == explained.model_dump(mode="json")
    noise, gradient = (
        {one.level: one.metric_drop for one in found} for found in (robustness.noise, robustness.gradient)
    )
    assert gradient[0.1] > max(noise[0.1], 0), "a direction that is chosen does more harm than chance"
    assert robustness.online is not None and len(robustness.online.features) == 4
    assert loop.report.status == "accepted"
    assert "RMSE" in loop.report.reason


def test_a_candidate_without_uplift_has_that_status(loop: Loop) -> None:
    greedy = loop.use_case.train.model_copy(update={"min_uplift": 50.0})
    strict = loop.use_case.model_copy(update={"train": greedy})
    report = evaluate(strict, loop.version.name, version_files(loop.version.name), loop.job, None)
    assert (report.passed, report.status) == (False, "rejected_no_uplift")
    assert "less than the 50.0000 that is asked for" in report.reason


def test_the_champion_gains_nothing_on_itself(loop: Loop) -> None:
    report = evaluate(loop.use_case, loop.version.name, version_files(loop.version.name), loop.job, loop.model)
    gates = {gate.gate: gate for gate in report.gates}
    for name in ("champion", "slices"):
        assert (gates[name].value, gates[name].interval, gates[name].verdict) == (0.0, (0.0, 0.0), "pass")
    assert {one.slice for one in report.slices if one.verdict == "pass"} >= {"EWR", "JFK", "LGA", "UA", "6 to 12"}
    assert {one.verdict for one in report.slices if one.rows < 300} == {"insufficient_data"}


def test_the_validation_rows_and_the_edge_cases_are_good_enough(loop: Loop) -> None:
    assert {"coverage", "edge_cases"} <= {gate.gate for gate in loop.report.gates}
    assert all(one.rows >= one.min_rows for one in loop.report.segments)
    assert {one.feature for one in loop.report.splits} >= {"distance_miles", "tail_number"}
    assert all(one.verdict != "fail" for one in loop.report.edge_cases)


def test_the_command_line_asks_a_registered_model_its_edge_cases(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = CliRunner().invoke(app, ["model", "edge-cases", "air_time", loop.model.version])
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.count(" pass ") >= 12

    shutil.copytree(project_root() / "include", tmp_path / "include", ignore=shutil.ignore_patterns("driftgate"))
    file = tmp_path / "include/use_cases/air_time/edge_cases.yaml"
    file.write_text(file.read_text().replace("at_least: 170", "at_least: 240", 1))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    answer = CliRunner().invoke(app, ["model", "edge-cases", "air_time", loop.model.version])
    assert answer.exit_code == 1
    assert "edge cases do not hold of air_time/1." in answer.output
    assert "Edge case 'houston' does not hold" in answer.output


def test_the_card_speaks_of_minutes(loop: Loop) -> None:
    card = verified_files(find_model("air_time", loop.model.version))["card.md"].decode()
    for fact in (
        "A score is the `air_time_minutes` to be expected, in minutes, of one request",
        "each one too many costs 15 USD and each one too few 40 USD",
        "| | RMSE (minutes) | MAE (minutes) | expected cost (USD per 1,000) |",
        "| baseline: linear | ",
        "Bias ",
        "answers that turn when it moves a little",
        "The labels of ",
    ):
        assert fact in card
    assert "positive" not in card


def test_what_a_feature_is_worth_is_measured_without_a_threshold(loop: Loop) -> None:
    found = json.loads(verified_files(loop.model)["feature_baseline.json"])
    assert found["decision_threshold"] is None
    assert found["answer_tolerance"] == pytest.approx(0.1 * loop.report.metrics["rmse"], rel=0.2)
    worth = {name: item["importance"]["permutation"] for name, item in found["features"].items()}
    assert max(worth, key=lambda name: worth[name]) in (
        "distance_miles",
        "dest",
        "route_minutes_28d",
        "route_minutes_7d",
        "route_minutes_1d",
        "carrier_route_minutes_28d",
        "scheduled_minutes",
    )


def test_the_package_knows_what_nights_are_held_against(loop: Loop) -> None:
    baseline = load_baseline("air_time", loop.model.version)
    assert baseline.reference == {name: loop.report.metrics[name] for name in ("rmse", "mae", "bias", COST)}
    assert baseline.reference_intervals["rmse"] == loop.report.intervals["rmse"]
    assert 20 < baseline.scores.mean < 300


def test_the_endpoint_answers_with_a_value_and_its_unit(loop: Loop) -> None:
    answers = loop.answers[0]["predictions"]
    assert len(answers) == sample.table_of("flights", ASKED[0]).num_rows
    assert all(set(one) == {"prediction_id", "value", "unit", "model_version", "role"} for one in answers)
    assert {one["unit"] for one in answers} == {"minutes"}
    rows = requests_of_day(loop.use_case, ASKED[0])
    far = [one["value"] for one, row in zip(answers, rows, strict=True) if row["dest"] == "HNL"]
    near = [one["value"] for one, row in zip(answers, rows, strict=True) if row["dest"] == "BOS"]
    assert min(far) > 300 > 100 > max(near)


def test_the_description_of_the_endpoint_tells_both_kinds_of_answers(loop: Loop) -> None:
    schemas = loop.openapi["components"]["schemas"]
    answers = [schemas[f"{name}.answer"] for name in ("flight_delays", "air_time")]
    kinds = [set(answer["properties"]["predictions"]["items"]["required"]) for answer in answers]
    assert [kind & {"score", "value", "unit"} for kind in kinds] == [{"score"}, {"value", "unit"}]


def test_the_night_has_evidence_of_its_error_in_minutes(loop: Loop) -> None:
    first, second = loop.nights
    assert first.verdict == "insufficient", "one of two nights is too few"
    assert (second.statistic, second.sample_size > 1500) == ("rmse", True)
    assert second.value is not None
    assert 3 < second.value < 40
    assert "minutes; it was " in second.sentence


def test_what_the_endpoint_saw_is_what_training_sees(loop: Loop) -> None:
    assert (loop.skew.verdict, loop.skew.value) == ("ok", 0.0), loop.skew.sentence


def test_the_reasons_of_its_answers_are_those_of_its_evaluation(loop: Loop) -> None:
    found = measure(loop.use_case, ASKED[1], "attribution")
    assert (found.verdict, found.sample_size) == ("ok", 100), found.sentence
    assert found.value is not None and found.value > 0.9
    explained = {one.feature: one.share for one in loop.report.explanation.features} if loop.report.explanation else {}
    told = {one.feature: one.reference for one in found.statistics if one.name == "mean_shap_share"}
    assert told == explained


def test_the_verdict_is_made_of_it(loop: Loop) -> None:
    data = measure(loop.use_case, ASKED[1], "data")
    assert "data drift is calibrated on at least 28" in data.sentence  # the loop's window is shorter, to be quick
    measure(loop.use_case, ASKED[1], "skew")
    verdict = decide(loop.use_case, ASKED[1])
    assert verdict.champion == loop.model.version
    assert (verdict.decision, verdict.rule) == ("cannot_judge", "evidence_insufficient")
