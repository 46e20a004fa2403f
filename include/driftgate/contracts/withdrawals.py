"""Whose data must not come back: tombstones of withdrawn subjects, and the filter that holds them out of the lake.

A tombstone names a subject by a keyed hash of its key, never by the key.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract
from driftgate.contracts.treat import KEY, project_key
from driftgate.errors import ConfigError
from driftgate.metadata import Entry, metadata
from driftgate.records import Record, canonical_json, parse_record

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "withdrawal"
CHECK = "driftgate: is this the key that the tombstones were made with?"


class Withdrawal(Record):
    """The tombstone of one subject of a dataset.

    ``subject`` is a keyed hash of the values of ``columns``; ``key_check`` tells whether a key is the same one.
    ``partitions``, ``versions`` and ``models`` are those that held the subject: the models and the dataset versions
    contain what was withdrawn.
    """

    schema_version: int = 1
    dataset: str
    columns: tuple[str, ...]
    subject: str
    key_check: str
    reason: str
    by: str
    at: datetime
    done: bool
    rows: int = 0
    partitions: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def withdrawals(dataset: str | None = None) -> list[Withdrawal]:
    """Return the tombstones of a dataset, of all of them if none is named."""
    return [_read(entry) for entry in metadata().all_latest(KIND, f"{dataset}/" if dataset else "")]


def record_withdrawal(withdrawal: Withdrawal) -> None:
    """Append a tombstone, or the newest word on one; from now on the subject is held out."""
    subject = f"{withdrawal.dataset}/{withdrawal.subject}"
    metadata().append(KIND, subject, withdrawal.model_dump(mode="json"))


def withdrawal_of(dataset: str, subject: str) -> Withdrawal | None:
    """Return the tombstone of a subject by its keyed hash, or None."""
    entry = metadata().latest(KIND, f"{dataset}/{subject}")
    return _read(entry) if entry else None


def without_withdrawn(contract: Contract) -> "Callable[[pa.RecordBatch], pa.RecordBatch]":
    """Return what takes the rows of withdrawn subjects out of delivered rows; where there are none, it does nothing.

    :raises ConfigError: there are tombstones, and the key that they were made with is not set
    """
    gone: dict[tuple[str, ...], set[str]] = {}
    for withdrawal in withdrawals(contract.name):
        require_same_key(withdrawal)
        gone.setdefault(withdrawal.columns, set()).add(withdrawal.subject)

    def kept(rows: "pa.RecordBatch") -> "pa.RecordBatch":
        for columns, subjects in gone.items():
            rows = rows.filter(_kept(rows, contract.name, columns, subjects))
        return rows

    return kept


def subject_hash(dataset: str, values: Mapping[str, str | None]) -> str:
    """Return the keyed hash of a subject: of the values of its key columns, as text."""
    return hmac.digest(_secret(dataset), canonical_json([dataset, sorted(values.items())]), "sha256").hex()


def key_check(dataset: str) -> str:
    """Return a short hash by which the key can be known again."""
    return hmac.digest(_secret(dataset), CHECK.encode(), "sha256").hex()[:12]


def require_same_key(withdrawal: Withdrawal) -> None:
    """Check that the key is the one that a tombstone was made with.

    :raises ConfigError: it is another, with which no withdrawn subject would be recognised
    """
    if key_check(withdrawal.dataset) != withdrawal.key_check:
        raise ConfigError(
            f"Subjects of {withdrawal.dataset} were withdrawn under another {KEY}: with this one they would come back "
            "unseen. Set the key that was set then."
        )


def as_text(column: Any) -> "list[str | None]":
    """Return the values of an Arrow column as the text that is hashed."""
    import pyarrow as pa

    values: list[str | None] = column.cast(pa.string()).to_pylist()
    return values


def _kept(rows: "pa.RecordBatch", dataset: str, columns: Sequence[str], subjects: set[str]) -> "pa.Array":
    import pyarrow as pa

    texts = zip(*(as_text(rows.column(name)) for name in columns), strict=True)
    known: dict[tuple[str | None, ...], bool] = {}
    kept = []
    for values in texts:
        if values not in known:
            known[values] = subject_hash(dataset, dict(zip(columns, values, strict=True))) not in subjects
        kept.append(known[values])
    return pa.array(kept, pa.bool_())


def _secret(dataset: str) -> bytes:
    return project_key(f"Subjects of {dataset} are known by a keyed hash")


def _read(entry: Entry) -> Withdrawal:
    return parse_record(entry.body, Withdrawal, where=f"withdrawal {entry.subject}")
