"""A day of real flights that a model answered about, and people who look at some of the answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.captures import Capture, write_captures
from driftgate.review_policy import Review
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

NAME, DAY = "flight_delays", "2013-04-02"
POLICY: dict[str, Any] = {
    "role": "dispatcher", "reviewers": ("eva", "otto"), "guideline_version": "2", "cost_usd": 3.0, "per_day": 1000,
    "random_share": 0.1, "band": 0.01, "min_agreement": 0.8,
    "categories": {"newcomer": {"column": "carrier", "values": ["HA"]}},
}  # fmt: skip


@pytest.fixture
def reviewed() -> Callable[..., UseCase]:
    """Return ``flight_delays`` with a review section, changed as the arguments say."""

    def made(**changes: Any) -> UseCase:
        return load_use_case(NAME).model_copy(update={"review": Review.model_validate({**POLICY, **changes})})

    return made


@pytest.fixture
def asked(project_home: object) -> list[Capture]:
    """The captures of a real day: the nth answer's score is n thousandths, from 0 to 0.999 and again."""
    captures = [
        Capture(
            prediction_id=f"p{number:04d}", use_case=NAME, variant_role="champion", model_version="1",
            deployment_revision=1, step="serving", score=number % 1000 / 1000, error=None, latency_ms=1,
            received_at=datetime(2026, 11, 24, tzinfo=UTC), event_time=f"{DAY}T08:00:00",
            features=json.dumps(row, default=str),
            request_key=json.dumps({"carrier": row["carrier"], "flight": row["flight"], "number": number}),
        )
        for number, row in enumerate(sample.requests_of(DAY).to_pylist())
    ]  # fmt: skip
    write_captures(captures)
    return captures
