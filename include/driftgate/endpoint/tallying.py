"""Counting answers by the day of their event, apart from capturing them: what the nightly count starts from."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from driftgate.captures import Recorder, Tally
from driftgate.endpoint.counting import Counts

if TYPE_CHECKING:
    from driftgate.endpoint.metrics import Metrics
    from driftgate.endpoint.outcomes import Outcome
    from driftgate.endpoint.served import Served

LABELS = ("use_case", "day")


class Tallying:
    """What this run of the endpoint answered; a registry of its own, because /metrics has no room for days."""

    def __init__(self, recorder: Recorder, metrics: "Metrics") -> None:
        self._recorder, self._metrics, registry = recorder, metrics, CollectorRegistry()
        self._answers = Counts("answers", "Rows answered", LABELS, registry=registry)
        self._left_out = Counts("left_out", "Rows answered and not captured", LABELS, registry=registry)

    def count(self, served: "Served", outcome: "Outcome") -> None:
        """Count the answers that leave, and those of them that the use case's share keeps out of the captures."""
        name = served.use_case.name
        for day, rows in Counter([one.day for one in outcome.asked]).items():
            self._answers.add((name, day), rows)
        if outcome.is_whole(served):
            return
        left_out = Counter(one.day for one in outcome.asked if not served.keeps(one.request_key))
        for day, rows in left_out.items():
            self._left_out.add((name, day), rows)
        self._metrics.left_out.add((name,), left_out.total())

    def tallies(self) -> Iterator[Tally]:
        """Yield what there is to say about each use case and day."""
        answers, left_out, last = self._answers.total(), self._left_out.total(), self._recorder.last_numbers()
        for use_case, day in sorted({*answers, *last}):
            yield Tally(
                run=self._recorder.run,
                use_case=use_case,
                day=day,
                answers=int(answers[use_case, day]),
                left_out=int(left_out[use_case, day]),
                captures=last.get((use_case, day), 0),
            )
