"""Every row ends up on exactly one side, and a quarantined one says why."""

import pyarrow as pa

from driftgate.contracts import load_contract
from driftgate.contracts.split import split_rows
from driftgate.sources import sample


def test_a_row_names_every_rule_that_it_breaks_and_masks_what_is_personal(trips):
    table = trips(zone={2: "west"}, fare_usd={2: -1.0, 5: 501.5}, passenger={7: "nobody"}, trip={9: None})
    split = split_rows(load_contract("trips"), table)

    assert split.validated.num_rows + split.quarantined.num_rows == 10
    assert split.validated.schema == table.schema
    assert split.quarantined.column_names == [*table.column_names, "reason"]
    assert split.quarantined["reason"].to_pylist() == [
        "zone.known: west; fare_usd.range: -1.0",
        "fare_usd.range: 501.5",
        "passenger.form: ***",
        "trip.required: null",
    ]


def test_a_broken_key_shows_all_its_parts(trips):
    split = split_rows(load_contract("trips"), trips(trip={1: 1}, started_at={1: trips(1)["started_at"][0].as_py()}))

    assert split.quarantined["reason"].to_pylist() == ["primary_key: 1, 2013-04-01T08:00:00"] * 2


def test_nothing_broken_gives_an_empty_quarantine_with_a_reason_column(trips):
    split = split_rows(load_contract("trips"), trips())

    assert split.quarantined.num_rows == 0
    assert split.quarantined.schema.field("reason").type == pa.string()


def test_the_one_impossible_wind_of_2013_and_the_hour_that_comes_twice_are_quarantined():
    weather = load_contract("weather")
    storm, autumn = (split_rows(weather, sample.table_of("weather", key)) for key in ("2013-02-12", "2013-11-03"))

    assert storm.quarantined["reason"].to_pylist() == ["wind_speed_mph.range: 1048.36058"]
    assert autumn.quarantined.num_rows == 6
    assert set(autumn.quarantined["observed_at"].to_pylist()) == {
        pa.scalar("2013-11-03 01:00").cast(pa.timestamp("us")).as_py()
    }
