"""The run that a trainer reports to: when it stops, what it tells, and how it takes the notice to end."""

import math
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.compute import Attempt, JobSpec
from driftgate.compute.jobs import Interrupted
from driftgate.compute.progress import Progress, ProgressWriter, read_progress
from driftgate.errors import ConfigError
from driftgate.training.allowance import Allowance
from driftgate.training.checkpoints import newest
from driftgate.training.interruption import Interruption
from driftgate.training.pace import Pace
from driftgate.training.run import Attended
from driftgate.training_policy import Checkpoints, Stop


@pytest.fixture
def spec(make_spec: Callable[..., JobSpec]) -> JobSpec:
    return make_spec()


def stops(spec: JobSpec, values: list[float], patience: int = 0, **run: Any) -> tuple[int, str | None]:
    attended = Attended(spec, patience, **run)
    for iteration, value in enumerate(values, start=1):
        if reason := attended.after(iteration, value, dict):
            return iteration, reason
    return len(values), None


def with_stop(spec: JobSpec, metric: str = "auc", **stop: Any) -> JobSpec:
    return spec.model_copy(update={"stop": Stop(**stop), "metric": metric})


def test_patience_counts_from_the_last_gain(spec: JobSpec) -> None:
    assert stops(spec, [0.5, 0.6, 0.6, 0.59, 0.58], patience=3) == (5, "early_stopping")
    assert stops(spec, [0.5, 0.6, 0.6, 0.59, 0.58], patience=0) == (5, None)
    assert stops(with_stop(spec, "rmse"), [5, 4, 3, 3, 3.5], patience=2) == (5, "early_stopping")
    assert stops(with_stop(spec, "rmse"), [5, 4, 3, 2, 1], patience=2) == (5, None)


def test_a_gain_of_less_than_its_least_share_is_none_but_the_best_is_kept(spec: JobSpec) -> None:
    small = [0.5, 0.50002, 0.50003, 0.50004]
    assert stops(spec, small, patience=3) == (4, "early_stopping")
    assert stops(with_stop(spec, min_gain=0.0), small, patience=3) == (4, None)
    attended = Attended(spec, 3)
    for iteration, value in enumerate(small, start=1):
        attended.after(iteration, value, dict)
    assert attended.best_iteration == 4


def test_good_enough_is_enough(spec: JobSpec) -> None:
    assert stops(with_stop(spec, good_enough=0.7), [0.5, 0.7, 0.9]) == (2, "good_enough")
    assert stops(with_stop(spec, "rmse", good_enough=2.0), [3.0, 2.5, 1.9]) == (3, "good_enough")


def test_a_budget_that_is_spent_stops_it(spec: JobSpec) -> None:
    tight = with_stop(spec, max_minutes=10, max_cost_usd=1e9)
    assert Allowance(tight).seconds_left == 600
    assert stops(tight, [0.5, 0.6], allowance=Allowance(tight)) == (2, None)
    spent = Allowance(tight)
    spent.seconds_left = 0
    assert stops(tight, [0.5, 0.6], allowance=spent) == (1, "budget")
    assert Allowance(spec).seconds_left == math.inf


def test_what_earlier_attempts_took_is_spent(
    spec: JobSpec, compute_yaml: Callable[..., None], attempt: Callable[[float, str], Attempt]
) -> None:
    earlier = [attempt(250, "interrupted"), attempt(150, "interrupted")]
    assert Allowance(with_stop(spec, max_minutes=10), earlier).seconds_left == 200
    dear = {"region": "us-east-1", "instance_type": "g5.xlarge"}
    compute_yaml(local_small={"backend": "batch", "vcpu": 4, "memory_mib": 8192, "timeout_minutes": 30, **dear})
    an_hour = with_stop(spec, max_cost_usd=1.006)  # what g5.xlarge costs in price_table.yaml
    assert Allowance(an_hour, earlier).seconds_left == pytest.approx(3200)
    spent = Allowance(an_hour, [attempt(3601, "interrupted")])
    assert stops(an_hour, [0.5, 0.6], allowance=spent) == (1, "budget")


def test_a_cost_limit_needs_a_price(spec: JobSpec) -> None:
    unknown = with_stop(spec, max_cost_usd=1.0).model_copy(update={"target": "nowhere"})
    with pytest.raises(ConfigError, match=r"'stop\.max_cost_usd' cannot be kept on compute target 'nowhere'"):
        Allowance(unknown)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_no_number_is_a_sentence(spec: JobSpec, value: float) -> None:
    with pytest.raises(ConfigError, match=r"the auc of the validation rows is -?(nan|inf) after iteration 1, so train"):
        stops(spec, [value])


def test_the_notice_saves_at_the_end_of_the_iteration(spec: JobSpec) -> None:
    interruption = Interruption()
    with interruption.listening():
        attended = Attended(spec, 0, pace=Pace(Checkpoints()), interruption=interruption)
        with attended.attending():
            assert attended.after(1, 0.5, dict) is None
            os.kill(os.getpid(), signal.SIGTERM)
            assert newest(spec) is None
            with pytest.raises(Interrupted, match="a checkpoint is saved after iteration 2"):
                attended.after(2, 0.6, lambda: {"trees": b"two"})
        with pytest.raises(Interrupted, match="nothing to save"):
            os.kill(os.getpid(), signal.SIGTERM)

    told: list[int] = []
    again = Attended(spec, 0, pace=Pace(Checkpoints()), on_resume=told.append)
    resumed = again.resumed()
    assert resumed is not None
    assert (resumed.iteration, resumed.state, told) == (2, {"trees": b"two"}, [2])
    assert (again.best_iteration, again.learnt.values) == (2, (0.5, 0.6))


def test_progress_is_written_at_most_once_a_second_and_at_the_end(spec: JobSpec) -> None:
    assert read_progress("job-1") is None
    now = 10.0
    writer = ProgressWriter("job-1", clock=lambda: now)
    steps = [Progress(iteration=n, value=0.5, best_value=0.6, seconds=n) for n in range(4)]
    writer.write(steps[0])
    now = 10.9
    writer.write(steps[1])
    assert read_progress("job-1") == steps[0]
    writer.write(steps[2], last=True)
    assert read_progress("job-1") == steps[2]
    now = 12.0
    writer.write(steps[3])
    assert read_progress("job-1") == steps[3]
