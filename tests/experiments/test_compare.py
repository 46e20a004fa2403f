"""One list of what was tried, and what each did differently."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate.compute import JobResult
from driftgate.experiments.compare import compare
from driftgate.experiments.jobs import Outcome, experiment_spec
from driftgate.experiments.rows import keep, kept
from driftgate.lake import lake
from driftgate.tuning.study import Study, Trial, add_trial, open_study
from driftgate.use_cases import UseCase, load_use_case

VERSION = "flight_delays/2013-03-31-3f9c2a1"


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case("flight_delays")


@pytest.fixture
def outcome(use_case: UseCase) -> Callable[..., Outcome]:
    """What a job came to that measured this AUC, or that failed."""

    def of(value: float | None, **changes: Any) -> Outcome:
        spec = experiment_spec(use_case, VERSION, **changes)
        if value is None:
            return Outcome(spec, None, "Feature 'x' is null in all rows.")
        result = JobResult(
            job_id=spec.job_id, spec_sha256=spec.hash, artefacts={}, metrics={"validation_auc": value},
            stop_reason="all_iterations", seconds=2.0, cpu_seconds=3.0, peak_memory_mib=1.0,
        )  # fmt: skip
        return Outcome(spec, result, "")

    return of


def test_models_trials_and_experiments_are_ranked_together(
    use_case: UseCase, outcome: Callable[..., Outcome], put_package: Callable[..., object]
) -> None:
    for version, auc in (("1", 0.70), ("2", 0.74)):
        changes = {"parameters": {"num_leaves": 31}, "metrics": {"auc": auc}}
        put_package(version, dataset_version=f"flight_delays/2013-0{version}-28-3f9c2a1", **changes)
    study = open_study(
        Study(
            name="flight_delays-tune-1", use_case="flight_delays", dataset_version=VERSION, problem="binary",
            metric="auc", trainer="lightgbm", base={"num_leaves": 31}, space={}, strategy="random", sampler="tpe",
            pruner="none", measure="folds", folds=3, row_share=1, parallel=1, seed=7, warm_start=None, code="c" * 40,
        )
    )  # fmt: skip
    add_trial(study, Trial(number=0, parameters={"num_leaves": 31}, state="complete", value=0.6, validation=0.71))
    add_trial(study, Trial(number=1, parameters={"num_leaves": 9}, state="complete", value=0.6, validation=0.75))
    add_trial(study, Trial(number=2, parameters={"num_leaves": 5}, state="failed", reason="too few rows"))
    keep(outcome(0.73, without=("visibility_miles",)))

    found = {one.name: one for one in compare(use_case)}
    assert [one.kind for one in found.values()] == ["trial", "model", "experiment", "trial", "model", "trial"]
    best, failed = next(iter(found.values())), found["flight_delays-tune-1-0002"]
    assert (best.name, best.rank, best.against_best) == ("flight_delays-tune-1-0001", 1, ())
    assert best.against_parent == ("num_leaves 31 → 9",)
    assert (failed.rank, failed.reason) == (None, "too few rows")
    second = found["flight_delays/2"]
    assert second.against_parent == (
        "dataset version flight_delays/2013-01-28-3f9c2a1 → flight_delays/2013-02-28-3f9c2a1",
    )
    assert f"dataset version {VERSION} → flight_delays/2013-02-28-3f9c2a1" in second.against_best


def test_a_failed_experiment_keeps_its_row_after_its_artefacts_are_gone(
    use_case: UseCase, outcome: Callable[..., Outcome]
) -> None:
    keep(outcome(None, parameters={"num_leaves": 5}))
    keep(outcome(0.7))
    assert list(lake().list("jobs")) == []
    found = compare(use_case)
    assert [one.state for one in found] == ["complete", "failed"]
    assert found[1].reason == "Feature 'x' is null in all rows."
    assert "num_leaves 31 → 5" in found[1].against_best


def test_an_experiment_that_failed_and_then_worked_has_one_row(outcome: Callable[..., Outcome]) -> None:
    keep(outcome(None))
    keep(outcome(0.7))
    assert keep(outcome(None)).value == 0.7, "what was measured stays"
    (row,) = kept("flight_delays")
    assert row.value == 0.7


def test_the_same_experiment_has_the_same_name_and_another_one_another(use_case: UseCase) -> None:
    first, again = (experiment_spec(use_case, VERSION, without=("dest",)) for _ in range(2))
    assert first == again
    others = [
        experiment_spec(use_case, VERSION),
        experiment_spec(use_case, VERSION, folds=3),
        experiment_spec(use_case, VERSION, parameters={"num_leaves": 9}),
        experiment_spec(use_case, "flight_delays/2013-02-28-3f9c2a1"),
    ]
    assert len({spec.job_id for spec in [first, *others]}) == 5
