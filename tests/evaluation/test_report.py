"""The report as it is written: a golden example, so that a change of its shape is seen."""

import json

import pytest
from pydantic import ValidationError

from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.evaluation.report import (
    CaseResult,
    CostComparison,
    ReliabilityBin,
    SegmentResult,
    SliceResult,
    SplitDistance,
)

GOLDEN = (
    '{"champion":"2","costs":[{"interval":[-20.0,60.0],"other":"rule","saving":30.0,"usd_per_1000":900.0}],'
    '"curves":null,'
    '"dataset_version":"flight_delays/2013-03-31-3f9c2a1","decision_threshold":null,"edge_cases":[{"case":"storm","changed_score":0.4,"score":0.2,'
    '"sentence":"Holds.","verdict":"pass"}],"explanation":null,"fairness":null,"first_day":"2013-03-18","gates":['
    '{"excused_by":null,"gate":"champion","interval":[0.001,0.02],"metric":"auc","sentence":"Better.","threshold":0.0,"value":0.01,'
    '"verdict":"pass","waiver":null}],"intervals":{"auc":[0.71,0.74]},"last_day":"2013-03-31","metric_impl_versions":{"auc":1},"metrics":{"auc":0.725},'
    '"model_id":"job-1","model_sha256":"abc","passed":true,"positives":200,"reason":"All 1 gates passed.",'
    '"reliability":[{"mean_label":0.21,"mean_score":0.2,"rows":1000}],"review":[],'
    '"robustness":null,"rows":1000,"schema_version":1,'
    '"segments":[{"bias":-0.01,"min_rows":100,"rows":120,"segment":"night","value":0.7}],'
    '"slices":[{"by":"carrier","champion_loss":null,"gain":null,"interval":null,"loss":null,"rows":9,"slice":"HA",'
    '"verdict":"insufficient_data"}],"split":"out_of_time","splits":[{"feature":"dest",'
    '"first":"train","kolmogorov_smirnov":null,"psi":0.02,"second":"validation"}],"use_case":"flight_delays"}'
)


def test_the_golden_report_is_written_and_read_unchanged() -> None:
    gate = GateResult(
        gate="champion", value=0.01, interval=(0.001, 0.02), threshold=0.0, verdict="pass", sentence="Better."
    )
    report = EvaluationReport(
        use_case="flight_delays",
        dataset_version="flight_delays/2013-03-31-3f9c2a1",
        model_id="job-1",
        model_sha256="abc",
        champion="2",
        first_day="2013-03-18",
        last_day="2013-03-31",
        rows=1000,
        positives=200,
        metrics={"auc": 0.725},
        metric_impl_versions={"auc": 1},
        intervals={"auc": (0.71, 0.74)},
        segments=(SegmentResult(segment="night", rows=120, min_rows=100, value=0.7, bias=-0.01),),
        costs=(CostComparison(other="rule", usd_per_1000=900.0, saving=30.0, interval=(-20.0, 60.0)),),
        reliability=(ReliabilityBin(rows=1000, mean_score=0.2, mean_label=0.21),),
        slices=(SliceResult(by="carrier", slice="HA", rows=9, verdict="insufficient_data"),),
        splits=(SplitDistance(feature="dest", first="train", second="validation", psi=0.02, kolmogorov_smirnov=None),),
        edge_cases=(CaseResult(case="storm", score=0.2, changed_score=0.4, verdict="pass", sentence="Holds."),),
        gates=(gate,),
        passed=True,
        reason="All 1 gates passed.",
    )
    assert report.canonical().decode() == GOLDEN
    assert EvaluationReport.model_validate(json.loads(GOLDEN)) == report


def test_rows_that_the_model_fitted_can_gate_nothing() -> None:
    with pytest.raises(ValidationError, match="out_of_time"):
        EvaluationReport.model_validate({**json.loads(GOLDEN), "split": "train"})


def test_a_report_of_before_these_gates_is_still_read() -> None:
    old = json.loads(GOLDEN)
    for name in ("costs", "decision_threshold", "reliability", "slices", "split", "review"):
        del old[name]
    assert EvaluationReport.model_validate(old).status == "accepted"


def test_a_candidate_that_passed_may_still_wait_for_a_person() -> None:
    report = EvaluationReport.model_validate({**json.loads(GOLDEN), "review": ["champion"]})
    assert (report.passed, report.status) == (True, "needs_review")
