"""One monitor's evidence as the step of a task."""

from typing import TYPE_CHECKING

from driftgate_airflow.lineage import Step

if TYPE_CHECKING:
    from driftgate.monitoring import Evidence


def evidence_step(use_case: str, key: str, evidence: "Evidence") -> Step:
    """Return the step of a monitor that wrote ``evidence`` about the partition ``key``."""
    from driftgate import uris
    from driftgate.lineage import DatasetRef

    return Step(
        summary={"verdict": evidence.verdict, "value": evidence.value, "sentence": evidence.sentence},
        inputs=(DatasetRef(uris.captures(use_case, key), None),),
        outputs=(DatasetRef(uris.monitoring_report(use_case, key, evidence.monitor), evidence.hash),),
    )
