"""How far a list of shares has moved from another: measures that need nothing but the shares."""

from collections.abc import Sequence

import numpy as np

from driftgate.profiles.sketches import Floats

# An empty bin would make PSI and KL infinite; the usual floor keeps them finite and large.
SHARE_FLOOR = 1e-4


def psi(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Return the population stability index of two lists of shares: ``sum (a - e) ln(a / e)``.

    It is Jeffreys' divergence (Jeffreys 1946), used as PSI in credit scoring (Siddiqi 2006); shares are floored at
    ``SHARE_FLOOR``. 0 is equal, there is no upper bound.
    """
    first, second = np.maximum(expected, SHARE_FLOOR), np.maximum(actual, SHARE_FLOOR)
    return float(np.sum((second - first) * np.log(second / first)))


def kl(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Return the Kullback-Leibler divergence of the actual from the expected shares, in nats: ``sum a ln(a / e)``.

    Kullback and Leibler 1951. Smoothing: shares are floored at ``SHARE_FLOOR`` and then made to sum to 1 again, so that
    it is finite and never negative.
    """
    first, second = _smoothed(expected), _smoothed(actual)
    return max(float(np.sum(second * np.log(second / first))), 0.0)


def total_variation(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Return half the sum of the differences of the shares: the share of rows in another bin now, in [0, 1]."""
    return float(np.abs(np.subtract(actual, expected)).sum() / 2)


def _smoothed(shares: Sequence[float] | Floats) -> Floats:
    floored = np.maximum(shares, SHARE_FLOOR)
    return np.asarray(floored / floored.sum())
