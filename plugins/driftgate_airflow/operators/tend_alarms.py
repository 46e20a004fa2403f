"""Look after the alarms of the project, once an hour."""

from collections.abc import Sequence

from airflow.sdk import BaseOperatorLink, Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.ui.links import AlarmsLink


class TendAlarmsOperator(DriftgateOperator):
    """Reopen, escalate and deliver what is due, and write the page of alarms."""

    activity = "monitor"
    stream = "driftgate"
    page = ""
    operator_extra_links: Sequence[BaseOperatorLink] = (AlarmsLink(),)

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.alarms import tend_alarms
        from driftgate.alarms.page import write_page
        from driftgate.wall_clock import utc_now

        now = utc_now()
        tended = tend_alarms(now)
        write_page(now)
        self.page = uris.alarms()
        return Step(summary=tended.model_dump())
