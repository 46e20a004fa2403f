"""The Arrow schema that a contract promises."""

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
    """Return the columns of ``contract`` in their order; a timestamp has no zone: it is wall-clock time."""
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
    return pa.schema([pa.field(column.name, types[column.type]) for column in contract.columns])
