"""Monitoring: drift, performance, and the nightly verdict that alone starts a retraining."""

from driftgate.monitoring.baseline import Baseline, load_baseline, training_baseline
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.ground_truth import JoinResult, join_ground_truth
from driftgate.monitoring.monitors import JUDGES, judge, measure, measure_night
from driftgate.monitoring.night import Night, RecordedNight
from driftgate.monitoring.past import Past, RecordedPast
from driftgate.monitoring.policy import Suppression
from driftgate.monitoring.verdict import decide, judge_night
from driftgate.monitoring.verdict_record import Verdict, verdict_of, verdicts

__all__ = [
    "JUDGES",
    "Baseline",
    "Evidence",
    "JoinResult",
    "Night",
    "Past",
    "RecordedNight",
    "RecordedPast",
    "Statistic",
    "Suppression",
    "Verdict",
    "decide",
    "join_ground_truth",
    "judge",
    "judge_night",
    "load_baseline",
    "measure",
    "measure_night",
    "training_baseline",
    "verdict_of",
    "verdicts",
]
