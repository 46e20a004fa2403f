"""A network is registered, loaded and scored like any other model; of its importance only permutation is known."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate import uris
from driftgate.compute import JobResult, JobSpec
from driftgate.evaluation.feature_baseline import read_feature_baseline
from driftgate.evaluation.receipts import write_receipts
from driftgate.evaluation.report import read_report, write_report
from driftgate.lake import lake
from driftgate.models.onnx_scorer import OnnxScorer
from driftgate.monitoring import training_baseline
from driftgate.records import sha256
from driftgate.registry import load_package, register_job

pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")
pytestmark = pytest.mark.usefixtures("mlflow_database")

VERSION = "flight_delays/2013-03-10-3f9c2a1"


def test_a_network_becomes_a_version_that_scores(finished, use_case, rows: pa.Table) -> None:
    from driftgate.training.train import train

    finished()
    spec = JobSpec.model_validate_json(lake().read("jobs/job-1/spec.json")).model_copy(
        update={
            "trainer": "torch",
            "parameters": {"hidden_sizes": (8,), "epochs": 2, "early_stopping_round": 0},
            "not_features": ("flight", "scheduled_departure"),
            "request_key": use_case.request_key,
        }
    )
    trained = train(spec, rows)
    job = JobResult.model_validate_json(lake().read("jobs/job-1/result.json")).model_copy(
        update={
            "spec_sha256": spec.hash,
            "artefacts": {name: sha256(data) for name, data in trained.artefacts.items()},
            "model_file": trained.model_file,
        }
    )
    for name, data in {**trained.artefacts, "spec.json": spec.canonical(), "result.json": job.canonical()}.items():
        lake().write(f"{uris.job('job-1')}/{name}", data)
    report = read_report("flight_delays", "job-1").model_copy(update={"model_sha256": job.model_sha256})
    lake().delete("reports/evaluation/flight_delays/job-1.json")
    write_report(report)
    write_receipts(use_case, report)

    model = register_job(use_case, "job-1", VERSION, make_baseline=training_baseline)
    assert (model.model_file, model.model_sha256) == ("model.onnx", job.artefacts["model.onnx"])
    assert "model.txt" not in model.files
    assert model.parameters["hidden_sizes"] == (8,)
    package = load_package("flight_delays", "1")
    assert isinstance(package.scorer, OnnxScorer)
    assert len(package.scorer.score_table(rows.filter(pc.equal(rows["split"], "validation")))) == 120
    found = read_feature_baseline(lake().read(f"{model.folder}/feature_baseline.json"), "the package")
    assert {item.importance.gain for item in found.features.values()} == {None}
    assert sum(item.importance.share for item in found.features.values()) == pytest.approx(1, abs=1e-5)
