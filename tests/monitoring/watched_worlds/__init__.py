"""The data monitor watching a simulated world: which nights would be over the limit."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from driftgate.monitoring.calibration.alarm_price import AlarmRule
from driftgate.monitoring.calibration.limits import Calibration
from driftgate.monitoring.calibration.training_days import TrainingDays, days_of
from driftgate.monitoring.worlds import Shift, World
from driftgate.profiles import Profile, merge, profile_table

FIRST_DAY = date(2013, 1, 1)  # of every world


class Watched:
    """A world whose first days a model was trained on."""

    def __init__(self, world: World, trained_on: Sequence[int]) -> None:
        self.world = world
        profiles = {self.key(day): self.profile(day) for day in trained_on}
        self.days: TrainingDays = days_of(merge(*profiles.values()), profiles)
        self.calibration = Calibration(self.days)

    def over(self, nights: Sequence[int], rule: AlarmRule, shift: Shift | None = None) -> npt.NDArray[np.bool_]:
        """Return which nights are over the limit."""
        return np.array([self._over(night, rule, shift) for night in nights])

    def _over(self, night: int, rule: AlarmRule, shift: Shift | None) -> bool:
        columns, ordinal = self.profile(night, shift).columns, (FIRST_DAY + timedelta(days=night)).toordinal()
        histograms = {name: feature.histogram(columns[name]) for name, feature in self.days.features.items()}
        limit = self.calibration.limit(list(histograms), ordinal, rule)
        return max(self.calibration.scores(histograms, ordinal).values()) > limit

    def profile(self, day: int, shift: Shift | None = None) -> Profile:
        """Return the profile of a day's features."""
        return profile_table(self.world.table(day, shift).drop_columns(["label", "event_time"]))

    @staticmethod
    def key(day: int) -> str:
        """Return the partition key of a day of a world."""
        return (FIRST_DAY + timedelta(days=day)).isoformat()
