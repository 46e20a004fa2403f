"""From the text of a SELECT to the columns behind each feature."""

import pytest

from driftgate.contracts import load_contract, published_schema
from driftgate.datasets.feature_columns import columns_read
from driftgate.errors import ConfigError
from driftgate.use_cases import load_use_case

TABLES = {"trips": ["trip", "zone", "at", "fare"], "zones": ["name", "size", "at"], "drivers": ["trip", "name"]}


def read(sql, **options):
    found = columns_read(sql, TABLES, **options)
    return {name: sorted(f"{table}.{column}" for table, column in columns) for name, columns in found.items()}


FORMS = {
    "a plain column": ("SELECT trip FROM trips", {"trip": ["trips.trip"]}),
    "a name in capitals": ("SELECT T.Zone AS Place FROM Trips T", {"place": ["trips.zone"]}),
    "a quoted name": ('SELECT "zone" AS "Place" FROM trips', {"place": ["trips.zone"]}),
    "an expression": ("SELECT 60 * hour(at) + fare AS x FROM trips", {"x": ["trips.at", "trips.fare"]}),
    "a constant": ("SELECT 1 AS one, trip FROM trips", {"one": [], "trip": ["trips.trip"]}),
    "a star": (
        "SELECT * FROM trips",
        {"trip": ["trips.trip"], "zone": ["trips.zone"], "at": ["trips.at"], "fare": ["trips.fare"]},
    ),
    "a star without some": ("SELECT * EXCLUDE (at, fare) FROM trips", {"trip": ["trips.trip"], "zone": ["trips.zone"]}),
    "a star with another value": (
        "SELECT t.* EXCLUDE (at, zone) REPLACE (fare + trip AS fare) FROM trips t",
        {"trip": ["trips.trip"], "fare": ["trips.fare", "trips.trip"]},
    ),
    "a CTE": ("WITH a AS (SELECT trip, fare * 2 AS f FROM trips) SELECT f FROM a", {"f": ["trips.fare"]}),
    "a CTE of a CTE with a star": (
        "WITH a AS (SELECT * FROM trips), b AS (SELECT * EXCLUDE (at) FROM a) SELECT zone || trip AS x FROM b",
        {"x": ["trips.trip", "trips.zone"]},
    ),
    "a CTE that hides a table": (
        "WITH trips AS (SELECT name AS zone FROM zones) SELECT zone FROM trips",
        {"zone": ["zones.name"]},
    ),
    "a subquery": ("SELECT x.z FROM (SELECT zone AS z FROM trips) x", {"z": ["trips.zone"]}),
    "an ASOF join": (
        "SELECT t.trip, z.size FROM trips t ASOF JOIN zones z ON z.name = t.zone AND z.at <= t.at - INTERVAL 1 HOUR",
        {"trip": ["trips.trip"], "size": ["zones.size"]},
    ),
    "an ASOF join by name": (
        "SELECT trips.trip, z.size FROM trips ASOF LEFT JOIN zones z USING (at)",
        {"trip": ["trips.trip"], "size": ["zones.size"]},
    ),
    "a window": (
        "SELECT avg(fare) OVER (PARTITION BY zone ORDER BY at RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW) "
        "AS mean FROM trips",
        {"mean": ["trips.at", "trips.fare", "trips.zone"]},
    ),
    "an aggregate with a filter": (
        "SELECT zone, count(*) FILTER (WHERE fare > 3) AS n FROM trips GROUP BY ALL",
        {"zone": ["trips.zone"], "n": ["trips.fare"]},
    ),
    "a value of a subquery": (
        "SELECT (SELECT max(z.size) FROM zones z WHERE z.name = t.zone) AS size FROM trips t",
        {"size": ["trips.zone", "zones.name", "zones.size"]},
    ),
    "a lateral join": (
        "SELECT l.s FROM trips t LEFT JOIN LATERAL (SELECT z.size + t.trip AS s FROM zones z) l ON true",
        {"s": ["trips.trip", "zones.size"]},
    ),
    "a list that is taken apart": (
        "SELECT u.x FROM trips t, unnest([t.trip, t.fare]) AS u(x)",
        {"x": ["trips.fare", "trips.trip"]},
    ),
    "a union": (
        "SELECT zone, fare AS x FROM trips UNION ALL SELECT name, size FROM zones",
        {"zone": ["trips.zone", "zones.name"], "x": ["trips.fare", "zones.size"]},
    ),
    "a recursive CTE": (
        "WITH RECURSIVE r(n) AS (SELECT trip FROM trips UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r",
        {"n": ["trips.trip"]},
    ),
    "an alias that is used again": (
        "SELECT fare * 2 AS twice, twice + trip AS more FROM trips",
        {"twice": ["trips.fare"], "more": ["trips.fare", "trips.trip"]},
    ),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_feature_is_followed_to_its_columns_through(what):
    sql, expected = FORMS[what]
    assert read(sql) == expected


def test_the_rows_that_a_value_comes_from_are_decided_by_joins_and_conditions():
    sql = """
        WITH last AS (SELECT name, size FROM zones WHERE at > TIMESTAMP '2013-01-01')
        SELECT t.trip, l.size, d.name AS driver
        FROM trips t LEFT JOIN last l ON l.name = t.zone LEFT JOIN drivers d USING (trip)
    """
    assert read(sql, joined=True) == {
        "trip": ["trips.trip"],
        "size": ["trips.zone", "zones.at", "zones.name", "zones.size"],
        "driver": ["drivers.name", "drivers.trip", "trips.trip"],
    }


def test_a_join_by_a_joined_table_counts_its_condition_too():
    sql = "SELECT d.name FROM trips t JOIN zones z ON z.name = t.zone JOIN drivers d ON d.trip = z.size"
    assert read(sql, joined=True) == {
        "name": ["drivers.name", "drivers.trip", "trips.zone", "zones.name", "zones.size"],
    }


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "DELETE FROM trips",
        "SELECT 1 AS a; SELECT 2 AS b",
        "SELECT nothing FROM trips",
        "SELECT a FROM nowhere",
        "SELECT (",
    ],
    ids=["no text", "no SELECT", "two", "an unknown column", "an unknown table", "half a statement"],
)
def test_what_is_not_one_select_on_these_tables_is_a_sentence(sql):
    with pytest.raises(ConfigError, match=r"^features.sql (must be exactly one SELECT|cannot be followed)") as refused:
        columns_read(sql, TABLES)
    assert "\n" not in str(refused.value)


def test_the_features_of_the_shipped_use_case_come_from_the_columns_that_one_reads_in_it():
    use_case = load_use_case("flight_delays")
    tables = {name: [*published_schema(load_contract(name)).names, "partition_key"] for name in use_case.datasets}
    tables["flights_history"] = [*tables["flights"], "days_ago"]
    values = columns_read(use_case.features_sql, tables)
    joined = columns_read(use_case.features_sql, tables, joined=True)

    assert set(use_case.request_key) <= set(values)
    assert values["distance_miles"] == {("flights", "distance_miles")}
    assert values["departure_hour"] == {("flights", "scheduled_departure")}
    assert values["wind_speed_mph"] == {("weather", "wind_speed_mph")}
    assert values["aircraft_age_years"] == {("flights", "scheduled_departure"), ("planes", "year_built")}
    assert joined["aircraft_seats"] >= {("planes", "seats"), ("planes", "tail_number"), ("flights", "tail_number")}
    assert joined["wind_speed_mph"] >= {("weather", "observed_at"), ("weather", "origin"), ("flights", "origin")}
    outcomes = {("flights", name) for name in load_contract("flights").outcomes}
    assert not outcomes & set().union(*values.values())
