"""The gate on cross-validation passes what the folds agree on, and fails what they do not or what was not measured."""

import pytest

from driftgate.compute import JobResult
from driftgate.evaluation.spread import spread_gates
from driftgate.training_policy import CrossValidation
from driftgate.use_cases import UseCase, load_use_case


def use_case(section: CrossValidation | None) -> UseCase:
    whole = load_use_case("flight_delays")
    return whole.model_copy(update={"train": whole.train.model_copy(update={"cross_validation": section})})


def job(**metrics: float) -> JobResult:
    return JobResult(
        job_id="job-1",
        spec_sha256="0" * 64,
        artefacts={},
        metrics=metrics,
        stop_reason="all_iterations",
        seconds=1,
        cpu_seconds=1,
        peak_memory_mib=1,
    )


def test_without_a_limit_there_is_no_gate() -> None:
    assert spread_gates(use_case(None), job()) == ()
    assert spread_gates(use_case(CrossValidation(folds=5)), job()) == ()


@pytest.mark.parametrize(
    ("spread", "verdict", "sentence"),
    [
        (0.02, "pass", "AUC is 0.7000 with a standard deviation of 0.0200 over 5 folds, at most the 0.0300 that is"),
        (0.03, "pass", "at most"),
        (0.0301, "fail", "AUC is 0.7000 with a standard deviation of 0.0301 over 5 folds, more than the 0.0300"),
    ],
)
def test_the_spread_has_a_limit(spread: float, verdict: str, sentence: str) -> None:
    measured = job(cv_auc_mean=0.7, cv_auc_std=spread, cv_folds=5)
    (gate,) = spread_gates(use_case(CrossValidation(folds=5, max_spread=0.03)), measured)
    assert (gate.gate, gate.verdict, gate.value, gate.threshold) == ("cross_validation", verdict, spread, 0.03)
    assert sentence in gate.sentence


def test_folds_that_were_not_measured_fail() -> None:
    (gate,) = spread_gates(use_case(CrossValidation(folds=5, max_spread=0.03)), job())
    assert (gate.verdict, gate.value) == ("fail", None)
    assert "Job job-1 did not measure any folds" in gate.sentence
