"""Monitoring: how often a monitor cries wolf and how soon it finds drift, beside what it costs. Ours and its peers.

False alarms and planted drift: the same simulated nights for all, each block of nights against the 90 days before it.
Driftgate's alarm is the rule of the shipped use case (some of the last nights), its peers' a night that is flagged.
Speed: the same two Parquet files of 20 columns, each subject a process of its own that reads them. Peers run with their
defaults in an environment of their own, ``benchmarks/.peers``, made from ``peers/monitoring.txt`` when it is missing.
Nights: all monitors and the verdict about real nights, after a short and a long history of nights like them.
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
NOTES = {
    "alarms": """
False alarms and planted drift first: half a year without drift of each simulated world and eight plantings of each
drift, against the 90 days before. *Driftgate* is the data monitor with the shipped rule (2 of 3 nights, 4 false alarms
agreed a year), its peers with their defaults, where one flagged night is an alarm. Who flags most nights anyway finds
every drift: read what is planted beside the world it is planted in (*autocorrelated*). A window of 90 days holds no
year, so the seasonal world leaves it.""",
    "speed": """
Speed, each subject a process of its own, one after another in one run. Driftgate computes all its statistics (PSI,
Jensen-Shannon, KL, Kolmogorov-Smirnov, Wasserstein, chi-square, total variation, missing, unseen) against the profile
that it keeps of the reference. NannyML's seconds of a night are those after it has learnt the reference and keeps it in
memory; a nightly process has to learn it first.""",
    "nights": """
One partition of `flight_delays`, some 900 requests, judged by all monitors and decided, medians of nights; no peer does
all of it. The history is real nights with what was recorded of them (evidence, verdicts, joins, reviewed answers), the
older of which repeat the newest ones. In Airflow each step is a task, and a process, of its own.""",
}
TIMEOUT_SECONDS = 3000


def measure(quick: bool, folder: Path) -> list[Row]:
    peers = _environment()
    parts = (
        lambda: _nights(quick, folder),
        lambda: _alarms(quick, folder / "alarms", peers),
        lambda: _speed(quick, folder / "speed", peers),
    )
    with ThreadPoolExecutor(len(parts) if quick else 1) as pool:  # where no time is compared, all at once
        nights, alarms, speed = pool.map(lambda part: part(), parts)
    return [*alarms, *speed, *nights]


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
        rows.append(Row(f"no drift, {world}: alarms", name, 365 * float(starts) / len(nights), "per year", "alarms"))
        rows.append(Row(f"no drift, {world}: nights flagged", name, 100 * float(np.mean(nights)), "%", "alarms"))
    for shift in dict.fromkeys(case.shift for case in all_cases if case.shift):
        state = [_alarming(flagged[case.name], rule)[BEFORE_NIGHTS:] for case in all_cases if case.shift == shift]
        for count in WITHIN_NIGHTS:
            share = 100 * float(np.mean([nights[:count].any() for nights in state]))
            rows.append(Row(f"planted {shift}: alarm within {count} nights", name, share, "%", "alarms"))
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
    name = f"{count:,} rows of 20 columns"
    rows = [row for subject, result in found.items() for row in _costs(name, subject, result)]
    rows += [row for subject, result in found.items() for row in _ratios(name, subject, result, found[OURS]["seconds"])]
    write_rows(folder / "current.parquet", large, 3, 0.05)
    return rows + _costs(f"{large:,} rows of 20 columns", OURS, _run(ours, "night", folder))


def _costs(name: str, subject: str, result: dict[str, Any]) -> list[Row]:
    return [
        Row(f"{name}: statistics of a night, file read", subject, result["seconds"], "s", "speed"),
        Row(f"{name}: the whole process", subject, result["process_seconds"], "s", "speed"),
        Row(f"{name}: peak memory", subject, result["peak_mib"], "MiB", "speed"),
        *(
            [Row(f"{name}: learning the reference", subject, result["learn_seconds"], "s", "speed")]
            if "learn_seconds" in result
            else []
        ),
    ]


def _ratios(name: str, subject: str, result: dict[str, Any], ours: float) -> list[Row]:
    if subject == OURS:
        return []
    faster, seconds = f"{name}: Driftgate is as fast", result["seconds"]
    rows = [Row(faster, subject, seconds / ours, "times", "speed")]
    if learning := result.get("learn_seconds"):
        rows.append(Row(f"{faster}, learning included", subject, (learning + seconds) / ours, "times", "speed"))
    return rows


def _refuse_other_results(found: dict[str, dict[str, Any]]) -> None:
    """Numbers are compared only where ours are scipy's, within what two joinings of either sketch may be off."""
    ours, exact = (found.get(name, {}).get("kolmogorov_smirnov") for name in (OURS, PEERS["scipy"]))
    if ours and exact and max(abs(ours[name] - exact[name]) for name in exact) > 4 / GROUPS:
        sys.exit(f"Driftgate and scipy find other distances, so nothing is compared: {ours} {exact}")


def _nights(quick: bool, folder: Path) -> list[Row]:
    """Measure the same nights after short and after long histories; the night of a new process is the first of them."""
    window_days, judged, timed, histories = (30, 3, 2, (30, 300)) if quick else (90, 30, 4, (30, 3000))
    subject, made, rows = [sys.executable, FOLDER / "monitoring_nights.py"], folder / "nights", list[Row]()
    made.mkdir()
    _run(subject, "make", made, *map(str, (window_days, judged, timed)))
    for count in histories:
        place = folder / f"nights-{count}"
        shutil.copytree(made, place)
        _run(subject, "repeat", place, str(count))
        first = _run(subject, "judge", place, "0", "1")
        others = _run(subject, "judge", place, "1", str(timed))
        steps = {f"one partition of flight_delays: {name}": seconds for name, seconds in others["steps"].items()}
        steps |= {"the same in a process that has just begun, imports included": first["process_seconds"]}
        steps |= {"the hourly watch over verdicts": others["watch"]}
        rows += [Row(name, f"after {count:,} nights", seconds, "s", "nights") for name, seconds in steps.items()]
        rows.append(Row("peak memory", f"after {count:,} nights", others["peak_mib"], "MiB", "nights"))
        print(f"After {count:,} nights no verdict on the timed ones by: {', '.join(others['insufficient']) or 'none'}.")
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
    run_script(__doc__, measure, NOTES)
