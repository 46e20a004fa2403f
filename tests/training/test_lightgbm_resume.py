"""A LightGBM training that is killed and goes on ends with the bytes, values and reason of an undisturbed one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate.compute import JobSpec
from driftgate.compute.jobs import StopReason
from driftgate.training.checkpoints import clear, newest
from driftgate.training.pace import Pace
from driftgate.training.run import Attended
from driftgate.training.train import Trained, train
from driftgate.training.trainer import State
from driftgate.training_policy import Checkpoints

MakeSpec = Callable[..., JobSpec]


class Killed(Exception):
    pass


class Mortal(Attended):
    """Saves after every ``every``-th iteration and dies after one of them."""

    def __init__(self, spec: JobSpec, patience: int, *, dies_after: int, every: int) -> None:
        self._pace_of_tests = Pace(Checkpoints(every_seconds=1e9))
        super().__init__(spec, patience, pace=self._pace_of_tests)
        self._dies_after, self._every = dies_after, every

    def after(self, iteration: int, value: float, state: Callable[[], State]) -> StopReason | None:
        self._pace_of_tests.due = lambda: iteration % self._every == 0  # type: ignore[method-assign]
        reason = super().after(iteration, value, state)
        if iteration == self._dies_after:
            raise Killed
        return reason


def disturbed(spec: JobSpec, rows: pa.Table, deaths: list[int], every: int) -> tuple[Trained, int]:
    """Train, dying at each of these iterations; return how it ended, and from where it went on last."""
    for iteration in deaths:
        with pytest.raises(Killed):
            train(spec, rows, attend=partial(Mortal, dies_after=iteration, every=every))
    found = newest(spec)
    trained = train(spec, rows, attend=partial(Mortal, dies_after=0, every=every))
    clear(spec.job_id)
    return trained, found.manifest.iteration if found else 0


SAMPLING: list[dict[str, Any]] = [
    {},
    {"feature_fraction": 0.5},
    {"bagging_fraction": 0.7, "bagging_freq": 1},
    {"bagging_fraction": 0.4, "bagging_freq": 3},
    {"bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.5},
    {"bagging_fraction": 0.7, "bagging_freq": 4, "feature_fraction": 0.5},
    {"bagging_fraction": 0.7, "bagging_freq": 2, "feature_fraction": 0.5, "min_gain_to_split": 0.4},
    {"bagging_fraction": 0.7, "bagging_freq": 0, "feature_fraction": 0.5},
]


@pytest.mark.parametrize("sampling", [SAMPLING[0], SAMPLING[5], SAMPLING[6]])  # the others are sampled below
def test_three_deaths_change_no_byte(make_spec: MakeSpec, rows: pa.Table, sampling: dict[str, Any]) -> None:
    spec = make_spec(early_stopping_round=0, num_iterations=40, **sampling)
    undisturbed = train(spec, rows)
    again, resumed = disturbed(spec, rows, [7, 16, 37], every=5)
    assert resumed == 35
    assert again.artefacts == undisturbed.artefacts
    assert again == undisturbed


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deaths=st.lists(st.integers(1, 19), min_size=3, max_size=3).map(sorted),
    every=st.integers(1, 6),
    sampling=st.sampled_from(SAMPLING),
    problem=st.sampled_from([("binary", "auc"), ("regression", "rmse"), ("regression", "mae")]),
)
def test_wherever_it_dies(
    make_spec: MakeSpec,
    rows: pa.Table,
    deaths: list[int],
    every: int,
    sampling: dict[str, Any],
    problem: tuple[str, str],
) -> None:
    changes = {"problem": problem[0], "metric": problem[1]}
    spec = make_spec(early_stopping_round=0, num_iterations=20, **sampling).model_copy(update=changes)
    undisturbed = train(spec, rows)
    reachable = [death for death in deaths if death > max([0, *(d - d % every for d in deaths if d < death)])]
    assert disturbed(spec, rows, sorted(set(reachable)), every)[0] == undisturbed


def test_patience_goes_on_counting(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec(num_iterations=2000, early_stopping_round=5)
    undisturbed = train(spec, rows)
    assert undisturbed.stop_reason == "early_stopping"
    last = len(undisturbed.learnt.values)
    again, resumed = disturbed(spec, rows, [2, last - 2, last - 1], every=1)
    assert resumed == last - 1
    assert again == undisturbed


def test_a_death_after_the_last_iteration_costs_the_last_iteration(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec(early_stopping_round=0, num_iterations=20)
    undisturbed = train(spec, rows)
    assert disturbed(spec, rows, [20], every=1) == (undisturbed, 20)
