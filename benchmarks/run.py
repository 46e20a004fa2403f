"""``make bench``: every benchmark in full, into ``benchmarks/RESULTS.md``. ``--quick`` only shows that they run."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from measurements import FOLDER, STOP_SECONDS, Row, end_properly_on_sigterm, table

SCRIPTS = (
    "data.py",
    "validation.py",
    "versions.py",
    "features.py",
    "training.py",
    "training_torch.py",
    "decisions.py",
    "formats.py",
    "monitoring.py",
    "endpoint.py",
)
TIMEOUT_SECONDS = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run all in a few minutes; RESULTS.md stays as it is")
    quick = parser.parse_args().quick
    end_properly_on_sigterm()
    sections = [line for script in SCRIPTS for line in _section(script, ["--quick"] if quick else [])]
    if not quick:
        (FOLDER / "RESULTS.md").write_text("\n".join([*_head(), *sections]) + "\n")


def _section(script: str, options: list[str]) -> list[str]:
    """Run one script and return its part of the page: what it measures, and its table."""
    print(f"\n{script}", flush=True)
    with tempfile.TemporaryDirectory(prefix="driftgate-bench-") as folder:
        rows = Path(folder) / "rows.json"
        _run([sys.executable, str(FOLDER / script), *options, "--json", str(rows)])
        measured = [Row(**row) for row in json.loads(rows.read_text())]
    return ["", f"## {script}", "", *table(measured)]


def _run(command: list[str]) -> None:
    """Run a script in a process group of its own, of which nothing is left afterwards."""
    started = subprocess.Popen(command, start_new_session=True)
    try:
        if code := started.wait(TIMEOUT_SECONDS):
            sys.exit(f"{command[1]} ended with {code}; nothing is written.")
    finally:
        if started.poll() is None:  # let it end its own processes and remove its folder
            started.terminate()
            with suppress(subprocess.TimeoutExpired):
                started.wait(2 * STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _head() -> list[str]:
    memory = psutil.virtual_memory().total / 2**30
    return [
        "# Results",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`; [README.md](README.md) says what is compared.",
        f"Machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}.",
    ]


def _processor() -> str:
    """Return the model of the processor; Linux says it in a file, others by ``platform``."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
