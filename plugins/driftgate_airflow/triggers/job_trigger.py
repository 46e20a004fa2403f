"""Waits for the end of a job, and stops it when nobody waits for it any more."""

import asyncio
import time
from typing import Any

from driftgate.errors import DriftgateError
from driftgate_airflow.aws import use_airflow_connection
from driftgate_airflow.triggers.polling import PollingTrigger

PROGRESS_SECONDS = 10.0  # at least between two lines about progress


class JobTrigger(PollingTrigger):
    """
    Fires when the job has ended in any way; the operator reads how.

    At the deadline it stops the job and fires with ``late: True``. A person who marks the task, or clears it, has the
    job stopped (:meth:`on_kill`); a restart of the triggerer has not.

    :param job_id: the job's name on its backend
    :param target: the compute target that was asked for
    :param owner: id of the try that waits; the job is stopped only while it is this one's
    :param deadline: unix time in seconds; it survives a restart of the triggerer
    """

    def __init__(self, *, job_id: str, target: str, owner: str, deadline: float) -> None:
        super().__init__(deadline=deadline)
        self.job_id = job_id
        self.target = target
        self.owner = owner
        self._told: tuple[str, ...] = ()  # what the log said last
        self._iteration, self._told_at = 0, 0.0

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("job_id", "target", "owner", "deadline")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    def answer(self) -> dict[str, Any] | None:
        from driftgate.compute import poll_seconds, tend

        use_airflow_connection()
        self.poll_seconds = poll_seconds(self.target)
        handle = tend(self.job_id, self.target)
        if handle.ended:
            return {"job_id": self.job_id}
        self._tell(handle)
        return None

    def too_late(self) -> dict[str, Any]:
        """Stop the job. What fails here is tried again at the next question, and by the sweep."""
        from driftgate_airflow.claims import stop

        stop(self.job_id, self.target, self.owner)
        return {"job_id": self.job_id, "late": True}

    def hopeless(self, error: DriftgateError) -> dict[str, Any]:
        return {"job_id": self.job_id, "error": f"{type(error).__name__}: {error}"}

    async def on_kill(self) -> None:
        """Stop the job because a person acted on the task; Airflow calls this for nothing else, or nearly so.

        A triggerer's first question to Airflow takes it ten seconds. Should it take longer than Airflow waits for us,
        the thread goes on all the same.
        """
        await asyncio.to_thread(self._stop_if_unwanted)

    def _stop_if_unwanted(self) -> None:
        from driftgate_airflow.claims import stop
        from driftgate_airflow.task_states import goes_on

        task = self.task_instance
        # A triggerer that was frozen for too long finds its triggers with another one, and takes that for a kill.
        if task and goes_on(task.dag_id, task.task_id, task.run_id, task.map_index):
            self.log.info("job %s goes on: its task still waits for it", self.job_id)
            return
        stop(self.job_id, self.target, self.owner)

    def _tell(self, handle: Any) -> None:
        """Write a line when something changed, and one about progress every now and then."""
        from driftgate.compute.progress import read_progress

        told = (handle.target, handle.state, handle.reason)
        if told != self._told:
            self._told = told
            self.log.info("job %s on %s: %s", self.job_id, handle.target, handle.reason or handle.state)
        if time.monotonic() < self._told_at + PROGRESS_SECONDS:
            return
        progress = read_progress(self.job_id)
        if progress and progress.iteration != self._iteration:
            self._iteration, self._told_at = progress.iteration, time.monotonic()
            self.log.info(
                "iteration %d: %.5g, best %.5g, %.0f s",
                progress.iteration,
                progress.value,
                progress.best_value,
                progress.seconds,
            )
