"""The limit of a nightly number for which false alarms come as often as was agreed: an alarm has a known price.

What the number does while nothing drifts is known for some months of training days. They are replayed in blocks of a
week, which keeps good and bad weeks together, for many simulated years; above the body the tail is exponential, so
that a night worse than any training day can happen. The limit is where the rule that makes an alarm of nights (so many
of the last so many) starts one as often as the use case accepts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from driftgate.profiles.sketches import Floats, Integers

YEAR_NIGHTS = 365
YEARS = 100
BLOCK_NIGHTS = 7
BODY = 0.8  # of the training days: above this share the tail begins
HIGHEST_STATE = 0.15  # a limit that leaves nights in alarm for longer than this tells nothing
STEPS = 14  # halvings: the limit is exact to a ten-thousandth of the range


@dataclass(frozen=True)
class AlarmRule:
    """What makes an alarm of nights over the limit, and how many false ones a year are accepted."""

    nights: int
    of_last: int
    per_year: float


def alarm_starts(over: npt.NDArray[np.bool_], rule: AlarmRule) -> int:
    """Count the alarms of consecutive nights: ``nights`` of the last ``of_last`` are over, after as many without."""
    if len(over) < rule.of_last:
        return 0
    return _starts(sliding_window_view(over, rule.of_last).sum(axis=1) >= rule.nights, rule.of_last)


def alarm_limit(series: Floats, rule: AlarmRule, *, years: int = YEARS) -> float:
    """Return the limit for a nightly number that behaves like ``series`` while nothing drifts."""
    windows = sliding_window_view(_replayed(series, years), rule.of_last)
    deciding = np.sort(windows, axis=1)[:, rule.of_last - rule.nights]  # over the limit while there is an alarm
    low, high = float(np.quantile(deciding, 1 - HIGHEST_STATE)), float(deciding.max())
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _starts(deciding > middle, rule.of_last) > rule.per_year * years:
            low = middle
        else:
            high = middle
    return high


def places_in_order(series: Floats) -> Integers:
    """Return the place of each value in the sorted series, of equal ones in their order here: on every processor."""
    order = np.argsort(series, kind="stable")
    found = np.empty_like(order)
    found[order] = np.arange(len(order))
    return found


def _starts(state: npt.NDArray[np.bool_], quiet: int) -> int:
    """Count the nights in alarm after ``quiet`` nights that were not."""
    recent = np.zeros_like(state)
    for nights in range(1, quiet + 1):
        recent[nights:] |= state[:-nights]
    return int(np.sum(state & ~recent))


def _replayed(series: Floats, years: int) -> Floats:
    """Return many years of nights: weeks of ``series`` in random order, each night a little off its rank."""
    days = len(series)
    random = np.random.default_rng(days)
    starts = random.integers(0, days - BLOCK_NIGHTS + 1, years * YEAR_NIGHTS // BLOCK_NIGHTS)
    places = (starts[:, None] + np.arange(BLOCK_NIGHTS)).ravel()
    ranks = (places_in_order(series)[places] + random.random(len(places))) / days
    edge = float(np.quantile(series, BODY))
    mean_excess = float(np.mean(series[series > edge] - edge)) if np.any(series > edge) else 0.0
    tail = edge - mean_excess * np.log(np.maximum((1 - ranks) / (1 - BODY), 1e-12))
    return np.asarray(np.where(ranks > BODY, tail, np.quantile(series, np.minimum(ranks, BODY))))
