"""Parquet files of any size, batch by batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.contracts import Contract, arrow_schema
from driftgate.errors import SourceBroken, SourceUnready
from driftgate.sources.bounds import Unpacked, refuse_too_many_columns
from driftgate.sources.delivery import BATCH_ROWS, Shape
from driftgate.sources.places import LocalFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
BUFFER_BYTES = 2**20  # pages are read one after the other, so a large row group need not fit into memory
PLAIN_STRING_BYTES = 4  # what a value takes at least where values stand one after the other


@dataclass(frozen=True)
class ParquetPiece:
    """One delivered file, or the files that the rows of a query were written to."""

    name: str
    where: str
    sha256: str
    files: tuple[LocalFile, ...]

    def shape(self) -> Shape:
        found: Shape = []
        for file in self.files:
            with _sentences(file), _opened(file) as parquet:
                refuse_too_many_columns(file.where, parquet.schema_arrow.names)
                Unpacked(file.where, file.path.stat().st_size).count(_declared_bytes(parquet.metadata))
                found = [(field.name, _logical(field.type)) for field in parquet.schema_arrow]
        return found

    def batches(self, contract: Contract) -> "Iterator[pa.RecordBatch]":
        schema = arrow_schema(contract)
        for file in self.files:
            unpacked = Unpacked(file.where, file.path.stat().st_size)
            with _sentences(file), _opened(file) as parquet:
                for batch in parquet.iter_batches(BATCH_ROWS, columns=schema.names):
                    unpacked.count(_unpacked_bytes(batch))
                    yield batch.select(schema.names).cast(schema)
            file.require_unchanged()


@contextmanager
def _opened(file: LocalFile) -> "Iterator[pq.ParquetFile]":
    import pyarrow.parquet as pq

    _require_whole(file)
    options: dict[str, Any] = {"buffer_size": BUFFER_BYTES, "pre_buffer": False}
    with pq.ParquetFile(file.path, **options) as parquet:
        compact = _compact_strings(parquet.metadata)
        metadata = parquet.metadata
        if not compact:
            yield parquet
            return
    with pq.ParquetFile(file.path, metadata=metadata, read_dictionary=compact, **options) as parquet:
        yield parquet


def _require_whole(file: LocalFile) -> None:
    size = file.path.stat().st_size
    begin, end = _ends(file.path)
    if begin == MAGIC and end == MAGIC and size > 2 * len(MAGIC):
        return
    if not file.settled and (begin == MAGIC or size < len(MAGIC)):
        raise SourceUnready(f"{file.where} ({size} bytes) has no end: it is still being written or torn.")
    raise _not_whole(file, "it does not begin and end as one")


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as opened:
        begin = opened.read(len(MAGIC))
        opened.seek(max(0, path.stat().st_size - len(MAGIC)))
        return begin, opened.read()


@contextmanager
def _sentences(file: LocalFile) -> Iterator[None]:
    """Turn what the library says about damaged bytes into a sentence; an error of the disk goes through."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise _not_whole(file, str(error).splitlines()[0]) from None


def _not_whole(file: LocalFile, why: str) -> SourceBroken:
    return SourceBroken(
        f"{file.where} ({file.path.stat().st_size} bytes) is not a whole Parquet file ({why}); have the source deliver "
        "it again, then run the partition again."
    )


def _declared_bytes(metadata: "pq.FileMetaData") -> int:
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _compact_strings(metadata: "pq.FileMetaData") -> list[str]:
    """Return the text columns whose values are stored once for many rows.

    They are read as they are stored: unpacked, a single long value could fill the memory.
    """
    bytes_of: dict[str, list[int]] = {}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            if chunk.physical_type == "BYTE_ARRAY":
                found = bytes_of.setdefault(chunk.path_in_schema, [0, 0])
                found[0] += chunk.total_uncompressed_size
                found[1] += chunk.num_values
    return sorted(name for name, (size, values) in bytes_of.items() if size < PLAIN_STRING_BYTES * values)


def _unpacked_bytes(batch: "pa.RecordBatch") -> int:
    """Return how many bytes ``batch`` will have when each row holds its own text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    total = int(batch.nbytes)
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
            total += pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0
    return total


def _logical(kind: "pa.DataType") -> "pa.DataType":
    """Return the type of the values, however they are laid out."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _logical(kind.value_type)
    text = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return pa.string() if text else kind
