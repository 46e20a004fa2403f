"""Driftgate's side of ``monitoring.py``, each part in a process of its own: ``WHAT FOLDER [NIGHTS]``."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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


def history(folder: Path, nights: int) -> Result:
    """The data monitor on a night of 900 rows and 26 features, after so many nights of which the lake has evidence."""
    import numpy as np

    from driftgate import uris
    from driftgate.lake import lake
    from driftgate.monitoring import training_baseline
    from driftgate.monitoring.evidence import write_evidence
    from driftgate.monitoring.monitors import measure
    from driftgate.monitoring.worlds import World
    from driftgate.partition_keys import keys_before
    from driftgate.records import canonical_json

    world, use_case = World(1, 900, 24, weekday=0.1, level=0.1), _use_case()
    table = _joined([world.table(day) for day in range(90)])
    key = (date(2013, 1, 1) + timedelta(days=90)).isoformat()
    baseline = training_baseline(use_case, table, np.full(table.num_rows, 0.5), {"auc": 0.7})
    lake().write(f"{uris.package(use_case.name, '1')}/baseline.json", canonical_json(baseline))
    _capture(use_case.name, key, world.table(90).drop_columns(["label"]).to_pylist())
    first = measure(use_case, key, "data")
    for earlier in keys_before(key, nights + 1)[:-1]:
        write_evidence(first.model_copy(update={"key": earlier}))
    return {"seconds": statistics.median(_seconds(lambda: measure(use_case, key, "data")) for _ in range(5))}


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


def _capture(use_case: str, key: str, rows: list[dict[str, Any]]) -> None:
    from driftgate.captures import Capture, write_captures

    noon = datetime.fromisoformat(key).replace(tzinfo=UTC)
    features = [{name: value for name, value in row.items() if name != "event_time"} for row in rows]
    write_captures(
        Capture(
            prediction_id=f"{number:032x}",
            use_case=use_case,
            variant_role="champion",
            model_version="1",
            deployment_revision=1,
            step="serving",
            score=0.5,
            error=None,
            latency_ms=1.0,
            received_at=noon + timedelta(seconds=number),
            event_time=noon.replace(tzinfo=None).isoformat(),
            request_key=str(number),
            features=json.dumps(row),
        )
        for number, row in enumerate(features)
    )


def _equal(table: Any, number: int) -> Any:
    import pyarrow.compute as pc

    return pc.equal(table.column("night"), number)


def _joined(tables: list[Any]) -> Any:
    import pyarrow as pa

    return pa.concat_tables(tables)


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak_mib() -> float:
    """Return the most memory that this process has had; getrusage would count what its parent had when it forked."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    plain: dict[str, Callable[[Path], Result]] = {"learn": learn, "night": night, "alarms": alarms}
    result = history(folder, int(sys.argv[3])) if what == "history" else plain[what](folder)
    (folder / f"{what}.result.json").write_text(json.dumps(result | {"peak_mib": _peak_mib()}))


if __name__ == "__main__":
    main()
