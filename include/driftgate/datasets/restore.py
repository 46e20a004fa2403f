"""Getting a dataset version back: from its tag and the DVC remote, every byte checked against the recorded hash."""

import tempfile
from pathlib import Path

from driftgate.datasets.dvc import DvcFailed, configure, run_dvc
from driftgate.datasets.repository import Clone
from driftgate.datasets.version import VERSION, DatasetVersion, read_version
from driftgate.errors import ConfigError, Tampered, nearest
from driftgate.lake.store import FolderStore
from driftgate.records import sha256
from driftgate.settings import home, settings


def list_versions(use_case_name: str) -> list[DatasetVersion]:
    """Return the dataset versions of a use case, by the last day of their window."""
    with tempfile.TemporaryDirectory(prefix="driftgate-list-") as scratch:
        clone = Clone(Path(scratch) / "clone")
        return [read_version(clone.show(tag, f"data/{VERSION}"), tag) for tag in clone.tags(f"{use_case_name}/")]


def load_version(name: str) -> DatasetVersion:
    """Return the record of the dataset version ``name``.

    :raises ConfigError: there is none of that name
    :raises Tampered: the record is not the one that the name was made from
    """
    with tempfile.TemporaryDirectory(prefix="driftgate-load-") as scratch:
        return _load(Clone(Path(scratch) / "clone"), name)


def get_version(name: str, target: Path) -> Path:
    """Restore ``rows.parquet`` and ``version.json`` of a dataset version into ``target`` and return it.

    Nothing is written before every byte is verified.

    :raises ConfigError: there is no such version, ``target`` is not a new or empty folder, or the remote lacks the data
    :raises Tampered: the remote's bytes are not those that were published
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} is not empty; name a new or an empty folder to restore {name} into.")
    _write(target, _pulled(name))
    return target


def version_files(name: str) -> Path:
    """Return the folder with ``rows.parquet`` and ``version.json`` of a dataset version in the local cache.

    Every call checks the files against the hashes recorded at the tag. A cached file that is missing or changed is
    restored anew: the cache is a copy, the remote is the truth.

    :raises ConfigError: there is no such version, or the remote lacks its data
    :raises Tampered: the remote's bytes are not those that were published
    """
    version, folder = load_version(name), home() / "datasets" / name
    if not _intact(version, folder):
        _write(folder, _pulled(name))
    return folder


def _load(clone: Clone, name: str) -> DatasetVersion:
    tags = clone.tags("")
    if name not in tags:
        raise ConfigError(f"There is no dataset version {name!r}{nearest(name, tags)}")
    return read_version(clone.show(name, f"data/{VERSION}"), name)


def _pulled(name: str) -> dict[str, bytes]:
    """Return the verified files of a version: its record, and the data that ``dvc pull`` brings."""
    with tempfile.TemporaryDirectory(prefix="driftgate-pull-") as scratch:
        clone = Clone(Path(scratch) / "clone")
        version = _load(clone, name)
        clone.check_out(name)
        configure(clone.folder, "config.local")  # the remote may have moved since the version was made
        try:
            run_dvc(clone.folder, "pull")
        except DvcFailed as error:
            raise ConfigError(
                f"The DVC remote {settings().dvc_remote} does not give the data of {name} ({error}); "
                "correct 'dvc_remote' in the settings file, or restore the remote."
            ) from None
        files = {file: (clone.folder / "data" / file).read_bytes() for file in version.files}
    for file, data in files.items():
        if sha256(data) != version.files[file]:
            raise Tampered(
                f"{file} of {name} in {settings().dvc_remote} is not the file that was published: its sha256 differs; "
                "restore the remote from a backup."
            )
    return {**files, VERSION: version.canonical()}


def _intact(version: DatasetVersion, folder: Path) -> bool:
    expected = {**version.files, VERSION: version.hash}
    paths = {folder / file: digest for file, digest in expected.items()}
    return all(path.is_file() and sha256(path.read_bytes()) == digest for path, digest in paths.items())


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write each file atomically: who reads beside us sees the old one or the new one."""
    for name, data in files.items():
        FolderStore(folder).write(name, data)
