"""Rows of a database as batches, each value of exactly the type that the contract promises."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from driftgate.contracts import Contract, Sql, arrow_schema
from driftgate.errors import SourceBroken
from driftgate.sources.database import on_day
from driftgate.sources.watermarks import Mark

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa

FETCH_ROWS = 20_000
LONGEST_VALUE = 40  # characters of a wrong value that a sentence shows


class Rows:
    """Streams the rows of a day and keeps their ``mark``: how many they are, and their highest watermark."""

    def __init__(self, contract: Contract, server: Sql, where: str) -> None:
        self.contract, self.server, self.where = contract, server, where
        self.mark = Mark(None, 0)

    def of_day(self, connection: "sa.Connection", delivered: "sa.FromClause", key: str) -> "Iterator[pa.RecordBatch]":
        """Yield the rows of the day ``key``; neither they nor the rows of others are ever in memory at once."""
        import pyarrow as pa
        import sqlalchemy as sa

        schema = arrow_schema(self.contract)
        columns = [delivered.c[name] for name in schema.names]
        if self.server.watermark:
            columns.append(delivered.c[self.server.watermark].label("_watermark"))
        query = sa.select(*columns).where(on_day(delivered, self.contract, key, connection.dialect.name))
        query = query.order_by(*(delivered.c[name] for name in self._order()))
        streamed = connection.execution_options(stream_results=True, yield_per=FETCH_ROWS)
        try:
            with streamed.execute(query) as result:
                for part in result.partitions():
                    values = list(zip(*part, strict=True))
                    arrays = [self._array(column, field) for column, field in zip(values, schema, strict=False)]
                    self._count(values[-1] if self.server.watermark else (), len(part))
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except ValueError as error:  # of SQLAlchemy, about a date or a number that is kept as text
            raise SourceBroken(
                f"{self.where} is not what {self.contract.label} promises: after row {self.mark.rows}, a value that "
                "should be a date, a time or a number is none; correct it there, then run the partition again."
            ) from error.__cause__

    def _order(self) -> Sequence[str]:
        """Return the key of the contract if it has one, else every column: rows that are equal in all need no order."""
        keys = [rule.columns for rule in self.contract.rules if rule.kind == "unique" and rule.id == "primary_key"]
        every = [column.name for column in self.contract.columns]
        return [*keys[0], *(name for name in every if name not in keys[0])] if keys else every

    def _count(self, watermarks: Sequence[Any], rows: int) -> None:
        known = [value for value in (self.mark.highest, *watermarks) if value is not None]
        self.mark = Mark(max(known, default=None), self.mark.rows + rows)

    def _array(self, values: Sequence[Any], field: "pa.Field") -> "pa.Array":
        import pyarrow as pa

        try:
            if any(map(_is_other(field.type), values)):
                raise TypeError
            return pa.array(values, field.type)
        except (pa.ArrowException, TypeError, OverflowError):
            raise self._broken(values, field) from None

    def _broken(self, values: Sequence[Any], field: "pa.Field") -> SourceBroken:
        number, value = next((number, value) for number, value in enumerate(values) if not _fits(value, field.type))
        shown = "" if field.name in self.contract.masked else f", found {repr(value)[:LONGEST_VALUE]}"
        return SourceBroken(
            f"{self.where} is not what {self.contract.label} promises: row {self.mark.rows + number + 1}, column "
            f"{field.name!r}: expected {field.type}{shown}. Correct it there, or have a view do it, then run the "
            "partition again."
        )


def _fits(value: Any, kind: "pa.DataType") -> bool:
    import pyarrow as pa

    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, OverflowError):
        return False
    return not _is_other(kind)(value)


def _is_other(kind: "pa.DataType") -> Callable[[Any], bool]:
    """Return what tells that a value is not exactly of ``kind``; Arrow would turn some of those into it with a loss."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return lambda value: value is not None and not (isinstance(value, datetime) and value.tzinfo is None)
    if pa.types.is_date(kind):
        return lambda value: value is not None and type(value) is not date
    if pa.types.is_floating(kind):
        return lambda value: value is not None and type(value) not in (int, float)
    exact = bool if pa.types.is_boolean(kind) else int if pa.types.is_integer(kind) else str
    return lambda value: value is not None and type(value) is not exact
