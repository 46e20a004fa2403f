"""``driftgate job``: the jobs that run or wait, on every compute target, and how to end one."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.compute import JobHandle

app = typer.Typer(help="Jobs on compute targets: list those that have not ended, end one.", no_args_is_help=True)

STOP_SECONDS = 20  # a job has half of it to save a checkpoint on this machine; on AWS it may take longer


@app.command("list")
def list_jobs() -> None:
    """List the jobs that have not ended, with where they are and why they wait; changes nothing."""
    from rich.table import Column, Table

    from driftgate.compute import job_records, status

    table = Table(Column("job", no_wrap=True), "use case", "target", "state", "submitted", "reason")
    for noted in job_records.open_records():
        record = noted.record
        handle = status(record.job_id, record.spec.target)
        submitted = f"{record.submitted_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(record.job_id, record.spec.use_case, handle.target, handle.state, submitted, handle.reason)
    out.print(table if table.row_count else "No job runs or waits.")


@app.command()
def stop(job_id: Annotated[str, typer.Argument(help="As 'driftgate job list' prints it.")]) -> None:
    """End a job wherever it is. It may save a checkpoint first; a task of Airflow that waits for it fails."""
    handle = _stopped(job_id)
    said = handle.reason or handle.state if handle.ended else "it is asked to end and has not yet; run this again"
    out.print(f"{job_id} on {handle.target}: {said}", markup=False, highlight=False)


def _stopped(job_id: str) -> "JobHandle":
    from driftgate.compute import cancel, job_records, tend
    from driftgate.errors import ConfigError, nearest

    noted = job_records.find_record(job_id)
    if noted is None:
        known = [one.record.job_id for one in job_records.open_records()]
        raise ConfigError(f"There is no job {job_id!r}{nearest(job_id, known)}")
    target = noted.record.spec.target
    handle = cancel(job_id, target)
    deadline = time.monotonic() + STOP_SECONDS
    while not handle.ended and time.monotonic() < deadline:
        time.sleep(0.5)
        handle = tend(job_id, target)
    return handle
