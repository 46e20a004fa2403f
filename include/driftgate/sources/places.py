"""Where files are dropped: a folder, or a prefix of a bucket. A file that is still being written is not seen."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from driftgate.errors import ConfigError, SourceUnready
from driftgate.settings import settings

HIDDEN = (".", "_")  # names that begin like this belong to whoever writes them
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")
DONE, DONE_SUFFIX = "_SUCCESS", ".done"  # markers: what they stand beside is whole


@dataclass(frozen=True)
class LocalFile:
    """A delivered file on this machine.

    ``settled`` says whether it can be taken for whole: nobody has touched it for a while, or a marker says so.
    ``stamp`` is what changes when the file is written again.
    """

    name: str
    where: str
    path: Path
    settled: bool
    stamp: tuple[int, int, int]

    def require_unchanged(self) -> None:
        """Check that what was read is what was found.

        :raises SourceUnready: the file was written again
        """
        if not self.path.exists() or stamp_of(self.path) != self.stamp:
            raise SourceUnready(f"{self.where} was changed while it was read; it is read again when that is done.")


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written again."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


class Place(Protocol):
    """Where a source drops its files."""

    def where(self, pattern: str) -> str:
        """Return the full address of ``pattern``."""

    def fetch(self, pattern: str) -> AbstractContextManager[list[LocalFile]]:
        """Give the files whose path fits ``pattern``, whose last part may have ``*``, in the order of their names.

        :raises SourceUnready: one of them is still being written
        """


def open_place(address: str, endpoint_url: str | None = None) -> Place:
    """Return the place at ``address``: a folder, or ``s3://bucket/prefix``."""
    parts = urlsplit(address)
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(parts.netloc, parts.path.strip("/"), endpoint_url)
    if parts.scheme in ("", "file"):
        return Folder(Path(parts.path))
    raise ConfigError(f"The drop {address!r} is neither a folder nor s3://bucket; correct 'drop' in the settings.")


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, pattern: str) -> str:
        return str(self.root / pattern)

    @contextmanager
    def fetch(self, pattern: str) -> Iterator[list[LocalFile]]:
        folder, last = (self.root / pattern).parent, Path(pattern).name
        try:
            names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
        except (FileNotFoundError, NotADirectoryError):
            names = []
        for name in names:
            if _will_fit(name, last) and _age_seconds(folder / name) < settings().ingest.settle_seconds:
                raise SourceUnready(f"{folder / name} is still being written; the partition is read when it is done.")
        fitting = [folder / name for name in names if _fits(name, last)]
        yield [
            LocalFile(str(path.relative_to(self.root)), str(path), path, _is_settled(path, names), stamp_of(path))
            for path in fitting
        ]


class Bucket:
    """A prefix of an S3 bucket. An object is there when all of it is; it is copied here to be read."""

    def __init__(self, bucket: str, prefix: str, endpoint_url: str | None) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.client = _client(endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))

    def where(self, pattern: str) -> str:
        return f"s3://{self.bucket}/{self._key(pattern)}"

    @contextmanager
    def fetch(self, pattern: str) -> Iterator[list[LocalFile]]:
        with tempfile.TemporaryDirectory(prefix="driftgate-delivery-") as folder:
            yield [self._copy(name, Path(folder) / f"{number:06d}") for number, name in enumerate(self._names(pattern))]

    def _names(self, pattern: str) -> list[str]:
        folder, _, last = self._key(pattern).rpartition("/")
        prefix = f"{folder}/{last.split('*', 1)[0]}" if folder else last.split("*", 1)[0]
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        except self.client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("NoSuchBucket", "AccessDenied", "403"):
                raise ConfigError(
                    f"{self.where(pattern)} cannot be listed ({code}); correct the bucket in the contract or the "
                    "settings, or the rights of this task."
                ) from None
            raise
        inside = [key for key in keys if key.rpartition("/")[0] == folder and _fits(key.rpartition("/")[2], last)]
        return sorted(key.removeprefix(f"{self.prefix}/") if self.prefix else key for key in inside)

    def _copy(self, name: str, path: Path) -> LocalFile:
        self.client.download_file(self.bucket, self._key(name), str(path))
        return LocalFile(name, self.where(name), path, settled=True, stamp=stamp_of(path))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def _fits(name: str, pattern: str) -> bool:
    return not name.startswith(HIDDEN) and not name.endswith((*UNFINISHED, DONE_SUFFIX)) and fnmatchcase(name, pattern)


def _will_fit(name: str, pattern: str) -> bool:
    """Return whether a file will fit ``pattern`` once its writer gives it its real name."""
    if _fits(name, pattern) or name == DONE or name.endswith(DONE_SUFFIX):
        return False
    stem = name
    for suffix in UNFINISHED:
        stem = stem.removesuffix(suffix)
    return fnmatchcase(stem.lstrip("".join(HIDDEN)), pattern)


def _is_settled(path: Path, names: list[str]) -> bool:
    """Return whether nobody has touched the file for a while, or a marker that came after it says that it is done."""
    if _age_seconds(path) >= settings().ingest.settle_seconds:
        return True
    markers = [path.with_name(name) for name in (DONE, f"{path.name}{DONE_SUFFIX}") if name in names]
    return any(marker.stat().st_mtime_ns >= path.stat().st_mtime_ns for marker in markers)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # renamed a moment ago
        return 0.0


@cache
def _client(endpoint_url: str | None) -> Any:
    import boto3

    return boto3.client("s3", endpoint_url=endpoint_url)
