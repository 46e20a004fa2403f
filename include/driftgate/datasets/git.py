"""Running git as a program of its own, so that no user's configuration changes what is committed."""

import os
import subprocess
from pathlib import Path

# Credentials and proxies stay the user's.
OPTIONS = {"core.autocrlf": "false", "core.excludesFile": "/dev/null", "core.hooksPath": "/dev/null", "gc.auto": "0"}
# Set where git itself runs us (a hook, a rebase); they point git and DVC into another repository.
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
PERSON = {"NAME": "driftgate", "EMAIL": "driftgate@localhost"}
LONGEST_REASON = 400  # characters of git's own errors; the cause comes first


class GitFailed(Exception):
    """git ended with an error; the text is its own words on one line. The caller says what that means."""


def git(folder: Path, *arguments: str, date: str = "", given: bytes = b"") -> bytes:
    """Run git in ``folder`` and return what it printed.

    :param date: of author and committer, where it commits
    :param given: what it reads
    :raises GitFailed: it did not succeed
    """
    options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
    environment = own_environment() | {
        f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in PERSON.items()
    }
    environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(["git", *options, *arguments], cwd=folder, env=environment, input=given, capture_output=True)
    if done.returncode:
        raise GitFailed(" ".join(done.stderr.decode(errors="replace").split())[:LONGEST_REASON])
    return done.stdout


def own_environment() -> dict[str, str]:
    """Return this process's environment for a git or DVC that works in its own folder."""
    return {name: value for name, value in os.environ.items() if name not in FOREIGN}


def absolute(place: str) -> str:
    """Return ``place`` if it is an address of another host or service (it has a colon), else the whole path of it."""
    return place if ":" in place else str(Path(place).absolute())
