"""Rules that one batch cannot answer: keys that occur twice, and values that another dataset does not know.

Both answers are exact, and take a few bytes of memory per row: what does not fit goes to a folder.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.contracts.rows import Rows

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Hashes = NDArray[np.uint64]

MEMORY = "512MB"
ROW = " row"  # no column of a contract is named so


class Connection:
    """A database in memory that goes on in ``folder`` when there is not enough of it; opened when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: duckdb.DuckDBPyConnection | None = None

    def __call__(self) -> "duckdb.DuckDBPyConnection":
        """Return the connection."""
        import duckdb

        if self._open is None:
            folder = str(self.folder)
            self._open = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder, "threads": 2})
        return self._open

    def close(self) -> None:
        """Forget everything."""
        if self._open:
            self._open.close()


def repeated_rows(rows: Rows, columns: Sequence[str], database: Connection) -> "Mask":
    """Return, for each row, whether another one has the same values in ``columns``; a missing value makes no key.

    Sorting 64-bit hashes finds the few rows that may have a twin; only these are compared by value.
    """
    import numpy as np

    mask, connection = np.zeros(rows.count, dtype=np.bool_), database()
    hashes, known = _hashes(connection, rows, columns)
    suspects = _repeated(hashes[known])
    if not len(suspects):
        return mask

    def wanted(first: int, size: int) -> "Mask":
        part = slice(first, first + size)
        places = np.minimum(np.searchsorted(suspects, hashes[part]), len(suspects) - 1)
        found: Mask = (suspects[places] == hashes[part]) & known[part]
        return found

    _load_suspects(connection, rows, columns, wanted)
    names = ", ".join(f'"{name}"' for name in columns)
    repeated = f"SELECT {names} FROM suspects GROUP BY {names} HAVING count(*) > 1"  # noqa: S608  names of a contract
    _mark(mask, connection, f'SELECT "{ROW}" FROM suspects SEMI JOIN ({repeated}) USING ({names})')  # noqa: S608
    return mask


def unknown_rows(rows: Rows, column: str, known: "Iterator[pa.RecordBatch]", database: Connection) -> "Mask":
    """Return, for each row, whether its value in ``column`` is there and not among ``known``, batches of one column."""
    import numpy as np
    import pyarrow as pa

    mask, connection = np.zeros(rows.count, dtype=np.bool_), database()
    value = pa.schema([pa.field("value", rows.schema.field(column).type)])
    numbered = pa.schema([*value, pa.field(ROW, pa.int64())])
    batches = (pa.RecordBatch.from_arrays([comparable(batch.column(0))], schema=value) for batch in known)
    connection.register("delivered", pa.RecordBatchReader.from_batches(value, batches))
    connection.execute("CREATE OR REPLACE TEMP TABLE known AS SELECT DISTINCT value FROM delivered")
    ours = (_numbered(first, batch, numbered) for first, batch in rows.numbered([column]))
    connection.register("ours", pa.RecordBatchReader.from_batches(numbered, ours))
    _mark(mask, connection, f'SELECT "{ROW}" FROM ours ANTI JOIN known USING (value) WHERE value IS NOT NULL')  # noqa: S608
    return mask


def comparable(column: Any) -> Any:
    """Return ``column`` as values that are equal when a person would say so; a NaN is a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    column = pc.add(column, 0.0)  # makes -0.0 a 0.0, which Arrow holds for another value
    return pc.if_else(pc.is_nan(column), None, column) if pc.any(pc.is_nan(column)).as_py() else column


def _hashes(connection: "duckdb.DuckDBPyConnection", rows: Rows, columns: Sequence[str]) -> "tuple[Hashes, Mask]":
    """Return the hash of each row's key, and whether the key is complete."""
    import numpy as np
    import pyarrow as pa

    hashes, known = np.empty(rows.count, dtype=np.uint64), np.ones(rows.count, dtype=np.bool_)
    names = ", ".join(f'"{name}"' for name in columns)
    for first, batch in rows.numbered(columns):
        keys = pa.table([comparable(column) for column in batch.columns], names=list(columns))
        connection.register("keys", keys)
        part = slice(first, first + batch.num_rows)
        hashes[part] = connection.sql(f"SELECT hash({names}) AS hash FROM keys").fetchnumpy()["hash"]  # noqa: S608
        for column in keys.columns:
            if column.null_count:
                known[part] &= column.is_valid().to_numpy()
    return hashes, known


def _repeated(hashes: "Hashes") -> "Hashes":
    """Return the values that occur more than once, in ascending order; ``hashes`` is changed."""
    hashes.sort()
    twice = hashes[1:][hashes[1:] == hashes[:-1]]
    first = twice[1:] != twice[:-1]
    repeated: Hashes = twice[[True, *first]] if len(twice) else twice
    return repeated


def _load_suspects(
    connection: "duckdb.DuckDBPyConnection",
    rows: Rows,
    columns: Sequence[str],
    wanted: "Callable[[int, int], Mask]",
) -> None:
    """Make a table of the wanted rows with their numbers; it may be larger than the memory."""
    import pyarrow as pa

    schema = pa.schema([*(rows.schema.field(name) for name in columns), pa.field(ROW, pa.int64())])
    batches = (
        _numbered(first, batch, schema).filter(pa.array(wanted(first, batch.num_rows)))
        for first, batch in rows.numbered(columns)
    )
    connection.register("wanted", pa.RecordBatchReader.from_batches(schema, batches))
    connection.execute("CREATE OR REPLACE TEMP TABLE suspects AS SELECT * FROM wanted")


def _numbered(first: int, batch: "pa.RecordBatch", schema: "pa.Schema") -> "pa.RecordBatch":
    import numpy as np
    import pyarrow as pa

    numbers = pa.array(np.arange(first, first + batch.num_rows))
    return pa.RecordBatch.from_arrays([*(comparable(column) for column in batch.columns), numbers], schema=schema)


def _mark(mask: "Mask", connection: "duckdb.DuckDBPyConnection", query: str) -> None:
    for batch in connection.sql(query).to_arrow_reader():
        mask[batch.column(0).to_numpy()] = True
