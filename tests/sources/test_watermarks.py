"""Late rows are found in the partitions they belong to, whatever dies in between, and nothing is doubled."""

import pytest
import sqlalchemy as sa

from driftgate.errors import ConfigError, SourceUnready
from driftgate.lake import lake, read_table
from driftgate.sources import bring_in, changed_partitions, ingest_partition

CREATE = (
    "create table trips (trip bigint, started_at timestamp, zone text, seats integer, fare_usd double precision, "
    "shared boolean, billed_on date, updated_at {})"
)
KINDS = {"time": "timestamp", "time with a zone": "timestamptz", "number": "bigint"}
DAYS = ["2013-04-01", "2013-04-02", "2013-04-03"]


def server(watermark: str = "updated_at") -> str:
    custom = {"connection": "CAB_DATABASE_URL", "table": "trips", "watermark": watermark}
    listed = ", ".join(f"{{property: {name}, value: {value}}}" for name, value in custom.items() if value)
    return f"{{server: cab, type: postgres, host: localhost, database: cab, customProperties: [{listed}]}}"


class Database:
    """A table of trips; each row is stamped with the number of the write, or a time that many hours into 2013-04-05."""

    def __init__(self, url: str, kind: str) -> None:
        self.engine, self.kind = sa.create_engine(url), kind
        self.do(CREATE.format(KINDS[kind]))

    def do(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))

    def write(self, trip: int, day: str, at: int, seats: int = 4) -> None:
        stamp = str(at) if self.kind == "number" else f"timestamp '2013-04-05' + interval '{at} hours'"
        self.do(f"delete from trips where trip = {trip}")
        self.do(f"insert into trips values ({trip}, '{day} 08:00:00', 'x', {seats}, 1, true, null, {stamp})")


@pytest.fixture(params=list(KINDS))
def database(request, postgres, trips, monkeypatch):
    """Three days, ingested, with a watermark of each kind."""
    monkeypatch.setenv("CAB_DATABASE_URL", postgres)
    trips(server())
    made = Database(postgres, request.param)
    for number, day in enumerate(DAYS):
        made.write(number, day, at=number)
        ingest_partition("cab", "trips", day)
    yield made
    made.engine.dispose()


def changed() -> list[str]:
    return changed_partitions("cab", "trips")


def test_nothing_has_changed_after_an_ingest(database):
    assert changed() == []
    assert changed() == []


def test_a_late_row_an_update_and_a_deletion_are_found_and_are_revisions(database):
    assert changed() == []
    database.write(10, "2013-04-01", at=30)
    database.write(1, "2013-04-02", at=31, seats=2)

    assert changed() == ["2013-04-01", "2013-04-02"]
    assert [bring_in("cab", "trips", day).revision for day in changed()] == [2, 2]
    assert changed() == []
    manifest = ingest_partition("cab", "trips", "2013-04-01")
    assert read_table(lake(), manifest)["trip"].to_pylist() == [0, 10]

    database.do("delete from trips where trip = 0")
    database.write(10, "2013-04-01", at=32)
    assert changed() == ["2013-04-01"]


def test_a_change_is_found_again_until_it_was_ingested(database):
    database.write(10, "2013-04-01", at=30)
    assert changed() == changed() == ["2013-04-01"]
    database.write(11, "2013-04-03", at=31)
    assert changed() == ["2013-04-01", "2013-04-03"]
    bring_in("cab", "trips", "2013-04-03")
    assert changed() == ["2013-04-01"]
    bring_in("cab", "trips", "2013-04-01")
    assert changed() == []


def test_a_row_that_came_before_others_that_were_ingested_is_not_lost(database):
    """The late row is older than the newest mark: it came between the ingests of two days."""
    database.write(10, "2013-04-01", at=5)
    database.write(12, "2013-04-04", at=6)
    ingest_partition("cab", "trips", "2013-04-04")

    assert changed() == ["2013-04-01"]


def test_a_row_whose_transaction_took_long_is_found_although_younger_ones_were_seen(database):
    database.write(10, "2013-04-03", at=12)
    bring_in("cab", "trips", "2013-04-03")
    assert changed() == []  # from here on, what is old is not looked at any more
    database.write(11, "2013-04-01", at=12 if database.kind == "number" else 11)

    assert changed() == ["2013-04-01"]


def test_a_day_that_was_never_ingested_is_no_change(database):
    database.write(10, "2013-05-01", at=40)
    assert changed() == []


def test_old_rows_are_not_read_again(database, monkeypatch):
    changed()
    seen = []
    monkeypatch.setattr(
        "driftgate.sources.watermarks._mark_of", lambda *given: seen.append(given[-1]) or pytest.fail("read again")
    )
    database.do("update trips set updated_at = null where trip = 0")
    if database.kind == "number":
        database.do("delete from trips where trip = 2")
    else:
        database.do("update trips set updated_at = timestamp '2013-01-01'")
    assert changed() == []
    assert seen == []


def test_a_database_that_does_not_answer_is_asked_again(database, monkeypatch):
    monkeypatch.setenv("CAB_DATABASE_URL", "postgresql+psycopg://reader@127.0.0.1:1/cab")
    with pytest.raises(SourceUnready):
        changed()


@pytest.mark.parametrize("source", ["cab", "other"])
def test_a_dataset_without_watermark_has_no_changes_to_ask_for(source, trips):
    trips(server("" if source == "cab" else "updated_at"))
    with pytest.raises(ConfigError, match=f"'trips' is no dataset of '{source}' with a watermark"):
        changed_partitions(source, "trips")


def test_a_watermark_that_is_no_column_is_a_sentence(database, trips):
    trips(server("updated_on"))
    with pytest.raises(ConfigError, match=r"The watermark 'updated_on' of trips is no column .* mean 'updated_at'\?"):
        changed()
    with pytest.raises(ConfigError, match="The watermark 'updated_on'"):
        ingest_partition("cab", "trips", DAYS[0])


def test_a_run_that_dies_after_publishing_finds_its_partition_again(database):
    database.write(10, "2013-04-01", at=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftgate.sources.sql.remember", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            bring_in("cab", "trips", "2013-04-01")

    assert changed() == ["2013-04-01"]
    done = bring_in("cab", "trips", "2013-04-01")
    assert (done.revision, done.duplicate) == (2, True)
    assert changed() == []


def test_in_sqlite_times_are_text_and_it_works_the_same(tmp_path, trips, monkeypatch):
    monkeypatch.setenv("CAB_DATABASE_URL", f"sqlite:///{tmp_path}/cab.db")
    trips(server().replace("type: postgres, host: localhost, database: cab", "type: custom"))
    engine = sa.create_engine(f"sqlite:///{tmp_path}/cab.db")
    row = "insert into trips values ({}, '2013-04-0{} 08:00:00', 'x', 4, 1, 1, null, '2013-04-05 {:02d}:00:00')"
    with engine.begin() as connection:
        connection.execute(sa.text(CREATE.format("timestamp")))
        for trip, day, hour in [(1, 1, 1), (2, 2, 2)]:
            connection.execute(sa.text(row.format(trip, day, hour)))
    for day in DAYS[:2]:
        ingest_partition("cab", "trips", day)
    assert changed() == []
    with engine.begin() as connection:
        connection.execute(sa.text(row.format(3, 1, 3)))
    engine.dispose()

    assert changed() == ["2013-04-01"]
    assert bring_in("cab", "trips", "2013-04-01").revision == 2
    assert changed() == []
