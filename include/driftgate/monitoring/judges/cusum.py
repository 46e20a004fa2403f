"""Page's cumulative sum (1954): has the mean of nightly numbers risen above zero?

The sum of the numbers, in their own standard deviations and each less an ``allowance``, begins again where it falls
below zero, and is an alarm when it reaches a limit. Where the mean is zero that takes a known number of nights on
average (Siegmund 1985, for independent normal numbers). So an alarm has a price: the limit follows from how often a
false one is accepted. Numbers that resemble those of the night before raise more false alarms;
``tests/monitoring/judges/test_cusum.py`` measures how many.
"""

import math

import numpy as np

from driftgate.evaluation.metrics import Floats

OVERSHOOT = 1.166  # how far beyond the limit a sum of normal numbers ends up, both sides together
HALVINGS = 50


def cusum(values: Floats, allowance: float) -> Floats:
    """Return the sum after each of ``values``; zeros where they do not vary."""
    sums, total = np.zeros(len(values)), 0.0
    if len(values) < 2 or not np.ptp(values):  # equal numbers have a deviation of 1e-17, not of zero
        return sums
    steps = values / values.std(ddof=1) - allowance
    for place, step in enumerate(steps.tolist()):
        total = max(0.0, total + step)
        sums[place] = total
    return sums


def nights_to_limit(limit: float, allowance: float) -> float:
    """Return how many nights the sum takes on average to reach the limit where the mean is zero."""
    drift, height = 2 * allowance, limit + OVERSHOOT
    return (math.exp(drift * height) - drift * height - 1) * 2 / drift**2


def limit_for(nights: float, allowance: float) -> float:
    """Return the limit that is reached after so many nights on average where the mean is zero."""
    low, high = 0.0, math.log(nights + 1) / allowance + 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if nights_to_limit(middle, allowance) < nights else (low, middle)
    return high
