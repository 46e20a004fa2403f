"""Which try of which task instance a job belongs to, so that a job is stopped for its owner and for nobody else.

A try claims its job before it submits it; whoever wants to stop the job releases that claim first. Each is one
compare-and-swap, so that a *clear* and the try that comes of it do not cross: either the job runs on and is the new
try's, or it is being stopped when the new try submits it, and starts anew.
"""

import logging
import time
from collections.abc import Iterable

from driftgate.errors import Conflict
from driftgate.records import Record
from driftgate_airflow.task_states import goes_on

logger = logging.getLogger(__name__)

KIND = "job_claim"


class Waiter(Record):
    """One try of a task instance; ``id`` is Airflow's, which differs from try to try and outlives a deferral."""

    id: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1


class Claim(Record):
    """Whose a job is. ``deadline`` is unix time in seconds; ``released`` says that the job is to end, or has."""

    schema_version: int = 1
    job_id: str
    target: str
    owner: Waiter
    deadline: float
    released: bool = False


def waiter(task: object) -> Waiter:
    """Return the try that runs here; ``task`` is the task instance of the context."""
    index = getattr(task, "map_index", None)
    names = ("dag_id", "task_id", "run_id")
    fields = {name: getattr(task, name) for name in names}
    return Waiter(id=str(getattr(task, "id", "")), map_index=-1 if index is None else index, **fields)


def read_claim(job_id: str) -> Claim | None:
    """Return the newest claim on the job, released or not."""
    return _read(job_id)[0]


def claim(job_id: str, target: str, owner: Waiter, *, seconds: float) -> Claim:
    """Make the job the owner's, for ``seconds`` at most.

    A job that the try before left running keeps its deadline: trying again does not make it longer.
    """
    while True:
        before, revision = _read(job_id)
        goes_on_from = before is not None and not before.released and before.deadline > time.time()
        deadline = before.deadline if before and goes_on_from else time.time() + seconds
        now = Claim(job_id=job_id, target=target, owner=owner, deadline=deadline)
        if _written(now, revision):
            return now


def hold(job_ids: Iterable[str], target: str, owner: Waiter) -> None:
    """Make jobs that run already the owner's, so that a sweep ends them when their task does not go on."""
    from driftgate.compute.patience import patience_minutes

    for job_id in job_ids:
        current = read_claim(job_id)
        if current is None or current.released or current.owner.id != owner.id:
            claim(job_id, target, owner, seconds=patience_minutes(target) * 60)


def release(job_id: str, owner_id: str) -> bool:
    """Give the job up if it is still that try's; return False if it never was, or another try has it by now."""
    while True:
        current, revision = _read(job_id)
        if current is None or current.owner.id != owner_id:
            return False
        if current.released or _written(current.model_copy(update={"released": True}), revision):
            return True


def stop(job_id: str, target: str, owner_id: str) -> bool:
    """Stop the job if it is still that try's; return whether it was."""
    from driftgate.compute import cancel

    if not release(job_id, owner_id):
        return False
    handle = cancel(job_id, target)
    logger.info("job %s is stopped: nobody waits for it any more (%s)", job_id, handle.state)
    return True


def abandoned(job_id: str) -> Claim | None:
    """Return the claim on a job that nobody waits for any more; None if somebody does.

    A job without a claim was started outside Airflow, where its owner looks after it.
    """
    current = read_claim(job_id)
    if current is None or current.released:
        return current
    owner = current.owner
    return None if goes_on(owner.dag_id, owner.task_id, owner.run_id, owner.map_index) else current


def _read(job_id: str) -> tuple[Claim | None, int]:
    from driftgate.metadata import metadata

    entry = metadata().latest(KIND, job_id)
    return (Claim.model_validate(entry.body), entry.revision) if entry else (None, 0)


def _written(claim: Claim, revision: int) -> bool:
    from driftgate.metadata import metadata

    try:
        metadata().append(KIND, claim.job_id, claim.model_dump(mode="json"), expected=revision)
    except Conflict:
        return False
    return True
