"""Who may read a page: whoever may see the tasks of the DAG that makes it."""

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.models.dag import DagModel

from driftgate.contracts import contract_names, source_of

# What a report is about decides which DAG of the use case makes it.
MADE_BY = {
    "calibration": "monitor",
    "evaluation": "retrain",
    "feature_reviews": "feature_review",
    "models": "retrain",
    "monitoring": "monitor",
    "promotion": "promote",
    "retraining": "retrain",
    "tuning": "tune",
}


def maker(path: str) -> str | None:
    """Return the id of the DAG that makes the page at ``path``; None for one that is made of everything, or unknown."""
    zone, kind, *rest = path.split("/")
    if zone == "profiles":
        return _ingest(kind)
    if kind == "validation":
        return _ingest(rest[0])
    return f"{rest[0]}.{MADE_BY[kind]}" if kind in MADE_BY and len(rest) > 1 else None


def may_read(user: BaseUser, path: str) -> bool:
    """Return whether ``user`` may read the page at ``path``; without a DAG of its own, it takes the right to all DAGs.

    Airflow's ``requires_access_dag`` would let the query string of the request say which DAG it is about.
    """
    dag_id = maker(path)
    return get_auth_manager().is_authorized_dag(
        method="GET",
        access_entity=DagAccessEntity.TASK_INSTANCE,
        details=DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id) if dag_id else None),
        user=user,
    )


def _ingest(dataset: str) -> str | None:
    source = source_of(dataset) if dataset in contract_names() else None
    return f"{source}.ingest" if source else None
