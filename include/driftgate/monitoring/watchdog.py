"""Silence is no good news: whether monitoring ran at all, by the clock, and whether it could judge what it saw."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from driftgate.alarm_settings import WatchdogSettings
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.lake import lake
from driftgate.metadata import Entry, metadata
from driftgate.monitoring.verdicts.policy import judged, must_judge_missing
from driftgate.monitoring.verdicts.record import KIND, Verdict, parse_verdict
from driftgate.records import Record
from driftgate.settings import settings
from driftgate.use_cases import UseCase

POINTER = "manifest.json"


class Watched(Record):
    """What the clock is held against, for one use case with a champion.

    :param since: when its first champion began to serve
    :param newest_day: of the days that every dataset has published; complete since ``published_at``
    :param judged_at: when the newest verdict was written, about whatever night
    :param nights: the newest of those that were decided when they were tonight, oldest first
    :param first_nights: of a new champion, on which it has too few outcomes to be judged by
    """

    use_case: str
    since: datetime
    newest_day: str | None
    published_at: datetime | None
    has_verdict: bool
    judged_at: datetime | None
    nights: tuple[Verdict, ...]
    first_nights: int

    @property
    def served(self) -> tuple[Verdict, ...]:
        """The nights on which the newest champion answered, since another one did."""
        nights = [night for night in reversed(self.nights) if night.champion]
        mine = takewhile(lambda night: night.champion == nights[0].champion, nights)
        return tuple(mine)[::-1]


def watch(use_case: UseCase, *, since: datetime, now: datetime) -> list[str]:
    """Raise an alarm about monitoring that is silent or blind, end it when that is over, and return the sentences.

    :param since: when the use case's first champion began to serve
    :param now: in UTC
    """
    rules, told = settings().alarms.watchdog, list[str]()
    seen = _look(use_case, since, rules)
    if sentence := silence(seen, rules, now):
        raise_alarm("monitoring_silent", use_case.name, sentence, use_case=use_case.name, now=now)
        told.append(sentence)
    else:
        clear_alarm("monitoring_silent", use_case.name, "There are verdicts again.", now=now)
    return [*told, *_watch_judging(seen, rules, now)]


def _watch_judging(seen: Watched, rules: WatchdogSettings, now: datetime) -> Iterator[str]:
    """Raise the alarms about what could not be judged, and yield what they say; each ends only when it could."""
    about = f"{seen.use_case}/retrain.on"
    if blind := blindness(seen, rules):
        yield _told(seen.use_case, blind, seen, now)
    elif seen.nights and not must_judge_missing(seen.nights[-1].evidence):
        clear_alarm("cannot_judge", seen.use_case, "The newest night could be judged.", now=now)
    if not blind and (sentence := unjudged_causes(seen, rules)):
        yield _told(about, sentence, seen, now)
    elif seen.served and not _causes_missing(seen.served[-1]):
        clear_alarm("cannot_judge", about, "What may start a training could be judged.", now=now)


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
    """Return what is wrong when the newest nights could not be judged, None while they could.

    A new champion is given the nights that its outcomes take, as long as its requests can be judged.
    """
    run = _newest_run(seen.nights, lambda night: must_judge_missing(night.evidence))
    lasts = rules.cannot_judge_nights
    if run and _is_new(seen, rules) and "data" in judged(seen.nights[-1].evidence):
        lasts += seen.first_nights
    if run < lasts:
        return None
    return (
        f"The last {run} nights of {seen.use_case} could not be judged; the newest verdict in the log of "
        f"{seen.use_case}.monitor says what is missing."
    )


def unjudged_causes(seen: Watched, rules: WatchdogSettings) -> str | None:
    """Return what is wrong when nothing that may start a training could be judged, None while one cause could.

    A new champion is given the nights that its outcomes take.
    """
    run = _newest_run(seen.served, _causes_missing)
    if run < rules.cannot_judge_nights or _is_new(seen, rules):
        return None
    newest = seen.served[-1]
    said = dict.fromkeys(one.sentence for one in newest.evidence if one.monitor in newest.policy.on)
    return (
        f"Nothing that 'retrain.on' of {seen.use_case} accepts ({', '.join(newest.policy.on)}) could be judged on the "
        f"last {run} nights, so no drift starts a training. {' '.join(said)}"
    )


def _causes_missing(night: Verdict) -> bool:
    return bool(night.policy.on) and judged(night.evidence).isdisjoint(night.policy.on)


def _newest_run(nights: Sequence[Verdict], missing: Callable[[Verdict], bool]) -> int:
    return len(list(takewhile(missing, reversed(nights))))


def _is_new(seen: Watched, rules: WatchdogSettings) -> bool:
    """Return whether what is missing may be missing because the champion has just begun."""
    return len(seen.served) < seen.first_nights + rules.cannot_judge_nights


def _hours(waited: timedelta) -> str:
    return f"{waited / timedelta(hours=1):.0f} hours"


def _look(use_case: UseCase, since: datetime, rules: WatchdogSettings) -> Watched:
    first_nights = _first_nights(use_case)
    enough = 2 * (first_nights + rules.cannot_judge_nights)  # some may have no answers
    day, published_at = _newest_day(use_case.datasets)
    return Watched(
        use_case=use_case.name,
        since=since,
        newest_day=day,
        published_at=published_at,
        has_verdict=day is not None and metadata().latest(KIND, f"{use_case.name}/{day}") is not None,
        judged_at=metadata().newest_at(KIND, f"{use_case.name}/"),
        nights=tuple(parse_verdict(entry) for entry in _newest_nights(use_case, enough)),
        first_nights=first_nights,
    )


def _newest_nights(use_case: UseCase, count: int) -> list[Entry]:
    """Return the newest verdicts that are no backfill, as far back as it takes: an hourly look must not read years."""
    asked = count
    while True:
        entries = metadata().all_latest(KIND, f"{use_case.name}/", last=asked)
        tonight = [entry for entry in entries if not entry.body["backfill"]]
        if len(tonight) >= count or len(entries) < asked:
            return tonight[-count:]
        asked *= 2


def _first_nights(use_case: UseCase) -> int:
    monitor = use_case.monitor
    return max(monitor.performance.window_nights, monitor.payoff.min_nights) + use_case.label.known_after_days - 1


def _told(about: str, sentence: str, seen: Watched, now: datetime) -> str:
    night = f"verdict/{seen.use_case}/{seen.nights[-1].key}"
    raise_alarm("cannot_judge", about, sentence, use_case=seen.use_case, evidence=night, now=now)
    return sentence


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
