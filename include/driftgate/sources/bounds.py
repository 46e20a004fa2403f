"""How much a delivery may hold: what would grow without end when it is unpacked is refused before it does."""

from driftgate.errors import SourceBroken
from driftgate.settings import settings

MOST_RATIO = 1000  # honest data does not shrink a thousandfold,
RATIO_FROM_BYTES = 2**30  # and what stays small does no harm
MOST_COLUMNS = 2000
_GIB = 2**30


class Unpacked:
    """Counts the bytes of one piece as it is unpacked.

    :param where: the piece, for the sentence
    :param packed: how many bytes it has as a file
    """

    def __init__(self, where: str, packed: int) -> None:
        self.where, self.packed, self.bytes = where, packed, 0

    def count(self, more: int) -> None:
        """Count ``more`` bytes, which were unpacked or are announced.

        :raises SourceBroken: that is more than a partition may have, or too much for the size of the file
        """
        self.bytes += more
        if self.bytes > settings().ingest.max_bytes:
            raise SourceBroken(
                f"{self.where} unpacks to more than {settings().ingest.max_bytes / _GIB:.3g} GiB, which is more than a "
                "partition may have; have it delivered in more partitions, or raise 'ingest.max_bytes' in the settings."
            )
        if self.bytes > RATIO_FROM_BYTES and self.bytes > MOST_RATIO * self.packed:
            raise SourceBroken(
                f"{self.where} has {self.packed} bytes and unpacks to more than {self.bytes / _GIB:.3g} GiB, as a "
                "decompression bomb does; look at who delivered it."
            )


def refuse_too_many_columns(where: str, names: list[str]) -> None:
    """Refuse a piece that has more columns than any dataset.

    :raises SourceBroken: it has
    """
    if len(names) > MOST_COLUMNS:
        raise SourceBroken(
            f"{where} has {len(names)} columns, more than the {MOST_COLUMNS} that are read; have the source deliver "
            "the columns of the contract only."
        )
