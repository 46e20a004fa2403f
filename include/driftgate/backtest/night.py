"""A replayed night, and the nights before it, as monitors and verdicts see them."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from driftgate.backtest.models import unlabelled
from driftgate.backtest.traffic import Serving, Traffic
from driftgate.captures import join_outcomes
from driftgate.captures.reading import capture_schema
from driftgate.errors import SourceMissing
from driftgate.evaluation.reference_sample import REFERENCE_SAMPLE
from driftgate.models import Scorer
from driftgate.monitoring import Baseline, Evidence, JoinResult, Night, Past, Verdict
from driftgate.monitoring.ground_truth import labelled_key
from driftgate.monitoring_policy import MonitorName
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

KEPT_JOINS = 64  # days; a monitor that looks further back has them joined again


class ReplayedPast:
    """The nights of one policy so far, in memory. A model's version is the last day that it learnt from."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, MonitorName], Evidence] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.joins: dict[str, JoinResult] = {}

    def evidence(self, key: str, monitor: MonitorName) -> Evidence | None:
        return self.found.get((key, monitor))

    def verdict(self, key: str) -> Verdict | None:
        return self.verdicts.get(key)

    def joined(self, key: str) -> JoinResult | None:
        return self.joins.get(key)

    def trained_to(self, version: str) -> str | None:
        return version


class Played:
    """Who served on each day of a replay so far, and the days joined with their outcomes."""

    def __init__(self, use_case: UseCase, traffic: Traffic) -> None:
        self.use_case, self.traffic = use_case, traffic
        self.course: dict[str, Serving] = {}
        self.whole_rows = True  # whether its nights tell whole rows apart, which informs and takes a while
        self._joined: OrderedDict[str, pa.Table] = OrderedDict()

    def answers(self, day: str) -> "pa.Table":
        """Return the captures of a day's answers, empty of a day that was not played."""
        if day not in self.course:
            return capture_schema().empty_table()
        return self.traffic.answers(day, self.course[day])

    def joined(self, day: str) -> "pa.Table | None":
        """Return a day's answers joined with their outcomes."""
        if day not in self.course or day not in self.traffic.rows.by_day:
            return None
        if day not in self._joined:
            labels = self.traffic.labels(day)
            self._joined[day] = join_outcomes(self.use_case, self.answers(day), labels)
            if len(self._joined) > KEPT_JOINS:
                self._joined.popitem(last=False)
        return self._joined[day]

    def join_result(self, key: str) -> JoinResult | None:
        """Return what the night of ``key`` joins, as :func:`driftgate.monitoring.join_ground_truth` counts it."""
        day = labelled_key(self.use_case, key)
        table = self.joined(day)
        if table is None:
            return None
        labelled = table.num_rows - table.column("label").null_count
        return JoinResult(
            use_case=self.use_case.name,
            key=key,
            labelled_key=day,
            path="",
            manifest_hash="",
            requests=table.num_rows,
            labelled=labelled,
            unlabelled=table.num_rows - labelled,
            failed=0,
            duplicates=0,
            shadow=0,
        )


class ReplayedNight(Night):
    """One night of a replay: outcomes that are not due yet are not there."""

    def __init__(self, use_case: UseCase, key: str, past: Past, played: Played) -> None:
        super().__init__(use_case, key, past)
        self.played = played

    def answers_of(self, day: str) -> "pa.Table":
        return self.played.answers(day) if day <= self.key else capture_schema().empty_table()

    def joined_of(self, day: str) -> "pa.Table | None":
        return self.played.joined(day) if day <= self.labelled_key else None

    def offline_features(self, day: str) -> "pa.Table":
        rows = self.played.traffic.rows.by_day
        if day not in rows:
            raise SourceMissing(f"{self.use_case.datasets[0]} {day} is not published; run the ingest DAG for it first.")
        return unlabelled(rows[day])

    def baseline_of(self, version: str) -> Baseline:
        return self.played.traffic.models.of(version).baseline

    def package_file(self, version: str, name: str) -> bytes | None:
        if name == REFERENCE_SAMPLE and not self.played.whole_rows:
            return None
        return self.played.traffic.models.of(version).package_file(name)

    def scorer_of(self, version: str) -> Scorer:
        return self.played.traffic.models.of(version).scorer
