"""What a night's distance from the training data means: how rare it is, and from where on it is an alarm.

1. Every training day is compared with the training days at least eight days away from it: those of like weekday where
   that brings days nearer, those of like season where there is a year of them.
2. A feature that moves by itself within the window is allowed to move on at that pace until tonight.
3. The score of a feature says how rare tonight's distance is among those of the training days: 2 is one day in a
   hundred, 3 one in a thousand (an exponential tail through the median and the 90th percentile).
4. The night's number is the largest score of the features that count.
5. The same number of every training day, by what the other days say, is what happens while nothing drifts; the limit is
   set on it so that false alarms come as often as the use case accepts.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.monitoring.calibration.alarm_price import AlarmRule, alarm_limit, places_in_order
from driftgate.monitoring.calibration.day_distances import DayDistances
from driftgate.monitoring.calibration.training_days import TrainingDays
from driftgate.profiles.sketches import Floats

MIN_DAYS = 28
WEEK_DAYS = 7  # the lag counts in weeks, so that a champion needs one calibration a week
FOLDS = 9  # a training day is scored by the spread of the other eight parts of the window
HIGH, BODY = 0.9, 0.75  # shares of the training days: the tail's scale is read from the days above them
MOST_MEMORY = 0.5  # what looks like more is the season of the window itself, and would hide every trend of two weeks
LEAST_SCALE = 0.01  # a smaller distance than this is no distance, however many rows say so
THINNING = 0.8  # fewer rows make longer distances: for a night with few, rows of the training days are left out


def thinning(days: TrainingDays, rows: int) -> int:
    """Return how often training days are thinned, so that they have about as many rows as a night of ``rows``."""
    share = min(max(rows, 1) / max(days.usual_rows, 1), 1.0)
    return round(float(np.log(share) / np.log(THINNING)))


class Calibration:
    """The training days of one model version, to hold nights against. What it computes is kept."""

    def __init__(self, days: TrainingDays, *, thinned: int = 0) -> None:
        if len(days.keys) < MIN_DAYS:
            raise CannotJudge(
                f"The model was trained on {len(days.keys)} days with enough rows; data drift is calibrated on "
                f"at least {MIN_DAYS}: train on a longer window, or lower 'monitor.data_drift.min_rows'."
            )
        self.days, self.ordinals = days, np.array(days.ordinals)
        self._share = THINNING**thinned
        self.rows = days.usual_rows * self._share
        self._nulls: dict[tuple[str, int], Floats] = {}
        self._limits: dict[object, float] = {}

    @cached_property
    def features(self) -> dict[str, DayDistances]:
        """The distances of each feature."""
        random = np.random.default_rng(len(self.ordinals))
        found = {}
        for name, feature in sorted(self.days.features.items()):
            counts = np.array(feature.counts, dtype=np.int64)
            kept = counts if self._share == 1 else random.binomial(counts, self._share)
            found[name] = DayDistances(kept.astype(float), self.ordinals, feature.kind == "numeric")
        return found

    def scores(self, histograms: Mapping[str, Sequence[int]], ordinal: int) -> dict[str, float]:
        """Return the score of each feature on the day ``ordinal`` of the calendar."""
        lag = self.lag_days(ordinal)
        found = {}
        for name, histogram in histograms.items():
            distances = self.features[name].of(np.array(histogram, dtype=float), ordinal)
            found[name] = float(self.rarity(name, distances[:, None], lag)[0])
        return found

    def lag_days(self, ordinal: int) -> int:
        """Return how long after the last training day a day is, in full weeks."""
        return max(0, -(-int(ordinal - self.ordinals[-1]) // WEEK_DAYS) * WEEK_DAYS)

    def limit(self, names: Sequence[str], ordinal: int, rule: AlarmRule) -> float:
        """Return the limit of the largest score of the features ``names``."""
        lag = self.lag_days(ordinal)
        question = (tuple(names), lag, rule)
        if question not in self._limits:
            self._limits[question] = alarm_limit(self.series(names, lag), rule)
        return self._limits[question]

    def series(self, names: Sequence[str], lag: int) -> Floats:
        """Return the night's number of every training day, as it would be ``lag`` days after the window."""
        return np.asarray(np.max([self._null(name, lag) for name in names], axis=0))

    def memory(self, name: str) -> float:
        """Return how much of a feature's score a day has in common with the day before: their rank correlation."""
        ranks = places_in_order(self._null(name, 0)).astype(float)
        return min(max(float(np.corrcoef(ranks[1:], ranks[:-1])[0, 1]), 0.0), MOST_MEMORY)

    def rarity(self, name: str, distances: Floats, lag: int) -> Floats:
        """Return the scores of days with these distances: a row for each statistic, a column for each day."""
        middle, scale = self._spread(self.features[name].at_lag(lag))
        return np.asarray(np.log10(2) + np.max((distances - middle[:, None]) / scale[:, None], axis=0))

    def _null(self, name: str, lag: int) -> Floats:
        if (name, lag) not in self._nulls:
            distances = self.features[name].at_lag(lag)
            folds = np.arange(len(self.ordinals)) * FOLDS // len(self.ordinals)
            scores = np.empty(len(self.ordinals))
            for fold in range(FOLDS):
                middle, scale = self._spread(distances[:, folds != fold])
                off = (distances[:, folds == fold] - middle[:, None]) / scale[:, None]
                scores[folds == fold] = np.log10(2) + off.max(axis=0)
            self._nulls[name, lag] = scores
        return self._nulls[name, lag]

    def _spread(self, distances: Floats) -> tuple[Floats, Floats]:
        """Return the median of each statistic, and by how much a distance grows for a score that grows by 1."""
        middle, high, edge = np.quantile(distances, [0.5, HIGH, BODY], axis=1)
        beyond = np.clip(distances - edge[:, None], 0, None)
        excess = beyond.sum(axis=1) / np.maximum((beyond > 0).sum(axis=1), 1)  # of a few wild days: more than the other
        one_row = np.sqrt(0.5 / max(self.rows, 1))  # about the distance that one stray row makes
        scale = np.maximum((high - middle) / np.log10(0.5 / (1 - HIGH)), excess * np.log(10))
        return middle, np.maximum(scale, max(LEAST_SCALE, one_row) / np.log10(0.5 / (1 - HIGH)))
