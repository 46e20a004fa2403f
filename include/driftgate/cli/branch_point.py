"""The state of the git repository that a branch is compared with."""

import subprocess

from driftgate.settings import project_root


def branch_point(branch: str) -> str | None:
    """Return the commit at which this branch left ``branch``, its state on the server if that is known."""
    for name in (f"origin/{branch}", branch):
        tip = git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if tip:
            return (git("merge-base", "HEAD", name) or tip).decode().strip()
    return None


def git(*arguments: str) -> bytes | None:
    """Return what git prints in the project, or None when it fails."""
    try:
        return subprocess.run(["git", *arguments], cwd=project_root(), capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
