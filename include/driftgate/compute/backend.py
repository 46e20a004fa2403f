"""What a backend is: it starts, finds, sees and stops processes, and remembers nothing.

The port (``backends.py``) decides and remembers: which start of which job is where is in the job's record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from driftgate.compute.job_records import JobRecord
from driftgate.compute.jobs import JobSpec, State
from driftgate.compute.targets import Target


@dataclass(frozen=True)
class Sighting:
    """What a service says about one start of a job.

    ``lost``: the host went away (EXIT_INTERRUPTED included) or the service knows it no more. ``reason``: a clause
    without a full stop ("it ended with status 1", "no instance is free for it"). ``exit_status`` and ``last_lines`` of
    the log are given for a start that ended badly. ``since``: when this state began, if the service says so.
    ``no_capacity``: it was lost before it began, because the service found no machine for it.
    """

    state: State
    reason: str = ""
    exit_status: int | None = None
    last_lines: Sequence[str] = ()
    since: datetime | None = None
    no_capacity: bool = False


class NoCapacity(Exception):
    """The service has no machine for the job now, and started nothing; its message is a clause."""


class Backend(Protocol):
    """One service, for one compute target. Every method may be called by several processes at once.

    A throttled or unreachable service raises what boto3 raises: trying again is right. A :class:`DriftgateError` is a
    sentence that trying again does not help.
    """

    poll_seconds: ClassVar[float]  # between two questions about one job
    starts_once: ClassVar[bool]  # two calls of ``start`` for the same record start one process
    restarts: ClassVar[bool]  # the service itself starts a job anew whose host was lost
    keeps_time: ClassVar[bool]  # the service itself ends a start at the target's time limit

    def __init__(self, name: str, target: Target) -> None:
        """Refuse, with a sentence, a target with a setting that the service cannot honour; ask the service nothing."""

    def check(self, spec: JobSpec) -> None:
        """Refuse, with a sentence, a spec that can be known to fail here; called before anything is recorded."""

    def found(self, record: JobRecord) -> Sequence[str]:
        """Return the service's ids of everything it knows by ``record.name``, ended ones too, oldest first."""

    def start(self, record: JobRecord) -> str:
        """Start ``record.spec`` under ``record.name`` and return the service's id of it.

        :raises NoCapacity: there is no machine for it now
        """

    def look(self, record: JobRecord) -> Sighting:
        """Return what is known about ``record.remote_id``; whether there is a result in the lake is not its concern."""

    def stop(self, record: JobRecord, reason: str) -> None:
        """Have ``record.remote_id`` ended (SIGTERM, a grace period, SIGKILL); nothing happens when it has ended."""

    def log(self, record: JobRecord) -> str:
        """Return where a person reads the log: a path or an address."""
