"""How often an equal candidate is rolled back, and after how many requests a worse one is.

Simulated candidates whose errors, slow answers or losses lie at the limit (equal) or above it (worse). Driftgate looks
after every request; the z-tests look a hundred times, or once after as many requests as find the worse candidate in 95
of 100 runs. All are one-sided at 5 % and never look before the tenth request (the z-tests before the fiftieth).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from measurements import Row, run_script
from scipy.special import expit, logit
from scipy.stats import norm

from driftgate.promotion.bounds import FEWEST
from driftgate.promotion.sequential import mean_exceeds, share_exceeds

ALPHA, MISSED, LOOKS, HORIZON = 0.05, 0.05, 100, 5_000
CHUNK = 250  # runs at a time: memory stays small
REACH = 4.6  # nats: what a row's log loss counts as at most
BEST = 1_500

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Draw = Callable[[np.random.Generator, int], Values]
OURS, PEEKING, BONFERRONI, ONCE = (
    "Driftgate",
    "z-test, 100 looks",
    "z-test, 100 looks, Bonferroni",
    "z-test, one look",
)


@dataclass(frozen=True)
class Case:
    """A limit, values of an equal candidate, and values of a worse one."""

    name: str
    limit: float
    equal: Draw
    worse: Draw
    share: bool = True  # or a mean


def measure(quick: bool, _: Path) -> list[Row]:
    runs = 500 if quick else 2_000
    cases = (
        Case("errors, 2 % allowed: 4 %", 0.02, _hits(0.02), _hits(0.04)),
        Case("errors, 2 % allowed: 3 %", 0.02, _hits(0.02), _hits(0.03)),
        Case("slower than the limit, 5 % allowed: 8 %", 0.05, _hits(0.05), _hits(0.08)),
        Case("log loss of the same requests: 0.09 nats more", 0.0, _losses(0.4), _losses(1.2), share=False),
    )
    return [row for case in cases for row in _measure(case, runs)]


def _measure(case: Case, runs: int) -> list[Row]:
    random = np.random.default_rng(20130401)
    once = _one_look(case, random)
    rows = []
    for subject in (OURS, PEEKING, BONFERRONI, ONCE):
        equal, worse = (_stopped(case, subject, draw, runs, once) for draw in (case.equal, case.worse))
        found = worse[worse > 0]
        rows += [
            Row(f"{case.name}: equal candidates rolled back", subject, 100 * float((equal > 0).mean()), "%"),
            Row(f"{case.name}: worse candidates rolled back", subject, 100 * float((worse > 0).mean()), "%"),
            Row(f"{case.name}: after so many requests, median", subject, float(np.median(found)), "requests"),
        ]
    return rows


def _stopped(case: Case, subject: str, draw: Draw, runs: int, once: int) -> Values:
    """Return after how many requests each run was rolled back, 0 where it never was; all subjects see the same runs."""
    random = np.random.default_rng(7)
    stopped = []
    for _ in range(runs // CHUNK):
        values = draw(random, CHUNK)
        crossed = _ours(case, values) if subject == OURS else _z_test(case, values, subject, once)
        stopped.append(np.where(crossed.any(axis=1), crossed.argmax(axis=1) + 1, 0))
    return np.concatenate(stopped).astype(float)


def _ours(case: Case, values: Values) -> Flags:
    if case.share:
        seen = np.arange(1, HORIZON + 1)
        crossed = share_exceeds(np.cumsum(values, axis=1), seen, case.limit, ALPHA)
    else:
        crossed = mean_exceeds(values, REACH, case.limit, ALPHA, BEST)
    crossed[:, : FEWEST - 1] = False
    return crossed


def _z_test(case: Case, values: Values, subject: str, once: int) -> Flags:
    at = np.array([once]) if subject == ONCE else np.linspace(HORIZON // LOOKS, HORIZON, LOOKS).astype(int)
    mean = np.cumsum(values, axis=1)[:, at - 1] / at
    variance = np.cumsum(values**2, axis=1)[:, at - 1] / at - mean**2
    crossed = np.zeros(values.shape, dtype=bool)
    alpha = ALPHA / LOOKS if subject == BONFERRONI else ALPHA
    spread = np.sqrt(np.maximum(variance, 0) / at)
    crossed[:, at - 1] = mean - case.limit > norm.ppf(1 - alpha) * spread
    return crossed


def _one_look(case: Case, random: np.random.Generator) -> int:
    """Return after how many requests one z-test finds the worse candidate in all but ``MISSED`` of the runs."""
    worse = case.worse(random, 20)
    spread = math.sqrt(case.limit * (1 - case.limit)) if case.share else float(worse.std())
    reach = norm.ppf(1 - ALPHA) * spread + norm.ppf(1 - MISSED) * float(worse.std())
    return min(HORIZON, math.ceil((float(reach) / (float(worse.mean()) - case.limit)) ** 2))


def _hits(rate: float) -> Draw:
    return lambda random, runs: (random.random((runs, HORIZON)) < rate).astype(float)


def _losses(noise: float) -> Draw:
    """Return differences of log losses: a candidate whose log odds are off by ``noise``, a champion's by 0.4."""

    def draw(random: np.random.Generator, runs: int) -> Values:
        chance = random.beta(1, 3, (runs, HORIZON))
        late = random.random(chance.shape) < chance
        scores = (expit(logit(chance) + random.normal(0, one, chance.shape)) for one in (noise, 0.4))
        candidate, champion = (np.minimum(-np.log(np.where(late, score, 1 - score)), REACH) for score in scores)
        difference: Values = candidate - champion
        return difference

    return draw


if __name__ == "__main__":
    run_script(__doc__, measure)
