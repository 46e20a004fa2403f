"""A small recorded life of one model: the records that the operators leave, from source file to model version."""

import json

import pytest

from driftgate.lake import lake
from driftgate.lineage import DatasetRef, emit
from driftgate.partition_keys import keys_between

DATASET_VERSION = "dataset_version/flight_delays/2013-03-31-3f9c2a1"
PREDICTION = "0123456789abcdef0123456789abcdef"


class Life:
    """Writes the lineage records that the operators leave."""

    prediction_id = PREDICTION

    def __call__(self, first: str = "2013-03-22", last: str = "2013-03-31") -> None:
        """Record the ingestion of a range of days and a model trained on it."""
        for key in keys_between(first, last):
            for dataset in ("flights", "weather"):
                self.ingest(dataset, key)
        self.train(first, last)

    def ingest(self, dataset: str, key: str, tag: str = "") -> None:
        """Record what the ingest DAG does for one partition."""
        raw, validated = (DatasetRef(f"{zone}/{dataset}/{key}", f"{zone}{tag}-{key}") for zone in ("raw", "validated"))
        source = DatasetRef(f"source/nycflights/{dataset}/{key}.parquet", f"sha-of-{key}")
        self.emit("nycflights", f"nycflights.ingest.ingest_{dataset}", [source], [raw])
        self.emit("nycflights", f"nycflights.ingest.publish_{dataset}", [raw], [validated])

    def train(self, first: str, last: str, datasets: tuple[str, ...] = ("flights", "weather")) -> None:
        """Record what the retrain DAG does: dataset version, job, model version 1."""
        keys = keys_between(first, last)
        read = [DatasetRef(f"validated/{dataset}/{key}", f"validated-{key}") for dataset in datasets for key in keys]
        version, job = DatasetRef(DATASET_VERSION, "d41d8c"), DatasetRef("job/job-7", "m0de1")
        model = DatasetRef("model/flight_delays/1", "package-hash")
        unpinned = DatasetRef(DATASET_VERSION)
        self.emit("flight_delays", "flight_delays.retrain.prepare_dataset", read, [version])
        self.emit("flight_delays", "flight_delays.retrain.train_candidate", [unpinned], [job], seed=7, num_leaves=31)
        self.emit("flight_delays", "flight_delays.retrain.register_candidate", [job, unpinned], [model])

    def capture(self, **changes: object) -> None:
        """Write one captured answer of model version 1 and its shadow's answer under the same id."""
        line = {
            "prediction_id": PREDICTION,
            "use_case": "flight_delays",
            "variant_role": "champion",
            "model_version": "1",
        }
        line |= {"score": 0.25, "error": None, "event_time": "2013-04-02T08:00:00"}
        shadow = {**line, "variant_role": "shadow", "model_version": "2"}
        body = "\n".join(json.dumps(answer) for answer in (shadow, {**line, **changes}))
        lake().write("captures/flight_delays/2013-04-02/0123.jsonl", body.encode())

    def emit(
        self, stream: str, job: str, inputs: list[DatasetRef], outputs: list[DatasetRef], **parameters: object
    ) -> None:
        """Record one run."""
        emit(stream, job=job, run_id=f"{job}/{outputs[0].name}", inputs=inputs, outputs=outputs, parameters=parameters)


@pytest.fixture
def life() -> Life:
    """Records lives of models."""
    return Life()
