"""The consumers of this endpoint, read again when their file changes; a broken file leaves those that were."""

import logging
from pathlib import Path

from driftgate.consumers import Directory, read_consumers
from driftgate.errors import DriftgateError
from driftgate.settings import environment

log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int] | None


class ConsumersFile:
    """Follows one file.

    :raises ConfigError: it is broken at the start
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self.problem: str | None = None
        self.directory = self._read()

    def follow(self) -> None:
        """Look whether the file changed, and read it then."""
        if (stamp := self._stamp()) == self._seen:
            return
        self._seen = stamp
        try:
            self.directory, self.problem = self._read(), None
            log.info("%s was read again.", self._path)
        except DriftgateError as error:
            self.problem = str(error)
            log.error("The consumers stay as they were, for their file is broken: %s", error)

    def _read(self) -> Directory:
        return Directory(read_consumers(self._path), environment())

    def _stamp(self) -> _Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
