"""The kinds of columns that a request can carry as JSON."""

from typing import TYPE_CHECKING, Literal

from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["string", "integer", "number", "timestamp"]


def kind_of(name: str, arrow_type: "pa.DataType") -> Kind:
    """Return the kind of the column ``name``.

    :raises ConfigError: its type is none that a request can carry
    """
    import pyarrow as pa

    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return "string"
    if pa.types.is_integer(arrow_type):
        return "integer"
    if pa.types.is_floating(arrow_type):
        return "number"
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is None:
        return "timestamp"
    raise ConfigError(
        f"Column {name!r} is {arrow_type}, which a request cannot carry; cast it in features.sql to varchar, integer, "
        f"double or timestamp (without time zone)."
    )
