"""Raising alarms, ending them, and what people do with them.

A raiser calls :func:`raise_alarm` whenever it sees something wrong, as often as it likes, and :func:`clear_alarm` when
it sees that all is well. Whether that is news, and for whom, is decided here.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from driftgate.alarm_settings import KindName
from driftgate.alarms.alarm import Alarm, alarm_id
from driftgate.alarms.keeping import changed, find_alarm
from driftgate.alarms.kinds import KINDS, runbook_of, severity_of
from driftgate.alarms.outbox import deliver, enclose
from driftgate.alarms.routing import first_channels
from driftgate.errors import ConfigError, DriftgateError
from driftgate.records import sha256
from driftgate.settings import settings
from driftgate.severity import SEVERITIES, Severity
from driftgate.wall_clock import utc_now

LONGEST_KEY = 200  # characters; the store takes no more
LONGEST_SENTENCE = 1000

logger = logging.getLogger(__name__)


def raise_alarm(
    kind: KindName,
    about: str,
    sentence: str,
    *,
    use_case: str | None = None,
    severity: Severity | None = None,
    evidence: str | None = None,
    once: bool = False,
    now: datetime | None = None,
) -> Alarm:
    """Say that something is wrong, and return the alarm of it; telling people never fails or holds up the caller.

    :param about: what it is about; with ``kind`` it is the key by which repeats are known
    :param use_case: whose owner answers; None: the owner in the settings
    :param severity: None: that of the kind
    :param evidence: id or hash of what this rests on; the same evidence again changes nothing
    :param once: there is only ever one alarm of this key, also after it is resolved
    """
    moment = now or utc_now()
    made = _made(kind, about, sentence, use_case, severity or severity_of(kind), evidence, moment)

    def change(before: Alarm | None, revision: int) -> Alarm | None:
        if before and (once or (evidence and before.evidence == evidence)):
            return None
        if before and before.lasts:
            return _repeated(before, made)
        return _begun(before, made.model_copy(update={"id": alarm_id(made.key, revision)}))

    return _told(*changed(made.key, change), moment)


def clear_alarm(kind: KindName, about: str, reason: str, *, now: datetime | None = None) -> None:
    """Say that what an alarm was about is well again; where there is no such alarm, nothing happens."""
    moment = now or utc_now()

    def change(before: Alarm | None, _: int) -> Alarm | None:
        return _resolved(before, None, reason, moment) if before and before.lasts else None

    before, after = changed(_key(kind, about), change)
    if after:
        _told(before, after, moment)


def acknowledge(name: str, *, actor: str, reason: str = "") -> Alarm:
    """Say that somebody looks after an alarm, so that nobody else is told.

    :raises ConfigError: there is no such alarm
    :raises DriftgateError: it is not open
    """

    def change(alarm: Alarm) -> Alarm:
        if alarm.state != "open":
            raise DriftgateError(f"Alarm {alarm.key} is {alarm.state}, not open; nobody waits for it any more.")
        return alarm.model_copy(update={"state": "acknowledged", "actor": actor, "reason": reason or None})

    return _moved(name, change)


def resolve(name: str, *, actor: str, reason: str, false_alarm: bool = False, now: datetime | None = None) -> Alarm:
    """End an alarm; one that is over already can still be marked as false.

    :param false_alarm: nothing was wrong; such marks speak for another policy
    """
    _require_reason(name, reason)

    def change(alarm: Alarm) -> Alarm:
        marks = {"false_alarm": false_alarm, "suppressed_until": None}
        if not alarm.lasts and false_alarm:
            return alarm.model_copy(update={**marks, "actor": actor, "reason": reason})
        return _resolved(alarm, actor, reason, now or utc_now()).model_copy(update=marks)

    return _moved(name, change, now)


def suppress(name: str, *, actor: str, reason: str, hours: float, now: datetime | None = None) -> Alarm:
    """Keep an alarm quiet for some hours; it is counted on, and its key stays quiet if it ends and begins anew.

    :raises ConfigError: there is no such alarm, no reason, or no time
    """
    _require_reason(name, reason)
    if not 0 < hours <= 24 * 366:
        raise ConfigError(f"Alarm {name} cannot be suppressed for {hours:g} hours; take more than 0 and up to a year.")
    until = (now or utc_now()) + timedelta(hours=hours)

    def change(alarm: Alarm) -> Alarm:
        quiet = {"state": "suppressed", "suppressed_until": until, "actor": actor, "reason": reason}
        return alarm.model_copy(update=quiet)

    return _moved(name, change, now)


def _made(
    kind: KindName,
    about: str,
    sentence: str,
    use_case: str | None,
    severity: Severity,
    evidence: str | None,
    now: datetime,
) -> Alarm:
    return Alarm(
        id="",
        key=_key(kind, about),
        kind=kind,
        severity=severity,
        state="open",
        sentence=" ".join(sentence.split())[:LONGEST_SENTENCE],
        impact=KINDS[kind].impact,
        owner=_owner(use_case),
        runbook=runbook_of(kind),
        use_case=use_case,
        evidence=evidence,
        first_seen=now,
        last_seen=now,
    )


def _key(kind: KindName, about: str) -> str:
    key = f"{kind}/{about}"
    return key if len(key) <= LONGEST_KEY else f"{key[: LONGEST_KEY - 13]}-{sha256(key.encode())[:12]}"


def _owner(use_case: str | None) -> str:
    from driftgate.use_cases import load_use_case

    if use_case:
        try:
            owner = load_use_case(use_case).owner
        except DriftgateError:  # its file may be what is wrong
            return settings().alarms.owner
        return f"{owner.team} ({owner.contact})"
    return settings().alarms.owner


def _begun(before: Alarm | None, made: Alarm) -> Alarm:
    quiet = before.suppressed_until if before and not _is_worse(made, before) else None
    if quiet and quiet > made.first_seen:
        reason = "It was suppressed before it ended and began anew."
        return made.model_copy(update={"state": "suppressed", "suppressed_until": quiet, "reason": reason})
    return made.telling("opened", first_channels(made), made.first_seen)


def _repeated(before: Alarm, made: Alarm) -> Alarm:
    """Count once more; what is worse than before, or quiet no more, is told again."""
    newest = ("sentence", "impact", "owner", "runbook", "evidence", "last_seen")
    seen = {"count": before.count + 1, **{name: getattr(made, name) for name in newest}}
    if _is_worse(made, before):
        again = {"severity": made.severity, "state": "open", "suppressed_until": None, "step": 0}
        after = before.model_copy(update={**seen, **again})
        return after.telling("worsened", first_channels(after), made.last_seen)
    after = before.model_copy(update=seen)
    return reopened(after, made.last_seen) if quiet_is_over(after, made.last_seen) else after


def _is_worse(made: Alarm, before: Alarm) -> bool:
    return SEVERITIES.index(made.severity) > SEVERITIES.index(before.severity)


def quiet_is_over(alarm: Alarm, now: datetime) -> bool:
    """Return whether an alarm is suppressed though its time of quiet has passed."""
    return alarm.state == "suppressed" and (alarm.suppressed_until is None or alarm.suppressed_until <= now)


def reopened(alarm: Alarm, now: datetime) -> Alarm:
    """Return a suppressed alarm whose time of quiet is over."""
    changes = {"state": "open", "suppressed_until": None, "actor": None, "reason": None, "step": 0}
    return alarm.telling("opened", first_channels(alarm), now, **changes)


def _resolved(alarm: Alarm, actor: str | None, reason: str, now: datetime) -> Alarm:
    if not alarm.lasts:
        raise DriftgateError(f"Alarm {alarm.key} is resolved already: {alarm.reason or 'no reason was given'}.")
    changes = {"state": "resolved", "actor": actor, "reason": reason}
    if not alarm.told:
        return alarm.model_copy(update=changes)
    return alarm.telling("resolved", alarm.told, now, **changes)


def _moved(name: str, change: Callable[[Alarm], Alarm], now: datetime | None = None) -> Alarm:
    """Change an alarm as a person wants it."""
    found = find_alarm(name)

    def of_this(alarm: Alarm | None, _: int) -> Alarm:
        if alarm is None or alarm.id != found.id:  # a new one began meanwhile: nobody has looked at that
            raise DriftgateError(f"Alarm {found.key} began anew meanwhile; look at it and decide again.")
        return change(alarm)

    before, after = changed(found.key, of_this)
    assert after  # noqa: S101  a change gives an alarm
    return _told(before, after, now or utc_now())


def _told(before: Alarm | None, after: Alarm | None, now: datetime) -> Alarm:
    """Tell of what is new in an alarm; what fails here is done by the next :func:`tend_alarms`."""
    assert after  # noqa: S101  it was raised before, or now
    if before is None or (before.id, before.notice) != (after.id, after.notice):
        try:
            deliver(enclose(after, now), now)
        except Exception:  # whoever raises an alarm has other work
            logger.exception("alarm %s is told within the hour: its delivery broke", after.key)
    return after


def _require_reason(name: str, reason: str) -> None:
    if not reason.strip():
        raise ConfigError(f"Say in a few words why alarm {name} is moved; it is recorded with your name.")
