"""Captures with few words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.captures import Capture

DEFAULTS: dict[str, Any] = {
    "use_case": "flight_delays",
    "variant_role": "champion",
    "model_version": "1",
    "deployment_revision": 3,
    "step": "serving",
    "score": 0.25,
    "error": None,
    "latency_ms": 0.5,
    "received_at": datetime(2026, 11, 24, 18, 30, 0, 123456, tzinfo=UTC),
    "event_time": "2013-04-02T08:00:00",
    "request_key": '{"carrier": "UA"}',
    "features": '{"carrier": "UA", "distance_miles": 1400}',
}


@pytest.fixture
def capture() -> Callable[..., Capture]:
    """Make one capture, numbered, with some fields changed."""

    def made(number: int = 0, **changes: Any) -> Capture:
        return Capture(**{**DEFAULTS, "prediction_id": f"{number:032x}", **changes})

    return made
