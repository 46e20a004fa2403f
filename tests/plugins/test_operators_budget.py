"""What the budget does not cover is not started, and what each try took is in the ledger."""

import shutil
from datetime import UTC, datetime

import pytest
import yaml
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from driftgate.errors import ConfigError
from driftgate.ledger import TaskTry, record_task, rows
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.records import read_yaml
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case
from driftgate_airflow import ledger
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.budget_guard import BudgetGuardOperator

NAME = "flight_delays"


@pytest.fixture
def budget(tmp_path, monkeypatch):
    """Give the use case a budget, in a project where an hour of this machine costs a dollar."""
    here, root = project_root(), tmp_path / "project"
    for name in ("use_cases", "settings"):
        shutil.copytree(here / "include" / name, root / "include" / name)
    for name in ("compute.yaml", "price_table.yaml"):
        shutil.copy(here / "include" / name, root / "include" / name)
    prices = read_yaml(root / "include/price_table.yaml")
    (root / "include/price_table.yaml").write_text(yaml.safe_dump({**prices, "local_usd_per_hour": 1.0}))
    file = root / f"include/use_cases/{NAME}/use_case.yaml"
    written = read_yaml(file)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))

    def of(usd_per_week, on_exceeded="block"):
        limits = {"usd_per_week": usd_per_week, "on_exceeded": on_exceeded}
        file.write_text(yaml.safe_dump({**written, "budget": limits}))

    return of


def guard():
    return BudgetGuardOperator(
        task_id="budget_guard", use_case=NAME, dataset_version="flight_delays/2013-03-31-3f9c2a1", rows=1000
    )


def spend(usd):
    """A task of the week in which the runs of these tests start."""
    row = record_task(
        TaskTry(
            dag_id="a", run_id="r", task_id="t", try_number=1, activity="train", owner="network-operations",
            outcome="succeeded", started_at=datetime(2013, 4, 2, tzinfo=UTC), seconds=1.0,
        ),
        load_use_case(NAME),
    )  # fmt: skip
    metadata().append("ledger", row.subject, {**row.model_dump(mode="json"), "cost_usd": usd})


def test_what_fits_the_budget_goes_on(run, budget):
    budget(5.0)
    assert run().execute(guard())["may_start"]


def test_what_would_overrun_it_is_skipped_with_its_sentence_and_recorded(run, budget):
    budget(5.0)
    spend(6.0)
    with pytest.raises(AirflowSkipException, match=r"has spent \$6.00 of \$5.00 in 2013-W14"):
        run().execute(guard())
    (record,) = read_stream(NAME)
    assert parameters(record)["decision"] == "block"
    assert [entry.subject for entry in metadata().all_latest("alarm", f"budget/{NAME}/")]


def test_a_person_approves_only_where_the_use_case_lets_people(run, budget):
    budget(5.0)
    spend(6.0)
    with pytest.raises(AirflowSkipException):
        run(params={"beyond_budget": True}).execute(guard())
    budget(5.0, "needs_approval")
    with pytest.raises(AirflowSkipException):
        run().execute(guard())
    assert run(params={"beyond_budget": True}).execute(guard())["may_start"]
    assert parameters(read_stream(NAME)[-1])["approved_by"] == "anna"


def parameters(record):
    return record.event["run"]["facets"]["driftgate_parameters"]["values"]


class Working(UseCaseOperator):
    """A task that ends as it is told."""

    activity = "evaluate"
    ends_with: BaseException | None = None

    def step(self, context):
        if self.ends_with:
            raise self.ends_with
        return Step({"done": True})

    def go_on(self, context, event):
        return self.work(context)


def working(ends_with=None):
    task = Working(task_id="a_task", use_case=NAME)
    task.ends_with = ends_with
    return task


@pytest.mark.parametrize(
    ("error", "raised", "outcome"),
    [
        (None, None, "succeeded"),
        (AirflowSkipException("not today"), AirflowSkipException, "skipped"),
        (ConfigError("a wrong name"), AirflowFailException, "failed"),
        (OSError("no route"), OSError, "failed"),
    ],
)
def test_every_end_of_a_try_is_one_row(run, error, raised, outcome):
    if raised:
        with pytest.raises(raised):
            run().execute(working(error))
    else:
        run().execute(working())
    (row,) = rows(NAME)
    assert (row.outcome, row.task_id, row.activity, row.use_case) == (outcome, "a_task", "evaluate", NAME)
    assert row.peak_memory_mib > 10
    assert row.skipped_reason == ("not today" if outcome == "skipped" else None)


def test_a_try_that_was_deferred_is_one_row(run):
    night, task = run(), working(TaskDeferred(trigger=None, method_name="execute_complete"))
    with pytest.raises(TaskDeferred):
        night.execute(task)
    assert [row.outcome for row in rows(NAME)] == ["deferred"]
    night.resume(working(), {})
    assert [row.outcome for row in rows(NAME)] == ["succeeded"]


def test_a_ledger_that_cannot_be_written_costs_no_task(run, monkeypatch, caplog):
    monkeypatch.setattr(ledger, "_write", lambda *_: 1 / 0)
    assert run().execute(working()) == {"done": True}
