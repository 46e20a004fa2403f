"""What is watched every night: the section ``monitor`` of a use case."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from driftgate.records import Record

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
DAYS_A_YEAR = 365.25  # that `expected_false_alarms_per_year` and its shares count by
Tier = Literal["critical", "important", "informational"]

# What a night is looked at for, each by a monitor of that name with evidence of its own.
MonitorName = Literal[
    "quality",
    "service",
    "data",
    "prediction",
    "performance",
    "estimate",
    "concept",
    "payoff",
    "bias",
    "attribution",
    "skew",
    "trend",
    "agreement",
]
# Those that run, in the order in which a verdict lists them: `driftgate.monitoring.monitors` has the function of each.
MONITORS: tuple[MonitorName, ...] = (
    "performance",
    "concept",
    "payoff",
    "estimate",
    "prediction",
    "data",
    "skew",
    "trend",
    "quality",
    "service",
    "bias",
    "attribution",
    "agreement",
)
Cadence = Literal["daily", "weekly"]
# Whose finding may stand for a week. The others go on from the night before, or no night is quiet without them.
MAY_BE_WEEKLY: tuple[MonitorName, ...] = ("prediction", "skew", "bias", "attribution", "agreement")
LabelState = Literal["fresh", "late"]  # whether the outcomes that are due by a night are there


class DataDrift(Record):
    """What a night, and a day of training, must have to be compared: from where on it drifts is calibrated."""

    min_rows: Positive


class PerformanceDrift(Record):
    """When the champion does worse than it did on its own evaluation."""

    window_nights: Positive
    min_rows: Positive
    max_auc_drop: Fraction | None = None  # of a binary problem
    max_increase: NotNegative | None = None  # of a regression's primary metric, in the label's unit
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    # Of a day's answers, those with an outcome row: with fewer it waits, for outcomes known early are seldom typical.
    min_labelled_share: Fraction = 0.9

    @property
    def tolerance(self) -> float:
        """The one of the two that the problem has."""
        return next(limit for limit in (self.max_auc_drop, self.max_increase) if limit is not None)


class PredictionDrift(Record):
    """When the champion's scores of one night are distributed as on no day of its evaluation."""

    min_rows: Positive = 300
    false_alarm_share: Annotated[float, Field(gt=0, le=1)] = 0.25  # of ``expected_false_alarms_per_year``


class Estimate(Record):
    """When the performance of nights without outcomes may be estimated from their scores."""

    min_rows: Positive = 300
    window_nights: Positive = 28  # labelled nights whose estimates are held against the truth
    max_level_shift: Annotated[float, Field(gt=0)] = 2.0  # of the labelled nights, in deviations of an evaluation day
    max_outside_share: Fraction = 0.05  # of a night's rows beyond what a feature had in training


class ConceptDrift(Record):
    """When days cost the champion more than its evaluation days did, by a test that may look every night.

    ``level_memory`` and ``remainder_memory`` are how much of a day's departure the next day keeps: weather lasts.
    """

    min_rows: Positive = 100  # of a day
    false_alarm_share: Annotated[float, Field(gt=0, le=1)] = 0.25  # of ``expected_false_alarms_per_year``
    min_shift: NotNegative = 0.25  # in deviations of an evaluation day; less is none
    level_memory: Annotated[float, Field(ge=0, lt=1)] = 0.5
    remainder_memory: Annotated[float, Field(ge=0, lt=1)] = 0.2


class Skew(Record):
    """When what the endpoint saw differs from what training sees of the same requests."""

    max_differing_share: Fraction = 0.01


class Payoff(Record):
    """When a model trained tonight would be better than the champion, by the nightly gains of a pilot."""

    min_rows: Positive = 300  # with known outcome, of a night whose gain counts
    min_nights: Annotated[int, Field(ge=3)] = 7
    half_life_nights: Annotated[float, Field(gt=0)] = 30.0  # of what the pilot learnt
    allowance: Annotated[float, Field(gt=0)] = 0.25  # in deviations of the nights: half the smallest gain looked for
    false_alarms_per_year: Annotated[float, Field(gt=0)] | None = None  # None: as all monitors


class QualityLimits(Record):
    """What the partitions of a night must keep."""

    max_quarantined_share: Fraction = 0.05


class ServiceLimits(Record):
    """What the answers of a night must keep; what is None is what ``promote.guardrails`` asks of a candidate."""

    min_answers: Positive = 100
    max_error_rate: Fraction | None = None
    max_latency_p95_ms: Annotated[float, Field(gt=0)] | None = None


class BiasDrift(Record):
    """How many nights together are held against the bounds of ``fairness``."""

    window_nights: Annotated[int, Field(ge=3)] = 14


class AttributionDrift(Record):
    """When the features that matter to the champion's answers have another order than in training."""

    min_rows: Positive = 100
    min_agreement: Annotated[float, Field(gt=0, le=1)] = 0.9  # nDCG, from where on Amazon SageMaker Clarify alarms


class Monitor(Record):
    """Settings of the nightly monitors. ``tiers`` overrules the tier of a feature that the policy places wrongly.

    ``every`` has the monitors that look weekly, at the night of each Sunday; their finding stands until the next one.
    The data monitor's limits are set so that it starts ``expected_false_alarms_per_year`` alarms while nothing drifts;
    an alarm is ``nights`` of the last ``of_last`` nights over the limit, as ``retrain`` says.
    """

    expected_false_alarms_per_year: Annotated[float, Field(gt=0)] = 4.0
    data_drift: DataDrift
    performance: PerformanceDrift
    prediction: PredictionDrift = PredictionDrift()
    estimate: Estimate = Estimate()
    concept: ConceptDrift = ConceptDrift()
    tiers: dict[str, Tier] = {}
    every: dict[MonitorName, Cadence] = {}
    skew: Skew = Skew()
    payoff: Payoff = Payoff()
    quality: QualityLimits = QualityLimits()
    service: ServiceLimits = ServiceLimits()
    bias: BiasDrift = BiasDrift()
    attribution: AttributionDrift = AttributionDrift()

    @property
    def prices(self) -> dict[MonitorName, float]:
        """The false alarms a year of each monitor whose limit follows from them."""
        whole = self.expected_false_alarms_per_year
        return {
            "data": whole,
            "payoff": self.payoff.false_alarms_per_year or whole,
            "prediction": whole * self.prediction.false_alarm_share,
            "concept": whole * self.concept.false_alarm_share,
        }

    @field_validator("every", mode="before")
    @classmethod
    def _has_no_hours(cls, every: Any) -> Any:
        if isinstance(every, dict) and "hourly" in every.values():
            raise ValueError("'hourly' cannot be kept: data come in daily partitions, and a verdict is about one")
        return every

    @model_validator(mode="after")
    def _weeks_are_kept(self) -> "Monitor":
        for name, cadence in self.every.items():
            if cadence == "weekly" and name not in MAY_BE_WEEKLY:
                raise ValueError(
                    f"every has {name!r} weekly, which goes on from the night before, or without which no night is "
                    f"quiet; weekly may be {', '.join(MAY_BE_WEEKLY)}"
                )
        return self
