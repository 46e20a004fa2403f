"""Leads a study: looks after its running trials, starts new ones, and stops at its limits.

All that it needs to know is in the records. A process that dies is replaced by another one, which finds the jobs of the
trials under their names; two at once start no trial twice, because a trial is written down before it is submitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from driftgate.compute import cancel
from driftgate.errors import Conflict, DriftgateError
from driftgate.tuning.attendant import LONGEST_REASON, Attendant
from driftgate.tuning.search import next_parameters
from driftgate.tuning.study import Study, Trial, add_trial, trials_of
from driftgate.tuning.trial_jobs import trial_spec
from driftgate.tuning.warm_start import inherited
from driftgate.use_cases import UseCase

FAILURES_TO_GIVE_UP = 3  # when not one of the first trials works, the next will not either


@dataclass(frozen=True)
class Limits:
    """When a study ends. Minutes and US dollars are of all its trials together."""

    trials: int
    minutes: float | None = None
    usd: float | None = None


@dataclass(frozen=True)
class Standing:
    """How a study is; ``ended_by`` says why no trial is started any more."""

    trials: tuple[Trial, ...]
    ended_by: str | None

    @property
    def done(self) -> bool:
        """Whether nothing runs and nothing will."""
        return self.ended_by is not None and all(trial.ended for trial in self.trials)


class Controller:
    """Leads one study in this process."""

    def __init__(self, study: Study, use_case: UseCase, target: str, limits: Limits) -> None:
        self.study = study
        self.use_case = use_case
        self.target = target
        self.limits = limits
        self._attendant = Attendant(study, use_case, target)
        self._end_leftovers()

    def advance(self) -> Standing:
        """Do everything that can be done now, without waiting, and return how the study is.

        :raises DriftgateError: no job can be submitted at all, for example because there is no such target
        """
        try:
            return self._advanced(trials_of(self.study))
        except Conflict:  # somebody else leads the same study and was first: look again
            trials = trials_of(self.study)
            return Standing(tuple(trials), self._ended_by(trials))

    def pause(self) -> None:
        """End the running jobs; who leads the study next starts their trials again."""
        for trial in trials_of(self.study):
            if not trial.ended:
                cancel(self.study.job_id(trial.number), self.target)

    def _advanced(self, trials: list[Trial]) -> Standing:
        for place, trial in enumerate(trials):
            if not trial.ended:
                trials[place] = self._attendant.look_after(trial, trials)
        ended_by = self._ended_by(trials)
        if ended_by not in (None, "trials"):
            reason = f"the study reached a limit: {ended_by}"
            trials = [t if t.ended else self._attendant.give_up(t, "stopped", reason) for t in trials]
        while ended_by is None and self._may_start(trials):
            trials.append(self._started(trials))
            ended_by = self._ended_by(trials)
        return Standing(tuple(trials), ended_by)

    def _may_start(self, trials: Sequence[Trial]) -> bool:
        """Trial ``n`` learns from trials up to ``n - parallel`` only, so it waits for those to end."""
        needed = max(0, len(trials) - self.study.parallel + 1)
        return all(trial.ended for trial in trials[:needed])

    def _started(self, trials: Sequence[Trial]) -> Trial:
        number = len(trials)
        parameters = next_parameters(self.study, trials, number, inherited(self.study))
        trial = Trial(number=number, parameters=parameters)
        try:
            trial_spec(self.study, self.use_case, parameters, self.study.job_id(number), self.target)
        except DriftgateError as refused:  # these values do not go together; the next ones may
            failed = {"state": "failed", "reason": str(refused)[:LONGEST_REASON]}
            return add_trial(self.study, trial.model_copy(update=failed))
        add_trial(self.study, trial)
        self._attendant.submit(trial)
        return trial

    def _ended_by(self, trials: Sequence[Trial]) -> str | None:
        if _reached(self.limits.minutes, [(trial.seconds or 0.0) / 60 for trial in trials]):
            return "minutes"
        if _reached(self.limits.usd, [trial.usd or 0.0 for trial in trials]):
            return "usd"
        ended = [trial for trial in trials if trial.ended]
        if len(ended) >= FAILURES_TO_GIVE_UP and all(trial.state == "failed" for trial in ended):
            return "failures"
        return "trials" if len(trials) >= self.limits.trials else None

    def _end_leftovers(self) -> None:
        """End jobs of trials that were given up by a process that died before it could end them."""
        for trial in trials_of(self.study):
            if trial.state in ("pruned", "stopped"):
                cancel(self.study.job_id(trial.number), self.target)


def _reached(limit: float | None, amounts: Sequence[float]) -> bool:
    return limit is not None and sum(amounts) >= limit
