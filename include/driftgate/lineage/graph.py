"""Who made what: every lineage record, indexed by what it wrote."""

from collections import defaultdict
from collections.abc import Iterable

from driftgate.lineage.chain import read_stream, streams
from driftgate.lineage.record import DatasetRef, LineageRecord


class Graph:
    """The records of all streams, found by name and version of an output."""

    def __init__(self, records: Iterable[LineageRecord]) -> None:
        self._by_name: dict[str, list[tuple[DatasetRef, LineageRecord]]] = defaultdict(list)
        for record in sorted(records, key=lambda record: record.time):
            if record.event["eventType"] == "COMPLETE":
                for output in record.outputs:
                    self._by_name[output.name].append((output, record))

    @classmethod
    def of_lake(cls) -> "Graph":
        """Return the graph of every record in the lake."""
        return cls(record for stream in streams() for record in read_stream(stream))

    @property
    def names(self) -> list[str]:
        """Everything that some run wrote."""
        return list(self._by_name)

    def newest(self, name: str) -> DatasetRef | None:
        """Return the newest version of ``name`` that a run wrote, or None."""
        written = self._by_name.get(name)
        return written[-1][0] if written else None

    def versions(self, name: str) -> list[str]:
        """Return the versions of ``name`` that runs wrote, oldest first."""
        return list(dict.fromkeys(ref.version for ref, _ in self._by_name.get(name, []) if ref.version))

    def maker(self, ref: DatasetRef, *, before: str | None = None) -> LineageRecord | None:
        """Return the run that wrote ``ref``, or None.

        Where several wrote the same version (a partition run again), it is the last one not after the time ``before``.
        """
        made = [record for found, record in self._by_name.get(ref.name, []) if ref.version in (None, found.version)]
        earlier = [record for record in made if before is None or record.time <= before]
        return earlier[-1] if earlier else next(iter(made), None)
