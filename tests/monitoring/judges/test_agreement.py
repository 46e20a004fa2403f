"""People who agree with less than was agreed: with all answers, or with those of one group."""

import pytest
from played_nights import PlayedNight, Records, baseline, day

from driftgate.monitoring import Evidence
from driftgate.monitoring.monitors import judge
from driftgate.review_policy import Review
from driftgate.reviews.agreement import Reviewed
from driftgate.use_cases import UseCase

KEY = "2013-04-02"
REVIEW = Review(
    role="dispatcher", reviewers=("eva", "otto"), guideline_version="1", cost_usd=1, per_day=9, random_share=0.1,
    min_agreement=0.8, min_answers=50,
)  # fmt: skip


class ReviewedNight(PlayedNight):
    """A night of which people looked at some answers."""

    said: list[Reviewed]

    def reviewed(self) -> list[Reviewed]:
        return self.said


def judged(use_case: UseCase, *parts: tuple[str, int, int]) -> Evidence:
    """Judge a night on which people agreed with so many of so many answers of each airport."""
    watched = use_case.model_copy(update={"review": REVIEW})
    night = ReviewedNight(watched, KEY, Records(), {KEY: day(1)}, baseline(watched, None))
    night.said = [
        Reviewed((True, number < agreed), (f"origin={airport}",))
        for airport, agreed, rows in parts
        for number in range(rows)
    ]
    return judge(night, "agreement")


def test_a_group_that_people_certainly_agree_with_less_is_a_minor_drift_and_named(use_case: UseCase) -> None:
    found = judged(use_case, ("JFK", 199, 200), ("LGA", 30, 60), ("EWR", 0, 9))
    assert (found.verdict, found.severity, found.features) == ("drift", "minor", ("origin=LGA",))
    groups = {one.feature: one for one in found.statistics if one.feature}
    assert set(groups) == {"origin=JFK", "origin=LGA"}, "nine answers prove nothing"
    assert (groups["origin=LGA"].value, groups["origin=LGA"].threshold) == (0.5, 0.8)
    assert found.sentence.endswith("80.0% is asked for. They certainly agree with less where origin=LGA.")


def test_less_than_agreed_of_all_answers_is_major(use_case: UseCase) -> None:
    found = judged(use_case, ("JFK", 100, 200), ("LGA", 30, 60))
    assert (found.verdict, found.severity, found.features) == ("drift", "major", ("origin=JFK", "origin=LGA"))


@pytest.mark.parametrize(("others", "low"), [(0, ("origin=LGA",)), (19, ())])
def test_many_groups_share_the_chance_of_a_false_alarm(use_case: UseCase, others: int, low: tuple[str, ...]) -> None:
    """42 of 60 are certainly less than 80 % where one group is asked, and not where it is one of twenty."""
    found = judged(use_case, ("LGA", 42, 60), *((f"A{number}", 60, 60) for number in range(others)))
    assert found.features == low
