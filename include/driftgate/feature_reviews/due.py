"""Whether a feature review is due: by the calendar, or because features drifted since the last one."""

import calendar
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from driftgate.errors import ConfigError
from driftgate.feature_review_policy import MONTHS, Cadence, FeatureReview
from driftgate.feature_reviews.round import last_answered
from driftgate.monitoring import Verdict, verdicts
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import days_between, parse_key
from driftgate.use_cases import UseCase

YEAR_NIGHTS = 366
EXPEDITING: frozenset[MonitorName] = frozenset({"data", "attribution"})  # drifts that are about features


class Due(NamedTuple):
    """Whether one is due, and why or until when not."""

    due: bool
    sentence: str


def policy_of(use_case: UseCase) -> FeatureReview:
    """Return the section ``feature_review`` of a use case.

    :raises ConfigError: it has none
    """
    if use_case.feature_review is None:
        where = use_case.folder / "use_case.yaml"
        raise ConfigError(
            f"{where} has no section 'feature_review'; say there how often features are reviewed, by whom."
        )
    return use_case.feature_review


def due_on(use_case: UseCase, policy: FeatureReview, key: str) -> Due:
    """Return whether a review is due in the night of ``key``, by what is recorded up to it."""
    last = last_answered(use_case.name)
    nights = verdicts(use_case.name, last=days_between(last, key) if last and last < key else YEAR_NIGHTS, until=key)
    if last is None and not nights:
        return Due(False, f"Nothing was decided about {use_case.name} up to {key}, so there is nothing to review yet.")
    return due(policy, key, since=last or nights[0].key, reviewed=last is not None, drifts=expediting(nights))


def due(policy: FeatureReview, key: str, *, since: str, reviewed: bool, drifts: Sequence[str] = ()) -> Due:
    """Return whether a review is due on the day ``key``.

    :param since: the night of the last review, or with none yet the first night of the use case
    :param drifts: nights whose verdict asks people about the features
    """
    began, day = parse_key(since), parse_key(key)
    by_cadence = months_later(began, MONTHS[policy.every])
    asked = sorted((when, why) for when, why in _calls(policy, began, day, drifts) if when <= day)
    ago = (
        f"The last feature review was that of {since}" if reviewed else f"There was none since the first night, {since}"
    )
    if not asked:
        return Due(False, f"{ago}; the next falls due on {by_cadence} (every: {policy.every}) at the latest.")
    why = f"{ago}; {asked[0][1]}."
    if pause := policy.pause_on(day):
        return Due(False, f"{why} It waits until {pause.last} is over: {pause.reason}.")
    return Due(True, why)


def expediting(nights: Sequence[Verdict]) -> list[str]:
    """Return the nights whose verdict asks people to look, because of what features or their part in answers did."""
    return [
        night.key
        for night in nights
        if night.decision == "review" and EXPEDITING & set(night.causes) and not night.backfill
    ]


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _calls(policy: FeatureReview, began: date, day: date, drifts: Sequence[str]) -> Iterator[tuple[date, str]]:
    cadence: Cadence = policy.every
    fell = months_later(began, MONTHS[cadence])
    yield fell, f"one fell due on {fell} (every: {cadence})"
    for asked in policy.asked_between(began, day):
        yield asked, f"'feature_review.also_on' asks for one on {asked}"
    for night in drifts:
        if night > began.isoformat():
            when = max(parse_key(night), began + timedelta(days=policy.rest_days))
            yield when, f"the verdict about {night} asks people to look at drifted features"
