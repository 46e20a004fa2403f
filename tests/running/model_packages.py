"""Registered models of tests that train none: their packages, how much their features matter, what their gates said."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate import uris
from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.evaluation.feature_baseline import FeatureBaseline, FeatureSummary
from driftgate.evaluation.importance import Importance
from driftgate.evaluation.receipts import write_receipt, write_receipts
from driftgate.evaluation.report import write_report
from driftgate.promotion.skew import skew_gates
from driftgate.registry import ModelVersion
from driftgate.registry.states import move_state
from driftgate.registry.writing import package_files, write_package
from driftgate.use_cases import load_use_case

NO_MODEL = {"model.txt": b"tree", "feature_baseline.json": b"{}"}  # enough for a test that scores nothing


@pytest.fixture(scope="session")
def put_package() -> Callable[..., ModelVersion]:
    """Write the package of these files and make it visible, as a registration does after its job and MLflow."""

    def put(version: str = "1", files: dict[str, bytes] = NO_MODEL, /, **changes: Any) -> ModelVersion:
        fields: dict[str, Any] = {
            "use_case": "flight_delays",
            "job_id": f"job-{version}",
            "job_spec_sha256": "5" * 64,
            "dataset_version": "flight_delays/2013-03-31-3f9c2a1",
            "trainer": "lightgbm",
            "seed": 7,
            "parameters": {},
            "metrics": {"auc": 0.7},
            "files": package_files(files),
        }
        model = ModelVersion(version=version, **{**fields, **changes})
        write_package(model, files)
        move_state(model.use_case, version, "candidate", actor="test", reason="a test")
        move_state(model.use_case, version, "approved", actor="test", reason="a test")
        return model

    return put


@pytest.fixture
def feature_shares() -> Callable[..., bytes]:
    """Make the feature baseline of a model whose features have these shares of the importance."""

    def made(**shares: float) -> bytes:
        features = {
            name: FeatureSummary(
                kind="numeric",
                null_rate=0,
                distinct=2,
                importance=Importance(gain=share, permutation=share, shap=share),
                sensitivity=0,
                tier="critical" if share > 0.1 else "informational",
            )
            for name, share in shares.items()
        }
        return FeatureBaseline(
            use_case="flight_delays",
            training_rows=10,
            sampled_rows=10,
            seed=7,
            decision_threshold=0.5,
            features=features,
            correlations={},
            strong_pairs=(),
        ).canonical()

    return made


@pytest.fixture(scope="session")
def leave_receipts() -> Callable[..., None]:
    """Leave the report and the receipts of an evaluation that a version passed against a champion."""

    def leave(model: ModelVersion, champion: str | None = None) -> None:
        gate = GateResult(gate="uplift", value=0.1, interval=None, threshold=0, verdict="pass", sentence="So it is.")
        report = EvaluationReport(
            use_case=model.use_case,
            dataset_version=model.dataset_version,
            model_id=model.job_id,
            model_sha256=model.model_sha256,
            champion=champion,
            first_day="2013-03-18",
            last_day="2013-03-31",
            rows=100,
            positives=20,
            metrics={},
            intervals={},
            gates=(gate,),
            passed=True,
            reason="a test",
        )
        use_case = load_use_case(model.use_case)
        write_receipts(use_case, write_report(report))
        for name in skew_gates(use_case):
            write_receipt(
                use_case, name, subject=model.job_id, model_sha256=model.model_sha256, verdict="pass",
                as_of=report.last_day, inputs={}, evidence=uris.evaluation_report(model.use_case, model.job_id),
            )  # fmt: skip

    return leave
