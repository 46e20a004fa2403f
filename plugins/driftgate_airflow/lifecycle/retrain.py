"""# Retrain

Waits for tonight's verdict and trains a candidate **only when it says `retrain`**. On a quiet night everything after
`drift_sensor` is skipped and the run is a success. `driftgate monitor show` says which rule decided; age
(`retrain.max_model_age_days`) and time (`retrain.schedule`) may be rules too. The lineage says if `drift`, `age`,
`schedule`, a signed `feature_review` or a person (`manual`) asked. `docs/guides/set-a-drift-policy.md`: how to train
less often, or more.

**When it runs:** every midnight, New York time, for the day that has just ended.

**To train by hand:** trigger it with a partition key (the last day of the training window) and a *Reason*; the reason
is recorded.

**If `drift_sensor` fails:** there is no verdict; look at the monitor DAG's run of the same partition.

**If `prepare_dataset` warns:** the new dataset version failed its test (button *Dataset check*): a contract is broken,
or the champion is worse on it than the use case allows. It is an alarm; a candidate made of it waits for a person.

**If `budget_guard` is skipped:** the training would cost more than the use case's budget of this week has left, says
the log of the task, and nothing was started. Raise `budget.usd_per_week`, take a cheaper target, or wait for Monday;
where the budget says `on_exceeded: needs_approval`, trigger the run again with *Beyond the budget* on.

**If `train_candidate` fails or its worker dies:** clear it. It finds the job it already started, or its result; it
never starts a second one, and what was saved as a checkpoint is not trained again.

**To stop a training:** mark `train_candidate`, or the run, as failed: the job is stopped within half a minute.
Clearing a training that waits stops its job too, and starts it anew from its last checkpoint. Restarting a part of
Airflow stops nothing. What nobody could stop, because the triggerer was down at that moment, `sweep_jobs` ends when the
next retraining begins, and `driftgate.sweep` every hour.

**If `train_candidate` ran too long:** its job was stopped when the time limits of its compute target were used up, all
waiting and attempts together. Raise them in `include/compute.yaml`, then clear it.

**If `evaluate_candidate` is skipped:** the candidate did not pass its gates. The report says which one; nothing was
registered.

**To try something on few rows:** trigger it with a *Sample fraction* below the use case's `row_share`. The candidate is
evaluated, and never registered.

`record_outcome` comes last, however the run ends: `reports/retraining/<use case>/<night>/outcome.json` says what the
retraining was due to, what was made, and whether it was kept; promotion completes it. **If it fails:** nothing began
that record; clear `drift_sensor`. One verdict starts one retraining: a second run of the same night is skipped unless
the first failed or it gives a reason.

`catalog_sync` then brings the catalogue up to date: the new dataset version, and the candidate if there is one.
"""

from datetime import date
from typing import Any

from airflow.sdk import DAG, Param, TriggerRule, XComArg, chain

from driftgate.use_cases import UseCase
from driftgate_airflow.defaults import (
    LONG_RUN,
    START,
    Stage,
    Tier,
    beyond_budget_param,
    default_args,
    last_start,
    nightly,
    replay_param,
)
from driftgate_airflow.operators.budget_guard import BudgetGuardOperator
from driftgate_airflow.operators.catalog_sync import CatalogSyncOperator
from driftgate_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from driftgate_airflow.operators.prepare_dataset import PrepareDatasetOperator
from driftgate_airflow.operators.record_outcome import RecordOutcomeOperator
from driftgate_airflow.operators.register_candidate import RegisterCandidateOperator
from driftgate_airflow.operators.sweep_jobs import SweepJobsOperator
from driftgate_airflow.operators.train_candidate import TrainCandidateOperator
from driftgate_airflow.sensors.drift_sensor import DriftSensor

OUTCOME = "{{ (ti.xcom_pull(task_ids='drift_sensor') or {}).get('outcome', '') }}"  # id of what the sensor began


def retrain(use_case: UseCase, *, runbook: str, last_night: date | None) -> DAG:
    """Make the retraining DAG of one use case."""
    name = use_case.name
    with DAG(
        dag_id=f"{name}.retrain",
        schedule=nightly(),
        start_date=START,
        end_date=last_start(last_night),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LONG_RUN,
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.RETRAIN, Tier.TWO, name],
        default_args=default_args(use_case.owner.team),
        params={
            "reason": _reason(),
            "replay": replay_param(),
            "sample_fraction": _sample_fraction(),
            "beyond_budget": beyond_budget_param(),
        },
    ) as dag:
        sensor = DriftSensor(task_id="drift_sensor", use_case=name, reason="{{ params.reason or '' }}")
        SweepJobsOperator(task_id="sweep_jobs")  # beside the rest: a night waits for no service that does not answer
        dataset = PrepareDatasetOperator(task_id="prepare_dataset", use_case=name, outcome=OUTCOME)
        version: Any = XComArg(dataset, key="dataset_version")  # a string when the task runs
        guard = BudgetGuardOperator(
            task_id="budget_guard", use_case=name, dataset_version=version, rows=XComArg(dataset, key="rows")
        )
        job = TrainCandidateOperator(task_id="train_candidate", use_case=name, dataset_version=version)
        trained: dict[str, Any] = {"dataset_version": version, "job_id": XComArg(job, key="job_id")}
        evaluation = EvaluateCandidateOperator(task_id="evaluate_candidate", use_case=name, **trained)
        registration = RegisterCandidateOperator(task_id="register_candidate", use_case=name, **trained)
        # Also when the candidate was turned away, and not on a quiet night.
        catalog = CatalogSyncOperator(task_id="catalog_sync", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
        chain(sensor, dataset, guard, job, evaluation, registration, catalog)
        dataset >> catalog
        # Whatever became of the tasks before; skipped when the sensor was.
        registration >> _outcome(name).as_teardown(setups=sensor, on_failure_fail_dagrun=True)
    return dag


def _outcome(name: str) -> RecordOutcomeOperator:
    return RecordOutcomeOperator(
        task_id="record_outcome",
        use_case=name,
        outcome=OUTCOME,
        dataset_version="{{ ti.xcom_pull(task_ids='prepare_dataset', key='dataset_version') or '' }}",
        job_id="{{ ti.xcom_pull(task_ids='train_candidate', key='job_id') or '' }}",
        model_version="{{ (ti.xcom_pull(task_ids='register_candidate') or {}).get('model_version', '') }}",
    )


def _reason() -> Param:
    return Param(
        None,
        type=["null", "string"],
        title="Reason",
        description="Fill in to train without asking the drift sensor, for example 'bootstrap'. "
        "It is recorded in the lineage.",
    )


def _sample_fraction() -> Param:
    return Param(
        1.0,
        type="number",
        minimum=0.1,
        maximum=1.0,
        title="Sample fraction",
        description="Train on this share of the training rows, drawn by the seed, stratified by label. "
        "Below the use case's own 'row_share' it is an experiment: the candidate is never registered.",
    )
