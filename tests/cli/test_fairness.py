"""``driftgate fairness`` shows how groups fare and lists and closes bias cases."""

from collections.abc import Callable
from typing import Any

from driftgate.evaluation.bias_cases import open_case
from driftgate.evaluation.fairness_report import FairnessReport, GroupResult, GroupShares, Proxy
from driftgate.evaluation.report import EvaluationReport, write_report
from driftgate.registry import ModelVersion
from driftgate.use_cases import load_use_case

FOUND = GroupResult(
    facet="operator",
    group="small",
    reference="mainline",
    metric="disparate_impact",
    rows=800,
    reference_rows=8000,
    value=0.5,
    interval=(0.4, 0.6),
    champion=0.75,
    at_least=0.7,
    verdict="fail",
)
CASE = "operator.small.disparate_impact"


def evaluated(fairness: FairnessReport | None) -> None:
    report = EvaluationReport.model_construct(
        use_case="flight_delays", dataset_version="v", model_id="job-1", model_sha256="ab", champion=None,
        first_day="2013-03-18", last_day="2013-03-31", rows=1, positives=1, metrics={}, intervals={}, gates=(),
        passed=True, reason="", fairness=fairness,
    )  # fmt: skip
    write_report(report)


def test_the_groups_of_a_version_are_shown(run: Callable[..., Any], put_package: Callable[..., ModelVersion]) -> None:
    put_package("1")
    evaluated(
        FairnessReport(
            decision_threshold=0.18,
            mitigation="none",
            results=(FOUND,),
            shares=(GroupShares(facet="operator", group="small", train=0.06, validation=0.07, live=None),),
            proxies=(Proxy(facet="operator", group="small", feature="aircraft_seats", auc=0.99),),
        )
    )
    answer = run("fairness", "show", "flight_delays", "1").stdout
    for told in (
        CASE,
        "0.500",
        "0.400 to 0.600",
        "0.750",
        "fail",
        "6.0%",
        "aircraft_seats stands for small of operator",
    ):
        assert told in answer
    evaluated(None)
    assert "without facets; add the section 'fairness'" in run("fairness", "show", "flight_delays", "1").stdout


def test_a_version_that_does_not_exist_is_a_sentence(run: Callable[..., Any]) -> None:
    answer = run("fairness", "show", "flight_delays", "9")
    assert (answer.exit_code, "flight_delays" in answer.output) == (1, True)
    assert run("fairness", "cases", "flight_delay").exit_code == 1


def test_cases_are_listed_and_closed_by_someone_for_a_reason(run: Callable[..., Any]) -> None:
    assert run("fairness", "cases").stdout == "No bias case is open.\n"
    open_case(load_use_case("flight_delays"), FOUND, found_by="evaluation", model="job-1", as_of="2013-03-31")
    answer = run("fairness", "cases", "flight_delays").stdout
    for told in (CASE, "critical", "open", "model-fairness@example.com", "evaluation, 2013-03-31"):
        assert told in answer

    refused = run("fairness", "close", "flight_delays", CASE)
    assert (refused.exit_code, "give both" in refused.output) == (1, True)
    closing = ("fairness", "close", "flight_delays", CASE, "--state", "accepted", "--reason", "known", "--by", "ada")
    assert run(*closing).stdout == f"Bias case {CASE} of flight_delays is accepted.\n"
    assert run("fairness", "cases", "flight_delays").stdout == "No bias case is open.\n"
    assert "accepted" in run("fairness", "cases", "--all").stdout
