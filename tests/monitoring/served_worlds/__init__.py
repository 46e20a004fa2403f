"""Simulated worlds that a champion serves: it knows all that endless rows of its training days would teach."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import stats

from driftgate.errors import CannotJudge, SourceMissing
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.metrics import Floats, metric
from driftgate.monitoring import Evidence, Night
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.calibration.training_days import days_of, score_days
from driftgate.monitoring.day_measures import evaluation_days
from driftgate.monitoring.ground_truth import JoinResult
from driftgate.monitoring.monitors import judge
from driftgate.monitoring.night import LabelledDay
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.monitoring.verdicts.verdict import judge_night
from driftgate.monitoring.worlds import BASE_RATE, Columns, Shift, World
from driftgate.monitoring_policy import MonitorName
from driftgate.profiles import numeric_column, profile_table
from driftgate.use_cases import UseCase

FIRST_DAY = date(2013, 1, 1)
TRAINED, EVALUATED = 90, 14
GRID = np.linspace(-12, 12, 2401)


def key(day: int) -> str:
    """The partition key of a day of a world."""
    return (FIRST_DAY + timedelta(days=day)).isoformat()


def number(day: str) -> int:
    """The day of a world with this partition key."""
    return (date.fromisoformat(day) - FIRST_DAY).days


class Served:
    """A world, its champions, and what monitors found and what was decided about its nights; it is the nights' past.

    All champions are the same model; for the monitors all begins anew with another one.
    """

    def __init__(self, use_case: UseCase, world: World, shift: Shift | None = None, *, inputs: bool = False) -> None:
        """``inputs``: whether the baseline tells the training days, which takes longer."""
        self.use_case, self.world, self.shift = use_case, world, shift
        self.odds = [_odds(world, feature) for feature in range(world.numeric)]
        self.since, self.champion = TRAINED + EVALUATED, 1
        self.found: dict[tuple[str, str], Evidence] = {}
        self.verdicts: dict[str, Verdict] = {}
        self._kept: tuple[int, Columns, Floats] | None = None
        self.baseline = self._baseline(inputs=inputs)

    def drifts(self, day: int, monitors: Sequence[MonitorName]) -> set[MonitorName]:
        """Have the monitors look at a night, and return those that find a drift."""
        night = ServedNight(self, day)
        for monitor in monitors:
            self.found[key(day), monitor] = judge(night, monitor)
        return {monitor for monitor in monitors if self.found[key(day), monitor].verdict == "drift"}

    def verdict_of(self, day: int, monitors: Sequence[MonitorName]) -> Verdict:
        """Have the monitors look at a night, decide about it and return the verdict."""
        self.drifts(day, monitors)
        self.verdicts[key(day)] = verdict = judge_night(self.use_case, key(day), self)
        return verdict

    def replace_champion(self, day: int) -> None:
        """Have another champion answer from this day on."""
        self.since, self.champion = day, self.champion + 1

    def day(self, day: int) -> tuple[Columns, Floats]:
        """Return the columns of a day and the champion's scores."""
        if self._kept is None or self._kept[0] != day:
            columns = self.world.day(day, self.shift)
            self._kept = day, columns, self._scores(columns)
        return self._kept[1:]

    def evidence(self, day: str, monitor: MonitorName) -> Evidence | None:
        return self.found.get((day, monitor))

    def verdict(self, day: str) -> Verdict | None:
        return self.verdicts.get(day)

    def joined(self, day: str) -> JoinResult:
        rows, none = self.world.rows, dict.fromkeys(("unlabelled", "failed", "duplicates", "shadow"), 0)
        what = {"use_case": self.use_case.name, "key": day, "labelled_key": day, "path": "", "manifest_hash": ""}
        return JoinResult(**what, requests=rows, labelled=rows, **none)

    def trained_to(self, version: str) -> str | None:
        return key(self.since - 1)

    def _scores(self, columns: Columns) -> Floats:
        odds = np.log(BASE_RATE / (1 - BASE_RATE)) + sum(
            np.interp(columns[f"x{feature}"], GRID, known) for feature, known in enumerate(self.odds)
        )
        return np.asarray(1 / (1 + np.exp(-odds)))

    def _baseline(self, *, inputs: bool) -> Baseline:
        trained, evaluated = range(TRAINED), range(TRAINED, TRAINED + EVALUATED)
        tables = [_features(self.world.day(day)) for day in trained]
        whole = profile_table(pa.concat_tables(tables))
        more: dict[str, Any] = {}
        if inputs:
            profiles = {key(day): profile_table(table) for day, table in zip(trained, tables, strict=True)}
            scored = range(TRAINED + EVALUATED)
            scores = [self._scores(self.world.day(day)) for day in scored]
            more["days"] = days_of(whole, profiles)
            more["score_days"] = score_days([key(day) for day in scored], scores, min_rows=1)
        days = [ScoredDay(columns["label"], self._scores(columns)) for columns in map(self.world.day, evaluated)]
        labels, scores = (np.concatenate([getattr(day, name) for day in days]) for name in ("labels", "scores"))
        costs, keys = self.use_case.metric.costs_usd, [key(day) for day in evaluated]
        return Baseline(
            use_case=self.use_case.name,
            profile=whole,
            scores=numeric_column(scores, rows=len(scores)),
            reference={name: metric(name).value(labels, scores) for name in ("auc", "log_loss")},
            evaluation=evaluation_days(self.use_case.problem, costs, keys, days),
            **more,
        )


