"""DVC's own code, run in this process: its lock file, and the objects of its remote.

Starting the program ``dvc`` costs half a second each time; the same code in a process that has it loaded takes
hundredths. A user's settings do not change it, and it leaves nothing outside the clone.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from driftgate.datasets.git import absolute, own_environment
from driftgate.errors import ConfigError
from driftgate.settings import settings

CONFIG = """\
[core]
    remote = storage
    analytics = false
    autostage = false
    check_update = false
['remote "storage"']
    url = {url}
"""

LONGEST_REASON = 400  # characters of DVC's own errors; the cause comes first


class DvcFailed(Exception):
    """DVC ended with an error; the text is its own last words. The caller says what that means."""


@dataclass(frozen=True)
class Stored:
    """An object of the DVC remote."""

    bytes: int
    written_at: datetime


def remote_refused(name: str, error: DvcFailed) -> ConfigError:
    """Return the sentence for a remote that does not take the data of the version ``name``."""
    return ConfigError(
        f"The DVC remote {settings().dvc_remote} refused the data of {name} ({error}); nothing was "
        "published. Make it writable, or correct 'dvc_remote' in the settings file, and run this again."
    )


def configure(folder: Path) -> None:
    """Write DVC's configuration into the clone ``folder``."""
    (folder / ".dvc").mkdir(exist_ok=True)
    (folder / ".dvc" / "config").write_text(CONFIG.format(url=absolute(settings().dvc_remote)))


def lock_stage(folder: Path, name: str) -> None:
    """Write ``dvc.lock`` for the stage ``name``, whose outputs are there, as ``dvc repro`` does after its command.

    :raises DvcFailed: the stage or what it names is not as ``dvc.yaml`` says
    """
    with _repository(folder) as repository:
        stage = repository.stage.load_one(path=str(folder / "dvc.yaml"), name=name)
        stage.save(run_cache=False)
        stage.ignore_outs()
        stage.dump(update_pipeline=False)


def track(folder: Path, file: str) -> None:
    """Write ``<file>.dvc``, as ``dvc add`` does, without a copy of the file in DVC's cache.

    :raises DvcFailed: DVC cannot track it
    """
    path = folder / file
    with _repository(folder) as repository:
        stage = repository.stage.create(
            single_stage=True, validate=False, fname=f"{path}.dvc", wdir=str(path.parent), outs=[path.name], force=True
        )
        stage.save_outs()
        stage.ignore_outs()
        stage.dump()


def upload(md5: str, file: Path) -> None:
    """Put ``file`` into the DVC remote under its md5; written anew where it is, so a damaged object is mended.

    :raises DvcFailed: the remote refuses it
    """
    with _failing(), file.open("rb") as data:
        _objects().add_bytes(md5, data)


def download(md5: str, target: Path) -> None:
    """Fetch the object ``md5`` of the DVC remote into the file ``target``.

    :raises DvcFailed: the remote does not give it
    """
    with _failing():
        objects = _objects()
        objects.fs.get_file(objects.oid_to_path(md5), str(target))


def stored(md5: str) -> Stored | None:
    """Return size and age of the object ``md5`` of the DVC remote, None where it is not there."""
    with _failing():
        objects = _objects()
        path = objects.oid_to_path(md5)
        try:
            return Stored(bytes=objects.fs.size(path), written_at=objects.fs.modified(path))
        except FileNotFoundError:
            return None


def remove_rests(before: datetime) -> None:
    """Remove what killed uploads left in a remote that is a folder; on S3 an upload is whole or nothing."""
    folder = Path(absolute(settings().dvc_remote))
    rests = folder.rglob(".*.tmp") if folder.is_absolute() else ()
    for rest in rests:
        if rest.stat().st_mtime < before.timestamp():
            rest.unlink(missing_ok=True)


def remove(md5: str) -> None:
    """Remove the object ``md5`` from the DVC remote; nothing happens when there is none."""
    with _failing(), suppress(FileNotFoundError):
        _objects().delete(md5)


def run_dvc(folder: Path, *arguments: str) -> None:
    """Run the program ``dvc`` in the clone ``folder``, for what its own code cannot do in a process of many threads.

    :raises DvcFailed: it did not succeed
    """
    outside = folder / ".dvc" / "tmp" / "outside"
    environment = {
        **own_environment(),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(outside / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(outside / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(outside / "system"),
        # The stage says `python`: it must be the one that runs us.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = " ".join(done.stderr.split())
        raise DvcFailed(said[max(said.find("ERROR"), 0) :][:LONGEST_REASON])


@contextmanager
def _repository(folder: Path) -> Iterator[Any]:
    """Open the clone ``folder`` as DVC does, with no configuration and no cache but its own."""
    _load()
    from dvc.config import Config
    from dvc.repo import Repo

    outside = folder / ".dvc" / "tmp" / "outside"

    class OwnConfig(Config):  # type: ignore[misc]  # DVC publishes no types
        @classmethod
        def get_dir(cls, level: str) -> str:
            return str(outside / level)

    class OwnRepo(Repo):  # type: ignore[misc]  # the same
        site_cache_dir = str(outside / "site")

        @cached_property
        def config(self) -> Config:
            return OwnConfig(self.dvc_dir, local_dvc_dir=self.dvc_dir, fs=self.fs)

    with _failing():
        repository = OwnRepo(str(folder))
        try:
            yield repository
        finally:
            repository.close()


@cache
def _load() -> None:
    """Import DVC, and undo what a program may do but a library may not: it wraps the terminal and logs on its own."""
    import dvc.logger

    dvc.logger.colorama.deinit()
    for name in ("dvc", "dvc_data", "dvc_objects"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)  # it tells of every file


def _objects() -> Any:
    """Return the DVC remote as a store of files under their md5."""
    _load()
    from dvc.data_cloud import Remote
    from dvc.fs import get_cloud_fs

    filesystem, config, path = get_cloud_fs({}, url=absolute(settings().dvc_remote))
    return Remote("storage", path, filesystem(**config)).odb


@contextmanager
def _failing() -> Iterator[None]:
    """Say what DVC met in one line; what heals by itself (a network that is away) passes."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except Exception as error:
        if _heals(error):
            raise
        raise DvcFailed(" ".join(f"{error}".split())[:LONGEST_REASON] or type(error).__name__) from error


def _heals(error: Exception) -> bool:
    """Return whether it is one of botocore's, which has no connection for now."""
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    return bool(kinds & {"botocore.exceptions.ConnectionError", "botocore.exceptions.HTTPClientError"})
