"""What is done to personal values on their way out of the raw zone: masked, replaced by a keyed hash, or left out."""

import hmac
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Treatment
from driftgate.contracts.evidence import MASKED
from driftgate.contracts.schema import published_schema
from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "DRIFTGATE_PSEUDONYM_KEY"
LEAST_CHARACTERS = 32
HARDNESS: tuple[Treatment, ...] = ("keep", "hash", "mask", "drop")


def treatment(contract: Contract) -> "Callable[[pa.RecordBatch], pa.RecordBatch]":
    """Return what makes delivered rows rows that may be published, as the contract's columns say.

    A missing value stays missing. ``hash`` is HMAC-SHA256 with the key of the project: one value has one hash in every
    dataset, so that they can be joined, and nobody without the key can try values out.

    :raises ConfigError: the contract hashes a column and the key is not set
    """
    import pyarrow as pa

    schema = published_schema(contract)
    why = f"{contract.label} hashes columns"
    secret = project_key(why) if any(column.treatment == "hash" for column in contract.columns) else b""
    made: dict[str, Callable[[Any], Any]] = {"keep": _kept, "mask": _masked, "hash": partial(_hashed, secret=secret)}

    def treat(rows: "pa.RecordBatch") -> "pa.RecordBatch":
        columns = [made[column.treatment](rows.column(column.name)) for column in contract.published_columns]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    return treat


def value_treatments(contracts: Iterable[Contract]) -> dict[str, Callable[[Any], Any]]:
    """Return, by column, what makes a delivered value one that may be kept, for the columns that have a treatment.

    It gives the very values that :func:`treatment` publishes. Where contracts differ about a column, the hardest holds.

    :raises ConfigError: a contract hashes a column and the key is not set
    """
    found: dict[str, Treatment] = {}
    for contract in contracts:
        for column in contract.treated:
            known = found.get(column.name, "keep")
            found[column.name] = max(known, column.treatment, key=HARDNESS.index)
    secret = project_key("Requests have columns that a contract hashes") if "hash" in found.values() else b""
    made: dict[Treatment, Callable[[Any], Any]] = {
        "hash": lambda value: _hash(value, secret),
        "mask": lambda _: MASKED,
        "drop": lambda _: None,
    }
    return {name: made[how] for name, how in found.items()}


def project_key(why: str) -> bytes:
    """Return the project's secret for keyed hashes.

    :param why: what needs it, as the beginning of the sentence
    :raises ConfigError: it is not set, or too short
    """
    secret = os.environ.get(KEY, "")
    if len(secret) < LEAST_CHARACTERS:
        raise ConfigError(
            f"{why}, and the environment variable {KEY} is not set to a secret of {LEAST_CHARACTERS} characters or "
            "more; set it ('driftgate env' makes one), and never change it."
        )
    return secret.encode()


def _kept(values: Any) -> Any:
    return values


def _masked(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.if_else(values.is_valid(), MASKED, None)


def _hashed(values: Any, secret: bytes) -> Any:
    import pyarrow as pa

    encoded = values.dictionary_encode()
    hashes = [_hash(value, secret) for value in encoded.dictionary.to_pylist()]
    return pa.array(hashes, pa.string()).take(encoded.indices)


def _hash(value: Any, secret: bytes) -> str:
    return hmac.digest(secret, str(value).encode(), "sha256").hex()
