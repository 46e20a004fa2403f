"""Captures joined with what really happened, request by request."""

import os
from functools import cache
from typing import TYPE_CHECKING

from driftgate.use_cases import UseCase

OUTCOME = "has_outcome"  # whether there is an outcome row

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def join_outcomes(use_case: UseCase, captures: "pa.Table", labels: "pa.Table") -> "pa.Table":
    """Return one row per answer with its ``label``: null where the outcome never comes (a cancelled flight).

    ``has_outcome`` says whether there is an outcome row at all: where there is none it may still come.

    Request keys are matched as the label table's types, so that 2013-04-01T05:00 and …05:00:00 are one. A request key
    asked twice keeps its first answer (an error only when nothing answered), of the callers' answers, of each shadow's
    and of the fallback's. Ordered by ``prediction_id``, ``variant_role`` and ``model_version``.

    :param labels: the columns of the request key and ``label``, as ``datasets.compute_labels`` gives them
    """
    with _database(os.getpid()).cursor() as connection:
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
                        CASE WHEN variant_role IN ('shadow', 'fallback') THEN variant_role || model_version END
                    ORDER BY score IS NULL, received_at, prediction_id, variant_role) = 1
            )
            SELECT prediction_id, variant_role, model_version, deployment_revision, step, score, received_at,
                   event_time, request_key, label, {OUTCOME} IS NOT NULL AS {OUTCOME}
            FROM once LEFT JOIN (SELECT *, TRUE AS {OUTCOME} FROM labels) AS labels
            ON {" AND ".join(f"key_{n} = labels.{_quoted(name)}" for n, name in enumerate(use_case.request_key))}
            ORDER BY prediction_id, variant_role, model_version
            """  # noqa: S608  every name is quoted and comes from the use case's own file
        ).to_arrow_table()


@cache
def _database(process: int) -> "duckdb.DuckDBPyConnection":
    """Return an empty database, whose cursors see nothing of each other: to open one takes as long as to join a day."""
    import duckdb

    return duckdb.connect(config={"threads": 1})  # a day is small, and equal input must give equal bytes


def _key_parts(connection: "duckdb.DuckDBPyConnection", use_case: UseCase) -> list[str]:
    """Return, for each field of the request key, the SQL that reads it from the capture as the label's type."""
    labels = connection.view("labels")
    types = dict(zip(labels.columns, labels.types, strict=True))
    return [
        f"TRY_CAST(json_extract_string(request_key, '$.{_quoted(name)}') AS {types[name]})"
        for name in use_case.request_key
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
