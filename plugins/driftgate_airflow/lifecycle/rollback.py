"""# Roll back

Takes a candidate in shadow or canary out of the traffic. When none is under way, and *To previous champion* is on,
gives the traffic back to the champion before.

**When it runs:** only by hand. Fill in a *Reason*; turn *Dry run* off to act. It takes a second; the endpoint follows
by itself.

**If `roll_back` fails:** the sentence says what the records do not allow; nothing was moved.
"""

from airflow.sdk import DAG, Param

from driftgate.use_cases import UseCase
from driftgate_airflow.defaults import moved_by_hand
from driftgate_airflow.operators.roll_back import RollBackOperator
from driftgate_airflow.operators.show_deployment import ShowDeploymentOperator


def rollback(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the rollback DAG of one use case."""
    with DAG(
        dag_id=f"{use_case.name}.rollback",
        **moved_by_hand(use_case, runbook=f"{__doc__}\n\n{runbook}"),
        params={
            "reason": Param(type="string", minLength=3, title="Reason", description="Why; it is recorded."),
            "dry_run": Param(
                True, type="boolean", title="Dry run", description="Only show what would change. Turn off to act."
            ),
            "to_previous": Param(
                False,
                type="boolean",
                title="To previous champion",
                description="When no candidate is under way, give the traffic back to the champion before.",
            ),
        },
    ) as dag:
        RollBackOperator(
            task_id="roll_back", use_case=use_case.name, reason="{{ params.reason }}"
        ) >> ShowDeploymentOperator(task_id="show_deployment", use_case=use_case.name)
    return dag
