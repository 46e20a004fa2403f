"""# Ingest

Brings one day of every dataset of a source into the lake: **ingest** (raw zone) → **validate** (Great Expectations) →
**publish** (validated rows, quarantined rows with their reason) → **profile**. Where a use case keeps entity features
online, **materialize** puts their values for the next day into the online store.

**When it runs:** every midnight, New York time, for the day that has just ended. Backfill any range from the UI.
The *initial load* of a longer history is one manual run with *First partition* and *Last partition* filled in; it does
not start the monitors.

**If `ingest_…` fails:** the sentence says what is wrong with the source's file. Have it delivered again, then clear the
task.

`settle_…` waits until a dataset is published, or will not be, before others that refer to it are judged.

**If `validate_…` fails:** a critical rule of the contract is broken and nothing was published. Open **Data Docs** on
the failed task: the button under *Details*, or the link in the log. Correct the source, or the contract by pull
request, then clear the task.

**Is the data any good?** **Profile** on `profile_…` is a page with a small plot of every column, what differs
from the partition before, and four quality scores. `driftgate dataset issues DATASET` lists every broken rule and
what was decided.

**Rows in quarantine** fail nothing: `driftgate quarantine list` says where they lie, `show` why, and `release` or
`discard` what becomes of them.

**If `materialize_…` fails:** the endpoint goes on with the online values of earlier days, for `max_age_days` of the
view. The sentence says what is wrong with `features.sql` or the use case; correct it, then clear the task.

**If `find_late_rows` fails:** a database does not answer, or its table has changed; the night's own partition is not
touched by it. Clear it when the database is back.

Running a partition again with the same input changes nothing. Another delivery of a partition is a **correction**: a
new revision, which the monitors of that partition see; the old one stays readable as of its time. Databases with a
watermark are asked every night for **late rows**: each partition that has some is ingested again by a run
`late__<day>__<night>`. Neither retrains by itself.
"""

from collections.abc import Sequence
from datetime import date

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, TaskGroup, TriggerRule, chain

from driftgate.contracts import references_of
from driftgate.sources import datasets_of, watermarked_datasets_of
from driftgate.use_cases import online_use_cases
from driftgate_airflow.defaults import SHORT_RUN, START, Stage, Tier, default_args, last_start, nightly, replay_param
from driftgate_airflow.operators.find_late_rows import FindLateRowsOperator
from driftgate_airflow.operators.ingest_partition import IngestPartitionOperator
from driftgate_airflow.operators.materialize_online import MaterializeOnlineOperator
from driftgate_airflow.operators.profile_partition import ProfilePartitionOperator
from driftgate_airflow.operators.publish_partition import PublishPartitionOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator


def ingest(source: str, *, owner: str, runbook: str | None, last_night: date | None = None) -> DAG:
    """Make the ingest DAG of ``source``: one group of tasks per dataset that names it in its contract.

    :param last_night: the last day that the source has, for a source that has ended; no night after it is scheduled
    """
    with DAG(
        dag_id=f"{source}.ingest",
        schedule=nightly(),
        start_date=START,
        end_date=last_start(last_night),
        catchup=False,
        max_active_runs=4,
        dagrun_timeout=SHORT_RUN,
        doc_md=f"{__doc__}\n\n{runbook or ''}",
        tags=[Stage.INGEST, Tier.ONE],
        default_args=default_args(owner),
        params={
            "first_partition": _partition(
                "First partition", "Initial load: the first day of the range, as 2013-01-01."
            ),
            "last_partition": _partition("Last partition", "Initial load: the last day of the range, included."),
            "replay": replay_param(),
        },
    ) as dag:
        datasets = datasets_of(source)
        for dataset in datasets:
            with TaskGroup(dataset, prefix_group_id=False):
                publish = PublishPartitionOperator(task_id=f"publish_{dataset}", source=source, dataset=dataset)
                chain(
                    IngestPartitionOperator(task_id=f"ingest_{dataset}", source=source, dataset=dataset),
                    ValidateContractOperator(task_id=f"validate_{dataset}", source=source, dataset=dataset),
                    publish,
                    ProfilePartitionOperator(task_id=f"profile_{dataset}", source=source, dataset=dataset),
                )
                for use_case in online_use_cases(dataset):
                    publish >> MaterializeOnlineOperator(task_id=f"materialize_{use_case}", use_case=use_case)
        _wait_for_references(dag, datasets)
        _late_rows(source, dag.dag_id)
    return dag


def _late_rows(source: str, dag_id: str) -> None:
    """Make the tasks that ingest partitions again when their database has late rows, if the source has such a one."""
    datasets = watermarked_datasets_of(source)
    if datasets:
        from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator  # slow to import

        find = FindLateRowsOperator(task_id="find_late_rows", source=source, datasets=datasets)
        TriggerDagRunOperator.partial(
            task_id="ingest_late_rows", trigger_dag_id=dag_id, skip_when_already_exists=True
        ).expand_kwargs(find.output)


def _wait_for_references(dag: DAG, datasets: Sequence[str]) -> None:
    """Have a dataset judged when those that it refers to are published, or when it is clear that they will not be."""
    wanted = {dataset: sorted(set(references_of(dataset)) & set(datasets)) for dataset in datasets}
    for other in sorted({other for others in wanted.values() for other in others}):
        settled = EmptyOperator(task_id=f"settle_{other}", trigger_rule=TriggerRule.ALL_DONE)
        dag.get_task(f"publish_{other}") >> settled
        settled >> [dag.get_task(f"validate_{dataset}") for dataset in datasets if other in wanted[dataset]]


def _partition(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", title=title, description=description)
