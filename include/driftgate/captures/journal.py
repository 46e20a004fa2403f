"""The journal: captures on the local disk, written before the answer leaves, until the lake has them.

One process writes one folder. The open segment is ``<name>.open``; closing renames it to ``<name>.segment``, or
``<name>.<use case>.<day>.segment`` when all its lines are of one, and the shipper removes it once the lake has it. What
a killed process leaves is closed by the next one.

The guarantee: when ``append`` returns, the operating system has the lines, so no death of the process loses them. The
machine losing its power may, unless every append waits for the disk (``fsync``).
"""

import fcntl
import os
import threading
import time
from pathlib import Path
from uuid import uuid4

from driftgate.errors import ConfigError, DriftgateError

MAX_AGE_SECONDS = 0.25
MAX_SEGMENT_BYTES = 16_000_000
# About half a million captures of the sample: an hour without the lake at 150 requests a second.
MAX_WAITING_BYTES = 500_000_000


class JournalFull(DriftgateError):
    """The captures of an answer cannot be written, so the answer must not leave."""


class Journal:
    """The journal in ``folder``; safe to use from several threads.

    :param fsync: wait for the disk at every append, so that a loss of power loses nothing either
    :raises ConfigError: another process writes it
    """

    def __init__(self, folder: Path, *, max_waiting_bytes: int = MAX_WAITING_BYTES, fsync: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.max_waiting_bytes, self.fsync = folder, max_waiting_bytes, fsync
        self._owner = _own(folder)
        self._lock = threading.Lock()
        self._ended = False
        self._file: int | None = None
        self._name, self._opened_at, self._open_bytes = "", 0.0, 0
        self._places: set[str] = set()
        for left in folder.glob("*.open"):
            left.rename(left.with_suffix(".segment"))
        self._closed_bytes = sum(path.stat().st_size for path in self.segments())

    def append(self, lines: bytes, place: str = "") -> None:
        """Write whole lines; when this returns, the death of the process cannot lose them.

        :param place: ``<use case>.<day>`` of all the lines; empty when they are of several
        :raises JournalFull: the disk, or the bound on what waits for the lake, is full; nothing was written
        """
        with self._lock:
            if self._ended:
                raise JournalFull(f"The journal {self.folder} is closed: the endpoint is stopping; ask again.")
            if self._closed_bytes + self._open_bytes + len(lines) > self.max_waiting_bytes:
                raise JournalFull(
                    f"The journal {self.folder} is full: {self.max_waiting_bytes} bytes wait for the lake; make it "
                    "reachable, then the endpoint answers again by itself."
                )
            self._places.add(place)
            self._write(lines)
            if self._open_bytes > MAX_SEGMENT_BYTES:
                self._close()

    def close_segment(self, *, older_than_seconds: float) -> None:
        """Close the open segment when it is old enough, so that it can be shipped."""
        with self._lock:
            if self._file is not None and time.monotonic() - self._opened_at >= older_than_seconds:
                self._close()

    def segments(self) -> list[Path]:
        """Return the closed segments, oldest first."""
        return sorted(self.folder.glob("*.segment"))

    def remove(self, segment: Path) -> None:
        """Forget a closed segment that the lake has."""
        size = segment.stat().st_size
        segment.unlink()
        with self._lock:
            self._closed_bytes -= size

    def set_aside(self, segment: Path) -> Path:
        """Keep a closed segment that can never be shipped under another name, and return its path."""
        size = segment.stat().st_size
        with self._lock:
            self._closed_bytes -= size
        return segment.rename(segment.with_suffix(".broken"))

    @property
    def waiting_bytes(self) -> int:
        """How much waits for the lake."""
        return self._closed_bytes + self._open_bytes

    def close(self) -> None:
        """Close the open segment and let another process have the journal."""
        with self._lock:
            self._close()
            self._ended = True
        os.close(self._owner)

    def _open(self) -> int:
        if self._file is None:
            self._name, self._opened_at = f"{time.time_ns()}-{uuid4().hex[:8]}", time.monotonic()
            path = self.folder / f"{self._name}.open"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            if self.fsync:
                _sync_folder(self.folder)  # the file's name must not be lost either
        return self._file

    def _write(self, lines: bytes) -> None:
        try:
            file = self._open()
            written = os.write(file, lines)
        except OSError as error:
            raise JournalFull(f"The journal {self.folder} cannot be written ({error}); mend its disk.") from None
        if written != len(lines):
            os.ftruncate(file, self._open_bytes)
            raise JournalFull(f"The disk of the journal {self.folder} is full; make room on it.")
        self._open_bytes += written
        if self.fsync:
            self._sync(file)

    def _sync(self, file: int) -> None:
        try:
            os.fsync(file)
        except OSError as error:
            raise JournalFull(f"The journal {self.folder} cannot be synced ({error}); mend its disk.") from None

    def _close(self) -> None:
        if self._file is None:
            return
        os.close(self._file)
        self._closed_bytes += self._open_bytes
        self._file, self._open_bytes = None, 0
        (place,) = self._places if len(self._places) == 1 else ("",)
        stem = f"{self._name}.{place}" if place else self._name
        self._places.clear()
        (self.folder / f"{self._name}.open").rename(self.folder / f"{stem}.segment")


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _own(folder: Path) -> int:
    """Lock the folder for this process; the operating system lets go when the process ends, however it ends."""
    owner = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(owner)
        raise ConfigError(
            f"Another endpoint writes the journal {folder}; stop it, or give this one a 'journal' of its own in the "
            "settings file."
        ) from None
    return owner
