"""The population stability index: how far a list of shares has moved from another."""

from collections.abc import Sequence

import numpy as np

from driftgate.profiles.sketches import Floats

# An empty bin would make PSI infinite; the usual floor keeps it finite and large.
SHARE_FLOOR = 1e-4


def psi(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Return the population stability index of two lists of shares: ``sum (a - e) ln(a / e)``.

    It is Jeffreys' divergence (Jeffreys 1946), used as PSI in credit scoring (Siddiqi 2006); shares are floored at
    ``SHARE_FLOOR``. 0 is equal, there is no upper bound.
    """
    first, second = np.maximum(expected, SHARE_FLOOR), np.maximum(actual, SHARE_FLOOR)
    return float(np.sum((second - first) * np.log(second / first)))
