"""A hold needs a reason, ends when it is released, and names that are not held are a sentence."""

import pytest

from driftgate.datasets.holds import hold, holds, release_hold
from driftgate.errors import ConfigError

NAME = "flight_delays/2013-03-31-1234567"


def test_a_version_is_held_until_it_is_released() -> None:
    assert holds() == {}
    record = hold(NAME, actor="ana", reason="audit of March")
    assert holds() == {NAME: record}
    release_hold(NAME, actor="ben", reason="audit is over")
    assert holds() == {}


def test_no_reason_and_no_hold_are_sentences() -> None:
    with pytest.raises(ConfigError, match=f"A hold of {NAME} needs a reason"):
        hold(NAME, actor="ana", reason=" ")
    hold(NAME, actor="ana", reason="audit")
    with pytest.raises(ConfigError, match=f"There is no hold on '{NAME[:-1]}'; did you mean '{NAME}'"):
        release_hold(NAME[:-1], actor="ana", reason="x")
