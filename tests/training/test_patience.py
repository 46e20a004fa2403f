"""Training ends when its metric has not become better for so many iterations, and not while it does."""

from collections.abc import Callable

import pytest

from driftgate.compute import JobSpec
from driftgate.training.run import Attended


@pytest.mark.parametrize(("metric", "step"), [("auc", 0.01), ("rmse", -0.01)])
def test_a_metric_that_goes_on_gaining_is_not_stopped_and_one_that_stands_still_is(
    make_spec: Callable[..., JobSpec], metric: str, step: float
) -> None:
    run = Attended(make_spec().model_copy(update={"metric": metric}), patience=3)
    rising = [run.after(number, 0.5 + step * number, dict) for number in range(1, 11)]
    assert rising == [None] * 10
    assert [run.after(number, 0.5 + step * 10, dict) for number in (11, 12, 13)] == [None, None, "early_stopping"]
    assert run.best_iteration == 10
