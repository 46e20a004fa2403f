"""The reference of a model: its training rows, and what each day of them looked like."""

import json
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.lake import lake
from driftgate.monitoring import Baseline, load_baseline, training_baseline
from driftgate.monitoring.baseline import feature_names
from driftgate.profiles.distances import distances
from driftgate.use_cases import UseCase


def training_rows(per_day: dict[int, int]) -> pa.Table:
    """Rows of some days of January; on day n every distance is n hundred miles."""
    days = [day for day, rows in per_day.items() for _ in range(rows)]
    return pa.table(
        {
            "flight": list(range(len(days))),
            "distance_miles": [day * 100.0 for day in days],
            "scheduled_departure": pa.array([datetime(2013, 1, day, 8) for day in days], pa.timestamp("us")),
            "label": [day % 2 == 0 for day in days],
        }
    )


def made(use_case: UseCase, table: pa.Table) -> Baseline:
    content = training_baseline(use_case, table, np.linspace(0, 1, table.num_rows), {"auc": 0.7})
    return Baseline.model_validate(json.loads(json.dumps(content)))


def test_neither_the_label_nor_what_identifies_is_a_feature(use_case: UseCase) -> None:
    names = ["flight", "scheduled_departure", "distance_miles", "label", "carrier"]
    assert feature_names(use_case, names) == ["distance_miles", "carrier"]


def test_the_profile_and_the_scores_describe_every_row(use_case: UseCase) -> None:
    found = made(use_case, training_rows({1: 400, 2: 300}))
    assert found.rows == 700
    assert set(found.profile.columns) == {"distance_miles"}
    assert (found.scores.count, found.scores.minimum, found.scores.maximum) == (700, 0.0, 1.0)
    assert found.reference == {"auc": 0.7}


def test_the_days_of_the_window_are_told_apart(use_case: UseCase) -> None:
    found = made(use_case, training_rows({1: 600, 2: 300})).days
    assert found is not None
    assert found.keys == ("2013-01-01", "2013-01-02")
    assert [sum(day) for day in found.features["distance_miles"].counts] == [600, 300]


def test_a_day_too_thin_to_be_judged_is_left_out(use_case: UseCase) -> None:
    thin = use_case.monitor.data_drift.min_rows - 1
    found = made(use_case, training_rows({1: 900, 2: thin})).days
    assert found is not None and found.keys == ("2013-01-01",)


def test_without_the_event_time_there_are_no_days(use_case: UseCase) -> None:
    baseline = made(use_case, training_rows({1: 400}).drop_columns(["scheduled_departure"]))
    assert baseline.days is not None and baseline.days.keys == ()
    with pytest.raises(CannotJudge, match="trained on 0 days with enough rows"):
        baseline.calibration(400)


def test_the_same_rows_give_the_same_bytes(use_case: UseCase) -> None:
    table = training_rows({1: 400, 2: 300})
    assert made(use_case, table).hash == made(use_case, table).hash


def test_a_registered_baseline_is_read(nights: Any) -> None:
    nights.model("1")
    found = load_baseline("flight_delays", "1")
    assert found.use_case == "flight_delays"
    assert found.days is not None and found.days.keys == ("2013-03-26", "2013-03-27", "2013-03-28", "2013-03-29")


def test_a_package_without_one_is_a_sentence() -> None:
    with pytest.raises(CannotJudge, match=r"Model flight_delays/9 has no baseline at .*/9/baseline.json; register it"):
        load_baseline("flight_delays", "9")


def test_the_baseline_of_another_use_case_is_a_sentence(nights: Any) -> None:
    nights.model("1")
    path = f"{uris.package('flight_delays', '1')}/baseline.json"
    lake().write(path, lake().read(path).replace(b'"use_case": "flight_delays"', b'"use_case": "air_time"'))
    with pytest.raises(CannotJudge, match=r"is the baseline of 'air_time', not of 'flight_delays'"):
        load_baseline("flight_delays", "1")


GOLDEN = (
    '{"day_limits":{},"days":{"features":{"distance_miles":{"categories":[],"counts":[],"edges":[99.99999999999999,'
    '100.0,200.0],"kind":"numeric"}},"keys":[]},"evaluation":null,'
    '"metric_impl_versions":{},"profile":{"columns":{"distance_miles":{"count":2,"distinct":2,'
    '"distinct_sketch":null,"infinite":0,"kind":"numeric","maximum":200.0,"mean":150.0,"minimum":100.0,"nulls":0,'
    '"sketch":{"values":[100.0,200.0],"weights":[1,1]},"squared_deviations":5000.0,"temporal":false,"zeros":0}},'
    '"findings":[],"quality":null,"rows":2,"schema_version":2},"reference":{"auc":0.7},"reference_intervals":{},"schema_version":2,'
    '"score_days":null,"scores":{"count":2,"distinct":2,"distinct_sketch":null,"infinite":0,"kind":"numeric","maximum":1.0,"mean":0.5,'
    '"minimum":0.0,"nulls":0,"sketch":{"values":[0.0,1.0],"weights":[1,1]},"squared_deviations":0.5,"temporal":false,'
    '"zeros":1},"use_case":"flight_delays"}'
)


def test_the_golden_baseline_is_written_and_read_unchanged(use_case: UseCase) -> None:
    baseline = made(use_case, training_rows({1: 1, 2: 1}))
    assert baseline.canonical().decode() == GOLDEN
    assert Baseline.model_validate_json(GOLDEN) == baseline


def test_a_baseline_registered_before_profiles_grew_is_still_read() -> None:
    old = (
        '{"day_limits":{"x":{}},"profile":{"columns":{"x":{"count":2,"kind":"numeric","maximum":200.0,"mean":150.0,'
        '"minimum":100.0,"nulls":0,"sketch":{"values":[100.0,200.0],"weights":[1,1]},"squared_deviations":5000.0}},'
        '"rows":2,"schema_version":1},"reference":{"auc":0.7},"schema_version":1,"scores":{"count":2,"kind":"numeric",'
        '"maximum":1.0,"mean":0.5,"minimum":0.0,"nulls":0,"sketch":{"values":[0.0,1.0],"weights":[1,1]},'
        '"squared_deviations":0.5},"use_case":"flight_delays"}'
    )
    baseline = Baseline.model_validate_json(old)
    assert distances(baseline.profile.columns["x"], baseline.profile.columns["x"])["psi"] == 0.0
