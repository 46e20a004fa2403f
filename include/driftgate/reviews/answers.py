"""What reviewers said: append-only, one record for each item and reviewer; whoever answers again corrects themself."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from driftgate.errors import ConfigError, nearest
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.review_policy import Review
from driftgate.reviews.item import ReviewItem, policy_of
from driftgate.use_cases import UseCase

KIND = "review_answer"


class ReviewAnswer(Record):
    """One reviewer's word about one item, in which role, by which guideline, and what it took."""

    schema_version: int = 1
    use_case: str
    day: str
    prediction_id: str
    human_label: bool
    reviewer: str
    reviewer_role: str
    guideline_version: str
    seconds: Annotated[float, Field(ge=0)]
    cost_usd: Annotated[float, Field(ge=0)]

    @property
    def subject(self) -> str:
        """Under which the metadata keep it."""
        return f"{self.use_case}/{self.day}/{self.prediction_id}/{self.reviewer}"


def answer_item(
    use_case: UseCase, item: ReviewItem, human_label: bool, *, reviewer: str, seconds: float
) -> ReviewAnswer:
    """Record what a reviewer says of an item, and return the record; saying the same again is nothing.

    :raises ConfigError: the reviewer does not hold the role, or the time is no time
    """
    answer = made_answer(use_case, item, human_label, reviewer=reviewer, seconds=seconds)
    keep_answer(answer)
    return answer


def made_answer(
    use_case: UseCase, item: ReviewItem, human_label: bool, *, reviewer: str, seconds: float
) -> ReviewAnswer:
    """Return the record of an answer without keeping it, as :func:`answer_item` would."""
    review = policy_of(use_case)
    _refuse_others(use_case, review, reviewer)
    if not 0 <= seconds < float("inf"):
        raise ConfigError(
            f"A review of {item.prediction_id} took {seconds:g} seconds; say how many it took, from 0 on."
        )
    return ReviewAnswer(
        use_case=use_case.name,
        day=item.day,
        prediction_id=item.prediction_id,
        human_label=human_label,
        reviewer=reviewer,
        reviewer_role=review.role,
        guideline_version=review.guideline_version,
        seconds=seconds,
        cost_usd=review.cost_usd,
    )


def keep_answer(answer: ReviewAnswer) -> None:
    """Append an answer, unless it is the reviewer's word already."""
    body, before = answer.model_dump(mode="json"), metadata().latest(KIND, answer.subject)
    if before is None or before.body != body:
        metadata().append(KIND, answer.subject, body)


def review_answers(use_case: UseCase, first_day: str = "") -> dict[str, list[ReviewAnswer]]:
    """Return the newest word of each reviewer who held the declared role, by prediction id, reviewers by name.

    :param first_day: only about answers of this day and later ones
    """
    role, found = policy_of(use_case).role, dict[str, list[ReviewAnswer]]()
    for entry in metadata().all_latest(KIND, f"{use_case.name}/", since=f"{use_case.name}/{first_day}"):
        answer = parse_record(entry.body, ReviewAnswer, where=f"review {entry.subject}")
        if answer.reviewer_role == role:
            found.setdefault(answer.prediction_id, []).append(answer)
    return found


def decided(answers: Sequence[ReviewAnswer]) -> bool | None:
    """Return what most reviewers say; None where they are as many on each side: a further one has to look."""
    votes = Counter(answer.human_label for answer in answers)
    return None if votes[True] == votes[False] else votes[True] > votes[False]


def _refuse_others(use_case: UseCase, review: Review, reviewer: str) -> None:
    if reviewer not in review.reviewers:
        raise ConfigError(
            f"{reviewer!r} is no {review.role} of {use_case.name}, whose word alone counts (key 'review.reviewers')"
            f"{nearest(reviewer, review.reviewers)}"
        )
