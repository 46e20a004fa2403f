"""Object stores behind one port: a folder on a laptop, S3 on AWS."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from driftgate.errors import ConfigError, Conflict
from driftgate.settings import settings


@dataclass(frozen=True)
class StoredObject:
    """What a listing says about one object; ``written_at`` is in UTC."""

    path: str
    bytes: int
    written_at: datetime


class Store(Protocol):
    """A flat store of objects named by relative paths. Every write is atomic: a reader sees all of it or nothing."""

    def read(self, path: str) -> bytes:
        """Return an object's bytes; ``FileNotFoundError`` when there is none."""

    def write(self, path: str, data: bytes) -> None:
        """Create or replace an object."""

    def create(self, path: str, data: bytes) -> bool:
        """Create an object and return True, or return False and leave the existing one; one of many writers wins."""

    def scratch(self) -> AbstractContextManager[Path]:
        """Give an empty local folder to build large objects in; it is gone afterwards."""

    def upload(self, path: str, file: Path) -> None:
        """Create or replace an object from a file in :meth:`scratch`, which is used up; its size does not matter."""

    def local(self, path: str) -> AbstractContextManager[Path]:
        """Give a local file with an object's bytes, to be read only; ``FileNotFoundError`` when there is none."""

    def exists(self, path: str) -> bool:
        """Return whether there is an object at ``path``."""

    def list(self, prefix: str) -> list[str]:
        """Return the paths of all objects below the folder ``prefix``, sorted."""

    def objects(self, prefix: str) -> Sequence[StoredObject]:
        """Return size and time of each object below the folder ``prefix``, sorted by path."""

    def delete(self, path: str) -> None:
        """Remove an object; nothing happens when there is none."""

    def uri(self, path: str) -> str:
        """Return the full address of ``path``, as people and lineage write it."""


def lake() -> Store:
    """Return the lake of this environment."""
    return open_store(settings().lake)


def open_store(uri: str) -> Store:
    """Return the store at a ``file://`` or ``s3://`` address.

    :raises ConfigError: another kind of address
    """
    parts = urlsplit(uri)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FolderStore(Path(parts.path))
    if parts.scheme == "s3" and parts.netloc:
        return S3Store(parts.netloc, parts.path.strip("/"))
    raise ConfigError(f"The lake {uri!r} is neither file:///folder nor s3://bucket; correct 'lake' in the settings.")


class FolderStore:
    """A store in a folder. Atomicity comes from writing beside the target and renaming (or hard-linking) over it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except (IsADirectoryError, NotADirectoryError):  # a flat store knows no folders: there is no such object
            raise FileNotFoundError(self.uri(path)) from None

    def write(self, path: str, data: bytes) -> None:
        staged = self._stage(path, data)
        staged.replace(self.root / path)

    def create(self, path: str, data: bytes) -> bool:
        staged = self._stage(path, data)
        try:
            os.link(staged, self.root / path)  # fails when the target exists, so exactly one writer wins
        except FileExistsError:
            return False
        finally:
            staged.unlink()
        return True

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".scratch-", dir=self.root) as folder:  # same disk: upload only renames
            yield Path(folder)

    def upload(self, path: str, file: Path) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        if not self.exists(path):
            raise FileNotFoundError(self.uri(path))
        yield self.root / path

    def exists(self, path: str) -> bool:
        return (self.root / path).is_file()

    def list(self, prefix: str) -> list[str]:
        files = (file.relative_to(self.root) for file in (self.root / prefix).rglob("*") if file.is_file())
        return sorted(
            str(file) for file in files if not file.name.startswith(".") and not file.parts[0].startswith(".")
        )

    def objects(self, prefix: str) -> Sequence[StoredObject]:
        found = []
        for path in self.list(prefix):
            with suppress(FileNotFoundError):  # deleted since it was listed
                about = (self.root / path).stat()
                found.append(StoredObject(path, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC)))
        return found

    def delete(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def uri(self, path: str) -> str:
        return f"file://{self.root / path}"

    def _stage(self, path: str, data: bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".staged-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        return Path(name)


class S3Store:
    """A store under a prefix of an S3 bucket; ``create`` is a conditional put."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.client = _s3_client(os.environ.get("AWS_ENDPOINT_URL"))

    def read(self, path: str) -> bytes:
        try:
            body: bytes = self.client.get_object(Bucket=self.bucket, Key=self._key(path))["Body"].read()
        except self.client.exceptions.NoSuchKey:
            raise FileNotFoundError(self.uri(path)) from None
        return body

    def write(self, path: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self._key(path), Body=data)

    def create(self, path: str, data: bytes) -> bool:
        try:
            self.client.put_object(Bucket=self.bucket, Key=self._key(path), Body=data, IfNoneMatch="*")
        except self.client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed":
                return False
            if code == "ConditionalRequestConflict":  # another write is under way, and nobody knows yet which one wins
                raise Conflict(f"{self.uri(path)} is being written by another process; try again.") from error
            raise
        return True

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="driftgate-") as folder:
            yield Path(folder)

    def upload(self, path: str, file: Path) -> None:
        self.client.upload_file(str(file), self.bucket, self._key(path))
        file.unlink()

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        with self.scratch() as folder:
            try:
                self.client.download_file(self.bucket, self._key(path), str(folder / "object"))
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                    raise FileNotFoundError(self.uri(path)) from None
                raise
            yield folder / "object"

    def exists(self, path: str) -> bool:
        answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self._key(path), MaxKeys=1)
        return any(item["Key"] == self._key(path) for item in answer.get("Contents", []))

    def list(self, prefix: str) -> list[str]:
        return [item.path for item in self.objects(prefix)]

    def objects(self, prefix: str) -> Sequence[StoredObject]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._key(prefix) + "/"
        )
        found = [self._listed(item) for page in pages for item in page.get("Contents", [])]
        return sorted(found, key=lambda item: item.path)

    def delete(self, path: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(path))

    def uri(self, path: str) -> str:
        return f"s3://{self.bucket}/{self._key(path)}"

    def _listed(self, item: dict[str, Any]) -> StoredObject:
        key = item["Key"].removeprefix(f"{self.prefix}/") if self.prefix else item["Key"]
        return StoredObject(key, item["Size"], item["LastModified"].astimezone(UTC))

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path


@cache
def _s3_client(_: str | None) -> Any:
    """One client for the process and endpoint: making one takes a tenth of a second, and threads may share it."""
    import boto3

    return boto3.client("s3")
