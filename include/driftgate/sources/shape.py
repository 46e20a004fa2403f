"""Does a piece have the columns and the day that its contract promises?"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from driftgate.contracts import Contract, arrow_schema
from driftgate.contracts.clauses import repeated
from driftgate.errors import SourceBroken, nearest
from driftgate.sources.bounds import refuse_too_many_columns
from driftgate.sources.delivery import Piece, Shape

if TYPE_CHECKING:
    import pyarrow as pa


def undeclared(piece: Piece, contract: Contract) -> list[str]:
    """Return the columns of ``piece`` that no one declared, and that are therefore left out.

    :raises SourceBroken: it lacks a promised column, has one twice, or has one of another type
    """
    shape = piece.shape()
    require_columns(piece.where, shape, contract)
    return [name for name, _ in shape if name not in arrow_schema(contract).names]


def require_columns(where: str, shape: Shape, contract: Contract) -> None:
    """Check that the columns of ``shape`` are those that ``contract`` promises; there may be more.

    :raises SourceBroken: they are not
    """
    refuse_too_many_columns(where, [name for name, _ in shape])
    problems = list(_problems(shape, contract))
    if problems:
        raise _broken(where, contract, "; ".join(problems[:10]))


def _problems(shape: Shape, contract: Contract) -> Iterator[str]:
    promised, names = arrow_schema(contract), [name for name, _ in shape]
    twice = repeated(names)
    if twice:
        yield f"it has the column {twice[0]!r} twice"
        return
    extra = [name for name in names if name not in promised.names]
    lacking = [name for name in promised.names if name not in names]
    for name in lacking:
        close, _, unknown = nearest(name, extra).partition(" Known: ")
        last = extra and name == lacking[-1]
        rest = f"{close} Columns unknown to the contract: {unknown}" if last else close.removesuffix(".")
        yield f"it lacks the column {name!r}{rest}"
    for name, kind in shape:
        if name in promised.names and kind is not None and kind != promised.field(name).type:
            yield f"its column {name!r} is {kind}, promised is {promised.field(name).type}"


def require_day(batch: "pa.RecordBatch", piece: Piece, contract: Contract, key: str) -> None:
    """Refuse a batch that has rows of another day than ``key``.

    :raises SourceBroken: it has
    """
    import pyarrow.compute as pc

    if not contract.partition_column or not batch.num_rows:
        return
    name = contract.partition_column
    column = batch.column(name)
    low, high = bounds_of_day(key, timed=contract_type(contract, name) != "date32")
    elsewhere = batch.filter(pc.or_(pc.less(column, low), pc.greater_equal(column, high)))
    if elsewhere.num_rows:
        first = "" if name in contract.masked else f", the first {elsewhere.column(name)[0].as_py()}"
        raise _broken(
            piece.where, contract, f"at least {elsewhere.num_rows} rows have a {name} on another day than {key}{first}"
        )


def contract_type(contract: Contract, name: str) -> str:
    """Return the type that ``contract`` promises of its column ``name``."""
    return next(column.type for column in contract.columns if column.name == name)


def bounds_of_day(key: str, *, timed: bool) -> tuple[date, date]:
    """Return the day ``key`` and the one after it, as times if ``timed``."""
    day = date.fromisoformat(key)
    following = day + timedelta(days=1)
    return (datetime.combine(day, time.min), datetime.combine(following, time.min)) if timed else (day, following)


def without_nan(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Return ``batch`` with null where a number is NaN, which some tools write for a missing one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, field in enumerate(batch.schema):
        if field.type == pa.float64() and pc.any(pc.is_nan(batch.column(index))).as_py():
            column = batch.column(index)
            batch = batch.set_column(index, field, pc.if_else(pc.is_nan(column), None, column))
    return batch


def _broken(where: str, contract: Contract, what: str) -> SourceBroken:
    return SourceBroken(
        f"{where} is not what {contract.label} promises: {what}. Have the source deliver it again, or change the "
        "contract, then run the partition again."
    )
