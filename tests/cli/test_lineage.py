"""``driftgate lineage`` prints where a model comes from, and fails when a record was altered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.lake import lake
from driftgate.lineage import DatasetRef, emit
from driftgate.partition_keys import keys_between

PREDICTION = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def model() -> None:
    """The records of model version 1, trained on three days of flights, and one captured answer of it."""

    def step(job: str, inputs: list[DatasetRef], output: DatasetRef, **parameters: object) -> None:
        emit("flight_delays", job=job, run_id=job, inputs=inputs, outputs=[output], parameters=parameters)

    days = keys_between("2013-03-29", "2013-03-31")
    validated = [DatasetRef(f"validated/flights/{day}", f"{day}-manifest") for day in days]
    for day, ref in zip(days, validated, strict=True):
        source = DatasetRef(f"source/nycflights/flights/{day}.parquet", f"{day}-sha256")
        step("nycflights.ingest.publish_flights", [source], ref)
    version = DatasetRef("dataset_version/flight_delays/2013-03-31-3f9c2a1", "files")
    step("flight_delays.retrain.prepare_dataset", validated, version)
    step("flight_delays.retrain.train_candidate", [version], DatasetRef("job/7", "model"), seed=7, num_leaves=31)
    step(
        "flight_delays.retrain.register_candidate",
        [DatasetRef("job/7")],
        DatasetRef("model/flight_delays/1", "package"),
    )
    answer = {
        "prediction_id": PREDICTION,
        "use_case": "flight_delays",
        "variant_role": "champion",
        "model_version": "1",
    }
    answer |= {"score": 0.25, "event_time": "2013-04-02T08:00:00"}
    lake().write("captures/flight_delays/2013-04-02/0123.jsonl", json.dumps(answer).encode())


@pytest.mark.usefixtures("model")
def test_the_chain_of_a_model_is_drawn_as_a_graph(run: Callable[..., Any]) -> None:
    answer = run("lineage", "graph", "flight_delays/1")

    assert answer.exit_code == 0
    assert answer.stdout.startswith("digraph lineage {\n") and answer.stdout.endswith("}\n")
    edges = [line.strip() for line in answer.stdout.splitlines() if "->" in line]
    assert (
        '"job/7 @ model" -> "model/flight_delays/1 @ package" [label="flight_delays.retrain.register_candidate"];'
        in edges
    )
    assert len(edges) == 4  # files, partitions, dataset version, job, model


@pytest.mark.usefixtures("model")
def test_the_chain_of_a_prediction_is_printed(run: Callable[..., Any]) -> None:
    answer = run("lineage", "trace", PREDICTION)

    assert answer.exit_code == 0
    for fact in (
        "score 0.250000 from the champion, version 1",
        "model/flight_delays/1 @ package",
        "num_leaves=31, seed=7",
        "dataset_version/flight_delays/2013-03-31-3f9c2a1 @ files",
        "validated/flights/2013-03-29 … 2013-03-31 (3 partitions)",
        "source/nycflights/flights/2013-03-29 … 2013-03-31 (3 files)",
        "code ",
    ):
        assert fact in answer.stdout


@pytest.mark.usefixtures("model")
def test_all_lists_every_partition_with_its_hash(run: Callable[..., Any]) -> None:
    answer = run("lineage", "trace", "flight_delays/1", "--all")

    for day in keys_between("2013-03-29", "2013-03-31"):
        assert f"validated/flights/{day} @ {day}-manifest" in answer.stdout
        assert f"source/nycflights/flights/{day}.parquet @ {day}-sha256" in answer.stdout


@pytest.mark.usefixtures("model")
def test_a_missing_link_is_printed(run: Callable[..., Any], project_home: Path) -> None:
    (project_home / "lake/lineage/flight_delays/00000002.json").unlink()
    answer = run("lineage", "trace", "flight_delays/1")

    assert answer.exit_code == 0
    assert "missing: validated/flights/2013-03-30: no record says who wrote it" in answer.stdout


@pytest.mark.usefixtures("model")
def test_verify_says_what_is_whole_and_fails_when_something_is_not(run: Callable[..., Any], project_home: Path) -> None:
    assert "flight_delays: 6 records, whole" in run("lineage", "verify").stdout
    (project_home / "lake/lineage/flight_delays/00000002.json").unlink()
    answer = run("lineage", "verify")

    assert answer.exit_code == 1
    assert "lineage/flight_delays/00000002.json was removed" in answer.stderr


@pytest.mark.usefixtures("model")
def test_an_unknown_stream_gets_the_nearest_name(run: Callable[..., Any]) -> None:
    assert "did you mean 'flight_delays'" in run("lineage", "verify", "flight_delay").stderr


@pytest.mark.usefixtures("model")
def test_the_audit_of_a_dataset_is_csv(run: Callable[..., Any]) -> None:
    header, *rows = run("lineage", "audit", "flights").stdout.splitlines()

    assert header.startswith("time_utc,job,partition,result")
    assert len(rows) == 4
    assert "did you mean 'flights'" in run("lineage", "audit", "flight").stderr
