"""Judging a partition and parting its broken rows: Driftgate against Great Expectations doing both.

A million rows of 25 columns by 50 rules. Both judge by the same suite and part the same rows with their reasons; a run
where they part other numbers of rows fails.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from measurements import FOLDER, Row, run_script

OURS, THEIRS = "Driftgate", "Great Expectations alone"
TIMEOUT_SECONDS = 1200


def measure(quick: bool, folder: Path) -> list[Row]:
    rows, days = (50_000, 5) if quick else (1_000_000, 20)
    _run("prepare", folder, rows)
    found = {OURS: _run("driftgate", folder, days, 3), THEIRS: _run("ge", folder, days)}
    if found[OURS]["parted"] != found[THEIRS]["parted"]:
        sys.exit(f"The subjects part other rows, so nothing is compared: {found}")
    name = f"judge and split {rows:,} rows of 25 columns by 50 rules"
    measured = []
    for subject, result in found.items():
        measured += [
            Row(name, subject, result["seconds"], "s"),
            Row(name, subject, rows / result["seconds"], "rows/s"),
            Row(f"{name}: peak memory of the process", subject, result["peak_mib"], "MiB"),
            Row("judge and split one real day, warm", subject, result["day_seconds"], "s"),
        ]
    whole = _run("tasks", folder, days)["day_seconds"]
    return [*measured, Row("validate and publish one real day: report, page, lake", OURS, whole, "s")]


def _run(what: str, folder: Path, count: int, repeats: int = 1) -> dict[str, Any]:
    """Run one subject in a process of its own, so that memory and caches are its own, and return its result."""
    environment = {**os.environ, "DRIFTGATE_HOME": str(folder / "home"), "DRIFTGATE_ENV": "local"}
    environment["GX_ANALYTICS_ENABLED"] = "false"
    command = [sys.executable, str(FOLDER / "validation_subjects.py"), what, str(folder), str(count), str(repeats)]
    subprocess.run(command, env=environment, check=True, timeout=TIMEOUT_SECONDS)
    result = folder / f"{what}.json"
    return json.loads(result.read_text()) if result.exists() else {}


if __name__ == "__main__":
    run_script(__doc__, measure)
