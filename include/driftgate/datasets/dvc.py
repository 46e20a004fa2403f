"""Running DVC as a program of its own, untouched by a user's settings and without leaving anything outside the folder."""

import os
import subprocess
import sys
from pathlib import Path

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


def configure(folder: Path, name: str = "config") -> None:
    """Write DVC's configuration into the clone ``folder``; as ``config.local`` it overrides the committed one."""
    (folder / ".dvc").mkdir(exist_ok=True)
    (folder / ".dvc" / name).write_text(CONFIG.format(url=settings().dvc_remote))


def run_dvc(folder: Path, *arguments: str) -> str | None:
    """Run ``dvc`` in the clone ``folder``; return None when it succeeded, else DVC's last words about why not."""
    environment = {
        **os.environ,
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
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return " ".join(" ".join(errors or [done.stderr]).split())[-400:]
