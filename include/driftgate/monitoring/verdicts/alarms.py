"""Who must know of a verdict: whatever moves is an alarm, one per use case, and a quiet night ends it."""

from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.severity import SEVERITIES, Severity


def tell(verdict: Verdict) -> None:
    """Raise, or end, the alarm that a verdict is; an old night tells nobody, and the same verdict tells once."""
    if verdict.backfill:
        return
    if verdict.decision == "quiet":
        clear_alarm("drift", verdict.use_case, f"The night of {verdict.key} is quiet.")
    if severity := severity_of(verdict):
        sentence = f"{verdict.key}: {verdict.decision} ({verdict.rule}). {verdict.sentence}"
        raise_alarm(
            "drift", verdict.use_case, sentence, use_case=verdict.use_case, severity=severity, evidence=verdict.hash
        )


def severity_of(verdict: Verdict) -> Severity | None:
    """Return how bad a verdict is; None when nothing moves. A retraining answers for itself, a rollback never does."""
    if verdict.decision == "retrain":
        return "minor"
    if verdict.decision not in ("review", "rollback"):
        return None
    found = [item.severity or "major" for item in verdict.evidence if item.monitor in verdict.causes]
    least: list[Severity] = ["major"] if verdict.decision == "rollback" else []
    return max([*found, *least], key=SEVERITIES.index)
