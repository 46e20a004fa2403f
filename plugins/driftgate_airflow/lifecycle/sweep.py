"""# Sweep

Ends the jobs that **nobody waits for any more**: those whose task was marked, cleared or deleted while no part of
Airflow was there to stop them. Every job that has not ended is listed in the log of `sweep_jobs` first, with the task
that started it. Then the ledger is brought up to date with what all jobs took.

**When it runs:** seventeen minutes past every hour; a retraining sweeps too, when it begins. By hand: trigger it with
any hour as its partition key, such as `2013-04-01T17`; with *Only list* on, nothing is ended.

A job of a task that runs, waits, or will be retried is left alone, and so is one that was started outside Airflow.

Beside it `reconcile_traffic` completes moves of traffic that a crash left half done, and holds what the endpoint
serves against what is recorded: a difference is an alarm `manual_change`. With *Restore traffic* on it brings back the
last state that was recorded.

`reconcile_captures` counts the captures of each day an hour after the endpoint last answered something of it, and holds
them against what the endpoint counted: what is missing is an alarm `captures_lost`. Then the small objects of days that
are over become few.

**If `reconcile_captures` warns:** answers left without a capture in the lake. The sentence names run and number of what
is missing; look for `.broken` files in the endpoint's journal, for a machine that died, for who deletes in the lake.

`watch_monitoring` raises an alarm where monitoring is silent: a published day without a verdict, no verdict for a day
by the clock, nights that could not be judged, or nothing that may start a training. `tend_alarms` tries messages again
that did not arrive, tells the next people where nobody acknowledged, and writes the page of alarms (its button). See
`docs/guides/alarms.md`.

**If `sweep_jobs` fails:** the compute service or the metadata store does not answer; the next hour tries again. A job
that is listed hour after hour cannot be ended: look at it in the console of its service.
"""

from airflow.sdk import DAG, Param

from driftgate_airflow.defaults import SHORT_RUN, START, Stage, Tier, default_args, hourly
from driftgate_airflow.operators.reconcile_captures import ReconcileCapturesOperator
from driftgate_airflow.operators.reconcile_traffic import ReconcileTrafficOperator
from driftgate_airflow.operators.sweep_jobs import SweepJobsOperator
from driftgate_airflow.operators.tend_alarms import TendAlarmsOperator
from driftgate_airflow.operators.watch_monitoring import WatchMonitoringOperator


def sweep(*, owner: str, runbook: str | None) -> DAG:
    """Make the DAG that ends jobs without a task, holds traffic and captures against records, and tends alarms."""
    with DAG(
        dag_id="driftgate.sweep",
        schedule=hourly(),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=SHORT_RUN,
        doc_md=f"{__doc__}\n\n{runbook or ''}",
        tags=[Stage.MAINTAIN, Tier.TWO],
        default_args=default_args(owner),
        params={
            "only_list": Param(
                False,
                type="boolean",
                title="Only list",
                description="List the jobs in the log and end none of them.",
            ),
            "restore_traffic": Param(
                False,
                type="boolean",
                title="Restore traffic",
                description="Bring back the recorded traffic where somebody moved it by hand.",
            ),
        },
    ) as dag:
        SweepJobsOperator(task_id="sweep_jobs")
        ReconcileTrafficOperator(task_id="reconcile_traffic")
        ReconcileCapturesOperator(task_id="reconcile_captures")
        WatchMonitoringOperator(task_id="watch_monitoring")
        TendAlarmsOperator(task_id="tend_alarms")
    return dag
