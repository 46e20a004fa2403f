"""Answering one request: check, route, score, capture, and only then answer."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from driftgate.captures import Recorder
from driftgate.captures.capture import day_of, request_key
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.explaining import explained
from driftgate.endpoint.joining import Joining
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.outcomes import Asked, Outcome, score
from driftgate.endpoint.questions import open_envelope, parse_question
from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.served import Served, ServedRule, ServedVariant
from driftgate.endpoint.shadowing import Shadowing
from driftgate.endpoint.steps import Steps, take_steps
from driftgate.endpoint.tallying import Tallying
from driftgate.endpoint.watching import Watcher
from driftgate.errors import RequestRefused
from driftgate.use_cases import UseCase


class Answering:
    """Answers requests; safe to use from several threads."""

    def __init__(
        self,
        watcher: Watcher,
        joining: Joining,
        recorder: Recorder,
        shadowing: Shadowing,
        tallying: Tallying,
        metrics: Metrics,
        *,
        max_rows: int,
    ) -> None:
        self._watcher, self._joining, self._recorder = watcher, joining, recorder
        self._shadowing, self._tallying, self._metrics = shadowing, tallying, metrics
        self._max_rows = max_rows

    def answer(self, body: bytes, caller: Caller, use_case: str | None = None) -> Steps[bytes]:
        """Answer the request ``body`` as JSON, in the journal before the last step.

        :param use_case: the one of the path; None: the body names it
        :raises Refused: the body cannot be answered, the caller may not ask, or the champion failed
        :raises RequestRefused: a row does not fit the champion's signature
        """
        served, rows = self.read(body, caller, use_case)
        return orjson.dumps((yield from self.answer_rows(served, rows, caller)))

    def answer_rows(self, served: Served, rows: list[dict[str, Any]], caller: Caller) -> Steps[dict[str, Any]]:
        """Answer rows that fit the champion's signature; raises as :meth:`answer` does."""
        caller.take(served.use_case.name, len(rows))
        yield ()
        asked, warnings = self._joining.join(served, _asked(served, rows))
        yield ()
        answers, failed = self._outcomes(served, asked)
        caller.require_time()
        yield ()
        yield from self._capture(served, answers, failed, caller)
        self._shadowing.offer(served, asked, caller)
        signature = served.champion.package.signature
        return {
            "use_case": served.use_case.name,
            "request_id": caller.request_id,
            "predictions": _predictions(served.use_case, asked, answers),
            "warnings": warnings + signature.unseen([one.row for one in asked]),
        }

    def together(self, requests: Sequence[Steps[bytes]]) -> list[bytes | Exception]:
        """Return the answer to each request, or what it raised; :class:`JournalFull` if they cannot be captured."""
        return take_steps(requests, self._recorder.record)

    def explain_row(self, served: Served, row: dict[str, Any], caller: Caller, *, top: int | None) -> dict[str, Any]:
        """Return why a row that fits the champion's signature gets its score; nothing is captured."""
        caller.take(served.use_case.name, 1)
        (asked,), warnings = self._joining.join(served, _asked(served, [row]))
        variant = served.variant_for(asked.request_key)
        (joined,) = self._joining.rows_for(served, variant, [asked])
        told = explained(served.use_case, variant, joined.row, top=top)
        return {"use_case": served.use_case.name, "request_id": caller.request_id, **told, "warnings": warnings}

    def read(self, body: bytes, caller: Caller, use_case: str | None = None) -> tuple[Served, list[dict[str, Any]]]:
        """Return what answers, and the rows; what the fast way does not take, the slow one takes or refuses."""
        if found := self._read_fast(body, caller, use_case):
            return found
        question = parse_question(body, max_rows=self._max_rows, use_case=use_case)
        caller.require(question.use_case)
        served = self._watcher.served(question.use_case)
        served.champion.package.signature.request.check(question.rows)
        return served, question.rows

    def _read_fast(
        self, body: bytes, caller: Caller, use_case: str | None
    ) -> tuple[Served, list[dict[str, Any]]] | None:
        envelope = open_envelope(body, use_case)
        served = self._watcher.find(envelope[0]) if envelope else None
        if not envelope or not served:
            return None
        caller.require(served.use_case.name)
        rows = served.champion.package.signature.request.decoder.decode(envelope[1])
        return (served, rows) if rows and len(rows) <= self._max_rows else None

    def _outcomes(self, served: Served, asked: list[Asked]) -> tuple[list[Outcome], list[Outcome]]:
        """Score every row with its variant; return the last word on each row, and the failures before it.

        Where a canary or the control fails, the champion answers; where that fails, its fallback, if there is one.
        """
        answers, failed = [], []
        for variant, rows in _routed(served, asked):
            outcome = score(variant, self._joining.rows_for(served, variant, rows))
            if outcome.error and variant is not served.champion:
                failed.append(outcome)
                outcome = score(served.champion, rows)
            if outcome.error and served.fallback:
                failed.append(outcome)
                outcome = score(served.fallback, rows)
            answers.append(outcome)
        return answers, failed

    def _capture(self, served: Served, answers: list[Outcome], failed: list[Outcome], caller: Caller) -> Steps[None]:
        """Have a whole request written; one with a row that nobody could answer leaves nothing but its errors."""
        unanswered = any(outcome.error for outcome in answers)
        captured = [outcome for outcome in answers + failed if outcome.error or not unanswered]
        yield [capture for outcome in captured for capture in outcome.captures(served, caller)]
        for outcome in captured:
            self._metrics.count(served, outcome)
        if unanswered:
            raise Refused(
                503,
                f"The champion of {served.use_case.name}, version {served.champion.version}, failed on this request "
                "(captured with its error); try again, and roll back if it stays so.",
            )
        for outcome in answers:
            self._tallying.count(served, outcome)


