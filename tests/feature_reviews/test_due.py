"""When a review is due: the cadence, days that ask for one, drifts that bring it forward, pauses that hold it back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.feature_review_policy import FeatureReview, Pause
from driftgate.feature_reviews.due import due, due_on, expediting, months_later, policy_of
from driftgate.feature_reviews.round import answer, begin_round
from driftgate.monitoring import Verdict
from driftgate.use_cases import UseCase

HOLIDAYS = Pause(first="12-15", last="01-10", reason="nobody is there")
LAST = "2013-03-31"


@pytest.mark.parametrize(
    ("every", "key", "keys", "drifts", "is_due", "says"),
    [
        ("monthly", "2013-04-29", {}, (), False, "the next falls due on 2013-04-30 (every: monthly)"),
        ("monthly", "2013-04-30", {}, (), True, "one fell due on 2013-04-30"),  # April has no 31st
        ("quarterly", "2013-06-29", {}, (), False, "2013-06-30"),
        ("quarterly", "2013-06-30", {}, (), True, "2013-06-30"),
        ("quarterly", "2013-08-15", {}, (), True, "2013-06-30"),  # nobody asked in between
        ("biannual", "2013-09-29", {}, (), False, "2013-09-30"),
        ("biannual", "2013-09-30", {}, (), True, "2013-09-30"),
        ("biannual", "2013-05-14", {"also_on": ("05-15",)}, (), False, "2013-09-30"),
        ("biannual", "2013-05-15", {"also_on": ("05-15",)}, (), True, "also_on' asks for one on 2013-05-15"),
        ("biannual", LAST, {"also_on": ("03-31",)}, (), False, "2013-09-30"),  # the last one
        ("biannual", "2013-05-02", {}, ("2013-05-02",), True, "the verdict about 2013-05-02 asks people to look"),
        ("biannual", "2013-04-13", {}, ("2013-04-03",), False, "2013-09-30"),  # the same drift that was looked at
        ("biannual", "2013-04-14", {}, ("2013-04-03",), True, "the verdict about 2013-04-03"),
        ("biannual", "2013-05-02", {}, ("2013-03-30",), False, "2013-09-30"),  # before the last one
        ("quarterly", "2013-12-20", {"skip": (HOLIDAYS,)}, (), False, "It waits until 01-10 is over: nobody is there."),
        ("quarterly", "2014-01-10", {"skip": (HOLIDAYS,)}, (), False, "It waits"),
        ("quarterly", "2014-01-11", {"skip": (HOLIDAYS,)}, (), True, "2013-06-30"),
        ("biannual", "2013-12-20", {"skip": (HOLIDAYS,)}, ("2013-12-20",), False, "It waits"),
    ],
)  # fmt: skip
def test_the_calendar(every: Any, key: str, keys: dict[str, Any], drifts: Any, is_due: bool, says: str) -> None:
    found = due(FeatureReview(every=every, roles=("owner",), **keys), key, since=LAST, reviewed=True, drifts=drifts)
    assert found.due is is_due
    assert found.sentence.startswith(f"The last feature review was that of {LAST}; ")
    assert says in found.sentence


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2013-01-31", 1, "2013-02-28"), ("2012-01-31", 1, "2012-02-29"), ("2013-11-30", 3, "2014-02-28"),
     ("2013-12-01", 1, "2014-01-01"), ("2013-06-30", 6, "2013-12-30")],
)  # fmt: skip
def test_months(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months).isoformat() == later


def test_only_a_review_because_of_features_brings_one_forward(night: Callable[..., Verdict]) -> None:
    nights = [
        night("2013-04-01", "review", ("performance",)),
        night("2013-04-02", "watch", ("data",)),
        night("2013-04-03", "review", ("data",), backfill=True),
        night("2013-04-04", "review", ("performance", "data")),
        night("2013-04-05", "review", ("attribution",)),
    ]
    assert expediting(nights) == ["2013-04-04", "2013-04-05"]


def test_before_the_first_review_the_first_night_counts(
    use_case: UseCase, policy: FeatureReview, night: Callable[..., Verdict], record: Callable[[Verdict], None]
) -> None:
    assert due_on(use_case, policy, "2013-04-01").sentence.startswith("Nothing was decided")
    record(night("2013-01-01"))
    assert not due_on(use_case, policy, "2013-03-31").due
    found = due_on(use_case, policy, "2013-04-01")
    assert found.due
    assert "There was none since the first night, 2013-01-01" in found.sentence


def test_an_answer_counts_and_silence_does_not(
    use_case: UseCase, policy: FeatureReview, night: Callable[..., Verdict], record: Callable[[Verdict], None]
) -> None:
    record(night("2013-01-01"))
    name = use_case.name
    begin_round(name, "2013-04-01", "a/1", "due", policy)
    answer(name, "2013-04-01", approve=None, roles=policy.roles, signed={})
    assert due_on(use_case, policy, "2013-04-16").due
    begin_round(name, "2013-04-16", "a/2", "due", policy)
    answer(name, "2013-04-16", approve=False, roles=policy.roles, signed={}, reason="they are fine")
    assert not due_on(use_case, policy, "2013-04-17").due
    record(night("2013-06-01", "review", ("data",)))
    assert due_on(use_case, policy, "2013-06-01").due
    assert not due_on(use_case, policy, "2013-05-31").due, "later nights change nothing"


def test_a_use_case_without_the_section_says_so(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match="has no section 'feature_review'"):
        policy_of(use_case.model_copy(update={"feature_review": None}))
