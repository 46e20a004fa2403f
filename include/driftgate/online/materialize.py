"""Making snapshots: the views of a use case for the first day that knows a partition, computed as for training.

The values for a day are made from the history that was known when it began, so they are what the features of that day's
requests see offline, and they are there before the day begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.history import history_table
from driftgate.datasets.pins import known_at, known_revisions
from driftgate.datasets.views import current_views, view_rows
from driftgate.datasets.window import beginning, history_keys
from driftgate.errors import SourceMissing
from driftgate.lake import lake, manifest_of, read_table
from driftgate.models import View
from driftgate.online.store import Snapshot, online_store
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.lake import Revision


@dataclass(frozen=True)
class Materialized:
    """What was put for one day; nothing when the use case looks at no history.

    :param inputs: path and manifest hash of every partition that the snapshots were made from
    """

    for_day: str
    snapshots: tuple[Snapshot, ...]
    rows: int
    inputs: tuple[tuple[str, str], ...]


def materialize(use_case: UseCase, key: str, models: Sequence[View] = ()) -> Materialized:
    """Put the values of the first day that begins after the newest content of the partition ``key`` was known.

    :param models: views that models which serve were trained on; with those of the current ``features.sql`` they are
        kept, so that a change of the SQL starves neither
    :raises SourceMissing: the partition is not published
    :raises ConfigError: ``features.sql`` is wrong
    """
    dataset = use_case.datasets[0]
    known = known_revisions(lake(), uris.partition("validated", dataset, key), key, None)
    if not known:
        raise SourceMissing(f"{dataset} {key} is not published; run the ingest DAG for it, then this task again.")
    for_day = first_day_after(known[-1])
    seen = _Seen(for_day)
    own = seen.history(dataset, use_case.history_days)
    views = {view.id: view for view in (*(current_views(use_case, own) if own else ()), *models)}
    snapshots, rows, store = [], 0, online_store()
    for view in views.values():
        if history := seen.history(view.dataset, view.history_days):
            made = list(view_rows(view, history))
            snapshots.append(store.put_many(view.id, for_day, made, key=view.key))
            rows += len(made)
    return Materialized(for_day, tuple(snapshots), rows, tuple(sorted(seen.inputs.items())))


def first_day_after(revision: "Revision") -> str:
    """Return the first day at whose beginning the content was known."""
    known_at = revision.known_at
    begins = datetime.combine(known_at.date(), time.min)
    return (begins if begins >= known_at else begins + timedelta(days=1)).date().isoformat()


class _Seen:
    """What the requests of one day see of earlier days; each partition is read once."""

    def __init__(self, day: str) -> None:
        self.day = day
        self.inputs: dict[str, str] = {}
        self._store, self._tables = lake(), dict[str, "pa.Table"]()

    def history(self, dataset: str, days: int) -> "pa.Table | None":
        """Return the rows of the ``days`` days before; None where nothing is known."""
        found = {key: self._table(dataset, key) for key in history_keys(self.day, days)}
        read = {key: table for key, table in found.items() if table is not None}
        return history_table(read, self.day, next(iter(read.values())).schema) if read else None

    def _table(self, dataset: str, key: str) -> "pa.Table | None":
        path = uris.partition("validated", dataset, key)
        if path not in self._tables:
            digest = known_at(known_revisions(self._store, path, key, None), beginning(self.day))
            if digest is None:
                return None
            self.inputs[path] = digest
            self._tables[path] = read_table(self._store, manifest_of(self._store, path, digest))
        return self._tables[path]
