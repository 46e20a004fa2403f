"""A copy of the records of the embedded backends, taken while they are in use.

The lake, the DVC remote and the journal are files: whatever copies files copies them. The private key that signs is
not part of a backup; the public ones are, so that what it signed is trusted where the backup is restored.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from driftgate.datasets.git import git
from driftgate.errors import ConfigError, Tampered
from driftgate.records import Record, parse_record, read_yaml, sha256
from driftgate.settings import home, settings, without_credentials

MANIFEST = "backup.json"
SQLITE = "sqlite:///"
DATABASES = ("metadata", "mlflow", "online")
REPOSITORY = "data_repository.bundle"
KEYS = "keys"


class Backup(Record):
    """The file ``backup.json``: each file with its sha256, and what has to be backed up by other means."""

    schema_version: int = 1
    files: dict[str, str]
    elsewhere: dict[str, str]

    @property
    def sentence(self) -> str:
        """What there is and what is not, for people."""
        others = "; ".join(f"{name} ({place})" for name, place in self.elsewhere.items())
        return f"{len(self.files)} files. Back up by their own means: {others}."


def create_backup(folder: Path) -> Backup:
    """Write a backup into a new folder. Its manifest comes last: a folder without one is no backup.

    :raises ConfigError: there is something in the folder, or it cannot be written
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty; name a new folder for the backup.")
    try:
        (folder / KEYS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror}); name another folder.") from None
    for name in DATABASES:
        if (source := _database(name)) and source.exists():
            _copy_database(source, folder / f"{name}.db")
    repository = Path(settings().data_repository)
    if (repository / "HEAD").exists() and git(repository, "for-each-ref", "--count=1"):
        git(repository, "bundle", "create", str((folder / REPOSITORY).absolute()), "--all")
    for key in (home() / KEYS).glob("*.pub.pem"):
        shutil.copyfile(key, folder / KEYS / key.name)
    files = {str(path.relative_to(folder)): sha256(path.read_bytes()) for path in _files(folder)}
    backup = Backup(files=files, elsewhere=_elsewhere())
    (folder / MANIFEST).write_bytes(backup.canonical())
    return backup


def restore_backup(folder: Path) -> Backup:
    """Put a backup into this environment, which must have no records yet.

    :raises ConfigError: the folder holds no backup, or there are records here
    :raises Tampered: a file of it was changed or is gone
    """
    backup = parse_record(read_yaml(folder / MANIFEST), Backup, where=str(folder / MANIFEST))
    for name, expected in backup.files.items():
        if not (folder / name).is_file() or sha256((folder / name).read_bytes()) != expected:
            raise Tampered(f"{folder / name} is not the file that was backed up; take another backup.")
    targets = {name: target for name in backup.files if (target := _target(name))}
    for target in targets.values():
        if target.exists():
            raise ConfigError(f"{target} is there already, and nothing is overwritten; restore into an empty folder.")
    for name, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == REPOSITORY:
            git(target.parent, "clone", "--mirror", "--quiet", str((folder / name).absolute()), str(target))
        else:
            partial = target.with_name(f"{target.name}.partial")
            shutil.copyfile(folder / name, partial)
            partial.replace(target)
    return backup


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database that is in use: SQLite's own backup sees one moment of it, whatever is written meanwhile."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
        here.execute("PRAGMA journal_mode=DELETE")  # else the copy is two files
        (answer,) = here.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise Tampered(f"{source} is damaged ({answer}); restore it from an earlier backup.")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _database(name: str) -> Path | None:
    address: str = getattr(settings(), name)
    return Path(address.removeprefix(SQLITE)) if address.startswith(SQLITE) else None


def _target(name: str) -> Path | None:
    """Return where a file of a backup belongs; None for a database that is no file here."""
    if name == REPOSITORY:
        return Path(settings().data_repository)
    folder, _, file = name.rpartition("/")
    if folder == KEYS and Path(file).name == file:
        return home() / KEYS / file
    if not folder and name.removesuffix(".db") in DATABASES:
        return _database(name.removesuffix(".db"))
    raise Tampered(f"A backup holds no file {name!r}; take another one.")


def _elsewhere() -> dict[str, str]:
    found = {"lake": settings().lake, "dvc_remote": settings().dvc_remote}
    servers = {name: getattr(settings(), name) for name in DATABASES if _database(name) is None}
    private = {"private key": str(home() / KEYS / "signing.pem")} if settings().signing.backend == "local" else {}
    return {name: without_credentials(place) for name, place in (found | servers | private).items()}
