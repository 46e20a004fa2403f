"""A job that costs many times what jobs like it did is told of once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from driftgate.compute import Attempt
from driftgate.ledger import collect_all
from driftgate.ledger.anomalies import tell_unusual
from driftgate.metadata import metadata

MakeAttempt = Callable[..., Attempt]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = date(2026, 3, 4)


@pytest.fixture
def jobs(attempt: MakeAttempt) -> Callable[..., None]:
    """Leave jobs of these many hours, one after the other from Monday on."""

    def of(*hours: float, **changes: Any) -> None:
        for place, length in enumerate(hours):
            begun = MONDAY + timedelta(hours=place)
            attempt(**{"job_id": f"job-{place}", "seconds": 3600 * length, "started_at": begun, **changes})
        collect_all()

    return of


def test_a_dear_job_is_an_alarm_once(jobs: Callable[..., None]) -> None:
    jobs(10, 10, 10, 10, 10, 31, 10)
    (sentence,) = tell_unusual(DAY)
    assert sentence.startswith(
        "Job job-5 cost $1.13, jobs like it before (flight_delays, retrain, on batch_spot) $0.36; look at"
    )
    assert tell_unusual(DAY) == [sentence]
    (alarm,) = metadata().all_latest("alarm")
    assert (alarm.subject, alarm.revision) == ("cost/job-5", 1)


@pytest.mark.parametrize("hours", [(10, 10, 10, 10, 10, 30), (10, 10, 10, 10, 31)])
def test_three_times_as_much_or_too_few_before_it_is_none(jobs: Callable[..., None], hours: tuple[float, ...]) -> None:
    jobs(*hours)
    assert tell_unusual(DAY) == []


def test_interruptions_make_a_job_dear(jobs: Callable[..., None], attempt: MakeAttempt) -> None:
    jobs(10, 10, 10, 10, 10)
    for number in range(1, 5):
        attempt(
            job_id="job-9", number=number, seconds=36000, outcome="interrupted", started_at=MONDAY + timedelta(days=1)
        )
    collect_all()
    assert [sentence.split()[1] for sentence in tell_unusual(DAY)] == ["job-9"]


def test_another_week_is_left_to_its_own_report(jobs: Callable[..., None]) -> None:
    jobs(10, 10, 10, 10, 10, 31)
    assert tell_unusual(DAY + timedelta(days=7)) == []
    assert tell_unusual(DAY - timedelta(days=7)) == []


def test_what_is_free_or_unknown_is_never_out_of_line(jobs: Callable[..., None]) -> None:
    jobs(1, 1, 1, 1, 1, 99, backend="local", spot=False)
    jobs(1, 1, 1, 1, 1, 99, instance_type="p9.huge", job_id="unknown")
    assert tell_unusual(DAY) == []
