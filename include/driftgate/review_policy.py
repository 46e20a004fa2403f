"""Which answers people look at, and whose word counts: the section ``review`` of a use case."""

from typing import Annotated

from pydantic import Field, model_validator

from driftgate.records import Record

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[\w.@+-]{1,60}$")]  # it becomes part of a record's subject
REASONS = ("random", "uncertain")


class Category(Record):
    """Answers of high risk: those whose request has one of ``values`` in ``column``."""

    column: str
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Review(Record):
    """Human review of single answers. Only the word of ``reviewers``, who hold ``role``, counts.

    Looked at are a random sample, the answers of each category, and those whose score is at most ``band`` from the
    decision threshold: in this order, ``per_day`` at most. ``second_share`` of them ask two reviewers. When fewer than
    ``min_agreement`` of the random sample of ``window_days`` days were right, with certainty, an alarm asks why.
    """

    role: Annotated[str, Field(min_length=1)]
    reviewers: Annotated[tuple[Name, ...], Field(min_length=1)]
    guideline_version: Annotated[str, Field(min_length=1)]
    cost_usd: Annotated[float, Field(ge=0)]  # of one answer of a reviewer
    per_day: Positive
    random_share: Share
    band: Share = 0.0  # 0: no answer is looked at for its score
    categories: dict[Name, Category] = {}
    second_share: Share = 0.1
    min_agreement: Share
    min_answers: Positive = 50  # of the random sample: fewer prove nothing
    window_days: Positive = 28
    seed: int = 0

    @model_validator(mode="after")
    def _has_a_name_for_each_reason(self) -> "Review":
        if taken := next((name for name in self.categories if name in REASONS), None):
            raise ValueError(f"categories has {taken!r}, which is a reason of its own; give it another name")
        if self.second_share and len(set(self.reviewers)) < 2:
            raise ValueError(
                f"second_share is {self.second_share:g}, and there is one reviewer; name a second one, or set it to 0"
            )
        return self
