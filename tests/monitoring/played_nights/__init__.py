"""Nights that are played in memory: of a model with evaluation days, on days that are made up."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from driftgate.errors import CannotJudge, SourceMissing
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.monitoring import Evidence, Night
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.day_measures import EvaluationDays, evaluation_days
from driftgate.monitoring.monitors import judge
from driftgate.partition_keys import keys_before, keys_between
from driftgate.profiles import Profile, numeric_column
from driftgate.use_cases import UseCase

FIRST, EVALUATED = "2013-04-01", 14


class Records:
    """The past of played nights: the evidence that they wrote."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Evidence] = {}

    def evidence(self, key: str, monitor: str) -> Evidence | None:
        return self.found.get((key, monitor))

    def verdict(self, key: str) -> None:
        return None

    joined = trained_to = verdict


class PlayedNight(Night):
    """A night of the champion ``1`` whose days are given."""

    def __init__(self, use_case: UseCase, key: str, past: Any, days: Mapping[str, ScoredDay], base: Baseline) -> None:
        super().__init__(use_case, key, past)
        self.days, self.base, self.outcomes = days, base, {}
        self.looked_at: list[str] = []

    def answers_of(self, day: str) -> pa.Table:
        scores = self.days[day].scores if day in self.days else np.empty(0)
        rows = len(scores)
        features = [f'{{"x": {x}}}' for x in np.linspace(0, 1, rows)]
        return pa.table(
            {
                "variant_role": pa.array(["champion"] * rows, pa.string()),
                "model_version": pa.array(["1"] * rows, pa.string()),
                "deployment_revision": pa.array([1] * rows, pa.int64()),
                "received_at": pa.array(range(rows), pa.int64()),
                "score": pa.array(scores, pa.float64()),
                "share": pa.array([1.0] * rows, pa.float64()),
                "features": pa.array(features, pa.string()),
            }
        )

    def joined_of(self, day: str) -> pa.Table | None:
        self.looked_at.append(day)
        if day not in self.days:
            return None
        joined = self.answers_of(day).append_column("label", pa.array(self.days[day].labels))
        joined = joined.append_column("prediction_id", pa.array([str(row) for row in range(joined.num_rows)]))
        known = self.outcomes.get(day, np.full(joined.num_rows, True))
        return joined.append_column("has_outcome", pa.array(known))

    def offline_features(self, day: str) -> pa.Table:
        raise SourceMissing(f"nothing of {day}")

    def baseline_of(self, version: str) -> Baseline:
        return self.base

    def package_file(self, version: str, name: str) -> bytes | None:
        return None

    def scorer_of(self, version: str) -> Any:
        raise CannotJudge("no model")


def baseline(use_case: UseCase, evaluation: EvaluationDays | None) -> Baseline:
    """A baseline with one feature ``x`` from 0 to 1, and these evaluation days."""
    column = numeric_column(np.linspace(0, 1, 101), rows=101)
    return Baseline(
        use_case=use_case.name,
        profile=Profile(rows=101, columns={"x": column}),
        scores=column,
        reference={use_case.metric.primary: 0.7},
        evaluation=evaluation,
    )


def evaluated(use_case: UseCase, days: list[ScoredDay]) -> EvaluationDays:
    """What the model's evaluation on these days tells."""
    keys = keys_before("2013-03-31", len(days))
    return evaluation_days(use_case.problem, use_case.metric.costs_usd, keys, days)


def play(use_case: UseCase, monitor: Any, days: list[ScoredDay], evaluation: EvaluationDays) -> list[Evidence]:
    """Judge the nights of ``days``, one after the other; an estimate goes on from what the concept monitor found."""
    past, base = Records(), baseline(use_case, evaluation)
    keys = keys_before(FIRST, 1) if len(days) == 1 else keys_between(FIRST, last_key(len(days)))
    given = dict(zip(keys, days, strict=True))
    found = []
    for key in keys:
        for name in dict.fromkeys(("concept", monitor)):
            past.found[key, name] = judge(PlayedNight(use_case, key, past, given, base), name)
        found.append(past.found[key, monitor])
    return found


def last_key(days: int) -> str:
    """The key of the last of so many days."""
    return str(np.datetime64(FIRST) + (days - 1))


def day(seed: int, *, rows: int = 600, level: float = 0.0, skill: float = 1.0, spread: float = 1.0) -> ScoredDay:
    """A day of calibrated scores: as a whole moved by ``level``, told apart by a share ``skill`` of the scores."""
    random = np.random.default_rng(seed)
    logit = -1.2 + spread * random.normal(size=rows)
    weather = 0.4 * random.normal()
    truth = -1.2 + skill * (logit + 1.2) + level + weather
    return ScoredDay(random.random(rows) < 1 / (1 + np.exp(-truth)), 1 / (1 + np.exp(-logit)))
