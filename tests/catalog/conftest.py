"""A project of its own with one dataset and two use cases, some days of it in the lake."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.profiles import profile_partition

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "include" / "use_cases" / "flight_delays" / "use_case.yaml"
KEYS = ("request_key", "event_time", "not_features", "label", "name", "datasets", "online", "history_days")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    shutil.copytree(ROOT / "tests" / "governance" / "project", root)
    for folder in ("settings", "governance"):
        shutil.copytree(ROOT / "include" / folder, root / "include" / folder)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    return root


@pytest.fixture
def add_use_case(project: Path) -> Callable[..., Path]:
    """Write a use case over ``rides`` with this SQL; the rest is as in the shipped one."""

    def add(name: str, sql: str | None = None) -> Path:
        folder = project / "include" / "use_cases" / name
        folder.mkdir(parents=True)
        shipped = {key: value for key, value in yaml.safe_load(SHIPPED.read_text()).items() if key not in KEYS}
        shipped["retrain"]["on"] = shipped["retrain"].pop(True, shipped["retrain"].get("on"))  # YAML 1.1 reads `on`
        own: dict[str, Any] = {
            "name": name,
            "datasets": ["rides"],
            "request_key": ["ride"],
            "event_time": "started_at",
            "not_features": ["ride", "started_at"],
            "label": {"expression": "fare_usd > 20", "known_after_days": 1},
        }
        (folder / "use_case.yaml").write_text(yaml.safe_dump({**shipped, **own}))
        (folder / "features.sql").write_text(sql or (project / "features.sql").read_text())
        return folder

    return add


@pytest.fixture
def published(rides: Callable[..., pa.Table], project: Path) -> None:
    """Three days of rides with one missing between, the last one corrected once, with profiles."""
    for key in ("2013-04-01", "2013-04-03"):
        path, known = uris.partition("validated", "rides", key), datetime(2013, 4, 4)
        publish(lake(), path, rides(key, "a@example.com", "b@example.com"), known_at=known, contract="rides@1.0.0")
        profile_partition("rides", key, hidden={"passenger"})
    publish(lake(), path, rides(key, "a@example.com"), known_at=datetime(2013, 4, 5), contract="rides@1.0.0")
    profile_partition("rides", key, hidden={"passenger"})
