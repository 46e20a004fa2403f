"""Write down what the week cost."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.runs import partition_key


class ReportCostOperator(DriftgateOperator):
    """Bring the ledger up to date with every job, and write the cost of the last whole week before the run's day."""

    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from datetime import timedelta

        from driftgate import uris
        from driftgate.lake import lake
        from driftgate.ledger import collect_all
        from driftgate.ledger.pages import write_cost_report
        from driftgate.ledger.rightsize import recommend
        from driftgate.lineage import DatasetRef
        from driftgate.partition_keys import parse_key

        collect_all()
        report = write_cost_report(parse_key(partition_key(context)) - timedelta(days=7))
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
