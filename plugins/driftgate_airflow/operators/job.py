"""The base of the operators whose work is a job on a compute target."""

import threading
import time
from abc import abstractmethod
from datetime import timedelta
from typing import Any

from airflow.sdk import Context

from driftgate.errors import DriftgateError, JobFailed
from driftgate_airflow.claims import Claim, claim, release, stop, waiter
from driftgate_airflow.ledger import bring_up_to_date
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.task_states import goes_on
from driftgate_airflow.triggers.job_trigger import JobTrigger
from driftgate_airflow.ui.links import JobLink

# Airflow's own limit on a deferral comes after ours: it fails the task and leaves the job alone.
SPARE = timedelta(minutes=5)
ASK_SECONDS = 3.0  # Airflow kills a task five seconds after it asked it to end


class JobOperator(UseCaseOperator):
    """
    Submits one job, waits for it in the triggerer, and concludes. A subclass says which job, and what came of it.

    The job's name is made from dag, task, run and map index: a retry finds the job that is already running, or its
    result, and never starts a second one. The job is stopped when a person marks the task, clears it, or ends its run,
    and at the deadline; not when a part of Airflow is restarted.

    :raises JobFailed: the job ended with an error of its own or ran too long; the message says which; never retried
    """

    operator_extra_links = (JobLink(),)
    job_log = ""  # where a person reads it: a path or an address
    _claim: Claim | None = None
    _killed = False

    @abstractmethod
    def spec(self, context: Context) -> Any:
        """Return the spec of the job; the same one for every try of this task instance."""

    @abstractmethod
    def concluded(self, spec: Any, answer: Any) -> Step:
        """Return the step that the job's result means."""

    def work(self, context: Context) -> Any:
        from driftgate.compute import submit
        from driftgate.compute.patience import patience_minutes

        spec, owner = self.spec(context), waiter(context["ti"])
        seconds = patience_minutes(spec.target) * 60
        self._claim = mine = claim(spec.job_id, spec.target, owner, seconds=seconds)
        handle = submit(spec)
        self._link(handle, context)
        self.log.info("job %s: %s, log at %s", handle.job_id, handle.state, handle.log)
        if self._killed:  # before there was a job to stop
            self._stop_if_unwanted()
        if not handle.ended:
            self.defer(
                trigger=JobTrigger(job_id=mine.job_id, target=mine.target, owner=owner.id, deadline=mine.deadline),
                method_name="execute_complete",
                timeout=timedelta(seconds=max(mine.deadline - time.time(), 0)) + SPARE,
            )
        return self._conclude(context)

    def go_on(self, context: Context, event: dict[str, Any]) -> Any:
        """Conclude: the job has ended, or ran too long, or cannot be asked about."""
        if event.keys() & {"error", "late"}:
            bring_up_to_date(event["job_id"])
        _refuse(event)
        return self._conclude(context)

    def on_kill(self) -> None:
        """Stop the job if a person acted on the task; leave it alone if only this worker ends."""
        self._killed = True
        # Airflow calls this inside a signal handler, which may have interrupted a question to the same supervisor.
        thread = threading.Thread(target=self._stop_if_unwanted, daemon=True)
        thread.start()
        thread.join(ASK_SECONDS)

    def _conclude(self, context: Context) -> Any:
        from driftgate.compute import result, status

        spec, owner = self.spec(context), waiter(context["ti"])
        self._link(status(spec.job_id, spec.target), context)
        bring_up_to_date(spec.job_id)
        try:
            step = self.concluded(spec, result(spec.job_id, spec.target))
        except DriftgateError:  # anything else heals: the next try goes on with the job
            release(spec.job_id, owner.id)
            raise
        release(spec.job_id, owner.id)
        return self.conclude([step], context)

    def _link(self, handle: Any, context: Context) -> None:
        """Make the button now: Airflow itself makes it when the task has ended, and until then people want it most."""
        self.job_log = handle.log
        for link in self.operator_extra_links:
            context["ti"].xcom_push(key=link.xcom_key, value=link.get_link(self, ti_key=context["ti"]))

    def _stop_if_unwanted(self) -> None:
        mine = self._claim
        if mine is None:
            return
        try:
            if not goes_on(mine.owner.dag_id, mine.owner.task_id, mine.owner.run_id, mine.owner.map_index):
                stop(mine.job_id, mine.target, mine.owner.id)
        except Exception:
            self.log.exception("job %s could not be stopped; the next sweep stops it", mine.job_id)


def _refuse(event: dict[str, Any]) -> None:
    """Raise what the trigger could not: an error that asking again does not heal, or the deadline."""
    if "error" in event:
        raise JobFailed(event["error"])
    if event.get("late"):
        raise JobFailed(
            f"Job {event['job_id']} took longer than its compute target allows, all waiting and attempts together, and "
            f"was stopped; raise timeout_minutes or max_queue_minutes in compute.yaml, or train on fewer rows."
        )
