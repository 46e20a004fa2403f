"""Deciding recorded nights again from what the lake has of them: do code and policy of today say what was said?"""

from driftgate.backtest.night import ReplayedPast
from driftgate.errors import ConfigError
from driftgate.monitoring import (
    Evidence,
    JoinResult,
    RecordedNight,
    RecordedPast,
    Verdict,
    judge,
    judge_night,
    verdicts,
)
from driftgate.monitoring_policy import MonitorName
from driftgate.records import Record
from driftgate.use_cases import UseCase

MOST_TOLD = 5


class DecidedAgain(Record):
    """One recorded night: whether the verdict is the same to the byte, and else what differs."""

    key: str
    same: bool
    sentence: str


class _Past(ReplayedPast):
    """Nights as they are decided again; joins and packages are the recorded ones."""

    def __init__(self, use_case_name: str) -> None:
        super().__init__()
        self.recorded, self.again = RecordedPast(use_case_name), set[str]()

    def evidence(self, key: str, monitor: MonitorName) -> Evidence | None:
        return self.found.get((key, monitor)) or (None if key in self.again else self.recorded.evidence(key, monitor))

    def joined(self, key: str) -> JoinResult | None:
        return self.recorded.joined(key)

    def trained_to(self, version: str) -> str | None:
        return self.recorded.trained_to(version)


def decided_again(use_case: UseCase, first: str | None = None, last: str | None = None) -> list[DecidedAgain]:
    """Judge and decide every recorded night from ``first`` to ``last``, oldest first, and write nothing.

    What a night knew of the traffic (a promotion under way, a backfill) is taken from its record. Nights before
    ``first`` are looked back at as they are recorded.

    :raises ConfigError: there is none
    """
    past, found = _Past(use_case.name), []
    for verdict in verdicts(use_case.name):
        if last and verdict.key > last:
            break
        if first and verdict.key < first:
            again = verdict
        else:
            again = _again(use_case, verdict, past)
            found.append(_compared(verdict, again))
        past.verdicts[verdict.key] = again
    if not found:
        where = f" from {first or 'the first'} to {last or 'the last'}" if first or last else ""
        raise ConfigError(f"{use_case.name} has no recorded verdict{where}; run the DAG {use_case.name}.monitor first.")
    return found


def _again(use_case: UseCase, verdict: Verdict, past: _Past) -> Verdict:
    night = RecordedNight(use_case, verdict.key)
    night.past = past
    past.again.add(verdict.key)
    for monitor in use_case.monitors:
        recorded = past.recorded.evidence(verdict.key, monitor) if monitor == "agreement" else None
        past.found[verdict.key, monitor] = recorded or judge(night, monitor)  # people have answered more since
    return judge_night(
        use_case,
        verdict.key,
        past,
        backfill=verdict.backfill,
        promotion_active=verdict.promotion_active,
        over_budget=verdict.over_budget,
    )


def _compared(then: Verdict, now: Verdict) -> DecidedAgain:
    if then.canonical() == now.canonical():
        return DecidedAgain(
            key=then.key, same=True, sentence=f"{then.key}: {then.decision} by {then.rule}, as recorded."
        )
    differing = [name for name in Verdict.model_fields if getattr(then, name) != getattr(now, name)]
    monitors = [one.monitor for one in now.evidence if one not in then.evidence]
    told = ", ".join([*differing, *(f"evidence of {monitor}" for monitor in monitors)][:MOST_TOLD])
    sentence = (
        f"{then.key}: {then.decision} by {then.rule} then, {now.decision} by {now.rule} now; it differs in {told}."
    )
    return DecidedAgain(key=then.key, same=False, sentence=sentence)
