"""Every test gets its own empty state folder, so nothing leaks from one test to the next."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.problems import DeviationCosts, Metric
from driftgate.settings import project_root
from driftgate.use_cases import UseCase

pytest_plugins = ["local_aws.fixtures"]


@pytest.fixture(autouse=True)
def project_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of this test; ``settings()``, ``lake()`` and ``metadata()`` point into it."""
    home = tmp_path / "driftgate"
    home.mkdir()
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    monkeypatch.setenv("DRIFTGATE_ENV", "local")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return home


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write ``compute.yaml`` of a project of this test's own, a line for each target."""
    root = tmp_path / "project"
    shutil.copytree(project_root() / "include", root / "include", ignore=shutil.ignore_patterns("driftgate"))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))

    def write(*lines: str) -> None:
        text = "".join(f"  {line}\n" for line in lines)
        (root / "include" / "compute.yaml").write_text(f"targets:\n{text}")

    return write


@pytest.fixture
def rides() -> Callable[..., pa.Table]:
    """Make a day's rides of ``tests/governance/project``, of the passengers named."""

    def make(key: str, *passengers: str, note: str = "fine") -> pa.Table:
        count = len(passengers)
        return pa.table(
            {
                "ride": pa.array(range(count), pa.int32()),
                "started_at": pa.array([datetime.fromisoformat(f"{key}T08:00")] * count, pa.timestamp("us")),
                "passenger": pa.array(passengers),
                "note": pa.array([note] * count),
                "distance_km": pa.array([1.5 + place for place in range(count)]),
                "fare_usd": pa.array([10.0 + 5 * place for place in range(count)]),
            }
        )

    return make


@pytest.fixture
def as_regression() -> Callable[..., UseCase]:
    """Turn a binary use case into one that asks how many minutes late, with limits of its own kind."""

    def turned(
        whole: UseCase, *, expression: str = "arr_delay_minutes", max_mae_increase: float = 1, max_increase: float = 1
    ) -> UseCase:
        costs = DeviationCosts(over=1, under=2)
        lost = {"max_log_loss_increase": None, "max_mae_increase": max_mae_increase}
        guardrails = whole.promote.guardrails.model_copy(update=lost)
        limits = {"max_auc_drop": None, "max_increase": max_increase}
        performance = whole.monitor.performance.model_copy(update=limits)
        changes = {
            "problem": "regression",
            "label": whole.label.model_copy(update={"expression": expression, "unit": "minutes"}),
            "metric": Metric(primary="rmse", costs_usd=costs),
            "train": whole.train.model_copy(update={"baselines": ("rule", "linear")}),
            "promote": whole.promote.model_copy(update={"guardrails": guardrails}),
            "monitor": whole.monitor.model_copy(update={"performance": performance}),
        }
        written = whole.model_copy(update=changes).model_dump(exclude_none=True, exclude_unset=True)
        written["train"].pop("max_single_feature_auc", None)
        return UseCase.model_validate(written)

    return turned
