"""Write down what the week cost."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.runs import partition_key


class ReportCostOperator(DriftgateOperator):
    """
    Bring the ledger up to date with every job and with the size of the lake.

    Then write down what the last whole week before the run's day cost.
    """

    stream = "driftgate"
    activity = "storage"

    def step(self, context: Context) -> Step:
        from datetime import timedelta

        from driftgate import uris
        from driftgate.lake import lake
        from driftgate.ledger import collect_all
        from driftgate.ledger.anomalies import tell_unusual
        from driftgate.ledger.pages import write_cost_report
        from driftgate.ledger.rightsize import recommend
        from driftgate.ledger.storage import record_storage
        from driftgate.lineage import DatasetRef
        from driftgate.partition_keys import parse_key

        day = parse_key(partition_key(context)) - timedelta(days=7)
        collect_all()
        record_storage(day, self.owner)
        report = write_cost_report(day)
        for sentence in tell_unusual(day):
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
