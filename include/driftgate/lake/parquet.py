"""Rows as Parquet files: equal rows give equal bytes, in whatever pieces they come."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 262_144  # one row group is what has to fit into memory
FILE_ROWS = 4 * GROUP_ROWS
COMPRESSION = "zstd"


@dataclass(frozen=True)
class WrittenFile:
    """A finished file; its name comes from its content."""

    path: Path
    name: str
    rows: int
    bytes: int
    sha256: str


def write_files(
    folder: Path, rows: "pa.Table | Iterable[pa.RecordBatch]", schema: "pa.Schema"
) -> Iterator[WrittenFile]:
    """Yield files of at most ``FILE_ROWS`` rows, each when it is done; without any row, one file without rows."""
    import pyarrow.parquet as pq

    path, schema = folder / "rows.parquet", schema.remove_metadata()
    writer, written = None, 0
    for group in _groups(rows, schema):
        writer = writer or pq.ParquetWriter(path, schema, compression=COMPRESSION)
        writer.write_table(group, row_group_size=GROUP_ROWS)
        written += group.num_rows
        if written >= FILE_ROWS:
            writer.close()
            yield _finished(path, written)
            writer, written = None, 0
    if writer:
        writer.close()
        yield _finished(path, written)


def to_parquet(table: "pa.Table") -> bytes:
    """Return ``table`` as the bytes of one Parquet file; equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(), sink, compression=COMPRESSION, row_group_size=GROUP_ROWS
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def write_one(path: Path, tables: "Iterable[pa.Table]") -> None:
    """Write tables of one schema, at least one, as one file; memory does not grow with their number."""
    import pyarrow.parquet as pq

    parts = iter(tables)
    first = next(parts)
    schema = first.schema.remove_metadata()
    batches = (batch for table in chain([first], parts) for batch in table.to_batches(GROUP_ROWS))
    with pq.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
        for group in _groups(batches, schema):
            writer.write_table(group, row_group_size=GROUP_ROWS)


def digest_of(path: Path) -> str:
    """Return the sha256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _groups(rows: "pa.Table | Iterable[pa.RecordBatch]", schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Yield the rows in pieces of ``GROUP_ROWS``, the last one shorter, each column of a piece in one chunk."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    count, yielded = 0, False
    for batch in rows.to_batches(GROUP_ROWS) if isinstance(rows, pa.Table) else rows:
        while count + batch.num_rows >= GROUP_ROWS:
            waiting.append(batch.slice(0, GROUP_ROWS - count))
            batch, count = batch.slice(GROUP_ROWS - count), 0
            yield pa.Table.from_batches([_bare(part) for part in waiting], schema).combine_chunks()
            waiting, yielded = [], True
        if batch.num_rows:
            waiting.append(batch)
            count += batch.num_rows
    if waiting or not yielded:
        yield pa.Table.from_batches([_bare(part) for part in waiting], schema).combine_chunks()


def _bare(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Return ``batch`` without the metadata of its schema, which would change the bytes of the file."""
    return batch.replace_schema_metadata(None) if batch.schema.metadata else batch


def _finished(path: Path, rows: int) -> WrittenFile:
    digest = digest_of(path)
    named = path.with_name(f"{digest[:16]}.parquet")
    path.rename(named)
    return WrittenFile(named, named.name, rows, named.stat().st_size, digest)
