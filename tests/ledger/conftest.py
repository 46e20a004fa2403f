"""Attempts as jobs leave them, of any machine and length."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.compute import Attempt
from driftgate.lake import lake

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TAGS = {"project": "driftgate", "business_unit": "demo", "environment": "development", "owner": "ops"}


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    """Leave an attempt in the lake: an hour on two cores of a c7i.large on Spot, unless told otherwise."""

    def of(**changes: Any) -> Attempt:
        values: dict[str, Any] = {
            "job_id": "train-1",
            "number": 1,
            "use_case": "flight_delays",
            "dataset_version": "flight_delays/2013-03-31-3f9c2a1",
            "trainer": "lightgbm",
            "started_at": MONDAY,
            "outcome": "succeeded",
            "target": "batch_spot",
            "backend": "batch",
            "instance_type": "c7i.large",
            "spot": True,
            "region": "us-east-1",
            "cores": 2,
            "memory_mib": 4096,
            "seconds": 3600,
            "cpu_seconds": 5400,
            "peak_memory_mib": 900,
            "tags": {**TAGS, "activity": "retrain", "run": "nightly"},
        }
        made = Attempt(**{**values, **changes})
        lake().write(f"jobs/{made.job_id}/attempts/{made.number}.json", made.canonical())
        return made

    return of
