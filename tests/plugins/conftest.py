"""Runs an operator as Airflow's task runner does, in a context made by hand, without a metadata database."""

import os
import tempfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

# Before the first import of Airflow: it reads its home when it is imported.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="driftgate-airflow-"))
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(Path(__file__).resolve().parents[2] / "plugins")
os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = "anna:viewer,bert:admin"
os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "s" * 64

KEY = "2013-04-02"


class Run:
    """One run of a DAG: its context, what was pushed to XCom, and a way to run tasks in it."""

    def __init__(
        self, key: str | None = KEY, *, run_type: str = "manual", params: Any = None, conf: Any = None
    ) -> None:
        self.xcom: dict[str, Any] = {}
        self.outlet_events: dict[Any, Any] = defaultdict(lambda: SimpleNamespace(extra={}))
        self.dag_run = SimpleNamespace(
            dag_id="a_dag",
            run_id="manual__1",
            partition_key=key,
            run_type=run_type,
            conf=conf or {},
            triggering_user_name="anna",
        )
        self.params = params or {}
        self.events: dict[Any, Any] = {}

    def context(self, task: Any) -> dict[str, Any]:
        """Return what Airflow gives to ``execute``."""
        instance = SimpleNamespace(
            task=task,
            dag_id="a_dag",
            task_id=task.task_id,
            run_id="manual__1",
            try_number=1,
            map_index=-1,
            xcom_push=lambda key, value: self.xcom.__setitem__(key, value),
        )
        return {
            "ti": instance,
            "dag_run": self.dag_run,
            "params": self.params,
            "outlet_events": self.outlet_events,
            "triggering_asset_events": self.events,
        }

    def execute(self, task: Any) -> Any:
        """Run a task's ``pre_execute`` and ``execute``; the latter refuses whoever lacks the runner's sentinel."""
        from airflow.sdk.bases.operator import ExecutorSafeguard

        sentinel = {f"{type(task).__name__}__sentinel": ExecutorSafeguard.sentinel_value}
        task.pre_execute(self.context(task))
        return task.execute(context=self.context(task), **sentinel)

    def resume(self, task: Any, event: dict[str, Any]) -> Any:
        """Run a task's second half, after its trigger fired with ``event``."""
        return task.execute_complete(self.context(task), event)


@pytest.fixture
def run() -> type[Run]:
    """The maker of runs."""
    return Run
