"""Look for personal data that no contract declares."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class DiscoverSensitiveDataOperator(DriftgateOperator):
    """Scan a sample of the newest partition of each dataset; a finding is a warning, an alarm, and in the catalogue."""

    activity = "validate"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.alarms import raise_alarm
        from driftgate.contracts import contract_names
        from driftgate.governance.discovery import discover

        found = [discovery for name in contract_names() if (discovery := discover(name))]
        for discovery in found:
            for item in discovery.suspicions:
                sentence = (
                    f"{discovery.dataset}.{item.column} looks like {item.looks_like} in {100 * item.score:.1f} % of "
                    f"the values of {discovery.partition}; classify it in its contract, or have the source drop it."
                )
                self.log.warning(sentence)
                about = f"{discovery.dataset}.{item.column}"
                raise_alarm("sensitive_data", about, sentence, evidence=f"{discovery.dataset}/{discovery.partition}")
        return Step(
            summary={
                "datasets": len(found),
                "suspected_columns": sum(len(discovery.suspicions) for discovery in found),
            }
        )
