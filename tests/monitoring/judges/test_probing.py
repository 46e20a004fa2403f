"""Who feels out the model is found among real flights, and a real day is not taken for probing."""

import json
from datetime import UTC, datetime

import pytest

from driftgate import uris
from driftgate.captures import Capture, write_captures
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring.judges.probing import ProbingReport, measure_probing, probes_in
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.use_cases import load_use_case

NAME = "flight_delays"
DAY = "2013-04-10"


def flights(key):
    rows = sample.requests_of(key).to_pylist()
    return {f"{key}-{number}": json.loads(json.dumps(row, default=str)) for number, row in enumerate(rows)}


def ask(rows):
    write_captures(
        Capture(
            prediction_id=name, use_case=NAME, variant_role="champion", model_version="1", deployment_revision=1,
            step="serving", score=0.25, error=None, latency_ms=0.5, received_at=datetime(2026, 11, 24, tzinfo=UTC),
            event_time=f"{DAY}T08:00:00", request_key="{}", features=json.dumps(row),
        )
        for name, row in rows.items()
    )  # fmt: skip


@pytest.fixture(scope="module")
def real():
    return flights(DAY)


def sweep(row, count=40):
    return {f"sweep-{number}": {**row, "distance_miles": 100.0 + number} for number in range(count)}


@pytest.mark.parametrize("last", ["2013-04-02", pytest.param("2013-04-30", marks=pytest.mark.soak)])
def test_no_day_of_april_looks_like_probing(last):
    found = {key: probes_in(flights(key)) for key in keys_between("2013-04-01", last)}
    assert {key: probes for key, probes in found.items() if probes} == {}


def test_a_sweep_among_real_flights_is_found_whole_and_nothing_else(real, project_home):
    probing = sweep(next(iter(real.values())))
    ask({**real, **probing})
    report = measure_probing(load_use_case(NAME), DAY)
    assert [probe.feature for probe in report.probes if probe.feature] == ["distance_miles"]
    assert set(probing) <= report.prediction_ids
    assert len(report.prediction_ids - set(probing)) <= 1  # the flight that the prober began from
    assert report.requests == len(real) + len(probing)
    assert ProbingReport.model_validate_json(lake().read(uris.security_report(NAME, DAY))) == report


def test_a_request_that_is_repeated_is_found(real):
    row = next(iter(real.values()))
    (found,) = probes_in({**{f"again-{number}": row for number in range(20)}})
    assert (found.feature, len(found.prediction_ids)) == (None, 20)
    assert probes_in({f"again-{number}": row for number in range(19)}) == []


def test_near_duplicates_are_found_though_two_features_change(real):
    row = {**next(iter(real.values())), "flight": 1500}
    noisy = {f"n-{number}": {**row, "distance_miles": 1400 + number, "flight": 1500 + number} for number in range(30)}
    assert [(probe.feature, len(probe.prediction_ids)) for probe in probes_in(noisy)] == [(None, 30)]


def test_the_alarm_is_raised_once_and_tells_no_value(real, project_home):
    ask(sweep(next(iter(real.values()))))
    for _ in range(2):
        report = measure_probing(load_use_case(NAME), DAY)
    alarms = metadata().history("alarm", f"probing/{NAME}/{DAY}")
    assert [alarm.body["sentence"] for alarm in alarms] == [report.sentence]
    assert "40 of the 40 requests" in report.sentence
    assert "sweeping distance_miles" in report.sentence
    written = lake().read(f"reports/security/{NAME}/{DAY}.json").decode()
    assert "139.0" not in written


def test_a_day_without_requests_is_no_alarm(project_home):
    report = measure_probing(load_use_case(NAME), DAY)
    assert (report.requests, report.probes) == (0, ())
    assert metadata().all_latest("alarm") == []


def test_values_that_are_lists_and_rows_of_different_columns_are_no_trouble():
    assert probes_in({"a": {"x": [1, 2], "y": None}, "b": {"y": 10**400}, "c": {}}) == []
