"""End the jobs that nobody waits for any more."""

import time
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.claims import Claim, abandoned, release
from driftgate_airflow.ledger import bring_up_to_date
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class SweepJobsOperator(DriftgateOperator):
    """
    List the jobs that have not ended, end those whose task instance does not go on, and write down what all took.

    A job that was started outside Airflow has no task instance and is left alone. With the parameter ``only_list`` on,
    nothing is ended.
    """

    activity = "storage"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.compute import sweep

        only_list = bool(context["params"].get("only_list"))
        unwanted: dict[str, Claim] = {}

        def is_wanted(record: Any) -> bool:
            claim = abandoned(record.job_id)
            self.log.info("job %s on %s: %s", record.job_id, record.target, _standing(claim))
            if claim is None:
                return True
            unwanted[record.job_id] = claim
            return only_list or not release(record.job_id, claim.owner.id)  # not released: another try has it by now

        ended = [handle.job_id for handle in sweep(is_wanted)]
        saved = sum(max(unwanted[job_id].deadline - time.time(), 0) for job_id in ended if job_id in unwanted) / 3600
        bring_up_to_date()
        self.log.info("%d jobs ended, %.1f hours of running saved at most", len(ended), saved)
        return Step(
            summary={"unwanted": len(unwanted), "ended": len(ended), "saved_hours_at_most": round(saved, 2)},
            parameters={"only_list": only_list, "ended": ended},
        )


def _standing(claim: Claim | None) -> str:
    if claim is None:
        return "somebody waits for it"
    owner = claim.owner
    return f"nobody waits for it; it was started by {owner.task_id} in the run {owner.run_id} of {owner.dag_id}"
