"""Which earlier studies a new one may begin from, and what it gains by it."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.tuning import lead, open_tuning, trials_of
from driftgate.tuning.study import Study, Trial, add_trial
from driftgate.tuning.warm_start import inherited
from driftgate.use_cases import UseCase

VERSION = "flight_delays/2013-03-31-3f9c2a1"
IDENTICAL, TRANSFER = "identical_data_and_algorithm", "transfer_learning"


@pytest.fixture(autouse=True)
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftgate.tuning.tracking.track_runs", lambda use_case, runs: None)


@pytest.fixture
def parent(shaped: Callable[..., UseCase], program: Callable[[str], None]) -> Callable[..., Study]:
    """Lead a study of ten trials to its end."""
    program("")

    def of(version: str = VERSION) -> Study:
        use_case = shaped(max_trials=10, max_parallel=2, strategy="random")
        assert use_case.tune
        return lead(open_tuning(use_case, version, use_case.tune)).study

    return of


def begun(use_case: UseCase) -> Any:
    assert use_case.tune
    return open_tuning(use_case, VERSION, use_case.tune)


def warm(kind: str, *parents: Study) -> dict[str, Any]:
    return {"type": kind, "parents": tuple(study.name for study in parents)}


def test_the_trials_of_identical_data_count_as_ones_own(
    parent: Callable[..., Study], shaped: Callable[..., UseCase]
) -> None:
    before = parent()
    use_case = shaped(max_trials=4, warm_start=warm(IDENTICAL, before))
    report = lead(begun(use_case))
    assert [trial.parameters for trial in inherited(report.study)] == [t.parameters for t in trials_of(before)]
    cold = lead(begun(shaped(max_trials=4, seed=7)))
    assert [t.parameters for t in trials_of(report.study)][1:] != [t.parameters for t in trials_of(cold.study)][1:]
    (answer,) = report.warm_start
    assert (answer.parent, answer.same_data) == (before.name, True)
    assert 1 <= answer.cold_trials <= 10
    assert report.previous and report.previous.study == before.name


def test_other_data_only_move_and_narrow_the_search(
    parent: Callable[..., Study], shaped: Callable[..., UseCase]
) -> None:
    before = parent(version="flight_delays/2013-02-28-0000000")
    report = lead(begun(shaped(max_trials=3, warm_start=warm(TRANSFER, before))))
    best = max(trials_of(before), key=lambda trial: trial.value or 0)
    assert inherited(report.study) == []
    assert trials_of(report.study)[1].parameters == best.parameters, "tried right after the use case's own"
    old, new = before.space["num_leaves"], report.study.space["num_leaves"]
    assert (new.high or 0) - (new.low or 0) < (old.high or 0) - (old.low or 0)
    assert report.warm_start[0].warm_trials == 2, "which is when it had what the parent had found"
    assert not report.warm_start[0].same_data


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"folds": 5}, "folds"), ({"row_share": 0.5}, "row_share"), ({"measure": "validation"}, "measure")],
)
def test_identical_is_refused_where_trials_cannot_be_compared(
    study: Callable[..., Study], shaped: Callable[..., UseCase], changes: dict[str, Any], what: str
) -> None:
    before = study(name="parent", **changes)
    with pytest.raises(ConfigError, match=rf"has {what} .*write warm_start.type: transfer_learning"):
        begun(shaped(warm_start=warm(IDENTICAL, before)))


def test_identical_is_refused_for_other_data_and_another_trainer(
    shaped: Callable[..., UseCase], study: Callable[..., Study]
) -> None:
    other_data = study(name="earlier", dataset_version="flight_delays/2013-02-28-0000000")
    with pytest.raises(ConfigError, match="has dataset_version flight_delays/2013-02-28-0000000, this one"):
        begun(shaped(warm_start=warm(IDENTICAL, other_data)))
    with pytest.raises(ConfigError, match="has trainer torch, this one lightgbm"):
        begun(shaped(warm_start=warm(IDENTICAL, study(name="net", trainer="torch"))))


def test_a_parent_with_other_fixed_parameters_has_nothing_to_give(
    shaped: Callable[..., UseCase], study: Callable[..., Study]
) -> None:
    other = study(name="deep", base={"learning_rate": 0.5, "num_leaves": 60, "num_iterations": 500})
    add_trial(other, Trial(number=0, parameters={"learning_rate": 0.1, "num_leaves": 9}, state="complete", value=0.7))
    with pytest.raises(ConfigError, match="No trial of study deep has this study's other parameters"):
        begun(shaped(warm_start=warm(IDENTICAL, other)))


def test_a_parent_that_is_not_there_names_the_nearest(
    shaped: Callable[..., UseCase], study: Callable[..., Study]
) -> None:
    study(name="flight_delays-tune-abc")
    with pytest.raises(ConfigError, match="has no study 'flight_delays-tune-abd'; did you mean"):
        begun(shaped(warm_start={"type": TRANSFER, "parents": ("flight_delays-tune-abd",)}))
    with pytest.raises(ConfigError, match="No complete trial of flight_delays-tune-abc"):
        begun(shaped(warm_start={"type": TRANSFER, "parents": ("flight_delays-tune-abc",)}))
