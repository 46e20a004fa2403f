"""Judge one raw partition by its data contract."""

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator
from driftgate_airflow.ui.addresses import full_url
from driftgate_airflow.ui.links import DataDocsLink


class ValidateContractOperator(DatasetOperator):
    """
    Have Great Expectations judge the raw partition and write its report and its Data Docs page; log what is broken.

    :raises ContractBroken: a critical check failed; the report is written, nothing is published, never retried
    """

    activity = "validate"
    operator_extra_links = (DataDocsLink(),)

    def step_for(self, key: str) -> Step:
        from driftgate import uris
        from driftgate.contracts import record_issues, validate_partition
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef

        raw = read_manifest(lake(), uris.partition("raw", self.dataset, key))
        page = uris.validation_report(self.dataset, key, "html")
        try:
            report = validate_partition(self.dataset, key)
        finally:
            record_issues(self.dataset, key)  # also of a partition that fails: its report is written
            self.log.info("Data Docs: %s", full_url(page))
        if report.releases_lost:
            self.log.warning(
                "%s %s: %d rows that a person had released are not in this delivery or break no rule any more",
                *(self.dataset, key, report.releases_lost),
            )
        return Step(
            summary={"checks": len(report.checks), "failed": report.failed, "data_docs": lake().uri(page)},
            inputs=(DatasetRef(raw.path, raw.hash),),
            outputs=(DatasetRef(uris.validation_report(self.dataset, key), report.hash),),
            parameters={"contract": report.contract},
        )
