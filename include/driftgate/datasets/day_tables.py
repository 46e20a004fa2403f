"""The tables that features.sql may read for the requests of one day: what was known when that day began."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.history import history_name, history_table, keyed
from driftgate.datasets.parameters import Parameters
from driftgate.datasets.pins import Pins
from driftgate.datasets.window import history_keys
from driftgate.lake import Manifest, lake, manifest_of, read_table
from driftgate.partition_keys import keys_before

if TYPE_CHECKING:
    import pyarrow as pa


class DayTables:
    """The pinned partitions as the requests of a day see them; each is read once, checked against its hash."""

    def __init__(self, made_with: Parameters, pins: Pins) -> None:
        self.version, self.lookback_days = made_with.version, made_with.prepare.lookback_days
        self.pins = pins
        self.store = lake()
        self._read: dict[tuple[str, str], pa.Table] = {}

    def pinned(self, day: str) -> dict[str, dict[str, str]]:
        """Return all manifests that decide the rows of ``day``: by table, by partition key."""
        requests, *others = self.version.datasets
        recent = keys_before(day, self.lookback_days + 1)
        return {
            requests: {day: self.pins.requests[uris.partition("validated", requests, day)]},
            **{dataset: self._seen(dataset, recent, day) for dataset in others},
            history_name(requests): self._seen(requests, history_keys(day, self.version.history_days), day),
        }

    def manifest(self, day: str) -> Manifest:
        """Return the manifest of the requests of ``day``."""
        path = uris.partition("validated", self.version.datasets[0], day)
        return manifest_of(self.store, path, self.pins.requests[path])

    def requests(self, day: str) -> "pa.Table":
        """Return the requests of ``day`` with their outcomes."""
        requests = self.version.datasets[0]
        return keyed(self._table(requests, day, self.pinned(day)[requests][day]), day)

    def tables(self, day: str, outcomes: Sequence[str]) -> "dict[str, pa.Table]":
        """Return what features.sql may read: ``outcomes`` are in the history alone."""
        import pyarrow as pa

        first = self.version.datasets[0]
        pinned = self.pinned(day)
        history = pinned.pop(history_name(first))
        self._forget(set(history) | {key for found in pinned.values() for key in found})
        requests = self.requests(day)
        tables = {first: requests.drop_columns(list(outcomes))}
        for dataset in self.version.datasets[1:]:
            parts = [keyed(self._before_outcomes(dataset, key, hash_), key) for key, hash_ in pinned[dataset].items()]
            tables[dataset] = pa.concat_tables(parts, promote_options="default")
        read = {key: self._table(first, key, digest) for key, digest in history.items()}
        return tables | {
            history_name(first): history_table(read, day, self._table(first, day, pinned[first][day]).schema)
        }

    def _seen(self, dataset: str, keys: Sequence[str], day: str) -> dict[str, str]:
        found = {key: self.pins.seen_on(uris.partition("validated", dataset, key), day) for key in keys}
        return {key: digest for key, digest in found.items() if digest is not None}

    def _before_outcomes(self, dataset: str, key: str, digest: str) -> "pa.Table":
        """A row of another dataset is known from its own time on, but not what comes of it."""
        outcomes = manifest_of(self.store, uris.partition("validated", dataset, key), digest).outcomes
        return self._table(dataset, key, digest).drop_columns(list(outcomes))

    def _table(self, dataset: str, key: str, digest: str) -> "pa.Table":
        path = uris.partition("validated", dataset, key)
        if (path, digest) not in self._read:
            self._read[path, digest] = read_table(self.store, manifest_of(self.store, path, digest))
        return self._read[path, digest]

    def _forget(self, needed: set[str]) -> None:
        """Keep only the tables of these days: memory does not grow with the window."""
        self._read = {kept: table for kept, table in self._read.items() if kept[0].rpartition("/")[2] in needed}
