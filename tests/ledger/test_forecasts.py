"""A job costs what jobs like it did; when there are none, at most what its target allows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute import Attempt, JobSpec
from driftgate.ledger import collect_all, forecast
from driftgate.ledger.prices import price_table_path
from driftgate.settings import project_root
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case

MakeAttempt = Callable[..., Attempt]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TARGETS = """
targets:
  big: {backend: batch, vcpu: 2, memory_mib: 3500, timeout_minutes: 120, instance_type: c7i.large, region: us-east-1}
  odd: {backend: batch, vcpu: 2, memory_mib: 3500, timeout_minutes: 120, instance_type: c7i.huge, region: us-east-1}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with remote targets, so that something costs something."""
    root = tmp_path / "project"
    (root / "include").mkdir(parents=True)
    for name in ("use_cases", "settings"):
        (root / "include" / name).symlink_to(project_root() / "include" / name)
    (root / "include" / "price_table.yaml").write_text(price_table_path().read_text())
    (root / "include" / "compute.yaml").write_text(TARGETS)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))


@pytest.fixture
def past(attempt: MakeAttempt) -> Callable[..., None]:
    """Leave jobs that took this many minutes each."""

    def of(*minutes: float, **changes: Any) -> None:
        for place, length in enumerate(minutes):
            name = f"job-{place}-{changes.get('outcome', '')}"
            begun = START + timedelta(hours=place)
            attempt(**{"job_id": name, "target": "big", "seconds": 60 * length, "started_at": begun, **changes})
        collect_all()

    return of


def spec(target: str = "big", **changes: Any) -> JobSpec:
    made = training_spec(load_use_case("flight_delays"), "flight_delays/2013-03-31-3f9c2a1", "next")
    return made.model_copy(update={"target": target, **changes})


def test_the_first_job_may_cost_all_that_its_target_allows() -> None:
    first = forecast(spec())
    assert (first.basis, first.seconds, first.usd) == ("upper_bound", 7200, 0.1785)
    assert first.sentence == "120.0 minutes on big: the time limit, for no such job has ended well yet."


def test_later_ones_cost_the_median_of_the_newest(past: Callable[..., None]) -> None:
    past(*[600.0] * 5, *[10.0] * 9, *[30.0] * 11)  # the five oldest of 25 are forgotten
    found = forecast(spec())
    assert (found.basis, found.seconds, found.usd) == ("history", 1800, 0.044625)
    assert found.sentence == "30.0 minutes on big: the median of 20 earlier jobs."


def test_only_jobs_like_it_count(past: Callable[..., None]) -> None:
    past(10, target="odd")
    past(10, trainer="torch")
    past(10, use_case="air_time")
    past(10, outcome="failed")
    assert forecast(spec()).basis == "upper_bound"


def test_interrupted_attempts_are_part_of_what_a_job_took(past: Callable[..., None]) -> None:
    past(20, job_id="train-1", number=1, outcome="interrupted")
    past(30, job_id="train-1", number=2, started_at=START + timedelta(hours=2))
    assert forecast(spec()).seconds == 50 * 60


def test_fewer_rows_take_less_time(past: Callable[..., None]) -> None:
    past(20, rows=100_000, row_share=0.5)
    assert forecast(spec()).seconds == 40 * 60
    assert forecast(spec(row_share=0.25)).seconds == 10 * 60
    assert forecast(spec(), rows=50_000).seconds == 20 * 60


def test_a_price_that_is_not_known_is_said(past: Callable[..., None]) -> None:
    past(10, target="odd")
    found = forecast(spec("odd"))
    assert (found.usd, found.seconds) == (None, 600)
    assert "The price is unknown: price_table.yaml has no instance type 'c7i.huge'" in found.sentence
