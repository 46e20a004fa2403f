"""Running DVC as a program of its own: a user's settings do not change it, and it leaves nothing outside the clone."""

import os
import subprocess
import sys
from pathlib import Path

from driftgate.datasets.repository import absolute, own_environment
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


def configure(folder: Path, name: str = "config") -> None:
    """Write DVC's configuration into the clone ``folder``; as ``config.local`` it overrides the committed one."""
    (folder / ".dvc").mkdir(exist_ok=True)
    (folder / ".dvc" / name).write_text(CONFIG.format(url=absolute(settings().dvc_remote)))


def run_dvc(folder: Path, *arguments: str) -> None:
    """Run ``dvc`` in the clone ``folder``.

    :raises DvcFailed: it did not succeed
    """
    environment = {
        **own_environment(),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / ".dvc" / "tmp" / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder / ".dvc" / "tmp" / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(folder / ".dvc" / "tmp" / "system"),
        # The stage says `python`: it must be the one that runs us.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = " ".join(done.stderr.split())
        raise DvcFailed(said[max(said.find("ERROR"), 0) :][:LONGEST_REASON])
