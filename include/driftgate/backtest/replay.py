"""Playing nights under one policy: monitors, verdict, training, gates and promotion, by the code of the DAGs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from driftgate.backtest.gates import gated
from driftgate.backtest.models import Models
from driftgate.backtest.night import Played, ReplayedNight, ReplayedPast
from driftgate.backtest.policies import Policy
from driftgate.backtest.rows import LABEL, Rows
from driftgate.backtest.steps import Moved, judged, rolled_back, start
from driftgate.backtest.traffic import Serving, Traffic
from driftgate.errors import CannotJudge, ConfigError, SourceMissing
from driftgate.evaluation.costs import expected_cost_usd
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import label_values, metric, one_class
from driftgate.monitoring import Evidence, JoinResult, Verdict, judge, judge_night
from driftgate.monitoring.ground_truth import with_outcome
from driftgate.monitoring_policy import MONITORS, MonitorName
from driftgate.partition_keys import days_between
from driftgate.records import Record

COMPARED_DAYS = 14  # of a new champion, on which the one before it is scored too


class Retraining(Record):
    """A training that a verdict asked for: the rule and the causes, and what the gates said of the candidate.

    ``outcome`` is ``failed`` where nothing could be trained, ``rejected`` by a gate, else ``candidate``.
    """

    key: str
    rule: str
    causes: tuple[str, ...]
    outcome: str
    reason: str
    failed: tuple[str, ...] = ()  # gates
    gain: float | None = None  # of the primary metric against the champion, on the validation rows


class Move(Record):
    """The end of a promotion, or a rollback, in the night of ``key``."""

    key: str
    version: str
    outcome: str  # champion, rolled_back (a guardrail), ended (a shadow with nothing behind it), rollback (the verdict)
    reason: str


class PlayedNight(Record):
    """One night of one policy: who answered, how well, what was decided and what came of it."""

    key: str
    serving: Serving
    requests: int
    value: float | None  # of the primary metric, of the day's labelled answers; None of too few
    without: float | None  # what the champion before would have had, in the first days of a new one
    usd_per_1000: float | None
    evidence: tuple[Evidence, ...]  # whole: with what the next night goes on from, which verdicts leave out
    verdict: Verdict
    joined: JoinResult | None
    retraining: Retraining | None = None
    moves: tuple[Move, ...] = ()
    after: Serving  # from the next day on


@dataclass
class Replay:
    """One policy at some night. What it knows follows from the nights that it was given or played."""

    rows: Rows
    policy: Policy
    models: Models
    monitors: tuple[MonitorName, ...] = MONITORS
    serving: Serving = field(init=False)

    def __post_init__(self) -> None:
        self.use_case = self.policy.applied(self.rows.use_case)
        self.past = ReplayedPast()
        self.traffic = Traffic(self.use_case, self.rows, self.models)
        self.played = Played(self.use_case, self.traffic)
        self.played.whole_rows = self.monitors == MONITORS
        self.serving = first_serving(self.rows, self.models)

    def resume(self, nights: list[PlayedNight]) -> None:
        """Take up after nights that were played before."""
        for night in nights:
            self._remember(night)

    def play(self, keys: list[str]) -> Iterator[PlayedNight]:
        """Play these nights, which follow those played before."""
        self._evaluated(self.serving)
        for key in keys:
            night = self._night(key)
            self._remember(night)
            self.models.forget([name for name in _versions(self.serving) if name])
            yield night

    def _remember(self, night: PlayedNight) -> None:
        self.played.course[night.key], self.serving = night.serving, night.after
        self.past.verdicts[night.key] = night.verdict
        self.past.found |= {(night.key, one.monitor): one for one in night.evidence}
        if night.joined:
            self.past.joins[night.key] = night.joined

    def _evaluated(self, serving: Serving) -> None:
        """Have the reports of all models under way at hand, as their packages would have them."""
        for version in (serving.previous, serving.champion, serving.candidate):
            if version and self.models.of(version).own_report is None:
                gated(self.use_case, self.models.of(version), None)

    def _night(self, key: str) -> PlayedNight:
        serving, use_case = self.serving, self.use_case
        self.played.course[key] = serving
        joined = self.played.join_result(key)
        if joined:
            self.past.joins[key] = joined
        night = ReplayedNight(use_case, key, self.past, self.played)
        evidence = tuple(judge(night, monitor) for monitor in self.monitors)
        self.past.found |= {(key, one.monitor): one for one in evidence}
        verdict = judge_night(use_case, key, self.past, promotion_active=serving.candidate is not None)
        value, usd, requests = self._measured(key)
        without = self._without(key) if value is not None else None
        retraining, moves, after = self._followed(verdict)
        return PlayedNight(
            key=key,
            serving=serving,
            requests=requests,
            value=value,
            without=without,
            usd_per_1000=usd,
            evidence=evidence,
            verdict=verdict,
            joined=joined,
            retraining=retraining,
            moves=tuple(moves),
            after=after,
        )

    def _followed(self, verdict: Verdict) -> tuple[Retraining | None, list[Move], Serving]:
        """Do what the verdict says, then judge the candidate that was under way, as two DAGs do in one night."""
        key, serving = verdict.key, self.serving
        if verdict.decision == "rollback":
            after = rolled_back(serving, key)
            left = serving.champion if after.champion != serving.champion else serving.candidate
            moves = [Move(key=key, version=left, outcome="rollback", reason=verdict.sentence)] if left else []
            return None, moves, after
        if verdict.decision == "retrain":
            retraining = self._retrained(verdict)
            moved = start(self.use_case, serving, key, key) if retraining.outcome == "candidate" else None
            return retraining, _moves(key, key, moved), moved.serving if moved else serving
        if serving.candidate:
            moved = judged(self.traffic, serving, key)
            return None, _moves(key, serving.candidate, moved), moved.serving
        return None, [], serving

    def _retrained(self, verdict: Verdict) -> Retraining:
        about = {"key": verdict.key, "rule": verdict.rule, "causes": verdict.causes}
        try:
            report = gated(self.use_case, self.models.of(verdict.key), self.models.of(self.serving.champion))
        except (SourceMissing, ConfigError, CannotJudge) as problem:
            return Retraining(**about, outcome="failed", reason=str(problem))
        gain = next((gate.value for gate in report.gates if gate.gate == "champion"), None)
        outcome = "candidate" if report.passed else "rejected"
        failed = tuple(gate.gate for gate in report.gates if gate.verdict == "fail")
        return Retraining(**about, outcome=outcome, reason=report.reason, failed=failed, gain=gain)

    def _measured(self, key: str) -> tuple[float | None, float | None, int]:
        """Return the primary metric and the cost per 1,000 of the day's answers with an outcome, and all requests."""
        table = self.played.joined(key)
        if table is None:
            return None, None, 0
        known = with_outcome(table)
        labels, scores = label_values(self.use_case.problem, known.column("label")), known.column("score").to_numpy()
        if not len(labels) or one_class(self.use_case.problem, labels):
            return None, None, table.num_rows
        value = metric(self.use_case.metric.primary).value(labels, scores)
        usd = 1000 * expected_cost_usd(labels, np.asarray(scores, dtype=float), self.use_case.metric.costs_usd)
        return rounded(value), rounded(usd), table.num_rows

    def _without(self, key: str) -> float | None:
        """Return the primary metric of the day had the champion before this one answered, while it is a new one."""
        import pyarrow.compute as pc

        before = self.serving.previous
        if before is None or days_between(self.serving.champion_since, key) >= COMPARED_DAYS:
            return None
        column = self.rows.by_day[key].column(LABEL)
        known = pc.is_valid(column).to_numpy(zero_copy_only=False)
        labels = label_values(self.use_case.problem, column.filter(pc.is_valid(column)))
        value = metric(self.use_case.metric.primary).value(labels, self.models.of(before).scores(key)[known])
        return rounded(value)


def first_serving(rows: Rows, models: Models) -> Serving:
    """Return who serves on the first day: the model of the window before it, whatever its gates say.

    :raises ConfigError: there is no such model
    """
    before = rows.day_before
    try:
        gated(rows.use_case, models.of(before), None)
    except (SourceMissing, ConfigError, CannotJudge) as problem:
        raise ConfigError(
            f"No model can serve on {rows.first}, so nothing can be replayed from it: {problem}"
        ) from None
    return Serving(champion=before, champion_since=rows.first)


def _moves(key: str, version: str, moved: Moved | None) -> list[Move]:
    if moved is None or moved.outcome is None:
        return []
    return [Move(key=key, version=version, outcome=moved.outcome, reason=moved.reason)]


def _versions(serving: Serving) -> tuple[str | None, ...]:
    return serving.champion, serving.previous, serving.candidate
