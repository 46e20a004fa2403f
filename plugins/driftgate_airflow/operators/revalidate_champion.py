"""Evaluate the champion again, on the newest labelled rows."""

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class RevalidateChampionOperator(UseCaseOperator):
    """
    Evaluate the champion on days that it has not met, by the code that evaluated it as a candidate.

    Worse than its own evaluation is an alarm and a warning in the log; it moves no traffic. Where there is nothing to
    compare yet, the task is skipped.
    """

    activity = "evaluate"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.errors import CannotJudge
        from driftgate.evaluation.revalidate import revalidate
        from driftgate.lineage import DatasetRef
        from driftgate.use_cases import load_use_case

        key = partition_key(context)
        try:
            made = revalidate(load_use_case(self.use_case), key)
        except CannotJudge as reason:
            raise AirflowSkipException(str(reason)) from None
        if made.verdict == "worse":
            self.log.warning("%s", made.sentence)
        return Step(
            summary={"verdict": made.verdict, "champion": made.champion, "rows": made.rows, "reason": made.sentence},
            inputs=(DatasetRef(f"model/{self.use_case}/{made.champion}", made.model_sha256),),
            outputs=(DatasetRef(uris.revalidation_report(self.use_case, key), made.hash),),
        )
