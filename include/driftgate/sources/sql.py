"""A table or a query of a database as a source: a partition is the rows of its day."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.contracts import Contract, Sql, arrow_schema
from driftgate.errors import SourceMissing
from driftgate.lake.parquet import write_files
from driftgate.records import sha256
from driftgate.sources import database
from driftgate.sources.delivery import Delivery, Shape
from driftgate.sources.parquet_files import ParquetPiece
from driftgate.sources.places import LocalFile, stamp_of
from driftgate.sources.shape import require_columns
from driftgate.sources.sql_rows import Rows
from driftgate.sources.watermarks import remember

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True)
class QueryPiece(ParquetPiece):
    """The rows of a query, written to files; ``columns`` are those that it could have delivered."""

    columns: tuple[str, ...]

    def shape(self) -> Shape:
        return [(name, None) for name in self.columns]


class SqlSource:
    """A source that is asked for the rows of a day.

    They are streamed into files first and published from there: a database that goes away leaves nothing behind, and
    what was delivered has a hash. Rows come in the order of the contract's key, so equal rows give equal files.
    """

    def __init__(self, contract: Contract, server: Sql) -> None:
        self.contract, self.server = contract, server

    @contextmanager
    def deliver(self, key: str) -> Iterator[Delivery]:
        with tempfile.TemporaryDirectory(prefix="driftgate-delivery-") as folder:
            rows = Rows(self.contract, self.server, self._where(key))
            with database.connected(self.contract, self.server) as connection:
                piece = self._piece(key, rows, connection, Path(folder))
            yield Delivery([piece], lambda: remember(self.contract, key, rows.mark))

    def _piece(self, key: str, rows: Rows, connection: "sa.Connection", folder: Path) -> QueryPiece:
        delivered = database.subject(self.contract, self.server)
        names = database.names_in(connection, delivered)
        require_columns(self._where(key), [(name, None) for name in names], self.contract)
        database.require_watermark(names, self.contract, self.server)
        batches = rows.of_day(connection, delivered, key)
        written = list(write_files(folder, batches, arrow_schema(self.contract)))
        if not rows.mark.rows:
            raise SourceMissing(f"{self._where(key)} has no rows; run the partition again when it has.")
        files = tuple(
            LocalFile(file.name, self._where(key), file.path, settled=True, stamp=stamp_of(file.path))
            for file in written
        )
        digest = sha256("".join(file.sha256 for file in written).encode())
        return QueryPiece(key, self._where(key), digest, files, tuple(names))

    def _where(self, key: str) -> str:
        table = ".".join(part for part in (self.server.table_schema, self.server.table) if part) or "the query"
        return f"{table} in the database of {self.contract.source!r} for {key}"
