"""The state machine of a job's record: every step is written by compare-and-swap before the next is taken.

Whoever asks (a submit, the trigger, a sweep, several at once, one after a crash) takes the step that is due; a step
that somebody else took first is read, not repeated.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from driftgate.compute.backend import Backend, NoCapacity, Sighting
from driftgate.compute.job_files import result_path, write_spec
from driftgate.compute.job_records import Ending, JobRecord, Move, Noted, find_record, new_lease
from driftgate.compute.services import backend_of
from driftgate.compute.targets import Target, find_target
from driftgate.errors import Conflict, DriftgateError
from driftgate.lake import lake

logger = logging.getLogger(__name__)

BEING_STARTED = Sighting("queued", "it is being started")


@dataclass(frozen=True)
class Step:
    """Where a job is after a step, and what was seen there. ``more``: the next step is due at once."""

    noted: Noted
    sighting: Sighting
    more: bool = False


def advance(noted: Noted) -> Step:
    """Take every step that is due now and return what is known then; never waits for a job."""
    while True:
        try:
            step = _STEPS[noted.record.phase](noted)
        except Conflict:
            noted = _again(noted)
            continue
        if not step.more:
            return step
        noted = step.noted


def seen(record: JobRecord) -> Sighting:
    """Return what is known about the job without taking a step."""
    if record.phase == "ended" and record.ending:
        return _remembered(record, record.ending)
    if record.remote_id is None:
        return BEING_STARTED
    sighting = judged(record, backend_of(record.target).look(record))
    if record.phase != "stopping" or sighting.state == "succeeded":
        return sighting
    if sighting.state in ("queued", "running"):
        return replace(sighting, reason="it is being stopped")
    if record.next:
        return Sighting("queued", f"it moves to the compute target {record.next!r}")
    return _of(record.ending) if record.ending else sighting


def judged(record: JobRecord, sighting: Sighting) -> Sighting:
    """Return a sighting by the one rule for every backend: a job is done when its result is in the lake."""
    if sighting.state in ("queued", "running"):
        return sighting
    if lake().exists(result_path(record.job_id)):
        return Sighting("succeeded", "it ended")
    if sighting.state == "succeeded":
        where = lake().uri(result_path(record.job_id))
        return replace(sighting, state="failed", reason=f"it ended with status 0, but there is no result at {where}")
    return sighting


def _starting(noted: Noted) -> Step:
    """Find the start at the service, or make it, and note its id."""
    if lake().exists(result_path(noted.record.job_id)):  # it was made, and the service may have forgotten it by now
        done = Sighting("succeeded", "it ended")
        return Step(noted.swap(phase="ended", leased_until=None, ending=ending_of(done)), done)
    backend = backend_of(noted.record.target)
    if not noted.record.leased:
        noted = noted.swap(leased_until=new_lease())
    elif not backend.starts_once:
        return Step(noted, BEING_STARTED)
    record = noted.record
    found = backend.found(record)
    if not found and not record.leased:
        raise Conflict(f"Job {record.job_id}: looking for it took longer than a start may take.")
    try:
        remote_id = found[0] if found else _made(record, backend)
    except NoCapacity as full:
        return _waiting(noted.swap(leased_until=None), str(full))
    except DriftgateError as refused:  # the service started nothing and never will
        ending = Ending(state="failed", reason=str(refused).rstrip("."))
        noted.swap(phase="ended", leased_until=None, ending=ending, told=True)  # whoever asked is told now
        raise
    return _noted_as(remote_id, noted, backend)


def _noted_as(remote_id: str, noted: Noted, backend: Backend) -> Step:
    """Note the service's id of a start, unless the record has gone on without it."""
    number = noted.record.number
    while noted.record.phase == "starting" and noted.record.number == number:
        with suppress(Conflict):
            started = noted.swap(phase="started", remote_id=remote_id, leased_until=None)
            return Step(started, BEING_STARTED, more=True)
        noted = _again(noted)
    record = noted.record
    same = record.number == number and record.phase != "ended" and record.remote_id in (None, remote_id)
    if not same:  # else the next step finds it, by its id or its name
        backend.stop(record.changed(number=number, remote_id=remote_id), "the job was started twice")
    return Step(noted, BEING_STARTED, more=True)


def _waiting(noted: Noted, reason: str) -> Step:
    """Keep a job that its service could not take yet, or pass it on."""
    record = noted.record
    sighting = Sighting("queued", reason)
    overstayed, _ = _overstayed(record, find_target(record.target), backend_of(record.target), sighting)
    if not overstayed:
        return Step(noted, sighting)
    return _leaving(noted, overstayed, next_target(record), sighting)


def _leaving(noted: Noted, reason: str, following: str | None, sighting: Sighting) -> Step:
    record = noted.record
    logger.warning("job %s on %s: %s; next: %s", record.job_id, record.target, reason, following or "none")
    ending = Ending(state="failed", reason=reason)
    return Step(noted.swap(phase="stopping", next=following, ending=ending), sighting, more=True)


def _made(record: JobRecord, backend: Backend) -> str:
    write_spec(record.spec)
    return backend.start(record)


