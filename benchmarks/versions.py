"""Putting ten thousand small files, and one dataset version after another, under version control: Driftgate beside DVC.

Both write into a folder as remote. DVC: `dvc add`, `dvc push`, `git commit` of the folder as it is. The restored files
of both are compared with the originals; a run where one differs fails.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measurements import Row, run_script

OURS, THEIRS = "Driftgate", "DVC alone"


def measure(quick: bool, folder: Path) -> list[Row]:
    count = 2_000 if quick else 10_000
    os.environ |= {
        "DRIFTGATE_HOME": str(folder / "home"),
        "DRIFTGATE_ENV": "local",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
    }
    originals = folder / "originals"
    _make_files(originals, count)
    ours, theirs = _ours(folder, originals), _theirs(folder, originals)
    measured = []
    for verb in ("publish", "restore"):
        name = f"{verb} {count:,} files of 1 to 20 kB"
        measured += [Row(name, OURS, ours[verb], "s"), Row(name, THEIRS, theirs[verb], "s")]
    return [*measured, *_one_after_another(quick)]


def _ours(folder: Path, originals: Path) -> dict[str, float]:
    """Publish and restore with the command line, each in a process of its own, imports included."""
    driftgate = [sys.executable, "-m", "driftgate.cli", "dataset"]
    published = _timed(
        lambda: _run(folder, *driftgate, "publish", originals, "--name", "pictures", "--key", "2013-04-01")
    )
    name = _run(folder / "home" / "data.git", "git", "tag").strip()
    restored = _timed(lambda: _run(folder, *driftgate, "get", name, folder / "ours"))
    _refuse_other(originals, folder / "ours")
    return {"publish": published, "restore": restored}


def _theirs(folder: Path, originals: Path) -> dict[str, float]:
    work, dvc = folder / "work", [sys.executable, "-m", "dvc"]
    work.mkdir()
    _run(work, "git", "init", "--quiet")
    _run(work, *dvc, "init", "--quiet")
    _run(work, *dvc, "remote", "add", "--quiet", "--default", "storage", folder / "their-remote")
    shutil.copytree(originals, work / "data")

    def publish() -> None:
        _run(work, *dvc, "add", "--quiet", "data")
        _run(work, *dvc, "push", "--quiet")
        _run(work, "git", "add", "--all")
        _run(work, "git", "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "--quiet", "-m", "data")

    def restore() -> None:
        _run(folder, "git", "clone", "--quiet", work, folder / "theirs")
        _run(folder / "theirs", *dvc, "pull", "--quiet")

    times = {"publish": _timed(publish), "restore": _timed(restore)}
    _refuse_other(originals, folder / "theirs" / "data")
    return times


def _one_after_another(quick: bool) -> list[Row]:
    """Prepare versions of real days in one warm process, and list them."""
    from driftgate import uris
    from driftgate.datasets import list_versions, prepare
    from driftgate.lake import lake, publish
    from driftgate.partition_keys import keys_between
    from driftgate.sources import sample
    from driftgate.use_cases import load_use_case

    whole, count = load_use_case("flight_delays"), 5 if quick else 40
    for dataset in whole.datasets:
        for day in keys_between("2013-03-20", "2013-03-31"):
            publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
    train = whole.train.model_copy(update={"window_days": 10, "validation_days": 3})

    def make(numbers: range) -> None:
        for number in numbers:
            label = whole.label.model_copy(update={"expression": f"arr_delay_minutes > {number}"})
            prepare(whole.model_copy(update={"train": train, "label": label}), "2013-03-31")

    make(range(1))  # warm: imports
    seconds = _timed(lambda: make(range(1, count + 1)))
    listed = _timed(lambda: list_versions("flight_delays"))
    return [
        Row("prepare one version of ten real days, warm", OURS, seconds / count, "s"),
        Row(f"list {count + 1} versions", OURS, listed, "s"),
    ]


def _make_files(folder: Path, count: int) -> None:
    draw = random.Random(1)
    for number in range(count):
        path = folder / f"{number % 100:02}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(draw.randbytes(draw.randint(1_000, 20_000)))


def _refuse_other(originals: Path, restored: Path) -> None:
    if subprocess.run(["diff", "--recursive", "--brief", originals, restored]).returncode:
        sys.exit(f"{restored} is not what was published, so nothing is compared.")


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _run(folder: Path, *command: str | Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    run_script(__doc__, measure)
