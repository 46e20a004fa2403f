"""Sensitive data that nobody declared: a sample of each column is held against the forms of what names a person."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.contracts import load_contract
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
    counts = {kind: sum(1 for value in distinct if looks(value)) for kind, looks in FORMS.items()}
    kind = max(counts, key=lambda name: counts[name])
    share = counts[kind] / len(distinct) if distinct else 0.0
    if counts[kind] < LEAST_VALUES or share < LEAST_SHARE:
        return None
    return Suspicion(column=column, looks_like=kind, score=round(share, 4))


def _searched(pattern: str, valid: Callable[[str], bool] = lambda _: True) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: any(valid(found.group()) for found in compiled.finditer(value))


def luhn(text: str) -> bool:
    """Return whether the digits of ``text`` have the check digit of a payment card."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    doubled = [digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4) for place, digit in enumerate(digits[::-1])]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def iban(text: str) -> bool:
    """Return whether ``text`` has the check digits of an international bank account number (ISO 13616)."""
    plain = re.sub(r"\s", "", text).upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    return 9 <= sum(sign.isdigit() for sign in text) <= 15


FORMS: dict[str, Callable[[str], bool]] = {
    "e-mail address": _searched(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    "payment card number": _searched(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])", luhn),
    "bank account number": _searched(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", iban),
    "social security number": _searched(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
    "phone number": _searched(r"(?<![\w.-])(?:\+\d|\(\d|0\d)[\d ()/.-]{7,18}\d(?![\w.-])", _is_phone),
}


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
