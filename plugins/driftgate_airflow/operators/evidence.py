"""One monitor's evidence as the step of a task."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from driftgate_airflow.lineage import Step

if TYPE_CHECKING:
    from driftgate.monitoring import Evidence


def evidence_step(use_case: str, key: str, evidence: "Evidence", read: Iterable[str]) -> Step:
    """Return the step of a monitor that read the paths ``read`` and wrote ``evidence`` about the partition ``key``."""
    from driftgate import uris
    from driftgate.lineage import DatasetRef

    return Step(
        summary={"verdict": evidence.verdict, "value": evidence.value, "sentence": evidence.sentence},
        inputs=tuple(DatasetRef(path, None) for path in read),
        outputs=(DatasetRef(uris.monitoring_report(use_case, key, evidence.monitor), evidence.hash),),
    )
