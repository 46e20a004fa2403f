"""The drill: the newest release of a use case is served again from a backup, in an empty folder, and timed."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.recovery.backup import create_backup
from driftgate.registry import find_model
from driftgate.registry.releases import Release, releases
from driftgate.registry.versions import POINTER, SIGNATURE
from driftgate.settings import project_root, settings
from driftgate.use_cases import UseCase

LONGEST_SECONDS = 600


class Drill(Record):
    """One drill. ``seconds`` are those from the backup to a model that has answered its golden set."""

    schema_version: int = 1
    use_case: str
    release: str
    recovered: bool
    seconds: float
    rto_minutes: float
    sentence: str

    @property
    def passed(self) -> bool:
        """Whether it was recovered, in time."""
        return self.recovered and self.seconds <= 60 * self.rto_minutes


def drill(use_case: UseCase, key: str) -> Drill:
    """Recover the newest release of a use case in a folder of its own, and keep what came of it.

    :param key: of the run, which names the report
    :raises CannotJudge: there is no release yet, or what it takes is not of this machine
    """
    known = releases(use_case.name)
    if not known:
        raise CannotJudge(f"{use_case.name} has no release yet, so there is nothing to recover.")
    if not settings().metadata.startswith("sqlite") or settings().signing.backend != "local":
        raise CannotJudge("The records or keys of this environment are a service's; recover into a second environment.")
    with tempfile.TemporaryDirectory(prefix="driftgate-drill-") as folder:
        create_backup(Path(folder) / "backup")
        _copy(known[-1], Path(folder) / "home" / "lake")
        began = time.monotonic()
        problem = _recover(known[-1], Path(folder))
        seconds = round(time.monotonic() - began, 3)
    told = f"Release {known[-1].id} of {use_case.name}"
    found = Drill(
        use_case=use_case.name,
        release=known[-1].id,
        recovered=not problem,
        seconds=seconds,
        rto_minutes=use_case.serve.rto_minutes,
        sentence=(
            f"{told} was not recovered: {problem}"
            if problem
            else f"{told} answered its golden set {seconds:.1f} s after its environment was lost; "
            f"{use_case.serve.rto_minutes:g} minutes are allowed."
        ),
    )
    lake().write(uris.recovery_report(use_case.name, key), found.canonical())
    return found


def _copy(release: Release, target: Path) -> None:
    """Copy from the lake what the release names, and nothing else."""
    model = find_model(release.use_case, release.version)
    paths = [uris.release(release.use_case, release.id)]
    for path in (*paths, *(f"{model.folder}/{name}" for name in (*model.files, POINTER, SIGNATURE))):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(lake().read(path))


def _recover(release: Release, folder: Path) -> str | None:
    """Restore in a process of its own, and return what went wrong."""
    command = ["release", "restore", release.use_case, release.id, "--backup", str(folder / "backup")]
    environment = os.environ | {
        "DRIFTGATE_HOME": str(folder / "home"),
        "DRIFTGATE_ENV": "local",
        "DRIFTGATE_PROJECT": str(project_root()),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "COLUMNS": "1000",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "driftgate.cli", *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {LONGEST_SECONDS} s"
    return " ".join((done.stderr or done.stdout).split())[-1000:] if done.returncode else None
