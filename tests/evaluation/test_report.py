"""The report as it is written: a golden example, so that a change of its shape is seen."""

import json

from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.evaluation.report import CaseResult, SegmentResult, SplitDistance

GOLDEN = (
    '{"champion":"2","dataset_version":"flight_delays/2013-03-31-3f9c2a1","edge_cases":[{"case":"storm","changed_score":0.4,"score":0.2,'
    '"sentence":"Holds.","verdict":"pass"}],"first_day":"2013-03-18","gates":['
    '{"gate":"champion","interval":[0.001,0.02],"metric":"auc","sentence":"Better.","threshold":0.0,"value":0.01,'
    '"verdict":"pass"}],"intervals":{"auc":[0.71,0.74]},"last_day":"2013-03-31","metric_impl_versions":{"auc":1},"metrics":{"auc":0.725},'
    '"model_id":"job-1","model_sha256":"abc","passed":true,"positives":200,"reason":"All 1 gates passed.",'
    '"rows":1000,"schema_version":1,'
    '"segments":[{"bias":-0.01,"min_rows":100,"rows":120,"segment":"night","value":0.7}],"splits":[{"feature":"dest",'
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
        splits=(SplitDistance(feature="dest", first="train", second="validation", psi=0.02, kolmogorov_smirnov=None),),
        edge_cases=(CaseResult(case="storm", score=0.2, changed_score=0.4, verdict="pass", sentence="Holds."),),
        gates=(gate,),
        passed=True,
        reason="All 1 gates passed.",
    )
    assert report.canonical().decode() == GOLDEN
    assert EvaluationReport.model_validate(json.loads(GOLDEN)) == report
