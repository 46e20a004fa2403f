"""Driftgate's side of ``monitoring.py``, each part in a process of its own: ``WHAT FOLDER``."""

import json
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def learn(folder: Path) -> Result:
    """The profile of the reference file, kept as a package keeps it."""
    started = time.perf_counter()
    profile = _profiled(folder / "reference.parquet")
    (folder / "reference.profile").write_bytes(profile.canonical())
    return {"seconds": time.perf_counter() - started}


def night(folder: Path) -> Result:
    """Every statistic of every column of the current file, the file read included, against the kept profile."""
    import pyarrow.parquet  # noqa: F401

    from driftgate.profiles.distances import distances
    from driftgate.profiles.profile import Profile

    started = time.perf_counter()
    reference = Profile.model_validate_json((folder / "reference.profile").read_bytes())
    profile = _profiled(folder / "current.parquet")
    found = {name: distances(reference.columns[name], profile.columns[name]) for name in reference.columns}
    seconds = time.perf_counter() - started
    smirnov = {name: of["kolmogorov_smirnov"] for name, of in found.items() if "kolmogorov_smirnov" in of}
    return {"seconds": seconds, "columns": len(found), "kolmogorov_smirnov": smirnov}


def alarms(folder: Path) -> Result:
    """The data monitor's verdict on each simulated night, with a baseline of the 90 days before."""
    import pyarrow.parquet as pq
    from monitoring_cases import read_cases

    from driftgate.monitoring.monitors import judge

    flagged, use_case = {}, _use_case()
    for case in read_cases(folder):
        reference = pq.read_table(folder / f"{case.name}.reference.parquet")
        nights = pq.read_table(folder / f"{case.name}.nights.parquet")
        baseline, found = _baseline(use_case, reference), []
        for number in sorted(set(nights.column("night").to_pylist())):
            rows = nights.filter(_equal(nights, number)).drop_columns(["night", "label"])
            key = (date(2013, 1, 1) + timedelta(days=case.first + number)).isoformat()
            evidence = judge(_simulated(use_case, key, rows, baseline), "data")
            if evidence.verdict == "insufficient":
                sys.exit(f"The data monitor cannot judge {case.name}, so nothing is compared: {evidence.sentence}")
            found.append(evidence.verdict == "drift")
        flagged[case.name] = found
    rule = use_case.retrain
    return {"Driftgate": flagged, "rule": [rule.nights, rule.of_last]}


def _profiled(path: Path) -> Any:
    import pyarrow.parquet as pq

    from driftgate.profiles.profile import profile_batches

    file = pq.ParquetFile(path)
    return profile_batches(file.iter_batches(), file.schema_arrow)


def _use_case() -> Any:
    """Return the shipped use case with its policy, but for the columns of the simulated worlds."""
    from driftgate.use_cases import load_use_case

    shipped = load_use_case("flight_delays")
    monitor = shipped.monitor.model_copy(update={"tiers": {}})
    columns = {"event_time": "event_time", "not_features": ("event_time",), "request_key": ("x0",)}
    return shipped.model_copy(update={"name": "simulated", "monitor": monitor, **columns})


def _baseline(use_case: Any, reference: Any) -> Any:
    import numpy as np

    from driftgate.monitoring import Baseline, training_baseline

    content = training_baseline(use_case, reference, np.full(reference.num_rows, 0.5), {"auc": 0.7})
    return Baseline.model_validate(content)


def _simulated(use_case: Any, key: str, rows: Any, baseline: Any) -> Any:
    """Return a night on which exactly ``rows`` were asked for; no lake knows of it."""
    import pyarrow as pa

    from driftgate.monitoring import Night
    from driftgate.monitoring.past import RecordedPast

    class SimulatedNight(Night):
        champion = "1"

        @cached_property
        def features(self) -> Any:
            return rows.select(list(baseline.profile.columns))

        def answers_of(self, day: str) -> Any:
            return pa.table({"features": ["{}"] * rows.num_rows, "share": [1.0] * rows.num_rows})

        def baseline_of(self, version: str) -> Any:
            return baseline

        def package_file(self, version: str, name: str) -> None:
            return None

        def joined_of(self, day: str) -> None:
            return None

        def offline_features(self, day: str) -> Any:
            raise NotImplementedError

        def scorer_of(self, version: str) -> Any:
            raise NotImplementedError

    return SimulatedNight(use_case, key, RecordedPast(use_case.name))


def _equal(table: Any, number: int) -> Any:
    import pyarrow.compute as pc

    return pc.equal(table.column("night"), number)


def peak_mib() -> float:
    """Return the most memory that this process has had; getrusage would count what its parent had when it forked."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    work: dict[str, Callable[[Path], Result]] = {"learn": learn, "night": night, "alarms": alarms}
    (folder / f"{what}.result.json").write_text(json.dumps(work[what](folder) | {"peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
