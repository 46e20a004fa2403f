"""Confidence sequences: bounds that hold at every sample size at once, so that a judge may look after each request.

Bounds of a fixed sample that are looked at a hundred times are wrong in a third of all runs. These are wrong in at most
``alpha`` of the runs, however often and whenever somebody looks. Each is a bet against a hypothesis. While that is true
the capital is a martingale that starts at one, so it reaches ``1 / alpha`` with a chance of ``alpha`` or less (Ville
1939).

- A share (errors, answers above a limit, the split of the traffic): the likelihood mixed over a beta prior (Robbins
  1970). Exact.
- A mean of values within known bounds (differences of clipped losses): bets whose stakes follow from what was seen
  before (Waudby-Smith and Ramdas 2024, the predictable plug-in of their section 4). Exact, whatever the distribution.
- A rank correlation: a mixture over its asymptotic normal law (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021).
  Holds from some tens of pairs on.

The asymptotic kind was tried for losses and left: with values that are rarely and far below zero it turned away 10 % of
equal candidates instead of 1.25 %. ``tests/promotion/test_false_rollbacks.py`` holds all of them to ``alpha``.

Arrays may have one row per simulated run; time is the last axis.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PRIOR = 0.5  # Beta(1/2, 1/2): costs half the logarithm of the sample size, whatever the share
BOLDEST = 0.75  # of the capital may be staked on one value
HALVINGS = 30


def share_evidence(hits: npt.ArrayLike, rows: npt.ArrayLike, share: npt.ArrayLike) -> Floats:
    """Return the logarithm of the capital won by betting against ``share``, after ``rows`` with ``hits`` among them."""
    from scipy.special import betaln, xlog1py, xlogy

    hit, chance = np.asarray(hits, dtype=float), np.asarray(share, dtype=float)
    missed = np.asarray(rows, dtype=float) - hit
    mixed = betaln(hit + PRIOR, missed + PRIOR) - betaln(PRIOR, PRIOR)
    evidence: Floats = mixed - xlogy(hit, chance) - xlog1py(missed, -chance)
    return evidence


def share_bounds(hits: npt.ArrayLike, rows: npt.ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Return the lower and upper bounds of a share, both at once at ``alpha``."""
    hit, of = np.asarray(hits, dtype=float), np.asarray(rows, dtype=float)
    centre = hit / np.maximum(of, 1)

    def rejected(share: Floats) -> Flags:
        return share_evidence(hit, of, share) >= math.log(1 / alpha)

    return _edge(np.zeros_like(centre), centre, rejected), _edge(np.ones_like(centre), centre, rejected)


def share_exceeds(hits: npt.ArrayLike, rows: npt.ArrayLike, limit: float, alpha: float) -> Flags:
    """Return where the lower bound of a share lies above ``limit``."""
    hit, of = np.asarray(hits, dtype=float), np.asarray(rows, dtype=float)
    return (hit > limit * of) & (share_evidence(hit, of, limit) >= math.log(1 / alpha))


def mean_exceeds(values: Floats, reach: float, limit: float, alpha: float, best: int) -> Flags:
    """Return, after each value, whether the lower bound of their mean lies above ``limit``.

    :param reach: every value lies between ``-reach`` and ``reach``
    :param best: after how many values the bound shall be tightest
    """
    scaled = _scaled(values, reach)
    return _capital(scaled, _stakes(scaled, alpha, best), (limit / reach + 1) / 2) >= math.log(1 / alpha)


def mean_lower_bound(values: Floats, reach: float, alpha: float, best: int) -> float:
    """Return the lower bound of a mean after the last of ``values``; the upper one is minus that of the negatives."""
    scaled = _scaled(values, reach)
    stakes = _stakes(scaled, alpha, best)

    def rejected(mean: Floats) -> Flags:
        return np.array(_capital(scaled, stakes, float(mean))[-1] >= math.log(1 / alpha))

    return (float(_edge(np.array(0.0), np.array(1.0), rejected)) * 2 - 1) * reach


def correlation_reach(pairs: npt.ArrayLike, alpha: float, best: int) -> Floats:
    """Return how far below its estimate a rank correlation may lie, on Fisher's scale (``arctanh``)."""
    rows = np.asarray(pairs, dtype=float)
    odds = -2 * math.log(2 * alpha)
    spread = (odds + math.log(odds) + 1) / best * rows
    variance = 1.06 / (rows - 3)  # Fieller, Hartley and Pearson 1957
    reach: Floats = np.sqrt(2 * variance * (spread + 1) / spread * np.log1p(np.sqrt(spread + 1) / (2 * alpha)))
    return reach


def _scaled(values: Floats, reach: float) -> Floats:
    return (np.clip(values, -reach, reach) / reach + 1) / 2


def _stakes(scaled: Floats, alpha: float, best: int) -> Floats:
    """Return what to stake on each value, fixed before it is seen: the less, the more the values before it varied."""
    seen = np.arange(1, scaled.shape[-1] + 1)
    mean = (0.5 + np.cumsum(scaled, axis=-1)) / (seen + 1)
    variance = (0.25 + np.cumsum((scaled - mean) ** 2, axis=-1)) / (seen + 1)
    before = np.concatenate([np.full((*variance.shape[:-1], 1), 0.25), variance[..., :-1]], axis=-1)
    stakes: Floats = np.sqrt(2 * math.log(1 / alpha) / (before * best))
    return stakes


def _capital(scaled: Floats, stakes: Floats, mean: float) -> Floats:
    """Return the logarithm of the capital after each value, of bets that the mean is larger than ``mean``."""
    safe = np.minimum(stakes, BOLDEST / max(mean, 1e-12))
    capital: Floats = np.cumsum(np.log1p(safe * (scaled - mean)), axis=-1)
    return capital


def _edge(outside: Floats, inside: Floats, rejected: Callable[[Floats], Flags]) -> Floats:
    """Halve the way from what may be rejected to what is not, and return the end that is rejected: the safe side."""
    far, near = outside, inside
    for _ in range(HALVINGS):
        middle = (far + near) / 2
        beyond = rejected(middle)
        far, near = np.where(beyond, middle, far), np.where(beyond, near, middle)
    return far
