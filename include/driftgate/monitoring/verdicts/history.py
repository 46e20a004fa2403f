"""What earlier nights say: how often it drifted, when the last move was, how many new outcomes there are.

Each function looks at nights before the one being decided, never after it, and at as few as the answer needs: deciding
costs the same after thirty nights and after three thousand.
"""

from datetime import timedelta

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.past import Past
from driftgate.monitoring.verdicts.policy import Decision
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.monitoring_policy import LabelState
from driftgate.partition_keys import days_between, keys_before, parse_key
from driftgate.use_cases import UseCase

FRESH_SHARE = 0.5  # of the answers whose outcome is due tonight: some outcomes never come


def drift_nights(use_case: UseCase, key: str, tonight: Evidence, past: Past) -> int:
    """Count the drifting nights of the last ``of_last``, tonight included; another champion's nights do not count."""
    earlier = keys_before(key, use_case.retrain.of_last)[:-1]
    found = [past.evidence(night, tonight.monitor) for night in earlier]
    return sum(
        1
        for evidence in [tonight, *found]
        if evidence and evidence.verdict == "drift" and evidence.champion == tonight.champion
    )


def label_state(key: str, performance: Evidence, past: Past) -> LabelState:
    """Return ``fresh`` when most outcomes that are due tonight are there; without a join, performance tells."""
    joined = past.joined(key)
    if joined is None:
        return "late" if performance.verdict == "insufficient" else "fresh"
    return "fresh" if joined.labelled >= joined.requests * FRESH_SHARE else "late"


def days_since(decision: Decision, use_case: UseCase, key: str, past: Past) -> int | None:
    """Return the days since the last night with this verdict; None when no cooldown, nor the schedule, saw one."""
    night, _ = _newest(decision, use_case, key, past)
    return None if night is None else days_between(night, key)


def unhelpful_trainings(use_case: UseCase, key: str, champion: str | None, past: Past) -> int:
    """Count the trainings in a row, up to the newest, that left ``champion`` where it was: turned away or rolled back.

    The verdict that asked for the newest says how many there had been before it. One longer ago than the longest
    cooldown is forgotten, with those before it; one under way counts until its candidate takes over.
    """
    if not champion or not use_case.retrain.cooldown_unhelpful_days:
        return 0
    _, verdict = _newest("retrain", use_case, key, past)
    return verdict.unhelpful_trainings + 1 if verdict and verdict.champion == champion else 0


def days_since_switch(use_case: UseCase, key: str, champion: str | None, past: Past) -> int | None:
    """Return the days since ``champion`` first answered after another version had; None when the cooldown saw none."""
    first = key
    for night in reversed(_earlier(key, use_case.retrain.cooldown_days) if champion else []):
        verdict = past.verdict(night)
        if verdict and verdict.champion == champion:
            first = night
        elif verdict and verdict.champion:
            return days_between(first, key)
    return None


def champion_age_days(key: str, champion: str | None, past: Past) -> int | None:
    """Return the days from the champion's last training day to the night, None without a champion or its package."""
    last = past.trained_to(champion) if champion else None
    return None if last is None else days_between(last, key)


def new_rows(use_case: UseCase, key: str, champion: str | None, past: Past) -> int:
    """Count the outcomes that became known since the champion's training window, newest night first.

    Counting stops at the policy's ``min_new_rows``, so that an old champion costs no more than a young one.
    """
    enough, rows = use_case.retrain.min_new_rows, 0
    last = past.trained_to(champion) if champion else None
    night = parse_key(key)
    while last is not None and rows < enough and night.isoformat() > last:
        result = past.joined(night.isoformat())
        if result and result.labelled_key > last:
            rows += result.labelled
        night -= timedelta(days=1)
    return rows


def _newest(decision: Decision, use_case: UseCase, key: str, past: Past) -> tuple[str, Verdict] | tuple[None, None]:
    """Return the last night with this verdict, as far back as a cooldown or the schedule reaches."""
    policy = use_case.retrain
    every = policy.schedule.every_days if policy.schedule else 0
    for night in reversed(_earlier(key, max(policy.cooldown_days, every, *policy.cooldown_unhelpful_days))):
        verdict = past.verdict(night)
        if verdict and verdict.decision == decision:
            return night, verdict
    return None, None


def _earlier(key: str, nights: int) -> list[str]:
    """Return the nights before ``key``, oldest first."""
    return keys_before(key, nights + 1)[:-1]
