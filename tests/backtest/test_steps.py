"""Who serves after a rollback that a verdict asks for."""

import pytest

from driftgate.backtest.steps import rolled_back
from driftgate.backtest.traffic import Serving

ALONE = Serving(champion="2013-05-25", champion_since="2013-05-26", revision=4)
SECOND = ALONE.model_copy(update={"previous": "2013-04-25"})
SHADOWED = {"candidate": "2013-05-28", "step": "shadow", "since": "2013-05-29"}


@pytest.mark.parametrize(
    ("serving", "champion", "revision"),
    [
        (ALONE, "2013-05-25", 4),  # nobody to give back to: the live one goes on as well
        (ALONE.model_copy(update=SHADOWED), "2013-05-25", 5),
        (SECOND, "2013-04-25", 5),
        (SECOND.model_copy(update=SHADOWED), "2013-04-25", 5),
    ],
)
def test_a_rollback_gives_back_to_the_champion_before_if_there_is_one(
    serving: Serving, champion: str, revision: int
) -> None:
    after = rolled_back(serving, "2013-05-30")
    assert (after.champion, after.candidate, after.step, after.revision) == (champion, None, "serving", revision)
