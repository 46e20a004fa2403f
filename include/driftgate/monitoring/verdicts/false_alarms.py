"""Nights on which nothing was wrong, as people marked them, and the policy that would have let them pass.

Nothing here changes a policy: a proposal is a difference of ``use_case.yaml`` that a person reads, tries by a backtest,
and merges.
"""

import re
from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from difflib import unified_diff
from functools import cache
from itertools import product

from driftgate import alarms
from driftgate.errors import ConfigError, DriftgateError
from driftgate.metadata import metadata
from driftgate.monitoring.past import Past, RecordedPast
from driftgate.monitoring.verdicts.episode import close_episode, episodes
from driftgate.monitoring.verdicts.policy import MOVES
from driftgate.monitoring.verdicts.record import Verdict, verdict_of, verdicts
from driftgate.monitoring.verdicts.verdict import judge_night
from driftgate.records import Record
from driftgate.use_cases import UseCase

KIND = "false_alarm"
MORE_NIGHTS, LATER_NIGHTS = 3, 7  # how much more persistence is tried; how much later a true drift may be found by it


class FalseAlarm(Record):
    """A night whose verdict moved something though nothing was wrong."""

    schema_version: int = 1
    use_case: str
    key: str
    verdict: str
    reason: str
    actor: str


class Proposal(Record):
    """Another persistence, the marked nights that it would let pass, and how many others it would still find."""

    nights: int
    of_last: int
    passed: tuple[str, ...]
    found: int
    diff: str


def mark_false(use_case: UseCase, key: str, *, reason: str, actor: str, at: datetime) -> FalseAlarm:
    """Record that the verdict about a night was a false alarm; its alarm and its episode end with it.

    :raises ConfigError: there is no verdict that moved anything, or no reason
    """
    verdict = verdict_of(use_case.name, key)
    if verdict is None or verdict.decision not in MOVES:
        found = f"is {verdict.decision}" if verdict else "is not there"
        raise ConfigError(
            f"The verdict of {use_case.name} about {key} {found}, so it was no alarm; name another night."
        )
    if not reason.strip():
        raise ConfigError(f"Say in a few words why the alarm of {key} was false; it is recorded with your name.")
    mark = FalseAlarm(use_case=use_case.name, key=key, verdict=verdict.hash, reason=reason, actor=actor)
    metadata().append(KIND, f"{use_case.name}/{key}", mark.model_dump(mode="json"))
    alarm = alarms.alarm_of(f"drift/{use_case.name}")
    if alarm and alarm.evidence == verdict.hash and not alarm.false_alarm:
        alarms.resolve(alarm.key, actor=actor, reason=reason, false_alarm=True, now=at)
    for episode in episodes(use_case.name):
        if episode.closed_at is None and episode.id <= key <= episode.last:
            close_episode(
                use_case.name, episode.id, cause=reason, effect=episode.effect_on_metric or "none: a false alarm",
                intervention=None, actor=actor, at=at, false_alarm=True,
            )  # fmt: skip
    return mark


def false_nights(use_case_name: str) -> set[str]:
    """Return the nights that people marked, here or when they resolved the alarm."""
    marked = {entry.body["key"] for entry in metadata().all_latest(KIND, f"{use_case_name}/")}
    resolved = {one.evidence for one in alarms.history(f"drift/{use_case_name}") if one.false_alarm}
    return marked | {verdict.key for verdict in verdicts(use_case_name) if verdict.hash in resolved}


