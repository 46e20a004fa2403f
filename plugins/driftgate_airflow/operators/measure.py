"""Have one monitor look at a night."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key

if TYPE_CHECKING:
    from driftgate.monitoring_policy import MonitorName


class MeasureOperator(UseCaseOperator):
    """
    Have a monitor judge the run's partition and write its evidence; too little to judge by is evidence, and says so.

    :param monitor: name of the monitor, such as ``data`` or ``performance``
    """

    activity = "monitor"
    template_fields: Sequence[str] = ("use_case", "monitor")

    def __init__(self, *, monitor: "MonitorName", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.monitor = monitor

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import RecordedNight, measure_night
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        night = RecordedNight(use_case, key)
        evidence = measure_night(night, self.monitor)
        return Step(
            summary={"verdict": evidence.verdict, "value": evidence.value, "sentence": evidence.sentence},
            inputs=tuple(DatasetRef(path, None) for path in sorted(night.read)),
            outputs=(DatasetRef(uris.monitoring_report(use_case.name, key, self.monitor), evidence.hash),),
        )
