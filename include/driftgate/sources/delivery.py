"""What a source delivers for one partition: the port that every kind of source fits into."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from driftgate.contracts import Contract
from driftgate.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536
Shape = list[tuple[str, "pa.DataType | None"]]
"""The columns of a piece in their order; text that is yet to be parsed (CSV) has no types."""


class Piece(Protocol):
    """One part of a delivery, known by its hash and read as often as needed."""

    @property
    def name(self) -> str:
        """Its name below the dataset, as lineage writes it: ``2013-04-01.parquet``."""

    @property
    def where(self) -> str:
        """Its address, as a sentence for a person names it."""

    @property
    def sha256(self) -> str:
        """The hash of what was delivered."""

    def shape(self) -> Shape:
        """Return its columns without reading its rows.

        :raises SourceBroken: it is not what it should be
        :raises SourceUnready: it is still being written
        """

    def batches(self, contract: Contract) -> "Iterator[pa.RecordBatch]":
        """Yield the columns of ``contract`` in their order; memory does not grow with the rows.

        :raises SourceBroken: a part of it cannot be read, or is not of the promised type
        :raises SourceUnready: it was changed while it was read
        """


@dataclass(frozen=True)
class Delivery:
    """The pieces of one partition, in the order in which their rows are published.

    ``taken`` is to be called once they are published: what is called before is lost when publishing fails.
    """

    pieces: Sequence[Piece]
    taken: Callable[[], None] = lambda: None


class Source(Protocol):
    """Where the partitions of one dataset come from."""

    def deliver(self, key: str) -> AbstractContextManager[Delivery]:
        """Give what was delivered for one partition; its pieces can be read until the context ends.

        :raises SourceMissing: nothing was
        :raises SourceUnready: it is still being written, or the source does not answer
        """


def open_source(contract: Contract) -> Source:
    """Return the source that the server of ``contract`` describes."""
    from driftgate.contracts import Files

    if isinstance(contract.server, Files):
        from driftgate.sources.files import FileSource

        return FileSource(contract, contract.server)
    from driftgate.sources.sql import SqlSource

    return SqlSource(contract, contract.server)


def delivery_file(source: str, dataset: str, key: str) -> Path:
    """Return the path of the file that a source of one Parquet file a day drops for one partition."""
    return Path(settings().drop) / source / dataset / f"{key}.parquet"
