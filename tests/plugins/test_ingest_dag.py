"""The ingest DAG of a source with a watermark asks for late rows; others have no such task."""

import shutil

import pytest
from airflow.sdk import DAG

from driftgate.settings import project_root
from driftgate.sources import watermarked_datasets_of
from driftgate_airflow.lifecycle import ingest

SERVER = (
    "{server: cab, type: postgres, host: localhost, database: cab, customProperties: [{property: connection, value: "
    "CAB_DATABASE_URL}, {property: table, value: planes}, {property: watermark, value: updated_at}]}"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose planes come from a database."""
    for folder in ("data_contracts", "include/settings"):
        shutil.copytree(project_root() / folder, tmp_path / "project" / folder)
    planes = tmp_path / "project" / "data_contracts" / "planes.yaml"
    lines = [f"  - {SERVER}" if "server: nycflights" in line else line for line in planes.read_text().splitlines()]
    planes.write_text("\n".join(lines))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))


def test_only_a_source_with_a_watermark_asks_for_late_rows(project):
    assert watermarked_datasets_of("cab") == ["planes"]
    assert watermarked_datasets_of("nycflights") == []
    cab, flights = (ingest(source, owner="taxis", runbook="") for source in ("cab", "nycflights"))

    assert isinstance(cab, DAG)
    assert {"find_late_rows", "ingest_late_rows", "ingest_planes"} <= set(cab.task_ids)
    assert cab.get_task("ingest_late_rows").upstream_task_ids == {"find_late_rows"}
    assert "find_late_rows" not in flights.task_ids


def test_the_dag_serialises_with_its_mapped_task(project):
    from airflow.serialization.serialized_objects import DagSerialization

    one, other = (DagSerialization.to_dict(ingest("cab", owner="taxis", runbook="")) for _ in range(2))
    assert one == other
    (late,) = [task["__var"] for task in one["dag"]["tasks"] if task["__var"]["task_id"] == "ingest_late_rows"]
    assert late["_is_mapped"]
