"""A use case whose version 2 took over from version 1, and was asked about two flights."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.captures import Capture, write_captures
from driftgate.metadata import metadata
from driftgate.promotion import DeploymentState, Variant
from driftgate.registry import tracking
from driftgate.registry.states import move_state

NAME = "flight_delays"
DAY = "2013-04-02"


@pytest.fixture
def deployed() -> Callable[..., None]:
    """Record a deployment as a move does."""

    def record(champion: str, previous: str | None = None, candidate: str | None = None) -> None:
        variants = [Variant(version=champion, role="champion", weight=100)]
        variants += [Variant(version=candidate, role="shadow", weight=0)] if candidate else []
        state = DeploymentState(
            use_case=NAME, revision=1, step="shadow" if candidate else "serving", champion=champion,
            candidate=candidate, previous=previous, variants=tuple(variants), actor="test", reason="a test",
        )  # fmt: skip
        metadata().append("deployment", NAME, state.model_dump(mode="json", exclude={"revision"}))
        alias = {"use_case": NAME, "alias": "champion", "version": champion, "previous": previous}
        metadata().append("alias", f"{NAME}/champion", alias)

    return record


@pytest.fixture
def harmed(
    put_package: Any,
    endpoint: Any,
    leave_receipts: Any,
    deployed: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Version 2 serves, 1 did before it, 3 is a candidate; without MLflow, which takes seconds to show an alias."""
    monkeypatch.setattr(tracking, "show_alias", lambda *_: None)
    for version, judged_against in (("1", "1"), ("2", "1"), ("3", "2")):
        leave_receipts(put_package(version), judged_against)
    move_state(NAME, "1", "champion", actor="test", reason="a test")
    move_state(NAME, "1", "retired", actor="test", reason="a test")
    move_state(NAME, "2", "champion", actor="test", reason="a test")
    deployed("2", previous="1")
    asked = [
        Capture(
            prediction_id=f"{number:032x}", use_case=NAME, variant_role="champion", model_version="2",
            deployment_revision=1, step="serving", score=0.25, error=None, latency_ms=0.5,
            received_at=datetime(2026, 11, 24, 18, 30, 0, number, tzinfo=UTC), event_time=f"{DAY}T08:00:00",
            request_key=f'{{"flight": {number}}}',
            features=f'{{"flight": {number}, "carrier": "UA", "note": "write to jane.doe@example.com"}}',
        )
        for number in range(2)
    ]  # fmt: skip
    write_captures(asked)
