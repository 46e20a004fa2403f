"""Features are the same when they compute the same from the same columns, whatever their SQL looks like."""

import pytest

from driftgate.catalog.expressions import expressions
from driftgate.contracts import load_contract
from driftgate.errors import ConfigError
from driftgate.use_cases import load_use_case

TABLES = {
    "trips": {"trip": "int", "zone": "string", "started_at": "timestamp", "fare_usd": "double"},
    "trips_history": {"trip": "int", "zone": "string", "fare_usd": "double"},
    "zones": {"zone": "string", "area": "double"},
}


def of(sql):
    return expressions(sql, TABLES, where="features.sql")


def test_a_column_that_passes_through_is_unchanged_and_a_computed_one_is_not():
    found = of(
        "WITH z AS (SELECT zone, area FROM zones) "
        "SELECT t.zone, z.area AS size, 2 * z.area AS twice, hour(t.started_at) AS h FROM trips t JOIN z USING (zone)"
    )
    assert {name: item.unchanged for name, item in found.items()} == {
        "zone": "trips.zone",
        "size": "zones.area",
        "twice": None,
        "h": None,
    }


def test_aliases_and_layout_make_no_other_feature():
    first = of("SELECT hour(t.started_at) + t.fare_usd AS a FROM trips t")
    second = of("select\n  hour(x.started_at) -- an hour\n  + x.fare_usd as b\nfrom trips as x")
    assert first["a"].fingerprint == second["b"].fingerprint


def test_the_same_expression_over_other_groups_is_another_feature():
    found = of(
        """
        WITH by_zone AS (SELECT zone, avg(fare_usd) AS fare FROM trips_history GROUP BY zone),
             again AS (SELECT h.zone, avg(h.fare_usd) AS mean FROM trips_history h GROUP BY h.zone),
             by_trip AS (SELECT trip, avg(fare_usd) AS fare FROM trips_history GROUP BY trip)
        SELECT z.fare AS zone_fare, a.mean AS same, t.fare AS trip_fare
        FROM trips JOIN by_zone z USING (zone) JOIN again a USING (zone) JOIN by_trip t USING (trip)
        """
    )
    assert found["zone_fare"].fingerprint == found["same"].fingerprint
    assert found["zone_fare"].fingerprint != found["trip_fare"].fingerprint


def test_rows_chosen_otherwise_make_another_feature():
    found = of(
        """
        WITH big AS (SELECT zone, area FROM zones WHERE area > 1), all_ AS (SELECT zone, area FROM zones)
        SELECT big.area AS a, all_.area AS b FROM trips JOIN big USING (zone) JOIN all_ USING (zone)
        """
    )
    assert found["a"].fingerprint != found["b"].fingerprint
    assert found["a"].unchanged == found["b"].unchanged == "zones.area"


def test_a_star_is_opened():
    assert set(of("SELECT t.* EXCLUDE (fare_usd) FROM trips t")) == {"trip", "zone", "started_at"}


@pytest.mark.parametrize("sql", ["SELECT (", "DELETE FROM trips", "SELECT x FROM tripz"])
def test_what_is_no_select_over_the_tables_is_a_sentence(sql):
    with pytest.raises(ConfigError, match=r"features\.sql"):
        of(sql)


def test_the_shipped_features_are_traced_to_their_columns():
    use_case = load_use_case("flight_delays")
    tables = {
        name: {column.name: column.type for column in load_contract(name).columns} | {"partition_key": "string"}
        for name in use_case.datasets
    }
    tables[f"{use_case.datasets[0]}_history"] = tables[use_case.datasets[0]]
    found = expressions(use_case.features_sql, tables, where="features.sql")
    assert found["temperature_f"].unchanged == "weather.temperature_f"
    assert found["aircraft_age_years"].unchanged is None


def test_what_people_read_is_the_sql_where_it_is_computed():
    found = of(
        "WITH known AS (SELECT *, fare_usd > 20 AS dear FROM trips_history), "
        "recent AS (SELECT zone, avg(dear) AS dear_share, count(*) AS trips FROM known GROUP BY zone) "
        "SELECT t.zone, hour(t.started_at) AS h, r.dear_share FROM trips t LEFT JOIN recent r USING (zone)"
    )
    assert {name: item.text for name, item in found.items()} == {
        "zone": "trips.zone",
        "h": "HOUR(started_at)",
        "dear_share": "AVG(dear) per zone",
    }


def test_a_sentence_about_broken_sql_is_plain_text():
    with pytest.raises(ConfigError, match=r"^features.sql cannot be read as SQL \(") as refused:
        of("DELETE t.* EXCLUDE (zone) FROM trips t")
    assert "\x1b" not in str(refused.value) and "\n" not in str(refused.value)
