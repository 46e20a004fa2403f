"""Silence is no good news: whether monitoring ran at all, by the clock, and whether it could judge what it saw."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from driftgate.alarm_settings import WatchdogSettings
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.records import Record
from driftgate.settings import settings
from driftgate.use_cases import UseCase

POINTER = "manifest.json"


class Watched(Record):
    """What the clock is held against, for one use case with a champion.

    :param since: when its first champion began to serve
    :param newest_day: of the days that every dataset has published; complete since ``published_at``
    :param judged_at: when the newest verdict was written, about whatever night
    :param nights: those that were decided when they were tonight, oldest first, and their ``decisions``
    """

    use_case: str
    since: datetime
    newest_day: str | None
    published_at: datetime | None
    has_verdict: bool
    judged_at: datetime | None
    nights: tuple[str, ...]
    decisions: tuple[str, ...]


def watch(use_case: UseCase, *, since: datetime, now: datetime) -> list[str]:
    """Raise an alarm about monitoring that is silent or blind, end it when that is over, and return the sentences.

    :param since: when the use case's first champion began to serve
    :param now: in UTC
    """
    seen, rules, told = _look(use_case, since), settings().alarms.watchdog, []
    if sentence := silence(seen, rules, now):
        raise_alarm("monitoring_silent", use_case.name, sentence, use_case=use_case.name, now=now)
        told.append(sentence)
    else:
        clear_alarm("monitoring_silent", use_case.name, "There are verdicts again.", now=now)
    if sentence := blindness(seen, rules):
        night = f"verdict/{use_case.name}/{seen.nights[-1]}"
        raise_alarm("cannot_judge", use_case.name, sentence, use_case=use_case.name, evidence=night, now=now)
        told.append(sentence)
    else:
        clear_alarm("cannot_judge", use_case.name, "The newest night could be judged.", now=now)
    return told


def silence(seen: Watched, rules: WatchdogSettings, now: datetime) -> str | None:
    """Return what is wrong when a verdict is missing, None while all is well."""
    look = f"look at the DAG {seen.use_case}.monitor: whether it is paused, failed, or waits"
    if seen.newest_day and seen.published_at and not seen.has_verdict:
        waited = now - max(seen.published_at, seen.since)
        if waited >= timedelta(hours=rules.verdict_within_hours):
            return f"{seen.use_case} got no verdict on {seen.newest_day}, published {_hours(waited)} ago; {look}."
    waited = now - max(seen.judged_at or seen.since, seen.since)
    if waited >= timedelta(hours=rules.silent_after_hours):
        newest = f"the newest published day is {seen.newest_day}" if seen.newest_day else "no day is published"
        return f"{seen.use_case} got no verdict for {_hours(waited)} ({newest}); {look}, and whether data still arrive."
    return None


def blindness(seen: Watched, rules: WatchdogSettings) -> str | None:
    """Return what is wrong when the newest nights could not be judged, None while they could."""
    nights = rules.cannot_judge_nights
    if seen.decisions[-nights:] != ("cannot_judge",) * nights:
        return None
    return (
        f"The last {nights} nights of {seen.use_case} could not be judged; the newest verdict in the log of "
        f"{seen.use_case}.monitor says what is missing."
    )


def _hours(waited: timedelta) -> str:
    return f"{waited / timedelta(hours=1):.0f} hours"


def _look(use_case: UseCase, since: datetime) -> Watched:
    entries = metadata().all_latest("verdict", f"{use_case.name}/")
    nights = {entry.body["key"]: entry for entry in entries}
    tonight = [night for night in sorted(nights) if not nights[night].body["backfill"]]
    day, published_at = _newest_day(use_case.datasets)
    return Watched(
        use_case=use_case.name,
        since=since,
        newest_day=day,
        published_at=published_at,
        has_verdict=day in nights,
        judged_at=max((entry.written_at for entry in entries), default=None),
        nights=tuple(tonight),
        decisions=tuple(nights[night].body["decision"] for night in tonight),
    )


def _newest_day(datasets: Sequence[str]) -> tuple[str | None, datetime | None]:
    """Return the newest day that every dataset has published, and since when."""
    published = [
        {item.path.split("/")[2]: item.written_at for item in lake().objects(f"validated/{dataset}")
         if item.path.endswith(f"/{POINTER}")}
        for dataset in datasets
    ]  # fmt: skip
    days = set.intersection(*(set(one) for one in published)) if published else set()
    if not days:
        return None, None
    return max(days), max(one[max(days)] for one in published)
