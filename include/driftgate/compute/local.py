"""The local backend: a job is a process of its own on this machine.

Its folder ``settings().jobs/<job_id>`` holds ``start.json`` (which start it is), ``log.txt`` and how the process ended.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from driftgate.compute import supervised
from driftgate.compute.backend import Sighting
from driftgate.compute.job_files import spec_uri
from driftgate.compute.job_records import JobRecord
from driftgate.compute.jobs import JobSpec, checked_job_id
from driftgate.compute.targets import Target
from driftgate.errors import NotSupported
from driftgate.settings import settings

ENTRYPOINTS = {"train": "driftgate.training.entrypoint"}
# Each library has its own variable; without them every one starts a thread per core of the machine.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A thread that waits sleeps instead of spinning: beside two busy processes on two cores a training took 14 s, not 34 s.
WAITING = {"OMP_WAIT_POLICY": "passive"}
LOG_LINES = 15
ONLY_ELSEWHERE = {"gpu": 0, "nodes": 1, "spot": False, "queue": None, "cluster": None, "image": None}


@dataclass(frozen=True)
class LocalBackend:
    """Runs jobs for one compute target.

    :raises NotSupported: the target asks for what only another backend has
    """

    poll_seconds: ClassVar[float] = 0.5
    starts_once: ClassVar[bool] = True  # by the lock of its folder
    restarts: ClassVar[bool] = False
    keeps_time: ClassVar[bool] = True

    name: str
    target: Target

    def __post_init__(self) -> None:
        for setting, absent in ONLY_ELSEWHERE.items():
            if (value := getattr(self.target, setting)) != absent:
                raise NotSupported(
                    f"Compute target {self.name!r} in compute.yaml has {setting}: {value}, which the local backend "
                    f"cannot give; remove it, or use a target of another backend."
                )

    def check(self, spec: JobSpec) -> None:
        """Take every spec."""

    def found(self, record: JobRecord) -> Sequence[str]:
        """Return the name of this start if the folder is of it."""
        return [record.name] if self._is_of(record) else []

    def start(self, record: JobRecord) -> str:
        """Start the process, unless this start was made before: one that died is not made again under its name."""
        folder = self._folder(record)
        with supervised.exclusive(folder):
            if not self._is_of(record) and not supervised.is_running(folder):
                started = self._command(record), self._limits(), self._environment(record)
                supervised.start(folder, *started, name=record.name)
        return record.name

    def look(self, record: JobRecord) -> Sighting:
        """Return how the process is; while it runs this reads two files."""
        folder = self._folder(record)
        if not self._is_of(record):
            return Sighting("lost", "this machine knows it no more")
        if supervised.is_running(folder):
            return Sighting("running")
        ended = supervised.outcome(folder)
        if ended is None:
            return Sighting("lost", "its process ended from outside")
        return Sighting(ended.state, ended.reason, ended.status, supervised.last_lines(folder, LOG_LINES))

    def stop(self, record: JobRecord, reason: str) -> None:
        """Have the process ended; it has a moment to save a checkpoint."""
        if self._is_of(record) and supervised.is_running(self._folder(record)):
            supervised.request_stop(self._folder(record))

    def log(self, record: JobRecord) -> str:
        """Return the path of the log of all starts."""
        return str(self._folder(record) / supervised.LOG)

    def _is_of(self, record: JobRecord) -> bool:
        return supervised.name_of_start(self._folder(record)) == record.name

    def _command(self, record: JobRecord) -> list[str]:
        return [
            sys.executable,
            "-m",
            ENTRYPOINTS[record.spec.kind],
            "--job",
            spec_uri(record.job_id),
            "--end-with-stdin",
        ]

    def _limits(self) -> supervised.Limits:
        return supervised.Limits(self.target.timeout_minutes * 60, self.target.memory_mib)

    def _environment(self, record: JobRecord) -> dict[str, str]:
        threads = dict.fromkeys(THREAD_VARIABLES, str(max(1, self.target.vcpu // record.spec.processes)))
        return {**os.environ, **threads, **WAITING, "PYTHONUNBUFFERED": "1", "DRIFTGATE_TARGET": record.target}

    def _folder(self, record: JobRecord) -> Path:
        return Path(settings().jobs) / checked_job_id(record.job_id)
