"""What ``features.sql`` of the sample sees of a flight, and what any ``features.sql`` is refused for."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate import settings
from driftgate.datasets import compute_features
from driftgate.datasets.history import history_table
from driftgate.errors import ConfigError
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

DAY, DAY_BEFORE = "2013-03-20", "2013-03-19"
Tables = dict[str, pa.Table]


def flights(*departures: tuple[int, int], tail: str = "N1") -> pa.Table:
    """One flight from EWR per (hour, minute) of the day, numbered from 1."""
    return pa.table(
        {
            "carrier": ["UA"] * len(departures),
            "flight": pa.array(range(1, len(departures) + 1), pa.int32()),
            "tail_number": [tail] * len(departures),
            "origin": ["EWR"] * len(departures),
            "dest": ["ORD"] * len(departures),
            "scheduled_departure": pa.array([datetime(2013, 3, 20, *at) for at in departures], pa.timestamp("us")),
            "scheduled_arrival_minute": pa.array([0] * len(departures), pa.int32()),
            "distance_miles": pa.array([719] * len(departures), pa.int32()),
            "partition_key": [DAY] * len(departures),
        }
    )


def weather(*observed: tuple[str, datetime, float]) -> pa.Table:
    """One observation per (origin, time, temperature)."""
    numbers = [name for name in sample.table_of("weather", DAY).column_names if name not in ("origin", "observed_at")]
    rows = [
        {"origin": origin, "observed_at": at, **dict.fromkeys(numbers, degrees), "partition_key": f"{at:%Y-%m-%d}"}
        for origin, at, degrees in observed
    ]
    times, text = pa.timestamp("us"), pa.string()
    fields = [("origin", text), ("observed_at", times), *((name, pa.float64()) for name in numbers)]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, ("partition_key", text)]))


def planes(*built: tuple[str, int, str]) -> pa.Table:
    """One registry entry per (tail number, year built, partition key)."""
    rows = [{"tail_number": tail, "year_built": year, "partition_key": key} for tail, year, key in built]
    whole = sample.table_of("planes", DAY).schema.append(pa.field("partition_key", pa.string()))
    return pa.Table.from_pylist(rows, schema=whole)


def history(*landed: dict[str, Any]) -> pa.Table:
    """One earlier flight per set of columns; the others are as those of :func:`flights` on the day before."""
    usual = flights((12, 0)).to_pylist()[0] | {"days_ago": 1}
    whole = history_table({}, DAY, sample.table_of("flights", DAY).schema).schema
    return pa.Table.from_pylist([usual | columns for columns in landed], schema=whole)


def features(use_case: UseCase, **tables: pa.Table) -> dict[str, list[Any]]:
    defaults = {"flights": flights((12, 0)), "weather": weather(), "planes": planes(), "flights_history": history()}
    answer: dict[str, list[Any]] = compute_features(use_case, {**defaults, **tables}).to_pydict()
    return answer


def test_weather_is_the_newest_observation_an_hour_before_departure(use_case: UseCase) -> None:
    observed = weather(
        ("EWR", datetime(2013, 3, 20, 9), 9.0),
        ("EWR", datetime(2013, 3, 20, 10), 10.0),
        ("EWR", datetime(2013, 3, 20, 11), 11.0),
        ("EWR", datetime(2013, 3, 20, 12), 12.0),
        ("JFK", datetime(2013, 3, 20, 11), 99.0),
    )
    departures = flights((12, 0), (11, 59), (12, 1), (9, 59), (15, 0), (16, 0), (16, 1))

    # 12:00 → 11:00 exactly; 11:59 → 10:00, as 11:00 came too late; 9:59 → nothing yet; 16:00 → 12:00, four hours old;
    # 16:01 → 12:00 is older than four hours.
    assert features(use_case, flights=departures, weather=observed)["temperature_f"] == [
        *(11.0, 10.0, 11.0, None, 12.0, 12.0, None),
    ]


def test_a_flight_after_midnight_sees_the_weather_of_the_evening_before(use_case: UseCase) -> None:
    observed = weather(("EWR", datetime(2013, 3, 19, 23), 41.0))

    assert features(use_case, flights=flights((1, 30)), weather=observed)["temperature_f"] == [41.0]


def test_the_aircraft_is_the_one_of_the_registry_of_that_day(use_case: UseCase) -> None:
    registry = planes(("N1", 1999, DAY_BEFORE), ("N1", 2003, DAY), ("N2", 1990, DAY))

    assert features(use_case, planes=registry)["aircraft_age_years"] == [10]
    assert features(use_case, planes=planes(("N1", 1999, DAY_BEFORE)))["aircraft_age_years"] == [None]


def test_departure_time_becomes_hour_minute_of_day_and_weekday(use_case: UseCase) -> None:
    row = features(use_case, flights=flights((14, 45)))

    assert (row["departure_hour"], row["departure_minute_of_day"], row["day_of_week"]) == ([14], [885], [3])


def test_every_flight_of_a_real_day_is_one_row_without_any_outcome_column(
    use_case: UseCase, request_tables: Callable[[str], Tables], days: list[str]
) -> None:
    tables = request_tables(days[5])
    rows = compute_features(use_case, tables)

    assert rows.num_rows == tables["flights"].num_rows
    assert set(use_case.request_key) < set(rows.column_names)
    assert not {"arr_delay_minutes", "departure_minute", "air_time_minutes"} & set(rows.column_names)
    assert {str(field.type) for field in rows.schema} == {"string", "int32", "int64", "double", "timestamp[us]"}
    assert rows.equals(rows.sort_by([(name, "ascending") for name in use_case.request_key]))


def test_changing_the_outcomes_of_flights_changes_no_feature(
    use_case: UseCase, request_tables: Callable[[str], Tables], days: list[str]
) -> None:
    tables, day = request_tables(days[5]), sample.table_of("flights", days[5])
    keyed = day.append_column("partition_key", pa.repeat(days[5], day.num_rows))
    outcomes = set(day.column_names) - set(tables["flights"].column_names)
    changed = keyed
    for name in outcomes:
        column = pc.add(pc.fill_null(keyed[name], 7), 1000)
        changed = changed.set_column(changed.column_names.index(name), name, column)

    assert len(outcomes) == 5
    expected = compute_features(use_case, tables)
    assert compute_features(use_case, {**tables, "flights": keyed}).equals(expected)
    assert compute_features(use_case, {**tables, "flights": changed}).equals(expected)


def test_rows_in_another_order_give_the_same_features(
    use_case: UseCase,
    request_tables: Callable[[str], Tables],
    publish_days: Callable[..., None],
    days: list[str],
) -> None:
    publish_days(days[:5], ("flights",))
    tables = request_tables(days[5])
    assert tables["flights_history"].num_rows > 4000
    backwards = {name: table.take(pa.array(range(table.num_rows - 1, -1, -1))) for name, table in tables.items()}

    assert compute_features(use_case, backwards).equals(compute_features(use_case, tables))


KEY = "SELECT carrier, flight, origin, scheduled_departure"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT carrier, flight, origin FROM flights", "must select 'scheduled_departure', which is in request_key"),
        ("SELECT carrier, flight AS flihgt, origin FROM flights", "must select 'flight'.*did you mean 'flihgt'"),
        (f"{KEY}, 1 AS label FROM flights", "selects a column named 'label'.*rename it"),
        (f"{KEY}, partition_key FROM flights", "selects a column named 'partition_key'"),
        (f"{KEY}, dest, dest FROM flights", "selects 'dest' more than once"),
        (f"{KEY}, scheduled_departure::DATE AS day FROM flights", "gives 'day' as date32.*cast it to VARCHAR"),
        (f"{KEY}, 1.5 AS half FROM flights", "gives 'half' as decimal128.*cast it"),
        (f"{KEY}, flight > 1 AS big FROM flights", "gives 'big' as bool"),
        (f"{KEY} FROM flights, range(2)", "gives 2 rows for 1 requests; make each join find at most one row"),
        (
            f"{KEY}, arr_delay_minutes FROM flights",
            "reads 'arr_delay_minutes' of a request, an outcome.*flights_history",
        ),
        (f"{KEY} FROM fligths", "reads the table 'fligths', which is no table of the use case; did you mean 'flights'"),
        ("DELETE FROM flights", "exactly one SELECT, found DELETE"),
    ],
)
def test_wrong_features_are_one_sentence_that_names_the_file(
    sql: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project" / "include" / "use_cases" / "flight_delays"
    folder.mkdir(parents=True)
    original = settings.project_root() / "include" / "use_cases" / "flight_delays" / "use_case.yaml"
    (folder / "use_case.yaml").write_bytes(original.read_bytes())
    (folder / "features.sql").write_text(sql)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))

    with pytest.raises(ConfigError, match=words) as refused:
        features(load_use_case("flight_delays"))
    assert str(refused.value).startswith(str(folder / "features.sql"))


def test_a_missing_event_time_is_named(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match="must select 'asked_at', which is the event_time of the use case"):
        features(use_case.model_copy(update={"event_time": "asked_at"}))
