"""The builders: each makes one DAG and reads top to bottom. A DAG file calls one of the functions here."""

from datetime import date

from driftgate_airflow.lifecycle.feature_review import feature_review
from driftgate_airflow.lifecycle.incident import incident
from driftgate_airflow.lifecycle.ingest import ingest
from driftgate_airflow.lifecycle.maintenance import maintenance
from driftgate_airflow.lifecycle.monitor import monitor
from driftgate_airflow.lifecycle.promote import promote
from driftgate_airflow.lifecycle.retrain import retrain
from driftgate_airflow.lifecycle.rollback import rollback
from driftgate_airflow.lifecycle.sweep import sweep
from driftgate_airflow.lifecycle.tune import tune

__all__ = ["ingest", "lifecycle", "maintenance", "sweep"]


def lifecycle(use_case: str, *, runbook: str | None, last_night: date | None = None) -> None:
    """Make the DAGs of one use case: monitor, retrain, promote, rollback, incident; tune, feature_review if it says so.

    :param use_case: name of a folder in ``include/use_cases/``
    :param runbook: the DAG file's docstring; shown in the UI under each DAG's own page
    :param last_night: the last day that its sources have, if they have ended; no night after it is scheduled
    :raises ConfigError: the use case does not exist or its file is wrong; only this DAG file breaks
    """
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    for build in (monitor, promote, rollback, incident):
        build(parsed, runbook=runbook or "")
    retrain(parsed, runbook=runbook or "", last_night=last_night)
    if parsed.tune:
        tune(parsed, runbook=runbook or "")
    if parsed.feature_review:
        feature_review(parsed, parsed.feature_review, runbook=runbook or "")
