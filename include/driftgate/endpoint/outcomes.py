"""Scoring some rows of one request with one variant, and what is captured of it."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from driftgate.captures import Capture
from driftgate.captures.capture import features_text
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.served import Served, ServedRule, ServedVariant

MAX_ERROR_LENGTH = 300


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One row of a request that may be scored: as the caller sent it, and as the model reads it."""

    prediction_id: str
    request: dict[str, Any]
    row: dict[str, Any]
    event_time: str
    day: str
    request_key: str

    def with_row(self, row: dict[str, Any]) -> "Asked":
        """Return the same request with the row as another model reads it."""
        return Asked(self.prediction_id, self.request, row, self.event_time, self.day, self.request_key)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one variant made of some rows: a score for each, or an error for all.

    :param latency_ms: how long the variant took for all these rows together
    """

    variant: ServedVariant | ServedRule
    asked: list[Asked]
    scores: list[float] | None
    error: str | None
    latency_ms: float

    def is_whole(self, served: Served) -> bool:
        """Return whether all of it is captured: failures, what stood in for them, and whatever is compared."""
        return served.share >= 1 or self.error is not None or self.variant.role != "champion"

    def captures(self, served: Served, caller: Caller) -> Iterator[Capture]:
        """Return what is to be captured, one record per row; where not all of it is, of the keys in the sample."""
        scores: list[Any] = self.scores or [None] * len(self.asked)
        error, whole = self.error, self.is_whole(served)
        if error and served.treating:
            error = served.treating.text(error, [asked.row for asked in self.asked])
        for asked, score in zip(self.asked, scores, strict=True):
            if not whole and not served.keeps(asked.request_key):
                continue
            yield Capture(
                prediction_id=asked.prediction_id,
                use_case=served.use_case.name,
                variant_role=self.variant.role,
                model_version=self.variant.version,
                deployment_revision=served.revision,
                step=served.step,
                score=score,
                error=error,
                latency_ms=self.latency_ms,
                received_at=caller.received_at,
                event_time=asked.event_time,
                request_key=asked.request_key,
                features=features_text(asked.row),
                share=served.share,
                request_id=caller.request_id,
                consumer=caller.consumer_id,
            )


def score(variant: ServedVariant | ServedRule, asked: list[Asked]) -> Outcome:
    """Score ``asked``; a variant that raises gives an outcome with its error, never an exception."""
    started = time.perf_counter()
    scores, error = None, None
    try:
        scores = variant.score([one.row for one in asked])
    except Exception as problem:  # whatever a model can raise; it is captured and counted, so not logged row by row
        error = _printable(f"{type(problem).__name__}: {problem}")
    return Outcome(variant, asked, scores, error, round((time.perf_counter() - started) * 1000, 3))


def score_together(variant: ServedVariant | ServedRule, requests: Sequence[list[Asked]]) -> list[Outcome]:
    """Score the rows of several requests at once, each with its share of the time; one that fails fails alone."""
    if len(requests) == 1:
        return [score(variant, requests[0])]
    rows = [one for asked in requests for one in asked]
    whole = score(variant, rows)
    if whole.scores is None:
        return [score(variant, asked) for asked in requests]
    left = iter(whole.scores)
    row_ms = whole.latency_ms / len(rows)
    return [
        Outcome(variant, asked, list(islice(left, len(asked))), None, round(row_ms * len(asked), 3))
        for asked in requests
    ]


def _printable(text: str) -> str:
    """Half a surrogate pair, which JSON can smuggle into any string, would make the capture unreadable."""
    return text[:MAX_ERROR_LENGTH].encode("utf-8", "backslashreplace").decode()
