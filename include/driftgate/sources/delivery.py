"""Reading what a source dropped: one Parquet file per dataset and day, in the shape that the contract declares."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.contracts import Contract, arrow_schema
from driftgate.contracts.clauses import repeated
from driftgate.errors import SourceBroken, SourceMissing, nearest
from driftgate.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa


def delivery_file(source: str, dataset: str, key: str) -> Path:
    """Return the path of the file that ``source`` drops for one partition."""
    return Path(settings().drop) / source / dataset / f"{key}.parquet"


def read_delivery(path: Path, contract: Contract, key: str) -> tuple[bytes, "pa.Table"]:
    """Return the bytes of a delivered file, and its rows with the columns of ``contract`` in their order.

    NaN, which some tools write for a missing number, becomes null.

    :raises SourceMissing: there is no file
    :raises SourceBroken: it is not whole, not Parquet, empty, of another shape, or has rows of another day
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SourceMissing(
            f"{path} does not exist: the source {contract.source!r} has not delivered {contract.name} for {key}; have "
            "it delivered, then run the partition again."
        ) from None
    table = _parse(data, path)
    problems = list(_shape_problems(table, contract)) or list(_row_problems(table, contract, key))
    if problems:
        raise SourceBroken(
            f"{path} is not what {contract.label} promises: {'; '.join(problems[:10])}. Have the source deliver it "
            "again, or change the contract, then run the partition again."
        )
    return data, _without_nan(table.select(arrow_schema(contract).names))


def _parse(data: bytes, path: Path) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(data)).read().replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as error:
        raise SourceBroken(
            f"{path} ({len(data)} bytes) is not a whole Parquet file ({str(error).splitlines()[0]}); have the source "
            "deliver it again, then run the partition again."
        ) from None


def _shape_problems(table: "pa.Table", contract: Contract) -> Iterator[str]:
    promised = arrow_schema(contract)
    twice = repeated(table.column_names)
    if twice:
        yield f"it has the column {twice[0]!r} twice"
        return
    missing = [name for name in promised.names if name not in table.column_names]
    extra = [name for name in table.column_names if name not in promised.names]
    for name in missing:
        yield f"it lacks the column {name!r}{nearest(name, extra).replace('Known', 'Columns unknown to the contract')}"
    if not missing:
        yield from (f"it has the column {name!r}, which the contract does not have" for name in extra)
    for name in set(promised.names) & set(table.column_names):
        if table.schema.field(name).type != promised.field(name).type:
            yield f"its column {name!r} is {table.schema.field(name).type}, promised is {promised.field(name).type}"


def _row_problems(table: "pa.Table", contract: Contract, key: str) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if table.num_rows == 0:
        yield "it has no rows"
    elif contract.partition_column:
        days = pc.cast(table[contract.partition_column], pa.date32(), safe=False)
        elsewhere = table.filter(pc.not_equal(pc.cast(days, pa.string()), key))
        if elsewhere.num_rows:
            name, first = contract.partition_column, elsewhere[contract.partition_column][0].as_py()
            yield f"{elsewhere.num_rows} rows have a {name} on another day than {key}, the first {first}"


def _without_nan(table: "pa.Table") -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, field in enumerate(table.schema):
        if field.type == pa.float64():
            column = table.column(index)
            table = table.set_column(index, field, pc.if_else(pc.is_nan(column), None, column))
    return table