def _new_ids(count: int) -> Iterator[str]:
    """Return ``count`` random names of 32 hexadecimal digits; the operating system is asked once."""
    digits = os.urandom(16 * count).hex()
    return (digits[start : start + 32] for start in range(0, len(digits), 32))


def _asked(served: Served, rows: list[dict[str, Any]]) -> list[Asked]:
    if served.treating:
        rows = [served.treating.row(row) for row in rows]
    ids = _new_ids(len(rows))
    event_time, names = served.use_case.event_time, served.use_case.request_key
    asked = []
    for index, row in enumerate(rows):
        time = row[event_time]
        try:
            day = day_of(time)
        except (TypeError, ValueError):
            raise RequestRefused(
                f"Row {index}: {event_time!r} is {str(time)[:80]!r}; it must be a time written as "
                "2013-04-01T05:00:00, because captures are kept by its day."
            ) from None
        asked.append(Asked(next(ids), row, row, time, day, request_key(row, names)))
    return asked


def _routed(served: Served, asked: list[Asked]) -> list[tuple[ServedVariant | ServedRule, list[Asked]]]:
    if not served.splits:
        return [(served.champion, asked)]
    groups: dict[tuple[str, str], tuple[ServedVariant | ServedRule, list[Asked]]] = {}
    for one in asked:
        variant = served.variant_for(one.request_key)
        groups.setdefault((variant.version, variant.role), (variant, []))[1].append(one)
    return list(groups.values())


def _predictions(use_case: UseCase, asked: list[Asked], outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Return what the caller gets, in the order of the rows: a regression's answer is a value and its unit."""
    key, unit = ("score", {}) if use_case.problem == "binary" else ("value", {"unit": use_case.label.unit})
    found = {
        one.prediction_id: {
            "prediction_id": one.prediction_id,
            key: value,
            **unit,
            "model_version": outcome.variant.version,
            "role": outcome.variant.role,
        }
        for outcome in outcomes
        for one, value in zip(outcome.asked, outcome.scores or (), strict=False)
    }
    return [found[one.prediction_id] for one in asked]
