"""A partition of any size: bounded memory, and nothing half done when the disk is full or the process dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from driftgate.lake import lake, read_manifest, read_table, revisions
from driftgate.sources import ingest_partition

from .conftest import PARQUET, some_trips

INGEST = "from driftgate.sources import ingest_partition; ingest_partition('cab', 'trips', '2013-04-01')"

# Not of getrusage, which counts what the process was before it became this one.
PEAK = "print(next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def left_behind(home: Path) -> list[str]:
    """Return what no reader may ever see: pointers, and anything that a writer forgot."""
    found = (home / "lake").rglob("*")
    return [path.name for path in found if path.name == "manifest.json" or path.name.startswith(".")]


def test_a_full_disk_leaves_nothing_and_the_next_run_heals(trips, project_home):
    """The limit of a file's size stands for the disk: the write fails in the middle of a file."""
    trips(PARQUET)
    some_trips(project_home, 200_000)
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({10**6}, resource.RLIM_INFINITY)); {INGEST}"
    failed = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, env=os.environ)

    assert "OSError" in failed.stderr
    assert "File too large" in failed.stderr
    assert left_behind(project_home) == []
    assert ingest_partition("cab", "trips", "2013-04-01").rows == 200_000


def test_killed_at_any_moment_the_next_run_gives_what_an_unharmed_one_gives(trips, project_home, tmp_path):
    trips(PARQUET)
    some_trips(project_home, 600_000)
    for milliseconds in (0, 30, 60, 120, 250, 500):
        code = f"import driftgate.sources, driftgate.lake, pyarrow.parquet; print('go', flush=True); {INGEST}"
        run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ)
        run.stdout.readline()
        try:
            run.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
        run.stdout.close()
        pointer = lake().exists("raw/trips/2013-04-01/manifest.json")
        if pointer:
            assert read_table(lake(), read_manifest(lake(), "raw/trips/2013-04-01")).num_rows == 600_000
    manifest = ingest_partition("cab", "trips", "2013-04-01")

    assert read_table(lake(), read_manifest(lake(), manifest.path)).num_rows == 600_000
    assert len(revisions(lake(), manifest.path)) == 1


def test_memory_does_not_grow_with_the_rows(trips, project_home):
    """Three times the rows, which would be 100 MB more as a table, take about as much memory."""
    trips(PARQUET)
    peaks = []
    for rows in (800_000, 2_400_000):
        some_trips(project_home, rows)
        run = subprocess.run(
            [sys.executable, "-c", f"{INGEST}; {PEAK}"], capture_output=True, text=True, env=os.environ, check=True
        )
        peaks.append(int(run.stdout))

    assert peaks[1] < peaks[0] + 60, f"peak memory in MiB: {peaks}"
