"""The rows of one partition, read as often as they are needed and never in memory all at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts.contract import Contract
from driftgate.contracts.schema import arrow_schema
from driftgate.errors import ContractBroken
from driftgate.lake import Manifest, Store, read_batches, read_manifest, schema_digest

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Rows:
    """``batches(columns)`` begins to read anew, all columns or some; rows are numbered from 0 in that order."""

    schema: "pa.Schema"
    count: int
    batches: "Callable[[Sequence[str] | None], Iterator[pa.RecordBatch]]"

    def numbered(self, columns: Sequence[str] | None = None) -> "Iterator[tuple[int, pa.RecordBatch]]":
        """Yield batches, each with the number of its first row."""
        first = 0
        for batch in self.batches(columns):
            yield first, batch
            first += batch.num_rows


def rows_of(table: "pa.Table", *, batch_rows: int = BATCH_ROWS) -> Rows:
    """Return a table that is in memory as rows."""

    def batches(columns: Sequence[str] | None) -> "Iterator[pa.RecordBatch]":
        yield from (table if columns is None else table.select(columns)).to_batches(batch_rows)

    return Rows(table.schema, table.num_rows, batches)


def read_raw(store: Store, contract: Contract, key: str) -> tuple[Manifest, Rows]:
    """Return the manifest and the rows of a raw partition, which have the columns of ``contract``.

    :raises ContractBroken: they have other columns: the contract has changed since they were ingested
    """
    raw = read_manifest(store, uris.partition("raw", contract.name, key))
    schema = arrow_schema(contract)
    if raw.schema_sha256 != schema_digest(schema):
        raise ContractBroken(
            f"{store.uri(raw.path)} was ingested under {raw.contract} and has not the columns of {contract.label}; "
            "run the partition's ingest task again."
        )
    return raw, Rows(schema, raw.rows, lambda columns: read_batches(store, raw, columns=columns, rows=BATCH_ROWS))
