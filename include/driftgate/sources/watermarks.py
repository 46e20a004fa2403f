"""Rows that come late: which partitions of a database have changed since they were ingested.

Of every partition that was ingested we remember its *mark*, the number of its rows and their highest watermark, and of
the dataset the watermark up to which all changes were found. A check looks at the days of the rows from there on, and
compares their marks. It moves on only when nothing is left to be ingested again, so a change is never lost, whatever
dies in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from driftgate.contracts import Contract, Sql, load_contract
from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import sqlalchemy as sa

KIND = "watermark"
OVERLAP = timedelta(days=1)  # a transaction that took long shows its rows after younger ones


@dataclass(frozen=True)
class Mark:
    """The number of rows of a partition, and their highest watermark."""

    highest: Any
    rows: int

    @property
    def body(self) -> dict[str, Any]:
        """As the metadata store keeps it."""
        return {"highest": _written(self.highest), "rows": self.rows}


def remember(contract: Contract, key: str, mark: Mark) -> None:
    """Record that the partition ``key`` was ingested with ``mark``, if the dataset has a watermark."""
    from driftgate.metadata import metadata

    if isinstance(contract.server, Sql) and contract.server.watermark:
        store, subject = metadata(), f"{_subject(contract)}/{key}"
        latest = store.latest(KIND, subject)
        if latest is None or latest.body != mark.body:
            store.append(KIND, subject, mark.body)


def changed_partitions(source: str, dataset: str) -> list[str]:
    """Return the partitions that were ingested and have other rows now, oldest first.

    A row that was deleted is noticed when another row of its day has changed.

    :raises ConfigError: the dataset comes from another source, or has no watermark
    :raises SourceUnready: the database does not answer
    """
    from driftgate.metadata import metadata

    contract = load_contract(dataset)
    server, subject = contract.server, _subject(contract)
    marked = isinstance(server, Sql) and server.watermark and contract.partition_column
    if contract.source != source or not isinstance(server, Sql) or not marked:
        raise ConfigError(
            f"{dataset!r} is no dataset of {source!r} with a watermark; name one with a 'partitioned' column, whose "
            "server is a database and has the property 'watermark'."
        )
    store = metadata()
    known = {entry.subject.rpartition("/")[2]: entry.body for entry in store.all_latest(KIND, f"{subject}/")}
    seen = store.latest(KIND, subject)
    changed, highest = _compare(contract, server, known, seen.body["highest"] if seen else None)
    if not changed and highest is not None and (seen is None or seen.body["highest"] != _written(highest)):
        store.append(KIND, subject, {"highest": _written(highest)})
    return changed


def _compare(
    contract: Contract, server: Sql, known: dict[str, dict[str, Any]], seen: list[str] | None
) -> tuple[list[str], Any]:
    """Return the partitions whose marks have changed, and the highest watermark of all rows that were looked at."""
    import sqlalchemy as sa

    from driftgate.sources import database

    with database.connected(contract, server) as connection:
        delivered = database.subject(contract, server)
        database.require_watermark(database.names_in(connection, delivered), contract, server)
        mark = delivered.c[str(server.watermark)]
        day = sa.func.date(delivered.c[str(contract.partition_column)])
        newer = sa.select(day, sa.func.max(mark)).group_by(day)
        if seen:
            newer = newer.where(mark >= _from(seen))
        found = {str(key)[:10]: highest for key, highest in connection.execute(newer) if key is not None}
        changed = [
            key for key in sorted(found)
            if key in known and _mark_of(connection, contract, delivered, mark, key).body != known[key]
        ]  # fmt: skip
    return changed, max((value for value in found.values() if value is not None), default=None)


def _mark_of(connection: "sa.Connection", contract: Contract, delivered: "sa.FromClause", mark: Any, key: str) -> Mark:
    import sqlalchemy as sa

    from driftgate.sources.database import on_day

    query = sa.select(sa.func.max(mark), sa.func.count()).select_from(delivered)
    row = connection.execute(query.where(on_day(delivered, contract, key, connection.dialect.name))).one()
    return Mark(row[0], row[1])


def _subject(contract: Contract) -> str:
    return f"{contract.source}/{contract.name}"


def _written(value: Any) -> list[str] | None:
    """Return a watermark as two words, its kind and its value."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return ["time", value.isoformat()]
    return ["number", str(value)] if isinstance(value, int) else ["text", str(value)]


def _from(seen: list[str]) -> Any:
    """Return from which watermark on rows are looked at again."""
    kind, text = seen
    if kind == "time":
        return datetime.fromisoformat(text) - OVERLAP
    return int(text) if kind == "number" else text
