"""What is still to be looked at, and by whom."""

from collections.abc import Mapping, Sequence

from driftgate.reviews.answers import ReviewAnswer, decided, review_answers
from driftgate.reviews.item import ReviewItem, policy_of, review_items
from driftgate.use_cases import UseCase


def open_items(use_case: UseCase, reviewer: str | None = None) -> list[ReviewItem]:
    """Return the items that want an answer, the oldest day first; with ``reviewer``, those that this one may give.

    :raises ConfigError: the use case has no section ``review``
    """
    policy_of(use_case)
    answers = review_answers(use_case)
    return [item for item in review_items(use_case.name) if _wants(item, answers, reviewer)]


def _wants(item: ReviewItem, answers: Mapping[str, Sequence[ReviewAnswer]], reviewer: str | None) -> bool:
    given = answers.get(item.prediction_id, ())
    if any(answer.reviewer == reviewer for answer in given):
        return False
    return len(given) < item.answers_wanted or decided(given) is None
