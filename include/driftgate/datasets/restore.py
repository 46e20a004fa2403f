"""Getting a dataset version back: from its tag and the DVC remote, every byte checked against the recorded hash."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftgate.datasets.dvc import DvcFailed, download
from driftgate.datasets.removal import removal_of
from driftgate.datasets.repository import Clone
from driftgate.datasets.version import ROWS, VERSION, AnyVersion, DatasetVersion, read_any, read_version
from driftgate.errors import ConfigError, SourceMissing, Tampered, nearest
from driftgate.lake.store import FolderStore
from driftgate.records import sha256
from driftgate.settings import home, settings


def list_versions(use_case_name: str) -> list[DatasetVersion]:
    """Return the dataset versions of a use case, by the last day of their window."""
    with scratch_clone() as clone:
        found = clone.read(clone.tags(f"{use_case_name}/"), f"data/{VERSION}")
    return [read_version(data, tag) for tag, data in found.items()]


def all_versions() -> list[AnyVersion]:
    """Return the versions of every use case and of every set of files, by name."""
    with scratch_clone() as clone:
        found = clone.read(clone.tags(), f"data/{VERSION}")
    return [read_any(data, tag) for tag, data in found.items()]


def versions_reading(path: str) -> list[DatasetVersion]:
    """Return the dataset versions that were made from something below ``path`` in the lake (``validated/flights``)."""
    return [
        version
        for version in all_versions()
        if isinstance(version, DatasetVersion)
        and any(source == path or source.startswith(f"{path}/") for source in version.sources)
    ]


def load_any(name: str) -> AnyVersion:
    """Return the record of the version ``name``, of rows or of files; see :func:`load_version`."""
    with scratch_clone() as clone:
        return read_any(file_at(clone, name, f"data/{VERSION}"), name)


def load_version(name: str) -> DatasetVersion:
    """Return the record of the dataset version ``name``.

    :raises ConfigError: there is none of that name
    :raises Tampered: the record is not the one that the name was made from
    """
    with scratch_clone() as clone:
        return read_version(file_at(clone, name, f"data/{VERSION}"), name)


def get_version(name: str, target: Path) -> Path:
    """Restore ``rows.parquet`` and ``version.json`` of a dataset version into ``target`` and return it.

    Nothing is written before every byte is verified.

    :raises ConfigError: there is no such version, ``target`` is not a new or empty folder, or the remote lacks the data
    :raises SourceMissing: the data were removed
    :raises Tampered: the remote's bytes are not those that were published
    """
    refuse_used(target, name)
    _write(target, _pulled(load_version(name)))
    return target


def version_files(name: str) -> Path:
    """Return the folder with ``rows.parquet`` and ``version.json`` of a dataset version in the local cache.

    Every call checks the files against the hashes recorded at the tag. A cached file that is missing or changed is
    restored anew: the cache is a copy, the remote is the truth.

    :raises ConfigError: there is no such version, or the remote lacks its data
    :raises SourceMissing: the data were removed
    :raises Tampered: the remote's bytes are not those that were published
    """
    version, folder = load_version(name), home() / "datasets" / name
    if not _intact(version, folder):
        _write(folder, _pulled(version))
    return folder


@contextmanager
def scratch_clone() -> Iterator[Clone]:
    """Open a clone of the data repository that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="driftgate-clone-") as scratch:
        yield Clone(Path(scratch) / "clone")


def file_at(clone: Clone, name: str, path: str) -> bytes:
    """Return a file's bytes as they are at the version ``name``.

    :raises ConfigError: there is no version of that name
    """
    tags = clone.tags()
    if name not in tags:
        raise ConfigError(f"There is no dataset version {name!r}{nearest(name, tags)}")
    return clone.read([name], path)[name]


def refuse_used(target: Path, name: str) -> None:
    """Refuse a ``target`` that is something else than a new or an empty folder."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} is not empty; name a new or an empty folder to restore {name} into.")


def fetch_object(name: str, md5: str, target: Path) -> None:
    """Fetch an object of the version ``name`` from the DVC remote into the file ``target``.

    :raises SourceMissing: it was removed on purpose
    :raises ConfigError: the remote does not give it
    """
    try:
        download(md5, target)
    except DvcFailed as error:
        if gone := removal_of(name):
            raise SourceMissing(
                f"The data of {name} were removed by {gone.actor} ({gone.reason}); prepare it again to have them back."
            ) from None
        raise ConfigError(
            f"The DVC remote {settings().dvc_remote} does not give the data of {name} ({error}); "
            "correct 'dvc_remote' in the settings file, or restore the remote."
        ) from None


def refuse_other_bytes(name: str, file: str, found: str, recorded: str) -> None:
    """Refuse a file of the version ``name`` whose sha256 is another one than was recorded."""
    if found != recorded:
        raise Tampered(
            f"{file} of {name} in {settings().dvc_remote} is not the file that was published: its sha256 differs; "
            "restore the remote from a backup."
        )


def _pulled(version: DatasetVersion) -> dict[str, bytes]:
    """Return the verified files of a version: its record, and its rows from the DVC remote."""
    with tempfile.TemporaryDirectory(prefix="driftgate-pull-") as scratch:
        fetch_object(version.name, version.dvc_md5, Path(scratch) / ROWS)
        rows = (Path(scratch) / ROWS).read_bytes()
    refuse_other_bytes(version.name, ROWS, sha256(rows), version.files[ROWS])
    return {ROWS: rows, VERSION: version.canonical()}


def _intact(version: DatasetVersion, folder: Path) -> bool:
    expected = {**version.files, VERSION: version.hash}
    paths = {folder / file: digest for file, digest in expected.items()}
    return all(path.is_file() and sha256(path.read_bytes()) == digest for path, digest in paths.items())


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write each file atomically: who reads beside us sees the old one or the new one."""
    for name, data in files.items():
        FolderStore(folder).write(name, data)
