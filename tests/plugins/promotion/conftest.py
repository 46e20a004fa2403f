"""A real deployment state, and the tasks of the promotion and rollback DAGs on it, run as Airflow runs them."""

import pytest
from airflow.sdk.exceptions import DownstreamTasksSkipped

from driftgate import uris
from driftgate.lake import lake
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.models import Column, Signature
from driftgate.promotion import DeploymentState, Judgement, Variant, start_shadow
from driftgate.use_cases import load_use_case
from driftgate_airflow.lifecycle.promote import promote
from driftgate_airflow.lifecycle.rollback import rollback

NAME = "flight_delays"


@pytest.fixture
def use_case():
    return load_use_case(NAME)


@pytest.fixture
def tasks(use_case):
    """The tasks of both DAGs as they are wired, with the candidate's version filled in as its template would be."""
    dags = promote(use_case, runbook=""), rollback(use_case, runbook="")
    found = {f"{dag.dag_id.split('.')[1]}.{task.task_id}": task for dag in dags for task in dag.tasks}
    for name, task in found.items():
        if hasattr(task, "model_version") and name != "rollback.roll_back":
            task.model_version = "2"
    found["rollback.roll_back"].reason = "a test"
    return found


SIGNATURE = Signature(columns=(Column(name="origin", type="string", nullable=False, null_in_training=False),))


@pytest.fixture
def serving(put_package, endpoint, leave_receipts):
    """Version 1 serves; 2 is registered. Written directly, because MLflow takes seconds."""
    for version in ("1", "2"):
        files = {"signature.json": SIGNATURE.canonical(), "feature_baseline.json": b"{}", "model.txt": b"tree"}
        leave_receipts(put_package(version, files))
    state = DeploymentState(
        use_case=NAME, revision=1, step="serving", champion="1", actor="test", reason="the first model",
        variants=(Variant(version="1", role="champion", weight=100),),
    )  # fmt: skip
    metadata().append("deployment", NAME, state.model_dump(mode="json", exclude={"revision"}))
    return state


@pytest.fixture
def shadow(serving, use_case):
    """Version 2 is the shadow of version 1."""
    return start_shadow(use_case, "2", actor="test", reason="a test")


def pass_step(state):
    judgement = Judgement(
        use_case=NAME, version="2", champion="1", step=state.step, deployment_revision=state.revision, outcomes={},
        requests=0, required=0, guardrails=(), passed=True, reason="a test",
    )  # fmt: skip
    lake().write(uris.promotion_report(NAME, "2", state.step), judgement.canonical())


def branch_of(run, task, event=None):
    """Run a branching task and return the tasks that it skips."""
    with pytest.raises(DownstreamTasksSkipped) as answer:
        run.resume(task, event) if event else run.execute(task)
    return {name for name, _ in answer.value.tasks}


def last_record():
    return read_stream(NAME)[-1]
