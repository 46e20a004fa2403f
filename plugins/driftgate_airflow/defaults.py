"""What all DAGs share: start, timetable, retries, time limits, the failure callback, tags."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk import CronPartitionTimetable, Param

from driftgate.settings import settings
from driftgate.use_cases import UseCase
from driftgate_airflow.alarms import record_alarm

# After these Airflow ends a run whatever it still waits for: a run that hangs holds back those after it.
SHORT_RUN, LONG_RUN = timedelta(days=1), timedelta(days=7)

START = datetime(2013, 1, 1)  # noqa: DTZ001  Airflow reads it in the timetable's time zone


class Stage(StrEnum):
    """Where in the life of a model a DAG stands; one of its tags."""

    INGEST = "stage:ingest"
    MONITOR = "stage:monitor"
    RETRAIN = "stage:retrain"
    PROMOTE = "stage:promote"
    MAINTAIN = "stage:maintain"


class Tier(StrEnum):
    """How soon someone must look when it fails; one of its tags."""

    ONE = "tier:1"
    TWO = "tier:2"


def default_args(owner: str) -> dict[str, Any]:
    """Return the arguments of every task of a DAG owned by ``owner``."""
    airflow = settings().airflow
    return {
        "owner": owner,
        "retries": airflow.retries,
        "retry_delay": timedelta(seconds=airflow.retry_seconds),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=30),
        "on_failure_callback": record_alarm,
    }


def moved_by_hand(use_case: UseCase, *, runbook: str) -> dict[str, Any]:
    """Return the arguments of a DAG by which a person moves the traffic of a use case, one run at a time."""
    return {
        "schedule": None,
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": SHORT_RUN,
        "doc_md": runbook,
        "tags": [Stage.PROMOTE, Tier.ONE, use_case.name],
        "default_args": default_args(use_case.owner.team),
    }


def nightly() -> CronPartitionTimetable:
    """Return the nightly timetable: at midnight, for the day that has just ended.

    Midnight and not later, because a backfill compares its end date with the cron time: with 03:00 the last day of a
    range chosen in the UI would be left out.
    """
    return CronPartitionTimetable("0 0 * * *", timezone=settings().timezone, run_offset=-1, key_format="%Y-%m-%d")


def weekly() -> CronPartitionTimetable:
    """Return the weekly timetable: early on Monday, for that day."""
    return CronPartitionTimetable("0 4 * * 1", timezone=settings().timezone, key_format="%Y-%m-%d")


def hourly() -> CronPartitionTimetable:
    """Return the hourly timetable, off the full hour, when everybody else's begins."""
    return CronPartitionTimetable("17 * * * *", timezone=settings().timezone, key_format="%Y-%m-%dT%H")


def last_start(last_night: date | None) -> datetime | None:
    """Return the ``end_date`` after which a DAG's timetable starts no run by itself; None for a source that goes on."""
    return datetime.combine(last_night, time.max) if last_night else None


def replay_param() -> Param:
    """Return the trigger-form field that lets a run of old partitions act on production."""
    return Param(
        False,
        type="boolean",
        title="Replay",
        description="Old partitions never retrain or move traffic unless this is on. "
        "The world driver sets it when it plays past days as if they were today.",
    )


def beyond_budget_param() -> Param:
    """Return the trigger-form field with which a person approves what the budget does not cover."""
    return Param(
        False,
        type="boolean",
        title="Beyond the budget",
        description="Approve what the week's budget does not cover, where the use case lets people approve. "
        "Who triggered the run is recorded.",
    )