class ServedNight(Night):
    """A night of it; outcomes are known on the same day."""

    def __init__(self, served: Served, day: int) -> None:
        super().__init__(served.use_case, key(day), served)
        self.served_world = served

    @property
    def champion(self) -> str:  # type: ignore[override]
        return str(self.served_world.champion)

    @property
    def features(self) -> pa.Table:  # type: ignore[override]
        return self.features_of(self.key)[1]

    def labelled_day(self, day: str) -> LabelledDay | None:
        if not self.served_world.since <= number(day) <= number(self.key):
            return None
        columns, scores = self.served_world.day(number(day))
        return LabelledDay(day, _ids(day, len(scores)), columns["label"], scores)

    def waiting(self, day: str) -> bool:
        return False

    outstanding = waiting

    def answers_of(self, day: str) -> pa.Table:
        scores = self.served_world.day(number(day))[1]
        rows = len(scores)
        return pa.table(
            {
                "prediction_id": _ids(day, rows),
                "model_version": pa.array([self.champion] * rows),
                "score": scores,
                "share": pa.array(np.ones(rows)),
                "features": pa.array(["{}"] * rows),
            }
        )

    def features_of(self, day: str) -> tuple[pa.Table, pa.Table]:
        return self.answers_of(day), _features(self.served_world.day(number(day))[0])

    def baseline_of(self, version: str) -> Baseline:
        return self.served_world.baseline

    def joined_of(self, day: str) -> pa.Table | None:
        raise NotImplementedError

    def offline_features(self, day: str) -> pa.Table:
        raise SourceMissing("no features of a world")

    def package_file(self, version: str, name: str) -> bytes | None:
        return None

    def scorer_of(self, version: str) -> Any:
        raise CannotJudge("a world's champion is a formula")


def _features(columns: Columns) -> pa.Table:
    return pa.table({name: values for name, values in columns.items() if name != "label"})


def _ids(day: str, rows: int) -> list[str]:
    return [f"{day}/{row}" for row in range(rows)]


def _odds(world: World, feature: int) -> Floats:
    """Return by how much the log odds of a label grow with a feature's value, given the levels of the training days."""
    scale = np.sqrt(world.tail / (world.tail - 2)) if world.tail else 1.0
    noise = stats.t(world.tail, scale=1 / scale) if world.tail else stats.norm()
    away = GRID[:, None] - world.levels[:TRAINED, feature]
    return np.asarray(np.log(noise.pdf(away - 0.5).mean(axis=1)) - np.log(noise.pdf(away).mean(axis=1)))
