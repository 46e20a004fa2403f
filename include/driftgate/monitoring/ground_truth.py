"""The day's answers joined with what really happened.

Which day is joined follows from the label lag. The night of partition K runs on day K + 1, and the outcome of day D is
known on day D + ``known_after_days``; so the newest day with labels is K + 1 - ``known_after_days``: K itself where
outcomes are known on the next day. Each night joins that one day, and joining it again gives the same table.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.datasets import compute_labels
from driftgate.lake import Manifest, lake, publish, read_manifest, read_table
from driftgate.partition_keys import parse_key
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class JoinResult(Record):
    """What came of joining one day; the counts are of answers that a caller got, ``shadow`` counts the others."""

    schema_version: int = 1
    use_case: str
    key: str
    labelled_key: str
    path: str
    manifest_hash: str
    requests: int
    labelled: int
    unlabelled: int
    failed: int
    duplicates: int
    shadow: int


def labelled_key(use_case: UseCase, key: str) -> str:
    """Return the newest day whose outcomes are known in the night of ``key``."""
    return (parse_key(key) + timedelta(days=1 - use_case.label.known_after_days)).isoformat()


def join_ground_truth(use_case: UseCase, key: str) -> JoinResult:
    """Join the newest day with known outcomes, publish the table in the lake and return the counts.

    The table has one row per ``prediction_id`` and variant, and ``label`` is null where the outcome never comes
    (a cancelled flight). A request key asked twice keeps its first answer.

    :raises SourceMissing: the outcomes of that day are not published yet
    """
    store = lake()
    day = labelled_key(use_case, key)
    truth = read_manifest(store, uris.partition("validated", use_case.datasets[0], day))
    captures = read_captures(use_case.name, day)
    joined = _join(use_case, captures, compute_labels(use_case, read_table(store, truth)))
    manifest = publish(store, uris.joined(use_case.name, day), joined, inputs=(truth.hash,))
    result = _result(use_case, key, captures, joined, manifest)
    store.write(uris.monitoring_report(use_case.name, key, "ground_truth"), result.canonical())
    return result


def read_joined(use_case_name: str, day: str) -> "pa.Table | None":
    """Return the joined table of a day, or None when that day was never joined."""
    path = uris.joined(use_case_name, day)
    if not lake().exists(f"{path}/manifest.json"):
        return None
    return read_table(lake(), read_manifest(lake(), path))


def _join(use_case: UseCase, captures: "pa.Table", labels: "pa.Table") -> "pa.Table":
    """Match request keys as text of the label table's types, so that 2013-04-01T05:00 and …05:00:00 are one."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # a day is small, and equal input must give equal bytes
        connection.register("captures", captures)
        connection.register("labels", labels)
        parts = _key_parts(connection, use_case)
        return connection.sql(
            f"""
            WITH answered AS (
                SELECT prediction_id, variant_role, model_version, deployment_revision, step, score, received_at,
                       event_time, request_key, {", ".join(f"{part} AS key_{n}" for n, part in enumerate(parts))}
                FROM captures
            ), once AS (
                SELECT * FROM answered
                QUALIFY row_number() OVER (
                    PARTITION BY {", ".join(f"key_{n}" for n in range(len(parts)))},
                        CASE WHEN variant_role = 'shadow' THEN model_version END
                    ORDER BY received_at, prediction_id) = 1
            )
            SELECT prediction_id, variant_role, model_version, deployment_revision, step, score, received_at,
                   event_time, request_key, label
            FROM once LEFT JOIN labels
            ON {" AND ".join(f"key_{n} = labels.{_quoted(name)}" for n, name in enumerate(use_case.request_key))}
            ORDER BY prediction_id, variant_role, model_version
            """  # noqa: S608  every name is quoted and comes from the use case's own file
        ).to_arrow_table()


def _key_parts(connection: "duckdb.DuckDBPyConnection", use_case: UseCase) -> list[str]:
    """Return, for each field of the request key, the SQL that reads it from the capture as the label's type."""
    types = dict(connection.sql("SELECT column_name, column_type FROM (DESCRIBE labels)").fetchall())
    return [
        f"TRY_CAST(json_extract_string(request_key, '$.{_quoted(name)}') AS {types[name]})"
        for name in use_case.request_key
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _result(use_case: UseCase, key: str, captures: "pa.Table", joined: "pa.Table", manifest: Manifest) -> JoinResult:
    import pyarrow.compute as pc

    answered = joined.filter(pc.not_equal(joined.column("variant_role"), "shadow"))
    labels = answered.column("label")
    return JoinResult(
        use_case=use_case.name,
        key=key,
        labelled_key=labelled_key(use_case, key),
        path=manifest.path,
        manifest_hash=manifest.hash,
        requests=answered.num_rows,
        labelled=answered.num_rows - labels.null_count,
        unlabelled=labels.null_count,
        failed=answered.column("score").null_count,
        duplicates=captures.num_rows - joined.num_rows,
        shadow=joined.num_rows - answered.num_rows,
    )
