"""The concept monitor: does the champion read a day's requests as well as it did on the days it was evaluated on?

A sequential test that may look every night, with days as its units, for the rows of one day share its weather. Each
day gives two numbers (:mod:`driftgate.monitoring.day_measures`): its level, and the remainder, how badly the rows
within the day are told apart. Both count in standard deviations of the champion's evaluation days, cut off at
``CLIPPED``, less what the day before leads to expect. The level may depart to either side, the remainder upwards only.

The test is an e-detector (Shin, Ramdas and Rinaldo 2022) of Shiryaev-Roberts type: on every day somebody begins to bet
that from this day on the numbers are ``min_shift`` too high, and the evidence is the sum of their capitals. While
nothing has changed a capital gains nothing on average, so the evidence exceeds N on one day in N or less often. As it
follows from yesterday's evidence and today's day, a night costs the same after thirty days and after three thousand.

The evaluation is short, so its mean and deviation are estimates; ``tests/monitoring/judges/test_concept.py`` simulates
years with fourteen evaluation days and holds the false alarms to their price.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.metrics import Floats, one_class
from driftgate.monitoring.day_measures import DayValues, EvaluationDays, day_measures, measured_evaluation
from driftgate.monitoring.evidence import Carried, Evidence, Statistic
from driftgate.monitoring.judges.late_days import LOOK_BACK_NIGHTS, Taken, take_in, waiting_told
from driftgate.monitoring.night import Night
from driftgate.monitoring_policy import DAYS_A_YEAR, ConceptDrift
from driftgate.use_cases import UseCase

CLIPPED = 3.0  # deviations: one storm proves nothing
STAKES = (0.5, 1.0)  # how boldly is bet: for small changes, and for large ones
MOST = 10  # times the threshold: so that evidence that was overwhelming can fade when the days are good again
OF_DAY = "day "  # begins the names of the newest days' measures in what is carried

Part = Literal["level", "remainder"]
PARTS: tuple[Part, ...] = ("level", "remainder")
BETS = tuple(
    (part, side, stake)
    for part, sides in (("level", (1, -1)), ("remainder", (1,)))
    for side in sides
    for stake in STAKES
)


class State(NamedTuple):
    """What the next night goes on from: the capital of each bet, and the last day in deviations, None after a gap."""

    capitals: Floats
    last: Floats | None
    days: int


def judge_concept(night: Night) -> Evidence:
    """Judge by the newest day with known outcomes and the evidence of the nights before."""
    champion, evaluation = night.served, measured_evaluation(night.baseline.evaluation, night.served)
    if alike := [part for part in PARTS if not np.ptp(evaluation.column(part))]:
        raise CannotJudge(
            f"The {alike[0]} of all {len(evaluation.days)} evaluation days of model {champion} is the same, so nothing "
            "can be said to depart from it; train on rows whose scores tell something apart."
        )
    taken, measured = updated(night, evaluation)
    found = _found(night, champion, taken, news=any(day in measured for day in taken.new))
    told = waiting_told(night.use_case, taken.outstanding)
    days = [measured[day] for day in (*taken.late, night.labelled_key) if day in measured]
    carried = _carried(taken, days) if taken.state.days or taken.outstanding else {}
    return found.model_copy(update={"sentence": found.sentence + told, "carried": carried})


def updated(night: Night, evaluation: EvaluationDays) -> tuple[Taken[State], dict[str, DayValues]]:
    """Take in the days since the newest earlier night that has a state; return their measures too."""
    settings, most = night.use_case.monitor.concept, MOST * nights_per_false_alarm(night.use_case)
    measured: dict[str, DayValues] = {}

    def one_more(state: State, day: str) -> State:
        if measures := measured_day(night, evaluation, day):
            measured[day] = measures
        return after(state, _departure(evaluation, measures, settings) if measures else None, settings, most)

    return take_in(night, *_newest_state(night), one_more), measured


def measured_day(night: Night, evaluation: EvaluationDays, day: str) -> dict[str, float] | None:
    """Return the measures of a day of the champion; None of one with few outcomes, or of one kind only."""
    use_case, found = night.use_case, night.labelled_day(day)
    enough = found is not None and len(found.labels) >= use_case.monitor.concept.min_rows
    if found is None or not enough or one_class(use_case.problem, found.labels):
        return None
    scored = ScoredDay(found.labels, found.scores)
    return day_measures(use_case.problem, use_case.metric.costs_usd, scored, evaluation.by_score)


def earlier_days(night: Night, nights: int) -> list[DayValues]:
    """Return the measures of the champion's labelled days, as the evidence of so many nights before this one has them.

    So looking back reads no answers again. None of them is later than the night before.
    """
    found = list(night.earlier("concept", nights))
    return [day for one in reversed(found) for day in _measures_in(one)]


def after(state: State, departure: Floats | None, settings: ConceptDrift, most: float) -> State:
    """Return the state after one more day, that departs from the evaluation so far; None: it has no measures."""
    if departure is None:
        return state._replace(last=None)
    memory = _memory(settings)
    news = departure if state.last is None else (departure - memory * state.last) / np.sqrt(1 - memory**2)
    gains = [
        stake * (side * news[..., PARTS.index(part)] - settings.min_shift) - stake**2 / 2 for part, side, stake in BETS
    ]
    capitals = np.minimum((state.capitals + 1) * np.exp(np.stack(gains, axis=-1)), most)
    return State(capitals, departure, state.days + 1)


def evidence_of(capitals: Floats) -> Floats:
    """Return the mean over the two parts of their mean capitals."""
    return np.asarray(np.mean([_share_of(capitals, part) for part in PARTS], axis=0))


def departures(days: Floats, values: Floats, settings: ConceptDrift) -> Floats:
    """Return how far a day lies from evaluation days, in their deviations.

    The deviation allows for the mean being one of few days that resemble each other.

    :param days: level and remainder (last axis) of each evaluation day (the axis before it)
    :param values: level and remainder of the day
    """
    memory, count = _memory(settings), days.shape[-2]
    spread = days.std(axis=-2, ddof=1) * np.sqrt(1 + (1 + memory) / (1 - memory) / count)
    found: Floats = np.clip((values - days.mean(axis=-2)) / spread, -CLIPPED, CLIPPED)
    return found


def nights_per_false_alarm(use_case: UseCase) -> float:
    """Return how many nights pass on average, where nothing changes, until the evidence reaches this number."""
    return DAYS_A_YEAR / use_case.monitor.prices["concept"]


def _memory(settings: ConceptDrift) -> Floats:
    return np.array([settings.level_memory, settings.remainder_memory])


def _share_of(capitals: Floats, part: Part) -> Floats:
    mine = [bet[0] == part for bet in BETS]
    return np.asarray(capitals[..., mine].mean(axis=-1))


def _departure(evaluation: EvaluationDays, measures: DayValues, settings: ConceptDrift) -> Floats:
    days = np.stack([evaluation.column(part) for part in PARTS], axis=-1)
    return departures(days, np.array([measures[part] for part in PARTS]), settings)


def _newest_state(night: Night) -> tuple[Evidence | None, State]:
    """Return this champion's newest evidence that carries a state, and the state; else one that begins."""
    for found in night.earlier("concept", LOOK_BACK_NIGHTS):
        if "capitals" in found.carried:
            return found, _read(found)
    return None, State(np.zeros(len(BETS)), None, 0)


