"""Waits for the end of a job."""

import time
from typing import Any

from driftgate_airflow.triggers.polling import PollingTrigger


class JobTrigger(PollingTrigger):
    """
    Fires when the job has ended in any way; the operator reads how.

    :param job_id: the job's name on its backend
    :param target: the compute target it runs on
    """

    def __init__(self, *, job_id: str, target: str, deadline: float | None = None) -> None:
        super().__init__(deadline=deadline or time.time() + 24 * 3600)  # the backend enforces the job's own time limit
        self.job_id = job_id
        self.target = target

    def serialize(self) -> tuple[str, dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"job_id": self.job_id, "target": self.target, "deadline": self.deadline}

    def answer(self) -> dict[str, Any] | None:
        from driftgate.compute import status

        return {"job_id": self.job_id} if status(self.job_id, self.target).ended else None

    def too_late(self) -> dict[str, Any]:
        return {"job_id": self.job_id}
