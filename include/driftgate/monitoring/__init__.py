"""Monitoring: drift, performance, and the nightly verdict that alone starts a retraining."""

from driftgate.monitoring.baseline import Baseline, load_baseline, training_baseline
from driftgate.monitoring.data_drift import measure_drift
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.ground_truth import JoinResult, join_ground_truth
from driftgate.monitoring.performance import joined_days, measure_performance
from driftgate.monitoring.policy import Suppression
from driftgate.monitoring.skew import measure_skew
from driftgate.monitoring.verdict import Verdict, decide, verdict_of, verdicts

__all__ = [
    "Baseline",
    "Evidence",
    "JoinResult",
    "Statistic",
    "Suppression",
    "Verdict",
    "decide",
    "join_ground_truth",
    "joined_days",
    "load_baseline",
    "measure_drift",
    "measure_performance",
    "measure_skew",
    "training_baseline",
    "verdict_of",
    "verdicts",
]
