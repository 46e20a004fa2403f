"""``driftgate monitor calibrate``: the calibration of a version, as a table, a sentence and a page."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from typer.testing import CliRunner

from driftgate import uris
from driftgate.cli import app
from driftgate.lake import lake
from driftgate.monitoring import training_baseline
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.use_cases import load_use_case


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["monitor", "calibrate", *args], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_a_version_tells_what_its_alarms_are_worth(tmp_path: Path) -> None:
    days = keys_between("2013-02-02", "2013-03-29")
    table = pa.concat_tables(
        [sample.requests_of(day).select(["carrier", "scheduled_departure", "distance_miles"]) for day in days]
    )
    baseline = training_baseline(load_use_case("flight_delays"), table, np.full(9, 0.5), {"auc": 0.7})
    lake().write(f"{uris.package('flight_delays', '1')}/baseline.json", json.dumps(baseline).encode())
    code, told = run("flight_delays", "--version", "1", "--out", str(tmp_path / "out"))
    assert code == 0, told
    assert "The data monitor may cry wolf 4 times a year. On nights it was not calibrated on" in told
    assert "mean, in standard deviations" in told
    prices = "Agreed false alarms a year: payoff 4, data 4, concept 1, prediction 1; together 10. Of them 4 may start"
    assert prices in told
    assert b"What a data alarm of flight_delays/1 is worth" in (tmp_path / "out" / "calibration.html").read_bytes()
    kept = json.loads(lake().read(uris.calibration_report("flight_delays", "1", "json")))
    assert kept == json.loads((tmp_path / "out" / "calibration.json").read_bytes())


def test_without_a_champion_or_a_baseline_it_is_a_sentence() -> None:
    assert run("flight_delays")[1].startswith("flight_delays has no champion yet; name a version")
    code, told = run("flight_delays", "--version", "9")
    assert code == 1 and "has no baseline at" in told