def _read(evidence: Evidence) -> State:
    last, days = evidence.carried.get("departure"), evidence.carried.get("days", (evidence.sample_size,))
    return State(np.array(evidence.carried["capitals"]), np.array(last) if last else None, int(days[0]))


def _measures_in(evidence: Evidence) -> list[DayValues]:
    carried = evidence.carried.items()
    of_days = {name.removeprefix(OF_DAY): values for name, values in carried if name.startswith(OF_DAY)}
    return [dict(zip(of_days, values, strict=True)) for values in zip(*of_days.values(), strict=True)]


def _carried(taken: Taken[State], measures: list[DayValues]) -> Carried:
    """Return what the next night goes on from; ``days`` where the evidence is of more days than that."""
    kept = taken.kept
    last = {} if kept.last is None else {"departure": tuple(kept.last.tolist())}
    days = {"days": (float(kept.days),)} if taken.outstanding else {}
    of_days = {f"{OF_DAY}{name}": tuple(one[name] for one in measures) for name in (measures[0] if measures else ())}
    return {"capitals": tuple(kept.capitals.tolist()), **last, **days, **of_days, **taken.waits}


def _statistics(state: State) -> Iterator[Statistic]:
    for part in PARTS:
        yield Statistic(name=f"evidence({part})", value=float(_share_of(state.capitals, part)))
    for part, value in zip(PARTS, state.last if state.last is not None else (), strict=False):
        yield Statistic(name=f"departure({part})", value=float(value))


def _found(night: Night, champion: str, taken: Taken[State], *, news: bool) -> Evidence:
    if not taken.state.days:
        sentence = (
            f"Model {champion} has no day with {night.use_case.monitor.concept.min_rows} known outcomes of both kinds "
            f"up to {night.labelled_key}."
        )
        return night.insufficient("concept", sentence)
    if taken.outstanding and not news:
        return night.insufficient("concept", f"No day of model {champion} is new tonight.", taken.state.days)
    return _evidence(night, champion, taken.state)


def _evidence(night: Night, champion: str, state: State) -> Evidence:
    threshold = nights_per_false_alarm(night.use_case)
    value = float(evidence_of(state.capitals))
    return night.found(
        "concept",
        Statistic(name="e_detector", value=value, threshold=threshold),
        _sentence(champion, state, value, threshold),
        drifts=value >= threshold,
        severity="major",
        sample_size=state.days,
        statistics=list(_statistics(state)),
    )


def _sentence(champion: str, state: State, value: float, threshold: float) -> str:
    odds = f"the evidence is {value:,.1f}; where nothing changes it reaches {threshold:,.0f} once in that many nights"
    if value < threshold:
        return f"The {state.days} days of model {champion} are like those of its evaluation: {odds}."
    worst = max(PARTS, key=lambda part: float(_share_of(state.capitals, part)))
    what = {
        "level": "as a whole they came out higher or lower than it said",
        "remainder": "it tells the rows of one day apart less well",
    }[worst]
    return f"The days of model {champion} are no longer like those of its evaluation: {what}; {odds}."
