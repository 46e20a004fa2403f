"""Answering a call: its body becomes rows, the rows get answers, the answers are written as the caller accepts them."""

from collections.abc import Sequence
from typing import Any

from driftgate.endpoint.answering import Answering
from driftgate.endpoint.calls import Call
from driftgate.endpoint.formats import CSV, JSON, written
from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.served import Served
from driftgate.endpoint.steps import Steps
from driftgate.endpoint.tables import arrow_rows, csv_rows
from driftgate.endpoint.watching import Watcher


class Calling:
    """Answers calls; safe to use from several threads."""

    def __init__(self, watcher: Watcher, answering: Answering, *, max_rows: int) -> None:
        self._watcher, self._answering, self._max_rows = watcher, answering, max_rows

    def answer(self, call: Call, body: bytes) -> bytes:
        """Return the answer; when it does, it is in the journal.

        :raises JournalFull: the answer could not be captured
        """
        (answer,) = self.together([self.steps(call, body)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def together(self, requests: Sequence[Steps[bytes]]) -> list[bytes | Exception]:
        """Return the answer to each of these requests, or what it raised."""
        return self._answering.together(requests)

    def steps(self, call: Call, body: bytes) -> Steps[bytes]:
        """Answer a call step by step; see :meth:`Answering.answer` for what it raises.

        :raises Refused: also 404 and 410 for another version of the path than the use case's
        """
        if call.use_case is not None:
            call.caller.require(call.use_case)
        if call.use_case is not None and call.api_version is not None:
            _require_version(self._watcher.served(call.use_case), call.api_version)
        if call.verb == "explain":
            return self._explanation(call, body)
        if call.body == call.accept == JSON:
            return (yield from self._answering.answer(body, call.caller, call.use_case))
        served, rows = self._rows(call, body)
        answer = yield from self._answering.answer_rows(served, rows, call.caller)
        return written(answer, call.accept)

    def _explanation(self, call: Call, body: bytes) -> bytes:
        if call.accept != JSON:
            raise Refused(406, f"Explanations are written as {JSON} only; accept that.")
        served, rows = self._rows(call, body)
        if len(rows) != 1:
            raise Refused(400, f"The body has {len(rows)} rows; one at a time is explained.")
        return written(self._answering.explain_row(served, rows[0], call.caller, top=call.top), JSON)

    def _rows(self, call: Call, body: bytes) -> tuple[Served, list[dict[str, Any]]]:
        if call.body == JSON:
            return self._answering.read(body, call.caller, call.use_case)
        served = self._watcher.served(call.use_case or "")
        signature = served.champion.package.signature.request
        rows = (
            csv_rows(body, signature, max_rows=self._max_rows)
            if call.body == CSV
            else arrow_rows(body, max_rows=self._max_rows)
        )
        signature.check(rows)
        return served, rows


def _require_version(served: Served, asked: int) -> None:
    name, current = served.use_case.name, served.use_case.serve.api_version
    if asked > current or asked < 1:
        raise Refused(404, f"There is no /v{asked} of {name}; ask /v{current}/{name}/predict.")
    if asked < current:
        raise Refused(410, f"/v{asked} of {name} is over; ask /v{current}/{name}/predict, as /docs describes it.")
