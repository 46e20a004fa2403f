"""One port for every backend: submit a job to its compute target, ask how it is, take its result.

A job is looked up before it is started: in its record, at the service by its name, in the lake. So a job is started
once, whoever asks at the same moment and whoever was killed on the way.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from driftgate.compute.backend import Sighting
from driftgate.compute.job_files import read_result, result_path
from driftgate.compute.job_records import Ending, JobRecord, Noted, find_record, note, open_records
from driftgate.compute.jobs import (
    EXIT_BAD_INPUT,
    JobHandle,
    JobLost,
    JobResult,
    JobRunning,
    JobSpec,
    checked_job_id,
)
from driftgate.compute.services import backend_of
from driftgate.compute.steps import advance, ending_of, seen
from driftgate.compute.targets import AUTO, find_auto, find_target
from driftgate.errors import ConfigError, Conflict, JobFailed
from driftgate.lake import lake

logger = logging.getLogger(__name__)

CANCELLED = Ending(state="cancelled", reason="it was cancelled")


def submit(spec: JobSpec) -> JobHandle:
    """Start the job unless it runs or is done; of two submits at once, one starts it.

    A job that was lost or cancelled is started anew; one that failed too, once somebody was told or with another spec:
    whoever submits it then has a reason. One that is being stopped is started when it has ended.

    :raises ConfigError: the target is unknown, or the job runs or is done with another spec
    :raises NotSupported: the target has a setting that its backend cannot honour
    """
    checked_job_id(spec.job_id)
    while True:
        try:
            return _submitted(spec)
        except Conflict:  # somebody submits, tends or cancels it at this moment: look again
            continue


def status(job_id: str, target: str) -> JobHandle:
    """Return what is known about the job, and change nothing; cheap enough to ask twice a second.

    :param target: the one that was asked for; the job may be on another by now
    """
    noted = find_record(job_id)
    return _handle(noted.record, seen(noted.record)) if noted else _unknown(job_id, target)


def tend(job_id: str, target: str) -> JobHandle:
    """Return what is known about the job once everything that is due has been done for it: whoever waits calls this.

    A job whose host was lost is started again, one that waits too long moves to the next target, one past its time
    limit is stopped, one whose submitter died is started.
    """
    noted = find_record(job_id)
    if not noted:
        return _unknown(job_id, target)
    step = advance(noted)
    return _handle(step.noted.record, step.sighting)


def poll_seconds(target: str) -> float:
    """Return how long to wait between two questions about a job of this target."""
    return backend_of(target).poll_seconds


def result(job_id: str, target: str) -> JobResult:
    """Return the result of a job that succeeded.

    :raises JobFailed: the job's code failed, it crossed a limit of its target, or it was cancelled
    :raises JobLost: its process was ended from outside; not a ``DriftgateError``, because submitting again heals it
    :raises JobRunning: it has not ended yet
    """
    noted = find_record(job_id)
    sighting = seen(noted.record) if noted else None
    handle = _handle(noted.record, sighting) if noted and sighting else _unknown(job_id, target)
    if handle.state == "succeeded":
        return read_result(job_id)
    if not handle.ended:
        raise JobRunning(f"Job {job_id} still runs on target {handle.target!r}; ask again when it has ended.")
    if handle.state == "lost" or not noted or not sighting:
        raise JobLost(f"Job {job_id} is lost: {handle.reason}; submit it again to start it anew.")
    with suppress(Conflict):  # then somebody submits it at this moment
        if noted.record.phase in ("started", "ended") and not noted.record.told:
            noted.swap(phase="ended", ending=ending_of(sighting), told=True)
    raise JobFailed(_explained(handle, sighting))


def cancel(job_id: str, target: str) -> JobHandle:
    """Have the job ended wherever it is now; it has ended a moment later. A job that does not run is left as it is."""
    while True:
        noted = find_record(job_id)
        if not noted:
            return _unknown(job_id, target)
        record = noted.record
        try:
            if record.phase != "ended" and not (record.phase == "stopping" and record.next is None):
                noted = noted.swap(phase="stopping", next=None, ending=CANCELLED)
        except Conflict:
            continue
        step = advance(noted)
        return _handle(step.noted.record, step.sighting)


def sweep(is_wanted: Callable[[JobRecord], bool]) -> list[JobHandle]:
    """End every job that has not ended and that nobody wants any more, and finish what others began; return the ended.

    A job that cannot be asked about at the moment is logged and left to the next sweep.
    """
    swept = []
    for noted in open_records():
        try:
            if handle := _swept(noted, is_wanted):
                swept.append(handle)
        except Exception as error:  # one job's trouble must not keep the others running
            logger.warning("job %s is left to the next sweep: %s", noted.record.job_id, error)
    return swept


def _swept(noted: Noted, is_wanted: Callable[[JobRecord], bool]) -> JobHandle | None:
    record = noted.record
    _end_strays(record)
    if record.phase == "stopping":
        step = advance(noted)
        return _handle(step.noted.record, step.sighting)
    if is_wanted(record):
        return None
    return cancel(record.job_id, record.spec.target)


def _end_strays(record: JobRecord) -> None:
    """End what has the name of this start and is not it: its submitter was stopped for longer than its lease."""
    backend = backend_of(record.target)
    if record.remote_id is None or backend.starts_once:
        return
    for remote_id in backend.found(record):
        if remote_id != record.remote_id:
            backend.stop(record.changed(remote_id=remote_id), "the job was started twice")


def _submitted(spec: JobSpec) -> JobHandle:
    backend = backend_of(spec.target)
    noted = find_record(spec.job_id)
    if noted and noted.record.phase != "ended":
        if _is_stopped_for_good(noted.record):  # somebody cancelled it and now wants it: it starts when it has ended
            noted = noted.swap(spec=spec, next=spec.target)
        step = advance(noted)
        noted = step.noted
        if step.sighting.state in ("queued", "running"):
            _refuse_other_settings(spec, noted.record.spec.hash, "runs")
            return _handle(noted.record, step.sighting)
    if lake().exists(result_path(spec.job_id)):
        _refuse_other_settings(spec, read_result(spec.job_id).spec_sha256, "is done")
        return status(spec.job_id, spec.target)
    if noted and _is_untold_failure(noted.record, spec):
        return _handle(noted.record, seen(noted.record))
    backend.check(spec)
    step = advance(note(_first_start(spec, noted), expected=noted.revision if noted else 0))
    return _handle(step.noted.record, step.sighting)


def _is_untold_failure(record: JobRecord, spec: JobSpec) -> bool:
    """Whether an error of the code would run twice because the task that waited for it died."""
    failed = record.ending is not None and record.ending.state == "failed"
    return failed and not record.told and record.spec.hash == spec.hash


def _is_stopped_for_good(record: JobRecord) -> bool:
    return record.phase == "stopping" and record.next is None and record.ending == CANCELLED


def _first_start(spec: JobSpec, noted: Noted | None) -> JobRecord:
    now = datetime.now(UTC)
    return JobRecord(
        job_id=spec.job_id,
        spec=spec,
        target=spec.target,
        number=noted.record.number + 1 if noted else 1,
        submitted_at=now,
        placed_at=now,
    )


def _refuse_other_settings(spec: JobSpec, spec_sha256: str, state: str) -> None:
    if spec.hash != spec_sha256:
        raise ConfigError(
            f"Job {spec.job_id} {state} with another dataset version or other settings than are asked for now; start a "
            f"new DAG run to train with these."
        )


def _handle(record: JobRecord, sighting: Sighting) -> JobHandle:
    return JobHandle(
        job_id=record.job_id,
        target=record.target,
        state=sighting.state,
        log=backend_of(record.target).log(record),
        timeout_minutes=find_target(record.target).timeout_minutes,
        reason=sighting.reason,
        remote_id=record.remote_id,
    )


def _unknown(job_id: str, target: str) -> JobHandle:
    """Return the handle of a job without a record; its result may be there all the same."""
    target = find_auto().local if target == AUTO else target  # where it would have gone nobody knows any more
    backend_of(target)
    done = lake().exists(result_path(checked_job_id(job_id)))
    reason = "" if done else "nobody submitted it here"
    return JobHandle(job_id, target, "succeeded" if done else "lost", "", find_target(target).timeout_minutes, reason)


def _explained(handle: JobHandle, sighting: Sighting) -> str:
    """Return the sentence about a job that ended badly, with the end of its log."""
    lines = list(sighting.last_lines)
    if sighting.exit_status == EXIT_BAD_INPUT and lines:
        return f"Job {handle.job_id} failed: {lines[-1]} Its log is {handle.log}."
    sentence = f"Job {handle.job_id} failed: {sighting.reason}."
    return f"{sentence} Its log, {handle.log}, ends with:\n" + "\n".join(lines) if lines else sentence
