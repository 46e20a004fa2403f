"""Looks after the trials of a study that run: concludes them, starts lost ones again, ends hopeless ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from driftgate.compute import JobHandle, cancel, result, submit, tend
from driftgate.errors import ConfigError, JobFailed
from driftgate.tuning.progress import seen_progress
from driftgate.tuning.search import hopeless
from driftgate.tuning.study import Study, Trial, TrialState, update_trial
from driftgate.tuning.trial_jobs import completed, trial_spec
from driftgate.tuning.usage import used_by, with_usage
from driftgate.use_cases import UseCase

MOST_STARTS = 3  # of a trial whose job was lost or taken away
LONGEST_REASON = 500


@dataclass
class Attendant:
    """Remembers what was seen of running trials; a process that knows nothing of that only prunes a little later."""

    study: Study
    use_case: UseCase
    target: str
    _seen: dict[int, Trial] = field(default_factory=dict)

    def submit(self, trial: Trial) -> None:
        """Start the trial's job, or find it."""
        job_id = self.study.job_id(trial.number)
        submit(trial_spec(self.study, self.use_case, trial.parameters, job_id, self.target))

    def look_after(self, trial: Trial, trials: Sequence[Trial]) -> Trial:
        """Return how a trial that is recorded as running really is."""
        handle = tend(self.study.job_id(trial.number), self.target)
        if handle.state == "succeeded":
            return self._completed(trial)
        if handle.state == "failed":
            return self._failed(trial, handle)
        if handle.state in ("lost", "cancelled"):
            return self._again(trial, handle)
        return self._watched(self._seen.get(trial.number, trial), trials)

    def give_up(self, trial: Trial, state: TrialState, reason: str) -> Trial:
        """End a running trial. It is written down before its job is ended, so that no kill makes it run again."""
        job_id = self.study.job_id(trial.number)
        trial = with_usage(trial, used_by(job_id))
        ended = update_trial(self.study, trial.model_copy(update={"state": state, "reason": reason}))
        cancel(job_id, self.target)
        return ended

    def _completed(self, trial: Trial) -> Trial:
        trial = self._looked_at(self._seen.pop(trial.number, trial))
        found = result(self.study.job_id(trial.number), self.target)
        trial = with_usage(trial, used_by(found.job_id, found))
        try:
            return update_trial(self.study, completed(self.study, trial, found))
        except ConfigError as wrong:
            return self._written(trial, "failed", str(wrong))

    def _failed(self, trial: Trial, handle: JobHandle) -> Trial:
        trial = with_usage(self._seen.pop(trial.number, trial), used_by(handle.job_id))
        try:
            result(handle.job_id, self.target)
        except JobFailed as error:
            return self._written(trial, "failed", str(error))
        return self._written(trial, "failed", handle.reason)

    def _again(self, trial: Trial, handle: JobHandle) -> Trial:
        if trial.starts >= MOST_STARTS:
            return self._written(trial, "failed", f"its job was {handle.state} {trial.starts} times")
        again = update_trial(self.study, trial.model_copy(update={"starts": trial.starts + 1}))
        self.submit(again)
        return again

    def _watched(self, trial: Trial, trials: Sequence[Trial]) -> Trial:
        trial = with_usage(trial, used_by(self.study.job_id(trial.number)))
        looked = self._looked_at(trial)
        if looked.progress == trial.progress:
            return trial
        ended, marks = hopeless(self.study, trials, looked)
        looked = self._seen[trial.number] = looked.model_copy(update={"marks": marks})
        if not ended:
            return looked
        step = max(looked.progress)
        reason = f"{self.study.metric} {looked.progress[step]:.5f} after {step} iterations is behind earlier trials"
        return self.give_up(looked.model_copy(update={"value": looked.progress[step]}), "pruned", reason)

    def _looked_at(self, trial: Trial) -> Trial:
        new = seen_progress(self.study, trial.number)
        if new is None or new[0] in trial.progress:
            return trial
        return trial.model_copy(update={"progress": {**trial.progress, new[0]: new[1]}})

    def _written(self, trial: Trial, state: TrialState, reason: str) -> Trial:
        ended = {"state": state, "reason": " ".join(reason.split())[:LONGEST_REASON]}
        return update_trial(self.study, trial.model_copy(update=ended))
