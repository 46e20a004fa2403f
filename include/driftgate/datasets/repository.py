"""The data repository: git commits that no branch holds, each published by a tag named after its dataset version."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from driftgate.errors import ConfigError
from driftgate.settings import settings

# Nothing of a user's git configuration may change what is committed; credentials and proxies stay theirs.
OPTIONS = {"core.autocrlf": "false", "core.excludesFile": "/dev/null", "core.hooksPath": "/dev/null"}
# Set where git itself runs us (a hook, a rebase); they point git and DVC into another repository.
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
PERSON = {"NAME": "driftgate", "EMAIL": "driftgate@localhost"}
LONGEST_REASON = 400  # characters of git's own errors; the cause comes first
STALE_LOCK_SECONDS = 60  # git holds the lock of a tag for milliseconds


class Clone:
    """A clone of the data repository in ``folder``, without a checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = absolute(settings().data_repository)
        _create_local(self.origin)
        try:
            _git(folder.parent, "clone", "--quiet", "--no-checkout", self.origin, str(folder))
        except subprocess.CalledProcessError as error:
            raise ConfigError(
                f"The data repository {self.origin} cannot be cloned ({_reason(error)}); "
                "correct 'data_repository' in the settings file, or the repository."
            ) from None

    def tags(self, prefix: str) -> list[str]:
        """Return the tags that start with ``prefix``, sorted."""
        names = _git(self.folder, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").splitlines()
        return sorted(name for name in names if name.startswith(prefix))

    def show(self, tag: str, path: str) -> bytes:
        """Return a file's bytes as they are at ``tag``."""
        return _git(self.folder, "show", f"refs/tags/{tag}:{path}").encode()

    def check_out(self, tag: str) -> None:
        """Put the files of ``tag`` into the folder."""
        _git(self.folder, "checkout", "--quiet", "--detach", f"refs/tags/{tag}")

    def publish(self, tag: str, key: str) -> None:
        """Commit what is in the folder, dated by the partition key, and push it under ``tag``.

        A tag is named after its content, so one that somebody else pushed meanwhile is as good as ours.

        :raises ConfigError: the repository takes no push
        """
        _git(self.folder, "add", "--all")
        tree = _git(self.folder, "write-tree").strip()
        commit = _git(self.folder, "commit-tree", tree, "-m", tag, date=f"{key}T00:00:00+00:00").strip()
        _remove_stale_lock(Path(self.origin) / "refs" / "tags" / f"{tag}.lock")
        try:
            _git(self.folder, "push", "--quiet", "origin", f"{commit}:refs/tags/{tag}")
        except subprocess.CalledProcessError as error:
            if _git(self.folder, "ls-remote", "origin", f"refs/tags/{tag}"):
                return
            raise ConfigError(
                f"The data repository {self.origin} refused the tag {tag} ({_reason(error)}); nothing was published. "
                "Make it writable and run this again."
            ) from None


def absolute(place: str) -> str:
    """Return ``place`` if it is an address of another host or service (it has a colon), else the whole path of it."""
    return place if ":" in place else str(Path(place).absolute())


def own_environment() -> dict[str, str]:
    """Return this process's environment for a git or DVC that works in its own folder."""
    return {name: value for name, value in os.environ.items() if name not in FOREIGN}


def _create_local(origin: str) -> None:
    """Create a bare repository where ``origin`` is a path without one; of many processes exactly one does."""
    path = Path(origin)
    if not path.is_absolute() or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".data-repository-") as staged:
        _git(Path(staged), "init", "--quiet", "--bare", "--template=", "new")
        try:
            (Path(staged) / "new").rename(path)
        except OSError:  # another process was first: the target is there and not empty
            if not path.exists():
                raise


def _remove_stale_lock(lock: Path) -> None:
    """Remove what a push that was killed while it wrote this tag left behind."""
    if lock.exists() and time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
        lock.unlink(missing_ok=True)


def _git(folder: Path, *arguments: str, date: str = "") -> str:
    options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
    environment = own_environment() | {
        f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in PERSON.items()
    }
    environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def _reason(error: subprocess.CalledProcessError) -> str:
    return " ".join(error.stderr.split())[:LONGEST_REASON]