def _started(noted: Noted) -> Step:
    """Look at a job that the service knows, and decide whether it stays there."""
    record = noted.record
    backend, target = backend_of(record.target), find_target(record.target)
    sighting = judged(record, backend.look(record))
    if sighting.no_capacity and (following := next_target(record)):
        return _leaving(noted, sighting.reason, following, sighting)
    if sighting.state == "lost" and not backend.restarts and record.starts < target.host_loss_attempts:
        logger.warning("job %s: %s; it is started again (%d of %d)", record.job_id, sighting.reason,
                       record.starts + 1, target.host_loss_attempts)  # fmt: skip
        return Step(_started_anew(noted, record.target, starts=record.starts + 1), BEING_STARTED, more=True)
    if sighting.state == "lost" and target.spot and (following := next_target(record)):
        reason = f"Spot took its machine {target.host_loss_attempts} times, its limit ({sighting.reason})"
        return _leaving(noted, reason, following, sighting)
    if sighting.state not in ("queued", "running"):
        return Step(noted.swap(phase="ended", ending=ending_of(sighting)), sighting)
    reason, moves = _overstayed(record, target, backend, sighting)
    if not reason:
        return Step(noted, sighting)
    return _leaving(noted, reason, next_target(record) if moves else None, sighting)


def _stopping(noted: Noted) -> Step:
    """See a job to its end where it is, then start it at its next target, if it has one."""
    record = noted.record
    backend = backend_of(record.target)
    if record.remote_id is None:
        found = backend.found(record)
        if found:
            return Step(noted.swap(remote_id=found[0]), BEING_STARTED, more=True)
        if record.leased:
            return Step(noted, Sighting("queued", "it is being stopped"))
    else:
        sighting = judged(record, backend.look(record))
        if sighting.state in ("queued", "running"):
            backend.stop(record, record.ending.reason if record.ending else "it is no longer wanted")
            sighting = judged(record, backend.look(record))
        if sighting.state in ("queued", "running"):
            return Step(noted, replace(sighting, reason="it is being stopped"))
        if sighting.state == "succeeded":  # it was quicker than the stop
            return Step(noted.swap(phase="ended", ending=ending_of(sighting), next=None), sighting)
    if record.next:
        return Step(_started_anew(noted, record.next, starts=1), BEING_STARTED, more=True)
    ended = noted.swap(phase="ended", leased_until=None)
    return Step(ended, seen(ended.record))


def _ended(noted: Noted) -> Step:
    return Step(noted, seen(noted.record))


_STEPS = {"starting": _starting, "started": _started, "stopping": _stopping, "ended": _ended}


def _started_anew(noted: Noted, target: str, *, starts: int) -> Noted:
    """Note that the next start is due; on another target it counts its starts and its waiting anew."""
    record, now = noted.record, datetime.now(UTC)
    moves = record.moves
    if starts == 1 and record.ending:
        moves = (*moves, Move(target=record.target, reason=record.ending.reason, at=now))
    return noted.swap(
        phase="starting",
        target=target,
        number=record.number + 1,
        starts=starts,
        submitted_at=now,
        placed_at=now if starts == 1 else record.placed_at,
        remote_id=None,
        leased_until=None,
        next=None,
        ending=None,
        moves=moves,
    )


def next_target(record: JobRecord) -> str | None:
    """Return the target after the one where the job is, in the list of the target that was asked for."""
    asked = (record.spec.target, *find_target(record.spec.target).then)
    after = asked[asked.index(record.target) + 1 :] if record.target in asked else asked[1:]
    return after[0] if after else None


def _overstayed(record: JobRecord, target: Target, backend: Backend, sighting: Sighting) -> tuple[str, bool]:
    """Return why the job may not stay where it is (empty: it may), and whether another target may take it."""
    now = datetime.now(UTC)
    waits = sighting.state == "queued"
    why = f" ({sighting.reason})" if sighting.reason else ""
    since = sighting.since or record.submitted_at
    if waits and _older(since, target.max_queue_minutes, now):
        return f"it waited longer than {target.max_queue_minutes:g} minutes for a machine, its limit{why}", True
    if target.spot and _older(record.placed_at, target.max_wait_minutes, now):
        return f"it was on Spot longer than {target.max_wait_minutes:g} minutes, its limit{why}", True
    if not waits and not backend.keeps_time and _older(since, target.timeout_minutes, now):
        return f"it ran longer than {target.timeout_minutes:g} minutes, its time limit", False
    return "", False


def _older(since: datetime, minutes: float | None, now: datetime) -> bool:
    return minutes is not None and now - since > timedelta(minutes=minutes)


def _remembered(record: JobRecord, ending: Ending) -> Sighting:
    if ending.state == "succeeded" and not lake().exists(result_path(record.job_id)):
        return Sighting("lost", "its result was removed from the lake")
    return _of(ending)


def _of(ending: Ending) -> Sighting:
    return Sighting(ending.state, ending.reason, ending.exit_status, ending.last_lines)


def ending_of(sighting: Sighting) -> Ending:
    """Return what is kept of the sighting of a job that has ended."""
    return Ending(
        state=sighting.state,
        reason=sighting.reason,
        exit_status=sighting.exit_status,
        last_lines=tuple(sighting.last_lines),
    )


def _again(noted: Noted) -> Noted:
    now = find_record(noted.record.job_id)
    assert now is not None  # noqa: S101  records are never removed
    return now
