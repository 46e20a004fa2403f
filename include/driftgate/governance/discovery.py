"""Sensitive data that nobody declared: a sample of each column is held against the forms of what names a person."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.contracts import load_contract
from driftgate.governance.forms import FORMS
from driftgate.lake import Manifest, Store, lake, read_batches, read_manifest
from driftgate.lake.manifest import POINTER
from driftgate.metadata import metadata
from driftgate.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "sensitive_data"
SAMPLE_ROWS = 20_000
LEAST_VALUES = 3  # that look like it: fewer are chance
LEAST_SHARE = 0.005  # of the distinct values: a free text that holds an e-mail now and then is found


class Suspicion(Record):
    """What the values of one column look like; ``score`` is the share of its distinct values that do."""

    column: str
    looks_like: str
    score: float


class Discovery(Record):
    """What was found in a sample of the newest partition of a dataset; never a value of it."""

    schema_version: int = 1
    dataset: str
    partition: str
    rows: int
    suspicions: tuple[Suspicion, ...]


def discover(dataset: str) -> Discovery | None:
    """Scan the newest validated partition, record what was found, and return it; None when nothing is published.

    Columns that the contract declares pii or sensitive are left alone: they are known.
    """
    contract, store = load_contract(dataset), lake()
    newest = _newest(store, dataset)
    if newest is None:
        return None
    key, manifest = newest
    names = [column.name for column in contract.published_columns if column.name not in contract.masked]
    sample = _sample(store, manifest, names)
    judged = [suspicion(name, _texts(sample.column(name))) for name in sample.column_names]
    found = Discovery(dataset=dataset, partition=key, rows=sample.num_rows, suspicions=tuple(filter(None, judged)))
    body = {**found.model_dump(mode="json"), "columns": {item.column: _words(item) for item in found.suspicions}}
    latest = metadata().latest(KIND, dataset)
    if latest is None or latest.body != body:
        metadata().append(KIND, dataset, body)
    return found


def suspicion(column: str, values: Iterable[str]) -> Suspicion | None:
    """Return what most of the suspicious ones among ``values`` look like, or None."""
    distinct = set(values)
    counts = {kind: sum(map(form.occurs, distinct)) for kind, form in FORMS.items()}
    kind = max(counts, key=lambda name: counts[name])
    share = counts[kind] / len(distinct) if distinct else 0.0
    if counts[kind] < LEAST_VALUES or share < LEAST_SHARE:
        return None
    return Suspicion(column=column, looks_like=kind, score=round(share, 4))


def _newest(store: Store, dataset: str) -> tuple[str, Manifest] | None:
    pointers = [path for path in store.list(f"validated/{dataset}") if path.endswith(f"/{POINTER}")]
    if not pointers:
        return None
    key = max(path.split("/")[2] for path in pointers)
    return key, read_manifest(store, uris.partition("validated", dataset, key))


def _sample(store: Store, manifest: Manifest, names: list[str]) -> "pa.Table":
    """Return the first rows of the columns that may hold texts or long numbers."""
    import pyarrow as pa

    batches, rows = [], 0
    for batch in read_batches(store, manifest):
        kept = [field.name for field in batch.schema if field.name in names and _may_name_persons(field.type)]
        batches.append(batch.select(kept))
        rows += batch.num_rows
        if rows >= SAMPLE_ROWS:
            break
    return pa.Table.from_batches(batches).slice(0, SAMPLE_ROWS) if batches else pa.table({})


def _may_name_persons(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_int64(kind))


def _texts(column: "pa.ChunkedArray") -> list[str]:
    import pyarrow as pa

    texts: list[str] = column.cast(pa.string()).drop_null().unique().to_pylist()
    return texts


def _words(item: Suspicion) -> str:
    return f"{item.looks_like} ({100 * item.score:.1f} %)"
