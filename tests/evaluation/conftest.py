"""A small dataset version and a trained candidate, made by hand so that this room is tested alone."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.compute import JobResult, JobSpec
from driftgate.evaluation.feature_baseline import FeatureBaseline, FeatureSummary
from driftgate.evaluation.importance import Importance
from driftgate.gate_policy import ChampionGate, Gates
from driftgate.lake import lake
from driftgate.models import Feature, Preprocessing, Scorer, Signature
from driftgate.records import sha256
from driftgate.registry import ModelVersion
from driftgate.use_cases import UseCase, load_use_case
from driftgate.validation_policy import Validation

DATASET_VERSION = "flight_delays/2013-03-30-3f9c2a1"
FEATURES = ["carrier", "origin", "dest", "distance_miles", "departure_hour", "visibility_miles"]


class Formula(Scorer):
    """A model that scores by a formula, and tells nothing else."""

    def __init__(self, features: Sequence[Feature], formula: Callable[[Any], Any]) -> None:
        self.preprocessing = Preprocessing(features=tuple(features))
        self.formula = formula

    def score_matrix(self, matrix: Any) -> Any:
        return np.asarray(self.formula(matrix), dtype=np.float64)

    def gains(self) -> None:
        return None

    def contributions(self, matrix: Any) -> None:
        return None


@pytest.fixture(scope="session")
def use_case() -> UseCase:
    """The shipped use case with thresholds of its own, so that a change of policy changes no test."""
    shipped = load_use_case("flight_delays")
    gates = Gates(champion=ChampionGate(margin=0.0, confidence=0.9))
    train = shipped.train.model_copy(update={"min_uplift": 0.01})
    changes = {"train": train, "gates": gates, "validation": Validation(), "explain": None, "fairness": None}
    return shipped.model_copy(update=changes)


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    """Thirty days of 150 flights; evenings, bad weather and one carrier are late; some days are bad for everyone."""
    random = np.random.default_rng(11)
    count = 30 * 150
    day, hour = np.repeat(np.arange(30), 150), random.integers(5, 23, count)
    carrier, visibility = random.integers(0, 5, count), random.choice([1.0, 5.0, 10.0], count, p=[0.1, 0.2, 0.7])
    storm = random.normal(scale=0.4, size=30)[day]
    # The carrier matters in the evening only, which a linear model cannot see.
    logit = (
        -3 + 0.1 * hour + 4.0 * ((carrier == 2) & (hour > 15)) - 2.0 * (carrier == 2) + 1.2 * (visibility < 2) + storm
    )
    times = [datetime(2013, 3, 1) + timedelta(days=int(d), hours=int(h)) for d, h in zip(day, hour, strict=True)]
    return pa.table(
        {
            "carrier": pa.array(np.array(["AA", "B6", "DL", "EV", "UA"])[carrier]),
            "flight": pa.array(np.arange(count), pa.int32()),
            "origin": pa.array(random.choice(["EWR", "JFK", "LGA"], count)),
            "scheduled_departure": pa.array(times, pa.timestamp("us")),
            "dest": pa.array(random.choice(["ATL", "BOS", "LAX", "ORD"], count)),
            "distance_miles": pa.array(random.integers(100, 2500, count), pa.int32()),
            "departure_hour": pa.array(hour, pa.int64()),
            "visibility_miles": pa.array(visibility, mask=random.uniform(size=count) < 0.05),
            "label": pa.array(random.uniform(size=count) < 1 / (1 + np.exp(-logit))),
            "split": pa.array(np.where(day < 20, "train", "validation")),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, rows: pa.Table) -> Path:
    """The files of the dataset version."""
    pq.write_table(rows, tmp_path / "rows.parquet")
    return tmp_path


@pytest.fixture(scope="session")
def artefacts(rows: pa.Table, train_on: Callable[..., dict[str, bytes]]) -> Callable[..., dict[str, bytes]]:
    """What a training job writes for a model of these features of the rows."""

    def train(features: list[str] = FEATURES, rounds: int = 60) -> dict[str, bytes]:
        return train_on(rows, features, rounds)

    return train


@pytest.fixture(scope="session")
def train_on(use_case: UseCase) -> Callable[..., dict[str, bytes]]:
    """What a training job writes for a model of these features, trained for so many rounds."""

    def train(rows: pa.Table, features: list[str], rounds: int = 60) -> dict[str, bytes]:
        split = rows.filter(pa.compute.equal(rows.column("split"), "train")).drop_columns("split")
        preprocessing = Preprocessing.fit(split, features)
        matrix = lightgbm.Dataset(
            preprocessing.encode_table(split),
            split.column("label").to_numpy(zero_copy_only=False),
            feature_name=preprocessing.names,
            categorical_feature=preprocessing.categorical,
        )
        parameters = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1, "deterministic": True}
        booster = lightgbm.train(parameters, matrix, num_boost_round=rounds)
        signature = Signature.of(split.drop_columns("label"), preprocessing, use_case.request_key)
        return {
            "model.txt": booster.model_to_string().encode(),
            "preprocessing.json": preprocessing.canonical(),
            "signature.json": signature.canonical(),
        }

    return train


@pytest.fixture
def finish() -> Callable[..., JobResult]:
    """Leave the artefacts of a finished job in the lake."""

    def finish(artefacts: dict[str, bytes], job_id: str = "job-1") -> JobResult:
        spec = JobSpec(
            job_id=job_id,
            use_case="flight_delays",
            dataset_version=DATASET_VERSION,
            target="local_small",
            problem="binary",
            trainer="lightgbm",
            metric="auc",
            seed=7,
            parameters={"num_leaves": 7},
            request_key=(),
            event_time="scheduled_departure",
            not_features=(),
        )
        for name, data in {**artefacts, "spec.json": spec.canonical()}.items():
            lake().write(f"{uris.job(job_id)}/{name}", data)
        return JobResult(
            job_id=job_id,
            spec_sha256=spec.hash,
            artefacts={name: sha256(data) for name, data in artefacts.items()},
            metrics={"auc": 0.7},
            stop_reason="all_iterations",
            seconds=1.0,
            cpu_seconds=1.0,
            peak_memory_mib=100.0,
        )

    return finish


@pytest.fixture
def job(artefacts: Callable[..., dict[str, bytes]], finish: Callable[..., JobResult]) -> JobResult:
    """A finished job with a good candidate."""
    return finish(artefacts())


@pytest.fixture
def champion(put_package: Callable[..., ModelVersion]) -> Callable[..., ModelVersion]:
    """Register the package of a champion made from a job's artefacts."""

    def register(files: dict[str, bytes], version: str = "1") -> ModelVersion:
        files = {**files, "feature_baseline.json": unmeasured(files["preprocessing.json"])}
        return put_package(version, files, dataset_version=DATASET_VERSION)

    return register


def unmeasured(preprocessing: bytes) -> bytes:
    """A feature baseline of these features that says nothing of them."""
    nothing = Importance(gain=0, permutation=0, shap=0)
    summary = FeatureSummary(
        kind="numeric", null_rate=0, distinct=1, importance=nothing, sensitivity=0, tier="informational"
    )
    return FeatureBaseline(
        use_case="flight_delays",
        training_rows=1,
        sampled_rows=1,
        seed=7,
        decision_threshold=0.5,
        features=dict.fromkeys(Preprocessing.model_validate_json(preprocessing).names, summary),
        correlations={},
        strong_pairs=(),
    ).canonical()
