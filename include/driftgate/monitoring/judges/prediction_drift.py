"""The prediction monitor: are the champion's scores of a night distributed as on the days that it was made from?

The scores are held against those days as the data monitor holds a feature
(:mod:`driftgate.monitoring.calibration.limits`): the score of a night says how rare its distance is among theirs, and
the limit has its price in false alarms. Scores of rows that the model learnt from are a little further apart than
others.
"""

from collections.abc import Iterator

from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.metrics import Floats
from driftgate.monitoring.calibration.alarm_price import AlarmRule
from driftgate.monitoring.calibration.limits import Calibration, thinning
from driftgate.monitoring.calibration.training_days import SCORES
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.data_drift import SCORE, odds
from driftgate.monitoring.judges.served_scores import served_scores
from driftgate.monitoring.night import Night
from driftgate.partition_keys import parse_key
from driftgate.problems import ErrorCosts
from driftgate.profiles import NumericColumn, numeric_column
from driftgate.profiles.distances import distances

MUCH = 1.0  # of rarity beyond the limit: ten times rarer


def judge_prediction(night: Night) -> Evidence:
    """Judge whether the distribution of tonight's scores has moved."""
    scores = served_scores(night, night.use_case.monitor.prediction.min_rows, "prediction drift")
    days = night.baseline.score_days
    if days is None:
        raise CannotJudge(
            f"The baseline of model {night.served} tells none of its days' scores; train and register again."
        )
    calibration, column = (
        Calibration(days, thinned=thinning(days, len(scores))),
        numeric_column(scores, rows=len(scores)),
    )
    ordinal = parse_key(night.key).toordinal()
    rarity = calibration.scores({SCORES: days.features[SCORES].histogram(column)}, ordinal)[SCORES]
    return _evidence(night, rarity, calibration.limit((SCORES,), ordinal, _rule(night)), scores, column)


def _rule(night: Night) -> AlarmRule:
    policy = night.use_case.retrain
    return AlarmRule(policy.nights, policy.of_last, night.use_case.monitor.prices["prediction"])


def _evidence(night: Night, rarity: float, limit: float, scores: Floats, column: NumericColumn) -> Evidence:
    decided, beside = Statistic(name=SCORE, value=rarity, threshold=limit), list(_beside(night, scores, column))
    return night.found(
        "prediction",
        decided,
        _sentence(night, rarity, limit, beside[0]),
        drifts=rarity > limit,
        severity="major" if rarity > limit + MUCH else "minor",
        sample_size=len(scores),
        statistics=[decided, *beside],
    )


def _beside(night: Night, scores: Floats, column: NumericColumn) -> Iterator[Statistic]:
    """Yield what else there is to say of the scores, with what it was in evaluation; it decides nothing."""
    known, costs = night.baseline.scores, night.use_case.metric.costs_usd
    yield Statistic(name="mean", value=float(scores.mean()), reference=known.mean)
    if isinstance(costs, ErrorCosts):
        above = cost_threshold(costs)
        share = 1 - float(known.sketch.share_up_to([above])[0])
        yield Statistic(name="alarm_share", value=float((scores > above).mean()), reference=share)
    apart = distances(known, column)["jensen_shannon"]
    yield Statistic(name="jensen_shannon", value=apart)


def _sentence(night: Night, rarity: float, limit: float, mean: Statistic) -> str:
    rare = f"a night as far out is {odds(rarity)}, where {odds(limit)} is the limit"
    lies = "have left" if rarity > limit else "lie among"
    return (
        f"The scores of model {night.served} on {night.key} {lies} those of the days that it was made from: {rare}. "
        f"Their mean is {mean.value:.3f}; in evaluation it was {mean.reference:.3f}."
    )
