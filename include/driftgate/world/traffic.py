"""One day's requests: what the callers of the endpoint would have asked, in the order of the events."""

import json
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any

from driftgate.captures import read_captures
from driftgate.consumers import client_tls, own_headers
from driftgate.contracts import load_contract, published_schema
from driftgate.datasets import compute_features, current_views, history_name, known_history
from driftgate.errors import DriftgateError, SourceMissing
from driftgate.partition_keys import keys_before
from driftgate.settings import settings
from driftgate.sources import sample
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


def requests_of_day(use_case: UseCase, key: str) -> list[dict[str, Any]]:
    """Return the requests of the day ``key`` as JSON objects, ordered by the time of the event.

    They are made by the use case's own ``features.sql`` on tables that have no outcome columns and on the history that
    the lake has: what is known at request time, computed as in training. Online columns are the endpoint's to join.
    """
    first = use_case.datasets[0]
    tables = {first: with_key(sample.requests_of(key), key)}
    tables |= {name: _known(name, key) for name in use_case.datasets[1:]}
    tables[history_name(first)] = known_history(use_case, key, published_schema(load_contract(first)))
    joined = [name for view in current_views(use_case) for name in view.columns]
    rows: list[dict[str, Any]] = compute_features(use_case, tables).drop_columns(joined).to_pylist()
    rows.sort(key=lambda row: row[use_case.event_time])
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def send(use_case: UseCase, key: str, tick: Callable[[int], None] = lambda _: None) -> int:
    """Send the day's requests that have no answer yet, one by one; return how many were sent.

    :param tick: called with the number of requests sent since the last call
    :raises DriftgateError: the endpoint does not answer, or refuses a request
    """
    captures = read_captures(use_case.name, key).select(["request_key", "score"]).to_pylist()
    answered = {capture["request_key"] for capture in captures if capture["score"] is not None}
    waiting = [row for row in requests_of_day(use_case, key) if _key_of(row, use_case) not in answered]
    with closing(_connection()) as connection:
        for row in waiting:
            _post(connection, use_case.name, row)
            tick(1)
    return len(waiting)


def with_key(table: "pa.Table", key: str) -> "pa.Table":
    """Return ``table`` with the column ``partition_key``, as features.sql expects it."""
    import pyarrow as pa

    return table.append_column("partition_key", pa.array([key] * table.num_rows, pa.string()))


def _known(dataset: str, key: str) -> "pa.Table":
    """Return what the world knows of ``dataset`` on the day: its rows of the day and of the day before."""
    import pyarrow as pa

    before, today = keys_before(key, 2)
    tables = [with_key(sample.table_of(dataset, today), today)]
    with suppress(SourceMissing):  # the first day of the sample has none before it
        tables.insert(0, with_key(sample.table_of(dataset, before), before))
    return pa.concat_tables(tables)


def _key_of(row: dict[str, Any], use_case: UseCase) -> str:
    return json.dumps({name: row[name] for name in use_case.request_key}, sort_keys=True)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _connection() -> HTTPConnection:
    endpoint, tls = settings().endpoint, client_tls()
    if tls:
        return HTTPSConnection(endpoint.host, endpoint.port, timeout=30, context=tls)
    return HTTPConnection(endpoint.host, endpoint.port, timeout=30)


def _post(connection: HTTPConnection, use_case: str, row: dict[str, Any]) -> None:
    body = json.dumps({"use_case": use_case, "rows": [row]})
    try:
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json", **own_headers()})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, HTTPException) as error:
        raise DriftgateError(f"The endpoint does not answer ({error}); run 'make up' and try again.") from None
    if answer.status != 200:
        raise DriftgateError(f"The endpoint refused a request ({answer.status}): {text.decode()[:300]}")
