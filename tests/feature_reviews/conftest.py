"""Nights with a verdict each, made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate.feature_review_policy import FeatureReview
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, Verdict
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case(NAME)


@pytest.fixture
def policy() -> FeatureReview:
    return FeatureReview(every="quarterly", roles=("data_science", "operations"))


@pytest.fixture(scope="session")
def night() -> Callable[..., Verdict]:
    """The verdict about one night; ``found`` says by monitor ``ok``, ``insufficient`` or the severity of a drift."""

    def made(
        key: str, decision: str = "quiet", causes: tuple[str, ...] = (), backfill: bool = False, **found: str
    ) -> Any:
        items = [
            Evidence(
                use_case=NAME, key=key, monitor=monitor, champion="1", statistic="psi", value=None, interval=None,
                threshold=None, sample_size=9, features=(), sentence="So it is.",
                verdict=says if says in ("ok", "insufficient") else "drift",
                severity=None if says in ("ok", "insufficient") else says,
            )
            for monitor, says in found.items()
        ]  # fmt: skip
        return Verdict(
            use_case=NAME, key=key, decision=decision, rule="a_rule", sentence="So it is.", champion="1",
            evidence=tuple(items), drift_nights={}, suppressed=(), policy=load_use_case(NAME).retrain,
            backfill=backfill, promotion_active=False, days_since_retrain=None, days_since_switch=None, new_rows=0,
            causes=causes,
        )  # fmt: skip

    return made


@pytest.fixture
def record() -> Callable[[Verdict], None]:
    return lambda made: _recorded(made)


def _recorded(made: Verdict) -> None:
    metadata().append("verdict", f"{NAME}/{made.key}", made.model_dump(mode="json"))
