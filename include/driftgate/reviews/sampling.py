"""Which answers of a day people look at: a hash of the request key decides, so sampling again gives the same."""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.evaluation.costs import cost_threshold
from driftgate.problems import ErrorCosts
from driftgate.review_policy import Review
from driftgate.reviews.item import ReviewItem, keep_items, policy_of
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

ANSWERING = ("champion", "canary")  # a caller got what they said


class _Drawn(NamedTuple):
    rank: int  # of the first reason: what is random comes first, or the cap would leave a sample that is none
    draw: float
    item: ReviewItem


def queue_reviews(use_case: UseCase, key: str) -> tuple[ReviewItem, ...]:
    """Sample the answers of the day ``key`` and return its items; a day that was sampled keeps what it has.

    :raises ConfigError: the use case has no section ``review``
    """
    return keep_items(use_case.name, key, sample_reviews(use_case, key, read_captures(use_case.name, key)))


def sample_reviews(use_case: UseCase, day: str, captures: "pa.Table") -> tuple[ReviewItem, ...]:
    """Return the items of a day's captures, at most ``per_day``; of a request that was asked twice, its first answer.

    :raises ConfigError: the use case has no section ``review``
    """
    review = policy_of(use_case)
    drawn = sorted(_drawn(use_case, review, day, captures), key=lambda one: (one.rank, one.draw))
    return tuple(one.item for one in drawn[: review.per_day])


def _drawn(use_case: UseCase, review: Review, day: str, captures: "pa.Table") -> Iterator[_Drawn]:
    costs = use_case.metric.costs_usd
    threshold = cost_threshold(costs) if isinstance(costs, ErrorCosts) else 0.5
    seen: set[str] = set()
    for row in captures.to_pylist():
        key = row["request_key"]
        if row["variant_role"] not in ANSWERING or row["score"] is None or key in seen:
            continue
        seen.add(key)
        draw, features = _draw(use_case.name, review.seed, "item", key), json.loads(row["features"])
        if reasons := _reasons(review, draw, abs(row["score"] - threshold), features):
            wanted = 1 + (_draw(use_case.name, review.seed, "second", key) < review.second_share)
            item = _item(use_case, day, row, threshold, reasons, _slices(use_case, review, features), wanted)
            yield _Drawn(_rank(reasons[0]), draw, item)


def _reasons(review: Review, draw: float, distance: float, features: Mapping[str, Any]) -> tuple[str, ...]:
    found = ["random"] if draw < review.random_share else []
    found += [name for name, one in review.categories.items() if str(features.get(one.column)) in one.values]
    return (*found, "uncertain") if review.band and distance <= review.band else tuple(found)


def _rank(reason: str) -> int:
    return {"random": 0, "uncertain": 2}.get(reason, 1)


def _item(
    use_case: UseCase,
    day: str,
    row: Mapping[str, Any],
    threshold: float,
    reasons: tuple[str, ...],
    slices: dict[str, str],
    wanted: int,
) -> ReviewItem:
    score = float(row["score"])
    return ReviewItem(
        use_case=use_case.name,
        day=day,
        prediction_id=row["prediction_id"],
        model_version=row["model_version"],
        prediction=score > threshold,
        score=score,
        confidence=score if score > threshold else 1 - score,
        reasons=reasons,
        slices=slices,
        answers_wanted=wanted,
        features=uris.captures(use_case.name, day),
    )


def _slices(use_case: UseCase, review: Review, features: Mapping[str, Any]) -> dict[str, str]:
    """Return the groups of a request: the columns of the gate's slices and of the categories, as far as it has them."""
    gate = use_case.gates.slices
    columns = {*(gate.by if gate else ()), *(one.column for one in review.categories.values())}
    return {name: str(features[name]) for name in sorted(columns) if features.get(name) is not None}


def _draw(use_case_name: str, seed: int, purpose: str, request_key: str) -> float:
    """Return a number from 0 to 1 that follows from the request key; it has nothing to do with captures or routing."""
    text = f"{use_case_name}\n{seed}\n{purpose}\n{request_key}".encode()
    return int.from_bytes(blake2b(text, digest_size=8, person=b"review").digest(), "big") / 2**64
