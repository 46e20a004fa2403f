"""Labels that people gave: in the next dataset version they take the place of the computed ones.

They are one set in the lake, with revisions; a version pins the one that is known by its hash, as it pins partitions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.labels import LABEL
from driftgate.datasets.locked_sql import quoted
from driftgate.lake import Store, manifest_of, read_table, revisions

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def pinned_labels(use_case_name: str, store: Store, as_of: datetime | None) -> dict[str, str]:
    """Return the path and the manifest of the newest labels that were known at ``as_of``; nothing where none were."""
    path = uris.reviewed_labels(use_case_name)
    known = [one.manifest for one in revisions(store, path) if as_of is None or one.known_at <= as_of]
    return {path: known[-1]} if known else {}


def corrected(
    rows: "Iterable[pa.Table]", days: Sequence[str], request_key: Sequence[str], store: Store, pinned: Mapping[str, str]
) -> "Iterator[pa.Table]":
    """Yield the rows of each day with the labels that people gave to their requests.

    Answers of one request that were labelled differently correct nothing.

    :param pinned: what :func:`pinned_labels` returned
    """
    if not pinned:
        yield from rows
        return
    import duckdb
    import pyarrow.compute as pc

    ((path, digest),) = pinned.items()
    labels = read_table(store, manifest_of(store, path, digest))
    reviewed_days = set(labels.column("day").to_pylist())
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for day, part in zip(days, rows, strict=True):
            if day not in reviewed_days:
                yield part
                continue
            yield _corrected(connection, part, labels.filter(pc.equal(labels.column("day"), day)), request_key)


def _corrected(
    connection: "duckdb.DuckDBPyConnection", rows: "pa.Table", labels: "pa.Table", request_key: Sequence[str]
) -> "pa.Table":
    import pyarrow as pa

    keyed = rows.select([*dict.fromkeys(request_key), LABEL]).append_column("place", pa.array(range(rows.num_rows)))
    connection.register("rows", keyed)
    connection.register("labels", labels)
    types = dict(connection.sql("SELECT column_name, column_type FROM (DESCRIBE rows)").fetchall())
    parts = [
        f"TRY_CAST(json_extract_string(request_key, '$.{quoted(name)}') AS {types[name]}) AS key_{number}"
        for number, name in enumerate(request_key)
    ]
    same = " AND ".join(f"key_{number} = rows.{quoted(name)}" for number, name in enumerate(request_key))
    found = connection.sql(
        f"""
        WITH keyed AS (SELECT {", ".join(parts)}, label FROM labels),
        reviewed AS (SELECT * EXCLUDE (label), bool_and(label) AS label FROM keyed
                     GROUP BY ALL HAVING bool_and(keyed.label) = bool_or(keyed.label))
        SELECT coalesce(reviewed.label, rows.label) AS label FROM rows LEFT JOIN reviewed ON {same} ORDER BY place
        """  # noqa: S608  every name is quoted and comes from the use case's own file
    ).to_arrow_table()
    return rows.set_column(rows.column_names.index(LABEL), rows.schema.field(LABEL), found.column("label"))
