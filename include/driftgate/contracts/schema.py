"""The Arrow schemas that a contract promises: of what is delivered, and of what is published."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from driftgate.contracts.contract import Contract

if TYPE_CHECKING:
    import pyarrow as pa

# physicalType (an Arrow type, as Arrow writes it) -> the logicalType that goes with it
TYPES = {
    "string": "string",
    "int32": "integer",
    "int64": "integer",
    "double": "number",
    "bool": "boolean",
    "date32": "date",
    "timestamp[us]": "timestamp",
}


def arrow_schema(contract: Contract) -> "pa.Schema":
    """Return the columns as they are delivered, in their order; a timestamp has no zone: it is wall-clock time."""
    return _schema((column.name, column.type) for column in contract.columns)


def published_schema(contract: Contract) -> "pa.Schema":
    """Return the columns of a validated partition: without those that are dropped, hashes as text."""
    return _schema((column.name, column.published_type) for column in contract.published_columns)


def _schema(columns: Iterable[tuple[str, str]]) -> "pa.Schema":
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "bool": pa.bool_(),
        "date32": pa.date32(),
        "timestamp[us]": pa.timestamp("us"),
    }
    return pa.schema([pa.field(name, types[kind]) for name, kind in columns])
