"""Check that no lineage record was altered or removed."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class VerifyLineageOperator(DriftgateOperator):
    """
    Walk every hash chain.

    :raises Tampered: a record was altered, removed or put elsewhere; never retried
    """

    activity = "storage"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.errors import Tampered
        from driftgate.lineage import streams, verify

        chains = streams()
        problems = [problem for stream in chains for problem in verify(stream)]
        if problems:
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            raise Tampered(f"{problems[0]}{more}; 'driftgate lineage verify' lists all of them.")
        return Step(summary={"chains": len(chains), "problems": 0})
