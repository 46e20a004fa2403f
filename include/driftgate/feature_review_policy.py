"""When the features of a use case are reviewed, and who signs it: the section ``feature_review``."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from driftgate.records import Record

Cadence = Literal["monthly", "quarterly", "biannual"]
MONTHS: dict[Cadence, int] = {"monthly": 1, "quarterly": 3, "biannual": 6}
LEAP_YEAR = 2000  # has every day that a year may have

Positive = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


def _day_of_year(text: str) -> str:
    try:
        day = date.fromisoformat(f"{LEAP_YEAR}-{text}")
    except ValueError:
        day = None
    if day is None or f"{day:%m-%d}" != text:
        raise ValueError(f"{text!r} is no day of the year; write it as MM-DD, for example 12-24")
    return text


DayOfYear = Annotated[str, AfterValidator(_day_of_year)]


class Pause(Record):
    """Days of every year on which no review falls due, both ends included; it may go over New Year."""

    first: DayOfYear
    last: DayOfYear
    reason: Annotated[str, Field(min_length=10)]

    def covers(self, day: date) -> bool:
        """Return whether ``day`` lies in it."""
        at = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


class Candidate(Record):
    """A set of features to hold against the champion's: what ``features.sql`` gives, changed so.

    :param leave_out: features, or groups of ``experiments.feature_groups``
    :param add: columns of ``features.sql`` that ``not_features`` names
    """

    leave_out: tuple[str, ...] = ()
    add: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _changes_something(self) -> "Candidate":
        if not (self.leave_out or self.add):
            raise ValueError("it changes nothing; name features in leave_out, or columns in add")
        return self


class FeatureReview(Record):
    """A review falls due by the calendar (``every``, ``also_on``) or sooner by a drift; in a time of ``skip`` it waits.

    :param roles: who signs it, each role by a person of its own
    :param deadline_days: for their answer; without one the review is due again
    :param rest_days: after a review, until a drift may ask for the next one
    """

    every: Cadence
    roles: Annotated[tuple[Name, ...], Field(min_length=1)]
    skip: tuple[Pause, ...] = ()
    also_on: tuple[DayOfYear, ...] = ()
    candidates: dict[Name, Candidate] = {}
    deadline_days: Positive = 14
    rest_days: Annotated[int, Field(ge=0)] = 14

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "FeatureReview":
        if len(set(self.roles)) < len(self.roles):
            raise ValueError(f"roles names one twice, got {', '.join(self.roles)}; each signs once")
        for text in self.also_on:
            if self.pause_on(date.fromisoformat(f"{LEAP_YEAR}-{text}")):
                raise ValueError(
                    f"also_on asks for a review on {text}, and skip lets none fall due then; change one of them"
                )
        return self

    def pause_on(self, day: date) -> Pause | None:
        """Return the pause that ``day`` lies in."""
        return next((pause for pause in self.skip if pause.covers(day)), None)

    def asked_between(self, after: date, until: date) -> Iterator[date]:
        """Return the days of ``also_on`` after ``after``, up to ``until``, oldest first."""
        for number in range((until - after).days):
            day = after + timedelta(days=number + 1)
            if f"{day:%m-%d}" in self.also_on:
                yield day
