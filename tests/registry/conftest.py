"""A finished job with its evaluation and dataset version, made by hand so that this room is tested alone."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.compute import JobResult, JobSpec
from driftgate.datasets import DatasetVersion
from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.evaluation.receipts import write_receipts
from driftgate.evaluation.report import write_report
from driftgate.lake import lake
from driftgate.models import Preprocessing, Signature
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.profiles import profile_table
from driftgate.records import sha256
from driftgate.registry import ModelVersion, register, tracking
from driftgate.use_cases import UseCase, load_use_case

DATASET_VERSION = "flight_delays/2013-03-10-3f9c2a1"


@pytest.fixture(scope="session")
def use_case() -> UseCase:
    return load_use_case("flight_delays")


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    """Ten days of forty flights."""
    random = np.random.default_rng(5)
    carrier = random.integers(0, 3, 400)
    times = [datetime(2013, 3, 1, 12) + timedelta(days=place // 40) for place in range(400)]
    return pa.table(
        {
            "carrier": pa.array(np.array(["AA", "B6", "DL"])[carrier]),
            "flight": pa.array(np.arange(400), pa.int32()),
            "origin": pa.array(["EWR", "JFK"] * 200),
            "scheduled_departure": pa.array(times, pa.timestamp("us")),
            "distance_miles": pa.array(random.integers(100, 900, 400), pa.int32()),
            "label": pa.array(random.uniform(size=400) < 0.2 + 0.2 * carrier),
            "split": pa.array(["train"] * 280 + ["validation"] * 120),
        }
    )


@pytest.fixture(scope="session")
def artefacts(rows: pa.Table, use_case: UseCase) -> dict[str, bytes]:
    """What a training job writes."""
    train = rows.slice(0, 280).drop_columns(["split", "label"])
    preprocessing = Preprocessing.fit(train, ["carrier", "origin", "distance_miles"])
    labels = rows.column("label").slice(0, 280).to_numpy(zero_copy_only=False)
    matrix = lightgbm.Dataset(preprocessing.encode_table(train), labels, feature_name=preprocessing.names)
    parameters = {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1}
    return {
        "model.txt": lightgbm.train(parameters, matrix, num_boost_round=5).model_to_string().encode(),
        "preprocessing.json": preprocessing.canonical(),
        "signature.json": Signature.of(train, preprocessing, use_case.request_key).canonical(),
    }


@pytest.fixture(scope="session")
def features(rows: pa.Table, artefacts: dict[str, bytes], use_case: UseCase) -> bytes:
    """The feature baseline of that model."""
    preprocessing = Preprocessing.model_validate_json(artefacts["preprocessing.json"])
    train, validation = (part.drop_columns("split") for part in (rows.slice(0, 280), rows.slice(280)))
    profile = profile_table(train, columns=preprocessing.names)
    scorer = LightgbmScorer.load(artefacts["model.txt"], preprocessing)
    return feature_baseline(use_case, scorer, train, validation, profile).canonical()


@pytest.fixture
def package(
    artefacts: dict[str, bytes], features: bytes, put_package: Callable[..., ModelVersion]
) -> Callable[..., ModelVersion]:
    """Write a package of these artefacts without MLflow."""

    def write(version: str = "1", replaced: dict[str, bytes] | None = None, **changes: object) -> ModelVersion:
        others = {"card.md": b"# flight_delays", "baseline.json": b"{}", "evaluation.json": b"{}"}
        others["feature_baseline.json"] = features
        files = {**artefacts, **others, **(replaced or {})}
        return put_package(version, files, dataset_version=DATASET_VERSION, parameters={"num_leaves": 4}, **changes)

    return write


@pytest.fixture
def finished(artefacts: dict[str, bytes]) -> Callable[..., JobResult]:
    """Leave a finished job and its evaluation in the lake."""

    def finish(job_id: str = "job-1", *, passed: bool = True, **changes: object) -> JobResult:
        spec = JobSpec(
            job_id=job_id,
            use_case="flight_delays",
            dataset_version=DATASET_VERSION,
            target="local_small",
            problem="binary",
            trainer="lightgbm",
            metric="auc",
            seed=7,
            parameters={"num_leaves": 4, "early_stopping_round": 30},
            request_key=(),
            event_time="scheduled_departure",
            not_features=(),
        )
        job = JobResult(
            job_id=job_id,
            spec_sha256=spec.hash,
            artefacts={name: sha256(data) for name, data in artefacts.items()},
            metrics={"validation_auc": 0.7},
            stop_reason="all_iterations",
            seconds=1.0,
            cpu_seconds=1.0,
            peak_memory_mib=100.0,
        )
        for name, data in {**artefacts, "spec.json": spec.canonical(), "result.json": job.canonical()}.items():
            lake().write(f"{uris.job(job_id)}/{name}", data)
        report = write_report(_report(job, passed).model_copy(update=changes))
        write_receipts(load_use_case("flight_delays"), report)
        return job

    return finish


def _report(job: JobResult, passed: bool) -> EvaluationReport:
    verdict = "pass" if passed else "fail"
    names = ("", "rule_", "champion_")
    metrics = {f"{name}{metric}": 0.7 for name in names for metric in ("auc", "log_loss", "expected_cost_usd_per_1000")}
    return EvaluationReport(
        use_case="flight_delays",
        dataset_version=DATASET_VERSION,
        model_id=job.job_id,
        model_sha256=job.artefacts["model.txt"],
        champion="1",
        first_day="2013-03-08",
        last_day="2013-03-10",
        rows=120,
        positives=50,
        metrics={**metrics, "calibration_error": 0.01},
        intervals={"auc": (0.65, 0.75)},
        gates=(
            GateResult(gate="uplift", value=0.1, interval=None, threshold=0.01, verdict=verdict, sentence="So it is."),
        ),
        passed=passed,
        reason="The gate 'uplift' failed. So it is." if not passed else "All 1 gates passed.",
    )


@pytest.fixture(autouse=True)
def dataset(tmp_path: Path, rows: pa.Table, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the dataset version, without git and DVC, which have tests of their own."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    pq.write_table(rows, folder / "rows.parquet")
    version = DatasetVersion(
        name=DATASET_VERSION,
        tag=DATASET_VERSION,
        use_case="flight_delays",
        key="2013-03-10",
        window={"first": "2013-03-01", "last": "2013-03-10"},
        rows=400,
        split={"validation_first": "2013-03-08", "train_rows": 280, "validation_rows": 120},
        labels={"positive": 150, "negative": 250, "without_outcome": 12},
        columns={},
        feature_set_sha256="f",
        inputs_sha256="i",
        files={},
        dvc_md5="d",
        sources={},
    )
    (folder / "version.json").write_bytes(version.canonical())
    monkeypatch.setattr(register, "version_files", lambda _: folder)
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, created once for all tests: it takes a second."""
    home = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        tracking._client()
    return home / "mlflow.db"


@pytest.fixture
def mlflow_database(empty_database: Path, project_home: Path) -> Path:
    """This test's own MLflow database."""
    return Path(shutil.copy(empty_database, project_home / "mlflow.db"))
