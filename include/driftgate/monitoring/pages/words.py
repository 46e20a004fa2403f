"""What pages say of monitors, decisions and findings, for a reader who knows none of them."""

from collections.abc import Mapping

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.verdicts.outcome import Status
from driftgate.monitoring.verdicts.policy import Decision
from driftgate.monitoring_policy import MonitorName

# What each monitor asks of a night.
QUESTIONS: Mapping[MonitorName, str] = {
    "quality": "Did the data of the day arrive whole and valid?",
    "service": "Did the endpoint answer without errors and in time?",
    "data": "Do the requests look like the days of the training data?",
    "prediction": "Do the scores look like those of the evaluation?",
    "performance": "Is the champion as good as it was in its evaluation, by the outcomes that are known?",
    "estimate": "How good is it likely to be on days whose outcomes nobody knows yet?",
    "concept": "Does the champion still read a day as it did on its evaluation days?",
    "payoff": "Would a model that is trained tonight be better?",
    "bias": "Are groups of people or places treated as alike as was agreed?",
    "attribution": "Do answers rest on the same features as in training?",
    "agreement": "Do people who look at a random sample agree with the answers?",
    "skew": "Does the endpoint see what training sees of the same requests?",
    "trend": "Has a feature crept away over two weeks, without one night that stands out?",
}

# What a decision means, and how it is coloured.
DECISIONS: Mapping[Decision, tuple[str, str]] = {
    "quiet": ("Quiet: nothing needs to be done.", "pass"),
    "watch": ("Watch: something was found; nothing moves because of it yet.", "wait"),
    "review": ("Review: a person has to look at this.", "wait"),
    "retrain": ("Retrain: a new model is trained because of this night.", "fail"),
    "rollback": ("Roll back: the traffic goes back to the champion before.", "fail"),
    "cannot_judge": ("Cannot judge: this night may be good or bad, nobody knows.", "wait"),
}
OUTCOMES: Mapping[Status, str] = {
    "accepted": "pass",
    "champion": "pass",
    "rejected": "warn",
    "stopped": "warn",
    "failed": "fail",
    "rolled_back": "fail",
}
COLOURS = {"pass": "pass", "wait": "warn", "fail": "fail"}  # of a mood, in a table

# The columns of the status page: the questions that a central view of models has to answer.
ASPECTS: Mapping[str, tuple[MonitorName, ...]] = {
    "data quality": ("quality", "data", "skew", "trend"),
    "model quality": ("performance", "estimate", "concept", "prediction", "payoff", "agreement"),
    "bias": ("bias",),
    "explainability": ("attribution",),
    "endpoint health": ("service",),
}


def lead(decision: Decision) -> tuple[str, str]:
    """Return what a decision means, and its mood."""
    return DECISIONS[decision]


def decision_colour(decision: Decision) -> str:
    """Return the class of a decision in a table."""
    return COLOURS[DECISIONS[decision][1]]


def colour(evidence: Evidence) -> str:
    """Return the class of a finding in a table: a minor drift is no more than a warning."""
    if evidence.verdict == "drift":
        return "warn" if evidence.severity == "minor" else "fail"
    return "pass" if evidence.verdict == "ok" else "insufficient"


def finding(evidence: Evidence) -> str:
    """Return a finding in a word or two."""
    if evidence.verdict == "drift":
        return f"{evidence.severity} drift" if evidence.severity else "drift"
    return "ok" if evidence.verdict == "ok" else "cannot judge"
