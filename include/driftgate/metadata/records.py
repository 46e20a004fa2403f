"""One append-only table of records. Each (kind, subject) has revisions 1, 2, 3 …; nothing is ever changed in place."""

import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from driftgate.errors import Conflict
from driftgate.settings import settings

BUSY_SECONDS = 10

RECORDS = Table(
    "driftgate_record",
    MetaData(),
    Column("kind", String(40), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("body", Text, nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """One revision of a record."""

    kind: str
    subject: str
    revision: int
    written_at: datetime
    body: dict[str, Any]


def metadata() -> "RecordStore":
    """Return the record store of this environment."""
    return RecordStore(_engine(settings().metadata))


class RecordStore:
    """Append-only records with compare-and-swap on the revision."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def append(self, kind: str, subject: str, body: dict[str, Any], *, expected: int | None = None) -> Entry:
        """Write the next revision of a record.

        :param expected: the revision that the caller last read (0 for none); None takes whatever is there
        :raises Conflict: another writer appended since ``expected`` was read
        """
        while True:
            latest = self.latest(kind, subject)
            current = latest.revision if latest else 0
            if expected is not None and expected != current:
                raise Conflict(f"{kind} of {subject} is at revision {current}, not {expected}: someone was first.")
            entry = Entry(kind, subject, current + 1, datetime.now(UTC), body)
            if self._inserted(entry):
                return entry  # else another writer took this revision: look again

    def latest(self, kind: str, subject: str) -> Entry | None:
        """Return the newest revision, or None."""
        query = select(RECORDS).where(RECORDS.c.kind == kind, RECORDS.c.subject == subject)
        with self.engine.connect() as connection:
            row = connection.execute(query.order_by(RECORDS.c.revision.desc()).limit(1)).first()
        return _entry(row) if row else None

    def all_latest(
        self,
        kind: str,
        prefix: str = "",
        *,
        last: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> list[Entry]:
        """Return the newest revision of every record of ``kind`` whose subject starts with ``prefix``, by subject.

        :param last: only so many of them, the last ones
        :param since: only those from this subject on
        :param until: only those up to this subject
        """
        mine = _of(kind, prefix)
        if since is not None:
            mine.append(RECORDS.c.subject >= since)
        if until is not None:
            mine.append(RECORDS.c.subject <= until)
        newest = (
            select(RECORDS.c.subject, func.max(RECORDS.c.revision).label("revision"))
            .where(*mine)
            .group_by(RECORDS.c.subject)
            .order_by(RECORDS.c.subject.desc())
            .limit(last)
            .subquery()
        )
        query = select(RECORDS).join(
            newest,
            (RECORDS.c.kind == kind)
            & (RECORDS.c.subject == newest.c.subject)
            & (RECORDS.c.revision == newest.c.revision),
        )
        with self.engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query.order_by(RECORDS.c.subject))]

    def newest_at(self, kind: str, prefix: str = "") -> datetime | None:
        """Return when a record of ``kind`` whose subject starts with ``prefix`` was last written, None of none."""
        with self.engine.connect() as connection:
            newest = connection.execute(select(func.max(RECORDS.c.written_at)).where(*_of(kind, prefix))).scalar()
        return _with_zone(newest) if newest else None

    def history(self, kind: str, subject: str) -> list[Entry]:
        """Return every revision of a record, oldest first."""
        query = select(RECORDS).where(RECORDS.c.kind == kind, RECORDS.c.subject == subject)
        with self.engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query.order_by(RECORDS.c.revision))]

    def _inserted(self, entry: Entry) -> bool:
        row = {**entry.__dict__, "body": json.dumps(entry.body, sort_keys=True)}
        try:
            with self.engine.begin() as connection:
                connection.execute(RECORDS.insert(), row)
        except IntegrityError:
            return False
        return True


def _of(kind: str, prefix: str) -> list[ColumnElement[bool]]:
    return [RECORDS.c.kind == kind, RECORDS.c.subject.startswith(prefix, autoescape=True)]


def _entry(row: Any) -> Entry:
    return Entry(row.kind, row.subject, row.revision, _with_zone(row.written_at), json.loads(row.body))


def _with_zone(written_at: datetime) -> datetime:
    return written_at.replace(tzinfo=written_at.tzinfo or UTC)  # SQLite forgets the zone


@cache
def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _sqlite_pragmas)
    try:
        RECORDS.metadata.create_all(engine, checkfirst=True)
    except DBAPIError:
        if not inspect(engine).has_table(RECORDS.name):  # else another process created it at the same moment
            raise
    return engine


def _sqlite_pragmas(connection: Any, _: Any) -> None:
    # Readers must not wait for the writer (the endpoint polls); a writer waits for another.
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:  # a database that changes its mode does not wait for others by itself
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
