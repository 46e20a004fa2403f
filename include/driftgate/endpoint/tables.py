"""From a table in a request's body, as CSV or as an Arrow stream, to rows as JSON would have given them.

What a value must be is the signature's to check. Here the body is kept from growing: no row more than is allowed, and
of Arrow nothing that holds more than its own bytes (compressed, dictionary encoded or nested columns).
"""

import csv
import io
import struct
from typing import TYPE_CHECKING, Any

from driftgate.endpoint.refusals import Refused
from driftgate.models.columns import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Signature


def csv_rows(body: bytes, signature: "Signature", *, max_rows: int) -> list[dict[str, Any]]:
    """Return the rows of a CSV with a header row; an empty field is null.

    A field that is no value of its column's type stays a text, which the signature's check names by row and column.

    :raises Refused: 400 with a sentence; 413 for more than ``max_rows`` rows
    """
    kinds = {column.name: column.type for column in signature.columns}
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        _require_names(header)
        rows: list[dict[str, Any]] = []
        for fields in filter(None, lines):
            if len(fields) != len(header):
                raise Refused(400, f"Row {len(rows)} has {len(fields)} fields and the header {len(header)}; mend it.")
            if len(rows) == max_rows:
                raise _too_many(max_rows)
            rows.append({name: _value(text, kinds.get(name)) for name, text in zip(header, fields, strict=True)})
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8: byte {error.start} cannot be read; send CSV in UTF-8.") from None
    except csv.Error as error:
        raise Refused(400, f"The body is not CSV ({error}, line {lines.line_num}); mend it there.") from None
    return _required(rows)


def arrow_rows(body: bytes, *, max_rows: int) -> list[dict[str, Any]]:
    """Return the rows of an Arrow stream of plain, uncompressed columns.

    :raises Refused: 400 with a sentence; 413 for more than ``max_rows`` rows
    """
    import pyarrow as pa

    try:
        _refuse_compressed(body)
        with pa.ipc.open_stream(body) as stream:
            _require_names(stream.schema.names)
            _require_plain(stream.schema)
            batches, rows = [], 0
            for batch in stream:
                rows += batch.num_rows
                if rows > max_rows:
                    raise _too_many(max_rows)
                batch.validate(full=True)
                batches.append(batch)
        table = pa.Table.from_batches(batches, stream.schema)
    except (pa.ArrowException, struct.error, OSError, IndexError, ValueError) as error:
        raise Refused(
            400, f"The body is not an Arrow stream ({' '.join(str(error).split())[:120]}); write it anew."
        ) from None
    columns = {field.name: _plain_values(table.column(field.name)) for field in table.schema}
    return _required([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])


def _value(text: str, kind: Kind | None) -> Any:
    if text == "":
        return None
    try:
        if kind == "integer":
            return int(text) if text.lstrip("-").isdigit() and text.isascii() else text
        return float(text) if kind == "number" else text
    except ValueError:  # also of a whole number with more than 4,300 digits
        return text


def _require_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Refused(400, f"The body has the column {name[:80]!r} twice; send it once.")


def _required(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not rows:
        raise Refused(400, "The body has no rows; send a header and at least one row.")
    return rows


def _too_many(max_rows: int) -> Refused:
    return Refused(413, f"The request has more than the {max_rows} rows of one request; split it.")


def _require_plain(schema: "pa.Schema") -> None:
    """Refuse types by which few bytes become many rows' values."""
    import pyarrow as pa

    plain = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_timestamp,
        pa.types.is_boolean, pa.types.is_null,
    )  # fmt: skip
    for field in schema:
        if not any(is_type(field.type) for is_type in plain):
            raise Refused(
                400,
                f"The column {field.name[:80]!r} is {str(field.type)[:80]}; send plain strings, numbers and times.",
            )


def _plain_values(column: "pa.ChunkedArray") -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        times = column.cast(pa.timestamp("us"), safe=False).to_pylist()
        return [None if time is None else time.isoformat() for time in times]
    values: list[Any] = column.to_pylist()
    return values


def _refuse_compressed(body: bytes) -> None:
    """Refuse batches with compressed buffers, which reading them would unpack; asked of their headers only."""
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(body):
        if message.type == "record batch" and _has_compression(message.metadata.to_pybytes()):
            raise Refused(400, "The Arrow stream has compressed batches; write it without compression.")


def _has_compression(metadata: bytes) -> bool:
    """Return whether the flatbuffer ``Message.header`` (its third field), a ``RecordBatch``, has its fourth field."""
    (message,) = struct.unpack_from("<I", metadata, 0)
    header = message + _field(metadata, message, 2)
    (record_batch,) = struct.unpack_from("<I", metadata, header)
    return _field(metadata, header + record_batch, 3) != 0


def _field(buffer: bytes, table: int, index: int) -> int:
    """Return where in a flatbuffer's table a field is; 0 where it has none."""
    (to_slots,) = struct.unpack_from("<i", buffer, table)
    slots = table - to_slots
    (size,) = struct.unpack_from("<H", buffer, slots)
    place = 4 + 2 * index
    return int(struct.unpack_from("<H", buffer, slots + place)[0]) if place < size else 0
