"""The sample plays the operations system: real days of 2013, dropped once, without outcomes in requests."""

from datetime import date, datetime

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftgate.contracts import arrow_schema, contract_names, load_contract
from driftgate.errors import ConfigError, SourceMissing
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.sources.delivery import delivery_file

YEAR = keys_between("2013-01-01", "2013-12-31")


@pytest.mark.parametrize("dataset", contract_names())
def test_a_day_has_the_columns_of_its_contract(dataset):
    assert sample.table_of(dataset, "2013-07-04").schema == arrow_schema(load_contract(dataset))


def test_every_row_of_the_year_is_on_its_own_day_and_none_is_lost():
    assert sum(sample.table_of("flights", key).num_rows for key in YEAR) == 336_776
    assert sum(sample.table_of("weather", key).num_rows for key in YEAR) == 26_115
    for key in ("2013-01-01", "2013-11-03", "2013-12-31"):
        departures = sample.table_of("flights", key)["scheduled_departure"].to_pylist()
        assert {departure.date() for departure in departures} == {date.fromisoformat(key)}
        assert departures == sorted(departures)


def test_the_first_flight_of_the_year_reads_as_in_the_package():
    first = sample.table_of("flights", "2013-01-01").slice(0, 1).to_pylist()[0]

    assert first == {
        "carrier": "UA",
        "flight": 1545,
        "tail_number": "N14228",
        "origin": "EWR",
        "dest": "IAH",
        "scheduled_departure": datetime(2013, 1, 1, 5, 15),
        "scheduled_arrival_minute": 8 * 60 + 19,
        "distance_miles": 1400,
        "departure_minute": 5 * 60 + 17,
        "arrival_minute": 8 * 60 + 30,
        "dep_delay_minutes": 2,
        "arr_delay_minutes": 11,
        "air_time_minutes": 227,
    }


def test_midnight_at_the_end_of_a_day_is_minute_1440():
    minutes = [pc.max(sample.table_of("flights", key)["arrival_minute"]).as_py() for key in YEAR[:31]]

    assert max(minutes) == 1440


def test_a_request_has_no_outcome():
    requests = sample.requests_of("2013-02-09")

    assert not set(load_contract("flights").outcomes) & set(requests.column_names)
    assert requests.num_rows == sample.table_of("flights", "2013-02-09").num_rows


def test_the_registry_is_the_whole_registry_on_any_day():
    assert sample.table_of("planes", "2013-12-31").num_rows == sample.table_of("planes", "2013-01-01").num_rows == 3_322


def test_a_delivered_file_is_the_table_of_its_day():
    sample.deliver("2013-02-11", "2013-02-12")

    for dataset in contract_names():
        for key in ("2013-02-11", "2013-02-12"):
            assert pq.read_table(delivery_file("nycflights", dataset, key)).equals(sample.table_of(dataset, key))


def test_delivering_again_leaves_equal_files_alone_and_mends_others():
    sample.deliver("2013-02-11", "2013-02-12")
    same, torn = (delivery_file("nycflights", "weather", key) for key in ("2013-02-11", "2013-02-12"))
    before, whole = same.stat(), torn.read_bytes()
    torn.write_bytes(whole[:100])
    sample.deliver("2013-02-11", "2013-02-12")

    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert torn.read_bytes() == whole
    assert sorted(path.name for path in same.parent.iterdir()) == ["2013-02-11.parquet", "2013-02-12.parquet"]


def test_a_day_without_weather_drops_no_file():
    sample.deliver("2013-12-31", "2013-12-31")

    assert delivery_file("nycflights", "flights", "2013-12-31").exists()
    assert not delivery_file("nycflights", "weather", "2013-12-31").exists()


@pytest.mark.parametrize("key", ["2012-12-31", "2014-01-01"])
def test_a_day_outside_2013_is_missing(key):
    with pytest.raises(SourceMissing, match=f"has no data for {key}; choose a day of 2013"):
        sample.deliver(key, key)


def test_an_unknown_dataset_is_answered_with_the_nearest_one():
    with pytest.raises(ConfigError, match="has no dataset 'flight'; did you mean 'flights'"):
        sample.table_of("flight", "2013-01-01")
