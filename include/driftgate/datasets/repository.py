"""The data repository: one line of commits on the branch ``main``, one for each dataset version, each under its tag.

Every writer works in a clone of its own. Branch and tag move in one push; who was overtaken puts the commit on top of
the new head and pushes again. Nobody waits for a lock, and a writer that dies leaves nothing that stops the next.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from driftgate.datasets.git import GitFailed, absolute, git
from driftgate.errors import ConfigError, Conflict, Tampered
from driftgate.settings import settings

BRANCH = "refs/heads/main"
RECORD = "data/version.json"  # names, at every commit, the tag that belongs to it
PATIENCE_SECONDS = 60  # sixteen writers overtake each other for a second or two
STALE_LOCK_SECONDS = 10  # git holds the lock of a ref for milliseconds
LONGEST_PAUSE_SECONDS = 0.5
# What a push says that was overtaken, or that met another one at the same instant; everything else is a refusal.
OVERTAKEN = (
    "fetch first",
    "non-fast-forward",
    "already exists",
    "cannot lock ref",
    "failed to update ref",
    "not our ref",
)
DENIED = ("Permission denied", "Read-only file system", "No space left", "File too large", "Disk quota")
UNREACHABLE = ("resolve host", "timed out", "Failed to connect", "Connection refused", "Connection reset", "hung up")


class Clone:
    """A clone of the data repository in ``folder`` that has no checkout and fetches only what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = absolute(settings().data_repository)
        _create_local(self.origin)
        self.refs = self._remote_refs()
        folder.mkdir()
        git(folder, "init", "--quiet", "--template=", f"--initial-branch={Path(BRANCH).name}")

    def tags(self, prefix: str = "") -> list[str]:
        """Return the tags that start with ``prefix``, sorted."""
        tags = (ref.removeprefix("refs/tags/") for ref in self.refs if ref.startswith("refs/tags/"))
        return sorted(tag for tag in tags if tag.startswith(prefix))

    def read(self, tags: Iterable[str], path: str) -> dict[str, bytes]:
        """Return a file's bytes as they are at each of ``tags``; one process reads all of them.

        :raises Tampered: a tag has no such file
        """
        wanted = list(tags)
        if not wanted:
            return {}
        where = self._with_tags(wanted)
        asked = "".join(f"refs/tags/{tag}:{path}\n" for tag in wanted).encode()
        answers = git(where, "cat-file", "--batch", given=asked)
        files = {}
        for tag in wanted:
            head, _, rest = answers.partition(b"\n")
            if head.endswith(b"missing"):
                raise Tampered(f"The tag {tag} of {self.origin} has no {path}; restore the data repository.")
            size = int(head.split()[-1])
            files[tag], answers = rest[:size], rest[size + 1 :]
        return files

    def check_out(self, tag: str) -> None:
        """Put the files of ``tag`` into the folder."""
        self._fetch_tags([tag])
        git(self.folder, "checkout", "--quiet", "--detach", f"refs/tags/{tag}")

    def publish(self, tag: str, key: str) -> None:
        """Commit what is in the folder, dated by the partition key, on top of the branch and under ``tag``.

        A tag is named after its content, so one that somebody else pushed meanwhile is as good as ours.

        :raises ConfigError: the repository takes no push
        :raises Conflict: others were faster for a whole minute
        """
        git(self.folder, "add", "--all")
        tree = git(self.folder, "write-tree").decode().strip()
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._push(tag, tree, f"{key}T00:00:00+00:00")
                return
            except GitFailed as error:
                self._refuse_unless_overtaken(tag, error, end)
            self._remove_stale_locks(tag)
            time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))  # noqa: S311  apart from each other, no secret

    def _push(self, tag: str, tree: str, date: str) -> None:
        self.refs = self._remote_refs()
        self._complete_head()
        if f"refs/tags/{tag}" in self.refs:
            return
        head = self.refs.get(BRANCH)
        parent = ("-p", head) if head else ()
        commit = git(self.folder, "commit-tree", tree, *parent, "-m", tag, date=date).decode().strip()
        git(self.folder, "push", "--quiet", "--atomic", self.origin, f"{commit}:{BRANCH}", f"{commit}:refs/tags/{tag}")

    def _complete_head(self) -> None:
        """Fetch the head, and give it its tag if the push that brought it died between the two.

        The data of that version are in the remote since before the push. As nobody builds on a head without its tag,
        there is never another commit without one.
        """
        head = self.refs.get(BRANCH)
        if head is None:
            return
        self._fetch(head)
        if head in (commit for ref, commit in self.refs.items() if ref != BRANCH):
            return
        subject = git(self.folder, "log", "-1", "--format=%s", head).decode().strip()
        ref = f"refs/tags/{subject}"
        if ref not in self.refs and self._recorded_tag(head) == subject:
            _remove_stale_lock(self.origin, ref)
            git(self.folder, "push", "--quiet", self.origin, f"{head}:{ref}")
            self.refs[ref] = head

    def _recorded_tag(self, commit: str) -> str | None:
        try:
            tag = json.loads(git(self.folder, "show", f"{commit}:{RECORD}"))["tag"]
        except (GitFailed, ValueError, KeyError, TypeError):  # a commit that somebody else made by hand
            return None
        return str(tag)

    def _refuse_unless_overtaken(self, tag: str, error: GitFailed, end: float) -> None:
        reason = str(error)
        if _says(reason, OVERTAKEN) and not _says(reason, DENIED):
            if time.monotonic() < end:
                return
            waited = f"for {PATIENCE_SECONDS} seconds"
            raise Conflict(f"Others were faster with {self.origin} {waited} ({reason}); try again.") from None
        if _says(reason, UNREACHABLE):
            raise ConnectionError(f"{self.origin} does not answer: {reason}") from None
        raise ConfigError(
            f"The data repository {self.origin} refused the tag {tag} ({reason}); nothing was published. "
            "Make it writable and run this again."
        ) from None

    def _remove_stale_locks(self, tag: str) -> None:
        for ref in ("HEAD", BRANCH, f"refs/tags/{tag}"):
            _remove_stale_lock(self.origin, ref)

    def _fetch(self, *wanted: str) -> None:
        given = "\n".join(wanted).encode()
        git(self.folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--stdin", self.origin, given=given)

    def _with_tags(self, tags: Iterable[str]) -> Path:
        """Return a repository that has ``tags``: the origin where it is a folder, else the clone, once it has them."""
        if Path(self.origin).is_absolute():
            return Path(self.origin)
        self._fetch_tags(tags)
        return self.folder

    def _fetch_tags(self, tags: Iterable[str]) -> None:
        self._fetch(*(f"+refs/tags/{tag}:refs/tags/{tag}" for tag in tags))

    def _remote_refs(self) -> dict[str, str]:
        try:
            lines = git(Path("/"), "ls-remote", self.origin, BRANCH, "refs/tags/*").decode().splitlines()
        except GitFailed as error:
            if _says(str(error), UNREACHABLE):
                raise ConnectionError(f"{self.origin} does not answer: {error}") from None
            raise ConfigError(
                f"The data repository {self.origin} cannot be cloned ({error}); "
                "correct 'data_repository' in the settings file, or the repository."
            ) from None
        return {ref: commit for commit, ref in (line.split("\t") for line in lines)}


def _says(reason: str, words: tuple[str, ...]) -> bool:
    return any(word in reason for word in words)


def _create_local(origin: str) -> None:
    """Create a bare repository where ``origin`` is a path without one; of many processes exactly one does."""
    path = Path(origin)
    if not path.is_absolute() or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".data-repository-") as staged:
        new = Path(staged) / "new"
        git(Path(staged), "init", "--quiet", "--bare", "--template=", f"--initial-branch={Path(BRANCH).name}", "new")
        for name in ("receive.denyNonFastForwards", "receive.denyDeletes"):  # the branch only grows
            git(new, "config", name, "true")
        try:
            new.rename(path)
        except OSError:  # another process was first: the target is there and not empty
            if not path.exists():
                raise


def _remove_stale_lock(origin: str, ref: str) -> None:
    """Remove what a push that was killed while it wrote this ref left behind, where the repository is a folder."""
    lock = Path(origin) / f"{ref}.lock"
    if lock.is_absolute() and lock.exists() and time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
        lock.unlink(missing_ok=True)
