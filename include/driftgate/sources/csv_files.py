"""CSV files of any size, plain or packed (gz, zst), batch by batch. Values are parsed strictly, nothing is guessed."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from driftgate.contracts import Contract, arrow_schema
from driftgate.errors import SourceBroken, SourceUnready
from driftgate.sources.bounds import Unpacked
from driftgate.sources.delivery import Shape
from driftgate.sources.places import LocalFile
from driftgate.sources.shape import contract_type

if TYPE_CHECKING:
    import pyarrow as pa

PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
BLOCK_BYTES = 4 * 2**20  # and the longest line that is read
EXPECTED = {
    "string": "text in UTF-8",
    "int32": "a whole number of 32 bits",
    "int64": "a whole number of 64 bits",
    "double": "a number with a decimal point",
    "bool": "true or false",
    "date32": "a date, as 2013-04-01",
    "timestamp[us]": "a time without a zone, as 2013-04-01 08:30:00",
}
AGAIN = "have the source deliver it again, then run the partition again"
LONGEST_VALUE = 40  # characters of a wrong value that a sentence shows


@dataclass(frozen=True)
class CsvPiece:
    """One delivered file of comma-separated values with a header."""

    name: str
    file: LocalFile
    sha256: str

    @property
    def where(self) -> str:
        return self.file.where

    def shape(self) -> Shape:
        if not self.file.settled:
            raise SourceUnready(
                f"{self.where} was written a moment ago and cannot say that it is whole; it is read when it has been "
                "left alone for 'ingest.settle_seconds', or when a file _SUCCESS or *.done is put beside it."
            )
        with _sentences(self, None), _opened(self.file) as text:
            line, end, _ = text.read(BLOCK_BYTES).partition(b"\n")
        if not end:
            raise SourceBroken(
                f"{self.where} has no end of line in its first {BLOCK_BYTES // 2**20} MiB: it is not CSV with a "
                f"header; {AGAIN}."
            )
        with _sentences(self, None):
            return [(name, None) for name in next(csv.reader([line.decode("utf-8-sig")]), [])]

    def batches(self, contract: Contract) -> "Iterator[pa.RecordBatch]":
        import pyarrow.csv as arrow_csv

        with _sentences(self, contract), _opened(self.file) as text:
            yield from arrow_csv.open_csv(text, **_options(arrow_schema(contract)))
            text.require_end()
        self.file.require_unchanged()


class _Text(io.RawIOBase):
    """The unpacked bytes of a file, counted as they are read."""

    def __init__(self, stream: "pa.NativeFile", file: LocalFile) -> None:
        self.stream, self.unpacked = stream, Unpacked(file.where, file.path.stat().st_size)
        self.last, self.quotes = b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.stream.read(size)
        self.unpacked.count(len(data))
        self.quotes += data.count(b'"')
        self.last = data[-1:] or self.last
        return data

    def require_end(self) -> None:
        """Check that the text does not break off, which CSV itself cannot tell.

        :raises SourceBroken: it does
        """
        torn = "its last line has no end" if self.last != b"\n" else "a quote is not closed" if self.quotes % 2 else ""
        if torn:
            raise SourceBroken(f"{self.unpacked.where} is torn: {torn}; {AGAIN}.")


@contextmanager
def _opened(file: LocalFile) -> Iterator[_Text]:
    import pyarrow as pa

    with pa.input_stream(str(file.path), compression=PACKED.get(PurePath(file.name).suffix)) as stream:
        yield _Text(stream, file)


def _options(schema: "pa.Schema") -> dict[str, Any]:
    import pyarrow.csv as arrow_csv

    return {
        # Without threads the messages have the number of the row.
        "read_options": arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        "parse_options": arrow_csv.ParseOptions(newlines_in_values=True),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=schema,
            include_columns=schema.names,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    }


@contextmanager
def _sentences(piece: CsvPiece, contract: Contract | None) -> Iterator[None]:
    """Turn what the libraries say about the bytes into a sentence; an error of the disk goes through."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise SourceBroken(f"{piece.where} {_what(str(error), piece, contract)}; {AGAIN}.") from None


def _what(message: str, piece: CsvPiece, contract: Contract | None) -> str:
    """Return what is wrong; of the message of the library only what cannot be a value that must not be shown."""
    if contract and (found := re.match(r"In CSV column #(\d+): Row #(\d+): CSV conversion error", message)):
        name = [name for name, _ in piece.shape()][int(found[1])]
        value = re.search(r"'(.*)'$", message, re.DOTALL)
        shown = "" if not value or name in contract.masked else f", found {value[1][:LONGEST_VALUE]!r}"
        return f"cannot be read: row {found[2]} (the header is row 1), column {name!r}: expected " + (
            f"{EXPECTED[contract_type(contract, name)]}{shown}"
        )
    if found := re.match(r"CSV parse error: Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        return f"cannot be read: row {found[1]} (the header is row 1) has {found[3]} values, the header has {found[2]}"
    if "straddles two block boundaries" in message:
        return f"has a line that is longer than {BLOCK_BYTES // 2**20} MiB"
    if packed := PACKED.get(PurePath(piece.file.name).suffix):
        return f"is torn or not packed as {packed}: it cannot be unpacked to its end"
    return "is not CSV in UTF-8"
