"""A partition from delivery to training rows: Driftgate against plain pandas with Great Expectations, step by step.

Both get the same Parquet file of purchases, one row in a hundred broken, and do the same four steps: ingest (a copy),
validate (judge, part the broken rows, publish), profile, prepare (features and labels). Each step is a process of its
own; its seconds do not count imports, its peak memory does. A run where the subjects part or prepare other numbers of
rows fails. A peer that ends without an answer (memory, or ten minutes for a step) is reported with the seconds that
it had, and its later steps are left out.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measurements import FOLDER, Row, run_script

OURS, PEER = "Driftgate", "pandas + Great Expectations"
SUBJECTS = {OURS: "driftgate", PEER: "pandas"}
STEPS = ("ingest", "validate", "profile", "prepare")
TIMEOUT_SECONDS = 600


def measure(quick: bool, folder: Path) -> list[Row]:
    measured: list[Row] = []
    for millions in (0.2,) if quick else (1, 5, 20):
        rows = int(millions * 1_000_000)
        place = folder / str(rows)
        place.mkdir()
        _run("deliver", place, rows)
        found = {subject: _steps(code, place) for subject, code in SUBJECTS.items()}
        _refuse_other_results(found)
        measured += [
            row
            for step in STEPS
            for subject in SUBJECTS
            for row in _rows(subject, step, rows, found[subject].get(step))
        ]
        shutil.rmtree(place)
    return measured


def _steps(code: str, place: Path) -> dict[str, dict[str, Any]]:
    results: dict[str, dict[str, Any]] = {}
    for step in STEPS:
        results[step] = _run(f"{code}_{step}", place, 0)
        if "failed" in results[step]:
            break
    return results


def _rows(subject: str, step: str, rows: int, result: dict[str, Any] | None) -> list[Row]:
    name = f"{step} {rows / 1e6:g} M rows"
    if result is None:
        return []
    if "failed" in result:
        return [Row(f"{name}: ended without an answer after", subject, result["failed"], "s")]
    return [
        Row(name, subject, rows / result["seconds"], "rows/s"),
        Row(f"{name}: peak memory", subject, result["peak_mib"], "MiB"),
    ]


def _refuse_other_results(found: dict[str, dict[str, dict[str, Any]]]) -> None:
    for step in STEPS:
        results = {subject: steps[step].get("result") for subject, steps in found.items() if step in steps}
        answers = {json.dumps(result) for result in results.values() if result is not None}
        if len(answers) > 1:
            sys.exit(f"The subjects do not do the same in {step}, so nothing is compared: {results}")


def _run(what: str, place: Path, rows: int) -> dict[str, Any]:
    """Run one step in a process of its own and return its result, or ``failed`` with the seconds that it had."""
    environment = os.environ | {
        "DRIFTGATE_HOME": str(place / "home"),
        "DRIFTGATE_ENV": "local",
        "DRIFTGATE_PROJECT": str(place / "project"),
        "GX_ANALYTICS_ENABLED": "false",
    }
    command = [sys.executable, str(FOLDER / "data_subjects.py"), what, str(place), str(rows)]
    started = time.monotonic()
    try:
        subprocess.run(command, env=environment, check=True, timeout=TIMEOUT_SECONDS)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        if not what.startswith("pandas"):
            raise
        return {"failed": time.monotonic() - started}
    result: dict[str, Any] = json.loads((place / "result.json").read_text())
    return result


if __name__ == "__main__":
    run_script(__doc__, measure)
