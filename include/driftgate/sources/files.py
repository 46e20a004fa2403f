"""Files in a folder or a bucket, one or several per partition, as a source."""

from collections.abc import Iterator
from contextlib import contextmanager

from driftgate.contracts import Contract, Files
from driftgate.errors import SourceMissing
from driftgate.lake.parquet import digest_of
from driftgate.settings import settings
from driftgate.sources.csv_files import CsvPiece
from driftgate.sources.delivery import Delivery, Piece
from driftgate.sources.parquet_files import ParquetPiece
from driftgate.sources.places import LocalFile, Place, open_place

KEY = "{key}"


class FileSource:
    """A source that drops Parquet or CSV files where the contract says."""

    def __init__(self, contract: Contract, server: Files) -> None:
        self.contract, self.server = contract, server

    @contextmanager
    def deliver(self, key: str) -> Iterator[Delivery]:
        place, pattern = self._place(), self.server.path.replace(KEY, key)
        with place.fetch(pattern) as files:
            if not files:
                raise SourceMissing(
                    f"{place.where(pattern)} does not exist: the source {self.contract.source!r} has not delivered "
                    f"{self.contract.name} for {key}; have it delivered, then run the partition again."
                )
            yield Delivery([self._piece(file) for file in files])

    def _place(self) -> Place:
        if self.server.location == "s3":
            return open_place(f"s3://{self.server.bucket}", self.server.endpoint_url)
        return open_place(settings().drop)

    def _piece(self, file: LocalFile) -> Piece:
        name = file.name.removeprefix(f"{self.contract.source}/{self.contract.name}/")
        if self.server.format == "csv":
            return CsvPiece(name, file, digest_of(file.path))
        return ParquetPiece(name, file.where, digest_of(file.path), (file,))