def propose(use_case: UseCase) -> Proposal:
    """Return the least further persistence that lets the marked nights pass and still finds every other alarm.

    Each recorded night is judged again, by the same code, on its own evidence.

    :raises DriftgateError: no night is marked, or no such persistence would do
    """
    marked, judged = false_nights(use_case.name), {one.key: one for one in verdicts(use_case.name) if not one.backfill}
    past = _Once(use_case.name)
    moved = {key for key, verdict in judged.items() if verdict.decision in MOVES}
    if not marked & moved:
        raise DriftgateError(
            f"No night of {use_case.name} is marked as a false alarm; mark one with driftgate monitor false-alarm."
        )
    deciding = {judged[key].rule for key in marked & moved}
    for nights, of_last in _candidates(use_case):
        changed = _persisting(use_case, nights, of_last, deciding)
        passed = {key for key in marked & moved if not _asks(changed, judged[key], past)}
        found = [key for key in moved - marked if any(_asks(changed, one, past) for one in _soon(judged, key))]
        if passed == marked & moved and len(found) == len(moved - marked):
            return Proposal(
                nights=nights, of_last=of_last, passed=tuple(sorted(passed)), found=len(found),
                diff=_diff(use_case, changed),
            )  # fmt: skip
    most = use_case.retrain.nights + MORE_NIGHTS
    raise DriftgateError(
        f"No persistence up to {most} nights lets the marked nights of {use_case.name} pass and still finds the "
        "others; look at the thresholds under 'monitor' and at 'retrain.rules'."
    )


class _Once(RecordedPast):
    """The past as it is recorded, each record of it read once."""

    def __init__(self, use_case_name: str) -> None:
        super().__init__(use_case_name)
        for name in ("evidence", "verdict", "joined", "trained_to"):
            setattr(self, name, cache(getattr(self, name)))


def _candidates(use_case: UseCase) -> Iterator[tuple[int, int]]:
    policy = use_case.retrain
    more = product(range(policy.nights, policy.nights + MORE_NIGHTS + 1), range(MORE_NIGHTS + 1))
    pairs = {(nights, max(policy.of_last, nights) + wider) for nights, wider in more}
    return iter(sorted(pairs - {(policy.nights, policy.of_last)}, key=lambda pair: (pair[0], pair[1] - policy.of_last)))


def _persisting(use_case: UseCase, nights: int, of_last: int, deciding: Container[str]) -> UseCase:
    """Return the use case with this persistence, also of those of its own rules in ``deciding`` that say theirs."""
    rules = tuple(
        rule.model_copy(update={"nights": max(rule.nights, nights)}) if rule.nights and rule.name in deciding else rule
        for rule in use_case.retrain.rules
    )
    changed = {"nights": nights, "of_last": of_last, "rules": rules}
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update=changed)})


def _asks(use_case: UseCase, recorded: Verdict, past: Past) -> bool:
    """Return whether a policy would ask for something on a night, were it not for what it asked for shortly before."""
    again = judge_night(
        use_case, recorded.key, past, promotion_active=recorded.promotion_active,
        over_budget=recorded.over_budget,
    )  # fmt: skip
    return again.decision in MOVES or any(item.reason == "cooldown" for item in again.suppressed)


def _soon(judged: Mapping[str, Verdict], key: str) -> list[Verdict]:
    return [judged[night] for night in sorted(judged) if night >= key][: LATER_NIGHTS + 1]


def _diff(use_case: UseCase, changed: UseCase) -> str:
    path = use_case.folder / "use_case.yaml"
    before = path.read_text()
    head, mark, section = before.partition("\nretrain:\n")
    for name, value in (("nights", changed.retrain.nights), ("of_last", changed.retrain.of_last)):
        section = re.sub(rf"^(  {name}: )\d+", rf"\g<1>{value}", section, count=1, flags=re.MULTILINE)
    for rule in (one for one in changed.retrain.rules if one.nights):
        its_own = rf"(name: {rule.name}\b(?:(?!name:).)*?\bnights: )\d+"
        section = re.sub(its_own, rf"\g<1>{rule.nights}", section, count=1, flags=re.DOTALL)
    after = head + mark + section
    where = f"include/use_cases/{use_case.name}/use_case.yaml"
    lines = unified_diff(before.splitlines(True), after.splitlines(True), f"a/{where}", f"b/{where}")
    return "".join(lines)
