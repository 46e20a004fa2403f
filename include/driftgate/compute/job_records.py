"""The record of where a job is: kind ``job`` in the metadata, changed by compare-and-swap only.

It is written before anything is asked of a service, so that whoever comes next, after whatever crash, knows under which
name to look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from driftgate.compute.jobs import JobSpec, State, checked_job_id
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record, sha256
from driftgate.settings import settings

KIND = "job"
# How long one process may take to start a job; until then nobody else concludes that it was not started.
LEASE_SECONDS = 120.0


class Ending(Record):
    """How a job ended, or will have ended once it has stopped. Services forget; this stays."""

    state: State
    reason: str
    exit_status: int | None = None
    last_lines: tuple[str, ...] = ()


class Move(Record):
    """One target that the job has left, and why."""

    target: str
    reason: str
    at: datetime


class JobRecord(Record):
    """One job, as far as its starts are concerned; of the model it knows nothing.

    ``starting``: start ``number`` is to be made at ``target``, or was made by someone who died before noting its id.
    ``started``: the service knows it as ``remote_id``. ``stopping``: it is being ended; then it starts anew at
    ``next``, or, without one, ends as ``ending`` says. ``ended``: nothing more happens until it is submitted again.
    """

    schema_version: int = 1
    job_id: str
    spec: JobSpec
    target: str  # where it is now; ``spec.target`` is the one asked for
    phase: Literal["starting", "started", "stopping", "ended"] = "starting"
    number: int = 1  # of this start, counted over the life of the job; each has its own name at the service
    starts: int = 1  # on this target, this one included
    submitted_at: datetime  # this start
    placed_at: datetime  # the first start on this target since the last submit
    remote_id: str | None = None
    leased_until: datetime | None = None  # somebody is starting it
    next: str | None = None
    ending: Ending | None = None
    told: bool = False  # somebody asked for the result and was told of the failure
    moves: tuple[Move, ...] = ()

    @property
    def name(self) -> str:
        """The name of this start at the service; environments that share a queue are told apart by their lakes."""
        digest = sha256(f"{settings().lake}|{self.job_id}|{self.number}".encode())[:16]
        return f"{self.job_id[:96]}-{digest}"

    @property
    def leased(self) -> bool:
        """Whether somebody may be starting it at this moment."""
        return self.leased_until is not None and self.leased_until > datetime.now(UTC)

    @property
    def tags(self) -> dict[str, str]:
        """What the job is tagged with at the service and in the ledger."""
        return {**self.spec.tags, "job": self.job_id}

    def changed(self, **values: Any) -> "JobRecord":
        """Return the record with other values."""
        return self.model_copy(update=values)


@dataclass(frozen=True)
class Noted:
    """A record as it was read: the revision is what a change must be based on."""

    record: JobRecord
    revision: int

    def swap(self, **values: Any) -> "Noted":
        """Write the record with other values.

        :raises Conflict: somebody else changed it since it was read
        """
        return note(self.record.changed(**values), expected=self.revision)


def note(record: JobRecord, *, expected: int) -> Noted:
    """Write a job's record; ``expected`` is the revision last read, 0 for none.

    :raises Conflict: it is at another revision
    """
    entry = metadata().append(KIND, record.job_id, record.model_dump(mode="json"), expected=expected)
    return Noted(record, entry.revision)


def find_record(job_id: str) -> Noted | None:
    """Return the job's record, or None when nobody ever submitted it."""
    entry = metadata().latest(KIND, checked_job_id(job_id))
    return Noted(_parse(entry.body, job_id), entry.revision) if entry else None


def open_records() -> Iterator[Noted]:
    """Yield the record of every job that has not ended."""
    for entry in metadata().all_latest(KIND):
        if entry.body.get("phase") != "ended":
            yield Noted(_parse(entry.body, entry.subject), entry.revision)


def new_lease() -> datetime:
    """Return until when a start that begins now may take."""
    return datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)


def _parse(body: dict[str, Any], job_id: str) -> JobRecord:
    return parse_record(body, JobRecord, where=f"the record of job {job_id}")
