"""Ask the endpoint what a version made of its golden set."""

from typing import TYPE_CHECKING

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import partition_key

if TYPE_CHECKING:
    from driftgate.promotion.skew import SkewCheck


class CheckSkewOperator(CandidateOperator):
    """
    Refuse a candidate that answers otherwise at the endpoint than where it was registered, or is too slow or large.

    It also refuses one that was trained by other packages or on other hardware, unless ``include/allowed_skew.yaml``
    allows it.
    """

    activity = "evaluate"

    def step(self, context: Context) -> Step:
        from driftgate.promotion.skew import require_no_skew
        from driftgate.use_cases import load_use_case

        return _step(require_no_skew(load_use_case(self.use_case), self.model_version), "promotion")


class CheckChampionSkewOperator(UseCaseOperator):
    """Do the same with the champion, though nothing has changed; what is found is a warning and moves no traffic."""

    activity = "evaluate"

    def step(self, context: Context) -> Step:
        from driftgate.errors import CannotJudge
        from driftgate.promotion import deployment
        from driftgate.promotion.skew import check_skew
        from driftgate.use_cases import load_use_case

        key, serving = partition_key(context), deployment(self.use_case)
        if serving is None:
            raise AirflowSkipException(f"No champion serves {self.use_case} yet.")
        try:
            check = check_skew(load_use_case(self.use_case), serving.champion, name=key)
        except CannotJudge as reason:
            raise AirflowSkipException(str(reason)) from None
        for problem in check.problems:
            self.log.warning("version %s: %s", serving.champion, problem)
        return _step(check, key)


def _step(check: "SkewCheck", name: str) -> Step:
    from driftgate import uris
    from driftgate.lineage import DatasetRef

    measured = check.endpoint or check.here
    return Step(
        summary={
            "model_version": check.version,
            "verdicts": {gate.gate: gate.verdict for gate in check.gates},
            "max_difference": measured.max_difference,
            "latency_p95_ms": measured.latency_p95_ms,
        },
        inputs=(DatasetRef(f"model/{check.use_case}/{check.version}", check.package_sha256),),
        outputs=(DatasetRef(uris.skew_report(check.use_case, check.version, name), check.hash),),
    )
