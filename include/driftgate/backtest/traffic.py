"""The requests of a replayed day as the endpoint would have captured them: who answered, and what it said.

The requests are those of the day's rows, in the order of their event times, each once. No answer fails, and each takes
a millisecond: errors and latency are not in the rows, so the replay has none.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from driftgate.backtest.models import Models, unlabelled
from driftgate.backtest.rows import LABEL, Rows
from driftgate.captures.capture import features_text, request_key
from driftgate.captures.reading import capture_schema
from driftgate.endpoint.routing import BUCKETS, bucket_of
from driftgate.evaluation.metrics import Floats
from driftgate.promotion.state import SERVING, SHADOW, share_of
from driftgate.records import Record, sha256
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

KEPT_DAYS = (
    32  # whose requests and answers are kept: monitors and promotions look back two weeks, and again every night
)


class Serving(Record):
    """Who answers during a day; the candidate is in ``step`` since the day ``since``."""

    champion: str
    champion_since: str  # the first day
    previous: str | None = None  # champion before it, which a rollback brings back
    candidate: str | None = None
    step: str = SERVING
    since: str = ""
    revision: int = 1


class _Requests(NamedTuple):
    """What captures say of a day's requests, in the ``order`` of their coming; ``buckets`` are in that of the rows."""

    columns: "dict[str, pa.Array]"
    order: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.int64]


class Traffic:
    """The captures of each day, given who served."""

    def __init__(self, use_case: UseCase, rows: Rows, models: Models) -> None:
        self.use_case, self.rows, self.models = use_case, rows, models
        self._requests: Callable[[str], _Requests] = lru_cache(KEPT_DAYS)(self._written)
        self._answers: Callable[[str, Serving], pa.Table] = lru_cache(KEPT_DAYS)(self._answered)

    def answers(self, day: str, serving: Serving) -> "pa.Table":
        """Return the captures of what callers got."""
        return self._answers(day, serving)

    def _answered(self, day: str, serving: Serving) -> "pa.Table":
        if day not in self.rows.by_day:
            return capture_schema().empty_table()
        scores, share = self.models.of(serving.champion).scores(day), share_of(serving.step)
        versions, roles = np.full(len(scores), serving.champion), np.full(len(scores), "champion")
        if serving.candidate and share:
            theirs = self._requests(day).buckets < share * BUCKETS // 100
            scores = np.where(theirs, self.models.of(serving.candidate).scores(day), scores)
            versions, roles = np.where(theirs, serving.candidate, versions), np.where(theirs, "canary", roles)
        return self._captures(day, serving, scores, versions, roles)

    def shadow(self, day: str, serving: Serving) -> "pa.Table":
        """Return the captures of what the candidate said and nobody got."""
        if day not in self.rows.by_day or not serving.candidate or serving.step != SHADOW:
            return capture_schema().empty_table()
        scores = self.models.of(serving.candidate).scores(day)
        versions, roles = np.full(len(scores), serving.candidate), np.full(len(scores), "shadow")
        return self._captures(day, serving, scores, versions, roles)

    def labels(self, day: str) -> "pa.Table":
        """Return the outcomes of a day, as ``datasets.compute_labels`` does."""
        return self.rows.by_day[day].select([*self.use_case.request_key, LABEL])

    def _captures(self, day: str, serving: Serving, scores: Floats, versions: Any, roles: Any) -> "pa.Table":
        import pyarrow as pa

        asked, schema = self._requests(day), capture_schema()
        columns = {
            "use_case": np.full(len(scores), self.use_case.name),
            "variant_role": roles[asked.order],
            "model_version": versions[asked.order],
            "deployment_revision": np.full(len(scores), serving.revision),
            "step": np.full(len(scores), serving.step),
            "score": scores[asked.order],
            "latency_ms": np.ones(len(scores)),
            "share": np.ones(len(scores)),
        }
        made = {name: pa.array(column, schema.field(name).type) for name, column in columns.items()} | asked.columns
        return pa.table([made.get(one.name, pa.nulls(len(scores), one.type)) for one in schema], schema=schema)

    def _written(self, day: str) -> "_Requests":
        import pyarrow as pa

        rows = _as_asked(unlabelled(self.rows.by_day[day]))
        keys = [request_key(row, self.use_case.request_key) for row in rows]
        ids, times = [sha256(key.encode())[:32] for key in keys], [row[self.use_case.event_time] for row in rows]
        came = [datetime.fromisoformat(time).replace(tzinfo=UTC) for time in times]
        order = np.array(sorted(range(len(rows)), key=lambda place: (came[place], ids[place])), dtype=int)
        columns = {
            "prediction_id": ids,
            "event_time": times,
            "request_key": keys,
            "features": [features_text(row) for row in rows],
            "received_at": came,
        }
        schema = capture_schema()
        return _Requests(
            columns={name: pa.array(told, schema.field(name).type).take(order) for name, told in columns.items()},
            order=order,
            buckets=np.array([bucket_of(self.use_case.name, key) for key in keys]),
        )


def _as_asked(table: "pa.Table") -> list[dict[str, Any]]:
    """Return rows as a caller writes them in JSON."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = table.to_pylist()
    times = [one.name for one in table.schema if pa.types.is_timestamp(one.type)]
    for row in rows:
        row.update({name: row[name].isoformat() for name in times if row[name] is not None})
    return rows
