"""The peers of ``monitoring.py``, in an environment of their own, as they are by default: ``WHAT FOLDER``."""

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # NannyML sends usage data unless told not to
os.environ["WHYLOGS_NO_ANALYTICS"] = "1"
warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402

Result = dict[str, Any]
Alarms = dict[str, list[bool]]


def evidently(folder: Path) -> Result:
    """The preset for drift of all columns."""
    from evidently import Report  # type: ignore[import-not-found]
    from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

    def work() -> Result:
        return {"columns": len(_report(Report, DataDriftPreset, _read(folder, "current"), _read(folder, "reference")))}

    return _timed(work)


def nannyml(folder: Path) -> Result:
    """Kolmogorov-Smirnov and chi-square, ten chunks, as its guide does; fitting on the reference is timed apart."""
    import nannyml as peer  # type: ignore[import-not-found]

    reference = _read(folder, "reference")
    columns = list(reference.columns)
    calculator = peer.UnivariateDriftCalculator(
        column_names=columns,
        continuous_methods=["kolmogorov_smirnov", "wasserstein"],
        categorical_methods=["chi2", "jensen_shannon"],
        chunk_number=10,
    )
    started = time.perf_counter()
    calculator.fit(reference)
    learnt = time.perf_counter() - started
    found = _timed(
        lambda: {"columns": len(columns), "rows": len(calculator.calculate(_read(folder, "current")).to_df())}
    )
    return found | {"learn_seconds": learnt}


def whylogs(folder: Path) -> Result:
    """The profile of the current file alone."""
    import whylogs as peer  # type: ignore[import-not-found]

    return _timed(lambda: {"columns": len(peer.log(_read(folder, "current")).view().get_columns())})


def scipy(folder: Path) -> Result:
    """Two-sample Kolmogorov-Smirnov of the numeric columns."""
    from scipy.stats import ks_2samp

    def work() -> Result:
        reference, current = _read(folder, "reference"), _read(folder, "current")
        names = reference.select_dtypes("number").columns
        found = {name: float(ks_2samp(reference[name], current[name]).statistic) for name in names}
        return {"columns": len(names), "kolmogorov_smirnov": found}

    return _timed(work)


def evidently_alarms(folder: Path) -> Result:
    """Each night against the reference: is the dataset called drifted, and is any column."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    dataset: Alarms = {}
    columns: Alarms = {}
    for name, reference, nights in _cases(folder):
        dataset[name], columns[name] = [], []
        for night in nights:
            share, *_ = _report(Report, DataDriftPreset, night, reference)
            dataset[name].append(share["value"]["share"] >= share["config"]["drift_share"])
            columns[name].append(share["value"]["count"] > 0)
    return {"Evidently, dataset": dataset, "Evidently, any column": columns}


def nannyml_alarms(folder: Path) -> Result:
    """A chunk per night: is there an alert of any column."""
    import nannyml as peer

    flagged: Alarms = {}
    for name, reference, nights in _cases(folder):
        names = list(reference.columns)
        calculator = peer.UnivariateDriftCalculator(column_names=names, chunk_size=len(nights[0]))
        calculator.fit(reference)
        found = calculator.calculate(pd.concat(nights, ignore_index=True)).filter(period="analysis").to_df()
        alerts = found.loc[:, [column for column in found.columns if column[-1] == "alert"]]
        flagged[name] = [bool(night) for night in alerts.any(axis=1)]
    return {"NannyML, any column": flagged}


def _cases(folder: Path) -> list[tuple[str, pd.DataFrame, list[pd.DataFrame]]]:
    """Return each case's reference and nights, of which a monitor sees the features alone."""
    found = []
    for path in sorted(folder.glob("*.reference.parquet")):
        name = path.name.removesuffix(".reference.parquet")
        reference, nights = (
            _features(pd.read_parquet(folder / f"{name}.{part}.parquet")) for part in ("reference", "nights")
        )
        found.append((name, reference, [part.drop(columns="night") for _, part in nights.groupby("night")]))
    return found


def _features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["label", "event_time"])


def _report(report: Any, preset: Any, current: pd.DataFrame, reference: pd.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report([preset()]).run(current, reference).dict()["metrics"]
    return found


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def _timed(work: Callable[[], Result]) -> Result:
    started = time.perf_counter()
    result = work()
    return {"seconds": time.perf_counter() - started, **result}


SUBJECTS: dict[str, Callable[[Path], Result]] = {
    "evidently": evidently,
    "nannyml": nannyml,
    "whylogs": whylogs,
    "scipy": scipy,
    "evidently_alarms": evidently_alarms,
    "nannyml_alarms": nannyml_alarms,
}


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    result = SUBJECTS[what](folder)
    status = Path("/proc/self/status").read_text().splitlines()
    result["peak_mib"] = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    (folder / f"{what}.result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
