"""One night as the monitors see it: who answered what, on which features, and what came true since.

A monitor is a function of a night alone, and never writes. So the nightly tasks, which read the lake, and the backtest,
which plays nights that never were, run the same code.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from driftgate.captures import OUTCOME
from driftgate.errors import CannotJudge
from driftgate.evaluation.metrics import Floats, Labels, label_values
from driftgate.monitoring.answers import ANSWERING, champion_of, requested_features
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.evidence import Carried, Evidence, Statistic, insufficient
from driftgate.monitoring.ground_truth import labelled_key, with_outcome
from driftgate.monitoring.past import Past
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import keys_before
from driftgate.profiles import Profile, profile_table
from driftgate.severity import Severity
from driftgate.use_cases import UseCase
from driftgate.validation_report import ValidationReport

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Preprocessing, Scorer
    from driftgate.reviews.agreement import Reviewed


@dataclass(frozen=True)
class LabelledDay:
    """The champion's answers of one day whose outcomes are known, in the order of ``prediction_id``."""

    key: str
    prediction_ids: list[str]
    labels: Labels
    scores: Floats


class Night(ABC):
    """All that a monitor may look at about the night of ``key``; each part is read when it is first asked for."""

    def __init__(self, use_case: UseCase, key: str, past: Past) -> None:
        self.use_case, self.key, self.past = use_case, key, past
        self._days: dict[str, LabelledDay | None] = {}
        self._earlier: dict[tuple[str, MonitorName], Evidence | None] = {}

    @abstractmethod
    def answers_of(self, day: str) -> "pa.Table":
        """Return the captures of a day's answers that a caller got, empty when there are none."""

    def captures_of(self, day: str) -> "pa.Table":
        """Return the captures of a day with those of the rule that stood in, where there are any."""
        return self.answers_of(day)

    def validated(self, dataset: str) -> ValidationReport | None:
        """Return the judgement on tonight's partition of a dataset, None where none is at hand."""
        return None

    def partition_profile(self, dataset: str) -> Profile | None:
        """Return the profile of tonight's partition of a dataset, None where none is at hand."""
        return None

    def reviewed(self) -> "Sequence[Reviewed]":
        """Return what the champion and people said of the random sample of the last nights, as far as they decided."""
        return ()

    @abstractmethod
    def joined_of(self, day: str) -> "pa.Table | None":
        """Return a day's answers joined with their outcomes, None when that day was not joined."""

    @abstractmethod
    def offline_features(self, day: str) -> "pa.Table":
        """Return what training sees of a day's requests.

        :raises DriftgateError: there is no such truth
        """

    @abstractmethod
    def baseline_of(self, version: str) -> Baseline:
        """Return what a model version was trained on.

        :raises CannotJudge: its package has no baseline
        """

    @abstractmethod
    def package_file(self, version: str, name: str) -> bytes | None:
        """Return a file of a model version's package, None when it has none of that name."""

    @abstractmethod
    def scorer_of(self, version: str) -> "Scorer":
        """Return a model version, ready to score."""

    def preprocessing_of(self, version: str) -> "Preprocessing":
        """Return how a model version encodes its features."""
        return self.scorer_of(version).preprocessing

    @cached_property
    def answers(self) -> "pa.Table":
        """Tonight's captures of answers that a caller got."""
        return self.answers_of(self.key)

    @cached_property
    def champion(self) -> str | None:
        """The version that answered as champion at the end of the day."""
        return champion_of(self.answers)

    @property
    def served(self) -> str:
        """The champion, by which a monitor judges.

        :raises CannotJudge: nobody answered as one
        """
        if self.champion is None:
            raise CannotJudge(f"No request of {self.key} was answered by a champion.")
        return self.champion

    @cached_property
    def baseline(self) -> Baseline:
        """What the champion was trained on.

        :raises CannotJudge: there is no champion, or no baseline in its package
        """
        return self.baseline_of(self.served)

    @cached_property
    def features(self) -> "pa.Table":
        """The features of tonight's answers, by the columns of the baseline."""
        return requested_features(self.answers, self.baseline)

    def features_of(self, day: str) -> "tuple[pa.Table, pa.Table]":
        """Return a day's answers and their features, as :attr:`answers` and :attr:`features` are those of tonight."""
        if day == self.key:
            return self.answers, self.features
        captures = self.answers_of(day)
        return captures, requested_features(captures, self.baseline)

    @cached_property
    def profile(self) -> Profile:
        """The profile of :attr:`features`."""
        return profile_table(self.features)

    @property
    def labelled_key(self) -> str:
        """The newest day whose outcomes are due tonight."""
        return labelled_key(self.use_case, self.key)

    def labelled_days(self, nights: int) -> list[LabelledDay]:
        """Return the champion's labelled answers of the ``nights`` days up to :attr:`labelled_key`."""
        found = (self.labelled_day(day) for day in keys_before(self.labelled_key, nights))
        return [day for day in found if day is not None]

    def labelled_day(self, day: str) -> LabelledDay | None:
        """Return the champion's labelled answers of a day.

        None where there are none, or where the day still waits (:meth:`waiting`): the outcomes that are known first are
        seldom typical, and a day must not look worse than it is because it is young.
        """
        if day not in self._days:
            self._days[day] = self._labelled(day, self.served)
        return self._days[day]

    def waiting(self, day: str) -> bool:
        """Return whether more of a day's answers lack an outcome row than ``min_labelled_share`` allows."""
        answered = self._answered(day, self.served)
        return answered is not None and self._waits(answered)

    def outstanding(self, day: str) -> bool:
        """Return whether a day may still become labelled: it waits, or has answers of the champion and no join yet."""
        if self.labelled_day(day) is not None:
            return False
        if self.joined_of(day) is not None:
            return self.waiting(day)
        return self.served in self.answers_of(day).column("model_version").unique().to_pylist()

    def _waits(self, answered: "pa.Table") -> bool:
        import pyarrow.compute as pc

        if not answered.num_rows or OUTCOME not in answered.column_names:
            return False
        share = pc.mean(answered.column(OUTCOME)).as_py()
        return bool(share < self.use_case.monitor.performance.min_labelled_share)

    def _answered(self, day: str, version: str) -> "pa.Table | None":
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self.joined_of(day)
        if table is None:
            return None
        answered = pc.is_in(table.column("variant_role"), pa.array(ANSWERING))
        return table.filter(pc.and_(pc.equal(table.column("model_version"), version), answered))

    def _labelled(self, day: str, version: str) -> LabelledDay | None:
        table = self._answered(day, version)
        if table is None or self._waits(table):
            return None
        rows = with_outcome(table)
        if not rows.num_rows:
            return None
        return LabelledDay(
            key=day,
            prediction_ids=rows.column("prediction_id").to_pylist(),
            labels=label_values(self.use_case.problem, rows.column("label")),
            scores=rows.column("score").to_numpy().astype(float),
        )

    def earlier(self, monitor: MonitorName, nights: int) -> Iterator[Evidence]:
        """Yield what a monitor found about the ``nights`` before this one, newest first, of the same champion."""
        for key in reversed(keys_before(self.key, nights + 1)[:-1]):
            if (key, monitor) not in self._earlier:  # a monitor looks back for many numbers at the same nights
                self._earlier[key, monitor] = self.past.evidence(key, monitor)
            found = self._earlier[key, monitor]
            if found and found.champion == self.champion:
                yield found

    def found(
        self,
        monitor: MonitorName,
        decided: Statistic,
        sentence: str,
        *,
        drifts: bool,
        severity: Severity | None,
        sample_size: int,
        features: Sequence[str] = (),
        statistics: Sequence[Statistic] = (),
        examples: Sequence[str] = (),
        carried: Carried | None = None,
    ) -> Evidence:
        """Return evidence of a monitor that could judge.

        :param decided: the number that it decided by
        :param severity: of the drift, where it is one
        """
        return Evidence(
            use_case=self.use_case.name,
            key=self.key,
            monitor=monitor,
            champion=self.champion,
            statistic=decided.name,
            value=decided.value,
            interval=decided.interval,
            threshold=decided.threshold,
            sample_size=sample_size,
            features=tuple(features),
            verdict="drift" if drifts else "ok",
            severity=severity if drifts else None,
            sentence=sentence,
            statistics=tuple(statistics),
            examples=tuple(examples),
            carried=carried or {},
        )

    def insufficient(self, monitor: MonitorName, sentence: str, sample_size: int = 0) -> Evidence:
        """Return evidence that says why nothing can be said."""
        return insufficient(
            self.use_case.name, self.key, monitor, sentence, champion=self.champion, sample_size=sample_size
        )
