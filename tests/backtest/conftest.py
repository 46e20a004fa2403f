"""A shop whose customers change their ways: some days of purchases, a small model, a policy that retrains."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.backtest.rows import published_rows
from driftgate.lake import lake, publish
from driftgate.partition_keys import keys_between
from driftgate.use_cases import UseCase, load_use_case

ROOT = Path(__file__).resolve().parents[2]
FIRST, BEGIN, END = "2013-04-20", "2013-05-26", "2013-06-04"
PURCHASES = 160  # a day
USE_CASE = """
name: returns
question: Will this purchase be sent back?
owner: {team: shop, contact: shop@example.com}
problem: binary
datasets: [events]
request_key: [event]
event_time: occurred_at
not_features: [event, occurred_at]
history_days: 2
label: {expression: returned, known_after_days: 1}
metric: {primary: auc, costs_usd: {false_alarm: 1, missed: 5}}
train:
  trainer: lightgbm
  window_days: 36
  validation_days: 7
  target: local_small
  baselines: [rule]
  min_uplift: -0.5
  parameters: {num_iterations: 5, early_stopping_round: 0, num_leaves: 4}
gates: {champion: {margin: 0.3, confidence: 0.9}}
promote:
  strategy: canary
  rationale: A wrong answer costs a parcel.
  risk: low
  shadow: {requests: 100}
  steps_percent: [50, 100]
  min_requests_per_step: 30
  deadline_minutes: 4320
  approve: never
  guardrails:
    {max_error_rate: 0.01, max_latency_p95_ms: 200, min_agreement: 0.01, max_log_loss_increase: 2.0, confidence: 0.95}
monitor:
  data_drift: {min_rows: 100}
  concept: {min_rows: 50}
  payoff: {min_rows: 50, min_nights: 3}
  estimate: {min_rows: 100}
  performance: {window_nights: 3, min_rows: 100, max_auc_drop: 0.05, confidence: 0.9}
retrain:
  {on: [performance], nights: 1, of_last: 1, cooldown_days: 2, cooldown_unhelpful_days: [3, 5], min_new_rows: 100}
"""
FEATURES = """
SELECT e.event, e.occurred_at, e.country, e.amount_eur, e.discount_percent, hour(e.occurred_at) AS hour FROM events e
"""


def purchases(key: str) -> pa.Table:
    """Purchases of one day. From 26 May on, it is the dear ones that come back, no more the discounted ones."""
    random, count = np.random.default_rng(int(key.replace("-", ""))), PURCHASES
    amount, discount = random.gamma(2, 30, count), random.integers(0, 40, count)
    cause = (amount - 60) / 30 if key >= BEGIN else (discount - 20) / 8
    seconds = np.sort(random.choice(86_400, count, replace=False))
    return pa.table(
        {
            "event": [f"{key}-{number}" for number in range(count)],
            "occurred_at": pa.array(
                [datetime.fromisoformat(key) + timedelta(seconds=int(second)) for second in seconds],
                pa.timestamp("us"),
            ),
            "country": random.choice(["de", "fr", "pl"], count),
            "amount_eur": amount,
            "discount_percent": discount,
            "returned": random.random(count) < 1 / (1 + np.exp(-2 * cause)),
        }
    )


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The project of the shop, and a state folder with its days, features and all."""
    project, home = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("home")
    folder = project / "include" / "use_cases" / "returns"
    folder.mkdir(parents=True)
    (folder / "use_case.yaml").write_text(USE_CASE)
    (folder / "features.sql").write_text(FEATURES)
    for name in ("settings", "governance", "price_table.yaml", "compute.yaml"):
        (project / "include" / name).symlink_to(ROOT / "include" / name)
    (project / "dvc.yaml").symlink_to(ROOT / "dvc.yaml")
    (project / "params.yaml").write_text("prepare: {lookback_days: 1, min_training_days: 4}\n")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOME": str(home), "PROJECT": str(project), "ENV": "local"}.items():
            patch.setenv(f"DRIFTGATE_{name}", value)
        for key in keys_between(FIRST, END):
            publish(lake(), uris.partition("validated", "events", key), purchases(key))
        assert published_rows(load_use_case("returns"), BEGIN, END).by_day
    return project, home


@pytest.fixture
def returns(shop: tuple[Path, Path], project_home: Path, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """The use case of the shop, with its days in the state folder of this test."""
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(shop[0]))
    shutil.copytree(shop[1], project_home, dirs_exist_ok=True)
    return load_use_case("returns")
