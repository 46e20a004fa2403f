"""Each rule finds its fixture, keeps quiet on its neighbour, and names the attempts that it saw."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute import Attempt
from driftgate.compute.sampler import Spread
from driftgate.ledger import collect_all
from driftgate.ledger.prices import price_table_path
from driftgate.ledger.rightsize import Recommendation, recommend

MakeAttempt = Callable[..., Attempt]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ON_BATCH = "backend: batch, timeout_minutes: 60, region: us-east-1"
TARGETS = f"""
targets:
  small: {{{ON_BATCH}, vcpu: 2, memory_mib: 3500, instance_type: c7i.large}}
  middle: {{{ON_BATCH}, vcpu: 4, memory_mib: 7000, instance_type: c7i.xlarge}}
  large: {{{ON_BATCH}, vcpu: 16, memory_mib: 30000, instance_type: c7i.4xlarge}}
  gpu: {{{ON_BATCH}, vcpu: 4, memory_mib: 15000, gpu: 1, instance_type: g5.xlarge}}
  two: {{{ON_BATCH}, vcpu: 4, memory_mib: 7000, nodes: 2, instance_type: c7i.xlarge}}
  four: {{{ON_BATCH}, vcpu: 4, memory_mib: 7000, nodes: 4, instance_type: c7i.xlarge}}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with these targets."""
    folder = tmp_path / "project" / "include"
    folder.mkdir(parents=True)
    settings = price_table_path().parent / "settings"
    (folder / "settings").symlink_to(settings)
    (folder / "price_table.yaml").write_text(price_table_path().read_text())
    (folder / "compute.yaml").write_text(TARGETS)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))


def spread(p95: float) -> Spread:
    return Spread(p50=p95 / 2, p95=p95, max=min(100.0, p95 * 1.05))


@pytest.fixture
def used(attempt: MakeAttempt) -> Callable[..., None]:
    """Leave attempts on a target that used these percents of its CPU, memory and GPU."""

    def of(target: str, cpu: float, memory: float, gpu: float | None = None, count: int = 3, **changes: Any) -> None:
        for place in range(count):
            given = {
                "job_id": f"{target}-{place}",
                "target": target,
                "cpu": spread(cpu),
                "memory": spread(memory),
                "gpu": None if gpu is None else spread(gpu),
                "peak_memory_mib": memory / 100 * 4000,
                "started_at": START + timedelta(hours=place),
                "seconds": 600,
            }
            attempt(**{**given, **changes})
        collect_all()

    return of


def only() -> Recommendation:
    (found,) = recommend()
    return found


def test_little_used_goes_a_step_down(used: Callable[..., None]) -> None:
    used("middle", cpu=30, memory=20)
    found = only()
    assert (found.finding, found.proposed, found.saves_percent) == ("step_down", "small", 50.0)
    assert found.attempts == ("middle-0/1", "middle-1/1", "middle-2/1")
    assert found.sentence == (
        "Target middle uses 30 % of its 4 vCPU and 20 % of its 7000 MiB: halve both; for example small."
    )


def test_busy_in_one_of_both_stays(used: Callable[..., None]) -> None:
    used("middle", cpu=30, memory=50)
    used("large", cpu=41, memory=20)
    assert recommend() == []


def test_nothing_smaller_that_fits_is_said(used: Callable[..., None]) -> None:
    used("large", cpu=10, memory=10, peak_memory_mib=9000)
    found = only()
    assert (found.proposed, found.saves_percent) == (None, None)
    assert found.sentence.endswith("compute.yaml has no such target yet.")


def test_nearly_full_memory_goes_a_step_up_before_anything_else(used: Callable[..., None]) -> None:
    used("small", cpu=10, memory=95, peak_memory_mib=3400)
    found = only()
    assert (found.finding, found.proposed, found.saves_percent) == ("step_up", "middle", -100.0)
    assert "uses 95 % of its 3500 MiB of memory: give it 3778 MiB or more" in found.sentence


def test_an_idle_gpu_goes_to_a_target_without(used: Callable[..., None]) -> None:
    used("gpu", cpu=80, memory=50, gpu=4)
    found = only()
    assert (found.finding, found.proposed) == ("cpu_target", "middle")
    assert found.saves_percent == pytest.approx(82.3)


def test_a_busy_gpu_stays(used: Callable[..., None]) -> None:
    used("gpu", cpu=80, memory=50, gpu=60)
    assert recommend() == []


def test_machines_that_wait_for_each_other_become_fewer(used: Callable[..., None]) -> None:
    used("middle", cpu=90, memory=50, seconds=1000, instance_type="c7i.xlarge")
    used("four", cpu=90, memory=50, seconds=500, instance_type="c7i.xlarge", instance_count=4)  # 0.5 of four times one
    found = only()
    assert (found.target, found.finding, found.proposed) == ("four", "fewer_nodes", "two")
    assert "does the work of 2.0 machines with 4" in found.sentence


def test_machines_that_share_the_work_stay(used: Callable[..., None]) -> None:
    used("middle", cpu=90, memory=50, seconds=1000, instance_type="c7i.xlarge")
    used("four", cpu=90, memory=50, seconds=300, instance_type="c7i.xlarge", instance_count=4)
    assert recommend() == []


@pytest.mark.parametrize("changes", [{"count": 2}, {"seconds": 10}, {"outcome": "failed"}, {"target": "gone"}])
def test_too_little_seen_says_nothing(used: Callable[..., None], changes: dict[str, Any]) -> None:
    used(**{"target": "middle", "cpu": 5, "memory": 5, **changes})
    assert recommend() == []


def test_what_was_not_measured_is_not_judged(attempt: MakeAttempt) -> None:
    for place in range(3):
        attempt(job_id=f"job-{place}", target="middle", cpu=None, memory=spread(5))
    collect_all()
    assert recommend() == []
