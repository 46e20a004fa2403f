"""The packages in memory: those that serve, and retired ones for a quick way back, all together under a cap.

What a package takes is estimated before it is loaded. Where there is no room, the retired package that was used longest
ago goes; then the load is refused, so that what serves goes on serving.
"""

import resource
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from driftgate.errors import DriftgateError

if TYPE_CHECKING:
    from driftgate.registry import Package

# While a model is read, its file is there as bytes and as text beside what is made of it. Measured on LightGBM models
# of 7 and 33 MB: 0.6 bytes stay per byte of the file.
BYTES_PER_FILE_BYTE = 3
MB = 1_000_000
MAX_RETIRED = 4


class NoRoom(DriftgateError):
    """A package would take more memory than the cap leaves."""


class _Held(NamedTuple):
    package: "Package"
    size: int


class Packages:
    """Loads each package once.

    :param load: returns a verified package that may serve (``registry.load_serving_package``)
    :param file_bytes: returns how many bytes the files of a version have, without reading them
    :param permit: raises when a retired version may not serve again (``registry.require_serving``)
    :param resident_bytes: returns what the process takes now
    """

    def __init__(
        self,
        load: "Callable[[str, str], Package]",
        file_bytes: Callable[[str, str], int],
        *,
        permit: Callable[[str, str], None],
        max_memory_mb: int,
        resident_bytes: "Callable[[], int] | None" = None,
    ) -> None:
        self._load, self._file_bytes, self._permit = load, file_bytes, permit
        self._max_bytes = max_memory_mb * MB
        self._resident_bytes = resident_bytes or process_bytes
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._serving: dict[str, frozenset[str]] = {}
        self._without_packages = 0  # what the process takes beside them, as last measured
        self._lock = threading.Lock()

    def get(self, use_case: str, version: str) -> "Package":
        """Return a package, loaded now unless it is there already; it stays until :meth:`serve` leaves it out.

        :raises NoRoom: it does not fit under the cap
        """
        with self._lock:
            held = self._held.get((use_case, version))
            if held is None:
                size = BYTES_PER_FILE_BYTE * self._file_bytes(use_case, version)
                self._make_room(size)
                held = self._held[use_case, version] = _Held(self._load(use_case, version), size)
                self._without_packages = max(0, self._resident_bytes() - self._size)
            elif version not in self._serving.get(use_case, ()):
                self._permit(use_case, version)
            self._held.move_to_end((use_case, version))
            self._serving[use_case] = self._serving.get(use_case, frozenset()) | {version}
            return held.package

    def serve(self, use_case: str, versions: Iterable[str]) -> None:
        """Say which versions of a use case serve from now on; the others are retired, and the last few stay."""
        with self._lock:
            self._serving[use_case] = frozenset(versions)
            for key in self._retired()[:-MAX_RETIRED]:
                del self._held[key]

    @property
    def _size(self) -> int:
        return sum(held.size for held in self._held.values())

    def _make_room(self, size: int) -> None:
        for key in self._retired():
            if self._fits(size):
                break
            del self._held[key]
        if not self._fits(size):
            taken = self._without_packages + self._size
            raise NoRoom(
                f"it takes about {size // MB:,} MB, and {taken // MB:,} of the {self._max_bytes // MB:,} MB of "
                "'endpoint.max_memory_mb' are taken; raise that, or end a shadow or a canary."
            )

    def _retired(self) -> list[tuple[str, str]]:
        """Return the packages that serve nowhere, the one that was used longest ago first."""
        return [key for key in self._held if key[1] not in self._serving.get(key[0], ())]

    def _fits(self, size: int) -> bool:
        return self._without_packages + self._size + size <= self._max_bytes


def process_bytes() -> int:
    """Return the resident memory of this process; where the system does not tell (macOS), the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()
