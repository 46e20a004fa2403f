"""Sketch one validated partition."""

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator
from driftgate_airflow.ui.addresses import full_url
from driftgate_airflow.ui.links import ProfileLink


class ProfilePartitionOperator(DatasetOperator):
    """Write the profile of the validated partition, with its quality scores, and the page that people read."""

    activity = "validate"
    operator_extra_links = (ProfileLink(),)

    def step_for(self, key: str) -> Step:
        from driftgate import uris
        from driftgate.contracts import load_contract, read_report
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef
        from driftgate.profiles import RuleResult, profile_partition

        validated = read_manifest(lake(), uris.partition("validated", self.dataset, key))
        contract, report = load_contract(self.dataset), read_report(self.dataset, key)
        rules = {rule.id: rule for rule in contract.rules}
        results = [
            RuleResult(rules[check.rule].kind, rules[check.rule].columns, check.judged, check.broken)
            for check in (report.checks if report else ())
            if check.rule in rules
        ]
        judged = [DatasetRef(uris.validation_report(self.dataset, key), report.hash)] if report else []
        profile = profile_partition(self.dataset, key, hidden=contract.masked, results=results)
        page = uris.profile(self.dataset, key, "html")
        self.log.info("Profile: %s", full_url(page))
        return Step(
            summary={
                "rows": profile.rows,
                "columns": len(profile.columns),
                "findings": len(profile.findings),
                "quality": profile.quality.model_dump() if profile.quality else None,
                "page": lake().uri(page),
            },
            inputs=(DatasetRef(validated.path, validated.hash), *judged),
            outputs=(DatasetRef(uris.profile(self.dataset, key), profile.hash),),
        )
