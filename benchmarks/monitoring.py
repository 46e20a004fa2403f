"""Monitoring: how often a monitor cries wolf and how soon it finds drift, beside what it costs. Ours and its peers.

False alarms and planted drift: the same simulated nights for all, each block of nights against the 90 days before it.
Driftgate's alarm is the rule of the shipped use case (some of the last nights), its peers' a night that is flagged.
Speed: the same two Parquet files of 20 columns, each subject a process of its own that reads them. Peers run with their
defaults in an environment of their own, ``benchmarks/.peers``, made from ``peers/monitoring.txt`` when it is missing.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from measurements import FOLDER, Row, run_script
from monitoring_cases import BEFORE_NIGHTS, BLOCK_NIGHTS, Case, cases, read_cases, write_case, write_rows

from driftgate.profiles.sketches import GROUPS

OURS = "Driftgate"
PEERS = {"evidently": "Evidently, preset", "nannyml": "NannyML, two methods", "whylogs": "whylogs, profile alone"}
PEERS |= {"scipy": "scipy, Kolmogorov-Smirnov alone"}
ENVIRONMENT = FOLDER / ".peers" / "monitoring"
WITHIN_NIGHTS = (1, 3, 7)
TIMEOUT_SECONDS = 3000


def measure(quick: bool, folder: Path) -> list[Row]:
    peers = _environment()
    return [*_alarms(quick, folder / "alarms", peers), *_speed(quick, folder / "speed", peers), *_nights(quick, folder)]


def _environment() -> Path | None:
    """Return the peers' interpreter, None where their environment cannot be made."""
    python = ENVIRONMENT / "bin" / "python"
    if (ENVIRONMENT / "whole").exists():
        return python
    uv = str(Path(sys.executable).parent / "uv")
    install = [uv, "pip", "install", "-q", "--python", str(python), "-r", str(FOLDER / "peers" / "monitoring.txt")]
    try:
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(ENVIRONMENT)], check=True)
        subprocess.run(install, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The peers are left out, for their environment {ENVIRONMENT} cannot be made: {error}", file=sys.stderr)
        return None
    (ENVIRONMENT / "whole").touch()
    return python


def _alarms(quick: bool, folder: Path, peers: Path | None) -> list[Row]:
    folder.mkdir()
    for case in cases(quick):
        write_case(case, folder, 5 if quick else BLOCK_NIGHTS)
    ours = _run([sys.executable, FOLDER / "monitoring_subjects.py"], "alarms", folder)
    flagged = {OURS: ours[OURS]}
    for found in _run_peers(quick, peers, ["nannyml_alarms", "evidently_alarms"], folder):
        flagged |= {subject: nights for subject, nights in found.items() if isinstance(nights, dict)}
    rules = {subject: tuple(ours["rule"]) if subject == OURS else (1, 1) for subject in flagged}
    rows = [row for name in flagged for row in _of_subject(name, flagged[name], rules[name], read_cases(folder))]
    return sorted(rows, key=lambda row: row.measure.startswith("planted"))


def _of_subject(name: str, flagged: dict[str, list[bool]], rule: tuple[int, int], all_cases: list[Case]) -> list[Row]:
    rows = []
    for world in dict.fromkeys(case.world for case in all_cases):
        quiet = sorted(
            (case for case in all_cases if case.world == world and not case.shift), key=lambda one: one.block
        )
        nights = [night for case in quiet for night in flagged[case.name]]
        starts = sum(np.diff(_alarming(nights, rule).astype(int), prepend=0) == 1)
        rows.append(Row(f"no drift, {world}: alarms", name, 365 * float(starts) / len(nights), "per year"))
        rows.append(Row(f"no drift, {world}: nights flagged", name, 100 * float(np.mean(nights)), "%"))
    for shift in dict.fromkeys(case.shift for case in all_cases if case.shift):
        state = [_alarming(flagged[case.name], rule)[BEFORE_NIGHTS:] for case in all_cases if case.shift == shift]
        for count in WITHIN_NIGHTS:
            share = 100 * float(np.mean([nights[:count].any() for nights in state]))
            rows.append(Row(f"planted {shift}: alarm within {count} nights", name, share, "%"))
    return rows


def _alarming(flagged: list[bool], rule: tuple[int, int]) -> np.typing.NDArray[np.bool_]:
    """Return the nights in alarm: so many of the last so many nights, itself among them, are flagged."""
    sums = np.convolve(np.array(flagged, dtype=int), np.ones(rule[1], dtype=int))[: len(flagged)]
    return np.asarray(sums >= rule[0])


def _speed(quick: bool, folder: Path, peers: Path | None) -> list[Row]:
    count, large = (20_000, 200_000) if quick else (1_000_000, 10_000_000)
    folder.mkdir()
    write_rows(folder / "reference.parquet", count, 1, 0.0)
    write_rows(folder / "current.parquet", count, 2, 0.05)
    ours = [sys.executable, FOLDER / "monitoring_subjects.py"]
    learnt = _run(ours, "learn", folder)
    found = {OURS: _run(ours, "night", folder) | {"learn_seconds": learnt["seconds"]}}
    found |= dict(zip(PEERS.values(), _run_peers(quick, peers, list(PEERS), folder), strict=False))
    _refuse_other_results(found)
    rows = [
        row for subject, result in found.items() for row in _costs(f"{count:,} rows of 20 columns", subject, result)
    ]
    write_rows(folder / "current.parquet", large, 3, 0.05)
    return rows + _costs(f"{large:,} rows of 20 columns", OURS, _run(ours, "night", folder))


def _costs(name: str, subject: str, result: dict[str, Any]) -> list[Row]:
    return [
        Row(f"{name}: statistics of a night, file read", subject, result["seconds"], "s"),
        Row(f"{name}: the whole process", subject, result["process_seconds"], "s"),
        Row(f"{name}: peak memory", subject, result["peak_mib"], "MiB"),
        *(
            [Row(f"{name}: learning the reference", subject, result["learn_seconds"], "s")]
            if "learn_seconds" in result
            else []
        ),
    ]


def _refuse_other_results(found: dict[str, dict[str, Any]]) -> None:
    """Numbers are compared only where ours are scipy's, within what two joinings of either sketch may be off."""
    ours, exact = (found.get(name, {}).get("kolmogorov_smirnov") for name in (OURS, PEERS["scipy"]))
    if ours and exact and max(abs(ours[name] - exact[name]) for name in exact) > 4 / GROUPS:
        sys.exit(f"Driftgate and scipy find other distances, so nothing is compared: {ours} {exact}")


def _nights(quick: bool, folder: Path) -> list[Row]:
    rows = []
    for count in (30, 300) if quick else (30, 3000):
        place = folder / f"history-{count}"
        place.mkdir()
        result = _run([sys.executable, FOLDER / "monitoring_subjects.py"], "history", place, str(count))
        rows.append(Row(f"data monitor, 900 rows of 26 features, after {count:,} nights", OURS, result["seconds"], "s"))
        shutil.rmtree(place)
    return rows


def _run_peers(quick: bool, peers: Path | None, whats: list[str], folder: Path) -> list[dict[str, Any]]:
    """Return what each peer found, one after another; two at a time where no time is compared."""
    if peers is None:
        return []
    command = [peers, FOLDER / "peer_apps" / "monitoring_peers.py"]
    with ThreadPoolExecutor(2 if quick else 1) as pool:
        return list(pool.map(lambda what: _run(command, what, folder), whats))


def _run(command: list[Any], what: str, folder: Path, *more: str) -> dict[str, Any]:
    """Run one subject in a process of its own and return what it wrote, with the seconds that the process took."""
    environment = os.environ | {"DRIFTGATE_HOME": str(folder / "home"), "DRIFTGATE_ENV": "local"}
    started = time.monotonic()
    subprocess.run([*map(str, command), what, str(folder), *more], env=environment, check=True, timeout=TIMEOUT_SECONDS)
    seconds = time.monotonic() - started
    result: dict[str, Any] = json.loads((folder / f"{what}.result.json").read_text())
    return result | {"process_seconds": seconds}


if __name__ == "__main__":
    run_script(__doc__, measure)
