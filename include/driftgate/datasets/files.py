"""Sets of files (pictures, documents) as dataset versions, under the same tags as the sets of rows."""

import json
import re
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from driftgate.datasets.dvc import DvcFailed, configure, remote_refused, track, upload
from driftgate.datasets.packs import Packed, files_of, pack, stored_file, unpack
from driftgate.datasets.removal import data_are_back, removal_of
from driftgate.datasets.repository import Clone
from driftgate.datasets.restore import fetch_object, refuse_other_bytes, refuse_used, scratch_clone
from driftgate.datasets.version import VERSION, FilesVersion, StoredFile, named_files
from driftgate.errors import ConfigError
from driftgate.lake.parquet import digest_of
from driftgate.partition_keys import parse_key
from driftgate.records import parse_record
from driftgate.use_cases import use_case_names

INDEX = "index.jsonl"
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def publish_files(folder: Path, name: str, key: str) -> FilesVersion:
    """Return the version of the files below ``folder`` as they are on the day ``key``; make it where there is none.

    The same files give the same version. Until its tag is pushed, which comes last, nothing is visible.

    :raises ConfigError: ``name``, ``key`` or something in ``folder`` cannot be published, or the data repository or the
        DVC remote refuses what it is given
    """
    _refuse_name(name)
    parse_key(key)
    names = files_of(folder)
    with scratch_clone() as clone:
        version = _packed(folder, names, clone.folder / "data", {"dataset": name, "key": key})
        if version.tag not in clone.tags() or removal_of(version.name):
            _publish(clone, version)
    return version


def get_files(version: FilesVersion, target: Path) -> Path:
    """Restore the files of a version into ``target`` and return it; it appears once every byte is verified.

    :raises ConfigError: ``target`` is not a new or empty folder, or the remote lacks the data
    :raises SourceMissing: the data were removed
    :raises Tampered: the remote's bytes are not those that were published
    """
    refuse_used(target, version.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".driftgate-", dir=target.parent) as scratch:
        files = Path(scratch) / "files"
        files.mkdir()
        index = _fetched(version, INDEX, version.index, Path(scratch))
        for name, entries in groupby(_entries(index), key=lambda entry: entry.pack):
            archive = _fetched(version, name, version.packs[name], Path(scratch))
            unpack(archive, entries, files)
            archive.unlink()
        if target.exists():
            target.rmdir()
        files.rename(target)
    return target


def _refuse_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a set of files; use small letters, digits and '_', as in 'pictures'."
        )
    if name in use_case_names():
        raise ConfigError(f"{name!r} is a use case, whose versions are made by its retrain DAG; choose another name.")


def _packed(folder: Path, names: list[str], data: Path, about: dict[str, str]) -> FilesVersion:
    """Write archives, index and record into ``data``, and return the record."""
    data.mkdir()
    size, packs = 0, {}
    with (data / INDEX).open("wb") as index:
        for archive, entries in pack(folder, names, data):
            index.writelines(entry.canonical() + b"\n" for entry in entries)
            size += sum(entry.bytes for entry in entries)
            packs[entries[0].pack] = archive
    content = {"schema_version": 1, **about, "files": len(names), "bytes": size}
    content |= {"index": stored_file(data / INDEX).model_dump()}
    version = named_files(content | {"packs": {name: file.model_dump() for name, file in packs.items()}})
    (data / VERSION).write_bytes(version.canonical())
    return version


def _publish(clone: Clone, version: FilesVersion) -> None:
    configure(clone.folder)
    try:
        for name, file in {INDEX: version.index, **version.packs}.items():
            track(clone.folder, f"data/{name}")
            upload(file.md5, clone.folder / "data" / name)
    except DvcFailed as error:
        raise remote_refused(version.name, error) from None
    clone.publish(version.tag, version.key)
    data_are_back(version.name)


def _fetched(version: FilesVersion, name: str, file: StoredFile, folder: Path) -> Path:
    fetch_object(version.name, file.md5, folder / name)
    refuse_other_bytes(version.name, name, digest_of(folder / name), file.sha256)
    return folder / name


def _entries(index: Path) -> Iterator[Packed]:
    with index.open("rb") as lines:
        for line in lines:
            yield parse_record(json.loads(line), Packed, where=INDEX)
