"""Write down what the week cost."""

from typing import TYPE_CHECKING

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.runs import partition_key

if TYPE_CHECKING:
    from datetime import date

    from driftgate.use_cases import UseCase


class ReportCostOperator(DriftgateOperator):
    """
    Bring the ledger up to date with every job and with the size of the lake.

    Then write down what the last whole week before the run's day cost, and what each use case took for its work.
    """

    stream = "driftgate"
    activity = "storage"

    def step(self, context: Context) -> Step:
        from datetime import timedelta

        from driftgate import uris
        from driftgate.lake import lake
        from driftgate.ledger import collect_all
        from driftgate.ledger.anomalies import tell_unusual
        from driftgate.ledger.efficiency import write_efficiency
        from driftgate.ledger.pages import write_cost_report
        from driftgate.ledger.rightsize import recommend
        from driftgate.ledger.storage import record_storage
        from driftgate.lineage import DatasetRef
        from driftgate.partition_keys import parse_key
        from driftgate.use_cases import load_use_case, use_case_names

        day = parse_key(partition_key(context)) - timedelta(days=7)
        collect_all()
        record_storage(day, self.owner)
        report = write_cost_report(day)
        use_cases = [load_use_case(name) for name in use_case_names()]
        takes = [write_efficiency(use_case, day) for use_case in use_cases]
        for use_case in use_cases:
            self._write_value(use_case, day)
        for sentence in (*tell_unusual(day), *(finding for one in takes for finding in one.findings)):
            self.log.warning("%s", sentence)
        for advice in recommend():
            self.log.info("%s", advice.sentence)
        if report.untagged_rows:
            self.log.warning("%d rows of the ledger lack a required tag", report.untagged_rows)
        page = uris.cost_report(f"{report.since:%G-W%V}", "html")
        return Step(
            summary={
                "usd": report.total.usd,
                "unknown": report.total.unknown,
                "untagged_rows": report.untagged_rows,
                "saved_by_spot_usd": report.total.saved_usd,
                "page": lake().uri(page),
            },
            outputs=(DatasetRef(page, report.hash),),
        )

    def _write_value(self, use_case: "UseCase", day: "date") -> None:
        from datetime import timedelta

        from driftgate.monitoring.value import write_value

        all_due = day - timedelta(days=use_case.label.known_after_days)
        earns = write_value(use_case, all_due)
        self.log.info("%s: %s", use_case.name, f"{earns.action}. {earns.remedy}" if earns else "nobody was answered")
