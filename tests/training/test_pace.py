"""When a checkpoint is due: Young's interval, never dearer than allowed, corrected by the interruptions seen."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.compute import Attempt
from driftgate.training.pace import Pace, interval_seconds, seconds_between_interruptions
from driftgate.training_policy import Checkpoints


def test_the_interval_is_youngs() -> None:
    assert interval_seconds(2.0, 10_000, 0.5) == pytest.approx(200)


@given(save=st.floats(0.001, 600), between=st.floats(1, 1e7), overhead=st.floats(0.001, 1))
def test_saves_never_take_more_than_their_share(save: float, between: float, overhead: float) -> None:
    assert save / interval_seconds(save, between, overhead) <= overhead * (1 + 1e-9)


def test_it_saves_when_the_interval_is_over_and_measures_what_that_took() -> None:
    now = 0.0
    pace = Pace(Checkpoints(hours_between_interruptions=2), clock=lambda: now)
    assert pace.interval_seconds == pytest.approx((2 * 0.1 * 7200) ** 0.5)
    now = pace.interval_seconds - 1
    assert not pace.due()
    now += 1
    assert pace.due()
    pace.saved(30.0)
    assert not pace.due()
    assert pace.interval_seconds == 1500  # 2 percent of it is the save; Young's 657 seconds would be dearer
    now += 1500
    assert pace.due()


def test_a_fixed_interval_is_kept() -> None:
    pace = Pace(Checkpoints(every_seconds=7))
    pace.saved(100.0)
    assert pace.interval_seconds == 7


def test_interruptions_that_were_seen_make_it_save_more_often(attempt: Callable[[float, str], Attempt]) -> None:
    settings = Checkpoints(hours_between_interruptions=1)
    assert seconds_between_interruptions(settings, ()) == 3600
    earlier = [attempt(600, "interrupted"), attempt(300, "interrupted"), attempt(300, "failed")]
    assert seconds_between_interruptions(settings, earlier) == (3600 + 1200) / 3
