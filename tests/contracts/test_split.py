"""Every row ends up on exactly one side, and a quarantined one says why."""

import pyarrow as pa

from driftgate.contracts import load_contract
from driftgate.contracts.split import quarantine_schema
from driftgate.sources import sample

from .conftest import KEY, split_of


def broken_of(quarantined: pa.Table) -> list[dict[str, str]]:
    """Return, for each row, its broken rules with the values that break them."""
    pairs = zip(quarantined["_rules"].to_pylist(), quarantined["_observed"].to_pylist(), strict=True)
    return [dict(zip(*pair, strict=True)) for pair in pairs]


def test_a_row_names_every_rule_that_it_breaks_and_masks_what_is_personal(trips, tmp_path):
    table = trips(zone={2: "west"}, fare_usd={2: -1.0, 5: 501.5}, passenger={7: "nobody"}, trip={9: None})
    contract = load_contract("trips")
    validated, quarantined = split_of(contract, table, tmp_path)

    assert validated.num_rows + quarantined.num_rows == 10
    assert validated.schema == table.schema
    assert quarantined.schema == quarantine_schema(contract)
    assert broken_of(quarantined) == [
        {"zone.known": "west", "fare_usd.range": "-1.0"},
        {"fare_usd.range": "501.5"},
        {"passenger.form": "***"},
        {"trip.required": "null"},
    ]


def test_a_row_carries_its_number_its_partition_and_the_report_on_it(trips, tmp_path):
    table = trips(zone={2: "west", 7: "east"})
    _, quarantined = split_of(load_contract("trips"), table, tmp_path, batch_rows=3)

    assert quarantined["_row"].to_pylist() == [2, 7]
    assert quarantined["_partition"].to_pylist() == [KEY] * 2
    assert quarantined["_report"].to_pylist() == ["reporthash"] * 2
    assert quarantined["zone"].to_pylist() == ["west", "east"]


def test_a_broken_key_shows_all_its_parts(trips, tmp_path):
    table = trips(trip={1: 1}, started_at={1: trips(1)["started_at"][0].as_py()})
    _, quarantined = split_of(load_contract("trips"), table, tmp_path)

    assert broken_of(quarantined) == [{"primary_key": "1, 2013-04-01T08:00:00"}] * 2


def test_nothing_broken_gives_an_empty_quarantine(trips, tmp_path):
    _, quarantined = split_of(load_contract("trips"), trips(), tmp_path)

    assert quarantined.num_rows == 0


def test_the_one_impossible_wind_of_2013_and_the_hour_that_comes_twice_are_quarantined(tmp_path):
    weather = load_contract("weather")
    (_, storm), (_, autumn) = (
        split_of(weather, sample.table_of("weather", key), tmp_path) for key in ("2013-02-12", "2013-11-03")
    )

    assert broken_of(storm) == [{"wind_speed_mph.range": "1048.36058"}]
    assert autumn.num_rows == 6
    assert set(autumn["observed_at"].to_pylist()) == {pa.scalar("2013-11-03 01:00").cast(pa.timestamp("us")).as_py()}
