"""Many small files in a few large ones: plain tar archives, and an index that says where in them each file is.

Equal files give equal archives: sorted by name, without owner, mode and time.
"""

import hashlib
import os
import stat
import tarfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from driftgate.datasets.version import StoredFile
from driftgate.errors import ConfigError, Tampered
from driftgate.records import Record

PACK_BYTES = 256 * 2**20
BLOCK = tarfile.BLOCKSIZE
CHUNK_BYTES = 2**20
LARGEST_USTAR_BYTES = 8 * 2**30


class Packed(Record):
    """Where one file is: the bytes from ``offset`` on in the archive ``pack``."""

    name: str
    pack: str
    offset: int
    bytes: int
    sha256: str


def files_of(folder: Path) -> list[str]:
    """Return the names of all files below ``folder``, as paths relative to it, sorted.

    :raises ConfigError: there are none, or something there is no plain file, or has a name that is not UTF-8
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder; name the folder that holds the files.")
    names = sorted(_names(folder, folder))
    if not names:
        raise ConfigError(f"{folder} has no files; name the folder that holds the files.")
    return names


def pack(
    folder: Path, names: Iterable[str], target: Path, pack_bytes: int = PACK_BYTES
) -> Iterator[tuple[StoredFile, list[Packed]]]:
    """Write the files ``names`` of ``folder`` into archives of about ``pack_bytes`` in ``target``; yield each
    with its index.

    Memory does not grow with the size of the files.
    """
    waiting = deque(names)
    number = 0
    while waiting:
        archive = _Archive(target / f"pack-{number:04}.tar")
        with archive.file:
            while waiting and archive.bytes < pack_bytes:
                archive.add(waiting[0], folder / waiting.popleft())
            archive.end()
        yield archive.stored, archive.index
        number += 1


def unpack(archive: Path, index: Iterable[Packed], target: Path) -> None:
    """Write the files that ``index`` names out of ``archive`` into ``target``.

    :raises Tampered: a file is not the one that the index names, or its name leads out of ``target``
    """
    with archive.open("rb") as source:
        for entry in index:
            path = target / _inside(entry.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            source.seek(entry.offset)
            if _copied(source, path, entry.bytes) != entry.sha256:
                raise Tampered(f"{entry.name} in {entry.pack} is not the file that was published: its sha256 differs.")


def stored_file(path: Path) -> StoredFile:
    """Return what identifies the file ``path`` in the DVC remote."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            sha256.update(chunk)
            md5.update(chunk)
    return StoredFile(sha256=sha256.hexdigest(), md5=md5.hexdigest(), bytes=path.stat().st_size)


class _Archive:
    """A tar archive that is written once, front to back, and hashed as it is."""

    def __init__(self, path: Path) -> None:
        self.name, self.file = path.name, path.open("wb")
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self.bytes = 0
        self.index: list[Packed] = []

    def add(self, name: str, path: Path) -> None:
        """Append the file ``path`` under ``name``: its bytes, without owner, mode and time."""
        with path.open("rb") as file:
            size, digest = os.fstat(file.fileno()).st_size, hashlib.sha256()
            pending = _header(name, size)
            offset, left = self.bytes + len(pending), size
            while left > 0:
                chunk = file.read(min(left, CHUNK_BYTES))
                if not chunk:
                    raise ConfigError(f"{path} became shorter while it was read; publish files that nobody writes.")
                digest.update(chunk)
                self._write(pending + chunk)
                pending, left = b"", left - len(chunk)
        self._write(pending + bytes(-size % BLOCK))
        self.index.append(
            Packed.model_construct(name=name, pack=self.name, offset=offset, bytes=size, sha256=digest.hexdigest())
        )

    def end(self) -> None:
        """Write the two empty blocks that end an archive."""
        self._write(bytes(2 * BLOCK))

    @property
    def stored(self) -> StoredFile:
        """What identifies the archive in the DVC remote."""
        return StoredFile(sha256=self.sha256.hexdigest(), md5=self.md5.hexdigest(), bytes=self.bytes)

    def _write(self, data: bytes) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.md5.update(data)
        self.bytes += len(data)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    short = name.isascii() and len(name) <= tarfile.LENGTH_NAME and size < LARGEST_USTAR_BYTES
    return info.tobuf(tarfile.USTAR_FORMAT if short else tarfile.PAX_FORMAT)  # the first is several times cheaper


def _names(folder: Path, root: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield from _names(Path(entry.path), root)
            elif not stat.S_ISREG(mode):
                raise ConfigError(f"{entry.path} is no plain file (a link or a device); put the file itself there.")
            else:
                yield _name_of(Path(entry.path), root)


def _name_of(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{root} has a file whose name {name!a} is not UTF-8; rename it.") from None
    return name


def _copied(source: BinaryIO, path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while size > 0 and (chunk := source.read(min(size, CHUNK_BYTES))):
            digest.update(chunk)
            file.write(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Tampered(f"The index names a file {name!r}, which would be written outside the folder; nothing is.")
    return path
