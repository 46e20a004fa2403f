"""Reading captures: one day of one use case as a table."""

from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.errors import Tampered
from driftgate.lake import Store, lake

if TYPE_CHECKING:
    import pyarrow as pa

IDENTITY = ("prediction_id", "variant_role", "model_version")


def read_captures(use_case_name: str, key: str) -> "pa.Table":
    """Return the captures of the day ``key``: the fields of :class:`Capture` as columns, empty when there are none.

    ``run`` and ``sequence`` number the captures of one run of an endpoint; null where there was no endpoint.

    Ordered by ``received_at`` (timestamp[us, UTC]), ``prediction_id``, ``variant_role`` and ``model_version``; one row
    for each prediction, role and version.

    :raises Tampered: an object holds something else than captures
    """
    store = lake()
    paths = [path for path in store.list(uris.captures(use_case_name, key)) if path.endswith(".jsonl")]
    data = b"\n".join(store.read(path) for path in paths)
    return _once(_parse(data, store, uris.captures(use_case_name, key)))


def capture_days(use_case_name: str) -> list[str]:
    """Return the days that have captures, sorted."""
    folder = f"captures/{use_case_name}"
    days = {path.removeprefix(f"{folder}/").split("/", 1)[0] for path in lake().list(folder)}
    return sorted(days)


def capture_schema() -> "pa.Schema":
    """Return the columns of :func:`read_captures`."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    return pa.schema(
        {
            "prediction_id": text,
            "use_case": text,
            "variant_role": text,
            "model_version": text,
            "deployment_revision": pa.int64(),
            "step": text,
            "score": number,
            "error": text,
            "latency_ms": number,
            "received_at": pa.timestamp("us", "UTC"),
            "event_time": text,
            "request_key": text,
            "features": text,
            "share": number,
            "run": text,
            "sequence": pa.int64(),
            "request_id": text,
            "consumer": text,
        }
    )


def _parse(data: bytes, store: Store, folder: str) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import json

    if not data.strip():
        return capture_schema().empty_table()
    # One block: pyarrow refuses a line that is longer than a block, and the longest line is not known.
    reading = json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    parsing = json.ParseOptions(explicit_schema=capture_schema(), unexpected_field_behavior="ignore")
    try:
        return json.read_json(pa.BufferReader(data), read_options=reading, parse_options=parsing)
    except pa.ArrowInvalid as error:
        raise Tampered(
            f"{store.uri(folder)} holds an object that is not captures ({error}); find the file with the bad line and "
            "restore or remove it."
        ) from None


def _once(table: "pa.Table") -> "pa.Table":
    import pyarrow as pa

    ordered = table.sort_by([(name, "ascending") for name in ("received_at", *IDENTITY)])
    numbered = ordered.append_column("row", pa.array(range(ordered.num_rows), pa.int64()))
    firsts = numbered.group_by(IDENTITY, use_threads=False).aggregate([("row", "min")])
    if firsts.num_rows == ordered.num_rows:
        return ordered
    return ordered.take(firsts.column("row_min").combine_chunks().sort())
