"""A use case whose nights are decided, and nights with the findings of every monitor."""

from typing import Any

import pytest

from driftgate.monitoring import Verdict, decide
from driftgate.monitoring_policy import MONITORS
from driftgate.partition_keys import keys_between
from driftgate.use_cases import UseCase

NIGHT = "2013-04-08"


@pytest.fixture
def open_policy(use_case: UseCase) -> UseCase:
    """The policy without a floor of new rows: these nights have evidence and no outcomes."""
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"min_new_rows": 0})})


def findings(nights: Any, key: str, performance: str, data: str = "ok", champion: str = "1") -> None:
    nights.evidence(key, "performance", performance, champion=champion)
    nights.evidence(key, "data", data, champion=champion)
    for monitor in set(MONITORS) - {"performance", "data"}:
        nights.evidence(key, monitor, "ok", champion=champion)


def drift_for(nights: Any, use_case: UseCase, first: str, last: str, champion: str = "1") -> list[Verdict]:
    """Let performance drift from night to night and decide about each."""
    found = []
    for key in keys_between(first, last):
        findings(nights, key, "drift", champion=champion)
        found.append(decide(use_case, key))
    return found
