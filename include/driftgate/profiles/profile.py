"""The profile of a table: what monitoring keeps of it. Two profiles merge into that of both tables together."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from driftgate.profiles.columns import Column, hide
from driftgate.profiles.findings import Finding
from driftgate.profiles.merging import merge_columns
from driftgate.profiles.quality import QualityScores
from driftgate.profiles.reading import MAX_CATEGORIES, profile_column
from driftgate.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 2**18  # the same cuts, and so the same bytes, however the rows arrive
CHUNK_CATEGORIES = 8192  # a word that is rarer than this in one chunk is counted with the others there
MOST_THREADS = 4
THREADED_ROWS = 20_000  # fewer are done before a thread has begun
WAITING_CHUNKS = 64  # are merged into one when there are more, so that memory stays bounded


class Profile(Record):
    """The mergeable statistical sketch of one table. Every column's ``rows`` is ``rows``.

    The profile of a partition has quality scores and findings besides, which do not merge.
    """

    schema_version: int = 2
    rows: int
    columns: dict[str, Column]
    quality: QualityScores | None = None
    findings: tuple[Finding, ...] = ()


def profile_table(table: "pa.Table", *, columns: Sequence[str] | None = None) -> Profile:
    """Return the profile of ``table``, of all its columns or of those named."""
    wanted = table.select(list(columns)) if columns is not None else table
    return profile_batches(wanted.to_batches(), wanted.schema)


def profile_batches(
    batches: "Iterable[pa.RecordBatch]", schema: "pa.Schema", *, hidden: Collection[str] = ()
) -> Profile:
    """Return the profile of the rows of ``batches``, read once and never held all at a time.

    :param schema: their columns, for there may be no batch at all
    :param hidden: columns of which only counts are kept
    """
    waiting: list[Profile] = []
    for chunk in _chunks(batches, schema):
        waiting.append(_profile_chunk(chunk))
        if len(waiting) == WAITING_CHUNKS:
            waiting = [_merge(waiting, most=CHUNK_CATEGORIES)]
    whole = _merge(waiting or [_profile_chunk(schema.empty_table())], most=MAX_CATEGORIES)
    columns = {name: hide(column) if name in hidden else column for name, column in whole.columns.items()}
    return Profile(rows=whole.rows, columns=columns)


def merge(*profiles: Profile) -> Profile:
    """Return the profile of all tables together; they must have the same columns."""
    return _merge(profiles, most=MAX_CATEGORIES)


def _merge(profiles: Sequence[Profile], *, most: int) -> Profile:
    columns = {
        name: merge_columns([profile.columns[name] for profile in profiles], most=most) for name in profiles[0].columns
    }
    return Profile(rows=sum(profile.rows for profile in profiles), columns=columns)


def _profile_chunk(table: "pa.Table") -> Profile:
    """Sorting and counting leave the interpreter to other threads, so the columns share the processors."""
    threads = min(os.cpu_count() or 1, MOST_THREADS) if table.num_rows >= THREADED_ROWS else 1
    if threads == 1:
        found = [_profile_column(column) for column in table.columns]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(_profile_column, table.columns))
    return Profile(rows=table.num_rows, columns=dict(zip(table.column_names, found, strict=True)))


def _profile_column(column: "pa.ChunkedArray") -> Column:
    return profile_column(column, most=CHUNK_CATEGORIES)


def _chunks(batches: "Iterable[pa.RecordBatch]", schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Yield the same rows as tables of ``CHUNK_ROWS`` rows, the last one shorter."""
    import pyarrow as pa

    held = schema.empty_table()
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch], schema)])
        while held.num_rows >= CHUNK_ROWS:
            yield held.slice(0, CHUNK_ROWS)
            held = held.slice(CHUNK_ROWS)
    if held.num_rows:
        yield held
