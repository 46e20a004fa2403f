"""What Airflow says about another task instance, asked over the Task Execution API: in tasks and in triggers alike."""

from collections.abc import Sequence

# In these the task instance goes on by itself, so what it started is still wanted.
GOING_ON = frozenset(
    {"scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule", "awaiting_input"}
)


def task_states(dag_id: str, task_ids: Sequence[str], run_id: str) -> dict[str, str | None]:
    """Return the states of tasks of one run, in this order; None of one that was not scheduled yet."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    found = RuntimeTaskInstance.get_task_states(dag_id=dag_id, task_ids=list(task_ids), run_ids=[run_id])
    states = found.get(run_id, {})
    return {name: str(states[name]) if states.get(name) else None for name in task_ids}


def task_state(dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> str | None:
    """Return the state of a task instance; None when it was cleared and not scheduled yet, or is not there."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = RuntimeTaskInstance.get_task_states(
        dag_id=dag_id, task_ids=[task_id], run_ids=[run_id], map_index=map_index
    )
    key = task_id if map_index < 0 else f"{task_id}_{map_index}"
    state = states.get(run_id, {}).get(key)
    return str(state) if state else None


def goes_on(dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> bool:
    """Return whether the task instance runs, waits, or will be tried again without anybody's doing."""
    return task_state(dag_id, task_id, run_id, map_index) in GOING_ON
