"""A failed comparison opens a case that stays until a model or a person ends it; a critical one stops promotions."""

import pytest

from driftgate.errors import ConfigError, PromotionRefused
from driftgate.evaluation import evaluate
from driftgate.evaluation.bias_cases import (
    KIND,
    bias_cases,
    blocking_cases,
    close_case,
    open_case,
    record_cases,
    require_no_blocking_case,
)
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.fairness_policy import Fairness
from driftgate.metadata import metadata
from driftgate.use_cases import UseCase

CASE = "operator.regional.disparate_impact"


def result(value: float = 0.6, spread: float = 0.05, verdict: str = "fail") -> GroupResult:
    return GroupResult.model_validate(
        {
            "facet": "operator", "group": "regional", "reference": "mainline", "metric": "disparate_impact",
            "rows": 500, "reference_rows": 900, "value": value, "interval": (value - spread, value + spread),
            "at_least": 0.8, "at_most": 1.25, "verdict": verdict,
        }
    )  # fmt: skip


def states(case: str) -> list[str]:
    """Every state that a case was in, oldest first."""
    return [entry.body["state"] for entry in metadata().history(KIND, f"flight_delays/{case}")]


def opened(use_case: UseCase, model: str = "job-1", found: GroupResult | None = None) -> None:
    open_case(use_case, found or result(), found_by="evaluation", model=model, as_of="2013-03-30")


def test_a_critical_case_stops_promotions_until_a_person_decides(use_case: UseCase) -> None:
    require_no_blocking_case("flight_delays")
    opened(use_case)
    (case,) = bias_cases("flight_delays")
    assert (case.case, case.state, case.severity, case.value) == (CASE, "open", "critical", 0.6)
    assert case.owner == "model-fairness@example.com"
    with pytest.raises(PromotionRefused, match=r"1 open critical bias case\(s\): operator\.regional\.disparate_impact"):
        require_no_blocking_case("flight_delays")
    close_case("flight_delays", CASE, "accepted", actor="ada", reason="their labels say so")
    require_no_blocking_case("flight_delays")
    assert states(CASE) == ["open", "accepted"]
    opened(use_case)  # the retry of the same evaluation
    assert bias_cases()[0].state == "accepted"
    opened(use_case, "job-2")  # another model with the same fault
    assert [one.model for one in blocking_cases("flight_delays")] == ["job-2"]


def test_an_interval_that_only_touches_the_outside_is_major_and_stops_nothing(use_case: UseCase) -> None:
    opened(use_case, found=result(0.82))
    assert [one.severity for one in bias_cases("flight_delays")] == ["major"]
    assert blocking_cases("flight_delays") == []
    assert bias_cases("flight_delay") == []  # another use case, not one whose name begins so


@pytest.mark.parametrize(
    ("case", "actor", "reason", "sentence"),
    [
        (
            "operator.regional.disparat_impact",
            "ada",
            "why",
            "no bias case 'operator.regional.disparat_impact'; did you",
        ),
        (CASE, "", "why", "decided by someone for a reason; give both"),
        (CASE, "ada", " ", "decided by someone for a reason; give both"),
    ],
)
def test_a_decision_of_nobody_or_about_nothing_is_refused(
    use_case: UseCase, case: str, actor: str, reason: str, sentence: str
) -> None:
    opened(use_case)
    with pytest.raises(ConfigError) as refused:
        close_case("flight_delays", case, "closed", actor=actor, reason=reason)
    assert sentence in str(refused.value)
    assert [one.state for one in bias_cases("flight_delays")] == ["open"]


def test_what_is_over_is_not_decided_again(use_case: UseCase) -> None:
    opened(use_case)
    close_case("flight_delays", CASE, "closed", actor="ada", reason="it was none")
    with pytest.raises(ConfigError, match=r"is closed already \(it was none\)"):
        close_case("flight_delays", CASE, "accepted", actor="ada", reason="again")


def test_an_evaluation_opens_cases_and_a_later_one_that_keeps_the_bounds_mitigates_them(use_case, folder, job) -> None:
    groups = {"most": {"values": ["AA", "B6", "EV", "UA"]}, "delta": {"values": ["DL"]}}
    metrics = {"disparate_impact": {"at_least": 0.01}, "class_imbalance": {"at_most": 0.1}}
    facet = {"column": "carrier", "groups": groups, "reference": "most", "metrics": metrics}
    wanted = use_case.model_copy(
        update={"fairness": Fairness.model_validate({"facets": {"size": facet}, "min_group_rows": 50})}
    )
    report = evaluate(wanted, "flight_delays/2013-03-30-3f9c2a1", folder, job, None)
    assert [one.case for one in blocking_cases("flight_delays")] == ["size.delta.class_imbalance"]
    evaluate(wanted, "flight_delays/2013-03-30-3f9c2a1", folder, job, None)
    assert states("size.delta.class_imbalance") == ["open"]

    assert report.fairness is not None
    kept = tuple(one.model_copy(update={"verdict": "pass"}) for one in report.fairness.results)
    older = {"fairness": report.fairness.model_copy(update={"results": kept}), "last_day": "2013-03-29"}
    record_cases(wanted, report.model_copy(update=older))
    assert len(blocking_cases("flight_delays")) == 1  # an older model mends nothing
    record_cases(wanted, report.model_copy(update={**older, "last_day": "2013-03-31", "model_id": "job-2"}))
    (case,) = bias_cases("flight_delays")
    assert (case.state, case.actor) == ("mitigated", "evaluation")
    assert case.reason.startswith("job-2 keeps the bounds: class imbalance of 'delta'")
