"""Prove that the champion can be served again after its environment was lost."""

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class RecoveryDrillOperator(UseCaseOperator):
    """
    Back up, serve the newest release again in an empty folder, and time it.

    It fails when that does not work, or takes longer than ``serve.rto_minutes``. Nothing that serves is touched.
    """

    activity = "storage"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.errors import CannotJudge, DriftgateError
        from driftgate.lineage import DatasetRef
        from driftgate.recovery import drill
        from driftgate.use_cases import load_use_case

        key = partition_key(context)
        try:
            found = drill(load_use_case(self.use_case), key)
        except CannotJudge as reason:
            raise AirflowSkipException(str(reason)) from None
        if not found.passed:
            raise DriftgateError(found.sentence)
        return Step(
            summary={"release": found.release, "seconds": found.seconds, "rto_minutes": found.rto_minutes},
            inputs=(DatasetRef(uris.release(self.use_case, found.release), None),),
            outputs=(DatasetRef(uris.recovery_report(self.use_case, key), found.hash),),
        )
