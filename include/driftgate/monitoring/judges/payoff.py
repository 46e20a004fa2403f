"""The payoff monitor: would a model trained tonight be better than the champion?

A pilot (:mod:`driftgate.monitoring.judges.pilot`) answers a night's requests with what it learnt from the nights
before, and then learns that night too; so its gains over the champion, in the use case's primary metric, are honest,
and learning nothing costs it a little. Whether they are above zero is tested with the night as the unit, for the rows
of one night share its weather, by :mod:`driftgate.monitoring.judges.cusum`. A new champion begins with an untaught
pilot.

The state that the next night goes on from is in the evidence (``carried``). Nights that did not run and outcomes that
came late are caught up with (:mod:`driftgate.monitoring.judges.late_days`).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.metrics import GUARDED, Floats, Metric, metric, one_class
from driftgate.monitoring.evidence import Carried, Evidence, Statistic
from driftgate.monitoring.judges.cusum import cusum, limit_for
from driftgate.monitoring.judges.late_days import LOOK_BACK_NIGHTS, Taken, take_in, waiting_told
from driftgate.monitoring.judges.pilot import Cells, Pilot, Places, log_odds, probability, rounded
from driftgate.monitoring.night import LabelledDay, Night
from driftgate.monitoring_policy import DAYS_A_YEAR

MEMORY_NIGHTS = 60  # of gains
MOST_ROWS = 5000  # of a night that the pilot learns from
NORMAL_95 = 1.645


@dataclass(frozen=True)
class State:
    """What the next night goes on from: the pilot, and its gains of the last nights, oldest first."""

    pilot: Pilot
    gains: Floats  # of the primary metric
    saved: Floats  # of the loss that guards a promotion

    def carried(self) -> Carried:
        """Return the state as evidence carries it."""
        parts = {
            "weights": self.pilot.weights,
            "variances": self.pilot.variances,
            "gains": self.gains,
            "saved": self.saved,
        }
        return {name: tuple(values.tolist()) for name, values in parts.items()}


def judge_payoff(night: Night) -> Evidence:
    """Judge by the gains of the pilot over tonight's champion up to the newest day with known outcomes."""
    course = _Course(night)
    taken = take_in(night, *course.newest_state(), course.after)
    found = _found(night, taken)
    told = waiting_told(night.use_case, taken.outstanding)
    return found.model_copy(update={"sentence": found.sentence + told, "carried": taken.kept.carried() | taken.waits})


def _found(night: Night, taken: Taken[State]) -> Evidence:
    compared, wanted = len(taken.state.gains), night.use_case.monitor.payoff.min_nights
    if not any(night.labelled_day(day) for day in taken.new):
        sentence = f"No outcome of model {night.served} is new tonight, so its pilot learns nothing."
        return night.insufficient("payoff", sentence, compared)
    if compared < wanted:
        sentence = f"A pilot was compared with model {night.served} on {compared} night(s); it takes {wanted}."
        return night.insufficient("payoff", sentence, compared)
    return _evidence(night, taken.state)


