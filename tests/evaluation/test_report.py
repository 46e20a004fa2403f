"""The report as it is written: a golden example, so that a change of its shape is seen."""

import json

from driftgate.evaluation import EvaluationReport, GateResult

GOLDEN = (
    '{"champion":"2","dataset_version":"flight_delays/2013-03-31-3f9c2a1","first_day":"2013-03-18","gates":['
    '{"gate":"champion","interval":[0.001,0.02],"metric":"auc","sentence":"Better.","threshold":0.0,"value":0.01,'
    '"verdict":"pass"}],"intervals":{"auc":[0.71,0.74]},"last_day":"2013-03-31","metric_impl_versions":{"auc":1},"metrics":{"auc":0.725},'
    '"model_id":"job-1","model_sha256":"abc","passed":true,"positives":200,"reason":"All 1 gates passed.",'
    '"rows":1000,"schema_version":1,"use_case":"flight_delays"}'
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
        gates=(gate,),
        passed=True,
        reason="All 1 gates passed.",
    )
    assert report.canonical().decode() == GOLDEN
    assert EvaluationReport.model_validate(json.loads(GOLDEN)) == report
