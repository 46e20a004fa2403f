"""A database as a source: exact types, a day and no more, nothing taken from one that goes away."""

import threading
import time
from datetime import datetime

import pytest
import sqlalchemy as sa

from driftgate.errors import ConfigError, SourceBroken, SourceMissing, SourceUnready
from driftgate.lake import lake, read_table
from driftgate.sources import ingest_partition, sql_rows

from .conftest import COLUMNS

KEY = "2013-04-01"
CREATE = (
    "create table trips (trip bigint, started_at timestamp, zone text, seats integer, fare_usd double precision, "
    "shared boolean, billed_on date, driver_phone text)"
)


def server(**more: str) -> str:
    custom = {"connection": "CAB_DATABASE_URL", "table": "trips"} | more
    listed = ", ".join(f'{{property: {name}, value: "{value}"}}' for name, value in custom.items() if value)
    return f"{{server: cab, type: postgres, host: localhost, database: cab, customProperties: [{listed}]}}"


@pytest.fixture
def database(postgres, trips, monkeypatch):
    """An empty table of trips in a real Postgres, which the contract names."""
    monkeypatch.setenv("CAB_DATABASE_URL", postgres)
    trips(server())
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(sa.text(CREATE))
    yield engine
    engine.dispose()


def insert(engine, trip: int, started_at: str = "2013-04-01 08:30:00", **more: object) -> None:
    row = {"trip": trip, "started_at": started_at, "seats": 4, **more}
    names = ", ".join(row)
    with engine.begin() as connection:
        values = ", ".join(f":{name}" for name in row)
        connection.execute(sa.text(f"insert into trips ({names}) values ({values})"), row)


def ingest(key: str = KEY):
    return ingest_partition("cab", "trips", key)


def test_a_partition_is_the_rows_of_its_day_in_the_order_of_the_key(database):
    for trip, moment in [
        (3, "2013-04-01 23:59:59.999999"),
        (1, "2013-04-01"),
        (2, "2013-04-02"),
        (4, "2013-03-31 23:59"),
    ]:
        insert(database, trip, moment)

    assert read_table(lake(), ingest())["trip"].to_pylist() == [1, 3]


def test_a_column_that_nobody_declared_never_leaves_the_database(database):
    insert(database, 1, driver_phone="0176-1234567")
    manifest = ingest()

    assert manifest.dropped == ("driver_phone",)
    assert read_table(lake(), manifest).column_names == list(COLUMNS)


def test_equal_rows_give_the_same_hash_whatever_order_they_lie_in(database):
    for trip in (1, 2, 3):
        insert(database, trip)
    first = ingest()
    with database.begin() as connection:
        connection.execute(sa.text("delete from trips where trip = 1"))
    insert(database, 1)

    assert ingest() == first


def test_a_day_without_rows_is_missing(database):
    with pytest.raises(SourceMissing, match="trips in the database of 'cab' for 2013-04-01 has no rows"):
        ingest()


@pytest.mark.parametrize(
    ("change", "telling"),
    [
        ("alter table trips rename zone to zones", "it lacks the column 'zone'; did you mean 'zones'?"),
        ("alter table trips alter seats type text", "row 2, column 'seats': expected int32, found '4'"),
        (
            "alter table trips alter seats type bigint using 4000000000",
            "column 'seats': expected int32, found 4000000000",
        ),
        ("alter table trips alter seats type float8 using 1.5", "column 'seats': expected int32, found 1.5"),
        ("alter table trips alter seats type boolean using true", "column 'seats': expected int32, found True"),
        ("alter table trips alter billed_on type timestamp using now()", "column 'billed_on': expected date32[day]"),
        ("alter table trips alter started_at type timestamptz", "column 'started_at': expected timestamp[us]"),
        ("drop table trips", 'refuses to deliver trips (UndefinedTable: relation "trips" does not exist'),
    ],
)
def test_what_the_contract_does_not_promise_is_refused(change, telling, database):
    insert(database, 1, seats=None)
    insert(database, 2)
    with database.begin() as connection:
        connection.execute(sa.text("set local timezone to 'UTC'"))
        connection.execute(sa.text(change))
    with pytest.raises(SourceBroken) as refused:
        ingest()
    assert telling in str(refused.value)
    assert "\n" not in str(refused.value)
    assert lake().list("raw") == []


def test_a_value_that_must_not_be_shown_is_not(database, trips):
    trips(server(), pii=("seats",))
    with database.begin() as connection:
        connection.execute(sa.text("alter table trips alter seats type text"))
    insert(database, 1, seats="0176-1234567")
    with pytest.raises(SourceBroken) as refused:
        ingest()
    assert "row 1, column 'seats': expected int32. Correct" in str(refused.value)
    assert "0176" not in str(refused.value)


def test_a_view_or_a_query_is_as_good_as_a_table(database, trips):
    insert(database, 1, zone="a:b")
    insert(database, 2, zone="other")
    query = "select * from trips where zone like '%:b' and '1'::text = '1'"
    trips(server(table="", query=query))

    assert read_table(lake(), ingest())["trip"].to_pylist() == [1]


