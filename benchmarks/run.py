"""``make bench``: every benchmark in full, into ``benchmarks/RESULTS.md``. ``--quick`` only shows that they run.

Scripts that are named run alone: ``run.py monitoring.py``. Each replaces its own section, with the prose that it has
for its tables; sections that none of them makes, as of another machine, stay.
"""

import argparse
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
from measurements import FOLDER, STOP_SECONDS, end_properly_on_sigterm

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
    "backtest.py",
    "endpoint.py",
)
TIMEOUT_SECONDS = 3600
HEAD = """# Results

Written by `make bench`, script by script; [README.md](README.md) says what is compared. A section says when it was
measured, on which machine, and how much else was running when it began (the load average; 0 is idle).
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="without one, all")
    parser.add_argument("--quick", action="store_true", help="run all in a few minutes; RESULTS.md stays as it is")
    arguments = parser.parse_args()
    if unknown := set(arguments.scripts) - set(SCRIPTS):
        parser.error(f"{', '.join(sorted(unknown))} is none of {', '.join(SCRIPTS)}")
    end_properly_on_sigterm()
    results = FOLDER / "RESULTS.md"
    for script in arguments.scripts or SCRIPTS:
        section = _section(script, ["--quick"] if arguments.quick else [])
        if not arguments.quick:
            results.write_text(merged(results.read_text(), script, section))


def merged(page: str, script: str, section: str) -> str:
    """Return the page with a script's section instead of the one it had; all others stay, in the order of scripts."""
    found = dict(part.split("\n", 1) for part in page.split("\n## ")[1:]) | {script: section}
    ordered = sorted(found, key=_place)
    return "\n## ".join([HEAD, *(f"{heading}\n{found[heading]}" for heading in ordered)])


def _place(heading: str) -> tuple[int, str]:
    script = heading.split(",")[0]
    return SCRIPTS.index(script) if script in SCRIPTS else len(SCRIPTS), heading


def _section(script: str, options: list[str]) -> str:
    """Run one script and return its part of the page: when and where, what to know, and its tables."""
    print(f"\n{script}", flush=True)
    measured = f"\nMeasured on {datetime.now(UTC):%Y-%m-%d} on {_machine()}.\n\n"
    with tempfile.TemporaryDirectory(prefix="driftgate-bench-") as folder:
        page = Path(folder) / "page.md"
        _run([sys.executable, str(FOLDER / script), *options, "--page", str(page)])
        return measured + page.read_text()


def _run(command: list[str]) -> None:
    """Run a script in a process group of its own, of which nothing is left afterwards."""
    started = subprocess.Popen(command, start_new_session=True)
    try:
        if code := started.wait(TIMEOUT_SECONDS):
            sys.exit(f"{command[1]} ended with {code}; its section stays as it was.")
    finally:
        if started.poll() is None:  # let it end its own processes and remove its folder
            started.terminate()
            with suppress(subprocess.TimeoutExpired):
                started.wait(2 * STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _machine() -> str:
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load average {load:.1f}"
    )


def _processor() -> str:
    """Return the model of the processor; Linux says it in a file, others by ``platform``."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
