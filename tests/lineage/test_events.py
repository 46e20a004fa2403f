"""A lineage record is a valid OpenLineage run event that says with which code, parameters and data a run worked."""

import json
import uuid

import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

from driftgate import __version__
from driftgate.lake import lake
from driftgate.lineage import DatasetRef, LineageRecord, emit


def record(**changes: object) -> LineageRecord:
    arguments: dict[str, object] = {
        "job": "flight_delays.retrain.train_candidate",
        "run_id": "flight_delays.retrain/2013-04-02/train_candidate/1",
        "inputs": [DatasetRef("dataset_version/flight_delays/2013-04-01-3f9c2a1", None)],
        "outputs": [DatasetRef("job/abc", "f00d")],
        "parameters": {"seed": 7, "num_leaves": 31},
    }
    return emit("flight_delays", **{**arguments, **changes})  # type: ignore[arg-type]


def test_openlineages_own_client_takes_the_event() -> None:
    event = record().event

    RunEvent(  # its validators check the uuid, the time and the addresses
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=RunState[event["eventType"]],
        run=Run(runId=event["run"]["runId"]),
        job=Job(namespace=event["job"]["namespace"], name=event["job"]["name"]),
        inputs=[InputDataset(namespace=item["namespace"], name=item["name"]) for item in event["inputs"]],
        outputs=[OutputDataset(namespace=item["namespace"], name=item["name"]) for item in event["outputs"]],
    )
    assert set(event) == {"eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"}
    facets = [*event["run"]["facets"].values(), *event["outputs"][0]["facets"].values()]
    assert all({"_producer", "_schemaURL"} <= set(facet) for facet in facets)


def test_what_is_stored_is_what_is_returned() -> None:
    made = record()

    stored = LineageRecord(json.loads(lake().read("lineage/flight_delays/00000001.json")))
    assert stored == made
    assert stored.job == "flight_delays.retrain.train_candidate"
    assert stored.inputs == (DatasetRef("dataset_version/flight_delays/2013-04-01-3f9c2a1", None),)
    assert stored.outputs == (DatasetRef("job/abc", "f00d"),)


def test_the_same_run_name_is_the_same_uuid_and_a_uuid_is_kept() -> None:
    given = str(uuid.uuid4())

    assert record().event["run"]["runId"] == record().event["run"]["runId"]
    assert record(run_id=given).event["run"]["runId"] == given


def test_code_and_parameters_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_IMAGE_DIGEST", "sha256:abc")
    made = record()

    assert len(made.facet("driftgate_code")["revision"]) == 40
    assert made.facet("driftgate_code")["package_version"] == __version__
    assert made.facet("driftgate_code")["image_digest"] == "sha256:abc"
    assert made.facet("driftgate_parameters")["seed"] == 7
    assert made.facet("driftgate_parameters")["values"] == {"seed": 7, "num_leaves": 31}
    other = record(parameters={"seed": 8, "num_leaves": 31})
    assert made.facet("driftgate_parameters")["sha256"] != other.facet("driftgate_parameters")["sha256"]


def test_an_image_without_git_names_the_revision_it_was_built_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_CODE_REVISION", "3f9c2a1")

    assert record().facet("driftgate_code")["revision"] == "3f9c2a1"
    assert record().facet("driftgate_code")["dirty"] is None


def test_a_secret_never_enters_a_record() -> None:
    made = record(
        parameters={"db_password": "hunter2", "AWS_SECRET_ACCESS_KEY": "hunter2", "partition_key": "2013-04-01"}
    )

    assert b"hunter2" not in lake().read("lineage/flight_delays/00000001.json")
    assert made.facet("driftgate_parameters")["values"]["partition_key"] == "2013-04-01"


def test_a_long_parameter_is_recorded_by_its_hash() -> None:
    values = record(parameters={"columns": ["a" * 50] * 50}).facet("driftgate_parameters")["values"]

    assert values["columns"].startswith("sha256:")


def test_a_failed_run_says_why() -> None:
    made = record(failure="The partition broke its contract.")

    assert made.event["eventType"] == "FAIL"
    assert made.facet("errorMessage")["message"] == "The partition broke its contract."