class _Course:
    """Takes the pilot through labelled days."""

    def __init__(self, night: Night) -> None:
        self.night, self.settings = night, night.use_case.monitor.payoff
        self.binary = night.use_case.problem == "binary"
        self.cells = Cells(night.baseline.profile)

    def newest_state(self) -> tuple[Evidence | None, State]:
        """Return this champion's newest evidence that carries a state, and the state; else one that begins."""
        for found in self.night.earlier("payoff", LOOK_BACK_NIGHTS):
            if self._fits(found):
                values = {name: np.array(value) for name, value in found.carried.items()}
                pilot = Pilot(values["weights"], values["variances"])
                return found, State(pilot, values["gains"], values["saved"])
        return None, State(Pilot.untaught(self.cells.count), np.array([]), np.array([]))

    def after(self, state: State, key: str) -> State:
        """Return the state after one more day: the pilot answers, is compared, and learns."""
        day = self.night.labelled_day(key)
        if day is None:
            return state
        places = self._places(day)
        base = log_odds(day.scores) if self.binary else day.scores / self._unit
        gains, saved = state.gains, state.saved
        if len(day.labels) >= self.settings.min_rows and not one_class(self.night.use_case.problem, day.labels):
            told = state.pilot.answers(places, base)
            scores = probability(told) if self.binary else told * self._unit
            gains = self._appended(gains, metric(self.night.use_case.metric.primary), day, scores)
            saved = self._appended(saved, metric(GUARDED[self.night.use_case.problem]), day, scores)
        labels = day.labels if self.binary else day.labels / self._unit
        pilot = state.pilot.after(
            places[:MOST_ROWS],
            base[:MOST_ROWS],
            labels[:MOST_ROWS],
            binary=self.binary,
            half_life=self.settings.half_life_nights,
        )
        return State(pilot, gains, saved)

    def _fits(self, found: Evidence) -> bool:
        return len(found.carried.get("weights", ())) == self.cells.count

    @cached_property
    def _unit(self) -> float:
        """What a regression's errors count in: the champion's own error in evaluation."""
        error = self.night.baseline.reference.get("rmse", 0.0)
        if error <= 0:
            raise CannotJudge(
                f"The baseline of model {self.night.served} has no RMSE above zero, so a pilot has no measure for what "
                "it learns; train again."
            )
        return error

    def _places(self, day: LabelledDay) -> Places:
        import pyarrow as pa
        import pyarrow.compute as pc

        captures, features = self.night.features_of(day.key)
        own = pc.index_in(pa.array(day.prediction_ids), captures.column("prediction_id").combine_chunks())
        if own.null_count:
            raise CannotJudge(
                f"{own.null_count} answers of {day.key} with known outcome are not among the captures of that day; "
                "compact them again."
            )
        return self.cells.places(features.take(own))

    @staticmethod
    def _appended(values: Floats, one: Metric, day: LabelledDay, scores: Floats) -> Floats:
        gain = one.gain(one.value(day.labels, scores), one.value(day.labels, day.scores))
        return np.append(values, rounded(np.array([gain])))[-MEMORY_NIGHTS:]


def _evidence(night: Night, state: State) -> Evidence:
    monitor = night.use_case.monitor
    per_year = monitor.prices["payoff"]
    limit = limit_for(DAYS_A_YEAR / per_year, monitor.payoff.allowance)
    sums = cusum(state.gains, monitor.payoff.allowance)
    drifted = float(sums[-1]) >= limit
    statistics = _statistics(night, state, sums, limit, since_zero=drifted)
    return night.found(
        "payoff",
        statistics[0],
        _sentence(night, statistics, per_year, drifted=drifted),
        drifts=drifted,
        severity="major",
        sample_size=len(state.gains),
        statistics=statistics,
    )


def _statistics(night: Night, state: State, sums: Floats, limit: float, *, since_zero: bool) -> tuple[Statistic, ...]:
    """Return the sum, the mean gains of the nights that it is of, or of all, and tonight's."""
    zeros = np.flatnonzero(sums == 0)
    nights = len(sums) - 1 - int(zeros[-1]) if since_zero and len(zeros) else len(sums)
    return (
        Statistic(name="cusum", value=float(sums[-1]), threshold=limit),
        _mean(night.use_case.metric.primary, state.gains[-nights:]),
        _mean(GUARDED[night.use_case.problem], state.saved[-nights:]),
        Statistic(name="gain_tonight", value=float(state.gains[-1])),
        Statistic(name="nights", value=nights),
    )


def _mean(name: str, gains: Floats) -> Statistic:
    mean = float(gains.mean())
    reach = NORMAL_95 * float(gains.std(ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    return Statistic(name=f"gain({name})", value=mean, interval=(mean - reach, mean + reach))


def _sentence(night: Night, statistics: tuple[Statistic, ...], per_year: float, *, drifted: bool) -> str:
    total, gain, saved, _, nights = statistics
    primary, guard = metric(night.use_case.metric.primary), metric(GUARDED[night.use_case.problem])
    low, high = gain.interval or (gain.value, gain.value)
    found = f"{gain.value:+.4f} ({low:+.4f} to {high:+.4f}){_unit(night, primary)} of {primary.title}"
    beside = f"{saved.value:+.4f}{_unit(night, guard)} of {guard.title}"
    over = f"a night over {nights.value:.0f} nights of model {night.champion}"
    if not drifted:
        return (
            f"Training does not pay yet: a pilot that learns every night gains {found} and {beside} {over}; the sum of "
            f"its gains is {total.value:.1f}, and {total.threshold:.1f} would show that they are no chance."
        )
    return (
        f"A model trained tonight would have gained {found} and {beside} {over}, as a pilot did that learns every "
        f"night; the sum of its gains is {total.value:.1f}, and chance takes it to {total.threshold:.1f} at most "
        f"{per_year:g} times a year."
    )


def _unit(night: Night, one: Metric) -> str:
    if one.name == "log_loss":
        return " nats"
    return f" {night.use_case.label.unit}" if one.in_unit else ""
