"""The online store in one SQLite file: many readers beside a writer, as processes of one machine."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from driftgate.online.rows import digest_of, is_about, key_text, written
from driftgate.online.store import KEEP_DAYS, Key, Snapshot, Values

BUSY_SECONDS = 10
KEYS_AT_ONCE = 500  # below SQLite's limit of variables in one statement

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS snapshot (
        id INTEGER PRIMARY KEY, view TEXT NOT NULL, for_day TEXT NOT NULL, as_of TEXT NOT NULL, digest TEXT NOT NULL,
        key TEXT NOT NULL, current INTEGER NOT NULL DEFAULT 1, forgotten INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX IF NOT EXISTS newest ON snapshot (view, current, for_day)",
    """
    CREATE TABLE IF NOT EXISTS entity (
        snapshot INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE, key TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (snapshot, key)
    ) WITHOUT ROWID
    """,
)


class SqliteStore:
    """Snapshots in a file. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def put_many(
        self, view: str, for_day: str, rows: Iterable[tuple[Key, Values]], *, key: Sequence[str], as_of: str = ""
    ) -> Snapshot:
        texts, as_of = written(view, rows), as_of or for_day
        digest = digest_of(texts)
        with self._writing() as connection:
            known = _found(connection, "view = ? AND current = 1 AND for_day = ?", view, for_day)
            if known is None or (known.digest != digest and known.as_of <= as_of):
                return _replace(connection, Snapshot(view, for_day, as_of, digest, ""), key, texts)
            if known.as_of < as_of:  # the same rows are newer news
                connection.execute(
                    "UPDATE snapshot SET as_of = ? WHERE view = ? AND for_day = ? AND current", (as_of, view, for_day)
                )
                return replace(known, as_of=as_of)
            return known

    def newest(self, view: str, day: str) -> Snapshot | None:
        return _found(self._connection, "view = ? AND current = 1 AND for_day <= ?", view, day)

    def get_many(self, snapshot: Snapshot, keys: Sequence[Key]) -> dict[Key, Values]:
        number = snapshot.edition.partition(".")[0]
        texts = {key_text(key): key for key in keys}
        asked = list(texts)
        found: dict[Key, Values] = {}
        for start in range(0, len(asked), KEYS_AT_ONCE):
            some = asked[start : start + KEYS_AT_ONCE]
            places = ", ".join("?" * len(some))
            sql = f"SELECT key, body FROM entity WHERE snapshot = ? AND key IN ({places})"  # noqa: S608  only '?'
            for text, body in self._connection.execute(sql, (number, *some)):
                found[texts[text]] = json.loads(body)
        return found

    def forget(self, subject: Mapping[str, str | int]) -> int:
        removed = 0
        with self._writing() as connection:
            for number, names in connection.execute("SELECT id, key FROM snapshot").fetchall():
                if set(subject) <= set(columns := json.loads(names)):
                    removed += _forget(connection, number, columns, subject)
        return removed

    def expire(self, before: str) -> int:
        with self._writing() as connection:
            connection.execute("DELETE FROM snapshot WHERE for_day < ? AND NOT current", (before,))
            return connection.execute("DELETE FROM snapshot WHERE for_day < ?", (before,)).rowcount

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = _connect(self.path)
        return found

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _found(connection: sqlite3.Connection, condition: str, *values: str) -> Snapshot | None:
    sql = f"SELECT view, for_day, as_of, digest, id, forgotten FROM snapshot WHERE {condition} ORDER BY for_day DESC"  # noqa: S608  ours
    row = connection.execute(f"{sql} LIMIT 1", values).fetchone()
    if row is None:
        return None
    view, for_day, as_of, digest, number, forgotten = row
    return Snapshot(view, for_day, as_of, digest, f"{number}.{forgotten}")


def _replace(connection: sqlite3.Connection, made: Snapshot, key: Sequence[str], texts: Mapping[str, str]) -> Snapshot:
    """Write a snapshot and return it. What it replaces goes with the next one: a reader may just have found it."""
    view = made.view
    connection.execute("DELETE FROM snapshot WHERE view = ? AND NOT current", (view,))
    connection.execute("UPDATE snapshot SET current = 0 WHERE view = ? AND for_day = ?", (view, made.for_day))
    number = connection.execute(
        "INSERT INTO snapshot (view, for_day, as_of, digest, key) VALUES (?, ?, ?, ?, ?)",
        (view, made.for_day, made.as_of, made.digest, json.dumps(list(key))),
    ).lastrowid
    connection.executemany("INSERT INTO entity VALUES (?, ?, ?)", ((number, *row) for row in texts.items()))
    connection.execute(
        "DELETE FROM snapshot WHERE view = ? AND current AND for_day NOT IN "
        "(SELECT for_day FROM snapshot WHERE view = ? AND current ORDER BY for_day DESC LIMIT ?)",
        (view, view, KEEP_DAYS),
    )
    return replace(made, edition=f"{number}.0")


def _forget(
    connection: sqlite3.Connection, number: int, columns: Sequence[str], subject: Mapping[str, str | int]
) -> int:
    keys = connection.execute("SELECT key FROM entity WHERE snapshot = ?", (number,)).fetchall()
    about = [(number, text) for (text,) in keys if is_about(text, columns, subject)]
    connection.executemany("DELETE FROM entity WHERE snapshot = ? AND key = ?", about)
    if about:  # another edition: readers keep what they read of one
        connection.execute("UPDATE snapshot SET forgotten = forgotten + 1 WHERE id = ?", (number,))
    return len(about)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # a lost machine loses what materialising again brings back
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            for statement in SCHEMA:
                connection.execute(statement)
        except sqlite3.OperationalError:  # a database that changes its mode does not wait for others by itself
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return connection
