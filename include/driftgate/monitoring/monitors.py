"""The monitors by name, and running one of them."""

from collections.abc import Callable

from driftgate.errors import CannotJudge
from driftgate.monitoring.evidence import Evidence, write_evidence
from driftgate.monitoring.judges.agreement import judge_agreement
from driftgate.monitoring.judges.attribution import judge_attribution
from driftgate.monitoring.judges.bias import judge_bias
from driftgate.monitoring.judges.concept import judge_concept
from driftgate.monitoring.judges.data_drift import judge_data
from driftgate.monitoring.judges.estimate import judge_estimate
from driftgate.monitoring.judges.payoff import judge_payoff
from driftgate.monitoring.judges.performance import judge_performance
from driftgate.monitoring.judges.prediction_drift import judge_prediction
from driftgate.monitoring.judges.quality import judge_quality
from driftgate.monitoring.judges.service import judge_service
from driftgate.monitoring.judges.skew import judge_skew
from driftgate.monitoring.judges.trend import judge_trend
from driftgate.monitoring.night import Night
from driftgate.monitoring.recorded_night import RecordedNight
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import last_sunday
from driftgate.use_cases import UseCase

JUDGES: dict[MonitorName, Callable[[Night], Evidence]] = {
    "performance": judge_performance,
    "payoff": judge_payoff,
    "concept": judge_concept,
    "estimate": judge_estimate,
    "prediction": judge_prediction,
    "data": judge_data,
    "skew": judge_skew,
    "trend": judge_trend,
    "quality": judge_quality,
    "service": judge_service,
    "bias": judge_bias,
    "attribution": judge_attribution,
    "agreement": judge_agreement,
}


def judge(night: Night, monitor: MonitorName) -> Evidence:
    """Return what a monitor finds about a night; why it cannot judge is evidence too."""
    try:
        if night.use_case.monitor.every.get(monitor) == "weekly" and night.key != (sunday := last_sunday(night.key)):
            return _standing(night, monitor, sunday)
        return JUDGES[monitor](night)
    except CannotJudge as reason:
        return night.insufficient(monitor, str(reason))


def _standing(night: Night, monitor: MonitorName, sunday: str) -> Evidence:
    """Return what a weekly monitor found on the last Sunday, as tonight's evidence.

    :raises CannotJudge: it did not look, or at another champion
    """
    found = night.past.evidence(sunday, monitor)
    if found is None or found.champion != night.champion:
        raise CannotJudge(
            f"The {monitor} monitor looks on Sundays, and said nothing on {sunday} about model {night.champion}."
        )
    sentence = f"As of Sunday, {sunday}: {found.sentence}"
    return found.model_copy(update={"key": night.key, "sentence": sentence, "revision": 1})


def measure(use_case: UseCase, key: str, monitor: MonitorName) -> Evidence:
    """Have a monitor look at a recorded night, write its evidence to the lake and return it."""
    return measure_night(RecordedNight(use_case, key), monitor)


def measure_night(night: Night, monitor: MonitorName) -> Evidence:
    """Write to the lake what a monitor finds about a night, and return it."""
    return write_evidence(judge(night, monitor))
