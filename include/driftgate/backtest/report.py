"""What the nights of several policies say, held against each other: the record of a backtest.

A retraining was a *false alarm* when its candidate was rejected, rolled back or, as champion, no better than the one
before over the days that follow. An alarm was *missed* where the policy lay behind the best one for a week or longer by
more than ``missed_by`` and trained nothing.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from driftgate.backtest.costs import TrainingCost
from driftgate.backtest.policies import Policy
from driftgate.backtest.replay import PlayedNight, Retraining
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import metric
from driftgate.records import Record
from driftgate.use_cases import UseCase

ROLLING = 7  # days of the mean that plots show, and of a missed alarm at the least
LEAST = 0.01  # of the metric's mean: a smaller lag is no missed alarm


class Training(Record):
    """One retraining with what came of it."""

    key: str
    rule: str
    causes: tuple[str, ...]
    outcome: str  # failed, rejected, under_way, rolled_back, ended, champion
    reason: str
    failed_gates: tuple[str, ...]
    gain_in_evaluation: float | None
    served_from: str | None
    gain_in_service: float | None  # per day against the champion before, over the days that were compared
    days_compared: int
    false_alarm: bool


class Stretch(Record):
    """Days on which a policy lay behind the best one and trained nothing."""

    first: str
    last: str
    behind: float  # on average


class Day(Record):
    """One day of one policy."""

    key: str
    value: float | None
    rolling: float | None
    usd_per_1000: float | None
    model: str
    decision: str
    rule: str


class Period(Record):
    """The mean daily metric of some days, and what part of the reference's gain over ``never`` it is."""

    name: str
    value: float | None
    share_of_gain: float | None


class Outcome(Record):
    """One policy over the whole range."""

    name: str
    title: str
    policy: Policy
    value: float
    usd_per_1000: float | None
    periods: tuple[Period, ...]
    trainings: tuple[Training, ...]
    switches: int
    rollbacks: int
    false_alarms: int
    failed_gates: dict[str, int]  # how many candidates each turned away, the first of all first
    missed: tuple[Stretch, ...]
    regret: float  # mean daily metric of the best policy less its own; 0 of the best one
    training_usd: float
    training_kwh: float | None
    decisions: dict[str, int]
    days: tuple[Day, ...]
    on_frontier: bool = False


class BacktestReport(Record):
    """The same nights under each policy; the same data, code and policies give the same bytes."""

    schema_version: int = 1
    use_case: str
    first: str
    last: str
    metric: str
    higher_is_better: bool
    first_champion: str
    chosen: str | None
    best: str
    missed_by: float
    rolling_days: int = ROLLING
    cost: TrainingCost
    left_out: str
    outcomes: tuple[Outcome, ...]


class Compared(NamedTuple):
    """What a report is made of."""

    use_case: UseCase
    policies: Sequence[Policy]
    nights: dict[str, list[PlayedNight]]
    cost: TrainingCost
    left_out: str
    split: str | None = None  # the last day by which policies were chosen


def compared(found: Compared, *, chosen: str | None) -> BacktestReport:
    """Return the report on these nights."""
    primary = metric(found.use_case.metric.primary)
    values = {policy.name: _values(found.nights[policy.name]) for policy in found.policies}
    means = {name: float(np.nanmean(one)) for name, one in values.items()}
    best = max(means, key=lambda name: primary.gain(means[name], 0.0))
    missed_by = max(found.use_case.gates.champion.margin, LEAST * abs(means[best]))
    outcomes = [_outcome(found, policy, values, best, missed_by) for policy in found.policies]
    nights = found.nights[best]
    return BacktestReport(
        use_case=found.use_case.name,
        first=nights[0].key,
        last=nights[-1].key,
        metric=primary.name,
        higher_is_better=primary.higher_is_better,
        first_champion=nights[0].serving.champion,
        chosen=chosen,
        best=best,
        missed_by=rounded(missed_by),
        cost=found.cost,
        left_out=found.left_out,
        outcomes=tuple(_on_frontier(outcomes, higher=primary.higher_is_better)),
    )


def _outcome(
    found: Compared, policy: Policy, values: "dict[str, np.typing.NDArray[np.float64]]", best: str, missed_by: float
) -> Outcome:
    primary, nights, own = metric(found.use_case.metric.primary), found.nights[policy.name], values[policy.name]
    trainings = tuple(_training(found, nights, one.retraining) for one in nights if one.retraining)
    trained = sum(one.outcome != "failed" for one in trainings)
    usd = [night.usd_per_1000 for night in nights if night.usd_per_1000 is not None]
    decisions = [night.verdict.decision for night in nights]
    return Outcome(
        name=policy.name,
        title=policy.title,
        policy=policy,
        value=rounded(float(np.nanmean(own))),
        usd_per_1000=rounded(float(np.mean(usd))) if usd else None,
        periods=tuple(_periods(found, policy.name, values)),
        trainings=trainings,
        switches=sum(one.outcome == "champion" for one in trainings),
        rollbacks=sum(move.outcome in ("rollback", "rolled_back") for night in nights for move in night.moves),
        false_alarms=sum(one.false_alarm for one in trainings),
        failed_gates=dict(Counter(gate for one in trainings for gate in one.failed_gates).most_common()),
        missed=tuple(_missed(nights, primary.gain(_rolling(values[best]), _rolling(own)), missed_by)),
        regret=rounded(primary.gain(float(np.nanmean(values[best])), float(np.nanmean(own)))),
        training_usd=rounded(trained * found.cost.usd),
        training_kwh=None if found.cost.kwh is None else rounded(trained * found.cost.kwh),
        decisions={name: decisions.count(name) for name in sorted(set(decisions))},
        days=tuple(_days(nights, _rolling(own))),
    )