@pytest.mark.parametrize(
    "query", ["delete from trips", "select 1; drop table trips", "drop table trips", "not sql at all (", "select 1)"]
)
def test_a_query_that_is_not_one_select_is_refused(query, database, trips):
    insert(database, 1)
    trips(server(table="", query=query))
    with pytest.raises(ConfigError, match="The query of trips is not one SELECT"):
        ingest()
    with database.connect() as connection:
        assert connection.execute(sa.text("select count(*) from trips")).scalar() == 1


def test_a_query_cannot_write(database, trips):
    """However it is dressed up: the transaction only reads."""
    insert(database, 1)
    with database.begin() as connection:
        connection.execute(
            sa.text("create function take() returns setof trips as 'delete from trips returning *' language sql")
        )
    trips(server(table="", query="select * from take()"))
    with pytest.raises(SourceBroken, match="refuses to deliver trips"):
        ingest()
    with database.connect() as connection:
        assert connection.execute(sa.text("select count(*) from trips")).scalar() == 1


@pytest.mark.parametrize(
    ("address", "telling"),
    [
        ("", "CAB_DATABASE_URL is not set"),
        ("secret-that-is-no-address", "CAB_DATABASE_URL is no address that SQLAlchemy understands"),
        ("nosuch://secret@host/db", "CAB_DATABASE_URL is no address that SQLAlchemy understands"),
        ("sqlite:////nowhere/cab.db", "The database file that CAB_DATABASE_URL names does not exist"),
    ],
)
def test_an_address_that_is_none_is_a_sentence_without_the_address(address, telling, trips, monkeypatch):
    monkeypatch.setenv("CAB_DATABASE_URL", address)
    trips(server())
    with pytest.raises(ConfigError) as refused:
        ingest()
    assert telling in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_asked_again(trips, monkeypatch):
    monkeypatch.setenv("CAB_DATABASE_URL", "postgresql+psycopg://reader:secret@127.0.0.1:1/cab")
    trips(server())
    with pytest.raises(SourceUnready, match="does not answer or went away while trips was read") as waiting:
        ingest()
    assert "secret" not in str(waiting.value)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_postgres_that_goes_away_in_mid_read_leaves_nothing_and_the_next_run_heals(
    driver, database, postgres, monkeypatch
):
    monkeypatch.setenv("CAB_DATABASE_URL", postgres.replace("+psycopg", f"+{driver}"))
    monkeypatch.setattr(sql_rows, "FETCH_ROWS", 100)
    with database.begin() as connection:
        many = "insert into trips select n, '2013-04-01', repeat('x', 1000), 1 from generate_series(1, 20000) n"
        connection.execute(sa.text(many.replace("trips", "trips (trip, started_at, zone, seats)")))
    count, begun = sql_rows.Rows._count, threading.Event()

    def slowly(self, *given):
        count(self, *given)
        begun.set()
        time.sleep(0.01)

    monkeypatch.setattr(sql_rows.Rows, "_count", slowly)
    killer = threading.Thread(target=lambda: (begun.wait(30), kill_readers(database)))
    killer.start()
    with pytest.raises(SourceUnready, match="went away while trips was read"):
        ingest()
    killer.join()
    assert lake().list("raw") == []
    monkeypatch.setattr(sql_rows.Rows, "_count", count)

    assert ingest().rows == 20_000


def kill_readers(engine) -> None:
    with engine.begin() as connection:
        others = "from pg_stat_activity where datname = 'cab' and pid <> pg_backend_pid()"
        connection.execute(sa.text(f"select pg_terminate_backend(pid) {others}"))


def test_rows_are_streamed_in_parts(database, monkeypatch):
    monkeypatch.setattr(sql_rows, "FETCH_ROWS", 7)
    parts = []
    count = sql_rows.Rows._count
    monkeypatch.setattr(
        sql_rows.Rows, "_count", lambda self, marks, rows: (parts.append(rows), count(self, marks, rows))
    )
    for trip in range(17):
        insert(database, trip)

    assert ingest().rows == 17
    assert parts == [7, 7, 3]


def test_text_in_sqlite_that_is_no_time_is_a_sentence(tmp_path, trips, monkeypatch):
    url = f"sqlite:///{tmp_path}/cab.db"
    monkeypatch.setenv("CAB_DATABASE_URL", url)
    trips(server().replace("type: postgres, host: localhost, database: cab", "type: custom"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(CREATE))
    insert(engine, 1, "2013-04-01 soon")
    with pytest.raises(SourceBroken, match="after row 0, a value that should be a date, a time or a number is none"):
        ingest()
    with engine.begin() as connection:
        connection.execute(sa.text("delete from trips"))
    for trip, moment in [(1, "2013-04-01"), (2, "2013-04-01T12:00:00"), (3, "2013-04-02 00:00:00")]:
        insert(engine, trip, moment)
    engine.dispose()

    times = read_table(lake(), ingest())["started_at"].to_pylist()
    assert times == [datetime(2013, 4, 1), datetime(2013, 4, 1, 12)]
