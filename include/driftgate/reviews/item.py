"""One answer that people are to look at, and the items of each day in the lake."""

import json

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.records import Record, canonical_json, parse_record
from driftgate.review_policy import Review
from driftgate.use_cases import UseCase


class ReviewItem(Record):
    """What a model said, and why somebody looks at it.

    The request row is no part of it: ``features`` is the folder of captures that has it, with personal values treated.
    ``confidence`` is the model's in what it decided, ``slices`` the groups that agreement is told of.
    """

    schema_version: int = 1
    use_case: str
    day: str
    prediction_id: str
    model_version: str
    prediction: bool
    score: float
    confidence: float
    reasons: tuple[str, ...]
    slices: dict[str, str] = {}
    answers_wanted: int = 1
    features: str


def policy_of(use_case: UseCase) -> Review:
    """Return the section ``review``.

    :raises ConfigError: the use case has none
    """
    if use_case.review is None:
        raise ConfigError(
            f"{use_case.folder / 'use_case.yaml'} has no section 'review'; add it as docs/guides/review-predictions.md "
            "says, then people can look at answers."
        )
    return use_case.review


def keep_items(use_case_name: str, day: str, items: tuple[ReviewItem, ...]) -> tuple[ReviewItem, ...]:
    """Write a day's items, and return those that are there: a day that has some keeps them."""
    if items:
        written = canonical_json([item.model_dump(mode="json") for item in items])
        lake().create(uris.review_queue(use_case_name, day), written)
    return items_of(use_case_name, day)


def items_of(use_case_name: str, day: str) -> tuple[ReviewItem, ...]:
    """Return the items of one day, in the order in which they are to be looked at; none where nobody sampled it."""
    path = uris.review_queue(use_case_name, day)
    return _read(path) if lake().exists(path) else ()


def review_items(use_case_name: str) -> list[ReviewItem]:
    """Return all items, the oldest day first."""
    return [item for day in _days(use_case_name) for item in _read(uris.review_queue(use_case_name, day))]


def find_item(use_case_name: str, prediction_id: str) -> ReviewItem:
    """Return one item.

    :raises ConfigError: the prediction is in no day's queue
    """
    for item in review_items(use_case_name):
        if item.prediction_id == prediction_id:
            return item
    raise ConfigError(
        f"The prediction {prediction_id!r} of {use_case_name} is in no queue; driftgate review list {use_case_name} "
        "shows those that are."
    )


def _days(use_case_name: str) -> list[str]:
    paths = lake().list(f"reviews/{use_case_name}")
    return [path.split("/")[2] for path in paths if path.endswith("/queue.json")]


def _read(path: str) -> tuple[ReviewItem, ...]:
    where = lake().uri(path)
    return tuple(parse_record(one, ReviewItem, where=where) for one in json.loads(lake().read(path)))
