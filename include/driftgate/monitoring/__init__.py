"""Monitoring: drift, performance, and the nightly verdict that alone starts a retraining."""

from driftgate.monitoring.baseline import Baseline, load_baseline, training_baseline
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.ground_truth import JoinResult, join_ground_truth
from driftgate.monitoring.late_labels import join_night, revised_since
from driftgate.monitoring.monitors import JUDGES, judge, measure, measure_night
from driftgate.monitoring.night import Night
from driftgate.monitoring.past import Past, RecordedPast
from driftgate.monitoring.recorded_night import RecordedNight
from driftgate.monitoring.verdicts.episode import Episode, close_episode, episodes, note_outcome
from driftgate.monitoring.verdicts.false_alarms import mark_false, propose
from driftgate.monitoring.verdicts.outcome import (
    Outcome,
    begin,
    by_hand,
    complete,
    conclude,
    due_to_review,
    due_to_verdict,
    outcome_of,
    outcomes,
    status_of,
)
from driftgate.monitoring.verdicts.policy import Suppression
from driftgate.monitoring.verdicts.record import Verdict, verdict_of, verdicts
from driftgate.monitoring.verdicts.verdict import decide, judge_night

__all__ = [
    "JUDGES",
    "Baseline",
    "Episode",
    "Evidence",
    "JoinResult",
    "Night",
    "Outcome",
    "Past",
    "RecordedNight",
    "RecordedPast",
    "Statistic",
    "Suppression",
    "Verdict",
    "begin",
    "by_hand",
    "close_episode",
    "complete",
    "conclude",
    "decide",
    "due_to_review",
    "due_to_verdict",
    "episodes",
    "join_ground_truth",
    "join_night",
    "judge",
    "judge_night",
    "load_baseline",
    "mark_false",
    "measure",
    "measure_night",
    "note_outcome",
    "outcome_of",
    "outcomes",
    "propose",
    "revised_since",
    "status_of",
    "training_baseline",
    "verdict_of",
    "verdicts",
]
