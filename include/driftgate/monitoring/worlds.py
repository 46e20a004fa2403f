"""Simulated days of requests in which nothing drifts, or one thing does from a known day on: to measure a monitor with.

Every day has a level of its own for each feature: a yearly season, a weekday, and chance that remembers the day before.
That is what makes classical tests cry wolf, who take the rows of a day for independent. Labels are drawn first and
features follow them, so that a label shift moves the features as it does in life.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

ShiftKind = Literal["mean", "variance", "category", "region", "label", "concept", "relation"]
Columns = dict[str, "np.typing.NDArray[Any]"]

CATEGORIES = np.array([0.3, 0.25, 0.15, 0.12, 0.08, 0.05, 0.03, 0.02])
REGIONS = np.array([0.35, 0.25, 0.2, 0.15, 0.05])
BASE_RATE = 0.25
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Shift:
    """What drifts from day ``first`` on, by so much.

    ========  ===================================================================================
    mean      ``x0`` moves by ``size`` standard deviations
    variance  the variance of ``x0`` is ``size`` times what it was
    category  ``size`` of all rows, of whatever category, turn into the rarest category of ``c0``
    region    ``x0`` moves by ``size`` standard deviations in region ``r1`` alone, a quarter of the rows
    label     the share of positive labels rises by ``size``; the features follow
    concept   ``size`` of the labels turn over; no feature moves, and no model can tell rows apart better than before
    relation  ``size`` of the labels in region ``r1``, a quarter of the rows, turn over; a model can learn that
    ========  ===================================================================================
    """

    kind: ShiftKind
    size: float
    first: int = 0


@dataclass(frozen=True)
class World:
    """Days with ``rows`` rows, features ``x0``…, ``c0``, ``region``, and a label; equal worlds give equal rows.

    Amplitudes are in standard deviations of a row: of the yearly ``season``, of the ``weekday``, of the day's own
    ``level``, which remembers the day before by ``memory``. ``tail`` is of Student's t, None: normal.
    """

    seed: int
    rows: int = 500
    numeric: int = 4
    season: float = 0.0
    weekday: float = 0.0
    level: float = 0.0
    memory: float = 0.0
    tail: float | None = None
    horizon: int = 1200  # how many days there are

    @cached_property
    def levels(self) -> "np.typing.NDArray[np.float64]":
        """The level of each day (rows) for each feature (columns: the numeric ones, then ``c0`` and ``region``)."""
        random = np.random.default_rng((self.seed, 0))
        features, days = self.numeric + 2, np.arange(self.horizon)
        phases = random.uniform(0, 2 * np.pi, features)
        seasons = self.season * np.sin(2 * np.pi * days[:, None] / YEAR_DAYS + phases)
        weekdays = self.weekday * random.normal(size=(7, features))[days % 7]
        return np.asarray(seasons + weekdays + self.level * _remembering(random, (self.horizon, features), self.memory))

    def day(self, number: int, shift: Shift | None = None) -> Columns:
        """Return the columns of one day."""
        random = np.random.default_rng((self.seed, 1, number))
        active = shift if shift and number >= shift.first else None
        size = {active.kind: active.size} if active else {}
        levels = self.levels[number]
        label = random.random(self.rows) < BASE_RATE + size.get("label", 0.0)
        noise = self._noise(random)
        noise[:, 0] *= np.sqrt(size.get("variance", 1.0))
        values = levels[: self.numeric] + noise + 0.5 * label[:, None]
        category = _drawn(random, _tilted(CATEGORIES, levels[-2]), self.rows)
        category[random.random(self.rows) < size.get("category", 0.0)] = len(CATEGORIES) - 1
        region = _drawn(random, _tilted(REGIONS, levels[-1]), self.rows)
        values[:, 0] += size.get("mean", 0.0) + size.get("region", 0.0) * (region == 1)
        label = label ^ (random.random(self.rows) < size.get("concept", size.get("relation", 0.0) * (region == 1)))
        columns: Columns = {f"x{n}": values[:, n] for n in range(self.numeric)}
        names = np.array([f"c{n}" for n in range(len(CATEGORIES))])
        return columns | {
            "c0": names[category],
            "region": np.array([f"r{n}" for n in range(len(REGIONS))])[region],
            "label": label,
        }

    def table(self, number: int, shift: Shift | None = None) -> "pa.Table":
        """Return one day as a table, with its ``event_time`` at noon; day 0 is 1 January 2013."""
        import pyarrow as pa

        noon = np.datetime64("2013-01-01T12:00:00", "us") + np.timedelta64(number, "D")
        return pa.table({**self.day(number, shift), "event_time": np.full(self.rows, noon)})

    def _noise(self, random: np.random.Generator) -> "np.typing.NDArray[np.float64]":
        shape = (self.rows, self.numeric)
        if self.tail is None:
            return random.normal(size=shape)
        scale = np.sqrt(self.tail / (self.tail - 2)) if self.tail > 2 else 1.0  # the variance, where there is one, is 1
        return np.asarray(random.standard_t(self.tail, shape) / scale)


def worlds(seed: int, *, rows: int = 500) -> dict[str, World]:
    """Return one world of each kind in which a monitor must stay quiet."""
    return {
        "independent": World(seed, rows),
        "weekly": World(seed, rows, weekday=0.2, level=0.05),
        "autocorrelated": World(seed, rows, weekday=0.1, level=0.15, memory=0.7),
        "heavy_tailed": World(seed, rows, weekday=0.1, level=0.1, memory=0.4, tail=2.5),
        "seasonal": World(seed, rows, season=0.5, weekday=0.1, level=0.1, memory=0.4),
    }


def _remembering(random: np.random.Generator, shape: tuple[int, int], memory: float) -> "np.typing.NDArray[np.float64]":
    """Return an autoregressive series per column with variance 1."""
    steps = random.normal(size=shape)
    steps[1:] *= np.sqrt(1 - memory**2)
    for day in range(1, shape[0]):
        steps[day] += memory * steps[day - 1]
    return steps


def _tilted(shares: "np.typing.NDArray[np.float64]", level: float) -> "np.typing.NDArray[np.float64]":
    """Return shares whose first ones grow with the level of the day."""
    odds = shares * np.exp(level * np.linspace(1, -1, len(shares)))
    return np.asarray(odds / odds.sum())


def _drawn(random: np.random.Generator, shares: "np.typing.NDArray[np.float64]", rows: int) -> "np.typing.NDArray[Any]":
    return np.minimum(np.searchsorted(np.cumsum(shares), random.random(rows)), len(shares) - 1)
