"""What reviews cost against what the errors that they found would have cost, and how much to look at from now on."""

from typing import Literal, NamedTuple

from driftgate.problems import ErrorCosts
from driftgate.records import Record
from driftgate.reviews.answers import decided, review_answers
from driftgate.reviews.item import ReviewItem, policy_of, review_items
from driftgate.use_cases import UseCase

CONFIDENCE = 0.9
Advice = Literal["all", "as_now", "enough_to_measure", "none"]


class ReasonWorth(Record):
    """The reviews of one reason; an item with several counts under each.

    ``avoided_usd`` is what the overturned answers would have cost if nobody had corrected them in time. A review is
    worth between ``lowest_usd`` and ``highest_usd`` before its own cost, which decides how many are advised. The random
    sample is also what agreement is measured by, so of that at least ``min_answers`` in ``window_days`` are.
    """

    reason: str
    reviewed: int
    overturned: int
    cost_usd: float
    avoided_usd: float
    lowest_usd: float
    highest_usd: float
    advice: Advice


class _Reviewed(NamedTuple):
    cost: float
    avoided: float


def review_worth(use_case: UseCase) -> list[ReasonWorth]:
    """Return what the reviews of each reason cost and avoided, by reason.

    :raises ConfigError: the use case has no section ``review``
    """
    policy_of(use_case)
    answers, found = review_answers(use_case), dict[str, list[_Reviewed]]()
    for item in review_items(use_case.name):
        given = answers.get(item.prediction_id, [])
        label = decided(given)
        if label is not None:
            one = _Reviewed(sum(answer.cost_usd for answer in given), _error_usd(use_case, item, label))
            for reason in item.reasons:
                found.setdefault(reason, []).append(one)
    dearest = max(use_case.metric.costs_usd.model_dump().values())
    return [_worth(reason, reviewed, dearest) for reason, reviewed in sorted(found.items())]


def _error_usd(use_case: UseCase, item: ReviewItem, label: bool) -> float:
    costs = use_case.metric.costs_usd
    if item.prediction == label or not isinstance(costs, ErrorCosts):
        return 0.0
    return costs.false_alarm if item.prediction else costs.missed


def _worth(reason: str, reviewed: list[_Reviewed], dearest: float) -> ReasonWorth:
    from scipy.stats import binomtest

    count, overturned = len(reviewed), sum(one.avoided > 0 for one in reviewed)
    cost, avoided = sum(one.cost for one in reviewed), sum(one.avoided for one in reviewed)
    bounds = binomtest(overturned, count).proportion_ci(CONFIDENCE)
    error = avoided / overturned if overturned else dearest
    lowest, highest = bounds.low * error, bounds.high * error
    return ReasonWorth(
        reason=reason,
        reviewed=count,
        overturned=overturned,
        cost_usd=round(cost, 2),
        avoided_usd=round(avoided, 2),
        lowest_usd=round(float(lowest), 4),
        highest_usd=round(float(highest), 4),
        advice=_advice(reason, cost / count, float(lowest), float(highest)),
    )


def _advice(reason: str, cost: float, lowest: float, highest: float) -> Advice:
    if lowest > cost:
        return "all"
    if highest >= cost:
        return "as_now"
    return "enough_to_measure" if reason == "random" else "none"
