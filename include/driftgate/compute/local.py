"""The local backend: a job is a process of its own on this machine.

Its folder ``settings().jobs/<job_id>`` holds ``spec.json``, ``log.txt`` and how the process ended. Its artefacts, and
last its result, are in the lake: a job is done when its result is there, whoever asks and whenever.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from driftgate.compute import supervised
from driftgate.compute.job_files import read_result, result_path
from driftgate.compute.jobs import (
    EXIT_BAD_INPUT,
    JobHandle,
    JobLost,
    JobResult,
    JobRunning,
    JobSpec,
    State,
    checked_job_id,
)
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, JobFailed, NotSupported
from driftgate.lake import lake
from driftgate.settings import settings

ENTRYPOINTS = {"train": "driftgate.training.entrypoint"}
# Each library has its own variable; without them every one starts a thread per core of the machine.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A thread that waits sleeps instead of spinning: beside two busy processes on two cores a training took 14 s, not 34 s.
WAITING = {"OMP_WAIT_POLICY": "passive"}
LOG_LINES = 15


@dataclass(frozen=True)
class LocalBackend:
    """Runs jobs for one compute target.

    :raises NotSupported: the target asks for what only another backend has
    """

    name: str
    target: Target

    def __post_init__(self) -> None:
        for setting in ("gpu", "spot", "queue", "image"):
            if value := getattr(self.target, setting):
                raise NotSupported(
                    f"Compute target {self.name!r} in compute.yaml has {setting}: {value}, which the local backend "
                    f"cannot give; remove it, or use a target of another backend."
                )

    def submit(self, spec: JobSpec) -> JobHandle:
        """Start the job unless it runs or is done."""
        folder = self._folder(spec.job_id)
        with supervised.exclusive(folder):
            state = self._state(spec.job_id)
            if state in ("running", "succeeded"):
                self._refuse_other_settings(spec, state)
            else:
                (folder / "spec.json").write_bytes(spec.canonical())
                supervised.start(folder, self._command(spec), self._limits(), self._environment())
        return self.status(spec.job_id)

    def status(self, job_id: str) -> JobHandle:
        """Return what is known about the job; while it runs this reads one file."""
        log = str(self._folder(job_id) / supervised.LOG)
        return JobHandle(job_id, self.name, self._state(job_id), log, self.target.timeout_minutes)

    def result(self, job_id: str) -> JobResult:
        """Return the result, or raise what explains that there is none."""
        state = self._state(job_id)
        if state == "succeeded":
            return read_result(job_id)
        if state == "running":
            raise JobRunning(f"Job {job_id} still runs on target {self.name!r}; ask again when it has ended.")
        ended = supervised.outcome(self._folder(job_id))
        if state == "lost" or ended is None:
            raise JobLost(f"Job {job_id} is lost: its process ended from outside; submit it again to start it anew.")
        raise JobFailed(self._explain(job_id, ended))

    def cancel(self, job_id: str) -> JobHandle:
        """Have the job killed; it has ended a fraction of a second later. A job that does not run is left as it is."""
        if supervised.is_running(self._folder(job_id)):
            supervised.request_stop(self._folder(job_id))
        return self.status(job_id)

    def _state(self, job_id: str) -> State:
        folder = self._folder(job_id)
        if supervised.is_running(folder):
            return "running"
        if lake().exists(result_path(job_id)):
            return "succeeded"
        ended = supervised.outcome(folder)
        # Without a result in the lake nothing succeeded: someone has removed it.
        return "lost" if ended is None or ended.state == "succeeded" else ended.state

    def _explain(self, job_id: str, ended: supervised.Outcome) -> str:
        folder = self._folder(job_id)
        if ended.status == EXIT_BAD_INPUT:
            return f"Job {job_id} failed: {supervised.last_lines(folder, 1)[0]} Its log is {folder / supervised.LOG}."
        lines = "\n".join(supervised.last_lines(folder, LOG_LINES))
        return f"Job {job_id} failed: {ended.reason}. Its log, {folder / supervised.LOG}, ends with:\n{lines}"

    def _refuse_other_settings(self, spec: JobSpec, state: State) -> None:
        if state == "succeeded":
            same = read_result(spec.job_id).spec_sha256 == spec.hash
        else:
            same = (self._folder(spec.job_id) / "spec.json").read_bytes() == spec.canonical()
        if not same:
            raise ConfigError(
                f"Job {spec.job_id} {'is done' if state == 'succeeded' else 'runs'} with another dataset version or "
                f"other settings than are asked for now; start a new DAG run to train with these."
            )

    def _command(self, spec: JobSpec) -> list[str]:
        uri = f"file://{self._folder(spec.job_id) / 'spec.json'}"
        return [sys.executable, "-m", ENTRYPOINTS[spec.kind], "--job", uri, "--end-with-stdin"]

    def _limits(self) -> supervised.Limits:
        return supervised.Limits(self.target.timeout_minutes * 60, self.target.memory_mib)

    def _environment(self) -> dict[str, str]:
        threads = dict.fromkeys(THREAD_VARIABLES, str(self.target.vcpu))
        return {**os.environ, **threads, **WAITING, "PYTHONUNBUFFERED": "1"}

    def _folder(self, job_id: str) -> Path:
        return Path(settings().jobs) / checked_job_id(job_id)
