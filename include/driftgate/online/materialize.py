"""Making snapshots: the views of a use case for the first day that knows a partition, computed as for training.

The values for a day are made from the history that was known when it began, so they are what the features of that day's
requests see offline, and they are there before the day begins. The days after it are made as well, as they will be if
nothing comes in until then: an ingestion that is late costs no value, until ``max_age_days`` are over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.history import history_table
from driftgate.datasets.pins import known_at, known_revisions
from driftgate.datasets.views import current_views, view_rows
from driftgate.datasets.window import beginning, history_keys
from driftgate.errors import SourceMissing
from driftgate.lake import Revision, lake, manifest_of, read_table
from driftgate.models import View
from driftgate.online.store import Snapshot, online_store
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Materialized:
    """What was put, for ``for_day`` and the days after it; nothing when the use case looks at no history.

    :param inputs: path and manifest hash of every partition that the snapshots were made from
    """

    for_day: str
    snapshots: tuple[Snapshot, ...]
    rows: int
    inputs: tuple[tuple[str, str], ...]


def materialize(use_case: UseCase, key: str, models: Sequence[View] = ()) -> Materialized:
    """Put the values of the first day that begins after the newest content of the partition ``key`` was known.

    Running it again changes nothing; for an older partition it leaves the days alone that know more.

    :param models: views that models which serve were trained on; with those of the current ``features.sql`` they are
        kept, so that a change of the SQL starves neither
    :raises SourceMissing: the partition is not published
    :raises ConfigError: ``features.sql`` is wrong
    """
    dataset = use_case.datasets[0]
    known = known_revisions(lake(), uris.partition("validated", dataset, key), key, None)
    if not known:
        raise SourceMissing(f"{dataset} {key} is not published; run the ingest DAG for it, then this task again.")
    for_day, seen, store = first_day_after(known[-1]), _Seen(), online_store()
    views = {view.id: view for view in (*current_views(use_case), *models)}
    snapshots, rows = [], 0
    for view in views.values():
        for day in _days_from(for_day, use_case.max_age_days(view.name)):
            if history := seen.history(view.dataset, day, view.history_days):
                made = list(view_rows(view, history))
                snapshots.append(store.put_many(view.id, day, made, key=view.key, as_of=for_day))
                rows += len(made)
    return Materialized(for_day, tuple(snapshots), rows, tuple(sorted(seen.inputs)))


def first_day_after(revision: Revision) -> str:
    """Return the first day at whose beginning the content was known."""
    known_at = revision.known_at
    begins = datetime.combine(known_at.date(), time.min)
    return (begins if begins >= known_at else begins + timedelta(days=1)).date().isoformat()


def _days_from(day: str, more: int) -> list[str]:
    return [(date.fromisoformat(day) + timedelta(days=ahead)).isoformat() for ahead in range(more + 1)]


class _Seen:
    """What the requests of a day see of earlier days; each partition is read once."""

    def __init__(self) -> None:
        self.inputs: set[tuple[str, str]] = set()
        self._store, self._tables = lake(), dict[tuple[str, str], "pa.Table"]()
        self._known: dict[str, list[Revision]] = {}

    def history(self, dataset: str, day: str, days: int) -> "pa.Table | None":
        """Return the rows of the ``days`` days before ``day``; None where nothing is known."""
        read = {}
        for key in history_keys(day, days):
            path = uris.partition("validated", dataset, key)
            if path not in self._known:
                self._known[path] = known_revisions(self._store, path, key, None)
            if digest := known_at(self._known[path], beginning(day)):
                read[key] = self._table(path, digest)
        return history_table(read, day, next(iter(read.values())).schema) if read else None

    def _table(self, path: str, digest: str) -> "pa.Table":
        self.inputs.add((path, digest))
        if (path, digest) not in self._tables:
            self._tables[path, digest] = read_table(self._store, manifest_of(self._store, path, digest))
        return self._tables[path, digest]
