"""How long five policies take over ten months of nights, by ``driftgate backtest``, and what each of them came to.

The features of the days are there; no model and no night is. Nothing else that we know of plays monitors, trainings,
gates and promotions again, so there is no peer.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from features import publish_days
from measurements import FOLDER, Row, run_script

from driftgate.backtest.rows import published_rows
from driftgate.use_cases import load_use_case

NOTES = {
    "time": """
Five policies, as many at once as there are cores; `performance` is `benchmarks/policies/performance.yaml`. There is no
peer that does this.""",
    "found": """
What the policies came to; docs/adr/0013-when-to-retrain.md says what follows from it. Played again they come to the
same numbers.""",
}
USE_CASE, FIRST = "flight_delays", "2013-03-01"
PERFORMANCE = str(FOLDER / "policies" / "performance.yaml")
POLICIES = ("never", "weekly", "monthly", PERFORMANCE, "shipped")
Report = dict[str, Any]


def measure(quick: bool, folder: Path) -> list[Row]:
    os.environ |= {"DRIFTGATE_HOME": str(folder / "home"), "DRIFTGATE_ENV": "local"}
    last, split = ("2013-03-09", "2013-03-05") if quick else ("2013-12-30", "2013-08-31")
    use_case = load_use_case(USE_CASE)
    publish_days(use_case, last)
    started = time.perf_counter()
    nights = len(published_rows(use_case, FIRST, last).by_day)
    made = time.perf_counter() - started
    seconds, used, report = _backtest(last, split)
    took = f"{len(POLICIES)} policies, {FIRST} to {last}"
    return [
        Row(f"features of {nights} days, made once", "Driftgate", made, "s", "time"),
        Row(f"{took}: the whole command", "Driftgate", seconds, "s", "time"),
        Row(f"{took}: time of the processors", "Driftgate", used, "s", "time"),
        *_found(report),
    ]


def _backtest(last: str, split: str) -> tuple[float, float, Report]:
    """Return the seconds of the command, those of the processors, and its report."""
    command = [str(Path(sys.executable).parent / "driftgate"), "backtest", USE_CASE, "--from", FIRST, "--to", last]
    command += [part for policy in POLICIES for part in ("--policy", policy)]
    before, started = _processors(), time.perf_counter()
    done = subprocess.run([*command, "--split", split, "--json"], check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - started, _processors() - before, json.loads(done.stdout)


def _processors() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _found(report: Report) -> list[Row]:
    rows = []
    for one in report["outcomes"]:
        name = one["name"]
        rows += [
            Row("trainings", name, len(one["trainings"]), "trainings", "found"),
            Row("new champions", name, one["switches"], "champions", "found"),
            Row(f"mean daily {report['metric']}", name, one["value"], report["metric"], "found"),
        ]
        if (share := one["periods"][0]["share_of_gain"]) is not None:
            rows.append(Row("of what weekly training gains over never", name, 100 * share, "%", "found"))
    return rows


if __name__ == "__main__":
    run_script(__doc__, measure, NOTES)
