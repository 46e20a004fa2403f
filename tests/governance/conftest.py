"""A project of its own with one dataset about persons, in which everything can be tried and lost."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.governance.erasure import forget
from driftgate.lake import lake, publish
from driftgate.settings import settings
from driftgate.sources import ingest_partition

ROOT = Path(__file__).resolve().parents[2]
ANNA, BEN = "anna@example.com", "ben@example.com"
KEYS = ("2013-04-01", "2013-04-02")
NOW = datetime(2013, 5, 1, 12)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "project", root)
    for folder in ("settings", "governance"):
        shutil.copytree(ROOT / "include" / folder, root / "include" / folder)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    monkeypatch.setenv("DRIFTGATE_PSEUDONYM_KEY", "a secret of the test that is long enough")
    return root


@pytest.fixture
def change(project: Path) -> Callable[..., None]:
    """Replace a text in a file of the project."""

    def replace(file: str, old: str, new: str) -> None:
        path = project / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return replace


@pytest.fixture
def age() -> Callable[[str, datetime], None]:
    """Make every object below a folder as old as if it had been written at a moment (UTC)."""

    def write_earlier(prefix: str, moment: datetime) -> None:
        seconds = moment.replace(tzinfo=UTC).timestamp()
        for path in lake().list(prefix):
            file = Path(lake().uri(path).removeprefix("file://"))
            os.utime(file, (seconds, seconds))

    return write_earlier


def deliver(rides, key, *passengers):
    path = Path(settings().drop) / "cab" / "rides" / f"{key}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rides(key, *passengers), path)


def run_day(key):
    """Go the whole way of a delivery, with Great Expectations in it."""
    ingest_partition("cab", "rides", key)
    validate_partition("rides", key)
    publish_partition("rides", key)


@pytest.fixture
def two_days(project, rides):
    """Anna rode on the first day only, Ben on both; the manifests of the validated partitions."""
    manifests = []
    for key, who in zip(KEYS, ((ANNA, BEN, ANNA), (BEN,)), strict=True):
        deliver(rides, key, *who)
        raw, path = ingest_partition("cab", "rides", key), f"validated/rides/{key}"
        manifests.append(publish(lake(), path, rides(key, *who), contract="rides@1.0.0", inputs=(raw.hash,)))
    return manifests


def erase(*pairs, **options):
    return forget("rides", pairs or [f"passenger={ANNA}"], **{"reason": "asked", "by": "dpo", "now": NOW, **options})