def _training(found: Compared, nights: list[PlayedNight], asked: Retraining) -> Training:
    """Return what came of a retraining: its promotion is the first that ends after it, of that version."""
    primary = metric(found.use_case.metric.primary)
    ends = [move for night in nights for move in night.moves if move.version == asked.key]
    end = next(iter(ends), None)
    outcome = asked.outcome if asked.outcome != "candidate" else end.outcome if end else "under_way"
    gains = [
        primary.gain(night.value, night.without)
        for night in nights
        if night.serving.champion == asked.key and night.value is not None and night.without is not None
    ]
    gain = rounded(float(np.mean(gains))) if gains else None
    served = next((night.key for night in nights if night.serving.champion == asked.key), None)
    useless = outcome in ("failed", "rejected", "rolled_back", "rollback") or (gain is not None and gain <= 0)
    return Training(
        key=asked.key,
        rule=asked.rule,
        causes=asked.causes,
        outcome=outcome,
        reason=end.reason if end and outcome == "rolled_back" else asked.reason,
        failed_gates=asked.failed,
        gain_in_evaluation=asked.gain,
        served_from=served,
        gain_in_service=gain,
        days_compared=len(gains),
        false_alarm=useless,
    )


def _periods(found: Compared, name: str, values: "dict[str, np.typing.NDArray[np.float64]]") -> Sequence[Period]:
    """Return the whole range and, where it is split, the days to choose by and those after them."""
    keys = np.array([night.key for night in found.nights[name]])
    parts = {"all": np.full(len(keys), True)}
    if found.split:
        parts |= {f"to {found.split}": keys <= found.split, f"after {found.split}": keys > found.split}
    return [
        _period(title, {one: own[part] for one, own in values.items()}, name, found) for title, part in parts.items()
    ]


def _period(title: str, values: "dict[str, np.typing.NDArray[np.float64]]", name: str, found: Compared) -> Period:
    if not np.isfinite(values[name]).any():
        return Period(name=title, value=None, share_of_gain=None)
    primary, means = metric(found.use_case.metric.primary), {one: float(np.nanmean(own)) for one, own in values.items()}
    share = None
    if "never" in means and "weekly" in means and (most := primary.gain(means["weekly"], means["never"])) > 0:
        share = rounded(primary.gain(means[name], means["never"]) / most)
    return Period(name=title, value=rounded(means[name]), share_of_gain=share)


def _missed(nights: list[PlayedNight], behind: "np.typing.NDArray[np.float64]", by: float) -> "list[Stretch]":
    """Return the runs of at least a week of days behind by more than ``by`` in which no training began."""
    found, run = [], list[int]()
    for place in range(len(nights) + 1):
        lags = place < len(nights) and behind[place] > by and nights[place].retraining is None
        if lags:
            run.append(place)
        elif len(run) >= ROLLING:
            mean = rounded(float(np.mean(behind[run])))
            found.append(Stretch(first=nights[run[0]].key, last=nights[run[-1]].key, behind=mean))
        if not lags:
            run = []
    return found


def _days(nights: list[PlayedNight], rolling: "np.typing.NDArray[np.float64]") -> "list[Day]":
    return [
        Day(
            key=night.key,
            value=night.value,
            rolling=rounded(float(mean)) if np.isfinite(mean) else None,
            usd_per_1000=night.usd_per_1000,
            model=night.serving.champion,
            decision=night.verdict.decision,
            rule=night.verdict.rule,
        )
        for night, mean in zip(nights, rolling, strict=True)
    ]


def _values(nights: list[PlayedNight]) -> "np.typing.NDArray[np.float64]":
    return np.array([np.nan if night.value is None else night.value for night in nights])


def _rolling(values: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
    """Return the mean of the last days, those without a value left out; NaN before there are enough days."""
    means = np.full(len(values), np.nan)
    for place in range(ROLLING - 1, len(values)):
        last = values[place - ROLLING + 1 : place + 1]
        if np.isfinite(last).any():
            means[place] = np.nanmean(last)
    return means


def _on_frontier(outcomes: list[Outcome], *, higher: bool) -> list[Outcome]:
    """Mark the policies that no other one beats in quality for the same or less money."""
    sign = 1 if higher else -1

    def beaten(one: Outcome) -> bool:
        return any(
            sign * (other.value - one.value) >= 0
            and other.training_usd <= one.training_usd
            and (sign * (other.value - one.value) > 0 or other.training_usd < one.training_usd)
            for other in outcomes
        )

    return [one.model_copy(update={"on_frontier": not beaten(one)}) for one in outcomes]
