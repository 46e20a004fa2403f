"""Outcomes that come late, or are corrected: the days are joined again, and nights that looked at them measured again.

What was decided about those nights stands: a night that is measured again moves nothing. Its evidence becomes a
revision, and :func:`revised_since` tells what the verdict would have seen.
"""

from datetime import timedelta
from typing import NamedTuple

from driftgate import uris
from driftgate.lake import lake, read_manifest
from driftgate.monitoring.evidence import Evidence, read_evidence
from driftgate.monitoring.ground_truth import JoinResult, join_ground_truth, labelled_key
from driftgate.monitoring.judges.late_days import LOOK_BACK_NIGHTS
from driftgate.monitoring.monitors import measure
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import keys_before, keys_between, parse_key
from driftgate.use_cases import UseCase

# Of those that read outcomes; the sequential ones take late days in on the next night (``judges.late_days``).
REVISED: tuple[MonitorName, ...] = ("performance",)


class Joined(NamedTuple):
    """Tonight's join, and the earlier nights that were measured again, with their new evidence."""

    tonight: JoinResult
    revised: tuple[Evidence, ...]


def join_night(use_case: UseCase, key: str) -> Joined:
    """Join tonight's day, and each earlier one whose outcomes have changed since it was joined.

    :raises SourceMissing: the outcomes of tonight's day are not published yet
    """
    late = changed_days(use_case, key)
    tonight = join_ground_truth(use_case, key)
    for day in late:
        if day != tonight.labelled_key:
            join_ground_truth(use_case, first_night(use_case, day))
    nights = {night for day in late for night in nights_of(use_case, day) if night != key}
    return Joined(tonight, tuple(_measured_again(use_case, sorted(nights))))


def changed_days(use_case: UseCase, key: str) -> list[str]:
    """Return the joined days, of those that this night or a recent one may look at, that have other outcomes now."""
    newest = labelled_key(use_case, key)
    recent = keys_before(newest, max(use_case.monitor.performance.window_nights, LOOK_BACK_NIGHTS + 1))
    return [day for day in (*recent, *keys_between(newest, key)[1:]) if _changed(use_case, day)]


def first_night(use_case: UseCase, day: str) -> str:
    """Return the night that joins a day."""
    return (parse_key(day) + timedelta(days=use_case.label.known_after_days - 1)).isoformat()


def nights_of(use_case: UseCase, day: str) -> list[str]:
    """Return the nights whose window of performance holds a day."""
    first = parse_key(first_night(use_case, day))
    nights = range(use_case.monitor.performance.window_nights)
    return [(first + timedelta(days=night)).isoformat() for night in nights]


def revised_since(verdict: Verdict) -> list[str]:
    """Return a sentence for each evidence of a verdict that says something else by now; the verdict stands."""
    found = []
    for then in verdict.evidence:
        now = read_evidence(verdict.use_case, verdict.key, then.monitor)
        if now and now.revision > then.revision:
            found.append(
                f"When {verdict.key} was decided, {then.monitor} said {then.verdict} ({_number(then)}); with what came "
                f"later it says {now.verdict} ({_number(now)}). The verdict {verdict.decision!r} stands."
            )
    return found


def _changed(use_case: UseCase, day: str) -> bool:
    joined, truth = uris.joined(use_case.name, day), uris.partition("validated", use_case.datasets[0], day)
    if not all(lake().exists(f"{path}/manifest.json") for path in (joined, truth)):
        return False
    return read_manifest(lake(), joined).inputs != (read_manifest(lake(), truth).hash,)


def _measured_again(use_case: UseCase, nights: list[str]) -> list[Evidence]:
    found = []
    for night in nights:
        for monitor in REVISED:
            before = read_evidence(use_case.name, night, monitor)
            if before and (now := measure(use_case, night, monitor)) != before:
                found.append(now)
    return found


def _number(evidence: Evidence) -> str:
    return evidence.statistic if evidence.value is None else f"{evidence.statistic} {evidence.value:.3f}"
