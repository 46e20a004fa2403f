"""# Maintenance

Looks after what has gathered: searches for **undeclared personal data**, builds the **catalogue** anew, reports what
has reached the end of its **retention**, writes down what the last week **cost**, checks the hash chains of
**lineage**, **validates every champion again**, on the newest days with known outcomes that it has not met, and asks
the endpoint whether the champion answers its **golden set** there as it did where it was registered. A **recovery
drill** serves the newest release of each use case from a backup, in an empty folder, and times it.

**When it runs:** every Monday at four, New York time, for that day. By hand: trigger it with a partition key, the day
for which ends are counted.

**To delete what has ended:** read the log of `sweep_expired` of a run without *Delete*, then trigger it with *Delete*
on and a *Reason*. What a serving, previous or held model was trained on is kept, unless it is personal data.

**If `verify_lineage` fails:** a record was altered or removed. Find out who can write to the lake before anything else.

**If `report_cost` warns of rows without a required tag:** somebody spends without a name; `driftgate cost --by owner`
says how much. Write `business_unit` into the settings file or under `owner` in the use case.

**If `revalidate_<use case>` warns:** the champion is worse on the newest days than it was on its evaluation. It is an
alarm and moves nothing; read the report in `reports/revalidation/`, whose segments say where, then retrain with a
reason if a newer model can be better. Skipped, it says what was missing: a champion, or three days newer than it.

**If `check_skew_<use case>` warns:** the champion's endpoint runs with other packages than trained it, or answers its
golden set otherwise. Nothing was moved; read the report in `reports/skew/` and align the environments. If it fails, the
endpoint is away, or does not serve the champion.

**If `recovery_drill_<use case>` fails:** the newest release could not be served again from a backup in an empty folder,
or not within `serve.rto_minutes`. The sentence says what is missing: do not wait for the day when it is needed.

**If `discover_sensitive_data` warns:** classify the column in its contract, or have the source leave it out.
"""

from airflow.sdk import DAG, Param

from driftgate.use_cases import use_case_names
from driftgate_airflow.defaults import SHORT_RUN, START, Stage, Tier, default_args, weekly
from driftgate_airflow.operators.catalog_sync import CatalogSyncOperator
from driftgate_airflow.operators.check_skew import CheckChampionSkewOperator
from driftgate_airflow.operators.discover_sensitive_data import DiscoverSensitiveDataOperator
from driftgate_airflow.operators.recovery_drill import RecoveryDrillOperator
from driftgate_airflow.operators.report_cost import ReportCostOperator
from driftgate_airflow.operators.revalidate_champion import RevalidateChampionOperator
from driftgate_airflow.operators.sweep_expired import SweepExpiredOperator
from driftgate_airflow.operators.verify_lineage import VerifyLineageOperator


def maintenance(*, owner: str, runbook: str | None) -> DAG:
    """Make the maintenance DAG of the project."""
    with DAG(
        dag_id="driftgate.maintenance",
        schedule=weekly(),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=SHORT_RUN,
        doc_md=f"{__doc__}\n\n{runbook or ''}",
        tags=[Stage.MAINTAIN, Tier.TWO],
        default_args=default_args(owner),
        params={
            "delete": Param(
                False,
                type="boolean",
                title="Delete",
                description="Delete what has reached its end. Off, the run only reports it.",
            ),
            "reason": Param(
                None, type=["null", "string"], title="Reason", description="Why it is deleted; it is recorded."
            ),
        },
    ) as dag:
        DiscoverSensitiveDataOperator(task_id="discover_sensitive_data") >> CatalogSyncOperator(task_id="catalog_sync")
        SweepExpiredOperator(task_id="sweep_expired", reason="{{ params.reason or '' }}")
        VerifyLineageOperator(task_id="verify_lineage")
        ReportCostOperator(task_id="report_cost")
        for name in use_case_names():
            RevalidateChampionOperator(task_id=f"revalidate_{name}", use_case=name)
            CheckChampionSkewOperator(task_id=f"check_skew_{name}", use_case=name)
            RecoveryDrillOperator(task_id=f"recovery_drill_{name}", use_case=name)
    return dag
