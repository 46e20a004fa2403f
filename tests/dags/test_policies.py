"""What every DAG must be. A failure here is an instruction to whoever adds one."""

import re
from datetime import timedelta

from airflow.sdk import PartitionedAssetTimetable

from driftgate.compute.tags import missing_tags, tags_of
from driftgate.use_cases import load_use_case, use_case_names

PARTS = ("monitor", "retrain", "promote", "rollback", "incident")


def test_every_file_imports(bag):
    assert not bag.import_errors, f"Make these DAG files import: {bag.import_errors}"


def test_the_bag_is_not_empty(dags):
    expected = {"nycflights.ingest", *(f"flight_delays.{part}" for part in PARTS)}
    assert set(dags) >= expected, f"These DAGs are gone from dags/: {sorted(expected - set(dags))}"


def test_every_dag_has_a_runbook(dags):
    missing = [name for name, dag in dags.items() if "**When it runs:**" not in (dag.doc_md or "")]
    assert not missing, f"Write what it does, '**When it runs:**' and what to do when it fails into doc_md: {missing}"


def test_every_dag_says_what_to_do_when_it_fails(dags):
    missing = [name for name, dag in dags.items() if "**If " not in (dag.doc_md or "")]
    assert not missing, f"Say in the runbook what to do when a task fails: {missing}"


def test_every_dag_has_stage_and_tier(dags):
    for prefix in ("stage:", "tier:"):
        missing = [name for name, dag in dags.items() if not any(tag.startswith(prefix) for tag in dag.tags)]
        assert not missing, f"Add a tag {prefix}… from driftgate_airflow.defaults: {missing}"


def test_every_task_has_owner_retries_time_limit_and_alarm(dags):
    for name, dag in dags.items():
        for task in dag.tasks:
            where = f"{name}.{task.task_id}"
            assert task.owner != "airflow", f"Give {where} an owner: pass default_args(owner)"
            assert task.retries > 0, f"Give {where} retries: pass default_args(owner)"
            limited = isinstance(task.execution_timeout, timedelta)
            assert limited, f"Give {where} an execution_timeout: pass default_args(owner)"
            assert task.on_failure_callback, f"Give {where} a failure callback: pass default_args(owner)"


def test_every_dag_has_a_time_limit_on_its_runs(dags):
    """What nobody ends goes on costing: a run that waits for ever holds back those after it."""
    missing = [name for name, dag in dags.items() if not isinstance(dag.dagrun_timeout, timedelta)]
    assert not missing, (
        f"Give these DAGs a dagrun_timeout, for example SHORT_RUN of driftgate_airflow.defaults: {missing}"
    )


def test_what_waits_for_a_job_stops_it_when_nobody_waits_any_more(dags):
    """An operator that leaves work behind on another machine says what becomes of it when its task is killed."""
    from airflow.sdk import BaseOperator

    jobs = [task for dag in dags.values() for task in dag.tasks if hasattr(type(task), "spec")]
    assert jobs, "No task submits a job: this test looks at nothing"
    for task in jobs:
        assert type(task).on_kill is not BaseOperator.on_kill, f"Give {type(task).__name__} an on_kill: see JobOperator"


def test_every_param_has_type_title_and_sentence(dags):
    for name, dag in dags.items():
        for key in dag.params:
            param, where = dag.params.get_param(key), f"the parameter {key} of {name}"
            assert {"type", "title"} <= set(param.schema), f"Give {where} a type and a title for the trigger form"
            assert (param.description or "").endswith("."), f"Describe {where} in a sentence for the trigger form"


def test_identity_is_the_partition_key(dags):
    """Runs started by assets have no logical date: a template that uses one breaks at night."""
    forbidden = re.compile(r"\{\{[^}]*\b(ds|ds_nodash|ts|logical_date|data_interval_start|data_interval_end|prev_ds)\b")
    for name, dag in dags.items():
        for task in dag.tasks:
            for field in task.template_fields:
                text, where = str(getattr(task, field, "")), f"{name}.{task.task_id}.{field}"
                assert not forbidden.search(text), f"Use dag_run.partition_key instead of a date in {where}"


def test_scheduled_dags_are_partitioned(dags):
    for name, dag in dags.items():
        timetable = dag.timetable
        scheduled = type(timetable).__name__ != "NullTimetable"
        partitioned = isinstance(timetable, PartitionedAssetTimetable) or "Partition" in type(timetable).__name__
        assert partitioned or not scheduled, f"Schedule {name} by partition: use nightly() or PartitionedAssetTimetable"


def test_no_dag_catches_up_by_itself(dags):
    assert not [name for name, dag in dags.items() if dag.catchup], "Set catchup=False; history is loaded on purpose"


def test_somebody_answers_for_what_every_use_case_costs():
    for name in use_case_names():
        missing = missing_tags(tags_of(load_use_case(name), "train"))
        assert not missing, f"Write {missing} under 'owner' in use_case.yaml of {name}, or into include/settings/"
