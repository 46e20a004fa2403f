"""The guide, followed to the letter: what it says to save is saved, and the day goes through."""

import re
import runpy
import shutil
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftgate.catalog.lint import lint_catalog
from driftgate.contracts import lint_contract, publish_partition, validate_partition
from driftgate.errors import SourceMissing
from driftgate.governance.data_classes import lint_classes
from driftgate.settings import settings
from driftgate.sources import datasets_of, ingest_partition

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "add-a-dataset.md").read_text()
KEY = "2013-04-01"


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL).group(1)


@pytest.fixture
def new_project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    for folder in ("data_contracts", "include/settings", "include/governance", "include/use_cases", "dags"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    (root / "data_contracts" / "trips.yaml").write_text(block("yaml"))
    (root / "dags" / "cab.py").write_text(block("python"))
    return root


def test_the_contract_of_the_guide_is_fit_to_run_and_belongs_to_its_source(new_project):
    assert lint_contract(new_project / "data_contracts" / "trips.yaml") == []
    assert (lint_catalog(), lint_classes()) == ([], [])  # the rest of what `make check` asks of it
    assert datasets_of("cab") == ["trips"]
    assert datasets_of("nycflights") == ["flights", "planes", "weather"]


def test_the_dag_of_the_guide_has_the_tasks_of_the_dataset(new_project, monkeypatch):
    from airflow.sdk import DAG

    made, leave = [], DAG.__exit__
    monkeypatch.setattr(DAG, "__exit__", lambda dag, *error: (made.append(dag), leave(dag, *error))[1])
    runpy.run_path(str(new_project / "dags" / "cab.py"))

    assert [dag.dag_id for dag in made] == ["cab.ingest"]
    assert {"ingest_trips", "validate_trips", "publish_trips", "profile_trips"} <= set(made[0].task_ids)


def test_a_delivered_day_is_validated_and_its_bad_row_quarantined(new_project):
    with pytest.raises(SourceMissing, match="has not delivered trips"):
        ingest_partition("cab", "trips", KEY)
    path = Path(settings().drop) / "cab" / "trips" / f"{KEY}.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(
        pa.table(
            {
                "fare_usd": [12.5, 900.0, None],
                "trip": [1, 2, 3],
                "passenger": ["a@example.com", "b@example.com", None],
                "started_at": pa.array([datetime(2013, 4, 1, 8)] * 3, pa.timestamp("us")),
            }
        ),
        path,
    )
    ingest_partition("cab", "trips", KEY)
    report = validate_partition("trips", KEY)
    result = publish_partition("trips", KEY)

    assert {check.rule for check in report.checks if not check.passed} == {"fare_usd.range", "fare_usd.complete"}
    assert (result.rows_in, result.rows_validated, result.rows_quarantined) == (3, 2, 1)
