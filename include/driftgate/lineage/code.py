"""Which code is running: the git revision of this checkout, or the one that was baked into the image."""

import os
import subprocess
from dataclasses import dataclass
from functools import cache

from driftgate.settings import project_root


@dataclass(frozen=True)
class CodeRevision:
    """A git revision; ``dirty`` says that tracked files differ from it, None that this cannot be known."""

    revision: str
    dirty: bool | None


def code_revision() -> CodeRevision:
    """Return the revision of the running code; ``unknown`` outside a checkout and outside an image.

    An image has no git repository: its build sets ``DRIFTGATE_CODE_REVISION``.
    """
    baked = os.environ.get("DRIFTGATE_CODE_REVISION")
    return CodeRevision(baked, None) if baked else _from_git(str(project_root()))


@cache
def _from_git(root: str) -> CodeRevision:
    revision = _git(root, "rev-parse", "HEAD")
    if not revision:
        return CodeRevision("unknown", None)
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return CodeRevision(revision, None if changed is None else bool(changed))


def _git(root: str, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", "-C", root, *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
