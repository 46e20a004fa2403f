"""The steps of ``data.py``, each run in a process of its own: ``data_subjects.py STEP FOLDER ROWS``."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_events import DATASET, FIRST, KEY, SOURCE, USE_CASE, deliver, make_project
from data_pandas import ingest, prepare, profile, validate

from driftgate.settings import settings

Result = dict[str, Any]


def write_delivery(folder: Path, rows: int) -> Result:
    """Make the project, deliver both days, and bring the first one in: the history of the second."""
    make_project(folder / "project")
    deliver(Path(settings().drop), rows)
    for step in (driftgate_ingest, driftgate_validate):
        step(folder, FIRST)
    return {}


def driftgate_ingest(_: Path, key: str = KEY) -> Result:
    from driftgate.sources import ingest_partition

    return {"rows": ingest_partition(SOURCE, DATASET, key).rows}


def driftgate_validate(_: Path, key: str = KEY) -> Result:
    from driftgate.contracts import publish_partition, validate_partition

    validate_partition(DATASET, key)
    published = publish_partition(DATASET, key)
    return {"validated": published.rows_validated, "quarantined": published.rows_quarantined}


def driftgate_profile(_: Path) -> Result:
    from driftgate.profiles import profile_partition

    profile_partition(DATASET, KEY)
    return {}


def driftgate_prepare(_: Path) -> Result:
    from driftgate.datasets import prepare as make_version
    from driftgate.use_cases import load_use_case

    return {"rows": make_version(load_use_case(USE_CASE), KEY).rows}


def _delivered(key: str) -> Path:
    return Path(settings().drop) / SOURCE / DATASET / f"{key}.parquet"


STEPS: dict[str, Callable[[Path], Result]] = {
    "driftgate_ingest": driftgate_ingest,
    "driftgate_validate": driftgate_validate,
    "driftgate_profile": driftgate_profile,
    "driftgate_prepare": driftgate_prepare,
    "pandas_ingest": lambda folder: ingest(_delivered(KEY), folder),
    "pandas_validate": lambda folder: validate(folder),
    "pandas_profile": lambda folder: profile(folder),
    "pandas_prepare": lambda folder: prepare(_delivered(FIRST), folder),
}


def main() -> None:
    step, folder, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if step == "deliver":
        measured: Result = {"result": write_delivery(folder, rows)}
    else:
        _import_what_a_worker_has()
        started = time.perf_counter()
        result = STEPS[step](folder)
        measured = {
            "result": result,
            "seconds": time.perf_counter() - started,
            "peak_mib": _peak_mib(),
        }
    (folder / "result.json").write_text(json.dumps(measured))


def _peak_mib() -> float:
    """Return the most memory that this process has had; getrusage would count what its parent had when it forked."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _import_what_a_worker_has() -> None:
    """Airflow's workers fork with these loaded, so no step pays for them."""
    import duckdb  # noqa: F401
    import great_expectations  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import driftgate.contracts  # noqa: F401


if __name__ == "__main__":
    main()
