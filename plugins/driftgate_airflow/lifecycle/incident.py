"""# Incident

A model does harm, or somebody attacks it. Freezes all promotions, gives the traffic back to the champion before,
sets the days and the version apart (no training reads these days, no endpoint loads this version), and exports the
evidence with its hashes to `reports/incidents/` of the lake.

**When it runs:** only by hand, and it acts at once. Name the suspected version, the days of the harm and a *Reason*.

**If a task fails:** clear it. Every step finds what it did before, and goes on.

**Afterwards:** `driftgate incident close` lets the days be learned from again, `driftgate promotion unfreeze` lets
promotions go on. The version waits for a person.
"""

from airflow.sdk import DAG, Param, chain

from driftgate.use_cases import UseCase
from driftgate_airflow.defaults import moved_by_hand
from driftgate_airflow.operators.answer_incident import AnswerIncidentOperator


def incident(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the incident DAG of one use case."""
    with DAG(
        dag_id=f"{use_case.name}.incident",
        **moved_by_hand(use_case, runbook=f"{__doc__}\n\n{runbook}"),
        params={
            "model_version": Param(
                type="string", minLength=1, title="Model version", description="The version that is suspected."
            ),
            "first_day": _day("First day", "The first day of the harm."),
            "last_day": _day("Last day", "The last day of the harm."),
            "reason": Param(type="string", minLength=3, title="Reason", description="What was seen; it is recorded."),
        },
    ) as dag:
        chain(
            AnswerIncidentOperator(task_id="freeze_promotions", use_case=use_case.name, does="freeze"),
            AnswerIncidentOperator(task_id="give_back_traffic", use_case=use_case.name, does="give_back"),
            AnswerIncidentOperator(task_id="set_apart", use_case=use_case.name, does="set_apart"),
            AnswerIncidentOperator(task_id="export_evidence", use_case=use_case.name, does="export"),
        )
    return dag


def _day(title: str, description: str) -> Param:
    return Param(type="string", format="date", title=title, description=description)
